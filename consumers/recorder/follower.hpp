// Owns one feed's recording thread: attaches to the feed, keeps its Capture running, and turns what
// happens to the feed handler into the ends and beginnings of epochs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "capture.hpp"
#include "ringside/base/result.hpp"
#include "ringside/shm/feed_client.hpp"

namespace ringside::recorder {

struct FollowerOptions {
  std::string feed;
  std::string socket_path;  // <run_dir>/<feed>.sock
  CaptureOptions capture;
};

/// How a feed's recording stands; any thread may ask at any time.
struct FollowerState {
  bool is_attached = false;
  std::uint64_t epochs = 0;  // begun
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t pending = 0;
  std::uint64_t bytes_written = 0;
};

class Follower {
 public:
  /// Errors  memory: no buffers, no io_uring.
  [[nodiscard]] static Result<std::unique_ptr<Follower>> create(FollowerOptions options,
                                                                FeedLink& link);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower();

  void start();
  /// Takes what is published so far, ends the files, ends the thread.
  void stop();
  [[nodiscard]] FollowerState state() const noexcept;

 private:
  Follower(FollowerOptions options, std::unique_ptr<Capture> capture);
  void run();
  void look_at_feed(std::uint64_t now_ns);
  void follow(std::uint64_t now_ns);
  void finish(EndReason reason);
  void drain();
  void publish_state() noexcept;
  [[nodiscard]] bool is_stopping() const noexcept {
    return is_stopping_.load(std::memory_order_relaxed);  // relaxed: it only ends a loop
  }

  const FollowerOptions options_;
  std::unique_ptr<Capture> capture_;
  shm::FeedClient client_;
  std::thread thread_;
  std::atomic<bool> is_stopping_{false};
  bool is_lost_ = false;
  std::uint64_t look_due_ns_ = 0;
  std::uint64_t report_due_ns_ = 0;

  // What state() shows; the thread writes, anybody reads, each word stands alone.
  std::atomic<bool> is_attached_{false};
  std::atomic<std::uint64_t> epochs_{0};
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint64_t> pending_{0};
  std::atomic<std::uint64_t> bytes_written_{0};
};

}  // namespace ringside::recorder
