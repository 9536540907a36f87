// The decoder against a table of cases from RFC 6455, each fed whole, cut in two at every byte, and
// byte by byte: the events must be the same.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "ringside/net/loop.hpp"
#include "ringside/net/ws.hpp"
#include "ws_frames.hpp"

namespace ringside::net {
namespace {

using test::close_payload;
using test::LengthForm;
using test::raw_frame;
using test::RawFrame;

struct Event {
  WsEvent event = WsEvent::need_more;
  WsOpcode opcode = WsOpcode::text;
  std::string payload = {};
  unsigned code = 0;  // close and failed only

  bool operator==(const Event&) const = default;
};

void PrintTo(const Event& event, std::ostream* out) {
  *out << "{event " << static_cast<int>(event.event) << ", opcode "
       << static_cast<int>(event.opcode) << ", code " << event.code << ", " << event.payload.size()
       << " bytes: " << event.payload.substr(0, 40) << "}";
}

Event text(std::string payload) {
  return {WsEvent::message, WsOpcode::text, std::move(payload), 0};
}
Event binary(std::string payload) {
  return {WsEvent::message, WsOpcode::binary, std::move(payload), 0};
}
Event ping(std::string payload) {
  return {WsEvent::ping, WsOpcode::ping, std::move(payload), 0};
}
Event pong(std::string payload) {
  return {WsEvent::pong, WsOpcode::pong, std::move(payload), 0};
}
Event closed(unsigned code, std::string reason = {}) {
  return {WsEvent::close, WsOpcode::close, std::move(reason), code};
}
Event failed(unsigned code) {
  return {WsEvent::failed, WsOpcode::text, {}, code};
}

struct Case {
  std::string name;
  std::vector<RawFrame> frames;
  std::vector<Event> events;
  WsLimits limits = {.message_bytes_max = 70'000, .fragment_count_max = 8};
};

// Feeds pieces that end at each of `cuts`, from buffers of exactly the promised padding.
std::vector<Event> decode(WsRole role, const WsLimits& limits, std::string_view wire,
                          const std::vector<std::size_t>& cuts) {
  WsDecoder decoder(role, limits);
  std::vector<Event> events;
  std::size_t from = 0;
  for (const std::size_t to : cuts) {
    const std::string_view piece = wire.substr(from, to - from);
    const std::size_t whole = padding_front_bytes + piece.size() + padding_back_bytes;
    const std::unique_ptr<std::byte[]> memory(new std::byte[whole]());
    std::memcpy(memory.get() + padding_front_bytes, piece.data(), piece.size());
    std::span<const std::byte> input(memory.get() + padding_front_bytes, piece.size());
    for (;;) {
      WsMessage message;
      const WsEvent event = decoder.next(input, message);
      if (event == WsEvent::need_more) break;
      const bool has_code = event == WsEvent::close || event == WsEvent::failed;
      Event seen{event, message.opcode, std::string(message.text()),
                 has_code ? static_cast<unsigned>(message.close_code) : 0U};
      if (event == WsEvent::failed) seen = failed(seen.code);
      if (event == WsEvent::message) {  // the padding is ours to read
        unsigned sum = 0;
        const std::byte* at = message.payload.data() - padding_front_bytes;
        const std::byte* end = message.payload.data() + message.payload.size() + padding_back_bytes;
        for (; at != end; ++at) sum += std::to_integer<unsigned>(*at);
        EXPECT_LT(sum, UINT_MAX);
      }
      events.push_back(std::move(seen));
      if (event == WsEvent::failed) break;
    }
    EXPECT_TRUE(input.empty());
    if (!events.empty() && events.back().event == WsEvent::failed) break;
    from = to;
  }
  return events;
}

void check(const Case& each, WsRole role) {
  SCOPED_TRACE(each.name + (role == WsRole::server ? " (server)" : " (client)"));
  std::string wire;
  for (RawFrame frame : each.frames) {
    if (role == WsRole::server && !frame.mask) frame.mask = 0xA1B2C3D4U;
    wire += raw_frame(frame);
  }
  EXPECT_EQ(decode(role, each.limits, wire, {wire.size()}), each.events) << "whole";
  // Every cut of a short wire; of a long one those near frame borders and a sample.
  const std::size_t step = wire.size() < 2'000 ? 1 : 997;
  for (std::size_t cut = 0; cut <= wire.size(); cut += cut < 64 ? 1 : step) {
    ASSERT_EQ(decode(role, each.limits, wire, {cut, wire.size()}), each.events) << "cut at " << cut;
  }
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut <= wire.size(); cut += wire.size() < 2'000 ? 1 : 61) {
    every.push_back(cut);
  }
  if (every.empty() || every.back() != wire.size()) every.push_back(wire.size());
  ASSERT_EQ(decode(role, each.limits, wire, every), each.events) << "byte by byte";
}

void check_both(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    check(each, WsRole::client);
    check(each, WsRole::server);
  }
}

std::string ascii(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

// Section 5.2 and 5.6: every border of the length forms, both data opcodes.
TEST(WsDecoder, yields_messages_of_every_length_form) {
  std::vector<Case> cases;
  for (const std::size_t bytes :
       {0U,   1U,   2U,   3U,   4U,     5U,      7U,      8U,      15U,     16U,
        17U,  31U,  32U,  33U,  63U,    64U,     65U,     124U,    125U,    126U,
        127U, 128U, 255U, 256U, 1'000U, 65'534U, 65'535U, 65'536U, 65'537U, 70'000U}) {
    const std::string payload = ascii(bytes);
    const std::string n = std::to_string(bytes);
    cases.push_back({"text " + n, {{.opcode = 1, .payload = payload}}, {text(payload)}});
    cases.push_back({"binary " + n, {{.opcode = 2, .payload = payload}}, {binary(payload)}});
  }
  check_both(cases);
}

TEST(WsDecoder, yields_several_messages_of_one_input_in_order) {
  Case each{"many", {}, {}};
  for (int i = 0; i < 20; ++i) {
    const std::string payload = ascii(7 * static_cast<std::size_t>(i));
    each.frames.push_back({.opcode = i % 2 == 0 ? 1U : 2U, .payload = payload});
    each.events.push_back(i % 2 == 0 ? text(payload) : binary(payload));
  }
  check_both({each});
}

// Section 5.4.
TEST(WsDecoder, joins_fragments_and_lets_control_frames_through_between_them) {
  check_both({
      {"two", {{.payload = "ab", .fin = false}, {.opcode = 0, .payload = "cd"}}, {text("abcd")}},
      {"three",
       {{.opcode = 2, .payload = "ab", .fin = false},
        {.opcode = 0, .payload = "cd", .fin = false},
        {.opcode = 0, .payload = "ef"}},
       {binary("abcdef")}},
      {"empty fragments",
       {{.payload = "", .fin = false},
        {.opcode = 0, .payload = "", .fin = false},
        {.opcode = 0, .payload = ""}},
       {text("")}},
      {"empty first",
       {{.payload = "", .fin = false}, {.opcode = 0, .payload = "xyz"}},
       {text("xyz")}},
      {"empty last",
       {{.payload = "xyz", .fin = false}, {.opcode = 0, .payload = ""}},
       {text("xyz")}},
      {"ping inside",
       {{.payload = "ab", .fin = false},
        {.opcode = 9, .payload = "p"},
        {.opcode = 0, .payload = "cd"}},
       {ping("p"), text("abcd")}},
      {"ping and pong inside",
       {{.payload = "ab", .fin = false},
        {.opcode = 9, .payload = "1"},
        {.opcode = 0, .payload = "cd", .fin = false},
        {.opcode = 10, .payload = "2"},
        {.opcode = 0, .payload = "ef"}},
       {ping("1"), pong("2"), text("abcdef")}},
      {"close inside",
       {{.payload = "ab", .fin = false}, {.opcode = 8, .payload = close_payload(1000)}},
       {closed(1000)}},
      {"message after fragments",
       {{.payload = "ab", .fin = false}, {.opcode = 0, .payload = "cd"}, {.payload = "ef"}},
       {text("abcd"), text("ef")}},
      {"large fragments",
       {{.payload = ascii(30'000), .fin = false}, {.opcode = 0, .payload = ascii(30'000)}},
       {text(ascii(30'000) + ascii(30'000))}},
  });
}

// Section 5.5.
TEST(WsDecoder, yields_control_frames_up_to_125_bytes) {
  std::vector<Case> cases;
  for (const std::size_t bytes : {0U, 1U, 4U, 124U, 125U}) {
    const std::string payload = ascii(bytes);
    cases.push_back({"ping", {{.opcode = 9, .payload = payload}}, {ping(payload)}});
    cases.push_back({"pong", {{.opcode = 10, .payload = payload}}, {pong(payload)}});
  }
  const std::string zeros("\0\xFF\xFE\0", 4);
  cases.push_back({"binary ping", {{.opcode = 9, .payload = zeros}}, {ping(zeros)}});
  for (const unsigned opcode : {8U, 9U, 10U}) {
    for (const std::size_t bytes : {126U, 127U, 70'000U}) {
      cases.push_back(
          {"long control", {{.opcode = opcode, .payload = ascii(bytes)}}, {failed(1002)}});
    }
    cases.push_back({"control length in 16 bits",
                     {{.opcode = opcode, .payload = "ab", .form = LengthForm::as_16_bits}},
                     {failed(1002)}});
    cases.push_back({"fragmented control",
                     {{.opcode = opcode, .payload = "ab", .fin = false}},
                     {failed(1002)}});
  }
  check_both(cases);
}

TEST(WsDecoder, fails_with_1002_on_reserved_bits_and_opcodes) {
  std::vector<Case> cases;
  for (unsigned rsv = 1; rsv < 8; ++rsv) {
    for (const unsigned opcode : {1U, 2U, 8U, 9U, 10U}) {
      cases.push_back({"rsv", {{.opcode = opcode, .rsv = rsv}}, {failed(1002)}});
    }
    cases.push_back({"rsv in a continuation",
                     {{.payload = "ab", .fin = false}, {.opcode = 0, .rsv = rsv}},
                     {failed(1002)}});
  }
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    cases.push_back({"opcode", {{.opcode = opcode}}, {failed(1002)}});
    cases.push_back({"opcode after a message",
                     {{.payload = "ok"}, {.opcode = opcode, .payload = "x"}},
                     {text("ok"), failed(1002)}});
  }
  check_both(cases);
}

TEST(WsDecoder, fails_with_1002_when_fragments_are_out_of_order) {
  check_both({
      {"continuation first", {{.opcode = 0, .payload = "x"}}, {failed(1002)}},
      {"continuation first, not final",
       {{.opcode = 0, .payload = "x", .fin = false}},
       {failed(1002)}},
      {"continuation after the end",
       {{.payload = "a", .fin = false},
        {.opcode = 0, .payload = "b"},
        {.opcode = 0, .payload = "c"}},
       {text("ab"), failed(1002)}},
      {"text inside", {{.payload = "a", .fin = false}, {.payload = "b"}}, {failed(1002)}},
      {"binary inside",
       {{.payload = "a", .fin = false}, {.opcode = 2, .payload = "b", .fin = false}},
       {failed(1002)}},
  });
}

TEST(WsDecoder, fails_with_1002_when_a_length_is_not_minimal_or_has_its_top_bit_set) {
  std::vector<Case> cases;
  for (const std::size_t bytes : {0U, 1U, 125U}) {
    cases.push_back(
        {"16 bits", {{.payload = ascii(bytes), .form = LengthForm::as_16_bits}}, {failed(1002)}});
  }
  for (const std::size_t bytes : {0U, 125U, 126U, 65'535U}) {
    cases.push_back(
        {"64 bits", {{.payload = ascii(bytes), .form = LengthForm::as_64_bits}}, {failed(1002)}});
  }
  for (const std::uint64_t claimed : {std::uint64_t{1} << 63U, UINT64_MAX}) {
    cases.push_back({"top bit",
                     {{.payload = "x", .form = LengthForm::as_64_bits, .claimed_bytes = claimed}},
                     {failed(1002)}});
  }
  check_both(cases);
}

// Section 5.1: a client's frames are masked, a server's are not.
TEST(WsDecoder, fails_with_1002_on_wrong_masking) {
  for (const unsigned opcode : {1U, 2U, 8U, 9U, 10U}) {
    const std::string unmasked = raw_frame({.opcode = opcode});
    EXPECT_EQ(decode(WsRole::server, {}, unmasked, {unmasked.size()}), std::vector{failed(1002)});
    const std::string masked = raw_frame({.opcode = opcode, .mask = 7});
    EXPECT_EQ(decode(WsRole::client, {}, masked, {masked.size()}), std::vector{failed(1002)});
  }
}

TEST(WsDecoder, unmasks_with_every_mask_at_every_phase) {
  for (const std::uint32_t mask : {0U, 1U, 0xFF000000U, 0x01020304U, 0xFFFFFFFFU}) {
    for (std::size_t bytes = 0; bytes < 70; ++bytes) {
      const std::string payload = ascii(bytes);
      check({"mask", {{.payload = payload, .mask = mask}}, {text(payload)}}, WsRole::server);
    }
  }
}

// Section 7.4.
TEST(WsDecoder, takes_only_close_codes_that_may_be_sent) {
  std::vector<Case> cases = {
      {"no code", {{.opcode = 8}}, {closed(1005)}},
      {"half a code", {{.opcode = 8, .payload = "\x03"}}, {failed(1002)}},
      {"reason", {{.opcode = 8, .payload = close_payload(1000, "bye")}}, {closed(1000, "bye")}},
      {"longest reason",
       {{.opcode = 8, .payload = close_payload(1000, ascii(123))}},
       {closed(1000, ascii(123))}},
      {"reason in UTF-8",
       {{.opcode = 8, .payload = close_payload(1001, "gr\xC3\xBC\xC3\x9F")}},
       {closed(1001, "gr\xC3\xBC\xC3\x9F")}},
      {"reason not in UTF-8",
       {{.opcode = 8, .payload = close_payload(1000, "\xC3\x28")}},
       {failed(1007)}},
      {"reason cut off",
       {{.opcode = 8, .payload = close_payload(1000, "a\xE2\x82")}},
       {failed(1007)}},
      {"nothing counts after it",
       {{.opcode = 8, .payload = close_payload(1000)}, {.payload = "x"}, {.opcode = 3}},
       {closed(1000)}},
  };
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
                              1013U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    cases.push_back({"good " + std::to_string(code),
                     {{.opcode = 8, .payload = close_payload(code)}},
                     {closed(code)}});
  }
  for (const unsigned code :
       {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65'535U}) {
    cases.push_back({"bad " + std::to_string(code),
                     {{.opcode = 8, .payload = close_payload(code)}},
                     {failed(1002)}});
  }
  check_both(cases);
}

// Section 8.1: whole messages are checked, so that a code point may be cut by fragments.
TEST(WsDecoder, takes_only_text_that_is_utf_8) {
  const std::string euro = "\xE2\x82\xAC";
  const std::string clef = "\xF0\x9D\x84\x9E";
  std::vector<Case> cases = {
      {"two bytes", {{.payload = "\xC2\xA2"}}, {text("\xC2\xA2")}},
      {"three bytes", {{.payload = euro}}, {text(euro)}},
      {"four bytes", {{.payload = clef}}, {text(clef)}},
      {"binary need not be", {{.opcode = 2, .payload = "\xFF\xFE"}}, {binary("\xFF\xFE")}},
  };
  for (const std::string& whole : {euro, clef, "x" + clef + "y"}) {
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      cases.push_back({"cut by fragments",
                       {{.payload = whole.substr(0, cut), .fin = false},
                        {.opcode = 9, .payload = ""},
                        {.opcode = 0, .payload = whole.substr(cut)}},
                       {ping(""), text(whole)}});
    }
  }
  for (const char* bad : {"\x80",
                          "\xBF",
                          "\xC0\x80",
                          "\xC1\xBF",
                          "\xC2",
                          "\xC2\x41",
                          "\xE0\x80\x80",
                          "\xE0\x9F\xBF",
                          "\xE2\x82",
                          "\xED\xA0\x80",
                          "\xED\xBF\xBF",
                          "\xEF\xBF",
                          "\xF0\x80\x80\x80",
                          "\xF0\x8F\xBF\xBF",
                          "\xF0\x9D\x84",
                          "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80",
                          "\xF8\x88\x80\x80\x80",
                          "\xFE",
                          "\xFF",
                          "\xC2\xA2\xA2",
                          "ok\xE2\x82xx"}) {
    cases.push_back({"bad", {{.payload = bad}}, {failed(1007)}});
    cases.push_back({"bad behind much", {{.payload = ascii(300) + bad}}, {failed(1007)}});
    cases.push_back({"bad in a last fragment",
                     {{.payload = "ok", .fin = false}, {.opcode = 0, .payload = bad}},
                     {failed(1007)}});
  }
  check_both(cases);
}

TEST(WsDecoder, closes_with_1009_when_a_message_exceeds_the_limit) {
  const WsLimits limits{.message_bytes_max = 100, .fragment_count_max = 8};
  check_both({
      {"at the limit", {{.payload = ascii(100)}}, {text(ascii(100))}, limits},
      {"above", {{.payload = ascii(101)}}, {failed(1009)}, limits},
      {"fragments at the limit",
       {{.payload = ascii(60), .fin = false}, {.opcode = 0, .payload = ascii(40)}},
       {text(ascii(60) + ascii(40))},
       limits},
      {"fragments above",
       {{.payload = ascii(60), .fin = false}, {.opcode = 0, .payload = ascii(41)}},
       {failed(1009)},
       limits},
      {"the next message starts anew",
       {{.payload = ascii(100)}, {.payload = ascii(100)}},
       {text(ascii(100)), text(ascii(100))},
       limits},
      {"huge claim, no payload",
       {{.payload = "", .claimed_bytes = (std::uint64_t{1} << 62U)}},
       {failed(1009)},
       limits},
  });
}

TEST(WsDecoder, notices_a_limit_before_the_payload_arrives) {
  WsDecoder decoder(WsRole::client, {.message_bytes_max = 1000, .fragment_count_max = 4});
  const std::string header = raw_frame({.payload = "", .claimed_bytes = 1001});
  std::span<const std::byte> input = std::as_bytes(std::span(header));
  WsMessage message;
  EXPECT_EQ(decoder.next(input, message), WsEvent::failed);
  EXPECT_EQ(message.close_code, WsCloseCode::too_big);
  EXPECT_FALSE(decoder.error_reason().empty());
}

TEST(WsDecoder, closes_with_1008_when_a_message_has_too_many_fragments) {
  Case each{"fragments", {{.payload = "", .fin = false}}, {}};
  for (int i = 0; i < 6; ++i) each.frames.push_back({.opcode = 0, .payload = "", .fin = false});
  Case good = each;
  good.frames.push_back({.opcode = 0, .payload = "x"});
  good.events = {text("x")};
  Case bad = each;
  bad.frames.push_back({.opcode = 0, .payload = "", .fin = false});
  bad.frames.push_back({.opcode = 0, .payload = "x"});
  bad.events = {failed(1008)};
  check_both({good, bad});
}

TEST(WsDecoder, hands_out_an_unmasked_whole_message_in_place) {
  WsDecoder decoder(WsRole::client);
  const std::string wire = raw_frame({.payload = "abc"}) + raw_frame({.payload = "defg"});
  std::span<const std::byte> input = std::as_bytes(std::span(wire));
  WsMessage message;
  ASSERT_EQ(decoder.next(input, message), WsEvent::message);
  EXPECT_EQ(reinterpret_cast<const char*>(message.payload.data()), wire.data() + 2);
  ASSERT_EQ(decoder.next(input, message), WsEvent::message);
  EXPECT_EQ(reinterpret_cast<const char*>(message.payload.data()), wire.data() + 7);
}

TEST(WsDecoder, says_whether_it_is_inside_a_message_and_forgets_on_reset) {
  WsDecoder decoder(WsRole::client);
  WsMessage message;
  EXPECT_FALSE(decoder.is_inside_message());
  const std::string part = raw_frame({.payload = "abc", .fin = false});
  for (std::size_t cut = 1; cut <= part.size(); ++cut) {
    decoder.reset();
    std::span<const std::byte> input = std::as_bytes(std::span(part).first(cut));
    EXPECT_EQ(decoder.next(input, message), WsEvent::need_more);
    EXPECT_TRUE(decoder.is_inside_message()) << cut;
  }
  decoder.reset();
  const std::string whole = raw_frame({.payload = "new"});
  std::span<const std::byte> input = std::as_bytes(std::span(whole));
  ASSERT_EQ(decoder.next(input, message), WsEvent::message);
  EXPECT_EQ(message.text(), "new");
  EXPECT_FALSE(decoder.is_inside_message());
}

TEST(WsDecoder, stays_failed) {
  WsDecoder decoder(WsRole::client);
  const std::string bad = raw_frame({.opcode = 3}) + raw_frame({.payload = "x"});
  std::span<const std::byte> input = std::as_bytes(std::span(bad));
  WsMessage message;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decoder.next(input, message), WsEvent::failed);
    EXPECT_EQ(message.close_code, WsCloseCode::protocol_error);
    EXPECT_TRUE(input.empty());
  }
}

}  // namespace
}  // namespace ringside::net
