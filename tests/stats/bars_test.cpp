// Bars and day statistics, trade by trade; every expected value is worked out by hand.
#include "bars.hpp"

#include <gtest/gtest.h>

#include "engine_rig.hpp"

namespace ringside::stats {
namespace {

using shm::Kind;
using test::EngineRig;
using test::minute;
using test::ms;
using test::open_ts;
using test::second;
using test::trade_at;

constexpr std::int64_t dollar = shm::price_one;
constexpr std::int64_t share = shm::size_one_equities;

TEST(Bars, a_minute_has_its_first_highest_lowest_and_last_price_and_exact_sums) {
  EngineRig rig;
  rig.trade(open_ts + 100 * ms, 10, 100);
  rig.trade(open_ts + 200 * ms, 12, 50);
  rig.trade(open_ts + 30 * second, 9, 200);
  rig.trade(open_ts + 59 * second + 999 * ms, 11, 25);
  EXPECT_TRUE(rig.take(Kind::bar_1m).empty());
  rig.trade(open_ts + minute, 20, 1);
  const auto bars = rig.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 1U);
  const shm::BarRecord& bar = bars[0];
  EXPECT_EQ(bar.instrument_id, 100U);
  EXPECT_EQ(bar.ts_event, open_ts);
  EXPECT_EQ(bar.ts_end, open_ts + minute);
  EXPECT_EQ(bar.ts_recv, open_ts + 60 * second - ms + 20 * ms);
  EXPECT_EQ(bar.open, 10 * dollar);
  EXPECT_EQ(bar.high, 12 * dollar);
  EXPECT_EQ(bar.low, 9 * dollar);
  EXPECT_EQ(bar.close, 11 * dollar);
  EXPECT_EQ(bar.volume, 375 * share);
  EXPECT_EQ(bar.trades, 4U);
  // 1000 + 600 + 1800 + 275 = 3675 dollars for 375 shares.
  EXPECT_EQ(bar.vwap, 9'800'000'000);
  EXPECT_EQ(bar.trade_size_avg, 93'750'000);
  EXPECT_EQ(bar.day_volume, 375 * share);
  EXPECT_EQ(bar.day_vwap, 9'800'000'000);
  EXPECT_EQ(bar.official_open, shm::px_absent);
  EXPECT_EQ(bar.stamp, 0U);
}

TEST(Bars, a_trade_of_any_symbol_ends_the_window_of_all) {
  EngineRig rig;
  rig.trade(open_ts + 100 * ms, 10, 1, {}, 0);
  rig.trade(open_ts + 200 * ms, 20, 1, {}, 1);
  rig.trade(open_ts + 1000 * ms, 30, 1, {}, 2);
  const auto bars = rig.take(Kind::bar_1s);
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_EQ(bars[0].instrument_id, 100U);
  EXPECT_EQ(bars[1].instrument_id, 101U);
  EXPECT_EQ(bars[1].close, 20 * dollar);
}

TEST(Bars, an_interval_without_trades_has_no_bar) {
  EngineRig rig;
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 5 * second, 11, 1);
  rig.trade(open_ts + 9 * second, 12, 1);
  const auto bars = rig.take(Kind::bar_1s);
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_EQ(bars[0].ts_event, open_ts);
  EXPECT_EQ(bars[1].ts_event, open_ts + 5 * second);
}

TEST(Bars, odd_lots_alone_make_no_bar_but_count_in_the_volume_of_one) {
  EngineRig rig;
  rig.trade(open_ts + 1 * second, 10, 30, {37});
  rig.trade(open_ts + 2 * second, 11, 40, {14, 37});
  rig.trade(open_ts + 61 * second, 50, 5, {37});
  EXPECT_TRUE(rig.take().empty());
  rig.trade(open_ts + 62 * second, 12, 100);
  rig.trade(open_ts + 120 * second, 13, 100);
  const auto bars = rig.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].ts_event, open_ts + minute);
  EXPECT_EQ(bars[0].volume, 105 * share);
  EXPECT_EQ(bars[0].trades, 2U);
  EXPECT_EQ(bars[0].high, 12 * dollar);
  EXPECT_EQ(bars[0].low, 12 * dollar);
  // 250 + 1200 dollars for 105 shares: 13.809523809 52...
  EXPECT_EQ(bars[0].vwap, 13'809'523'810);
  EXPECT_EQ(bars[0].day_volume, 175 * share);
  EXPECT_EQ(rig.engine.counts().trades_volume_only, 3U);
  EXPECT_EQ(rig.engine.counts().trades_priced, 2U);
}

// 10 derivatively priced (high, low, volume), 38 corrected close (prices only), 15 and 16 reports.
TEST(Bars, each_condition_moves_only_its_own_columns) {
  EngineRig rig;
  rig.trade(open_ts + 1 * second, 10, 10);
  rig.trade(open_ts + 2 * second, 15, 20, {10});
  rig.trade(open_ts + 3 * second, 99, 30, {16});
  rig.trade(open_ts + 4 * second, 98, 40, {15});
  rig.trade(open_ts + 5 * second, 8, 50, {38});
  rig.trade(open_ts + 60 * second, 1, 1);
  const auto bars = rig.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].open, 10 * dollar);
  EXPECT_EQ(bars[0].high, 15 * dollar);
  EXPECT_EQ(bars[0].low, 8 * dollar);
  EXPECT_EQ(bars[0].close, 8 * dollar);
  EXPECT_EQ(bars[0].volume, 30 * share);
  EXPECT_EQ(bars[0].trades, 2U);
  EXPECT_EQ(bars[0].official_open, 99 * dollar);
  EXPECT_EQ(rig.engine.counts().trades_excluded, 2U);
}

