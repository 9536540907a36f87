// Owns bars that wait a moment so that a file of them is sorted by window start: different symbols
// close the same window at slightly different times. On the path; allocates at construction only.
//
// Invariant: pop() returns bars by (start, arrival); no bar waits much longer than `hold_ns`, and
// when the room is used up the oldest window leaves first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringside/base/assert.hpp"
#include "ringside/shm/record.hpp"

namespace ringside::recorder {

class BarSorter {
 public:
  /// A bar and its place on the tape. Good until the next push.
  struct Held {
    const shm::BarRecord* bar = nullptr;
    std::uint64_t sequence = 0;
  };

  BarSorter(std::size_t capacity, std::uint64_t hold_ns) : bars_(capacity), hold_ns_(hold_ns) {
    heap_.reserve(capacity);
    free_.reserve(capacity);
    for (std::size_t i = capacity; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
  }

  [[nodiscard]] bool is_full() const noexcept { return free_.empty(); }
  [[nodiscard]] bool is_empty() const noexcept { return heap_.empty(); }

  /// Shapes  not full: pop first. `arrived_ns`: monotonic_ns().
  void push(const shm::BarRecord& bar, std::uint64_t sequence, std::uint64_t arrived_ns) noexcept {
    RINGSIDE_DASSERT(!is_full());
    const std::uint32_t place = free_.back();
    free_.pop_back();
    bars_[place] = bar;
    heap_.push_back({bar.ts_event, sequence, arrived_ns, place});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  /// The bar of the oldest window. Shapes  not empty.
  Held pop() noexcept {
    RINGSIDE_DASSERT(!is_empty());
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    free_.push_back(entry.place);
    return {&bars_[entry.place], entry.sequence};
  }

  /// Moves every bar that has waited long enough, and all of older windows, to `take`.
  template <class Take>
  void release(std::uint64_t now_ns, Take&& take) noexcept {
    if (now_ns < look_due_ns_ || heap_.empty()) return;
    look_due_ns_ = now_ns + hold_ns_ / looks_per_hold;
    bool is_any = false;
    std::uint64_t ts_until = 0;
    for (const Entry& entry : heap_) {
      if (now_ns < entry.arrived_ns + hold_ns_) continue;
      is_any = true;
      ts_until = std::max(ts_until, entry.ts_event);
    }
    while (is_any && !heap_.empty() && heap_.front().ts_event <= ts_until) take(pop());
  }

 private:
  // A look reads everything that is held; looking this often keeps its cost out of the path.
  static constexpr std::uint64_t looks_per_hold = 16;

  struct Entry {
    std::uint64_t ts_event = 0;
    std::uint64_t sequence = 0;
    std::uint64_t arrived_ns = 0;
    std::uint32_t place = 0;
  };

  static bool is_later(const Entry& a, const Entry& b) noexcept {
    return a.ts_event != b.ts_event ? a.ts_event > b.ts_event : a.sequence > b.sequence;
  }

  std::vector<Entry> heap_;
  std::vector<shm::BarRecord> bars_;
  std::vector<std::uint32_t> free_;
  const std::uint64_t hold_ns_;
  std::uint64_t look_due_ns_ = 0;
};

}  // namespace ringside::recorder
