// What a bar says when the feed was not seen for a while.
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

constexpr std::uint64_t live_before = open_ts - 10 * minute;

// A rig that has seen the feed since long before the open.
class BarGaps : public testing::Test {
 protected:
  BarGaps() { rig.trade(live_before, 1, 1, {}, 2); }

  // Minutes since the open that came out.
  std::vector<shm::BarRecord> take_minutes() {
    std::vector<shm::BarRecord> bars = rig.take(Kind::bar_1m);
    std::erase_if(bars, [](const shm::BarRecord& bar) { return bar.ts_event < open_ts; });
    return bars;
  }

  // The minute that begins at `ts`, published by a trade after its end.
  shm::BarRecord minute_bar(std::uint64_t ts) {
    (void)rig.take();
    rig.trade(ts + minute, 1, 1, {}, 2);
    for (const shm::BarRecord& bar : rig.take(Kind::bar_1m)) {
      if (bar.ts_event == ts && bar.instrument_id == 100) return bar;
    }
    return shm::empty_bar();
  }
  static void expect_coverage(const shm::BarRecord& bar, std::uint32_t ppm) {
    EXPECT_EQ(bar.coverage, ppm);
    EXPECT_EQ((bar.flags & shm::flag_partial) != 0, ppm != shm::coverage_whole);
  }

  EngineRig rig;
};

TEST_F(BarGaps, a_minute_that_was_seen_is_whole) {
  rig.trade(open_ts, 10, 1);
  expect_coverage(minute_bar(open_ts), shm::coverage_whole);
}

