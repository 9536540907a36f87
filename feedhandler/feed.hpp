// Owns one feed of the feed handler from lock to clean stop: segment, control socket, thread. Off
// the path.
#pragma once

#include <memory>
#include <thread>

#include "config.hpp"
#include "control.hpp"
#include "ringside/base/process.hpp"
#include "ringside/base/result.hpp"
#include "ringside/net/tls.hpp"

namespace ringside::feed {

class Feed {
 public:
  /// Builds everything and starts both threads.
  /// Errors  busy: another feed handler serves this feed; memory: bytes needed and available;
  ///         tls, not_found: the certificate authorities; permission, io: the run-time folder.
  [[nodiscard]] static Result<std::unique_ptr<Feed>> start(FeedConfig config);

  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  /// A clean stop: close 1000, state ended, socket removed, lock freed.
  ~Feed();

  [[nodiscard]] const std::string& name() const noexcept { return config_.name; }
  /// As FeedLoop::final_error.
  [[nodiscard]] const Error* final_error() const noexcept { return loop_->final_error(); }

 private:
  Feed(FeedConfig config, LockFile lock, net::TlsContext tls);

  FeedConfig config_;
  LockFile lock_;
  net::TlsContext tls_;
  FeedLink link_;
  std::unique_ptr<shm::SegmentWriter> segment_;
  std::unique_ptr<FeedLoop> loop_;
  std::unique_ptr<FeedControl> control_;
  std::thread thread_;
};

/// The whole program behind main: every enabled feed until a stop is asked for, or until the vendor
/// has refused all of them for good.
/// Errors  as Feed::start; the vendor's refusal (auth, tls, connect) when no feed is left.
[[nodiscard]] Status run_feedhandler(const Config& config);

}  // namespace ringside::feed
