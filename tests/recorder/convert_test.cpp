// Ticks and bars to DBN records, field by field.
#include "convert.hpp"

#include <gtest/gtest.h>

namespace ringside::recorder {
namespace {

using namespace dbn;

constexpr FeedUnits stocks{.market = Market::stocks, .venue_base = 0, .size_one = 1'000'000};
constexpr FeedUnits options{.market = Market::options, .venue_base = 300, .size_one = 1'000'000};

shm::TickRecord some_trade() {
  shm::TickRecord tick = shm::empty_tick();
  tick.kind = shm::Kind::trade;
  tick.ts_event = 1'767'366'000'123'000'000;
  tick.ts_recv = 1'767'366'000'124'500'000;
  tick.instrument_id = 42;
  tick.venue = 12;
  tick.tape = 3;
  tick.trade.price = 10'015'000'000;
  tick.trade.size = 300'000'000;
  tick.trade.sequence = 4711;
  return tick;
}

shm::TickRecord some_quote() {
  shm::TickRecord tick = some_trade();
  tick.kind = shm::Kind::quote;
  tick.venue = 19;
  tick.quote = {.bid_px = 10'010'000'000,
                .ask_px = 10'020'000'000,
                .bid_sz = 300,
                .ask_sz = 100,
                .sequence = 50112,
                .ask_venue = 12,
                .condition = 255,
                .indicators = {4, 255}};
  return tick;
}

TEST(Convert, trade_carries_every_field) {
  ConvertCounters counters;
  const shm::TickRecord tick = some_trade();
  const TradeMsg out = to_trade(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.hd.length, 12);
  EXPECT_EQ(out.hd.rtype, Rtype::trade);
  EXPECT_EQ(out.hd.publisher_id, 66);  // XNAS
  EXPECT_EQ(out.hd.instrument_id, 42U);
  EXPECT_EQ(out.hd.ts_event, 1'767'366'000'123'000'000U);
  EXPECT_EQ(out.price, 10'015'000'000);
  EXPECT_EQ(out.size, 300U);
  EXPECT_EQ(out.action, Action::trade);
  EXPECT_EQ(out.side, Side::none);
  EXPECT_EQ(out.flags, flag_last);
  EXPECT_EQ(out.depth, 0);
  EXPECT_EQ(out.ts_recv, 1'767'366'000'124'500'000U);
  EXPECT_EQ(out.ts_in_delta, 1'500'000);
  EXPECT_EQ(out.sequence, 4711U);
  EXPECT_EQ(counters.size_cut + counters.size_clipped + counters.publisher_unknown, 0U);
}

TEST(Convert, cuts_fractions_of_a_share_flags_and_counts_them) {
  ConvertCounters counters;
  shm::TickRecord tick = some_trade();
  tick.trade.size = 740'474;
  TradeMsg out = to_trade(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.size, 0U);
  EXPECT_EQ(out.flags, flag_last | flag_publisher);
  tick.trade.size = 12'999'999;
  out = to_trade(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.size, 12U);
  EXPECT_EQ(counters.size_cut, 2U);
}

TEST(Convert, clips_what_the_size_field_cannot_hold) {
  ConvertCounters counters;
  shm::TickRecord tick = some_trade();
  tick.trade.size = 5'000'000'000LL * 1'000'000;
  TradeMsg out = to_trade(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.size, 4'294'967'294U);  // one below null
  EXPECT_EQ(out.flags & flag_publisher, flag_publisher);
  tick.trade.size = -1;
  out = to_trade(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.size, 0U);
  EXPECT_EQ(counters.size_clipped, 2U);
}

TEST(Convert, absent_values_become_nulls) {
  ConvertCounters counters;
  shm::TickRecord tick = shm::empty_tick();
  tick.kind = shm::Kind::trade;
  tick.instrument_id = 1;
  const TradeMsg out = to_trade(tick, 5, 0, stocks, counters);
  EXPECT_EQ(out.hd.publisher_id, 0);
  EXPECT_EQ(out.hd.ts_event, ts_null);
  EXPECT_EQ(out.price, price_null);
  EXPECT_EQ(out.size, size_null);
  EXPECT_EQ(out.sequence, 0U);
  EXPECT_EQ(out.ts_in_delta, 0);
  EXPECT_EQ(counters.publisher_unknown, 0U);  // an absent venue is not an unknown one
}

TEST(Convert, an_unknown_venue_passes_as_zero_and_is_counted) {
  ConvertCounters counters;
  shm::TickRecord tick = some_trade();
  tick.venue = 62;
  EXPECT_EQ(to_trade(tick, 0, 0, stocks, counters).hd.publisher_id, 0);
  tick.venue = 99;
  EXPECT_EQ(to_trade(tick, 0, 0, stocks, counters).hd.publisher_id, 0);
  EXPECT_EQ(counters.publisher_unknown, 2U);
}

TEST(Convert, marks_snapshots_gaps_and_clipped_fields) {
  ConvertCounters counters;
  shm::TickRecord tick = some_trade();
  tick.flags = shm::flag_replayed;
  EXPECT_EQ(to_trade(tick, 0, 0, stocks, counters).flags, flag_last | flag_snapshot);
  tick.flags = shm::flag_maybe_bad | shm::flag_last_of_frame;
  EXPECT_EQ(to_trade(tick, 0, 0, stocks, counters).flags, flag_last | flag_maybe_bad);
  tick.flags = shm::flag_clipped;
  EXPECT_EQ(to_trade(tick, 0, flag_bad_ts_recv, stocks, counters).flags,
            flag_last | flag_publisher | flag_bad_ts_recv);
}

TEST(Convert, a_delay_beyond_two_seconds_holds_the_limit_of_its_field) {
  ConvertCounters counters;
  shm::TickRecord tick = some_trade();
  EXPECT_EQ(to_trade(tick, tick.ts_event + 3'000'000'000, 0, stocks, counters).ts_in_delta,
            2'147'483'647);
  EXPECT_EQ(to_trade(tick, tick.ts_event - 3'000'000'000, 0, stocks, counters).ts_in_delta,
            -2'147'483'648LL);
  EXPECT_EQ(counters.delta_clipped, 2U);
}

TEST(Convert, quote_carries_both_sides_and_their_venues) {
  ConvertCounters counters;
  const shm::TickRecord tick = some_quote();
  const Cmbp1Msg out = to_cmbp1(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.hd.length, 20);
  EXPECT_EQ(out.hd.rtype, Rtype::cmbp_1);
  EXPECT_EQ(out.hd.publisher_id, 94);  // the consolidated publisher
  EXPECT_EQ(out.hd.instrument_id, 42U);
  EXPECT_EQ(out.price, price_null);
  EXPECT_EQ(out.size, size_null);
  EXPECT_EQ(out.action, Action::modify);
  EXPECT_EQ(out.side, Side::none);
  EXPECT_EQ(out.flags, flag_last | flag_top_of_book);
  EXPECT_EQ(out.ts_recv, tick.ts_recv);
  EXPECT_EQ(out.bid_px, 10'010'000'000);
  EXPECT_EQ(out.ask_px, 10'020'000'000);
  EXPECT_EQ(out.bid_sz, 300U);
  EXPECT_EQ(out.ask_sz, 100U);
  EXPECT_EQ(out.bid_pb, 71);  // BATS
  EXPECT_EQ(out.ask_pb, 66);  // XNAS
}

TEST(Convert, a_quote_with_an_empty_side_has_nulls_there) {
  ConvertCounters counters;
  shm::TickRecord tick = some_quote();
  tick.quote.bid_px = shm::px_absent;
  tick.quote.bid_sz = shm::quote_size_absent;
  tick.venue = shm::venue_absent;
  const Cmbp1Msg out = to_cmbp1(tick, tick.ts_recv, 0, stocks, counters);
  EXPECT_EQ(out.bid_px, price_null);
  EXPECT_EQ(out.bid_sz, size_null);
  EXPECT_EQ(out.bid_pb, 0);
}

TEST(Convert, option_venues_are_opra_publishers) {
  ConvertCounters counters;
  shm::TickRecord tick = some_quote();
  tick.venue = 2;             // 302 XCBO
  tick.quote.ask_venue = 12;  // 312 XMIO
  const Cmbp1Msg out = to_cmbp1(tick, tick.ts_recv, 0, options, counters);
  EXPECT_EQ(out.hd.publisher_id, 30);
  EXPECT_EQ(out.bid_pb, 22);
  EXPECT_EQ(out.ask_pb, 28);
}

TEST(Convert, bar_carries_prices_and_whole_volume) {
  ConvertCounters counters;
  shm::BarRecord bar = shm::empty_bar();
  bar.kind = shm::Kind::bar_1m;
  bar.instrument_id = 42;
  bar.ts_event = 1'767'366'000'000'000'000;
  bar.open = 1;
  bar.high = 4;
  bar.low = 0;
  bar.close = 2;
  bar.volume = 1'250'500'000;
  const OhlcvMsg out = to_ohlcv(bar, Rtype::ohlcv_1m, stocks, counters);
  EXPECT_EQ(out.hd.length, 14);
  EXPECT_EQ(out.hd.rtype, Rtype::ohlcv_1m);
  EXPECT_EQ(out.hd.ts_event, 1'767'366'000'000'000'000U);
  EXPECT_EQ(out.open, 1);
  EXPECT_EQ(out.high, 4);
  EXPECT_EQ(out.low, 0);
  EXPECT_EQ(out.close, 2);
  EXPECT_EQ(out.volume, 1250U);
  EXPECT_EQ(counters.size_cut, 1U);
}

/// Vendor exchange -> publisher, one row per venue that both tables have.
TEST(Convert, publishers_follow_the_venue_tables) {
  struct Row {
    Market market;
    std::uint32_t vendor;
    std::uint16_t publisher;
  };
  constexpr Row rows[] = {
      {Market::stocks, 1, 78},    {Market::stocks, 2, 75},    {Market::stocks, 3, 63},
      {Market::stocks, 4, 68},    {Market::stocks, 5, 94},    {Market::stocks, 6, 0},
      {Market::stocks, 7, 73},    {Market::stocks, 8, 74},    {Market::stocks, 9, 62},
      {Market::stocks, 10, 67},   {Market::stocks, 11, 79},   {Market::stocks, 12, 66},
      {Market::stocks, 13, 94},   {Market::stocks, 14, 80},   {Market::stocks, 15, 64},
      {Market::stocks, 16, 0},    {Market::stocks, 17, 76},   {Market::stocks, 18, 72},
      {Market::stocks, 19, 71},   {Market::stocks, 20, 65},   {Market::stocks, 21, 77},
      {Market::stocks, 62, 0},    {Market::options, 300, 20}, {Market::options, 301, 21},
      {Market::options, 302, 22}, {Market::options, 303, 23}, {Market::options, 304, 24},
      {Market::options, 307, 25}, {Market::options, 308, 26}, {Market::options, 309, 27},
      {Market::options, 312, 28}, {Market::options, 313, 29}, {Market::options, 314, 30},
      {Market::options, 315, 31}, {Market::options, 316, 32}, {Market::options, 318, 61},
      {Market::options, 319, 33}, {Market::options, 320, 37}, {Market::options, 322, 34},
      {Market::options, 323, 35}, {Market::options, 325, 36}, {Market::options, 299, 0},
      {Market::options, 326, 0},  {Market::options, 12, 0},   {Market::derived, 12, 0},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(publisher_of(row.market, row.vendor), row.publisher) << row.vendor;
  }
}

TEST(Convert, datasets_fit_their_field) {
  EXPECT_EQ(dataset_of(Market::stocks, "stocks"), "MASSIVE.STOCKS");
  EXPECT_EQ(dataset_of(Market::options, "options"), "MASSIVE.OPTIONS");
  EXPECT_EQ(dataset_of(Market::derived, "stats"), "RINGSIDE.STATS");
  EXPECT_EQ(dataset_of(Market::derived, "statistics-of-all"), "RINGSIDE.STATIS");
}

}  // namespace
}  // namespace ringside::recorder