TEST_F(BarGaps, before_the_first_event_nothing_was_seen) {
  EngineRig fresh;
  fresh.trade(open_ts + 15 * second, 10, 1);
  fresh.trade(open_ts + minute, 10, 1);
  fresh.trade(open_ts + 2 * minute, 10, 1);
  const auto bars = fresh.take(Kind::bar_1m);
  ASSERT_EQ(bars.size(), 2U);
  expect_coverage(bars[0], 750'000);
  expect_coverage(bars[1], shm::coverage_whole);
}

TEST_F(BarGaps, a_quiet_feed_is_seen_from_the_moment_it_is_live) {
  EngineRig fresh;
  fresh.engine.end_gap(fresh.now, open_ts + 6 * second);  // attached to a live feed
  fresh.trade(open_ts + 45 * second, 10, 1);
  fresh.trade(open_ts + minute, 10, 1);
  expect_coverage(fresh.take(Kind::bar_1m).at(0), 900'000);
}

TEST_F(BarGaps, a_gap_record_takes_its_part_of_every_window_it_touches) {
  rig.trade(open_ts + 1 * second, 10, 1);
  rig.engine.add_gap(std::nullopt, open_ts + 48 * second, open_ts + 66 * second);
  rig.trade(open_ts + 70 * second, 10, 1);
  auto bars = take_minutes();
  ASSERT_EQ(bars.size(), 1U);
  expect_coverage(bars[0], 800'000);
  expect_coverage(minute_bar(open_ts + minute), 900'000);
}

TEST_F(BarGaps, a_gap_of_one_symbol_leaves_the_others_whole) {
  rig.trade(open_ts + 1 * second, 10, 1, {}, 0);
  rig.trade(open_ts + 1 * second, 10, 1, {}, 1);
  rig.engine.add_gap(0, open_ts + 30 * second, open_ts + 33 * second);
  rig.trade(open_ts + minute, 10, 1, {}, 2);
  const auto bars = take_minutes();
  ASSERT_EQ(bars.size(), 2U);
  expect_coverage(bars[0], 950'000);
  expect_coverage(bars[1], shm::coverage_whole);
}

TEST_F(BarGaps, a_gap_that_is_told_late_publishes_its_windows_again) {
  rig.trade(open_ts + 1 * second, 10, 1);
  expect_coverage(minute_bar(open_ts), shm::coverage_whole);
  rig.engine.add_gap(std::nullopt, open_ts + 30 * second, open_ts + 60 * second);
  rig.engine.publish_revised(rig.now);
  const auto bars = take_minutes();
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].flags & shm::flag_revised, shm::flag_revised);
  expect_coverage(bars[0], 500'000);
}

TEST_F(BarGaps, a_gap_without_trades_makes_no_bar) {
  rig.engine.add_gap(std::nullopt, open_ts, open_ts + 5 * minute);
  rig.trade(open_ts + 10 * minute, 10, 1, {}, 2);
  EXPECT_TRUE(take_minutes().empty());
}

// A feed that is delayed by 15 minutes loses, while the line is down, the events of 15 minutes ago.
TEST_F(BarGaps, a_gap_in_receive_time_is_moved_to_the_events_it_hit) {
  constexpr std::uint64_t delay = 900 * second;
  shm::TickRecord trade = trade_at(open_ts + 10 * second, 10, 1);
  trade.ts_recv = trade.ts_event + delay;
  rig.add(trade);
  rig.engine.add_gap(std::nullopt, open_ts + delay + 12 * second, open_ts + delay + 24 * second);
  expect_coverage(minute_bar(open_ts), 800'000);
}

TEST_F(BarGaps, a_gap_in_event_time_stays_where_it_is) {
  shm::TickRecord trade = trade_at(open_ts + 10 * second, 10, 1);
  trade.ts_recv = trade.ts_event + 900 * second;
  rig.add(trade);
  rig.engine.add_gap(std::nullopt, open_ts + 12 * second, open_ts + 24 * second);
  expect_coverage(minute_bar(open_ts), 800'000);
}

TEST_F(BarGaps, lost_records_lie_between_the_last_and_the_next_that_is_seen) {
  rig.trade(open_ts + 20 * second, 10, 1);
  rig.engine.begin_gap();
  EXPECT_TRUE(rig.engine.has_open_gap());
  rig.trade(open_ts + 26 * second, 10, 1);
  EXPECT_FALSE(rig.engine.has_open_gap());
  expect_coverage(minute_bar(open_ts), 900'000);
}

TEST_F(BarGaps, a_lost_connection_is_missing_until_the_feed_is_back) {
  rig.trade(open_ts + 10 * second, 10, 1);
  rig.now += 20 * second;  // quiet, but alive
  rig.engine.begin_gap(rig.now, 2 * second);
  rig.now += 4 * second;
  rig.engine.end_gap(rig.now, open_ts + 35 * second);
  EXPECT_FALSE(rig.engine.has_open_gap());
  expect_coverage(minute_bar(open_ts), 900'000);  // 28 s to 34 s
}

TEST_F(BarGaps, windows_that_close_during_an_outage_are_partial) {
  rig.trade(open_ts + 40 * second, 10, 1);
  rig.engine.begin_gap(rig.now, 0);
  rig.idle(30 * second);
  const auto bars = take_minutes();
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].instrument_id, 100U);
  // The last event was at 40 s.
  EXPECT_NEAR(bars[0].coverage, 40.0 / 60 * 1e6, 1);
}

TEST_F(BarGaps, an_outage_that_lost_nothing_is_taken_back) {
  rig.trade(open_ts + 40 * second, 10, 1);
  rig.engine.begin_gap(rig.now, 0);
  rig.idle(30 * second);
  EXPECT_EQ(take_minutes().size(), 1U);
  rig.engine.cancel_gap();
  rig.idle(1 * second);
  rig.engine.publish_revised(rig.now);
  const auto bars = take_minutes();
  ASSERT_EQ(bars.size(), 1U);
  EXPECT_EQ(bars[0].flags & shm::flag_revised, shm::flag_revised);
  expect_coverage(bars[0], shm::coverage_whole);
}

TEST_F(BarGaps, a_symbol_that_was_added_later_was_not_seen_before) {
  const std::uint32_t symbol = rig.engine.add_symbol(200, open_ts + 12 * second);
  rig.trade(open_ts + 20 * second, 10, 1, {}, symbol);
  rig.trade(open_ts + 20 * second, 10, 1, {}, 0);
  rig.trade(open_ts + minute, 10, 1, {}, 2);
  const auto bars = take_minutes();
  ASSERT_EQ(bars.size(), 2U);
  expect_coverage(bars[0], 800'000);
  expect_coverage(bars[1], shm::coverage_whole);
}

// 2018-01-02 begins at 1'514'869'200; the open is 9.5 hours later.
TEST(DayGaps, a_running_day_is_measured_up_to_now) {
  EngineRig rig;
  constexpr std::uint64_t midnight = 1'514'869'200 * second;
  rig.trade(midnight - second, 10, 1);
  rig.trade(midnight + 1000 * second, 10, 1);
  rig.engine.add_gap(std::nullopt, midnight + 500 * second, midnight + 600 * second);
  rig.days();
  const auto days = rig.take(Kind::bar_1d);
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[1].ts_event, midnight);
  EXPECT_EQ(days[1].coverage, 900'000U);
  EXPECT_EQ(days[1].flags & shm::flag_partial, shm::flag_partial);
}

}  // namespace
}  // namespace ringside::stats
