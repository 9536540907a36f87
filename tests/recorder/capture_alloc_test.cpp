// The capture loop does not allocate once it runs: every operator new of this program is counted
// while a flag of the calling thread is up.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "../support/temp_dir.hpp"
#include "capture_rig.hpp"

namespace {

thread_local bool is_counting = false;
thread_local std::uint64_t allocations = 0;

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (is_counting) ++allocations;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

// Not inlined: the compiler must not see that what `new` returned goes to free().
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new[](std::size_t bytes) {
  return allocate(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace ringside::recorder {
namespace {

/// Ticks, bars, a new file for each span, flushes and syncs, losses: all of it.
TEST(CaptureLoop, does_not_allocate) {
  const ringside::test::TempDir dir;
  test::Market market({"AAPL", "MSFT"}, {.tape_slots = 4096});
  CaptureOptions options;
  options.flush_ns = 100'000;
  options.sync_ns = 1'000'000;
  test::Rig rig(dir.path(), options);
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  for (int round = 0; round < 200; ++round) {
    market.publish_ticks(round == 100 ? 10'000 : 500);  // once more than the tape holds
    market.publish_bar(0, shm::Kind::bar_1s, market.ts());
    market.publish_bar(1, shm::Kind::bar_1m, market.ts());
    if (round % 20 == 0) market.skip(test::hour);
    is_counting = true;
    rig.read_all();
    is_counting = false;
  }
  EXPECT_EQ(allocations, 0U);
  rig.stop();
  EXPECT_GT(rig.capture().receipt().ticks.lost, 0U);
  EXPECT_GT(test::read_recordings(dir.path()).files.size(), 30U);
}

}  // namespace
}  // namespace ringside::recorder
