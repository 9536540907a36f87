// Owns New York civil time, by the daylight-saving rule in force since 2007. Pure functions, any
// thread. The compilers in use have no time zone database.
#pragma once

#include <chrono>
#include <cstdint>

namespace ringside::sim {

/// Seconds New York is behind UTC at an instant: 14400 in summer, 18000 in winter.
[[nodiscard]] std::int64_t ny_behind_utc_s(std::int64_t ts_s) noexcept;

/// The New York date at an instant, as days since 1970.
[[nodiscard]] std::int64_t ny_day(std::int64_t ts_s) noexcept;

/// Seconds since New York's midnight at an instant.
[[nodiscard]] std::int64_t ny_second_of_day(std::int64_t ts_s) noexcept;

/// The instant (seconds UTC) at which New York's clock shows `second_of_day` on `day`.
[[nodiscard]] std::int64_t ny_instant_s(std::int64_t day, std::int64_t second_of_day) noexcept;

// Seconds since New York's midnight.
inline constexpr std::int64_t premarket_s = 14'400;
inline constexpr std::int64_t regular_open_s = 34'200;
inline constexpr std::int64_t regular_close_s = 57'600;
inline constexpr std::int64_t after_hours_end_s = 72'000;

/// A weekday; holidays are trading days here.
[[nodiscard]] inline bool is_weekday(std::int64_t day) noexcept {
  const std::chrono::weekday weekday{std::chrono::sys_days{std::chrono::days{day}}};
  return weekday != std::chrono::Saturday && weekday != std::chrono::Sunday;
}

}  // namespace ringside::sim
