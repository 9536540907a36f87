// Owns what becomes of a decoded event in shared memory: its instrument, its place in the rings,
// and what readers must know besides - gaps, states, refusals. The feed's thread only; allocates
// when it is made.
//
// Invariant: after a connection was lost, no record of a symbol appears before the gap record that
// says so, and the first one behind it carries flag_maybe_bad.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "counters.hpp"
#include "decoded.hpp"
#include "ring_classes.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/segment.hpp"
#include "subscriptions.hpp"

namespace ringside::feed {

class Publisher {
 public:
  struct Options {
    RingClasses rings;
  };

  Publisher(shm::SegmentWriter& segment, FeedCounters& counters, Options options);

  /// Publishes one tick or bar. A symbol seen for the first time gets its rings if it is wanted,
  /// by name or by the wildcard; else, and for a symbol that is idle, the event is counted and
  /// dropped.
  /// Cost  a hash lookup and the writes; no allocation, no system call.
  void publish(Decoded& event, const Subscriptions& wanted) noexcept;

  /// Finds or creates a symbol that somebody asks for. `ts_now`: ns UTC.
  [[nodiscard]] shm::SymbolAnswer add(std::string_view symbol, std::uint64_t ts_now) noexcept;

  /// Nobody wants the symbol any more: its state says so, its rings keep what they hold. If it is
  /// wanted again, the time between is a gap.
  void set_idle(std::string_view symbol, std::uint64_t ts_now) noexcept;

  /// The vendor does not deliver the symbol.
  void set_refused(std::string_view symbol) noexcept;

  /// The stream ended; `ts_last`: when the last bytes came.
  void on_lost(std::uint64_t ts_last) noexcept;

  /// The vendor acknowledged `symbol` (or the wildcard): it is live, and its gap ends here.
  void on_ack(std::string_view symbol, std::uint64_t ts_now) noexcept;

  /// Writes the feed's state, and a status record on the tape when it changed.
  void set_feed_state(shm::FeedState state, std::uint64_t ts_now) noexcept;

  /// Has anything been published since the last call?
  [[nodiscard]] bool take_news() noexcept;

 private:
  struct Instrument {
    std::uint64_t ts_gap_begin = 0;  // 0: no gap is open
    shm::GapReason gap_reason = shm::GapReason::unknown;
    bool is_live = false;
    bool is_maybe_bad = false;  // the next record follows a gap
  };

  [[nodiscard]] std::uint32_t find_or_create(const Decoded& event,
                                             const Subscriptions& wanted) noexcept;
  [[nodiscard]] shm::SymbolResult create(std::string_view symbol, std::uint64_t ts_now) noexcept;
  static void open_gap(Instrument& instrument, std::uint64_t ts_begin,
                       shm::GapReason reason) noexcept;
  void settle(std::uint32_t instrument_id, std::uint64_t ts_now) noexcept;

  shm::SegmentWriter& segment_;
  FeedCounters& counters_;
  Options options_;
  std::vector<Instrument> instruments_;  // one for each possible symbol
  bool has_news_ = false;
};

}  // namespace ringside::feed