TEST(Bars, a_window_that_only_moved_its_extremes_has_no_open_and_no_close) {
  EngineRig rig;
  rig.trade(open_ts + 1 * second, 15, 20, {22});
  rig.trade(open_ts + 60 * second, 1, 1);
  const auto bars = rig.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].open, shm::px_absent);
  EXPECT_EQ(bars[0].close, shm::px_absent);
  EXPECT_EQ(bars[0].high, 15 * dollar);
}

TEST(Bars, a_price_without_volume_has_no_vwap) {
  EngineRig rig;
  rig.trade(open_ts + 1 * second, 15, 20, {38});
  rig.trade(open_ts + 60 * second, 1, 1);
  const auto bars = rig.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].vwap, shm::px_absent);
  EXPECT_EQ(bars[0].trade_size_avg, shm::size_absent);
  EXPECT_EQ(bars[0].volume, 0);
  EXPECT_EQ(bars[0].trades, 0U);
}

TEST(Bars, a_trade_out_of_order_publishes_its_window_again) {
  EngineRig rig;
  rig.trade(open_ts + 10 * ms, 10, 1);
  rig.trade(open_ts + 1500 * ms, 20, 1);
  rig.trade(open_ts + 2500 * ms, 30, 1);
  EXPECT_EQ(rig.take(Kind::bar_1s).size(), 2U);
  rig.trade(open_ts + 900 * ms, 9, 2);
  rig.trade(open_ts + 5 * ms, 8, 4);
  const auto bars = rig.take(Kind::bar_1s);
  ASSERT_EQ(bars.size(), 2U);
  EXPECT_EQ(bars[0].ts_event, open_ts);
  EXPECT_EQ(bars[0].flags & shm::flag_revised, shm::flag_revised);
  EXPECT_EQ(bars[0].close, 9 * dollar);
  EXPECT_EQ(bars[1].ts_event, open_ts);
  EXPECT_EQ(bars[1].open, 8 * dollar);
  EXPECT_EQ(bars[1].volume, 7 * share);
  EXPECT_EQ(bars[1].day_volume, 9 * share);
  EXPECT_EQ(rig.engine.counts().bars_revised, 2U);
  rig.trade(open_ts + minute, 1, 1);
  const auto minutes = rig.take(Kind::bar_1m);
  ASSERT_EQ(minutes.size(), 1U);
  EXPECT_EQ(minutes[0].flags & shm::flag_revised, 0);
  EXPECT_EQ(minutes[0].open, 8 * dollar);
  EXPECT_EQ(minutes[0].close, 30 * dollar);
}

