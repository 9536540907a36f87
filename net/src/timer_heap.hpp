// Owns the order of armed timers: a binary heap of pointers into their owners' objects. The loop's
// thread. Allocates when more timers are armed than ever before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringside/net/loop.hpp"

namespace ringside::net {

class TimerHeap {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

  /// Deadline of the first; wait_forever_ns when empty.
  [[nodiscard]] std::uint64_t next_deadline_ns() const noexcept {
    return heap_.empty() ? wait_forever_ns : heap_.front()->deadline_ns_;
  }

  void add(Timer& timer);
  void remove(Timer& timer) noexcept;

  /// Takes the first timer that is due at `now_ns` out of the heap; nullptr: none.
  [[nodiscard]] Timer* pop_due(std::uint64_t now_ns) noexcept;

 private:
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;
  void place(std::size_t index, Timer* timer) noexcept {
    heap_[index] = timer;
    timer->heap_index_ = index;
  }

  std::vector<Timer*> heap_;
};

}  // namespace ringside::net
