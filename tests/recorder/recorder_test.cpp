// The whole recorder over real control sockets, in this process and as the program it is.
#include "recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>

#include "../support/run_process.hpp"
#include "../support/temp_dir.hpp"
#include "feed_rig.hpp"

namespace ringside::recorder {
namespace {

using ringside::test::Process;
using ringside::test::TempDir;
using test::Feed;
using test::json_number;
using test::read_receipts;
using test::read_recordings;
using test::Recorded;
using testing::HasSubstr;

RecorderOptions options_in(const TempDir& dir) {
  RecorderOptions options;
  options.dir = dir.file("recordings");
  options.run_dir = dir.path();
  options.feeds = {{"stocks", Market::stocks}};
  options.capture.flush_ns = 10'000'000;
  options.capture.bar_hold_ns = 10'000'000;
  return options;
}

/// Holds what is on disk against what was published, by the independent Python reader.
void expect_python_agrees(const TempDir& dir, const test::Sums& sums) {
  std::string expected = "{";
  for (const auto& [symbol, sum] : sums) {
    // 128 bits in decimal, most significant first.
    std::string notional;
    auto rest = sum.notional;
    do {
      notional.insert(notional.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
      rest /= 10;
    } while (rest != 0);
    expected += (expected.size() == 1 ? "\"" : ", \"") + symbol +
                "\": {\"trades\": " + std::to_string(sum.trades) +
                ", \"quotes\": " + std::to_string(sum.quotes) +
                ", \"volume\": " + std::to_string(sum.volume) + ", \"notional\": " + notional +
                ", \"last_price\": " + std::to_string(sum.last_price) +
                ", \"bars_1s\": " + std::to_string(sum.bars_1s) +
                ", \"bars_1m\": " + std::to_string(sum.bars_1m) + "}";
  }
  const std::string path = dir.write("expected.json", expected + "}");
  const auto ended =
      ringside::test::run({"/usr/bin/python3", RINGSIDE_SOURCE_DIR "/tests/support/dbn_reader.py",
                           "--expect", path, dir.file("recordings")});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

TEST(Recorder, records_a_live_feed_and_the_python_reader_agrees) {
  SCOPED_TRACE(ringside::test::seed_text());
  const TempDir dir;
  Feed feed(dir.file("stocks.sock"), {"AAPL", "MSFT", "SPY"});
  auto recorder = Recorder::start(options_in(dir));
  ASSERT_TRUE(recorder.ok()) << recorder.error().message();
  for (int round = 0; round < 50; ++round) {
    feed.publish_ticks(200);
    feed.market().publish_bar(0, shm::Kind::bar_1s,
                              test::noon + static_cast<std::uint64_t>(round) * 1'000'000'000);
    feed.market().publish_bar(1, shm::Kind::bar_1m, test::noon);
  }
  const auto has_all = [&recorder] {
    return (*recorder)->follower(0).state().received == 50 * 202;
  };
  ASSERT_TRUE(feed.wait_until(has_all));
  EXPECT_TRUE(feed.wait_until([&feed] { return feed.reported() == 50 * 202; }));
  (*recorder)->stop();
  const Recorded recorded = read_recordings(dir.file("recordings"));
  EXPECT_EQ(recorded.sums, feed.market().sums());
  EXPECT_EQ(recorded.open, 0U);
  expect_python_agrees(dir, feed.market().sums());
}

TEST(Recorder, waits_for_a_feed_that_is_not_there_yet) {
  const TempDir dir;
  auto recorder = Recorder::start(options_in(dir));
  ASSERT_TRUE(recorder.ok());
  Feed feed(dir.file("stocks.sock"), {"AAPL"});
  feed.publish_ticks(10);
  EXPECT_TRUE(
      feed.wait_until([&recorder] { return (*recorder)->follower(0).state().received == 10; }));
  (*recorder)->stop();
  EXPECT_EQ(read_recordings(dir.file("recordings")).sums, feed.market().sums());
}

TEST(Recorder, follows_a_feed_through_its_restarts) {
  SCOPED_TRACE(ringside::test::seed_text());
  const TempDir dir;
  auto recorder = Recorder::start(options_in(dir));
  ASSERT_TRUE(recorder.ok());
  constexpr int epochs = 3;
  std::uint64_t trades = 0;
  for (int i = 1; i <= epochs; ++i) {
    test::Market::Shape shape;
    shape.ts_begin = test::noon + static_cast<std::uint64_t>(i) * 1'000'000'000;
    Feed feed(dir.file("stocks.sock"), {"AAPL"}, shape);
    feed.publish_ticks(500);
    ASSERT_TRUE(feed.wait_until([&recorder, i] {
      const FollowerState state = (*recorder)->follower(0).state();
      return state.epochs == static_cast<std::uint64_t>(i) && state.received == 500;
    }));
    trades += feed.market().sums().at("AAPL").trades;
  }
  (*recorder)->stop();
  const Recorded recorded = read_recordings(dir.file("recordings"));
  EXPECT_EQ(recorded.sums.at("AAPL").trades, trades);
  EXPECT_EQ(recorded.flagged, 2U * (epochs - 1));
  EXPECT_EQ(recorded.out_of_order, 0U);
  const auto receipts = read_receipts(dir.file("recordings"));
  // One for each epoch; more if this machine let a feed look dead for a second.
  ASSERT_GE(receipts.size(), static_cast<std::size_t>(epochs));
  for (const std::string& receipt : receipts) test::expect_conserved(receipt, "ticks");
  EXPECT_EQ(json_number(receipts.back(), "ticks", "written"), 500U);
}

/// The program with its own configuration, started where `dir` is its run-time folder.
std::unique_ptr<Process> start_program(const TempDir& dir) {
  return std::make_unique<Process>(std::vector<std::string>{
      "ringside-recorder", "--run-dir", dir.path(), "--set", "recorder.feeds=stocks", "--set",
      "recorder.flush_ms=10", "--set", "recorder.buffer_bytes=16384"});
}

TEST(RecorderProgram, ends_cleanly_on_sigterm) {
  const TempDir dir;
  Feed feed(dir.file("stocks.sock"), {"AAPL"});
  auto program = start_program(dir);
  ASSERT_TRUE(program->wait_for_text("recording epoch"));
  feed.publish_ticks(1000);
  ASSERT_TRUE(feed.wait_until([&feed] { return feed.reported() == 1000; }));
  program->signal(SIGTERM);
  const auto ended = program->wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const Recorded recorded = read_recordings(dir.file("recordings"));
  EXPECT_EQ(recorded.sums, feed.market().sums());
  EXPECT_EQ(recorded.open, 0U);
  EXPECT_GE(read_receipts(dir.file("recordings")).size(), 1U);
}

/// kill -9 at random moments under load, and a new one each time: every file is readable to its
/// last whole record, and together they hold every record once.
TEST(RecorderProgram, killed_at_any_moment_loses_and_repeats_nothing) {
  auto random = ringside::test::seeded_random();
  const TempDir dir;
  test::Market::Shape shape;
  shape.tape_slots = 1U << 18;
  shape.ts_step = 3;
  Feed feed(dir.file("stocks.sock"), {"AAPL", "MSFT"}, shape);
  constexpr int kills = 12;
  for (int i = 0; i < kills; ++i) {
    auto program = start_program(dir);
    ASSERT_TRUE(program->wait_for_text("recording epoch")) << program->err();
    const std::uint64_t rounds = random() % 40;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      feed.publish_ticks(100);
      ::poll(nullptr, 0, 1);
    }
    program->signal(SIGKILL);
    EXPECT_EQ(program->wait().exit_code, -SIGKILL);
    const Recorded recorded = read_recordings(dir.file("recordings"));
    EXPECT_EQ(recorded.unmapped, 0U);
    feed.beat();
  }
  auto program = start_program(dir);
  ASSERT_TRUE(program->wait_for_text("recording epoch"));
  feed.publish_ticks(100);
  const std::uint64_t published = feed.market().segment().ticks_published();
  ASSERT_TRUE(feed.wait_until([&feed, published] { return feed.reported() == published; }));
  program->signal(SIGTERM);
  EXPECT_EQ(program->wait().exit_code, 0);
  const Recorded recorded = read_recordings(dir.file("recordings"));
  EXPECT_EQ(recorded.sums, feed.market().sums());
  EXPECT_EQ(recorded.flagged, 0U);
}

TEST(RecorderProgram, says_what_is_wrong_in_one_line) {
  const TempDir dir;
  const auto run = [&dir](const std::vector<std::string>& flags) {
    std::vector<std::string> argv{"ringside-recorder", "--run-dir", dir.path()};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return ringside::test::run(argv);
  };
  auto ended = run({"--set", "recorder.feeds=no/feed"});
  EXPECT_EQ(ended.exit_code, exit_code(ErrorCode::config));
  EXPECT_THAT(ended.err, HasSubstr("recorder.feeds"));
  ended = run({"--set", "recorder.feeds=stocks,stocks"});
  EXPECT_EQ(ended.exit_code, exit_code(ErrorCode::config));
  ended = run({"--set", "recorder.schemas=trades,mbo"});
  EXPECT_EQ(ended.exit_code, exit_code(ErrorCode::config));
  ended = run({"--set", "recorder.dir=/proc/recordings"});
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("/proc/recordings"));
  const auto first = start_program(dir);
  ASSERT_TRUE(first->wait_for_text("recording to"));
  ended = run({"--set", "recorder.feeds=stocks"});
  EXPECT_EQ(ended.exit_code, exit_code(ErrorCode::busy));
  EXPECT_THAT(ended.err, HasSubstr("recorder.lock"));
}

}  // namespace
}  // namespace ringside::recorder
