#include "sim/ny_time.hpp"

namespace ringside::sim {
namespace {

using std::chrono::Sunday;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t hour_s = 3600;
constexpr std::int64_t winter_behind_s = 5 * hour_s;
constexpr std::int64_t summer_behind_s = 4 * hour_s;

std::int64_t floor_div(std::int64_t value, std::int64_t by) noexcept {
  const std::int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

// The n-th Sunday of a month as seconds UTC of its midnight.
std::int64_t sunday_s(year in, std::chrono::month month, unsigned nth) noexcept {
  const sys_days date{in / month / Sunday[nth]};
  return static_cast<std::int64_t>(date.time_since_epoch().count()) * day_s;
}

}  // namespace

std::int64_t ny_behind_utc_s(std::int64_t ts_s) noexcept {
  const sys_days date{std::chrono::days{floor_div(ts_s, day_s)}};
  const year in = std::chrono::year_month_day{date}.year();
  // Clocks change at 02:00 local: 07:00 UTC in March (still winter time), 06:00 UTC in November.
  const std::int64_t summer_begins =
      sunday_s(in, std::chrono::March, 2) + 2 * hour_s + winter_behind_s;
  const std::int64_t summer_ends =
      sunday_s(in, std::chrono::November, 1) + 2 * hour_s + summer_behind_s;
  return ts_s >= summer_begins && ts_s < summer_ends ? summer_behind_s : winter_behind_s;
}

std::int64_t ny_day(std::int64_t ts_s) noexcept {
  return floor_div(ts_s - ny_behind_utc_s(ts_s), day_s);
}

std::int64_t ny_second_of_day(std::int64_t ts_s) noexcept {
  const std::int64_t local = ts_s - ny_behind_utc_s(ts_s);
  return local - floor_div(local, day_s) * day_s;
}

std::int64_t ny_instant_s(std::int64_t day, std::int64_t second_of_day) noexcept {
  const std::int64_t local = day * day_s + second_of_day;
  const std::int64_t guess = local + winter_behind_s;
  return local + ny_behind_utc_s(guess - 3600);
}

}  // namespace ringside::sim
