// Child processes and their supervision, with small shell programs as children.
#include "cli/supervisor.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "support/temp_dir.hpp"
#include "support/wait_until.hpp"

namespace ringside::cli {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

ChildSpec shell(const std::string& role, const std::string& script) {
  return {.role = role, .argv = {"/bin/sh", "-c", script}};
}

using test::wait_until;

TEST(RestartPolicy, doubles_up_to_half_a_minute_and_begins_anew_after_a_healthy_one) {
  RestartPolicy policy;
  for (const std::uint64_t delay : {1U, 2U, 4U, 8U, 16U, 30U, 30U}) {
    EXPECT_EQ(policy.next_delay_ns(0), delay * second);
  }
  EXPECT_EQ(policy.next_delay_ns(59 * second), 30 * second);
  EXPECT_EQ(policy.next_delay_ns(60 * second), second);
  EXPECT_EQ(policy.next_delay_ns(0), 2 * second);
}

TEST(FinalExit, is_one_that_a_restart_does_not_mend) {
  for (const int code : {2, 3, 4, 7, 14}) {
    EXPECT_TRUE(is_final_exit(code, true)) << code;
    EXPECT_TRUE(is_final_exit(code, false)) << code;
  }
  for (const int code : {6, 8, 10, 12}) {
    EXPECT_TRUE(is_final_exit(code, false)) << code;
    EXPECT_FALSE(is_final_exit(code, true)) << code;
  }
  for (const int code : {-1, 0, 1, 5, 9, 11, 13, 15, 127, 255}) {
    EXPECT_FALSE(is_final_exit(code, false)) << code;
  }
}

TEST(Child, reports_exit_codes_and_signals) {
  Child child(shell("a", "exit 7"));
  ASSERT_TRUE(child.start().ok());
  std::optional<ChildEnd> end;
  ASSERT_TRUE(wait_until([&] { return (end = child.reap()).has_value(); }));
  EXPECT_EQ(end->exit_code, 7);
  EXPECT_EQ(end->text(), "ended with exit code 7 (busy)");
  EXPECT_FALSE(child.is_running());
  Child killed(shell("a", "kill -9 $$"));
  ASSERT_TRUE(killed.start().ok());
  ASSERT_TRUE(wait_until([&] { return (end = killed.reap()).has_value(); }));
  EXPECT_EQ(end->signal, SIGKILL);
  EXPECT_EQ(end->text(), "was ended by signal 9 (Killed)");
}

TEST(Child, says_that_a_program_is_missing) {
  Child child({.role = "a", .argv = {"/no/such/program"}});
  const Status started = child.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::not_found);
  EXPECT_NE(started.error().message().find("/no/such/program"), std::string::npos);
  EXPECT_FALSE(child.is_running());
}

TEST(Child, gets_its_own_environment_and_process_group) {
  const test::TempDir dir;
  ::setenv("RINGSIDE_TEST_REMOVED", "x", 1);
  ::setenv("RINGSIDE_TEST_CHANGED", "old", 1);
  ChildSpec spec = shell("a", "echo \"$A|$RINGSIDE_TEST_REMOVED|$RINGSIDE_TEST_CHANGED\" > " +
                                  dir.file("out.tmp") + "; cut -d' ' -f5 /proc/$$/stat >> " +
                                  dir.file("out.tmp") + "; echo $$ >> " + dir.file("out.tmp") +
                                  "; mv " + dir.file("out.tmp") + " " + dir.file("out"));
  spec.environment_set = {{"A", "1"}, {"RINGSIDE_TEST_CHANGED", "new"}};
  spec.environment_removed = {"RINGSIDE_TEST_REMOVED"};
  Child child(spec);
  ASSERT_TRUE(child.start().ok());
  ASSERT_TRUE(wait_until([&] { return child.reap().has_value(); }));
  const std::string pid = std::to_string(child.pid());
  EXPECT_EQ(dir.read("out"), "1||new\n" + pid + "\n" + pid + "\n");
  ::unsetenv("RINGSIDE_TEST_REMOVED");
  ::unsetenv("RINGSIDE_TEST_CHANGED");
}

TEST(Child, is_killed_when_it_does_not_stop_in_time) {
  const test::TempDir dir;
  Child child(shell("a", "trap '' TERM; echo > " + dir.file("up") + "; while :; do sleep 1; done"));
  ASSERT_TRUE(child.start().ok());
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(dir.file("up")); }));
  EXPECT_EQ(child.stop(50).signal, SIGKILL);
  EXPECT_FALSE(child.is_running());
}

TEST(Supervisor, starts_a_dead_child_again_with_what_was_appended) {
  const test::TempDir dir;
  Supervisor supervisor;
  ASSERT_TRUE(supervisor
                  .start(shell("a", "echo \"run $1\" >> " + dir.file("log") + "; [ $(wc -l < " +
                                        dir.file("log") + ") -gt 1 ] || exit 1; " +
                                        "while :; do sleep 1; done"))
                  .ok());
  supervisor.append_arguments("a", {"sh", "again"});
  bool is_ok = true;
  ASSERT_TRUE(wait_until([&] {
    is_ok = is_ok && supervisor.step(50).ok();
    return dir.read("log") == "run \nrun again\n";
  })) << dir.read("log");
  EXPECT_TRUE(is_ok);
  EXPECT_NE(supervisor.find("a"), nullptr);
  EXPECT_EQ(supervisor.find("b"), nullptr);
  supervisor.stop_all();
  EXPECT_EQ(supervisor.find("a"), nullptr);
}

TEST(Supervisor, passes_a_final_exit_code_on) {
  Supervisor supervisor;
  ASSERT_TRUE(supervisor.start(shell("gateway", "exit 7")).ok());
  Status status;
  ASSERT_TRUE(wait_until([&] { return !(status = supervisor.step(50)).ok(); }));
  EXPECT_EQ(status.error().code, ErrorCode::busy);
  EXPECT_EQ(status.error().what,
            "gateway ended with exit code 7 (busy), which a restart does not mend; "
            "its own line says why");
}

TEST(Supervisor, stops_the_last_started_first) {
  const test::TempDir dir;
  Supervisor supervisor;
  for (const char* role : {"a", "b", "c"}) {
    const std::string name(role);
    ASSERT_TRUE(supervisor
                    .start(shell(name, "trap 'echo " + name + " >> " + dir.file("log") +
                                           "; exit 0' TERM; echo > " + dir.file(name) +
                                           "; while :; do sleep 0.05; done"))
                    .ok());
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(dir.file(name)); }));
  }
  supervisor.stop_all();
  EXPECT_EQ(dir.read("log"), "c\nb\na\n");
}

}  // namespace
}  // namespace ringside::cli
