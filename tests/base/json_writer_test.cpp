// JSON text: its structure by hand, and odd strings against Python's json, which reads what we
// wrote.
#include "ringside/base/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "support/run_process.hpp"
#include "support/seed.hpp"
#include "support/temp_dir.hpp"

namespace ringside {
namespace {

TEST(JsonWriter, places_commas_in_objects_and_arrays) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("b").begin_array().value(1).value("x").null().end_array();
  json.key("c").begin_object().end_object().key("d").begin_array().end_array();
  json.member("e", true).member("f", false).key("g").decimal(-150'250'000'000, 9).end_object();
  EXPECT_EQ(json.text(),
            R"({"a":1,"b":[1,"x",null],"c":{},"d":[],"e":true,"f":false,"g":-150.25})");
}

TEST(JsonWriter, writes_integers_of_every_width) {
  JsonWriter json;
  json.begin_array();
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::uint64_t>::max());
  json.value(std::uint8_t{200}).value(std::int8_t{-3}).value(std::uint16_t{65535}).value(0U);
  json.end_array();
  EXPECT_EQ(json.text(), "[-9223372036854775808,18446744073709551615,200,-3,65535,0]");
}

TEST(JsonWriter, starts_afresh_after_clear_and_keeps_its_room) {
  JsonWriter json;
  json.begin_array().value(std::string(1000, 'x')).end_array();
  const std::size_t room = json.text().capacity();
  json.clear();
  json.begin_array().value(1).end_array();
  EXPECT_EQ(json.text(), "[1]");
  EXPECT_EQ(json.text().capacity(), room);
}

std::string hex_of(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back("0123456789abcdef"[byte >> 4]);
    out.push_back("0123456789abcdef"[byte & 15]);
  }
  return out;
}

// Valid and broken UTF-8 of every length, all control characters, what HTML and JavaScript mind.
std::vector<std::string> odd_strings() {
  std::vector<std::string> out = {"",
                                  "plain",
                                  "\"\\/",
                                  "</script>",
                                  "\xe2\x80\xa8\xe2\x80\xa9",
                                  "\xf0\x9f\x93\x88",
                                  std::string("a\0b", 3),
                                  "\x7f"};
  for (int byte = 0; byte < 256; ++byte) out.push_back(std::string(1, static_cast<char>(byte)));
  std::mt19937_64 random(test::seed());
  const std::string pieces[] = {
      "a", "\"", "\\", "\n", "\xc3\xa9", "\xe2\x82\xac", "\xf4\x8f\xbf\xbf"};
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (std::uint64_t left = random() % 12; left > 0; --left) text += pieces[random() % 7];
    out.push_back(text);
  }
  return out;
}

// Python reads our JSON and the same strings in hex. Valid ones must be equal; how many U+FFFD
// stand for broken bytes is a matter of taste, so broken ones must only hold one.
TEST(JsonWriter, writes_odd_strings_so_that_python_reads_the_same) {
  SCOPED_TRACE(test::seed_text());
  const std::vector<std::string> strings = odd_strings();
  JsonWriter json;
  json.begin_array();
  std::string raw;
  for (const std::string& text : strings) {
    json.value(text);
    raw += hex_of(text) + "\n";
  }
  json.end_array();
  const test::TempDir dir;
  const std::string json_file = dir.write("a.json", json.text());
  const std::string raw_file = dir.write("a.hex", raw);
  const std::string script = dir.write("check.py",
                                       "import json, sys\n"
                                       "got = json.load(open(sys.argv[1], encoding='utf-8'))\n"
                                       "want = open(sys.argv[2]).read().split('\\n')[:-1]\n"
                                       "assert len(got) == len(want), (len(got), len(want))\n"
                                       "for g, w in zip(got, want):\n"
                                       "    w = bytes.fromhex(w)\n"
                                       "    try:\n"
                                       "        assert g == w.decode('utf-8'), (g, w)\n"
                                       "    except UnicodeDecodeError:\n"
                                       "        assert '\\ufffd' in g, (g, w)\n"
                                       "print('checked', len(got))\n");
  const test::Ended ended = test::run({"/usr/bin/python3", script, json_file, raw_file});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "checked " + std::to_string(strings.size()) + "\n");
}

TEST(JsonWriter, repairs_what_is_not_utf8) {
  const std::pair<std::string, std::string> cases[] = {
      {"a\xffz", "a\uFFFDz"},
      {"\xc0\xaf", "\uFFFD\uFFFD"},            // overlong
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},  // surrogate
      {"\xe2\x82", "\uFFFD\uFFFD"},            // cut short
      {"\xf5\x80\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
  };
  for (const auto& [text, repaired] : cases) {
    std::string out;
    append_json_string(out, text);
    EXPECT_EQ(out, "\"" + repaired + "\"");
  }
}

}  // namespace
}  // namespace ringside
