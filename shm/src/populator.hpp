// Owns making a segment's memory ready before it is needed: pages allocated, written once and,
// where the kernel grants it, gathered into huge ones. Never on the feed's thread: before `ready`
// on the thread that builds the segment, then on the control thread, a bounded step at a time.
//
// Invariant: [begin, ready) of each region is allocated and mapped in this process.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ringside/base/result.hpp"

namespace ringside::shm {

class Populator {
 public:
  /// The parts of a segment that fill up from their beginning.
  enum Region : std::uint8_t { fixed, symbols, last_values, arena };
  static constexpr std::size_t region_count = 4;

  Populator() = default;
  Populator(char* memory, bool wants_huge_pages) noexcept
      : memory_(memory), wants_huge_(wants_huge_pages) {}

  /// Regions are told in the order in which they lie; offsets from the segment's start.
  void set(Region region, std::uint64_t begin, std::uint64_t end) noexcept;

  /// Makes everything below begin + `bytes` ready, or all of the region if that is less.
  /// Errors  memory: what the kernel says it lacks.
  [[nodiscard]] Status reach(Region region, std::uint64_t bytes);

  /// As reach(), but at most one huge page's worth: for a thread that has other work too. The first
  /// `bytes_used` are in use: they are not gathered into a huge page any more, for whoever uses
  /// them would wait. Returns whether something was done. A failure is kept and not tried again.
  bool step(Region region, std::uint64_t bytes, std::uint64_t bytes_used = 0) noexcept;

  /// Bytes of the region that are ready, from its beginning. Any thread.
  [[nodiscard]] std::uint64_t ready(Region region) const noexcept {
    // relaxed: a hint; memory that is not ready works too, only slower.
    return parts_[region].ready.load(std::memory_order_relaxed) - parts_[region].begin;
  }
  [[nodiscard]] std::uint64_t bytes_ready() const noexcept { return bytes_ready_; }
  [[nodiscard]] std::uint64_t bytes_huge() const noexcept { return bytes_huge_; }
  /// Has the kernel refused memory? Then what is not ready never will be. Any thread.
  [[nodiscard]] bool has_failed() const noexcept {
    return failed_errno_.load(std::memory_order_relaxed) != 0;  // relaxed: stands alone
  }

 private:
  struct Part {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::atomic<std::uint64_t> ready{0};
  };
  // Makes [from, to) ready; returns an errno.
  [[nodiscard]] int make_ready(std::uint64_t from, std::uint64_t to, bool is_unused) noexcept;

  char* memory_ = nullptr;
  bool wants_huge_ = false;
  std::atomic<int> failed_errno_{0};
  std::uint64_t bytes_ready_ = 0;
  std::uint64_t bytes_huge_ = 0;
  std::array<Part, region_count> parts_;
};

}  // namespace ringside::shm
