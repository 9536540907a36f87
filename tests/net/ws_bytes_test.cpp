// The vectorised loops against their scalar twins, and what an endpoint writes.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "ringside/net/ws.hpp"
#include "support/seed.hpp"
#include "ws_frames.hpp"

namespace ringside::net {
namespace {

// Runs `body` once for each instruction set that this machine and this build have.
template <class Body>
void on_every_target(Body body) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const auto target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void expect_same(const std::string& text) {
  ASSERT_EQ(is_utf8(bytes_of(text)), is_utf8_scalar(bytes_of(text)))
      << ::testing::PrintToString(text);
}

TEST(Utf8, scalar_twin_knows_the_borders_of_every_form) {
  for (const char* good : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEC\xBF\xBF",
                           "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
                           "\xF3\xBF\xBF\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8_scalar(bytes_of(good))) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8_scalar(bytes_of(bad)));
  }
}

// Every sequence of up to three bytes, and every four-byte sequence of border bytes, at a place
// where vectors meet.
TEST(Utf8, vector_agrees_with_scalar_on_every_short_sequence) {
  const std::string borders = {'\x00', '\x7F', '\x80', '\x8F', '\x90', '\x9F', '\xA0', '\xBF',
                               '\xC0', '\xC1', '\xC2', '\xDF', '\xE0', '\xE1', '\xEC', '\xED',
                               '\xEE', '\xEF', '\xF0', '\xF1', '\xF3', '\xF4', '\xF5', '\xFF'};
  on_every_target([&] {
    for (unsigned pair = 0; pair < 65'536; ++pair) {
      const std::string two = {static_cast<char>(pair >> 8U), static_cast<char>(pair & 0xFFU)};
      expect_same(two);
    }
    for (const char a : borders) {
      for (const char b : borders) {
        for (const char c : borders) {
          expect_same({a, b, c});
          for (const char d : borders) expect_same({'x', a, b, c, d, 'x'});
        }
      }
    }
  });
}

TEST(Utf8, vector_agrees_with_scalar_wherever_a_form_lies) {
  const std::vector<std::string> forms = {
      "\xC3\xBC",         "\xE2\x82\xAC",     "\xF0\x9D\x84\x9E",    "\xC3",
      "\xE2\x82",         "\xF0\x9D\x84",     "\xED\xA0\x80",        "\x80",
      "\xF4\x90\x80\x80", "\xE2\x82\xAC\x80", "\xF0\x9D\x84\x9E\xBF"};
  on_every_target([&] {
    for (std::size_t bytes = 0; bytes < 270; bytes += bytes < 140 ? 1 : 13) {
      for (const std::string& form : forms) {
        for (std::size_t at = 0; at + form.size() <= bytes; ++at) {
          std::string text(bytes, 'a');
          text.replace(at, form.size(), form);
          expect_same(text);
        }
      }
    }
  });
}

TEST(Utf8, vector_agrees_with_scalar_on_random_bytes) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  on_every_target([&] {
    for (int round = 0; round < 20'000; ++round) {
      std::string text(random() % 200, 'a');
      const std::uint64_t changes = random() % 6;
      for (std::uint64_t k = 0; k < changes && !text.empty(); ++k) {
        text[random() % text.size()] = static_cast<char>(0x80U + random() % 0x80U);
      }
      expect_same(text);
    }
  });
}

TEST(MaskBytes, vector_agrees_with_scalar_at_every_length_and_phase) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  on_every_target([&] {
    for (std::size_t bytes = 0; bytes < 300; ++bytes) {
      std::vector<std::byte> in(bytes);
      for (std::byte& byte : in) byte = static_cast<std::byte>(random() & 0xFFU);
      WsMask mask;
      for (std::byte& byte : mask) byte = static_cast<std::byte>(random() & 0xFFU);
      for (std::size_t offset = 0; offset < 5; ++offset) {
        std::vector<std::byte> expected(bytes);
        std::vector<std::byte> actual(bytes);
        for (std::size_t i = 0; i < bytes; ++i) expected[i] = in[i] ^ mask[(offset + i) % 4];
        mask_bytes(in, actual.data(), mask, offset);
        ASSERT_EQ(actual, expected);
        mask_bytes_scalar(in, actual.data(), mask, offset);
        ASSERT_EQ(actual, expected);
        actual = in;
        mask_bytes(actual, actual.data(), mask, offset);  // in place
        ASSERT_EQ(actual, expected);
      }
    }
  });
}

TEST(WsHeader, is_what_the_rfc_says_for_every_length_form_and_role) {
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 125ULL, 126ULL, 127ULL, 65'535ULL, 65'536ULL, 1ULL << 20, 1ULL << 40}) {
    for (const unsigned opcode : {0U, 1U, 2U, 8U, 9U, 10U}) {
      for (const bool is_final : {true, false}) {
        std::array<std::byte, ws_header_bytes_max> out{};
        test::RawFrame raw{.opcode = opcode, .fin = is_final, .claimed_bytes = bytes};
        const auto text_of = [&out](std::size_t count) {
          return std::string(reinterpret_cast<const char*>(out.data()), count);
        };
        EXPECT_EQ(text_of(write_ws_header(out, static_cast<WsOpcode>(opcode), bytes, is_final)),
                  test::raw_frame(raw));
        const WsMask mask = {std::byte{0xA1}, std::byte{0xB2}, std::byte{0xC3}, std::byte{0xD4}};
        raw.mask = 0xA1B2C3D4U;
        EXPECT_EQ(
            text_of(write_ws_header(out, static_cast<WsOpcode>(opcode), bytes, is_final, &mask)),
            test::raw_frame(raw));
      }
    }
  }
}

TEST(WsClosePayload, cuts_a_long_reason_between_code_points) {
  std::array<std::byte, ws_control_bytes_max> out{};
  const auto written = [&out](WsCloseCode code, const std::string& reason) {
    const std::size_t bytes = write_ws_close_payload(out, code, reason);
    return std::string(reinterpret_cast<const char*>(out.data()), bytes);
  };
  EXPECT_EQ(written(WsCloseCode::normal, "bye"), test::close_payload(1000, "bye"));
  EXPECT_EQ(written(WsCloseCode::none_received, "bye"), "");
  const std::string ascii(200, 'x');
  EXPECT_EQ(written(WsCloseCode::going_away, ascii),
            test::close_payload(1001, ascii.substr(0, 123)));
  std::string euros;
  for (int i = 0; i < 60; ++i) euros += "\xE2\x82\xAC";
  EXPECT_EQ(written(WsCloseCode::policy, euros), test::close_payload(1008, euros.substr(0, 123)));
  EXPECT_EQ(written(WsCloseCode::policy, "x" + euros),
            test::close_payload(1008, "x" + euros.substr(0, 120)));
}

TEST(NextMask, differs_from_call_to_call) {
  std::set<WsMask> seen;
  for (int i = 0; i < 3'000; ++i) seen.insert(next_mask());  // more than one refill
  EXPECT_GT(seen.size(), 2'990U);
}

}  // namespace
}  // namespace ringside::net
