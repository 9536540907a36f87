#include "follower.hpp"

#include <pthread.h>

#include <algorithm>

#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"

namespace ringside::recorder {
namespace {

constexpr std::uint64_t look_ns = 5'000'000;            // at the feed's socket
constexpr std::uint64_t report_ns = 500'000'000;        // of our place, to the feed
constexpr std::uint64_t idle_ns = 10'000'000;           // longest sleep
constexpr std::uint64_t disk_ns = 1'000'000;            // the same, with writes on their way
constexpr std::uint64_t stop_wait_ns = 10'000'000'000;  // for a disk that does not answer

}  // namespace

Result<std::unique_ptr<Follower>> Follower::create(FollowerOptions options, FeedLink& link) {
  auto capture = Capture::create(options.capture, link);
  if (!capture) return capture.error();
  return std::unique_ptr<Follower>(new Follower(std::move(options), std::move(*capture)));
}

Follower::Follower(FollowerOptions options, std::unique_ptr<Capture> capture)
    : options_(std::move(options)),
      capture_(std::move(capture)),
      client_({.path = options_.socket_path, .name = "recorder"}) {}

Follower::~Follower() {
  stop();
}

void Follower::start() {
  thread_ = std::thread([this] { run(); });
}

void Follower::stop() {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_relaxed);  // relaxed: it only ends a loop
  thread_.join();
}

FollowerState Follower::state() const noexcept {
  // relaxed: each word stands alone.
  return {.is_attached = is_attached_.load(std::memory_order_relaxed),
          .epochs = epochs_.load(std::memory_order_relaxed),
          .received = received_.load(std::memory_order_relaxed),
          .lost = lost_.load(std::memory_order_relaxed),
          .pending = pending_.load(std::memory_order_relaxed),
          .bytes_written = bytes_written_.load(std::memory_order_relaxed)};
}

void Follower::run() {
  ::pthread_setname_np(::pthread_self(), "rec-follow");
  while (!is_stopping()) {
    const std::uint64_t now_ns = monotonic_ns();
    if (now_ns >= look_due_ns_) {
      look_due_ns_ = now_ns + look_ns;
      look_at_feed(now_ns);
    }
    follow(now_ns);
  }
  drain();
  finish(EndReason::stopped);
  publish_state();
}

void Follower::look_at_feed(std::uint64_t now_ns) {
  switch (client_.poll(now_ns)) {
    case shm::FeedEvent::none:
      break;
    case shm::FeedEvent::lost:
      log::warn("{}: the feed handler is gone", options_.feed);
      is_lost_ = true;
      break;
    case shm::FeedEvent::resumed:
      is_lost_ = false;
      if (!capture_->is_open() && capture_->is_finished()) {
        capture_->begin_epoch(client_.segment());
        log::info("{}: the feed handler is back", options_.feed);
      }
      break;
    case shm::FeedEvent::attached: {
      const auto segment = client_.segment();
      if (capture_->is_open()) {
        drain();
        finish(EndReason::feed_restarted);
      }
      if (!capture_->is_finished()) break;  // stopping while the disk hangs
      is_lost_ = false;
      capture_->begin_epoch(segment);
      epochs_.fetch_add(1, std::memory_order_relaxed);  // relaxed: stands alone
      log::info("{}: recording epoch {}", options_.feed, segment->epoch());
      break;
    }
  }
  if (now_ns < report_due_ns_) return;
  report_due_ns_ = now_ns + report_ns;
  publish_state();
  if (client_.is_attached()) {
    client_.report(capture_->received(), capture_->lost(), capture_->pending());
  }
}

void Follower::follow(std::uint64_t now_ns) {
  const std::size_t count = capture_->poll();
  if (count == 0 && capture_->is_waiting()) {
    capture_->service_wait(now_ns);
    return;
  }
  capture_->service(now_ns);
  if (count != 0) return;
  // A dead writer's tape is read to its end before its files are closed.
  if (is_lost_ && capture_->is_open()) finish(EndReason::feed_lost);
  client_.sleep(capture_->has_disk_work() ? disk_ns : idle_ns,
                [this] { return capture_->has_news(); });
}

/// Takes what was published when it was called; a live writer may go on meanwhile.
void Follower::drain() {
  const std::uint64_t began_ns = monotonic_ns();
  std::uint64_t left = capture_->pending();
  while (left != 0 && capture_->pending() != 0) {
    const std::uint64_t now_ns = monotonic_ns();
    if (capture_->is_waiting()) {
      if (now_ns - began_ns > stop_wait_ns) return;  // the rest is counted as not received
      capture_->service_wait(now_ns);
      continue;
    }
    const std::size_t count = capture_->poll();
    capture_->service(now_ns);
    // Nothing came: a loss, which shortens the way, or a record a dead writer never finished.
    left -= std::min<std::uint64_t>(left, std::max<std::size_t>(count, 1));
  }
}

void Follower::finish(EndReason reason) {
  capture_->end_epoch(reason);
  const std::uint64_t began_ns = monotonic_ns();
  while (!capture_->is_finished()) {
    const std::uint64_t now_ns = monotonic_ns();
    capture_->service_wait(now_ns);
    if (is_stopping() && now_ns - began_ns > stop_wait_ns) {
      log::error("{}: the disk does not answer; files stay without their end", options_.feed);
      return;
    }
  }
}

void Follower::publish_state() noexcept {
  // relaxed: each word stands alone.
  is_attached_.store(client_.is_attached(), std::memory_order_relaxed);
  received_.store(capture_->received(), std::memory_order_relaxed);
  lost_.store(capture_->lost(), std::memory_order_relaxed);
  pending_.store(capture_->pending(), std::memory_order_relaxed);
  bytes_written_.store(capture_->bytes_written(), std::memory_order_relaxed);
}

}  // namespace ringside::recorder
