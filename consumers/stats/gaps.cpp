#include "gaps.hpp"

#include <algorithm>

#include "ringside/base/assert.hpp"

namespace ringside::stats {

void GapSet::add(std::uint64_t begin, std::uint64_t end) {
  RINGSIDE_ASSERT(begin <= end);
  // [first, last) are the gaps that the new one touches.
  const auto first = std::find_if(gaps_.begin(), gaps_.end(),
                                  [begin](const Gap& gap) { return gap.end >= begin; });
  auto last = first;
  while (last != gaps_.end() && last->begin <= end) {
    begin = std::min(begin, last->begin);
    end = std::max(end, last->end);
    ++last;
  }
  gaps_.insert(gaps_.erase(first, last), Gap{begin, end});
  if (gaps_.size() <= gap_count_max) return;
  // Join the two with the least between them.
  std::size_t best = 0;
  for (std::size_t i = 1; i + 1 < gaps_.size(); ++i) {
    if (gaps_[i + 1].begin - gaps_[i].end < gaps_[best + 1].begin - gaps_[best].end) best = i;
  }
  gaps_[best].end = gaps_[best + 1].end;
  gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(best) + 1);
}

namespace {

// Sums up what sorted intervals take from a window, counting what several take only once.
class Taken {
 public:
  explicit Taken(Span window) noexcept : window_(window), upto_(window.begin) {}

  void take(std::uint64_t begin, std::uint64_t end) noexcept {
    if (begin >= window_.end || end < window_.begin) return;
    is_touched_ = true;
    const std::uint64_t from = std::max(begin, upto_);
    const std::uint64_t to = std::min(end, window_.end);
    if (to <= from) return;
    missing_ += to - from;
    upto_ = to;
  }

  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }
  [[nodiscard]] bool is_touched() const noexcept { return is_touched_; }

 private:
  Span window_;
  std::uint64_t upto_;
  std::uint64_t missing_ = 0;
  bool is_touched_ = false;
};

}  // namespace

Coverage coverage_of(Span window, const GapSet& feed, const GapSet& symbol,
                     std::optional<std::uint64_t> open_begin) noexcept {
  if (feed.is_empty() && symbol.is_empty() && !open_begin) return {};
  Taken taken(window);
  auto a = feed.gaps().begin();
  auto b = symbol.gaps().begin();
  const std::uint64_t open = open_begin.value_or(window.end);
  while (true) {
    const bool has_a = a != feed.gaps().end() && a->begin <= open;
    const bool has_b = b != symbol.gaps().end() && b->begin <= open;
    if (!has_a && !has_b) break;
    const GapSet::Gap& next = has_a && (!has_b || a->begin <= b->begin) ? *a++ : *b++;
    taken.take(next.begin, next.end);
  }
  if (open_begin) taken.take(*open_begin, window.end);
  if (!taken.is_touched()) return {};
  const std::uint64_t seen = window.length() - taken.missing();
  // 10^6 x the longest window (25 hours in ns) is below 2^64 only in 128 bits.
  const auto ppm = static_cast<std::uint32_t>(static_cast<unsigned __int128>(seen) *
                                              shm::coverage_whole / window.length());
  return {std::min(ppm, shm::coverage_whole - 1), true};
}

}  // namespace ringside::stats
