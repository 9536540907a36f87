// Implements timer_heap.hpp.
#include "timer_heap.hpp"

#include "ringside/base/assert.hpp"

namespace ringside::net {

void TimerHeap::add(Timer& timer) {
  heap_.push_back(&timer);
  timer.heap_index_ = heap_.size() - 1;
  sift_up(timer.heap_index_);
}

void TimerHeap::remove(Timer& timer) noexcept {
  const std::size_t index = timer.heap_index_;
  RINGSIDE_ASSERT(index < heap_.size() && heap_[index] == &timer);
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(index, last);
  sift_up(index);
  sift_down(last->heap_index_);
}

Timer* TimerHeap::pop_due(std::uint64_t now_ns) noexcept {
  if (heap_.empty() || heap_.front()->deadline_ns_ > now_ns) return nullptr;
  Timer* timer = heap_.front();
  remove(*timer);
  return timer;
}

void TimerHeap::sift_up(std::size_t index) noexcept {
  Timer* timer = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->deadline_ns_ <= timer->deadline_ns_) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, timer);
}

void TimerHeap::sift_down(std::size_t index) noexcept {
  Timer* timer = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ns_ < heap_[child]->deadline_ns_) {
      ++child;
    }
    if (timer->deadline_ns_ <= heap_[child]->deadline_ns_) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, timer);
}

}  // namespace ringside::net
