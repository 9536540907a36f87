// Owns a bounded queue between two threads: one pushes, one pops, neither waits. No allocation.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ringside/shm/units.hpp"

namespace ringside::feed {

template <class T, std::size_t capacity>
class SpscQueue {
  static_assert((capacity & (capacity - 1)) == 0, "a power of two");
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// False: full; nothing was pushed.
  [[nodiscard]] bool push(const T& value) noexcept {
    const std::uint64_t at = pushed_.load(std::memory_order_relaxed);  // relaxed: own word
    // [free] acquire: the popper is done with the cell; pairs with pop().
    if (at - popped_.load(std::memory_order_acquire) == capacity) return false;
    cells_[at % capacity] = value;
    pushed_.store(at + 1, std::memory_order_release);  // [full] the cell is whole
    return true;
  }

  /// False: empty.
  [[nodiscard]] bool pop(T& out) noexcept {
    const std::uint64_t at = popped_.load(std::memory_order_relaxed);  // relaxed: own word
    if (at == pushed_.load(std::memory_order_acquire)) return false;   // pairs with [full]
    out = cells_[at % capacity];
    popped_.store(at + 1, std::memory_order_release);  // [free]
    return true;
  }

 private:
  std::array<T, capacity> cells_{};
  alignas(shm::cache_line_bytes) std::atomic<std::uint64_t> pushed_{0};
  alignas(shm::cache_line_bytes) std::atomic<std::uint64_t> popped_{0};
};

}  // namespace ringside::feed