TEST(Bars, many_late_trades_of_one_batch_publish_a_window_once) {
  EngineRig rig;
  rig.is_batched = true;
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 2 * second, 11, 1);
  (void)rig.take();
  for (int i = 0; i < 10; ++i) rig.trade(open_ts + 1 * ms, 12, 1);
  rig.engine.publish_revised(rig.now);
  const auto bars = rig.take();
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].trades, 11U);
}

TEST(Bars, a_late_trade_makes_the_bar_that_its_second_did_not_have) {
  EngineRig rig;
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 4 * second, 11, 1);
  (void)rig.take();
  rig.trade(open_ts + 2 * second, 12, 1);
  const auto bars = rig.take();
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].ts_event, open_ts + 2 * second);
  // It is not the symbol's newest second, so a reader of last values must not take it for that.
  EXPECT_EQ(bars[0].flags & shm::flag_revised, shm::flag_revised);
}

TEST(Bars, beyond_the_look_back_a_trade_counts_in_the_day_alone) {
  EngineRig rig({.lookback_ns = 10 * second});
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 90 * second, 11, 1);
  (void)rig.take();
  rig.trade(open_ts + 1 * second, 50, 7);
  EXPECT_TRUE(rig.take().empty());
  EXPECT_EQ(rig.engine.counts().trades_partly_late, 1U);
  EXPECT_EQ(rig.engine.counts().trades_late, 0U);
  rig.days();
  const auto days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].volume, 9 * share);
  EXPECT_EQ(days[0].high, 50 * dollar);
  // Two days later even its day is over.
  rig.trade(open_ts + 48 * 3600 * second, 12, 1);
  (void)rig.take();
  rig.trade(open_ts + 2 * second, 60, 7);
  EXPECT_TRUE(rig.take().empty());
  EXPECT_EQ(rig.engine.counts().trades_late, 1U);
}

TEST(Bars, the_edge_of_the_look_back_is_exact) {
  EngineRig rig({.lookback_ns = 10 * second});
  rig.trade(open_ts + 500 * ms, 10, 1);
  // The window of the first second ended at 1 s: it may change until event time 11 s.
  rig.trade(open_ts + 11 * second - ms, 11, 1);
  (void)rig.take();
  rig.trade(open_ts + 600 * ms, 12, 1);
  EXPECT_EQ(rig.take(Kind::bar_1s).size(), 1U);
  rig.trade(open_ts + 700 * ms, 13, 1, {}, 1);  // a window that was not there yet
  EXPECT_EQ(rig.take(Kind::bar_1s).size(), 1U);
  rig.trade(open_ts + 11 * second, 12, 1);
  (void)rig.take();
  rig.trade(open_ts + 800 * ms, 14, 1, {}, 2);
  EXPECT_TRUE(rig.take(Kind::bar_1s).empty());
}

TEST(Bars, a_quiet_feed_closes_windows_after_their_end_and_the_grace) {
  EngineRig rig({.grace_ns = 500 * ms});
  rig.trade(open_ts + 400 * ms, 10, 1);
  rig.idle(1099 * ms);
  EXPECT_TRUE(rig.take().empty());
  rig.idle(1 * ms);
  EXPECT_EQ(rig.take(Kind::bar_1s).size(), 1U);
  rig.idle(59 * second - 1 * ms);
  EXPECT_TRUE(rig.take().empty());
  rig.idle(1 * ms);
  EXPECT_EQ(rig.take(Kind::bar_1m).size(), 1U);
  EXPECT_EQ(rig.engine.counts().bars_revised, 0U);
}

TEST(Bars, a_trade_after_an_early_close_publishes_the_window_once_more_at_its_end) {
  EngineRig rig({.grace_ns = 0});
  rig.trade(open_ts + 500 * ms, 10, 1);
  rig.idle(600 * ms);
  EXPECT_EQ(rig.take(Kind::bar_1s).size(), 1U);
  rig.trade(open_ts + 600 * ms, 11, 1);  // delayed on its way
  rig.trade(open_ts + 700 * ms, 12, 1);
  EXPECT_TRUE(rig.take().empty());
  rig.trade(open_ts + 1000 * ms, 13, 1);
  const auto bars = rig.take(Kind::bar_1s);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].close, 12 * dollar);
  EXPECT_EQ(bars[0].flags & shm::flag_revised, shm::flag_revised);
}

