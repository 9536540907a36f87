// What a frame costs when something in it is odd or broken: one event, never its neighbours.
#include <gtest/gtest.h>

#include <random>

#include "decode_support.hpp"

namespace ringside::feed {
namespace {

std::string trade(int number) {
  return R"({"ev":"T","sym":"S)" + std::to_string(number) +
         R"(","p":1.5,"s":2,"c":[37],"t":1767366000123,"q":)" + std::to_string(number) + "}";
}

std::vector<std::string> symbols_of(const DecodedFrame& frame) {
  std::vector<std::string> symbols;
  for (const Decoded& event : frame.events) symbols.emplace_back(event.symbol.view());
  return symbols;
}

using Symbols = std::vector<std::string>;

TEST(MassiveDecoder, takes_keys_in_any_order) {
  const DecodedFrame frame = decode(
      R"([{"t":1767366000123,"c":[37],"s":2,"sym":"AAPL","p":1.5,"ev":"T"},)"
      R"({"s":1767366000000,"c":2,"l":1,"h":3,"o":1,"e":1767366060000,"sym":"MSFT","ev":"AM"}])");
  EXPECT_EQ(symbols_of(frame), (Symbols{"AAPL", "MSFT"}));
  EXPECT_EQ(frame.events[0].tick.trade.conditions[0], 37);
  EXPECT_EQ(frame.events[1].bar.close, 2'000'000'000);
}

TEST(MassiveDecoder, takes_blanks_anywhere) {
  const DecodedFrame frame = decode(
      " \n[ { \"ev\" : \"T\" ,\t\"sym\": \"AAPL\" , \"p\": 1.5 , \"s\": 2 , \"c\": [ 37 , 12 ] , "
      "\"t\": 1767366000123 } , {\"ev\": \"T\", \"sym\": \"B\", \"p\": 1, \"s\": 1, \"t\": "
      "1767366000123} ] \r\n");
  EXPECT_EQ(symbols_of(frame), (Symbols{"AAPL", "B"}));
  EXPECT_EQ(frame.events[0].tick.trade.conditions[1], 12);
  EXPECT_EQ(frame.events[0].tick.flags, 0);
  EXPECT_EQ(frame.events[1].tick.flags, shm::flag_last_of_frame);
  EXPECT_EQ(frame.counts.rejects_total(), 0U);
}

TEST(MassiveDecoder, resolves_escapes_in_keys_and_symbols) {
  const DecodedFrame frame =
      decode(R"([{"\u0065v":"T","s\u0079m":"BRK\u002eB","p":1,"s":1,"t":1767366000123}])");
  EXPECT_EQ(symbols_of(frame), (Symbols{"BRK.B"}));
  EXPECT_EQ(frame.counts.keys_unknown, 0U);
}

TEST(MassiveDecoder, skips_and_counts_unknown_keys_and_events) {
  const DecodedFrame frame = decode(
      R"([{"ev":"T","sym":"A","zz":{"a":[1,{"b":"\n"}],"ev":"Q"},"p":1,"s":1,"t":1767366000123,)"
      R"("a_very_long_key_indeed":null},{"ev":"LULD","T":"A","h":1.0,"l":0.5,"i":[16]},)"
      R"({"ev":"T","sym":"B","p":1,"s":1,"t":1767366000123}])");
  EXPECT_EQ(symbols_of(frame), (Symbols{"A", "B"}));
  EXPECT_EQ(frame.counts.keys_unknown, 3U);
  EXPECT_EQ(frame.counts.events_unknown, 1U);
  EXPECT_EQ(frame.counts.rejects_total(), 0U);
}

TEST(MassiveDecoder, takes_a_bare_object_and_an_empty_array) {
  const DecodedFrame bare = decode(trade(1));
  EXPECT_EQ(symbols_of(bare), (Symbols{"S1"}));
  EXPECT_EQ(bare.events.at(0).tick.flags, shm::flag_last_of_frame);
  EXPECT_EQ(bare.counts.rejects_total(), 0U);
  for (const char* text : {"[]", " [ ] ", "[\n]"}) {
    const DecodedFrame empty = decode(text);
    EXPECT_TRUE(empty.events.empty());
    EXPECT_EQ(empty.counts.rejects_total(), 0U) << text;
  }
}

TEST(MassiveDecoder, gives_the_same_events_for_every_batch_size) {
  std::string text = "[";
  for (int i = 0; i < 20; ++i) {
    text += (i != 0 ? "," : "") + trade(i);
    if (i == 5) text += R"(,{"ev":"status","status":"success","message":"m"})";
  }
  text += "]";
  for (const std::size_t batch : {1U, 2U, 7U, 64U}) {
    const DecodedFrame frame = decode(text, Market::stocks, 1, batch);
    ASSERT_EQ(frame.events.size(), 21U);
    EXPECT_EQ(frame.events[6].item, Item::status);
    EXPECT_EQ(frame.events[20].symbol.view(), "S19");
    EXPECT_EQ(frame.messages.at(0), "m");
  }
}

// Each row: one event that cannot be taken, and why. It stands between two that can.
TEST(MassiveDecoder, loses_one_malformed_event_and_neither_neighbour) {
  struct {
    const char* text;
    RejectReason reason;
  } const rows[] = {
      {R"({"sym":"X","p":1,"s":1,"t":1767366000123})", RejectReason::missing_field},
      {R"({"ev":null,"sym":"X","p":1,"s":1,"t":1767366000123})", RejectReason::missing_field},
      {R"({"ev":"T","p":1,"s":1,"t":1767366000123})", RejectReason::missing_field},
      {R"({"ev":"T","sym":"X","s":1,"t":1767366000123})", RejectReason::missing_field},
      {R"({"ev":"T","sym":"X","p":1,"t":1767366000123})", RejectReason::missing_field},
      {R"({"ev":"T","sym":"X","p":1,"s":1})", RejectReason::missing_field},
      {R"({"ev":"AM","sym":"X","o":1,"h":1,"l":1,"s":1767366000000})", RejectReason::missing_field},
      {"{}", RejectReason::missing_field},
      {R"({"ev":5,"sym":"X"})", RejectReason::wrong_type},
      {R"({"ev":"T","sym":7,"p":1,"s":1,"t":1767366000123})", RejectReason::wrong_type},
      {R"({"ev":"T","sym":"X","p":{},"s":1,"t":1767366000123})", RejectReason::wrong_type},
      {R"({"ev":"T","sym":"X","p":true,"s":1,"t":1767366000123})", RejectReason::wrong_type},
      {R"({"ev":"T","sym":"X","p":[1],"s":1,"t":1767366000123})", RejectReason::wrong_type},
      {R"({"ev":"T","sym":"X","p":"1,5","s":1,"t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1.,"s":1,"t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":01,"s":1,"t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"ds":"x","t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":-1,"t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"x":1.5,"t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"c":["a"],"t":1767366000123})", RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"pt":1.2.3,"t":1767366000123})",
       RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"bp":1.2.3e,"t":1767366000123})",
       RejectReason::bad_number},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"t":0})", RejectReason::bad_time},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"t":-1767366000123})", RejectReason::bad_time},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"t":99999999999999})", RejectReason::bad_time},
      {R"({"ev":"A","sym":"X","o":1,"h":1,"l":1,"c":1,"s":1767366000000,"e":1767365000000})",
       RejectReason::bad_time},
      {R"({"ev":"T","sym":"","p":1,"s":1,"t":1767366000123})", RejectReason::bad_symbol},
      {R"({"ev":"T","sym":"A B","p":1,"s":1,"t":1767366000123})", RejectReason::bad_symbol},
      {R"({"ev":"T","sym":"Z\u0000","p":1,"s":1,"t":1767366000123})", RejectReason::bad_symbol},
      {R"({"ev":"T","sym":"1234567890123456789012345","p":1,"s":1,"t":1767366000123})",
       RejectReason::bad_symbol},
      {R"({"ev":"T","sym":"X","sym":"Y","p":1,"s":1,"t":1767366000123})",
       RejectReason::duplicate_key},
      {R"({"ev":"T","ev":"T","sym":"X","p":1,"s":1,"t":1767366000123})",
       RejectReason::duplicate_key},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,"t":null})",
       RejectReason::duplicate_key},
      // No longer JSON.
      {R"({"ev":"T","sym":"X","p":,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":1,,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123,})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p" 1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":tru,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","zz":tru8.38,"p":1,"s":1,"t":1767366000123})",
       RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","zz":1.2.3,"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":nulx,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","a":"b":1,"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","a":5:1,"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":1 2,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":1"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","c":[37,],"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","c":[37,"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","c":37],"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","c":[37},"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","p":1,"s":1,"t":1767366000123)", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X,"p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":X","p":1,"s":1,"t":1767366000123})", RejectReason::bad_json},
      {R"({"ev":"T","sym":"X","zz":"\q","p":1,"s":1,"t":1767366000123})",
       RejectReason::bad_encoding},
      {R"({"ev":"T","sym":"X","z\q":1,"p":1,"s":1,"t":1767366000123})", RejectReason::bad_encoding},
      {R"({"ev":"T","sym":"\ud800","p":1,"s":1,"t":1767366000123})", RejectReason::bad_encoding},
      {"{\"ev\":\"T\",\"sym\":\"\xff\",\"p\":1,\"s\":1,\"t\":1767366000123}",
       RejectReason::bad_encoding},
      {"{\"ev\":\"T\",\"sym\":\"X\x01\",\"p\":1,\"s\":1,\"t\":1767366000123}",
       RejectReason::bad_encoding},
      {R"({"zz":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"p":1})",
       RejectReason::too_deep},
      {"{\"ev\":\"T\",\"sym\":\"X\",\"p\":1,\"s\":1,\"c\":null\x0f,\"t\":1767366000123}",
       RejectReason::bad_json},
      {"{\"ev\":\"T\",\"sym\":\"X\",\"p\":1\x0f,\"s\":1,\"t\":1767366000123}",
       RejectReason::bad_number},
      {"{\"ev\":\"T\",\"sym\":\"X\",\"p\":1\xc3\xa9,\"s\":1,\"t\":1767366000123}",
       RejectReason::bad_number},
      {"17", RejectReason::bad_json},
      {"\"text\"", RejectReason::bad_json},
      {"[1,2]", RejectReason::bad_json},
      {"null", RejectReason::bad_json},
      {"abc", RejectReason::bad_json},
  };
  for (const auto& row : rows) {
    const DecodedFrame frame =
        decode("[" + trade(1) + "," + row.text + "," + trade(2) + "," + trade(3) + "]");
    EXPECT_EQ(symbols_of(frame), (Symbols{"S1", "S2", "S3"})) << row.text;
    EXPECT_EQ(frame.rejected(row.reason), 1U) << row.text;
    EXPECT_EQ(frame.counts.rejects_total(), 1U) << row.text;
    const bool has_last =
        !frame.events.empty() && (frame.events.back().tick.flags & shm::flag_last_of_frame) != 0;
    EXPECT_TRUE(has_last) << row.text;
  }
}

