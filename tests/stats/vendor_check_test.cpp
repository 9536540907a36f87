// Our minute bars against the vendor's.
#include "vendor_check.hpp"

#include <gtest/gtest.h>

#include "engine_rig.hpp"

namespace ringside::stats {
namespace {

using test::EngineRig;
using test::minute;
using test::open_ts;
using test::second;

constexpr std::int64_t dollar = shm::price_one;
constexpr std::int64_t share = shm::size_one_equities;

// The bar of the trades that SetUp makes.
shm::BarRecord vendor_bar() {
  shm::BarRecord bar = shm::empty_bar();
  bar.kind = shm::Kind::bar_1m;
  bar.ts_event = open_ts;
  bar.ts_end = open_ts + minute;
  bar.open = 10 * dollar;
  bar.high = 12 * dollar;
  bar.low = 9 * dollar;
  bar.close = 9 * dollar;
  bar.volume = 6 * share;
  return bar;
}

class Vendor : public testing::Test {
 protected:
  void SetUp() override {
    rig.trade(open_ts - minute, 1, 1, {}, 2);
    rig.trade(open_ts + 1 * second, 10, 1);
    rig.trade(open_ts + 2 * second, 12, 2);
    rig.trade(open_ts + 3 * second, 9, 3);
  }
  // Lets the look-back pass.
  const VendorCounts& judged() {
    rig.trade(open_ts + 2 * minute, 1, 1, {}, 2);
    rig.days();
    return rig.engine.vendor_counts();
  }
  EngineRig rig{{.lookback_ns = 60 * second}};
};

TEST_F(Vendor, equal_bars_agree_once_our_window_is_final) {
  rig.engine.add_vendor_bar(0, vendor_bar());
  rig.trade(open_ts + 119 * second, 1, 1, {}, 2);
  rig.days();
  EXPECT_EQ(rig.engine.vendor_counts().bars, 1U);
  EXPECT_EQ(rig.engine.vendor_counts().agreed, 0U);
  EXPECT_EQ(judged().agreed, 1U);
  EXPECT_EQ(judged().disagreed, 0U);
}

TEST_F(Vendor, a_late_trade_before_the_end_of_the_look_back_is_in) {
  shm::BarRecord bar = vendor_bar();
  bar.volume = 10 * share;
  rig.engine.add_vendor_bar(0, bar);
  rig.trade(open_ts + 70 * second, 1, 1, {}, 2);
  rig.trade(open_ts + 2 * second, 12, 4);
  EXPECT_EQ(judged().agreed, 1U);
}

TEST_F(Vendor, every_field_that_differs_is_counted) {
  shm::BarRecord bar = vendor_bar();
  bar.high += 1;
  bar.volume -= share;
  rig.engine.add_vendor_bar(0, bar);
  const VendorCounts& counts = judged();
  EXPECT_EQ(counts.disagreed, 1U);
  EXPECT_EQ(counts.differ_high, 1U);
  EXPECT_EQ(counts.differ_volume, 1U);
  EXPECT_EQ(counts.differ_open + counts.differ_low + counts.differ_close, 0U);
}

TEST_F(Vendor, a_volume_cut_to_whole_shares_agrees) {
  shm::TickRecord part = test::trade_at(open_ts + 3 * second, 9, 0, {37});
  part.trade.size = share / 2;
  rig.add(part);
  rig.engine.add_vendor_bar(0, vendor_bar());
  EXPECT_EQ(judged().agreed, 1U);
}

TEST_F(Vendor, a_bar_that_we_do_not_have_is_unmatched) {
  rig.engine.add_vendor_bar(1, vendor_bar());
  EXPECT_EQ(judged().unmatched, 1U);
}

TEST_F(Vendor, a_bar_sent_again_replaces_the_first) {
  shm::BarRecord bar = vendor_bar();
  bar.close += 5;
  rig.engine.add_vendor_bar(0, bar);
  rig.engine.add_vendor_bar(0, vendor_bar());
  EXPECT_EQ(judged().agreed, 1U);
  EXPECT_EQ(judged().bars, 1U);
}

TEST_F(Vendor, what_comes_after_the_look_back_or_with_a_gap_is_not_judged) {
  rig.engine.add_gap(std::nullopt, open_ts + 5 * second, open_ts + 6 * second);
  rig.engine.add_vendor_bar(0, vendor_bar());
  EXPECT_EQ(judged().unchecked, 1U);
  rig.engine.add_vendor_bar(0, vendor_bar());
  EXPECT_EQ(judged().unchecked, 2U);
  shm::BarRecord odd = vendor_bar();
  odd.ts_event = open_ts + 2 * minute + 1;
  rig.engine.add_vendor_bar(0, odd);
  EXPECT_EQ(judged().unchecked, 3U);
  EXPECT_EQ(judged().bars, 3U);
}

// At full speed hours pass between two looks: windows are judged when they are forgotten.
TEST_F(Vendor, a_replay_at_full_speed_judges_every_bar) {
  for (std::uint64_t i = 1; i <= 300; ++i) {
    shm::BarRecord bar = vendor_bar();
    bar.ts_event = open_ts + i * minute;
    bar.ts_end = bar.ts_event + minute;
    bar.open = bar.high = bar.low = bar.close = 7 * dollar;
    bar.volume = static_cast<std::int64_t>(i) * share;
    rig.engine.add_vendor_bar(0, bar);
  }
  for (std::uint64_t i = 1; i <= 300; ++i) {
    rig.trade(open_ts + i * minute + second, 7, static_cast<std::int64_t>(i));
  }
  EXPECT_GE(rig.engine.vendor_counts().agreed, 250U);
  rig.engine.finish(rig.now);
  // The last minute was cut short by the end.
  EXPECT_EQ(rig.engine.vendor_counts().agreed, 299U);
  EXPECT_EQ(rig.engine.vendor_counts().unchecked, 1U);
}

}  // namespace
}  // namespace ringside::stats
