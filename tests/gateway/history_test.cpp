// Times and bars put together, held against figures worked out by hand.
#include "rest/history.hpp"

#include <gtest/gtest.h>

namespace ringside::gateway {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

shm::BarRecord bar(std::uint64_t at_s, std::int64_t open, std::int64_t high, std::int64_t low,
                   std::int64_t close, std::int64_t volume, std::int64_t vwap) {
  shm::BarRecord out = shm::empty_bar();
  out.kind = shm::Kind::bar_1s;
  out.ts_event = at_s * second;
  out.ts_end = out.ts_event + second;
  out.open = open;
  out.high = high;
  out.low = low;
  out.close = close;
  out.volume = volume;
  out.vwap = vwap;
  out.trades = 1;
  return out;
}

TEST(ParseTime, reads_milliseconds_and_days) {
  EXPECT_EQ(parse_time("1698345678123", false), 1'698'345'678'123'000'000U);
  EXPECT_EQ(parse_time("0", false), 0U);
  EXPECT_EQ(parse_time("2018-01-02", false), 1'514'851'200'000'000'000U);
  EXPECT_EQ(parse_time("2018-01-02", true), 1'514'937'599'999'999'999U);
  EXPECT_EQ(parse_time("2016-02-29", false), 1'456'704'000'000'000'000U);
  for (const std::string_view bad :
       {"", "x", "-1", "1.5", "2018-02-30", "2018-13-01", "2018-1-2", "18446744073709551616",
        "99999999999999", "2018-01-0x", "1969-12-31"}) {
    EXPECT_FALSE(parse_time(bad, false)) << bad;
  }
}

TEST(JoinBars, adds_weighs_and_keeps_the_ends) {
  const std::vector<shm::BarRecord> in = {bar(60, 10, 15, 9, 12, 100, 11),
                                          bar(61, 13, 14, 8, 9, 300, 12), bar(64, 9, 9, 9, 9, 1, 9),
                                          bar(65, 20, 21, 19, 20, 5, 20)};
  const auto out = join_bars(in, 5 * second);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].ts_event, 60 * second);
  EXPECT_EQ(out[0].ts_end, 65 * second);
  EXPECT_EQ(out[0].open, 10);
  EXPECT_EQ(out[0].high, 15);
  EXPECT_EQ(out[0].low, 8);
  EXPECT_EQ(out[0].close, 9);
  EXPECT_EQ(out[0].volume, 401);
  EXPECT_EQ(out[0].trades, 3U);
  EXPECT_EQ(out[0].vwap, 12);  // (1100 + 3600 + 9) / 401 = 11.74
  EXPECT_EQ(out[1].open, 20);
  EXPECT_EQ(out[1].ts_event, 65 * second);
}

TEST(JoinBars, does_not_overflow_on_large_prices_and_volumes) {
  const std::int64_t big_price = 700'000'000'000'000;  // 700,000 dollars
  const std::int64_t big_volume = 5'000'000'000'000'000;
  const auto out = join_bars(
      {bar(60, 1, 1, 1, 1, big_volume, big_price), bar(61, 1, 1, 1, 1, big_volume, big_price + 2)},
      60 * second);
  EXPECT_EQ(out.at(0).vwap, big_price + 1);
}

TEST(JoinBars, says_so_when_a_part_is_unknown) {
  auto blind = bar(61, 1, 1, 1, 1, shm::size_absent, shm::px_absent);
  blind.trades = shm::trades_absent;
  const auto out = join_bars({bar(60, 2, 2, 2, 2, 10, 2), blind}, 60 * second);
  EXPECT_EQ(out.at(0).volume, shm::size_absent);
  EXPECT_EQ(out.at(0).vwap, shm::px_absent);
  EXPECT_EQ(out.at(0).trades, shm::trades_absent);
}

}  // namespace
}  // namespace ringside::gateway
