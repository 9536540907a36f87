// ringside-stats as a process: its lock, its exit codes, its clean end.
#include <gtest/gtest.h>

#include "feed_rig.hpp"
#include "support/run_process.hpp"

namespace ringside::stats {
namespace {

using test::Process;

std::vector<std::string> command(const test::TempDir& dir) {
  return {"ringside-stats",     "--run-dir", dir.path() + "/run",    "--set",
          "stats.memory_mib=1", "--set",     "stats.tape_slots=1024"};
}

TEST(StatsProgram, serves_until_it_is_told_to_stop_and_ends_with_0) {
  const test::TempDir dir;
  Process program(command(dir));
  ASSERT_TRUE(program.wait_for_text("serving")) << program.err();
  shm::FeedClient client({.path = dir.path() + "/run/stats.sock"});
  ASSERT_TRUE(client.attach().ok());
  EXPECT_EQ(client.segment()->feed(), "stats");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 0);
  EXPECT_EQ(client.segment()->state(), shm::FeedState::ended);
}

TEST(StatsProgram, a_second_one_of_the_same_folder_is_refused) {
  const test::TempDir dir;
  Process first(command(dir));
  ASSERT_TRUE(first.wait_for_text("serving"));
  const test::Ended second = test::run(command(dir));
  EXPECT_EQ(second.exit_code, exit_code(ErrorCode::busy));
  EXPECT_NE(second.err.find("stats.lock"), std::string::npos) << second.err;
  EXPECT_NE(second.err.find(std::to_string(first.pid())), std::string::npos) << second.err;
  // What the first one serves is untouched.
  shm::FeedClient client({.path = dir.path() + "/run/stats.sock"});
  EXPECT_TRUE(client.attach().ok());
}

TEST(StatsProgram, names_a_bad_value_and_refuses_to_follow_nothing) {
  const test::TempDir dir;
  auto bad = command(dir);
  bad.insert(bad.end(), {"--set", "stats.bars=2m"});
  const test::Ended refused = test::run(bad);
  EXPECT_EQ(refused.exit_code, exit_code(ErrorCode::config));
  EXPECT_NE(refused.err.find("stats.bars"), std::string::npos) << refused.err;

  auto none = command(dir);
  none.insert(none.end(),
              {"--set", "feed.stocks.enabled=false", "--set", "feed.options.enabled=false"});
  const test::Ended alone = test::run(none);
  EXPECT_EQ(alone.exit_code, exit_code(ErrorCode::config));
  EXPECT_NE(alone.err.find("stats.feeds"), std::string::npos) << alone.err;
}

}  // namespace
}  // namespace ringside::stats
