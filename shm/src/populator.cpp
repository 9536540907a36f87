#include "populator.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "ringside/base/assert.hpp"
#include "ringside/shm/units.hpp"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // Linux 6.1; Debian 12's C library does not name it yet
#endif

namespace ringside::shm {

namespace {

constexpr std::uint64_t page_bytes = 4096;

constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t unit) noexcept {
  return value & ~(unit - 1);
}
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t unit) noexcept {
  return align_down(value + unit - 1, unit);
}

}  // namespace

void Populator::set(Region region, std::uint64_t begin, std::uint64_t end) noexcept {
  Part& part = parts_[region];
  part.begin = begin;
  part.end = end;
  part.ready.store(begin, std::memory_order_relaxed);  // relaxed: nobody else is there yet
}

Status Populator::reach(Region region, std::uint64_t bytes) {
  Part& part = parts_[region];
  const std::uint64_t wanted = std::min(part.end, part.begin + bytes);
  // relaxed: this thread alone writes it.
  while (part.ready.load(std::memory_order_relaxed) < wanted) {
    if (step(region, bytes)) continue;
    // relaxed: this thread wrote it.
    return Error{ErrorCode::memory, failed_errno_.load(std::memory_order_relaxed),
                 "cannot make " + std::to_string(bytes) + " bytes of shared memory ready"};
  }
  return {};
}

bool Populator::step(Region region, std::uint64_t bytes, std::uint64_t bytes_used) noexcept {
  Part& part = parts_[region];
  const std::uint64_t ready = part.ready.load(std::memory_order_relaxed);  // own word
  const std::uint64_t wanted = std::min(part.end, part.begin + bytes);
  if (has_failed() || ready >= wanted) return false;
  // Whole huge pages wherever they fit, so that the next step begins at a border.
  const std::uint64_t to = std::min(align_down(ready, huge_page_bytes) + huge_page_bytes, part.end);
  const int failed = make_ready(ready, to, ready >= part.begin + bytes_used);
  failed_errno_.store(failed, std::memory_order_relaxed);  // relaxed: stands alone
  if (failed != 0) return false;
  part.ready.store(to, std::memory_order_relaxed);  // relaxed: a hint (ready())
  return true;
}

int Populator::make_ready(std::uint64_t from, std::uint64_t to, bool is_unused) noexcept {
  const std::uint64_t first = align_down(from, page_bytes);
  const std::uint64_t bytes = align_up(to, page_bytes) - first;
  const std::uint64_t huge = align_down(from, huge_page_bytes);
  if (wants_huge_ && is_unused && from == huge && to == huge + huge_page_bytes) {
    // Where the administrator has huge shared pages switched off (as kernels come), touching memory
    // gives small ones; collapsing asks for this one range and does not look at the switch. It
    // wants one page to be there.
    if (::madvise(memory_ + huge, page_bytes, MADV_POPULATE_WRITE) == 0 &&
        ::madvise(memory_ + huge, huge_page_bytes, MADV_COLLAPSE) == 0) {
      bytes_huge_ += huge_page_bytes;
      bytes_ready_ += to - from;
      return 0;
    }
    // An old kernel, or no huge page left: small ones do. Do not ask again for each range.
    if (errno == EINVAL) wants_huge_ = false;
  }
  if (::madvise(memory_ + first, bytes, MADV_POPULATE_WRITE) != 0) return errno;
  bytes_ready_ += to - from;
  return 0;
}

}  // namespace ringside::shm
