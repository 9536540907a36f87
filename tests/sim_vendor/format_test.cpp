// Owns the table of event texts, written by hand from what the vendor sends live: key order,
// omissions, number forms.
#include "sim/format.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ringside::sim {
namespace {

std::string text_of(const Event& event, std::string_view symbol) {
  std::array<char, event_chars_max> out{};
  char* const end = format_event(out.data(), event, symbol);
  return std::string(out.data(), end);
}

Event event_of(Market market, EventKind kind, const std::variant<Trade, Quote, Bar>& body) {
  return Event{0, 0, market, kind, body};
}

Trade sub_share_trade() {
  Trade trade;
  trade.price_nanos = 10'015'000'000;
  trade.size_micros = 250'000;
  trade.id = 90'017;
  trade.ts_sip_ms = 1'767'366'000'123;
  trade.ts_participant_ms = 1'767'366'000'121;
  trade.sequence = 4711;
  trade.venue = 11;
  trade.conditions = {37};
  trade.condition_count = 1;
  trade.tape = 3;
  return trade;
}

TEST(Format, a_stock_trade_below_one_share_has_size_0_and_its_decimal_size) {
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::trade, sub_share_trade()), "ZVZZT"),
            R"({"ev":"T","sym":"ZVZZT","i":"90017","x":11,"p":10.015,"s":0,"c":[37],)"
            R"("t":1767366000123,"pt":1767366000121,"q":4711,"z":3,"ds":"0.25"})");
}

TEST(Format, a_regular_stock_trade_has_no_conditions_key) {
  Trade trade = sub_share_trade();
  trade.condition_count = 0;
  trade.size_micros = 1'000'000 * micros_per_share;
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::trade, trade), "BRK.B"),
            R"({"ev":"T","sym":"BRK.B","i":"90017","x":11,"p":10.015,"s":1000000,)"
            R"("t":1767366000123,"pt":1767366000121,"q":4711,"z":3,"ds":"1000000.0"})");
}

TEST(Format, a_facility_print_carries_its_id_and_time_before_the_decimal_size) {
  Trade trade = sub_share_trade();
  trade.venue = 4;
  trade.trf_id = 202;
  trade.ts_trf_ms = 1'767'366'000'122;
  trade.conditions = {14, 12, 37, 41};
  trade.condition_count = 4;
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::trade, trade), "ZVZZT"),
            R"({"ev":"T","sym":"ZVZZT","i":"90017","x":4,"p":10.015,"s":0,"c":[14,12,37,41],)"
            R"("t":1767366000123,"pt":1767366000121,"q":4711,"z":3,"trfi":202,)"
            R"("trft":1767366000122,"ds":"0.25"})");
}

TEST(Format, an_option_trade_has_neither_id_nor_tape_nor_decimal_size) {
  Trade trade;
  trade.price_nanos = 450'000'000;
  trade.size_micros = 3 * micros_per_share;
  trade.venue = 312;
  trade.conditions = {209};
  trade.condition_count = 1;
  trade.ts_sip_ms = 1'767'366'000'555;
  trade.sequence = 812'345'678;
  EXPECT_EQ(text_of(event_of(Market::options, EventKind::trade, trade), "O:ZVZZT260116C00010000"),
            R"({"ev":"T","sym":"O:ZVZZT260116C00010000","x":312,"p":0.45,"s":3,"c":[209],)"
            R"("t":1767366000555,"q":812345678})");
}

Quote stock_quote() {
  Quote quote;
  quote.bid_nanos = 10'010'000'000;
  quote.ask_nanos = 10'020'000'000;
  quote.bid_size = 300;
  quote.ask_size = 100;
  quote.ts_sip_ms = 1'767'366'000'130;
  quote.ts_participant_ms = 1'767'366'000'129;
  quote.sequence = 50'112;
  quote.bid_venue = 19;
  quote.ask_venue = 12;
  quote.indicator = 604;
  quote.tape = 3;
  return quote;
}

TEST(Format, a_stock_quote_leaves_out_condition_0) {
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::quote, stock_quote()), "ZVZZT"),
            R"({"ev":"Q","sym":"ZVZZT","i":[604],"bx":19,"ax":12,"bp":10.01,"ap":10.02,)"
            R"("bs":300,"as":100,"t":1767366000130,"pt":1767366000129,"q":50112,"z":3})");
}