// A replay of long ago runs at any speed: only events move its time, and silence is its end.
TEST(Bars, a_replay_closes_everything_after_its_idle_time_and_nothing_before) {
  EngineRig rig({.idle_ns = 2 * second});
  rig.is_replay = true;
  rig.trade(open_ts + 100 * ms, 10, 1);
  rig.trade(open_ts + 62 * second, 11, 1);
  EXPECT_EQ(rig.take(Kind::bar_1m).size(), 1U);
  rig.idle(1999 * ms);
  EXPECT_EQ(rig.take(Kind::bar_1m).size(), 0U);
  rig.idle(1 * ms);
  const auto bars = rig.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].close, 11 * dollar);
  EXPECT_EQ(bars[0].coverage, shm::coverage_whole);
  rig.trade(open_ts + 63 * second, 12, 1);  // it only paused
  rig.idle(2 * second);
  const auto again = rig.take(Kind::bar_1m);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].close, 12 * dollar);
  EXPECT_EQ(again[0].flags & shm::flag_revised, shm::flag_revised);
}

TEST(Bars, counts_what_it_cannot_use) {
  EngineRig rig({.lookback_ns = 10 * second});
  shm::TickRecord trade = trade_at(open_ts, 10, 1);
  trade.trade.price = shm::px_absent;
  rig.add(trade);
  trade = trade_at(open_ts, 10, -1);
  rig.add(trade);
  trade = trade_at(0, 10, 1);
  rig.add(trade);
  EXPECT_EQ(rig.engine.counts().trades_bad, 3U);
  trade = trade_at(open_ts + 11 * second, 10, 1);
  trade.ts_recv = open_ts;
  rig.add(trade);
  EXPECT_EQ(rig.engine.counts().trades_future, 1U);
  trade = trade_at(open_ts, 10, 1, {26});
  rig.add(trade);
  EXPECT_EQ(rig.engine.counts().trades_unknown_condition, 1U);
  EXPECT_EQ(rig.engine.counts().trades_priced, 1U);
  EXPECT_EQ(rig.engine.counts().trades, 5U);
  EXPECT_EQ(rig.engine.event_ts(), open_ts);
}

TEST(Bars, other_lengths_are_a_setting) {
  EngineRig rig({.kinds = {2, 4}});  // 5 minutes, 1 hour
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 4 * minute, 11, 1);
  rig.trade(open_ts + 5 * minute, 12, 1);
  rig.trade(open_ts + 29 * minute, 13, 1);
  rig.trade(open_ts + 30 * minute, 14, 1);
  const auto bars = rig.take();
  ASSERT_EQ(bars.size(), 4U);
  EXPECT_EQ(bars[0].kind, Kind::bar_5m);
  EXPECT_EQ(bars[0].close, 11 * dollar);
  EXPECT_EQ(bars[1].kind, Kind::bar_5m);
  EXPECT_EQ(bars[3].kind, Kind::bar_1h);
  EXPECT_EQ(bars[3].ts_event, open_ts - 30 * minute);
  EXPECT_EQ(bars[3].trades, 4U);
}

