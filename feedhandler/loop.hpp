// Owns the duty cycle of one feed's thread: poll the sockets, publish, answer wishes, beat. It runs
// to completion on one thread, which alone touches the path side of the segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "counters.hpp"
#include "line.hpp"
#include "link.hpp"
#include "publish.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::feed {

enum class WaitMode : std::uint8_t {
  spin,      // never sleeps: a core of its own
  adaptive,  // spins for spin_ns after the last work, then sleeps in the ring
  block,     // always sleeps in the ring
};

class FeedLoop {
 public:
  struct Options {
    std::string feed;  // for log lines
    Market market = Market::stocks;
    std::uint32_t channels = shm::want_all;  // what the plan covers, as Want bits
    std::vector<std::string> symbols;        // always subscribed; "*": all
    WaitMode wait = WaitMode::adaptive;
    int cpu = -1;                        // pinned to; -1: not pinned
    std::uint64_t spin_ns = 50'000;      // adaptive
    std::uint64_t beat_ns = 20'000'000;  // readers expect one every 50 ms
    Line::Options line = {};
    Publisher::Options publisher = {};
  };

  /// Adds the feed's counters and marks the segment ready.
  /// Errors  permission, version, memory: no io_uring; memory: the decoder's tables.
  [[nodiscard]] static Result<std::unique_ptr<FeedLoop>> create(shm::SegmentWriter& segment,
                                                                FeedLink& link,
                                                                const Options& options);
  FeedLoop(const FeedLoop&) = delete;
  FeedLoop& operator=(const FeedLoop&) = delete;

  /// The thread's whole life: until quit().
  void run() noexcept;

  // --- any thread ---

  /// Ends the connection cleanly and marks the feed ended; wishes are refused from now on.
  void begin_stop() noexcept;
  /// After begin_stop, and the last call of all: run() returns when the connection is closed.
  void quit() noexcept;
  /// Something lies in the link.
  void wake() noexcept { loop_->wake(); }
  /// Why the feed has ended for good: the vendor refused it; nullptr: still trying or streaming.
  [[nodiscard]] const Error* final_error() const noexcept {
    // [final] acquire: the error is whole; pairs with turn().
    return is_final_.load(std::memory_order_acquire) ? &final_error_ : nullptr;
  }

 private:
  FeedLoop(shm::SegmentWriter& segment, FeedLink& link, const Options& options, net::Loop loop);

  void subscribe_configured();
  void turn(std::uint64_t now) noexcept;
  void drain_commands();
  [[nodiscard]] shm::SymbolAnswer want(const Command& command);
  void unwant(const Command& command);
  [[nodiscard]] std::uint64_t choose_wait(std::uint64_t now) const noexcept;
  void pin() noexcept;
  void notice(log::Level level, std::string_view text) noexcept;

  shm::SegmentWriter& segment_;
  FeedLink& link_;
  Options options_;
  std::optional<net::Loop> loop_;  // made by create(), ended by run(): it belongs to one thread
  FeedCounters counters_;
  Publisher publisher_;
  std::unique_ptr<Line> line_;
  std::uint64_t last_beat_ns_ = 0;
  std::uint64_t last_work_ns_ = 0;
  std::uint64_t stop_since_ns_ = 0;
  std::uint64_t cycle_ns_max_ = 0;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_quitting_{false};
  std::atomic<bool> is_final_{false};
  Error final_error_{ErrorCode::ok, 0, {}};  // written once, before is_final_
};

}  // namespace ringside::feed
