// One window's sums, by hand: order, exactness, rounding, limits.
#include "window.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "conditions.hpp"
#include "trades.hpp"

namespace ringside::stats {
namespace {

using test::trade_at;

TEST(HalfEven, rounds_to_the_nearest_and_ties_to_the_even) {
  EXPECT_EQ(divide_half_even(7, 2), 4);    // 3.5
  EXPECT_EQ(divide_half_even(5, 2), 2);    // 2.5
  EXPECT_EQ(divide_half_even(8, 3), 3);    // 2.67
  EXPECT_EQ(divide_half_even(7, 3), 2);    // 2.33
  EXPECT_EQ(divide_half_even(6, 3), 2);    // exact
  EXPECT_EQ(divide_half_even(-7, 2), -4);  // -3.5
  EXPECT_EQ(divide_half_even(-5, 2), -2);  // -2.5
  EXPECT_EQ(divide_half_even(-8, 3), -3);
  EXPECT_EQ(divide_half_even(0, 9), 0);
}

TEST(Window, starts_without_a_price) {
  const Window window;
  EXPECT_FALSE(window.has_price());
  EXPECT_EQ(window.vwap(), shm::px_absent);
  EXPECT_EQ(window.trade_size_avg(), shm::size_absent);
}

TEST(Window, opens_with_the_first_and_closes_with_the_last_event_in_whatever_order_they_come) {
  Window window;
  window.add(trade_at(20, 102, 1), move_all);
  window.add(trade_at(10, 101, 1), move_all);
  window.add(trade_at(30, 103, 1), move_all);
  window.add(trade_at(25, 109, 1), move_all);
  EXPECT_EQ(window.open, 101 * shm::price_one);
  EXPECT_EQ(window.close, 103 * shm::price_one);
  EXPECT_EQ(window.high, 109 * shm::price_one);
  EXPECT_EQ(window.low, 101 * shm::price_one);
}

TEST(Window, of_equal_times_the_first_to_come_opens_and_the_last_closes) {
  Window window;
  window.add(trade_at(10, 5, 1), move_all);
  window.add(trade_at(10, 6, 1), move_all);
  window.add(trade_at(10, 4, 1), move_all);
  EXPECT_EQ(window.open, 5 * shm::price_one);
  EXPECT_EQ(window.close, 4 * shm::price_one);
}

TEST(Window, moves_only_what_it_may) {
  Window window;
  window.add(trade_at(10, 50, 7), move_volume);
  EXPECT_FALSE(window.has_price());
  window.add(trade_at(11, 60, 1), move_high_low);
  EXPECT_TRUE(window.has_price());
  EXPECT_EQ(window.open, shm::px_absent);
  EXPECT_EQ(window.high, 60 * shm::price_one);
  window.add(trade_at(12, 70, 1), move_open_close);
  EXPECT_EQ(window.open, 70 * shm::price_one);
  EXPECT_EQ(window.high, 60 * shm::price_one);
  EXPECT_EQ(window.volume, 7 * shm::size_one_equities);
  EXPECT_EQ(window.trades, 1U);
}

// 3 shares at 10.00 and 4 at 10.01: 70.04 / 7 = 10.0057142857142..., in nanos 10'005'714'286.
// Then 0.5 shares at 10.10: 75.09 / 7.5 = 10.012.
TEST(Window, vwap_is_exact_with_fractions_of_a_share) {
  Window window;
  shm::TickRecord trade = trade_at(1, 10, 3);
  window.add(trade, move_all);
  trade.trade.price = 10'010'000'000;
  trade.trade.size = 4'000'000;
  window.add(trade, move_all);
  EXPECT_EQ(window.vwap(), 10'005'714'286);
  trade.trade.price = 10'100'000'000;
  trade.trade.size = 500'000;
  window.add(trade, move_all);
  EXPECT_EQ(window.vwap(), 10'012'000'000);
  EXPECT_EQ(window.volume, 7'500'000);
  EXPECT_EQ(window.trade_size_avg(), 2'500'000);
}

TEST(Window, a_sum_beyond_64_bits_is_exact) {
  Window window;
  shm::TickRecord trade = trade_at(1, 0, 0);
  trade.trade.price = 700'000'123'456'789;   // $700,000.123456789
  trade.trade.size = 1'000'000'000'000'000;  // a billion shares
  for (int i = 0; i < 1000; ++i) window.add(trade, move_all);
  EXPECT_EQ(window.vwap(), 700'000'123'456'789);
  EXPECT_EQ(window.volume, 1'000'000'000'000'000'000);
}

TEST(Window, what_does_not_fit_is_left_out_of_both_sums_and_flagged) {
  Window window;
  shm::TickRecord trade = trade_at(1, 2, 3);
  window.add(trade, move_all);
  EXPECT_EQ(window.flags & shm::flag_clipped, 0);
  trade.trade.size = std::numeric_limits<std::int64_t>::max() - 1;
  window.add(trade, move_all);
  EXPECT_NE(window.flags & shm::flag_clipped, 0);
  EXPECT_EQ(window.volume, 3'000'000);
  EXPECT_EQ(window.vwap(), 2 * shm::price_one);
  trade.trade.size = shm::size_absent;
  window.add(trade, move_all);
  EXPECT_EQ(window.volume, 3'000'000);
  EXPECT_EQ(window.trades, 3U);
}

TEST(Window, inherits_delayed_and_replayed_from_its_trades) {
  Window window;
  shm::TickRecord trade = trade_at(1, 2, 3);
  trade.flags = shm::flag_last_of_frame | shm::flag_id_is_hash;
  window.add(trade, move_all);
  EXPECT_EQ(window.flags, 0);
  trade.flags = shm::flag_delayed;
  window.add(trade, move_all);
  trade.flags = shm::flag_replayed;
  window.add(trade, move_all);
  EXPECT_EQ(window.flags, shm::flag_delayed | shm::flag_replayed);
}

}  // namespace
}  // namespace ringside::stats
