// Owns the names of what a feed counts about itself in its segment (docs/counters.md). Each counter
// is written by the feed's thread alone; anybody reads.
#pragma once

#include <array>

#include "decoded.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::feed {

struct FeedCounters {
  /// Adds all of them; before mark_ready.
  explicit FeedCounters(shm::SegmentWriter& segment);

  /// Copies what the decoder has counted; only what changed touches memory.
  void show(const DecodeCounts& counts) noexcept;

  shm::Counter frames_received;
  shm::Counter frame_bytes;
  shm::Counter events_trades;
  shm::Counter events_quotes;
  shm::Counter events_bars_1s;
  shm::Counter events_bars_1m;
  shm::Counter events_status;
  shm::Counter events_unknown;
  shm::Counter events_clipped;
  shm::Counter events_unwanted;  // of a symbol that nobody asked for
  shm::Counter events_refused;   // of a symbol that has no room
  shm::Counter events_rejected;  // all reasons
  shm::Counter keys_unknown;
  std::array<shm::Counter, reject_reason_count> rejects;
  shm::Counter ticks_published;
  shm::Counter bars_published;
  shm::Counter symbols_created;
  shm::Counter symbols_refused;
  shm::Counter gaps;
  shm::Counter connects;
  shm::Counter connects_failed;
  shm::Counter disconnects;
  shm::Counter subscriptions_pending;
  shm::Counter subscriptions_retried;
  shm::Counter subscriptions_unanswered;
  shm::Counter not_authorized;
  shm::Counter sends_failed;
  shm::Counter notices_dropped;
  shm::Counter cycle_ns_max;  // longest turn of the duty cycle that did work

  shm::Histogram vendor_to_socket;  // vendor's clock to our socket: their delay, and the network's
  shm::Histogram socket_to_record;  // TLS, WebSocket, JSON
  shm::Histogram record_to_ring;    // lookup and publishing

 private:
  DecodeCounts shown_;
};

}  // namespace ringside::feed
