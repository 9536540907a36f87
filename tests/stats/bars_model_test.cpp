// Random trades with random conditions, out of order and in bursts, against a plain reference that
// keeps every trade and works each window out from scratch.
//
// What must hold: for each (symbol, kind, window) the last bar published says what the reference
// says; there is a bar exactly where the reference has one.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "../support/seed.hpp"
#include "engine_rig.hpp"

namespace ringside::stats {
namespace {

using shm::Kind;
using test::minute;
using test::ms;
using test::open_ts;
using test::second;

// The reference's own rules: ids by what they keep a trade from.
const std::set<int> keep_from_extremes = {2, 7, 12, 13, 15, 16, 20, 21, 29, 37, 52, 53, 201};
const std::set<int> keep_from_ends = {2,  5,  7,  10, 12, 13, 15, 16, 20,
                                      21, 22, 29, 32, 33, 37, 52, 53, 201};
const std::set<int> keep_from_volume = {15, 16, 38, 201};
constexpr int ids[] = {0, 2, 5, 9, 10, 12, 14, 15, 17, 22, 26, 29, 32, 37, 38, 41, 57, 201};

struct Trade {
  std::uint64_t ts;
  std::int64_t price;
  std::int64_t size;
  std::set<int> conditions;
};

bool allows(const Trade& trade, const std::set<int>& forbidden) {
  return std::none_of(trade.conditions.begin(), trade.conditions.end(),
                      [&](int id) { return forbidden.contains(id); });
}

struct Told {
  std::int64_t open, high, low, close, volume, vwap;
  std::uint32_t trades;
  friend bool operator==(const Told&, const Told&) = default;
};

std::ostream& operator<<(std::ostream& out, const Told& told) {
  return out << told.open << ' ' << told.high << ' ' << told.low << ' ' << told.close << ' '
             << told.volume << ' ' << told.vwap << ' ' << told.trades;
}

// One window from its trades in the order they came.
std::optional<Told> reference_bar(std::vector<Trade> trades) {
  std::stable_sort(trades.begin(), trades.end(),
                   [](const Trade& a, const Trade& b) { return a.ts < b.ts; });
  std::vector<std::int64_t> extremes;
  std::vector<std::int64_t> ends;
  Told told{shm::px_absent, shm::px_absent, shm::px_absent, shm::px_absent, 0, shm::px_absent, 0};
  long double dollars = 0;
  for (const Trade& trade : trades) {
    if (allows(trade, keep_from_extremes)) extremes.push_back(trade.price);
    if (allows(trade, keep_from_ends)) ends.push_back(trade.price);
    if (!allows(trade, keep_from_volume)) continue;
    told.volume += trade.size;
    dollars += static_cast<long double>(trade.price) * static_cast<long double>(trade.size);
    ++told.trades;
  }
  if (extremes.empty() && ends.empty()) return std::nullopt;
  if (!extremes.empty()) {
    told.high = *std::max_element(extremes.begin(), extremes.end());
    told.low = *std::min_element(extremes.begin(), extremes.end());
  }
  if (!ends.empty()) {
    told.open = ends.front();
    told.close = ends.back();
  }
  // Small numbers: a long double holds them, and rounds half to even by default.
  if (told.volume > 0) told.vwap = std::llrint(dollars / static_cast<long double>(told.volume));
  return told;
}

using Key = std::tuple<std::uint32_t, Kind, std::uint64_t>;

struct Model {
  std::map<Key, std::vector<Trade>> trades;
  std::map<Key, Told> told;

  void add(std::uint32_t symbol, const Trade& trade) {
    const std::pair<Kind, std::uint64_t> lengths[] = {
        {Kind::bar_1s, second}, {Kind::bar_1m, minute}, {Kind::bar_5m, 5 * minute}};
    for (const auto& [kind, length] : lengths) {
      trades[{symbol, kind, trade.ts / length * length}].push_back(trade);
    }
    // The model's day is one winter day in New York.
    trades[{symbol, Kind::bar_1d,
            (trade.ts - 5 * 60 * minute) / (24 * 60 * minute) * 24 * 60 * minute + 5 * 60 * minute}]
        .push_back(trade);
  }

