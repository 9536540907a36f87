#include "spans.hpp"

#include <algorithm>
#include <chrono>

namespace ringside::stats {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::uint64_t hour_s = 3600;
constexpr std::uint64_t day_s = 24 * hour_s;
constexpr std::uint64_t standard_behind_s = 5 * hour_s;
constexpr std::uint64_t summer_behind_s = 4 * hour_s;

// Both ends of one year's summer time as seconds UTC. 2 o'clock standard time is 7 UTC, 2 o'clock
// summer time is 6 UTC.
struct Summer {
  std::uint64_t begin_s;
  std::uint64_t end_s;
};

std::uint64_t seconds_of(sys_days day) noexcept {
  return static_cast<std::uint64_t>(day.time_since_epoch().count()) * day_s;
}

Summer summer_of(year y) noexcept {
  using std::chrono::Sunday;
  const sys_days begin = sys_days(y / std::chrono::March / Sunday[2]);
  const sys_days end = sys_days(y / std::chrono::November / Sunday[1]);
  return {seconds_of(begin) + 7 * hour_s, seconds_of(end) + 6 * hour_s};
}

std::uint64_t behind_s(std::uint64_t utc_s) noexcept {
  const sys_days day{days(static_cast<int>(utc_s / day_s))};
  const Summer summer = summer_of(std::chrono::year_month_day(day).year());
  return summer.begin_s <= utc_s && utc_s < summer.end_s ? summer_behind_s : standard_behind_s;
}

// UTC second at which New York's day number `day` (days since 1970 on its wall clock) begins. The
// clock never changes at midnight, so either guess of the offset gives the same answer.
std::uint64_t midnight_s(std::uint64_t day) noexcept {
  const std::uint64_t standard = day * day_s + standard_behind_s;
  return day * day_s + behind_s(standard);
}

}  // namespace

std::optional<std::size_t> parse_bar_kind(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 5> names = {"1s", "1m", "5m", "15m", "1h"};
  const auto* const found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

std::uint64_t new_york_behind_s(std::uint64_t ts) noexcept {
  return behind_s(ts / ns_per_s);
}

Span new_york_day(std::uint64_t ts) noexcept {
  const std::uint64_t utc_s = ts / ns_per_s;
  // The first hours of 1970 have no New York day in unsigned time; they belong to its first one.
  const std::uint64_t local_s = utc_s - std::min(utc_s, behind_s(utc_s));
  const std::uint64_t day = local_s / day_s;
  const std::uint64_t begin = day == 0 ? 0 : midnight_s(day) * ns_per_s;
  return {begin, midnight_s(day + 1) * ns_per_s};
}

}  // namespace ringside::stats
