// Owns how time is cut into windows: [begin, end) in ns UTC. Fixed lengths are aligned to UTC; a
// day is the calendar day of New York. Pure functions; any thread, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ringside/shm/record.hpp"

namespace ringside::stats {

inline constexpr std::uint64_t ns_per_ms = 1'000'000;
inline constexpr std::uint64_t ns_per_s = 1'000'000'000;

/// A stretch of time, begin included, end not.
struct Span {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  [[nodiscard]] constexpr std::uint64_t length() const noexcept { return end - begin; }
  [[nodiscard]] constexpr bool contains(std::uint64_t ts) const noexcept {
    return begin <= ts && ts < end;
  }
  [[nodiscard]] friend constexpr bool operator==(const Span&, const Span&) noexcept = default;
};

/// The windows this room knows, shortest first; the day is the last.
inline constexpr std::array<shm::Kind, 6> bar_kinds = {shm::Kind::bar_1s, shm::Kind::bar_1m,
                                                       shm::Kind::bar_5m, shm::Kind::bar_15m,
                                                       shm::Kind::bar_1h, shm::Kind::bar_1d};
inline constexpr std::size_t bar_kind_count = bar_kinds.size();
inline constexpr std::size_t index_1s = 0;
inline constexpr std::size_t index_1m = 1;
inline constexpr std::size_t index_day = 5;

/// Length of each kind in ns; 0: not fixed (the day).
inline constexpr std::array<std::uint64_t, bar_kind_count> span_ns = {
    ns_per_s, 60 * ns_per_s, 300 * ns_per_s, 900 * ns_per_s, 3600 * ns_per_s, 0};

/// "1s", "1m", "5m", "15m", "1h" of the configuration -> index into bar_kinds.
[[nodiscard]] std::optional<std::size_t> parse_bar_kind(std::string_view text) noexcept;

/// The window of a fixed length that `ts` lies in.
[[nodiscard]] constexpr Span fixed_span(std::uint64_t ts, std::uint64_t length) noexcept {
  const std::uint64_t begin = ts - ts % length;
  return {begin, begin + length};
}

/// Seconds that New York's wall clock is behind UTC at `ts`: 18'000 or, from the second Sunday of
/// March to the first Sunday of November, each at 2 o'clock local time, 14'400. The rule in force
/// since 2007, applied to every year.
[[nodiscard]] std::uint64_t new_york_behind_s(std::uint64_t ts) noexcept;

/// The calendar day of New York that `ts` lies in, midnight to midnight: 23, 24 or 25 hours.
[[nodiscard]] Span new_york_day(std::uint64_t ts) noexcept;

/// Finds the day of a time that is usually in the same day as the one before.
class DayCache {
 public:
  [[nodiscard]] Span of(std::uint64_t ts) noexcept {
    if (!day_.contains(ts)) day_ = new_york_day(ts);
    return day_;
  }

 private:
  Span day_{};
};

}  // namespace ringside::stats