TEST(MassiveDecoder, keeps_the_sound_events_around_several_broken_ones) {
  const std::string quote_lost = R"({"ev":"T","sym":"X,"p":1,"s":1,"t":1767366000123})";
  const DecodedFrame frame =
      decode("[" + trade(1) + "," + quote_lost + "," + trade(2) + "," + quote_lost + "," +
             trade(3) + "," + R"({"ev":"T",)" + "," + trade(4) + "]");
  EXPECT_EQ(symbols_of(frame), (Symbols{"S1", "S2", "S3", "S4"}));
  EXPECT_EQ(frame.counts.rejects_total(), 3U);
}

TEST(MassiveDecoder, rejects_bytes_around_the_array_and_keeps_what_is_inside) {
  struct {
    std::string text;
    std::size_t events;
    RejectReason reason;
  } const rows[] = {
      {"", 0, RejectReason::bad_frame},
      {" \n", 0, RejectReason::bad_frame},
      {"17", 0, RejectReason::bad_frame},
      {"\"text\"", 0, RejectReason::bad_frame},
      {"xx[" + trade(1) + "]", 1, RejectReason::bad_frame},
      {"[" + trade(1) + "]x", 1, RejectReason::bad_frame},
      {"[" + trade(1) + "]]", 1, RejectReason::bad_frame},
      {"[" + trade(1) + "] [" + trade(2) + "]", 1, RejectReason::bad_frame},
      {trade(1) + "," + trade(2), 2, RejectReason::bad_frame},
      {"[" + trade(1) + trade(2) + "]", 2, RejectReason::bad_json},
      {"[" + trade(1) + ",]", 1, RejectReason::bad_json},
      {"[," + trade(1) + "]", 1, RejectReason::bad_json},
      {"[" + trade(1) + ",," + trade(2) + "]", 2, RejectReason::bad_json},
      {"[,]", 0, RejectReason::bad_json},
  };
  for (const auto& row : rows) {
    const DecodedFrame frame = decode(row.text);
    EXPECT_EQ(frame.events.size(), row.events) << row.text;
    EXPECT_EQ(frame.rejected(row.reason), 1U) << row.text;
    EXPECT_EQ(frame.counts.rejects_total(), 1U) << row.text;
  }
}

