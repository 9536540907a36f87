// Owns the io_uring event loop: one ring, one ring of receive buffers, timers, wake-ups. One thread
// calls poll(); only wake() may be called from another. Allocates when it is created, when a stream
// or a watch is added, and when a table grows past its largest size so far; never per event.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringside/base/result.hpp"
#include "ringside/net/delegate.hpp"

namespace ringside::net {

/// Readable bytes in front of and behind every span that on_data and the WebSocket decoder hand out
/// (simdjson reads up to 64 behind, the vector decoder 64 in front and 192 behind).
inline constexpr std::size_t padding_front_bytes = 64;
inline constexpr std::size_t padding_back_bytes = 192;

/// Wait for ever.
inline constexpr std::uint64_t wait_forever_ns = UINT64_MAX;

class Loop;
class LoopCore;  // src/loop_core.hpp: what streams, listeners and watches use of a loop

/// One single-shot timer, inside the object that needs it. Not movable: the loop keeps its address.
/// Destroying or restarting it cancels it. The callback may restart or destroy it.
class Timer {
 public:
  Timer() noexcept = default;
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls `on_expire` once, `delay_ns` from now (monotonic), from within poll().
  void start(Loop& loop, std::uint64_t delay_ns, Delegate<void()> on_expire);
  void cancel() noexcept;
  [[nodiscard]] bool is_armed() const noexcept { return core_ != nullptr; }

 private:
  friend class TimerHeap;
  friend class LoopCore;
  friend class Connection;
  friend struct ListenerState;
  void start_on(LoopCore& core, std::uint64_t delay_ns, Delegate<void()> on_expire);

  LoopCore* core_ = nullptr;
  std::uint64_t deadline_ns_ = 0;
  std::size_t heap_index_ = 0;
  Delegate<void()> on_expire_;
};

/// Watches a foreign descriptor (a unix socket, an inotify ...) level-triggered: the callback comes
/// once per turn while any of `events` (POLLIN, POLLOUT ...) holds. Does not own the descriptor:
/// stop() or destroy the watch before you close it. The callback may stop or destroy the watch.
class Watch {
 public:
  Watch() noexcept = default;
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void start(Loop& loop, int fd, std::uint32_t events, Delegate<void(std::uint32_t)> on_ready);
  void stop() noexcept;
  [[nodiscard]] bool is_active() const noexcept { return state_ != nullptr; }

 private:
  friend struct WatchState;
  struct WatchState* state_ = nullptr;
};

/// The loop. Create it anywhere; the first thread that calls poll() owns it from then on, and every
/// stream, listener, timer and watch on it. Destroy all streams, listeners and watches on that
/// thread, and the loop there behind them, or anywhere once that thread has ended.
///
/// A turn (one poll): what callbacks and callers queued since the last turn is sent and submitted
/// in one system call, which also waits; then every completion and every due timer is delivered. So
/// bytes given to Stream::send() leave at the start of the next poll(): call it again at once, or
/// call flush() before slow work.
///
/// The ring is set up with SINGLE_ISSUER, DEFER_TASKRUN and TASKRUN_FLAG: the kernel raises a flag
/// in shared memory when a socket has something, and poll(0) enters the kernel only when that flag
/// is up or something is queued. A spinning caller with nothing to do makes no system call.
class Loop {
 public:
  struct Options {
    std::uint32_t entries = 1024;                 // submission queue; completions: 8 x
    std::uint32_t receive_buffer_bytes = 32'768;  // one receive completion carries at most this
    std::uint32_t receive_buffer_count = 128;     // power of two; shared by all streams
  };

  /// Errors  permission: io_uring is forbidden (sysctl kernel.io_uring_disabled, seccomp);
  ///         version: a kernel older than 6.1; memory: descriptors or locked memory.
  [[nodiscard]] static Result<Loop> create(const Options& options);
  [[nodiscard]] static Result<Loop> create() { return create(Options{}); }

  Loop(Loop&& other) noexcept;
  Loop& operator=(Loop&&) = delete;
  ~Loop();

  /// Runs one turn; waits up to `wait_ns` (0: not at all) for the first event. A signal ends the
  /// wait. Returns the number of events and timers delivered. Cost  nothing to do and wait_ns 0: a
  /// few loads and one clock read if a timer is armed.
  std::size_t poll(std::uint64_t wait_ns) noexcept;

  /// Sends and submits what is queued, now, without waiting or delivering anything.
  void flush() noexcept;

  /// Ends a wait of poll() and calls the wake handler in that or the next turn. Any thread, also a
  /// signal handler; several wakes before the turn are one.
  void wake() noexcept;
  void set_wake_handler(Delegate<void()> on_wake) noexcept;

  /// For counters: system calls made, completions reaped, receives that found no buffer.
  struct Counts {
    std::uint64_t enters = 0;
    std::uint64_t completions = 0;
    std::uint64_t buffers_exhausted = 0;
  };
  [[nodiscard]] Counts counts() const noexcept;

  [[nodiscard]] LoopCore& core() noexcept { return *core_; }

 private:
  explicit Loop(std::unique_ptr<LoopCore> core) noexcept;
  std::unique_ptr<LoopCore> core_;
};

}  // namespace ringside::net
