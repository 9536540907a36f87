// What each event becomes: frames in the vendor's live key order, records written by hand.
#include <gtest/gtest.h>

#include "decode_support.hpp"

namespace ringside::feed {
namespace {

using shm::Kind;

TEST(MassiveDecoder, turns_a_stock_trade_into_a_record) {
  const DecodedFrame frame =
      decode(R"([{"ev":"T","sym":"ZVZZT","i":"90017","x":11,"p":10.015,"s":0,"c":[37],)"
             R"("t":1767366000123,"pt":1767366000121,"q":4711,"z":3,"ds":"0.25"}])");
  ASSERT_EQ(frame.events.size(), 1U);
  const Decoded& event = frame.events[0];
  EXPECT_EQ(event.item, Item::tick);
  EXPECT_EQ(event.symbol.view(), "ZVZZT");
  EXPECT_EQ(event.tick.kind, Kind::trade);
  EXPECT_EQ(event.tick.ts_event, 1'767'366'000'123'000'000U);
  EXPECT_EQ(event.tick.ts_recv, ts_recv_given);
  EXPECT_EQ(event.tick.instrument_id, shm::instrument_none);
  EXPECT_EQ(event.tick.flags, shm::flag_last_of_frame);
  EXPECT_EQ(event.tick.venue, 11);
  EXPECT_EQ(event.tick.tape, 3);
  EXPECT_EQ(event.tick.trade.price, 10'015'000'000);
  EXPECT_EQ(event.tick.trade.size, 250'000);
  EXPECT_EQ(event.tick.trade.trade_id, 90'017U);
  EXPECT_EQ(event.tick.trade.sequence, 4'711U);
  EXPECT_EQ(event.tick.trade.conditions[0], 37);
  EXPECT_EQ(event.tick.trade.conditions[1], shm::condition_absent);
  EXPECT_EQ(event.tick.trade.conditions[3], shm::condition_absent);
  EXPECT_EQ(frame.counts.trades, 1U);
  EXPECT_EQ(frame.counts.keys_unknown, 0U);
  EXPECT_EQ(frame.counts.rejects_total(), 0U);
}

TEST(MassiveDecoder, turns_a_stock_quote_into_a_record) {
  const DecodedFrame frame =
      decode(R"([{"ev":"Q","sym":"ZVZZT","i":[604],"bx":19,"ax":12,"bp":10.01,"ap":10.02,"bs":300,)"
             R"("as":100,"t":1767366000130,"pt":1767366000129,"q":50112,"z":3}])");
  ASSERT_EQ(frame.events.size(), 1U);
  const shm::TickRecord& tick = frame.events[0].tick;
  EXPECT_EQ(tick.kind, Kind::quote);
  EXPECT_EQ(tick.ts_event, 1'767'366'000'130'000'000U);
  EXPECT_EQ(tick.venue, 19);
  EXPECT_EQ(tick.tape, 3);
  EXPECT_EQ(tick.quote.bid_px, 10'010'000'000);
  EXPECT_EQ(tick.quote.ask_px, 10'020'000'000);
  EXPECT_EQ(tick.quote.bid_sz, 300U);
  EXPECT_EQ(tick.quote.ask_sz, 100U);
  EXPECT_EQ(tick.quote.sequence, 50'112U);
  EXPECT_EQ(tick.quote.ask_venue, 12);
  EXPECT_EQ(tick.quote.condition, shm::condition_absent);
  EXPECT_EQ(tick.quote.indicators[0], 4);
  EXPECT_EQ(tick.quote.indicators[1], shm::indicator_absent);
}

TEST(MassiveDecoder, turns_a_minute_bar_into_a_record) {
  const DecodedFrame frame = decode(
      R"([{"ev":"AM","sym":"ZVZZT","v":1250,"av":90210,"op":10.0,"vw":10.0123,"o":10.01,"c":10.02,)"
      R"("h":10.03,"l":10.0,"a":10.0088,"z":41,"s":1767366000000,"e":1767366060000,)"
      R"("dv":"1250.5","dav":"90210.75"}])");
  ASSERT_EQ(frame.events.size(), 1U);
  ASSERT_EQ(frame.events[0].item, Item::bar);
  const shm::BarRecord& bar = frame.events[0].bar;
  EXPECT_EQ(bar.kind, Kind::bar_1m);
  EXPECT_EQ(bar.ts_event, 1'767'366'000'000'000'000U);
  EXPECT_EQ(bar.ts_end, 1'767'366'060'000'000'000U);
  EXPECT_EQ(bar.ts_recv, ts_recv_given);
  EXPECT_EQ(bar.flags, shm::flag_last_of_frame);
  EXPECT_EQ(bar.open, 10'010'000'000);
  EXPECT_EQ(bar.high, 10'030'000'000);
  EXPECT_EQ(bar.low, 10'000'000'000);
  EXPECT_EQ(bar.close, 10'020'000'000);
  EXPECT_EQ(bar.volume, 1'250'500'000);
  EXPECT_EQ(bar.vwap, 10'012'300'000);
  EXPECT_EQ(bar.day_volume, 90'210'750'000);
  EXPECT_EQ(bar.day_vwap, 10'008'800'000);
  EXPECT_EQ(bar.official_open, 10'000'000'000);
  EXPECT_EQ(bar.trade_size_avg, 41'000'000);
  EXPECT_EQ(bar.trades, shm::trades_absent);
  EXPECT_EQ(bar.coverage, shm::coverage_whole);
  EXPECT_EQ(frame.counts.bars_1m, 1U);
}

TEST(MassiveDecoder, turns_option_events_into_records_with_venues_from_zero) {
  const DecodedFrame frame = decode(
      R"([{"ev":"T","sym":"O:ZVZZT260116C00010000","x":312,"p":0.45,"s":3,"c":[209],)"
      R"("t":1767366000555,"q":812345678},)"
      R"({"ev":"Q","sym":"O:ZVZZT260116C00010000","bx":302,"ax":312,"bp":0.44,"ap":0.46,"bs":17,)"
      R"("as":24,"t":1767366000600,"q":812345999}])",
      Market::options);
  ASSERT_EQ(frame.events.size(), 2U);
  const shm::TickRecord& trade = frame.events[0].tick;
  EXPECT_EQ(frame.events[0].symbol.view(), "O:ZVZZT260116C00010000");
  EXPECT_EQ(trade.venue, 12);
  EXPECT_EQ(trade.flags, 0);
  EXPECT_EQ(trade.tape, shm::tape_absent);
  EXPECT_EQ(trade.trade.price, 450'000'000);
  EXPECT_EQ(trade.trade.size, 3'000'000);
  EXPECT_EQ(trade.trade.conditions[0], 209);
  EXPECT_EQ(trade.trade.trade_id, shm::trade_id_absent);
  EXPECT_EQ(trade.trade.sequence, 812'345'678U);
  const shm::TickRecord& quote = frame.events[1].tick;
  EXPECT_EQ(quote.flags, shm::flag_last_of_frame);
  EXPECT_EQ(quote.venue, 2);
  EXPECT_EQ(quote.quote.ask_venue, 12);
  EXPECT_EQ(quote.quote.bid_sz, 17U);
  EXPECT_EQ(quote.quote.ask_sz, 24U);
  EXPECT_EQ(quote.quote.condition, shm::condition_absent);
  EXPECT_EQ(quote.quote.indicators[0], shm::indicator_absent);
}

TEST(MassiveDecoder, reads_an_exchange_letter_in_an_option_trade) {
  const DecodedFrame frame =
      decode(R"([{"ev":"T","sym":"O:X","x":65,"p":1,"s":1,"t":1767366000555}])", Market::options);
  ASSERT_EQ(frame.events.size(), 1U);
  EXPECT_EQ(frame.events[0].tick.venue, 0);
}

TEST(MassiveDecoder, reads_a_second_bar_without_its_optional_fields) {
  const DecodedFrame frame = decode(
      R"([{"ev":"A","sym":"O:ZVZZT260116C00010000","v":0,"av":12,"vw":0.45,"o":0.45,"c":0.45,)"
      R"("h":0.45,"l":0.45,"a":0.44,"z":1.5e+01,"s":1767366000000,"e":1767366001000}])",
      Market::options);
  ASSERT_EQ(frame.events.size(), 1U);
  const shm::BarRecord& bar = frame.events[0].bar;
  EXPECT_EQ(bar.kind, Kind::bar_1s);
  EXPECT_EQ(bar.volume, 0);
  EXPECT_EQ(bar.day_volume, 12'000'000);
  EXPECT_EQ(bar.official_open, shm::px_absent);
  EXPECT_EQ(bar.trade_size_avg, 15'000'000);
  EXPECT_EQ(bar.ts_end - bar.ts_event, 1'000'000'000U);
}

TEST(MassiveDecoder, derives_the_end_of_a_window_that_has_none) {
  const DecodedFrame frame =
      decode(R"([{"ev":"AM","sym":"X","o":1,"h":1,"l":1,"c":1,"s":1767366000000},)"
             R"({"ev":"A","sym":"X","o":1,"h":1,"l":1,"c":1,"s":1767366000000}])");
  ASSERT_EQ(frame.events.size(), 2U);
  EXPECT_EQ(frame.events[0].bar.ts_end, 1'767'366'060'000'000'000U);
  EXPECT_EQ(frame.events[1].bar.ts_end, 1'767'366'001'000'000'000U);
  EXPECT_EQ(frame.events[0].bar.volume, shm::size_absent);
  EXPECT_EQ(frame.events[0].bar.vwap, shm::px_absent);
}

TEST(MassiveDecoder, reads_status_events_one_a_call) {
  const DecodedFrame frame =
      decode(R"([{"ev":"status","status":"success","message":"subscribed to: T.AAPL"},)"
             R"({"ev":"status","status":"max_connections","message":"too \"many\" \u00e9"},)"
             R"({"ev":"T","sym":"AAPL","p":1,"s":1,"t":1767366000123},)"
             R"({"ev":"status","status":"brand_new"}])");
  ASSERT_EQ(frame.events.size(), 4U);
  EXPECT_EQ(frame.events[0].status, StatusCode::success);
  EXPECT_EQ(frame.events[1].status, StatusCode::max_connections);
  EXPECT_EQ(frame.events[2].item, Item::tick);
  EXPECT_EQ(frame.events[3].status, StatusCode::unknown);
  ASSERT_EQ(frame.messages.size(), 3U);
  EXPECT_EQ(frame.messages[0], "subscribed to: T.AAPL");
  EXPECT_EQ(frame.messages[1], "too \"many\" \xc3\xa9");
  EXPECT_EQ(frame.messages[2], "");
  EXPECT_EQ(frame.counts.statuses, 3U);
}

TEST(MassiveDecoder, knows_every_status_word) {
  const std::pair<const char*, StatusCode> rows[] = {
      {"connected", StatusCode::connected},
      {"auth_success", StatusCode::auth_success},
      {"auth_failed", StatusCode::auth_failed},
      {"auth_timeout", StatusCode::auth_timeout},
      {"auth_required", StatusCode::auth_required},
      {"success", StatusCode::success},
      {"error", StatusCode::error},
      {"max_connections", StatusCode::max_connections},
      {"slow_consumer", StatusCode::slow_consumer},
      {"force_disconnect", StatusCode::force_disconnect},
  };
  for (const auto& [word, code] : rows) EXPECT_EQ(massive::parse_status(word), code) << word;
}

// The ways one trade's or quote's values may be spelled; each changes one key of a sound event.
TEST(MassiveDecoder, takes_a_trades_values_in_every_documented_form) {
  const auto trade = [](const char* rest) {
    return decode(std::string(R"([{"ev":"T","sym":"X","p":1,"s":7,"t":1767366000123,)") + rest +
                  "}]");
  };
  EXPECT_EQ(trade(R"("q":12.0)").events.at(0).tick.trade.sequence, 12U);
  EXPECT_EQ(trade(R"("q":1.2e+01)").events.at(0).tick.trade.sequence, 12U);
  EXPECT_EQ(trade(R"("q":null)").events.at(0).tick.trade.sequence, shm::sequence_absent);
  EXPECT_EQ(trade(R"("x":"11")").events.at(0).tick.venue, 11);
  EXPECT_EQ(trade(R"("c":[])").events.at(0).tick.trade.conditions[0], shm::condition_absent);
  EXPECT_EQ(trade(R"("c":null)").events.at(0).tick.trade.conditions[0], shm::condition_absent);
  EXPECT_EQ(trade(R"("c":14)").events.at(0).tick.trade.conditions[0], 14);
  EXPECT_EQ(trade(R"("c":[ 14 , 12.0,null])").events.at(0).tick.trade.conditions[1], 12);
  EXPECT_EQ(trade(R"("ds":"40.0")").events.at(0).tick.trade.size, 40'000'000);
  EXPECT_EQ(trade(R"("ds":null)").events.at(0).tick.trade.size, 7'000'000);
  EXPECT_EQ(trade(R"("trfi":202,"trft":1767366000120)").events.size(), 1U);
}

TEST(MassiveDecoder, keeps_trade_ids_as_numbers_only_where_they_print_back) {
  struct {
    const char* id;
    std::uint64_t value;
    bool is_hash;
  } const rows[] = {
      {R"("0")", 0, false},
      {R"("71675577")", 71'675'577, false},
      {R"(52983525029461)", 52'983'525'029'461, false},
      {R"("18446744073709551614")", 18'446'744'073'709'551'614U, false},
      // FNV-1a, 64 bits, by hand with an independent program.
      {R"("18446744073709551615")", 0xedf2'a76b'38fc'3c54U, true},
      {R"("007")", 0x4e7e'ef18'1d60'f22eU, true},
      {R"("a")", 0xaf63'dc4c'8601'ec8cU, true},
      {R"("")", shm::trade_id_absent, false},
  };
  for (const auto& row : rows) {
    const DecodedFrame frame = decode(
        std::string(R"([{"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"i":)") + row.id + "}]");
    ASSERT_EQ(frame.events.size(), 1U) << row.id;
    EXPECT_EQ(frame.events[0].tick.trade.trade_id, row.value) << row.id;
    EXPECT_EQ((frame.events[0].tick.flags & shm::flag_id_is_hash) != 0, row.is_hash) << row.id;
  }
}

TEST(MassiveDecoder, clips_flags_and_counts_what_does_not_fit) {
  const auto one = [](const char* text) {
    const DecodedFrame frame = decode(text);
    EXPECT_EQ(frame.events.size(), 1U) << text;
    EXPECT_EQ(frame.counts.clipped, 1U) << text;
    const shm::TickRecord tick = frame.events.empty() ? shm::empty_tick() : frame.events[0].tick;
    EXPECT_NE(tick.flags & shm::flag_clipped, 0) << text;
    return tick;
  };
  EXPECT_EQ(
      one(R"([{"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"q":4294967296}])").trade.sequence,
      shm::sequence_absent);
  EXPECT_EQ(one(R"([{"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"x":300}])").venue,
            shm::venue_absent);
  EXPECT_EQ(one(R"([{"ev":"T","sym":"X","p":9300000000,"s":1,"t":1767366000123}])").trade.price,
            shm::px_absent);
  EXPECT_EQ(one(R"([{"ev":"T","sym":"X","p":1.00000000049,"s":1,"t":1767366000123}])").trade.price,
            1'000'000'000);
  EXPECT_EQ(
      one(R"([{"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"ds":"0.1234567"}])").trade.size,
      123'456);
  const shm::TickRecord conditions =
      one(R"([{"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"c":[1,2,3,4,5]}])");
  EXPECT_EQ(conditions.trade.conditions[3], 4);
  EXPECT_EQ(one(R"([{"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"c":[256,-1]}])")
                .trade.conditions[1],
            shm::condition_absent);
  EXPECT_EQ(one(R"([{"ev":"Q","sym":"X","bp":1,"bs":5000000000,"t":1767366000123}])").quote.bid_sz,
            4'294'967'294U);
  EXPECT_EQ(one(R"([{"ev":"Q","sym":"X","c":-1,"t":1767366000123}])").quote.condition,
            shm::condition_absent);
  EXPECT_EQ(
      one(R"([{"ev":"Q","sym":"X","i":[601,602,603],"t":1767366000123}])").quote.indicators[1], 2);
  EXPECT_EQ(one(R"([{"ev":"Q","sym":"X","i":[15],"t":1767366000123}])").quote.indicators[0],
            shm::indicator_absent);
}

TEST(MassiveDecoder, multiplies_quote_sizes_where_the_vendor_sends_lots) {
  const char* text = R"([{"ev":"Q","sym":"X","bs":3,"as":42949673,"t":1767366000123}])";
  const DecodedFrame frame = decode(text, Market::stocks, 100);
  ASSERT_EQ(frame.events.size(), 1U);
  EXPECT_EQ(frame.events[0].tick.quote.bid_sz, 300U);
  EXPECT_EQ(frame.events[0].tick.quote.ask_sz, 4'294'967'294U);
  EXPECT_EQ(frame.counts.clipped, 1U);
}

TEST(MassiveDecoder, publishes_an_empty_quote_side_as_the_vendor_sent_it) {
  const DecodedFrame frame =
      decode(R"([{"ev":"Q","sym":"X","bp":0,"bs":0,"ap":1.5,"ax":12,"as":2,"t":1767366000123},)"
             R"({"ev":"Q","sym":"X","ap":1.5,"ax":12,"as":2,"t":1767366000123}])");
  ASSERT_EQ(frame.events.size(), 2U);
  EXPECT_EQ(frame.events[0].tick.quote.bid_px, 0);
  EXPECT_EQ(frame.events[0].tick.quote.bid_sz, 0U);
  EXPECT_EQ(frame.events[1].tick.quote.bid_px, shm::px_absent);
  EXPECT_EQ(frame.events[1].tick.quote.bid_sz, shm::quote_size_absent);
  EXPECT_EQ(frame.events[1].tick.venue, shm::venue_absent);
}

}  // namespace
}  // namespace ringside::feed
