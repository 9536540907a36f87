// What records look like as JSON: every text here was written by hand from the vendor's protocol.
#include "encode.hpp"

#include "topic.hpp"

#include <gtest/gtest.h>

namespace ringside::gateway {
namespace {

const FeedFacts facts{.source = "massive", .venue_base = 0, .size_digits = 6};
constexpr std::uint64_t ts = 1'698'345'678'000'999'999;

shm::TickRecord trade_record() {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  record.ts_event = ts;
  record.ts_recv = ts + 5;
  record.venue = 4;
  record.tape = 3;
  record.trade = shm::TradeBody{150'250'000'000, 100'000'000, 90'017, 4711, {37, 12, 255, 255}};
  return record;
}

std::string trade_text(const shm::TickRecord& record, const FeedFacts& of = facts) {
  std::string out;
  append_trade(out, "\"AAPL\"", record, of);
  return out;
}

TEST(EncodeTrade, spells_every_field_as_the_vendor_does) {
  EXPECT_EQ(trade_text(trade_record()),
            R"({"ev":"T","sym":"AAPL","i":"90017","x":4,"p":150.25,"s":100,"c":[37,12],)"
            R"("t":1698345678000,"q":4711,"z":3})");
}

TEST(EncodeTrade, leaves_out_what_is_absent) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  record.ts_event = ts;
  record.trade.price = 450'000'000;
  EXPECT_EQ(trade_text(record), R"({"ev":"T","sym":"AAPL","p":0.45,"t":1698345678000})");
}

TEST(EncodeTrade, gives_a_fraction_of_a_share_beside_the_whole_ones) {
  shm::TickRecord record = trade_record();
  record.trade.size = 2'250'001;
  EXPECT_NE(trade_text(record).find(R"("s":2,"ds":"2.250001")"), std::string::npos);
  record.trade.size = 250'000;
  EXPECT_NE(trade_text(record).find(R"("s":0,"ds":"0.25")"), std::string::npos);
}

TEST(EncodeTrade, does_not_pass_a_hash_off_as_an_id) {
  shm::TickRecord record = trade_record();
  record.flags = shm::flag_id_is_hash;
  EXPECT_EQ(trade_text(record).find("\"i\""), std::string::npos);
}

TEST(EncodeTrade, adds_the_segments_venue_base) {
  EXPECT_NE(trade_text(trade_record(), {"massive", 300, 6}).find(R"("x":304)"), std::string::npos);
}

TEST(EncodeTrade, keeps_every_digit_of_a_price) {
  const std::pair<std::int64_t, std::string_view> cases[] = {
      {1, R"("p":0.000000001)"},
      {-1'500'000'000, R"("p":-1.5)"},
      {9'007'199'254'740'993'001, R"("p":9007199254.740993001)"},  // no double holds it
      {0, R"("p":0)"}};
  for (const auto& [price, text] : cases) {
    shm::TickRecord record = trade_record();
    record.trade.price = price;
    EXPECT_NE(trade_text(record).find(text), std::string::npos) << trade_text(record);
  }
}

TEST(EncodeQuote, spells_every_field_as_the_vendor_does) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::quote;
  record.ts_event = ts;
  record.venue = 19;
  record.tape = 3;
  record.quote = shm::QuoteBody{10'010'000'000, 10'020'000'000, 300, 100, 50'112, 12, 1, {4, 255}};
  std::string out;
  append_quote(out, "\"ZVZZT\"", record, facts);
  EXPECT_EQ(out, R"({"ev":"Q","sym":"ZVZZT","c":1,"i":[604],"bx":19,"ax":12,"bp":10.01,"ap":10.02,)"
                 R"("bs":300,"as":100,"t":1698345678000,"q":50112,"z":3})");
}

TEST(EncodeBar, spells_every_field_as_the_vendor_does) {
  shm::BarRecord record = shm::empty_bar();
  record.kind = shm::Kind::bar_1m;
  record.ts_event = ts;
  record.ts_end = ts + 60'000'000'000;
  record.volume = 1'250'500'000;
  record.day_volume = 90'210'000'000;
  record.official_open = 10'000'000'000;
  record.vwap = 10'012'300'000;
  record.open = 10'010'000'000;
  record.close = 10'020'000'000;
  record.high = 10'030'000'000;
  record.low = 10'000'000'000;
  record.day_vwap = 10'008'800'000;
  record.trade_size_avg = 41'000'000;
  record.trades = 30;
  std::string out;
  append_bar(out, "\"ZVZZT\"", record, facts);
  EXPECT_EQ(out,
            R"({"ev":"AM","sym":"ZVZZT","v":1250,"dv":"1250.5","av":90210,"op":10,"vw":10.0123,)"
            R"("o":10.01,"c":10.02,"h":10.03,"l":10,"a":10.0088,"z":41,"n":30,)"
            R"("s":1698345678000,"e":1698345738000})");
}

TEST(EncodeBar, says_when_it_is_partial_or_revised) {
  shm::BarRecord record = shm::empty_bar();
  record.kind = shm::Kind::bar_5m;
  record.ts_event = 0;
  record.ts_end = 1'000'000;
  record.flags = shm::flag_partial | shm::flag_revised;
  record.coverage = 250'000;
  std::string out;
  append_bar(out, "\"A\"", record, facts);
  EXPECT_EQ(out,
            R"({"ev":"bar_5m","sym":"A","vw":null,"o":null,"c":null,"h":null,"l":null,"s":0,"e":1,)"
            R"("revised":true,"coverage":0.25})");
}

TEST(EncodeMarketData, wraps_the_event_and_tells_its_passage) {
  std::string out;
  append_market_data(out, "trades", "\"AAPL\"", trade_record(), facts,
                     {.sequence = 1234, .has_sequence = true, .ring_ns = 7, .send_ns = 9'000'000});
  EXPECT_EQ(out,
            R"({"type":"market-data","channel":"trades","symbols":["AAPL"],"timestamp":9,"data":)" +
                trade_text(trade_record()) +
                R"(,"metadata":{"source":"massive","event_type":"T","exchange":4,"seq":1234,)"
                R"("recv_ns":1698345678001000004,"ring_ns":7,"send_ns":9000000}})");
}

TEST(EncodeMarketData, claims_no_sequence_for_a_last_value) {
  std::string out;
  append_market_data(out, "trades", "\"AAPL\"", trade_record(), facts, {});
  EXPECT_EQ(out.find("\"seq\""), std::string::npos);
}

std::string quote_object(const QuoteParts& parts) {
  std::string out;
  append_quote_object(out, "\"AAPL\"", parts, facts);
  return out;
}

TEST(EncodeQuoteObject, is_full_of_null_when_nothing_is_known) {
  EXPECT_EQ(quote_object({}),
            R"({"symbol":"AAPL","price":null,"change":null,"changePercent":null,"bid":null,)"
            R"("ask":null,"volume":null,"open":null,"high":null,"low":null,"vwap":null,)"
            R"("previousClose":null,"timestamp":null})");
}

TEST(EncodeQuoteObject, joins_trade_quote_and_day) {
  const shm::TickRecord trade = trade_record();
  shm::TickRecord quote = shm::empty_tick();
  quote.kind = shm::Kind::quote;
  quote.ts_event = ts + 2'000'000;
  quote.quote = shm::QuoteBody{150'240'000'000, 150'260'000'000, 3, 2, 1, 1, 255, {255, 255}};
  const DayFigures day{.ts = 1,
                       .is_partial = false,
                       .open = 150'000'000'000,
                       .high = 151'000'000'000,
                       .low = 149'500'000'000,
                       .close = 150'250'000'000,
                       .volume = 1'000'500'000,
                       .vwap = 150'100'000'000,
                       .previous_close = 149'850'000'000};
  EXPECT_EQ(quote_object({&trade, &quote, day}),
            R"({"symbol":"AAPL","price":150.25,"change":0.4,"changePercent":0.2669,"bid":150.24,)"
            R"("ask":150.26,"bidSize":3,"askSize":2,"volume":1000.5,"open":150,"high":151,)"
            R"("low":149.5,"vwap":150.1,"previousClose":149.85,"timestamp":1698345678002})");
}

TEST(EncodeQuoteObject, rounds_the_percentage_half_away_from_zero_and_survives_nonsense) {
  struct Case {
    std::int64_t price;
    std::int64_t base;
    std::string_view percent;
  };
  const Case cases[] = {
      {100'000'500'000, 100'000'000'000, R"("changePercent":0.0005,)"},
      {99'999'950'000, 100'000'000'000, R"("changePercent":-0.0001,)"},  // -0.00005
      {100'000'000'000, 100'000'000'000, R"("changePercent":0,)"},
      {50'000'000'000, 200'000'000'000, R"("changePercent":-75,)"},
      {1'000'000'000, 0, R"("changePercent":null,)"},
      {9'000'000'000'000'000'000, 1, R"("changePercent":null,)"},
      {-9'000'000'000'000'000'000, 9'000'000'000'000'000'000, R"("change":null,)"},
  };
  for (const Case& each : cases) {
    shm::TickRecord trade = trade_record();
    trade.trade.price = each.price;
    DayFigures day;
    day.previous_close = each.base;
    const std::string text = quote_object({&trade, nullptr, day});
    EXPECT_NE(text.find(each.percent), std::string::npos) << text;
  }
}

TEST(JoinDays, takes_the_vendors_figures_where_ours_did_not_see_the_whole_day) {
  DayFigures ours;
  ours.ts = 100;
  ours.open = 1;
  ours.high = 9;
  ours.volume = 10;
  ours.vwap = 5;
  DayFigures vendor;
  vendor.ts = 200;
  vendor.open = 2;
  vendor.volume = 30;
  vendor.vwap = 6;
  EXPECT_EQ(join_days(ours, vendor).volume, 10);
  ours.is_partial = true;
  EXPECT_EQ(join_days(ours, vendor).volume, 30);
  EXPECT_EQ(join_days(ours, vendor).open, 2);
  EXPECT_EQ(join_days(ours, vendor).high, 9);
  EXPECT_EQ(join_days(ours, {}).volume, 10);
  vendor.ts = 50;  // of the day before
  EXPECT_EQ(join_days(ours, vendor).volume, 10);
  EXPECT_EQ(join_days({}, vendor).volume, 30);
  vendor.volume = shm::size_absent;
  EXPECT_EQ(join_days({}, vendor).volume, shm::size_absent);
}

TEST(EncodeOptionObject, names_the_contract) {
  std::string out;
  append_option_object(out, "\"O:SPY251108C00590000\"", {}, facts);
  EXPECT_EQ(out.find(R"({"contractId":"O:SPY251108C00590000","price":null,)"), 0U);
}

}  // namespace
}  // namespace ringside::gateway
