// Owns waking readers that sleep. Readers cannot write a segment, so the sleepers' mask lies in a
// page of its own (a second memfd), the one thing a reader may write; all that a bad reader can do
// there is cost the writer a system call or a sleeper its wake-up, and every sleep is bounded.
//
// Invariant: whoever sets its bit, passes the barrier and then finds nothing new is woken by the
// next ring(). The barrier is the kernel's membarrier, paid by the sleeper: the writer's cost with
// nobody asleep is one relaxed load.
#pragma once

#include <atomic>
#include <cstdint>

#include "ringside/base/result.hpp"
#include "ringside/shm/units.hpp"

namespace ringside::shm {

struct alignas(cache_line_bytes) DoorbellPage {
  std::atomic<std::uint64_t>
      sleepers;  // bit i: the reader in cell i sleeps; readers set, writer clears
};
static_assert(sizeof(DoorbellPage) == 64);
inline constexpr std::uint32_t doorbell_cells = 64;
inline constexpr std::uint64_t doorbell_bytes = 4096;

/// The writer's end.
class DoorbellWriter {
 public:
  DoorbellWriter() = default;
  DoorbellWriter(const DoorbellWriter&) = delete;
  DoorbellWriter& operator=(const DoorbellWriter&) = delete;
  ~DoorbellWriter();

  /// Creates the page and registers this process for the sleepers' barrier.
  [[nodiscard]] Status open();
  [[nodiscard]] int fd() const noexcept { return fd_; }

  void ring(std::atomic<std::uint32_t>& wake_word) noexcept {
    // relaxed: the sleeper's membarrier orders its bit against our earlier publish ([sleep]).
    if (page_->sleepers.load(std::memory_order_relaxed) == 0) [[likely]]
      return;
    wake(wake_word);
  }

  /// A reader died: its bit must not cost the writer a wake-up for ever. Control thread.
  void forget(std::uint32_t cell) noexcept;

 private:
  void wake(std::atomic<std::uint32_t>& wake_word) noexcept;
  DoorbellPage* page_ = nullptr;
  int fd_ = -1;
};

/// A reader's end.
class DoorbellReader {
 public:
  DoorbellReader() = default;
  DoorbellReader(DoorbellReader&& other) noexcept;
  DoorbellReader& operator=(DoorbellReader&& other) noexcept;
  DoorbellReader(const DoorbellReader&) = delete;
  DoorbellReader& operator=(const DoorbellReader&) = delete;
  ~DoorbellReader();

  /// Maps the page of `fd` (kept by the caller) as the reader of `cell`.
  [[nodiscard]] Status open(int fd, std::uint32_t cell);

  /// Sleeps until the writer rings or `timeout_ns` passed. `has_news()` is asked once more after
  /// the bit is set, so that nothing published before is slept over.
  template <class HasNews>
  void sleep(const std::atomic<std::uint32_t>& wake_word, std::uint64_t timeout_ns,
             HasNews&& has_news) noexcept {
    // relaxed: the value is only compared by the kernel.
    const std::uint32_t before = wake_word.load(std::memory_order_relaxed);
    announce();  // [sleep]
    if (!has_news()) wait(wake_word, before, timeout_ns);
  }

 private:
  void announce() noexcept;
  static void wait(const std::atomic<std::uint32_t>& wake_word, std::uint32_t before,
                   std::uint64_t timeout_ns) noexcept;
  DoorbellPage* page_ = nullptr;
  std::uint64_t bit_ = 0;
};

}  // namespace ringside::shm
