// Owns when events leave: it takes from the stream what is due by the chosen pace and gives it to
// the server. The loop's thread; allocates nothing.
#pragma once

#include <cstdint>

#include "sim/event_stream.hpp"
#include "sim/server.hpp"

namespace ringside::sim {

/// live: events are due when the wall clock reaches their time. scaled: the first is due at the
/// start, the others by their distance to it, divided by the speed. max: all are due at once, and
/// only the clients' sockets slow it down.
enum class Pace : std::uint8_t { live, scaled, max };

struct PumpOptions {
  Pace pace = Pace::live;
  std::uint64_t speed_milli = 1000;  // scaled: 1000 is the original speed
  std::size_t wait_for_pairs = 0;    // starts at this many different subscriptions
  std::uint64_t events_max = 0;      // ends after this many; 0: never
  bool waits_for_slow = false;       // true: a slow client stops the stream; false: it is cut
  std::uint64_t frame_interval_ns = 1'000'000;  // events of this span share a frame, but at max
};

class Pump {
 public:
  Pump(EventStream& stream, Server& server, const PumpOptions& options)
      : stream_(stream), server_(server), options_(options) {}

  /// Sends what is due. Returns how long the loop may wait before the next turn, in ns.
  [[nodiscard]] std::uint64_t turn(std::uint64_t wall_now_ns, std::uint64_t monotonic_now_ns);

  /// Starts now instead of at wait_for_pairs.
  void start() noexcept { is_asked_to_start_ = true; }
  [[nodiscard]] bool has_started() const noexcept { return has_started_; }

  /// The stream is at its end and every byte of it is in the kernel.
  [[nodiscard]] bool is_finished() const noexcept { return is_finished_; }

  /// Nothing is sent for a while. live: what was due is lost; otherwise the stream waits.
  void mute(std::uint64_t until_monotonic_ns) noexcept { ts_mute_end_ns_ = until_monotonic_ns; }

  /// Every event leaves this much later than it is due.
  void set_latency(std::uint64_t latency_ns) noexcept { latency_ns_ = latency_ns; }

  [[nodiscard]] const EventCounts& generated() const noexcept { return generated_; }
  [[nodiscard]] std::uint64_t muted_count() const noexcept { return muted_count_; }
  [[nodiscard]] std::uint64_t skip_count() const noexcept { return skip_count_; }

 private:
  [[nodiscard]] std::uint64_t horizon_ns(std::uint64_t wall_now_ns,
                                         std::uint64_t monotonic_now_ns) const noexcept;
  [[nodiscard]] std::uint64_t wait_ns(std::uint64_t horizon_ns) const noexcept;
  void send_due(std::uint64_t horizon_ns, bool is_muted);

  EventStream& stream_;
  Server& server_;
  PumpOptions options_;
  EventCounts generated_{};
  std::uint64_t generated_total_ = 0;
  std::uint64_t muted_count_ = 0;
  std::uint64_t skip_count_ = 0;
  std::uint64_t ts_first_ns_ = 0;        // of the first event
  std::uint64_t ts_started_ns_ = 0;      // monotonic
  std::uint64_t ts_last_turn_ns_ = 0;    // monotonic
  std::uint64_t ts_last_frames_ns_ = 0;  // monotonic
  std::uint64_t ts_mute_end_ns_ = 0;     // monotonic
  std::uint64_t latency_ns_ = 0;
  bool is_asked_to_start_ = false;
  bool has_started_ = false;
  bool is_at_end_ = false;
  bool is_finished_ = false;
};

}  // namespace ringside::sim
