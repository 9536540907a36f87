// Ten thousand damaged configuration files: each is refused with one line that names the file, or
// every value it leads to is within its knob's bounds. Nothing else may happen.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "ringside/base/config.hpp"
#include "ringside/base/unique_fd.hpp"
#include "support/seed.hpp"

namespace ringside {
namespace {

constexpr int file_count = 10'000;

// A random piece of damage: bytes changed, dropped or moved, or a value replaced by an odd one.
void damage(std::string& text, std::mt19937_64& random) {
  const std::string odd[] = {
      "-1",   "99999999999999999999", "1e400",       "nan",        "\"\"", "[[[", "{a = 1}", "true",
      "0x7f", "2020-01-01",           "\"\\u0000\"", "[1, \"a\"]", "'''",  "= =", "\xff\xfe"};
  const std::size_t at = random() % text.size();
  switch (random() % 6) {
    case 0:
      text[at] = static_cast<char>(random() % 256);
      break;
    case 1:
      text.erase(at, random() % 40);
      break;
    case 2:
      text.insert(at, text.substr(random() % text.size(), random() % 80));
      break;
    case 3:
      text.insert(at, odd[random() % std::size(odd)]);
      break;
    case 4:
      text.resize(at + 1);
      break;
    default: {  // another value behind some '='
      const std::size_t equals = text.find(" = ", at);
      if (equals == std::string::npos) break;
      const std::size_t end = std::min(text.find('\n', equals), text.size());
      text.replace(equals + 3, end - equals - 3, odd[random() % std::size(odd)]);
    }
  }
}

void expect_within_bounds(const Config& config) {
  for (const Knob& knob : knobs()) {
    const std::size_t star = knob.key.find('*');
    std::vector<std::string> names = {""};
    if (star != std::string_view::npos) names = config.instances(knob.key.substr(0, star - 1));
    for (const std::string& name : names) {
      std::string key(knob.key);
      if (star != std::string_view::npos) key.replace(star, 1, name);
      if (knob.type == KnobType::integer) {
        ASSERT_GE(config.integer(key), knob.value_min) << key;
        ASSERT_LE(config.integer(key), knob.value_max) << key;
      } else if (knob.type == KnobType::list) {
        for (const std::string& element : config.list(key)) ASSERT_FALSE(element.empty()) << key;
      } else if (knob.type == KnobType::text && !knob.choices.empty()) {
        const std::string among = "|" + std::string(knob.choices) + "|";
        ASSERT_NE(among.find("|" + config.text(key) + "|"), std::string::npos) << key;
      }
    }
  }
}

TEST(ConfigMutation, never_starts_with_a_bad_value) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  // A file in memory: ten thousand rewrites of one on disk would wait for the disk.
  const UniqueFd memory(::memfd_create("ringside.toml", MFD_CLOEXEC));
  ASSERT_TRUE(static_cast<bool>(memory));
  const std::string file = "/proc/self/fd/" + std::to_string(memory.get());
  const std::string whole = Config::generate();
  int accepted = 0;
  for (int round = 0; round < file_count; ++round) {
    // A stretch of the file, so that the damage is not one comment among many.
    std::string text = whole.substr(random() % whole.size(), 50 + random() % 600);
    for (std::uint64_t left = 1 + random() % 4; left > 0 && !text.empty(); --left) {
      damage(text, random);
    }
    ASSERT_EQ(::ftruncate(memory.get(), 0), 0);
    ASSERT_EQ(::pwrite(memory.get(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    const Result<Config> config = Config::load({.file = file});
    if (config) {
      ++accepted;
      expect_within_bounds(*config);
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << text;
      continue;
    }
    ASSERT_EQ(config.error().code, ErrorCode::config) << text;
    const std::string message = config.error().message();
    ASSERT_EQ(message.rfind(file + ":", 0), 0U) << message << "\n" << text;
    ASSERT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, file_count);
}

}  // namespace
}  // namespace ringside