// A frame cut anywhere gives the events that are whole in it, and one reject for the cut.
TEST(MassiveDecoder, takes_whole_events_of_a_frame_cut_at_any_byte) {
  const std::string events[] = {
      R"({"ev":"T","sym":"S0","i":"90017","x":11,"p":10.015,"s":0,"c":[37,14],)"
      R"("t":1767366000123,"q":1,"z":3,"ds":"0.25"})",
      R"({"ev":"status","status":"success","message":"a \"quoted\" {brace"})",
      R"({"ev":"Q","sym":"S1","zz":{"a":[{"b":1}]},"i":[604],"bp":10.01,"t":1767366000130})",
      trade(2),
  };
  std::string text = "[";
  std::vector<std::size_t> ends;
  for (const std::string& event : events) {
    text += (ends.empty() ? "" : ",") + event;
    ends.push_back(text.size());
  }
  text += "]";
  for (std::size_t length = 1; length < text.size(); ++length) {
    const DecodedFrame frame = decode(std::string_view(text).substr(0, length));
    std::size_t whole = 0;
    for (const std::size_t end : ends) whole += end <= length ? 1 : 0;
    EXPECT_EQ(frame.events.size(), whole) << text.substr(0, length);
    EXPECT_EQ(frame.rejected(RejectReason::truncated), 1U) << text.substr(0, length);
    EXPECT_EQ(frame.counts.rejects_total(), 1U) << text.substr(0, length);
  }
  EXPECT_EQ(decode(text).events.size(), ends.size());
  EXPECT_EQ(decode(text).counts.rejects_total(), 0U);
}

