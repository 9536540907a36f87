// Secrets: where they are looked for, in which order, and what is refused.
#include <gtest/gtest.h>

#include <cstdlib>

#include "ringside/base/config.hpp"
#include "support/temp_dir.hpp"

namespace ringside {
namespace {

class Secret : public testing::Test {
 protected:
  void SetUp() override { TearDown(); }
  void TearDown() override {
    for (const char* name : {"RINGSIDE_MASSIVE_KEY", "RINGSIDE_FEED_STOCKS_KEY",
                             "CREDENTIALS_DIRECTORY", "RINGSIDE_TEST_KEY"}) {
      ::unsetenv(name);
    }
  }
  test::TempDir dir_;
};

TEST_F(Secret, comes_from_the_environment_before_the_file_before_the_credential) {
  const std::string file = dir_.write("key", "from-file\n");
  dir_.write("test-key", "from-credential\n", 0400);
  ::setenv("CREDENTIALS_DIRECTORY", dir_.path().c_str(), 1);
  EXPECT_EQ(*read_secret("RINGSIDE_TEST_KEY", {}, "test-key"), "from-credential");
  EXPECT_EQ(*read_secret("RINGSIDE_TEST_KEY", file, "test-key"), "from-file");
  ::setenv("RINGSIDE_TEST_KEY", "from-environment", 1);
  EXPECT_EQ(*read_secret("RINGSIDE_TEST_KEY", file, "test-key"), "from-environment");
}

TEST_F(Secret, names_all_three_places_when_there_is_none) {
  const Result<std::string> secret = read_secret("RINGSIDE_TEST_KEY", {}, "test-key");
  ASSERT_FALSE(secret.ok());
  EXPECT_EQ(secret.error().code, ErrorCode::not_found);
  EXPECT_NE(secret.error().what.find("RINGSIDE_TEST_KEY"), std::string::npos);
  EXPECT_NE(secret.error().what.find("test-key"), std::string::npos);
}

TEST_F(Secret, is_not_read_from_a_file_that_others_can_read) {
  for (const mode_t mode : {0644U, 0640U, 0604U, 0660U}) {
    const std::string file = dir_.write("key", "abc", mode);
    const Result<std::string> secret = read_secret("RINGSIDE_TEST_KEY", file, "x");
    ASSERT_FALSE(secret.ok()) << mode;
    EXPECT_EQ(secret.error().code, ErrorCode::permission);
    EXPECT_NE(secret.error().what.find("0600"), std::string::npos);
    EXPECT_EQ(secret.error().what.find("abc"), std::string::npos);
  }
}

TEST_F(Secret, is_one_printable_word_of_bounded_length) {
  const std::string bad[] = {"", "\n", "two words", "a\nb", "\x01", std::string(4097, 'a')};
  for (const std::string& text : bad) {
    const Result<std::string> secret =
        read_secret("RINGSIDE_TEST_KEY", dir_.write("key", text), "x");
    ASSERT_FALSE(secret.ok()) << text.substr(0, 10);
    EXPECT_EQ(secret.error().code, ErrorCode::config);
  }
  const std::string longest(4096, 'a');
  EXPECT_EQ(*read_secret("RINGSIDE_TEST_KEY", dir_.write("key", longest + "\r\n"), "x"), longest);
}

TEST_F(Secret, says_which_key_file_is_missing) {
  const Result<std::string> secret = read_secret("RINGSIDE_TEST_KEY", dir_.file("nope"), "x");
  ASSERT_FALSE(secret.ok());
  EXPECT_EQ(secret.error().code, ErrorCode::not_found);
  EXPECT_NE(secret.error().message().find("nope"), std::string::npos);
  EXPECT_FALSE(read_secret("RINGSIDE_TEST_KEY", dir_.path(), "x").ok());
}

TEST_F(Secret, of_a_feed_is_its_own_before_its_vendors) {
  const Result<Config> config =
      Config::load({.overrides = {{"feed.options.key_file", dir_.write("key", "options-file\n")}}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(*read_feed_key(*config, "options"), "options-file");
  EXPECT_EQ(read_feed_key(*config, "stocks").error().code, ErrorCode::not_found);
  ::setenv("RINGSIDE_MASSIVE_KEY", "vendor", 1);
  EXPECT_EQ(*read_feed_key(*config, "stocks"), "vendor");
  ::setenv("RINGSIDE_FEED_STOCKS_KEY", "own", 1);
  EXPECT_EQ(*read_feed_key(*config, "stocks"), "own");
  EXPECT_EQ(*read_feed_key(*config, "options"), "vendor");
}

}  // namespace
}  // namespace ringside