TEST(Format, a_stock_quote_puts_its_condition_before_the_indicators) {
  Quote quote = stock_quote();
  quote.condition = 1;
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::quote, quote), "ZVZZT"),
            R"({"ev":"Q","sym":"ZVZZT","c":1,"i":[604],"bx":19,"ax":12,"bp":10.01,"ap":10.02,)"
            R"("bs":300,"as":100,"t":1767366000130,"pt":1767366000129,"q":50112,"z":3})");
}

TEST(Format, an_option_quote_has_only_the_keys_options_have) {
  Quote quote = stock_quote();
  quote.bid_nanos = 440'000'000;
  quote.ask_nanos = 460'000'000;
  quote.bid_venue = 302;
  quote.ask_venue = 312;
  quote.bid_size = 17;
  quote.ask_size = 24;
  quote.ts_sip_ms = 1'767'366'000'600;
  quote.sequence = 812'345'999;
  EXPECT_EQ(text_of(event_of(Market::options, EventKind::quote, quote), "O:ZVZZT260116C00010000"),
            R"({"ev":"Q","sym":"O:ZVZZT260116C00010000","bx":302,"ax":312,"bp":0.44,"ap":0.46,)"
            R"("bs":17,"as":24,"t":1767366000600,"q":812345999})");
}

Bar minute_bar() {
  return Bar{.open_nanos = 10'010'000'000,
             .high_nanos = 10'030'000'000,
             .low_nanos = 10'000'000'000,
             .close_nanos = 10'020'000'000,
             .vwap_nanos = 10'012'300'000,
             .day_vwap_nanos = 10'008'800'000,
             .official_open_nanos = 10'000'000'000,
             .volume_micros = 1'250'500'000,
             .day_volume_micros = 90'210'750'000,
             .average_size = 41,
             .ts_start_ms = 1'767'366'000'000,
             .ts_end_ms = 1'767'366'060'000};
}

TEST(Format, a_stock_minute_has_whole_volumes_and_decimal_ones) {
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::minute_bar, minute_bar()), "ZVZZT"),
            R"({"ev":"AM","sym":"ZVZZT","v":1250,"av":90210,"op":10,"vw":10.0123,"o":10.01,)"
            R"("c":10.02,"h":10.03,"l":10,"a":10.0088,"z":41,"s":1767366000000,)"
            R"("e":1767366060000,"dv":"1250.5","dav":"90210.75"})");
}

TEST(Format, a_bar_before_the_official_open_has_no_op_and_a_large_average_turns_to_an_exponent) {
  Bar bar = minute_bar();
  bar.official_open_nanos = 0;
  bar.average_size = 1'500'000;
  EXPECT_EQ(text_of(event_of(Market::stocks, EventKind::second_bar, bar), "ZVZZT"),
            R"({"ev":"A","sym":"ZVZZT","v":1250,"av":90210,"vw":10.0123,"o":10.01,"c":10.02,)"
            R"("h":10.03,"l":10,"a":10.0088,"z":1.5e+06,"s":1767366000000,"e":1767366060000,)"
            R"("dv":"1250.5","dav":"90210.75"})");
}

TEST(Format, an_option_bar_has_no_decimal_volumes) {
  EXPECT_EQ(
      text_of(event_of(Market::options, EventKind::minute_bar, minute_bar()), "O:F260116P00009500"),
      R"({"ev":"AM","sym":"O:F260116P00009500","v":1250,"av":90210,"op":10,"vw":10.0123,)"
      R"("o":10.01,"c":10.02,"h":10.03,"l":10,"a":10.0088,"z":41,"s":1767366000000,)"
      R"("e":1767366060000})");
}

TEST(Format, the_longest_event_fits_the_stated_room) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint64_t most_unsigned = std::numeric_limits<std::uint64_t>::max();
  const Bar bar{most, most, most, most, most,          most,
                most, most, most, most, most_unsigned, most_unsigned};
  const std::string symbol(symbol_chars_max, 'W');
  EXPECT_LE(text_of(event_of(Market::stocks, EventKind::minute_bar, bar), symbol).size(),
            event_chars_max);
}

}  // namespace
}  // namespace ringside::sim
