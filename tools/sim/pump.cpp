#include "sim/pump.hpp"

#include <algorithm>

namespace ringside::sim {
namespace {

constexpr std::uint64_t idle_wait_ns = 50'000'000;  // timeouts and signals are looked at this often
constexpr std::size_t backlog_high_bytes = 1 << 20;
constexpr std::uint64_t behind_ns_max = ns_per_s;
constexpr int turn_events_max = 8192;
constexpr int backlog_check_events = 64;

}  // namespace

std::uint64_t Pump::horizon_ns(std::uint64_t wall_now_ns,
                               std::uint64_t monotonic_now_ns) const noexcept {
  switch (options_.pace) {
    case Pace::live:
      return wall_now_ns - latency_ns_;
    case Pace::scaled: {
      const std::uint64_t since_ns = monotonic_now_ns - ts_started_ns_;
      const std::uint64_t late_ns = std::min(latency_ns_, since_ns);
      const auto scaled = static_cast<unsigned __int128>(since_ns - late_ns) * options_.speed_milli;
      return ts_first_ns_ + static_cast<std::uint64_t>(scaled / 1000);
    }
    case Pace::max:
      break;
  }
  return EventStream::ts_none - 1;
}

// By the horizon just used: how long nothing new is due.
std::uint64_t Pump::wait_ns(std::uint64_t horizon_ns) const noexcept {
  const std::uint64_t next_ns = stream_.next_ts_ns();
  if (next_ns == EventStream::ts_none) return idle_wait_ns;
  if (options_.pace == Pace::max || next_ns <= horizon_ns) return 0;
  std::uint64_t wait = next_ns - horizon_ns;
  if (options_.pace == Pace::scaled) {
    const auto scaled = static_cast<unsigned __int128>(wait) * 1000 / options_.speed_milli;
    wait = static_cast<std::uint64_t>(std::min<unsigned __int128>(scaled, idle_wait_ns));
  }
  return std::min(std::max(wait, options_.frame_interval_ns), idle_wait_ns);
}

std::uint64_t Pump::turn(std::uint64_t wall_now_ns, std::uint64_t monotonic_now_ns) {
  const std::uint64_t since_last_ns = monotonic_now_ns - ts_last_turn_ns_;
  ts_last_turn_ns_ = monotonic_now_ns;
  if (is_finished_) return idle_wait_ns;
  if (!has_started_) {
    if (!is_asked_to_start_ && server_.pair_count() < options_.wait_for_pairs) return idle_wait_ns;
    has_started_ = true;
    ts_started_ns_ = monotonic_now_ns;
    if (options_.pace == Pace::live) stream_.skip_to(wall_now_ns);
    ts_first_ns_ = stream_.next_ts_ns();
  }
  const bool is_muted = monotonic_now_ns < ts_mute_end_ns_;
  if (is_muted && options_.pace != Pace::live) {
    ts_started_ns_ += since_last_ns;  // the stream's own clock stands still
    return std::min(ts_mute_end_ns_ - monotonic_now_ns, idle_wait_ns);
  }
  // Without a pace of its own the stream runs only as fast as somebody reads.
  const bool is_stopped_by_clients =
      (options_.waits_for_slow && server_.backlog_bytes_max() >= backlog_high_bytes) ||
      (options_.pace == Pace::max && !is_at_end_ && server_.live_count() == 0);
  if (is_stopped_by_clients) return idle_wait_ns;  // a completed send or a message ends the wait
  // A frame interval has not passed: what is due waits for its neighbours.
  const std::uint64_t since_frames_ns = monotonic_now_ns - ts_last_frames_ns_;
  if (options_.pace != Pace::max && since_frames_ns < options_.frame_interval_ns) {
    return options_.frame_interval_ns - since_frames_ns;
  }
  const std::uint64_t horizon = horizon_ns(wall_now_ns, monotonic_now_ns);
  if (options_.pace == Pace::live && horizon > stream_.next_ts_ns() + behind_ns_max) {
    ++skip_count_;  // this process was held up: a live vendor does not catch up seconds later
    stream_.skip_to(horizon);
  }
  if (!is_at_end_) send_due(horizon, is_muted);
  if (options_.pace != Pace::max || is_at_end_) {
    server_.send_frames();
    ts_last_frames_ns_ = monotonic_now_ns;
  }
  if (is_at_end_) {
    is_finished_ = server_.backlog_bytes_max() == 0;
    return is_finished_ ? 0 : idle_wait_ns;
  }
  return wait_ns(horizon);
}

void Pump::send_due(std::uint64_t horizon_ns, bool is_muted) {
  // One turn adds only a part of what a connection may hold: the loop must get to send it.
  const std::size_t backlog_end =
      options_.waits_for_slow ? backlog_high_bytes
                              : server_.backlog_bytes_max() +
                                    std::min(backlog_high_bytes, server_.wire().buffer_bytes / 4);
  Event event;
  for (int count = 1; count <= turn_events_max; ++count) {
    if (!stream_.take(horizon_ns, event)) {
      is_at_end_ = stream_.next_ts_ns() == EventStream::ts_none;
      return;
    }
    ++generated_[static_cast<std::size_t>(event.market)][static_cast<std::size_t>(event.kind)];
    ++generated_total_;
    if (is_muted) {
      ++muted_count_;
    } else {
      server_.deliver(event);
    }
    if (generated_total_ == options_.events_max) {
      is_at_end_ = true;
      return;
    }
    if (count % backlog_check_events == 0 && server_.backlog_bytes_max() >= backlog_end) {
      return;
    }
  }
}

}  // namespace ringside::sim
