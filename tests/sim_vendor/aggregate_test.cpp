// Owns the claims about second and minute aggregates, on a handful of trades whose windows are
// worked out by hand.
#include "sim/aggregate.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "sim/conditions.hpp"

namespace ringside::sim {
namespace {

constexpr std::uint64_t open_ms = 1'514'903'400'000;  // 2018-01-02 09:30:00 New York

Trade trade_at(std::uint64_t ts_ms, std::int64_t cents, std::int64_t shares,
               const std::vector<std::uint16_t>& conditions = {}) {
  Trade trade;
  trade.ts_sip_ms = ts_ms;
  trade.price_nanos = cents * 10'000'000;
  trade.size_micros = shares * micros_per_share;
  for (const std::uint16_t condition : conditions) {
    trade.conditions[trade.condition_count++] = condition;
  }
  return trade;
}

TEST(Aggregator, one_second_and_its_minute) {
  Aggregator aggregator(Market::stocks);
  EXPECT_EQ(aggregator.next_end_ms(), Aggregator::no_window);
  aggregator.add(3, trade_at(open_ms + 100, 1000, 100));
  aggregator.add(3, trade_at(open_ms + 200, 1020, 300));
  aggregator.add(3, trade_at(open_ms + 300, 990, 50, {condition_odd_lot}));  // volume only
  aggregator.add(3, trade_at(open_ms + 400, 1030, 100, {condition_prior_reference}));  // high
  aggregator.add(3, trade_at(open_ms + 500, 5000, 700, {condition_official_open}));    // nothing
  aggregator.add(3, trade_at(open_ms + 999, 1010, 250));
  EXPECT_EQ(aggregator.next_end_ms(), open_ms + 1000);
  std::vector<Event> out;
  aggregator.close_until(open_ms + 999, out);
  EXPECT_TRUE(out.empty());
  aggregator.close_until(open_ms + 60'000, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].kind, EventKind::second_bar);
  EXPECT_EQ(out[0].instrument, 3U);
  EXPECT_EQ(out[0].ts_ns, (open_ms + 1000) * ns_per_ms);
  const Bar& bar = out[0].bar();
  EXPECT_EQ(bar.open_nanos, 10'000'000'000);
  EXPECT_EQ(bar.high_nanos, 10'300'000'000);
  EXPECT_EQ(bar.low_nanos, 10'000'000'000);
  EXPECT_EQ(bar.close_nanos, 10'100'000'000);
  EXPECT_EQ(bar.volume_micros, 800'000'000);
  EXPECT_EQ(bar.day_volume_micros, 800'000'000);
  // 100 x 10.00 + 300 x 10.20 + 50 x 9.90 + 100 x 10.30 + 250 x 10.10 = 8110; / 800 = 10.1375
  EXPECT_EQ(bar.vwap_nanos, 10'137'500'000);
  EXPECT_EQ(bar.day_vwap_nanos, 10'137'500'000);
  EXPECT_EQ(bar.official_open_nanos, 50'000'000'000);
  EXPECT_EQ(bar.average_size, 160);
  EXPECT_EQ(bar.ts_start_ms, open_ms);
  EXPECT_EQ(bar.ts_end_ms, open_ms + 1000);
  EXPECT_EQ(out[1].kind, EventKind::minute_bar);
  EXPECT_EQ(out[1].bar().ts_end_ms, open_ms + 60'000);
  EXPECT_EQ(out[1].bar().volume_micros, 800'000'000);
}

TEST(Aggregator, a_window_of_odd_lots_sends_nothing_but_counts_in_the_day) {
  Aggregator aggregator(Market::stocks);
  std::vector<Event> out;
  aggregator.add(0, trade_at(open_ms, 1000, 7, {condition_odd_lot}));
  aggregator.close_until(open_ms + 1000, out);
  EXPECT_TRUE(out.empty());
  aggregator.add(0, trade_at(open_ms + 1000, 1000, 100));
  aggregator.close_until(open_ms + 2000, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].bar().volume_micros, 100'000'000);
  EXPECT_EQ(out[0].bar().day_volume_micros, 107'000'000);
}

TEST(Aggregator, the_official_open_is_the_first_regular_price_until_an_opening_print_comes) {
  Aggregator aggregator(Market::stocks);
  std::vector<Event> out;
  aggregator.add(0, trade_at(open_ms - 60'000, 900, 100));
  aggregator.close_until(open_ms - 59'000, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].bar().official_open_nanos, 0);
  aggregator.close_until(open_ms, out);
  out.clear();
  aggregator.add(0, trade_at(open_ms + 1, 1000, 100));
  aggregator.close_until(open_ms + 1000, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].bar().official_open_nanos, 10'000'000'000);
  out.clear();
  aggregator.add(0, trade_at(open_ms + 1001, 1040, 2, {condition_official_open}));
  aggregator.add(0, trade_at(open_ms + 1002, 1010, 100, {condition_opening_cta}));
  aggregator.add(0, trade_at(open_ms + 1003, 1050, 100, {condition_official_open}));
  aggregator.add(0, trade_at(open_ms + 1004, 1060, 100, {condition_opening_cta}));
  aggregator.close_until(open_ms + 2000, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].bar().official_open_nanos, 10'100'000'000);
}

TEST(Aggregator, a_late_trade_counts_in_the_days_volume_only) {
  Aggregator aggregator(Market::stocks);
  std::vector<Event> out;
  aggregator.add(0, trade_at(open_ms + 5000, 1000, 100));
  aggregator.add(0, trade_at(open_ms + 1000, 2000, 100));
  aggregator.close_until(open_ms + 6000, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].bar().high_nanos, 10'000'000'000);
  EXPECT_EQ(out[0].bar().volume_micros, 100'000'000);
  EXPECT_EQ(out[0].bar().day_volume_micros, 200'000'000);
  EXPECT_EQ(aggregator.late_count(), 1U);
}

TEST(Aggregator, a_new_day_begins_at_new_yorks_midnight) {
  Aggregator aggregator(Market::stocks);
  std::vector<Event> out;
  aggregator.add(0, trade_at(open_ms, 1000, 100, {condition_opening_cta}));
  aggregator.close_until(open_ms + 60'000, out);
  out.clear();
  constexpr std::uint64_t day_ms = 86'400'000;
  aggregator.add(0, trade_at(open_ms + day_ms - 1, 1100, 100));
  aggregator.close_until(open_ms + day_ms, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].bar().day_volume_micros, 100'000'000);
  EXPECT_EQ(out[0].bar().official_open_nanos, 0);
}

}  // namespace
}  // namespace ringside::sim
