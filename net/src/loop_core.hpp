// Owns what the parts of net use of a loop: the ring, operations in flight, receive buffers, timers
// and the list of those who have something to send. The loop's thread, but wake().
#pragma once

#include <liburing.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>

#include "buffer_ring.hpp"
#include "ringside/base/result.hpp"
#include "ringside/net/loop.hpp"
#include "timer_heap.hpp"

namespace ringside::net {

/// One thing the kernel does for us. Lies inside a heap object that stays until `complete` was
/// called without IORING_CQE_F_MORE: that is what makes destroying a handle at any time safe.
struct Operation {
  using Complete = void (*)(void* owner, Operation& self, int result, std::uint32_t flags) noexcept;
  Complete complete = nullptr;
  void* owner = nullptr;
  bool in_flight = false;         // from LoopCore::start to the last completion
  Operation* previous = nullptr;  // of those in flight, for LoopCore
  Operation* next = nullptr;
};

/// Somebody with output: flushed once, at the start of the next turn.
struct Flushable {
  void (*flush)(void* owner) noexcept = nullptr;
  void* owner = nullptr;
  Flushable* next = nullptr;
  bool is_queued = false;
};

class LoopCore {
 public:
  LoopCore() noexcept = default;
  ~LoopCore();
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;

  [[nodiscard]] Status create(const Loop::Options& options);

  std::size_t poll(std::uint64_t wait_ns) noexcept;
  void flush() noexcept;
  void wake() noexcept;
  void set_wake_handler(Delegate<void()> on_wake) noexcept { on_wake_ = on_wake; }

  /// The next free submission entry, for `operation`, which is in flight from now on.
  [[nodiscard]] io_uring_sqe* start(Operation& operation) noexcept;

  /// Asks the kernel to end `operation` early; its completion still comes.
  void cancel(const Operation& operation) noexcept;

  void queue_flush(Flushable& flushable) noexcept;

  /// The loop is being destroyed: nothing may be started any more.
  [[nodiscard]] bool is_ending() const noexcept { return is_ending_; }

  [[nodiscard]] BufferRing& buffers() noexcept { return buffers_; }
  [[nodiscard]] TimerHeap& timers() noexcept { return timers_; }

  /// Wall clock when the completions now being delivered were taken from the kernel.
  [[nodiscard]] std::uint64_t ts_recv_ns() const noexcept { return ts_recv_ns_; }

  /// Where TLS streams decrypt to: one buffer with padding, free between two on_data calls.
  [[nodiscard]] std::span<std::byte> plain_buffer() noexcept;

  [[nodiscard]] Loop::Counts& counts() noexcept { return counts_; }

  /// Handles (streams, listeners, watches) alive; must be 0 when the loop ends.
  std::size_t handle_count = 0;

 private:
  static constexpr std::size_t plain_bytes = 65'536;
  static constexpr std::uint64_t drain_ns_max = 2'000'000'000;

  void enable() noexcept;
  void enter(std::uint64_t wait_ns) noexcept;
  void submit() noexcept;
  std::size_t reap() noexcept;
  std::size_t run_timers() noexcept;
  void flush_all() noexcept;
  void drain() noexcept;
  void note(int result) noexcept;
  void forget(Operation& operation) noexcept;
  void release_rest() noexcept;
  [[nodiscard]] bool is_owner_elsewhere() const noexcept {
    return is_enabled_ && owner_ != std::this_thread::get_id();
  }
  void on_wake_event(std::uint32_t events) noexcept;
  [[nodiscard]] io_uring_sqe* free_sqe() noexcept;
  [[nodiscard]] std::uint32_t kernel_flags() const noexcept;

  io_uring ring_{};
  bool has_ring_ = false;
  bool is_enabled_ = false;
  std::thread::id owner_{};  // the thread that enabled the ring: only it may enter
  bool is_ending_ = false;
  BufferRing buffers_;
  TimerHeap timers_;
  Flushable* flush_first_ = nullptr;
  Flushable* flush_last_ = nullptr;
  Operation* in_flight_ = nullptr;  // a list of all of them
  io_uring_sqe unused_sqe_{};       // what start() hands out when the ring is gone
  std::uint64_t ts_recv_ns_ = 0;
  std::unique_ptr<std::byte[]> plain_;
  Loop::Counts counts_;

  int wake_fd_ = -1;
  std::atomic<bool> is_wake_pending_{false};
  std::unique_ptr<Watch> wake_watch_;
  Delegate<void()> on_wake_;

  friend class Watch;
};

/// A watch's part that lives as long as its operation.
struct WatchState {
  LoopCore* core = nullptr;
  Watch* watch = nullptr;  // nullptr: stopped
  bool is_delivering = false;
  Operation poll;
  int fd = -1;
  std::uint32_t events = 0;
  Delegate<void(std::uint32_t)> on_ready;

  static void start_on(Watch& watch, LoopCore& core, int fd, std::uint32_t events,
                       Delegate<void(std::uint32_t)> on_ready);
  void arm() noexcept;
  static void complete(void* owner, Operation& self, int result, std::uint32_t flags) noexcept;
};

}  // namespace ringside::net