TEST(MassiveDecoder, rejects_a_frame_beyond_its_limit_without_looking_at_it) {
  massive::Decoder::Options options;
  options.frame_bytes_max = 100;
  Result<massive::Decoder> decoder = massive::Decoder::make(options);
  std::string text = "[" + trade(1) + "," + trade(2) + "]";
  ASSERT_GT(text.size(), 100U);
  const std::size_t size = text.size();
  text.resize(size + massive::frame_padding_bytes);
  decoder->begin(std::as_bytes(std::span(text.data(), size)), ts_recv_given);
  Decoded out[4];
  EXPECT_EQ(decoder->read(out), 0U);
  EXPECT_EQ(decoder->counts().rejects[static_cast<std::size_t>(RejectReason::too_large)], 1U);
}

// A frame made to be searched again and again ends after effort_max looks.
TEST(MassiveDecoder, gives_up_a_frame_that_hides_every_event) {
  std::string text = "[";
  while (text.size() < 200'000) text += "{\"a\":[{\"b\",";
  const DecodedFrame frame = decode(text);
  EXPECT_TRUE(frame.events.empty());
  EXPECT_EQ(frame.rejected(RejectReason::too_large), 1U);
}

TEST(MassiveDecoder, decodes_the_next_frame_after_any_broken_one) {
  Result<massive::Decoder> decoder = massive::Decoder::make({});
  std::mt19937_64 random(17);
  const std::string sound = "[" + trade(1) + "," + trade(2) + "]";
  for (int round = 0; round < 2'000; ++round) {
    std::string broken = sound;
    for (int i = 0; i < 3; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    for (const std::string& text : {broken, sound}) {
      std::string padded = text;
      padded.resize(text.size() + massive::frame_padding_bytes, ']');
      decoder->begin(std::as_bytes(std::span(padded.data(), text.size())), ts_recv_given);
      Decoded out[8];
      const std::size_t count = decoder->read(out);
      ASSERT_LE(count, 2U) << broken;
      if (text == sound) {
        ASSERT_EQ(count, 2U) << "after " << broken;
      }
      while (decoder->read(out) != 0) {
      }
    }
  }
}

}  // namespace
}  // namespace ringside::feed