TEST(Day, is_published_again_only_when_it_changed) {
  EngineRig rig;
  rig.trade(open_ts, 10, 100);
  rig.trade(open_ts + 1 * second, 12, 100);
  rig.trade(open_ts + 2 * second, 99, 10, {37});
  rig.days();
  const auto days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].ts_event, 1'514'869'200 * second);
  EXPECT_EQ(days[0].ts_end, 1'514'955'600 * second);
  EXPECT_EQ(days[0].open, 10 * dollar);
  EXPECT_EQ(days[0].close, 12 * dollar);
  EXPECT_EQ(days[0].high, 12 * dollar);
  EXPECT_EQ(days[0].volume, 210 * share);
  EXPECT_EQ(days[0].day_volume, 210 * share);
  EXPECT_EQ(days[0].vwap, 15'190'476'190);  // 3190 dollars for 210 shares: 15.19047619047...
  EXPECT_EQ(days[0].trades, 3U);
  rig.days();
  EXPECT_TRUE(rig.take().empty());
  rig.trade(open_ts + 2 * second, 13, 1);
  rig.days();
  EXPECT_EQ(rig.take(Kind::bar_1d).size(), 1U);
}

// 2018-01-02 ends at 05:00 UTC of the 3rd; a trade at 04:59 UTC is still of the 2nd.
TEST(Day, rolls_at_midnight_in_new_york) {
  EngineRig rig;
  constexpr std::uint64_t midnight = 1'514'955'600 * second;
  rig.trade(midnight - second, 10, 1);
  rig.trade(midnight, 11, 2);
  auto days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].ts_end, midnight);
  EXPECT_EQ(days[0].close, 10 * dollar);
  rig.days();
  days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].ts_event, midnight);
  EXPECT_EQ(days[0].volume, 2 * share);
  // A straggler changes the day that is over; bars of the new day are not touched.
  rig.trade(midnight - ms, 9, 4);
  days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].ts_end, midnight);
  EXPECT_EQ(days[0].volume, 5 * share);
  EXPECT_EQ(days[0].flags & shm::flag_revised, shm::flag_revised);
}

// As on a real day: Arca's report of two shares, then the print of the listing market, then
// Nasdaq's report.
TEST(Day, the_official_open_is_the_listing_markets) {
  EngineRig rig;
  const auto print = [&](std::uint64_t after, std::int64_t dollars, std::uint8_t condition,
                         std::uint32_t venue) {
    shm::TickRecord trade = trade_at(open_ts + after, dollars, 100, {condition});
    trade.tape = 1;
    rig.add(trade, 0, venue);
    rig.days();
    const auto days = rig.take(Kind::bar_1d);
    return days.empty() ? shm::px_absent : days.back().official_open;
  };
  EXPECT_EQ(print(1 * ms, 50, 14, 12), shm::px_absent);
  EXPECT_EQ(print(92 * ms, 158, 16, 11), 158 * dollar);
  EXPECT_EQ(print(115 * ms, 159, 17, 10), 159 * dollar);
  EXPECT_EQ(print(242 * ms, 157, 16, 12), 159 * dollar);
  EXPECT_EQ(print(300 * ms, 160, 17, 10), 159 * dollar);
  EXPECT_EQ(print(400 * ms, 161, 16, 10), 161 * dollar);
}

TEST(Bars, the_end_publishes_what_has_not_ended_as_partial) {
  EngineRig rig;
  rig.trade(open_ts + 15 * second, 10, 1);
  rig.now += 15 * second;  // half of the minute was seen
  rig.engine.finish(rig.now);
  auto bars = rig.take();
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_EQ(bars[0].kind, Kind::bar_1d);
  EXPECT_EQ(bars[1].kind, Kind::bar_1s);
  EXPECT_EQ(bars[2].kind, Kind::bar_1m);
  EXPECT_EQ(bars[2].flags & shm::flag_partial, shm::flag_partial);
  // Seen from second 15, with the first event, to second 30.
  EXPECT_EQ(bars[2].coverage, 250'000U);
}

TEST(Bars, a_replay_that_begins_again_after_a_reconnect_is_told_anew) {
  EngineRig rig;
  rig.is_replay = true;
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 3 * 3600 * second, 11, 1);
  (void)rig.take();
  rig.trade(open_ts + 1 * second, 12, 5);  // the connection never was gone: just late
  EXPECT_EQ(rig.engine.counts().trades_partly_late, 1U);
  rig.engine.begin_gap(rig.now, 0);
  (void)rig.take();
  rig.trade(open_ts, 10, 1);
  rig.trade(open_ts + 1 * second, 20, 2);
  rig.days();
  const auto days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 2U);  // the old day as it stood, then the new one
  EXPECT_EQ(days[0].volume, 7 * share);
  EXPECT_EQ(days[1].volume, 3 * share);
  EXPECT_EQ(rig.engine.event_ts(), open_ts + 1 * second);
}

}  // namespace
}  // namespace ringside::stats
