// Owns the one ordered stream of events that the simulator sends: a source (synthetic market or TAQ
// replay) with the aggregates computed from its trades in between. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "sim/aggregate.hpp"
#include "sim/event.hpp"
#include "sim/market.hpp"
#include "sim/taq_replay.hpp"

namespace ringside::sim {

/// Events in the order of their time. A window's aggregates come before the first event that is due
/// at or after its end; seconds before minutes, stocks before options. After a source's last event
/// the open windows are closed.
class EventStream {
 public:
  using Source = std::variant<SyntheticMarket, TaqReplay>;

  EventStream(Source source, bool with_bars) : source_(std::move(source)), with_bars_(with_bars) {}

  /// When something is due next, at the latest the next event; `ts_none` after the last one.
  [[nodiscard]] std::uint64_t next_ts_ns() const noexcept;
  static constexpr std::uint64_t ts_none = TaqReplay::ts_none;

  /// Takes the next event if it is due at `horizon_ns` or before. False: none is.
  [[nodiscard]] bool take(std::uint64_t horizon_ns, Event& event);

  /// Live sources forget what was due before `ts_ns`; a replay does not.
  void skip_to(std::uint64_t ts_ns);

  /// The rows of a replay; null for a synthetic market.
  [[nodiscard]] const TaqReport* taq_report() const noexcept;

 private:
  [[nodiscard]] std::uint64_t source_ts_ns() const noexcept;
  [[nodiscard]] std::uint64_t bars_ts_ns() const noexcept;

  Source source_;
  bool with_bars_;
  std::array<Aggregator, market_count> aggregators_{Aggregator(Market::stocks),
                                                    Aggregator(Market::options)};
  std::vector<Event> bars_;  // of closed windows, not taken yet
  std::size_t bars_head_ = 0;
};

}  // namespace ringside::sim
