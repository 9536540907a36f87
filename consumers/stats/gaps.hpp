// Owns what a feed did not see: a small sorted set of intervals, and how much of a window they
// take away. One thread; allocates its room once.
//
// Invariant: intervals are sorted, disjoint and at most gap_count_max; what does not fit is joined
// with its nearest neighbour, so that coverage is never overstated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ringside/shm/units.hpp"
#include "spans.hpp"

namespace ringside::stats {

inline constexpr std::size_t gap_count_max = 64;

/// Missing intervals, ends included: an instant is an interval too.
class GapSet {
 public:
  struct Gap {
    std::uint64_t begin;
    std::uint64_t end;  // >= begin
  };

  /// Adds [begin, end]; joins what it touches.
  void add(std::uint64_t begin, std::uint64_t end);

  [[nodiscard]] const std::vector<Gap>& gaps() const noexcept { return gaps_; }
  [[nodiscard]] bool is_empty() const noexcept { return gaps_.empty(); }

 private:
  std::vector<Gap> gaps_;
};

/// How much of a window was seen.
struct Coverage {
  std::uint32_t ppm = shm::coverage_whole;
  bool is_partial = false;  // a gap touches the window, even if it took less than a ppm of it
};

/// Coverage of `window`, from which all gaps of both sets and, if there is one, the gap that began
/// at `open_begin` and has not ended are taken. Never overstated: rounded down, and below
/// coverage_whole whenever a gap touches the window.
[[nodiscard]] Coverage coverage_of(Span window, const GapSet& feed, const GapSet& symbol,
                                   std::optional<std::uint64_t> open_begin) noexcept;

}  // namespace ringside::stats
