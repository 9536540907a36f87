#include "counters.hpp"

#include <string>

namespace ringside::feed {

namespace {

std::array<shm::Counter, reject_reason_count> add_rejects(shm::SegmentWriter& segment) {
  std::array<shm::Counter, reject_reason_count> rejects;
  for (std::size_t i = 0; i < rejects.size(); ++i) {
    const std::string name = "rejects_" + std::string(to_string(static_cast<RejectReason>(i)));
    rejects[i] = segment.add_counter(name, "events");
  }
  return rejects;
}

void show_one(shm::Counter& counter, std::uint64_t value, std::uint64_t& shown) noexcept {
  if (value == shown) return;
  shown = value;
  counter.set(value);
}

}  // namespace

FeedCounters::FeedCounters(shm::SegmentWriter& segment)
    : frames_received(segment.add_counter("frames_received", "frames")),
      frame_bytes(segment.add_counter("frame_bytes", "bytes")),
      events_trades(segment.add_counter("events_trades", "events")),
      events_quotes(segment.add_counter("events_quotes", "events")),
      events_bars_1s(segment.add_counter("events_bars_1s", "events")),
      events_bars_1m(segment.add_counter("events_bars_1m", "events")),
      events_status(segment.add_counter("events_status", "events")),
      events_unknown(segment.add_counter("events_unknown", "events")),
      events_clipped(segment.add_counter("events_clipped", "events")),
      events_unwanted(segment.add_counter("events_unwanted", "events")),
      events_refused(segment.add_counter("events_refused", "events")),
      events_rejected(segment.add_counter("events_rejected", "events")),
      keys_unknown(segment.add_counter("keys_unknown", "keys")),
      rejects(add_rejects(segment)),
      ticks_published(segment.add_counter("ticks_published", "records")),
      bars_published(segment.add_counter("bars_published", "records")),
      symbols_created(segment.add_counter("symbols_created", "symbols")),
      symbols_refused(segment.add_counter("symbols_refused", "symbols")),
      gaps(segment.add_counter("gaps", "records")),
      connects(segment.add_counter("connects", "")),
      connects_failed(segment.add_counter("connects_failed", "")),
      disconnects(segment.add_counter("disconnects", "")),
      subscriptions_pending(segment.add_counter("subscriptions_pending", "items")),
      subscriptions_retried(segment.add_counter("subscriptions_retried", "items")),
      subscriptions_unanswered(segment.add_counter("subscriptions_unanswered", "items")),
      not_authorized(segment.add_counter("not_authorized", "items")),
      sends_failed(segment.add_counter("sends_failed", "")),
      notices_dropped(segment.add_counter("notices_dropped", "lines")),
      cycle_ns_max(segment.add_counter("cycle_ns_max", "ns")),
      vendor_to_socket(segment.add_histogram("vendor_to_socket", "ns")),
      socket_to_record(segment.add_histogram("socket_to_record", "ns")),
      record_to_ring(segment.add_histogram("record_to_ring", "ns")) {}

void FeedCounters::show(const DecodeCounts& counts) noexcept {
  show_one(frames_received, counts.frames, shown_.frames);
  show_one(frame_bytes, counts.bytes, shown_.bytes);
  show_one(events_trades, counts.trades, shown_.trades);
  show_one(events_quotes, counts.quotes, shown_.quotes);
  show_one(events_bars_1s, counts.bars_1s, shown_.bars_1s);
  show_one(events_bars_1m, counts.bars_1m, shown_.bars_1m);
  show_one(events_status, counts.statuses, shown_.statuses);
  show_one(events_unknown, counts.events_unknown, shown_.events_unknown);
  show_one(events_clipped, counts.clipped, shown_.clipped);
  show_one(keys_unknown, counts.keys_unknown, shown_.keys_unknown);
  bool is_changed = false;
  for (std::size_t i = 0; i < rejects.size(); ++i) {
    is_changed |= counts.rejects[i] != shown_.rejects[i];
    show_one(rejects[i], counts.rejects[i], shown_.rejects[i]);
  }
  if (is_changed) events_rejected.set(counts.rejects_total());
}

}  // namespace ringside::feed