  void hear(const std::vector<shm::BarRecord>& bars) {
    for (const shm::BarRecord& bar : bars) {
      const Key key{bar.instrument_id - 100, bar.kind, bar.ts_event};
      const bool is_known = told.contains(key);
      if (is_known) {
        ASSERT_NE(bar.flags & shm::flag_revised, 0);
      }
      told[key] = {bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap, bar.trades};
    }
  }

  void compare() const {
    std::size_t count = 0;
    for (const auto& [key, list] : trades) {
      const std::optional<Told> expected = reference_bar(list);
      const auto found = told.find(key);
      const auto& [symbol, kind, begin] = key;
      ASSERT_EQ(found != told.end(), expected.has_value())
          << symbol << ' ' << shm::to_string(kind) << ' ' << begin;
      if (!expected) continue;
      ++count;
      ASSERT_EQ(found->second, *expected) << symbol << ' ' << shm::to_string(kind) << ' ' << begin;
    }
    ASSERT_EQ(count, told.size()) << "a bar was invented";
  }
};

Trade random_trade(std::mt19937_64& random, std::uint64_t ts) {
  Trade trade{ts, 0, 0, {}};
  trade.price = static_cast<std::int64_t>(100'000 + random() % 64) * 1'000'000;
  trade.size = static_cast<std::int64_t>(random() % 64) * 125'000;  // eighths of a share
  for (std::uint64_t i = random() % 3; i-- > 0;) trade.conditions.insert(ids[random() % 18]);
  return trade;
}

shm::TickRecord record_of(const Trade& trade, std::mt19937_64& random) {
  shm::TickRecord record = test::trade_at(trade.ts, 0, 0);
  record.trade.price = trade.price;
  record.trade.size = trade.size;
  std::size_t i = random() % 2;  // an absent id may stand anywhere
  for (const int id : trade.conditions)
    record.trade.conditions[i++] = static_cast<std::uint8_t>(id);
  return record;
}

void run(std::mt19937_64& random, bool is_replay) {
  test::EngineRig rig({.kinds = {index_1s, index_1m, 2}, .lookback_ns = 30 * second}, 5);
  rig.is_batched = true;
  rig.is_replay = is_replay;
  rig.now = open_ts;
  Model model;
  std::uint64_t newest = open_ts;
  for (int step = 0; step < 4000; ++step) {
    switch (random() % 20) {
      case 0:
        newest += random() % (2 * minute);  // a pause of events
        break;
      case 1:
        rig.idle(random() % (3 * second));
        break;
      case 2:
        rig.days();
        break;
      case 3:
        rig.engine.publish_revised(rig.now);
        break;
      default:
        newest += random() % 400 * ms;
    }
    // Out of order by less than the look-back, so that no window of it is over.
    const std::uint64_t back = random() % 4 == 0 ? random() % (30 * second) / ms * ms : 0;
    const auto symbol = static_cast<std::uint32_t>(random() % 5);
    const Trade trade = random_trade(random, newest - back);
    model.add(symbol, trade);
    rig.add(record_of(trade, random), symbol);
    ASSERT_NO_FATAL_FAILURE(model.hear(rig.take()));
  }
  rig.engine.finish(rig.now);
  ASSERT_NO_FATAL_FAILURE(model.hear(rig.take()));
  model.compare();
  const BarCounts& counts = rig.engine.counts();
  EXPECT_EQ(counts.trades, 4000U);
  EXPECT_EQ(counts.trades_priced + counts.trades_volume_only + counts.trades_excluded, 4000U);
  EXPECT_EQ(counts.trades_late + counts.trades_partly_late, 0U);
}

TEST(BarsModel, every_window_ends_up_as_its_trades_say) {
  auto random = test::seeded_random();
  for (int round = 0; round < 10; ++round) {
    ASSERT_NO_FATAL_FAILURE(run(random, round % 2 == 0));
  }
}

}  // namespace
}  // namespace ringside::stats
