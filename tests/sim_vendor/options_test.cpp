// Owns the claims about flags and control commands: what each means, and what is refused.
#include "sim/options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/control.hpp"

namespace ringside::sim {
namespace {

Result<SimOptions> parse(std::vector<std::string> words) {
  words.insert(words.begin(), {"ringside sim", "--run-dir", "/tmp/ringside-test-unused"});
  std::vector<const char*> argv;
  argv.reserve(words.size());
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_sim_options(static_cast<int>(argv.size()), argv.data());
}

TEST(SimOptions, without_flags_it_is_a_live_market) {
  const auto options = parse({});
  ASSERT_TRUE(options.ok()) << options.error().what;
  EXPECT_TRUE(options->taq.empty());
  EXPECT_EQ(options->pump.pace, Pace::live);
  EXPECT_EQ(options->pump.wait_for_pairs, 0U);
  EXPECT_FALSE(options->pump.waits_for_slow);
  EXPECT_TRUE(options->with_bars);
  EXPECT_EQ(options->server.connections_max, 1U);
  EXPECT_EQ(options->server.wire.sessions[0].market, Market::stocks);
  EXPECT_EQ(options->server.wire.sessions[1].market, Market::options);
  EXPECT_TRUE(options->server.wire.sessions[1].is_in_plan);
}

TEST(SimOptions, flags_go_over_knobs) {
  const auto options = parse({"--set",     "sim.rate=5",
                              "--rate",    "50000",
                              "--seed",    "7",
                              "--port",    "8443",
                              "--stocks",  "20",
                              "--options", "0",
                              "--hours",   "exchange",
                              "--set",     "sim.markets=stocks",
                              "--set",     "sim.topics_refused=Q,LULD",
                              "--no-bars", "--format",
                              "json",      "--exit-at-end"});
  ASSERT_TRUE(options.ok()) << options.error().what;
  EXPECT_EQ(options->market.rate, 50'000U);
  EXPECT_EQ(options->market.seed, 7U);
  EXPECT_EQ(options->market.stock_count, 20U);
  EXPECT_EQ(options->market.option_count, 0U);
  EXPECT_EQ(options->market.hours, Hours::exchange);
  EXPECT_EQ(options->server.port, 8443);
  EXPECT_FALSE(options->server.wire.sessions[1].is_in_plan);
  EXPECT_EQ(options->server.wire.sessions[0].topics_refused,
            (std::vector<std::string>{"Q", "LULD"}));
  EXPECT_FALSE(options->with_bars);
  EXPECT_TRUE(options->is_json);
  EXPECT_TRUE(options->exits_at_end);
}

TEST(SimOptions, taq_may_be_given_several_times_with_words_of_its_own) {
  const auto options =
      parse({"--taq", "t.csv.gz", "q.csv.gz", "--taq", "t2", "q2", "symbol=O:X180119C00155000",
             "market=options", "--speed", "max", "--wait-for", "8", "--taq", "t3", "q3", "tape=C"});
  ASSERT_TRUE(options.ok()) << options.error().what;
  ASSERT_EQ(options->taq.size(), 3U);
  EXPECT_EQ(options->taq[0].trades_file, "t.csv.gz");
  EXPECT_EQ(options->taq[0].quotes_file, "q.csv.gz");
  EXPECT_EQ(options->taq[1].symbol, "O:X180119C00155000");
  EXPECT_EQ(options->taq[1].market, Market::options);
  EXPECT_EQ(options->taq[2].tape, 3);
  EXPECT_EQ(options->pump.pace, Pace::max);
  EXPECT_TRUE(options->pump.waits_for_slow);
  EXPECT_TRUE(options->server.wire.frame_sizes_random);
  EXPECT_EQ(options->pump.wait_for_pairs, 8U);
}

TEST(SimOptions, a_replay_runs_at_its_own_speed_and_waits_for_a_subscription) {
  const auto options = parse({"--taq", "t", "q"});
  ASSERT_TRUE(options.ok()) << options.error().what;
  EXPECT_EQ(options->pump.pace, Pace::scaled);
  EXPECT_EQ(options->pump.speed_milli, 1000U);
  EXPECT_EQ(options->pump.wait_for_pairs, 1U);
}

TEST(SimOptions, speed_is_live_max_or_a_factor) {
  PumpOptions pump;
  ASSERT_TRUE(parse_speed("0.5", pump).ok());
  EXPECT_EQ(pump.speed_milli, 500U);
  ASSERT_TRUE(parse_speed("60", pump).ok());
  EXPECT_EQ(pump.speed_milli, 60'000U);
  for (const char* text : {"", "0", "-1", "fast", "60x", "1e12", "0.0001"}) {
    const Status read = parse_speed(text, pump);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::usage);
  }
}

TEST(SimOptions, start_is_a_new_york_time) {
  const auto winter = parse_start("2026-03-02T09:30:00");
  ASSERT_TRUE(winter.ok());
  EXPECT_EQ(*winter, 1'772'461'800U * ns_per_s);  // 14:30 UTC
  const auto summer = parse_start("2026-07-02T09:30:00");
  ASSERT_TRUE(summer.ok());
  EXPECT_EQ(*summer, 1'782'999'000U * ns_per_s);  // 13:30 UTC
  for (const char* text : {"", "2026-03-02", "2026-02-30T09:30:00", "2026-03-02T24:00:00",
                           "2026-03-02 09:30:00", "1999-03-02T09:30:00", "2026-03-02T09:30:-1"}) {
    EXPECT_FALSE(parse_start(text).ok()) << text;
  }
}

TEST(SimOptions, what_makes_no_sense_is_one_clear_line) {
  struct Row {
    std::vector<std::string> words;
    ErrorCode code;
    const char* says;
  };
  const Row rows[] = {
      {{"--bogus"}, ErrorCode::usage, "--bogus"},
      {{"--rate", "0"}, ErrorCode::config, "sim.rate"},
      {{"--rate", "many"}, ErrorCode::config, "sim.rate"},
      {{"--port", "70000"}, ErrorCode::config, "sim.port"},
      {{"--hours", "sometimes"}, ErrorCode::config, "sim.hours"},
      {{"--speed", "warp"}, ErrorCode::usage, "warp"},
      {{"--taq", "only-one"}, ErrorCode::usage, "two files"},
      {{"--taq", "t", "q", "colour=red"}, ErrorCode::usage, "colour=red"},
      {{"--taq", "t", "q", "--speed", "live"}, ErrorCode::usage, "live"},
      {{"--start", "2026-03-02T09:30:00"}, ErrorCode::usage, "--start"},
      {{"--format", "xml"}, ErrorCode::usage, "xml"},
      {{"--slow", "perhaps"}, ErrorCode::usage, "perhaps"},
      {{"--wait-for", "-3"}, ErrorCode::usage, "--wait-for"},
      {{"--config", "/nonexistent/ringside.toml"}, ErrorCode::not_found, "/nonexistent"},
  };
  for (const Row& row : rows) {
    const auto options = parse(row.words);
    ASSERT_FALSE(options.ok()) << row.words[0];
    EXPECT_EQ(options.error().code, row.code) << options.error().what;
    EXPECT_NE(options.error().what.find(row.says), std::string::npos) << options.error().what;
    EXPECT_EQ(options.error().what.find('\n'), std::string::npos);
  }
}

TEST(ControlCommand, each_word_takes_what_its_help_says) {
  using Verb = Command::Verb;
  struct Row {
    const char* line;
    Verb verb;
    std::uint64_t number;
    MarketSet markets;
  };
  const Row rows[] = {
      {"start", Verb::start, 0, {true, true}},
      {"drop", Verb::drop, 0, {true, true}},
      {"drop stocks", Verb::drop, 0, {true, false}},
      {"drop options", Verb::drop, 0, {false, true}},
      {"evict options", Verb::evict, 0, {false, true}},
      {"close 1001", Verb::close, 1001, {true, true}},
      {"mute 2.5", Verb::mute, 2500, {true, true}},
      {"garbage", Verb::garbage, 0, {true, true}},
      {"duplicate 10", Verb::duplicate, 10, {true, true}},
      {"latency 250", Verb::latency, 250, {true, true}},
      {"pong off", Verb::pong, pong_never, {true, true}},
      {"pong on", Verb::pong, 0, {true, true}},
      {"pong 10000", Verb::pong, 10'000, {true, true}},
      {"stats", Verb::stats, 0, {true, true}},
      {"quit", Verb::quit, 0, {true, true}},
  };
  for (const Row& row : rows) {
    const auto command = parse_command(row.line);
    ASSERT_TRUE(command.ok()) << row.line;
    EXPECT_EQ(command->verb, row.verb) << row.line;
    EXPECT_EQ(command->number, row.number) << row.line;
    EXPECT_EQ(command->markets, row.markets) << row.line;
    EXPECT_NE(command_help().find(std::string(row.line).substr(0, 4)), std::string::npos);
  }
  const auto text = parse_command("send [] and more");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->text, "[] and more");
  for (const char* line :
       {"", "Drop", "drop bonds", "start now", "mute", "mute x", "mute -1", "close", "close 1005",
        "close 9", "duplicate", "latency 1.5", "pong", "send", "stats please"}) {
    const auto command = parse_command(line);
    ASSERT_FALSE(command.ok()) << line;
    EXPECT_EQ(command.error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace ringside::sim
