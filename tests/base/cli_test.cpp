// The flags every program has, and log lines.
#include "ringside/base/cli.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "ringside/base/log.hpp"
#include "ringside/base/version.hpp"

namespace ringside {
namespace {

constexpr ProgramInfo info{
    .name = "ringside-test", .summary = "Tests.", .example = "ringside-test"};

Result<ProgramOptions> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "ringside-test");
  return parse_program(static_cast<int>(words.size()), words.data(), info);
}

TEST(Flags, become_overrides_in_order_with_the_named_ones_last) {
  const Result<ProgramOptions> options =
      parse({"--config", "a.toml", "--set", "gateway.port=1", "--set", "feed.stocks.symbols=A,B",
             "--run-dir", "/run/x", "--log-level=debug", "--set=gateway.address=a=b"});
  ASSERT_TRUE(options.ok()) << options.error().message();
  EXPECT_FALSE(options->is_done);
  EXPECT_EQ(options->config.file, "a.toml");
  EXPECT_EQ(options->config.overrides,
            (std::vector<std::pair<std::string, std::string>>{{"gateway.port", "1"},
                                                              {"feed.stocks.symbols", "A,B"},
                                                              {"gateway.address", "a=b"},
                                                              {"run_dir", "/run/x"},
                                                              {"log.level", "debug"}}));
}

TEST(Flags, are_refused_on_one_line_with_exit_code_2) {
  const std::vector<std::vector<const char*>> bad = {
      {"--bogus"}, {"stray"}, {"--set"}, {"--set", "novalue"}, {"--set", "=x"}, {"--config"}};
  for (const std::vector<const char*>& words : bad) {
    const Result<ProgramOptions> options = parse(words);
    ASSERT_FALSE(options.ok()) << words.back();
    EXPECT_EQ(exit_code(options.error().code), 2);
    EXPECT_EQ(options.error().message().find('\n'), std::string::npos);
  }
}

TEST(Flags, take_the_file_from_the_environment_when_none_is_given) {
  ::setenv("RINGSIDE_CONFIG", "b.toml", 1);
  EXPECT_EQ(parse({})->config.file, "b.toml");
  EXPECT_EQ(parse({"--config", "a.toml"})->config.file, "a.toml");
  ::unsetenv("RINGSIDE_CONFIG");
  EXPECT_EQ(parse({})->config.file, "");
}

TEST(Flags, print_help_with_the_example_and_the_version) {
  testing::internal::CaptureStdout();
  EXPECT_TRUE(parse({"--help"})->is_done);
  EXPECT_TRUE(parse({"--version"})->is_done);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("--run-dir"), std::string::npos);
  EXPECT_NE(out.find("Example:\n  ringside-test"), std::string::npos);
  EXPECT_NE(out.find("ringside-test " + std::string(version_text())), std::string::npos);
}

TEST(Report, writes_one_line_and_gives_the_exit_code) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(report("ringside-test", Error{ErrorCode::tls, 0, "bad\ncertificate"}), 9);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "ringside-test: bad certificate\n");
}

TEST(Log, writes_one_line_with_role_and_drops_what_is_below_the_level) {
  testing::internal::CaptureStderr();
  log::init("ringside-test", log::Level::info);
  log::debug("not {}", "this");
  log::warn("peer said {} {}", "a\nb\x1b[31m", 2.5);
  log::init("ringside-test", log::Level::debug);
  log::debug("but {}", "this");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("not this"), std::string::npos);
  EXPECT_NE(text.find("Z W ringside-test: peer said "), std::string::npos) << text;
  EXPECT_NE(text.find("a?b?[31m 2.5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Z D ringside-test: but this\n"), std::string::npos) << text;
}

TEST(Log, knows_its_levels_by_name) {
  EXPECT_EQ(log::parse_level("trace"), log::Level::trace);
  EXPECT_EQ(log::parse_level("error"), log::Level::error);
  EXPECT_EQ(log::parse_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace ringside
