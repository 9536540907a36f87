// Owns a queue of fixed size between one producing and one consuming thread of this process. No
// lock, no allocation after construction, no system call; full and empty are answers, not waits.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "ringside/shm/units.hpp"

namespace ringside::recorder {

template <class T, std::size_t capacity>
class SpscQueue {
  static_assert((capacity & (capacity - 1)) == 0, "a power of two");

 public:
  /// False: full, nothing was stored. Producer only.
  [[nodiscard]] bool try_push(const T& value) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);  // relaxed: our own word
    // Pairs with the release in try_pop: the slot's last reader is done with it.
    if (tail - head_.load(std::memory_order_acquire) == capacity) return false;
    slots_[tail % capacity] = value;
    tail_.store(tail + 1, std::memory_order_release);  // [push] the slot is whole
    return true;
  }

  /// False: empty. Consumer only.
  [[nodiscard]] bool try_pop(T& out) noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);   // relaxed: our own word
    if (head == tail_.load(std::memory_order_acquire)) return false;  // pairs with [push]
    out = slots_[head % capacity];
    head_.store(head + 1, std::memory_order_release);  // the slot may be reused
    return true;
  }

 private:
  alignas(shm::cache_line_bytes) std::atomic<std::size_t> head_{0};
  alignas(shm::cache_line_bytes) std::atomic<std::size_t> tail_{0};
  alignas(shm::cache_line_bytes) std::array<T, capacity> slots_{};
};

}  // namespace ringside::recorder
