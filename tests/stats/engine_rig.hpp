// Drives a BarEngine by hand: a clock of its own, trades by time, the bars that came out.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "bars.hpp"
#include "trades.hpp"

namespace ringside::test {

class EngineRig {
 public:
  explicit EngineRig(const stats::BarOptions& options = {}, std::uint32_t symbols = 3)
      : engine(options) {
    for (std::uint32_t i = 0; i < symbols; ++i) (void)engine.add_symbol(100 + i);
  }

  /// A trade that comes 20 ms after its event, by the same clock.
  void trade(std::uint64_t ts, std::int64_t dollars, std::int64_t shares,
             std::initializer_list<std::uint8_t> conditions = {}, std::uint32_t symbol = 0) {
    add(trade_at(ts, dollars, shares, conditions), symbol);
  }

  void add(const shm::TickRecord& record, std::uint32_t symbol = 0, std::uint32_t venue = 11) {
    if (!is_replay) now = std::max(now, record.ts_recv);
    engine.see(record.ts_event, record.ts_recv);
    engine.add_trade(symbol, record, venue, now);
    if (is_batched) return;
    engine.publish_revised(now);
  }

  /// Lets `ns` pass without a trade.
  void idle(std::uint64_t ns) {
    now += ns;
    engine.close_idle(now, is_replay ? now + 10 * 365 * 86'400 * second : now);
  }

  void days() { engine.publish_days(now); }

  /// What came out since the last call, of one kind or of all.
  [[nodiscard]] std::vector<shm::BarRecord> take(std::optional<shm::Kind> kind = std::nullopt) {
    std::vector<shm::BarRecord> taken;
    for (const shm::BarRecord& bar : engine.out()) {
      if (!kind || bar.kind == *kind) taken.push_back(bar);
    }
    engine.out().clear();
    return taken;
  }

  stats::BarEngine engine;
  std::uint64_t now = 0;
  bool is_replay = false;   // events are ten years older than the clock
  bool is_batched = false;  // the test calls publish_revised
};

}  // namespace ringside::test
