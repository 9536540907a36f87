// What the loop promises: timers, wake-ups, watches, silence when there is nothing to do.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <thread>

#include "net_fixture.hpp"
#include "support/seed.hpp"

namespace ringside::net {
namespace {

using test::make_loop;
using test::run_until;

struct Recorder {
  std::vector<int> order;
  struct Tag {
    Recorder* recorder;
    int number;
    void note() noexcept { recorder->order.push_back(number); }
  };
};

TEST(LoopTimer, expires_in_order_of_its_deadlines) {
  Loop loop = make_loop();
  Recorder recorder;
  Recorder::Tag tags[3] = {{&recorder, 0}, {&recorder, 1}, {&recorder, 2}};
  Timer timers[3];
  const std::uint64_t delays[3] = {3'000'000, 1'000'000, 2'000'000};
  for (int i = 0; i < 3; ++i) {
    timers[i].start(loop, delays[i], Delegate<void()>::to<&Recorder::Tag::note>(&tags[i]));
  }
  ASSERT_TRUE(run_until(loop, [&] { return recorder.order.size() == 3; }));
  EXPECT_EQ(recorder.order, (std::vector<int>{1, 2, 0}));
  EXPECT_FALSE(timers[0].is_armed());
}

TEST(LoopTimer, never_expires_early) {
  Loop loop = make_loop();
  Recorder recorder;
  Recorder::Tag tag{&recorder, 7};
  Timer timer;
  const std::uint64_t before = monotonic_ns();
  timer.start(loop, 5'000'000, Delegate<void()>::to<&Recorder::Tag::note>(&tag));
  ASSERT_TRUE(run_until(loop, [&] { return !recorder.order.empty(); }));
  EXPECT_GE(monotonic_ns() - before, 5'000'000U);
}

TEST(LoopTimer, is_silent_when_cancelled_or_destroyed) {
  Loop loop = make_loop();
  Recorder recorder;
  Recorder::Tag tags[3] = {{&recorder, 0}, {&recorder, 1}, {&recorder, 2}};
  Timer cancelled;
  auto destroyed = std::make_unique<Timer>();
  Timer kept;
  cancelled.start(loop, 0, Delegate<void()>::to<&Recorder::Tag::note>(&tags[0]));
  destroyed->start(loop, 0, Delegate<void()>::to<&Recorder::Tag::note>(&tags[1]));
  kept.start(loop, 0, Delegate<void()>::to<&Recorder::Tag::note>(&tags[2]));
  cancelled.cancel();
  destroyed.reset();
  ASSERT_TRUE(run_until(loop, [&] { return !recorder.order.empty(); }));
  EXPECT_EQ(recorder.order, (std::vector<int>{2}));
}

struct Restarter {
  Loop* loop;
  Timer timer;
  int count = 0;
  void again() noexcept {
    ++count;
    timer.start(*loop, 0, Delegate<void()>::to<&Restarter::again>(this));
  }
};

TEST(LoopTimer, that_restarts_itself_without_delay_does_not_hold_the_turn) {
  Loop loop = make_loop();
  Restarter restarter{&loop, {}, 0};
  restarter.again();
  for (int turn = 0; turn < 5; ++turn) loop.poll(0);
  EXPECT_LE(restarter.count, 6);
  EXPECT_GE(restarter.count, 2);
}

// Random starts and cancels against a plain list of what must expire.
TEST(LoopTimer, matches_a_plain_model_under_random_use) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  Loop loop = make_loop();
  constexpr int count = 200;
  Recorder recorder;
  std::vector<Recorder::Tag> tags;
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<std::uint64_t> delay(count, 0);
  std::vector<bool> expected(count, false);
  for (int i = 0; i < count; ++i) tags.push_back({&recorder, i});
  for (int i = 0; i < count; ++i) timers.push_back(std::make_unique<Timer>());
  for (int step = 0; step < 2000; ++step) {
    const auto which = static_cast<std::size_t>(random() % count);
    expected[which] = random() % 3 != 0;
    if (expected[which]) {
      delay[which] = 1'000'000 + random() % 20 * 1'000'000;
      timers[which]->start(loop, delay[which],
                           Delegate<void()>::to<&Recorder::Tag::note>(&tags[which]));
    } else {
      timers[which]->cancel();
    }
  }
  const auto due = static_cast<std::size_t>(std::count(expected.begin(), expected.end(), true));
  ASSERT_TRUE(run_until(loop, [&] { return recorder.order.size() >= due; }));
  std::vector<bool> seen(count, false);
  for (const int number : recorder.order) seen[static_cast<std::size_t>(number)] = true;
  EXPECT_EQ(recorder.order.size(), due);
  EXPECT_EQ(seen, expected);
}

TEST(Loop, makes_no_system_call_while_there_is_nothing_to_do) {
  Loop loop = make_loop();
  loop.poll(0);  // submits what creating it queued
  const std::uint64_t before = loop.counts().enters;
  for (int turn = 0; turn < 1000; ++turn) EXPECT_EQ(loop.poll(0), 0U);
  EXPECT_EQ(loop.counts().enters, before);
}

struct WakeCount {
  int count = 0;
  void woken() noexcept { ++count; }
};

TEST(Loop, ends_a_long_wait_when_another_thread_wakes_it) {
  Loop loop = make_loop();
  WakeCount wakes;
  loop.set_wake_handler(Delegate<void()>::to<&WakeCount::woken>(&wakes));
  std::thread waker([&loop] { loop.wake(); });
  const std::uint64_t before = monotonic_ns();
  while (wakes.count == 0 && monotonic_ns() - before < test::patience_ns) {
    loop.poll(wait_forever_ns);
  }
  waker.join();
  EXPECT_EQ(wakes.count, 1);
}

TEST(Loop, is_woken_while_it_spins) {
  Loop loop = make_loop();
  WakeCount wakes;
  loop.set_wake_handler(Delegate<void()>::to<&WakeCount::woken>(&wakes));
  std::thread waker([&loop] { loop.wake(); });
  const std::uint64_t before = monotonic_ns();
  while (wakes.count == 0 && monotonic_ns() - before < test::patience_ns) loop.poll(0);
  waker.join();
  EXPECT_EQ(wakes.count, 1);
}

// Every item written before a wake is seen by some handler call after it: no wake is lost.
TEST(Loop, loses_no_wake_of_many_threads) {
  Loop loop = make_loop();
  struct Inbox {
    std::atomic<int> written{0};
    int seen = 0;
    void collect() noexcept { seen = written.load(std::memory_order_relaxed); }  // after [wake]
  } inbox;
  loop.set_wake_handler(Delegate<void()>::to<&Inbox::collect>(&inbox));
  constexpr int per_thread = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < per_thread; ++i) {
        inbox.written.fetch_add(1, std::memory_order_relaxed);  // relaxed: wake() carries it
        loop.wake();
      }
    });
  }
  EXPECT_TRUE(run_until(loop, [&] { return inbox.seen == 2 * per_thread; }));
  for (std::thread& thread : threads) thread.join();
}

struct WatchLog {
  int fd;
  int count = 0;
  bool drains = true;
  Watch watch;
  std::uint32_t last_events = 0;
  void ready(std::uint32_t events) noexcept {
    ++count;
    last_events = events;
    char byte = 0;
    if (drains) {
      EXPECT_EQ(::read(fd, &byte, 1), 1);
    }
  }
  void ready_and_stop(std::uint32_t) noexcept {
    ++count;
    watch.stop();
  }
};

struct SocketPair {
  int fds[2] = {-1, -1};
  SocketPair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0); }
  ~SocketPair() {
    ::close(fds[0]);
    ::close(fds[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
};

TEST(LoopWatch, is_level_triggered) {
  Loop loop = make_loop();
  SocketPair pair;
  WatchLog log{.fd = pair.fds[0], .watch = {}};
  log.watch.start(loop, pair.fds[0], POLLIN,
                  Delegate<void(std::uint32_t)>::to<&WatchLog::ready>(&log));
  ASSERT_EQ(::write(pair.fds[1], "abc", 3), 3);
  ASSERT_TRUE(run_until(loop, [&] { return log.count == 3; }));  // one byte each time
  EXPECT_NE(log.last_events & POLLIN, 0U);
}

TEST(LoopWatch, reports_the_end_of_the_other_side) {
  Loop loop = make_loop();
  SocketPair pair;
  WatchLog log{.fd = pair.fds[0], .drains = false, .watch = {}};
  log.watch.start(loop, pair.fds[0], POLLIN,
                  Delegate<void(std::uint32_t)>::to<&WatchLog::ready>(&log));
  ::shutdown(pair.fds[1], SHUT_RDWR);
  ASSERT_TRUE(run_until(loop, [&] { return log.count > 0; }));
  EXPECT_NE(log.last_events & POLLHUP, 0U);
}

TEST(LoopWatch, may_be_stopped_or_destroyed_by_its_own_callback_and_at_any_time) {
  Loop loop = make_loop();
  SocketPair pair;
  WatchLog log{.fd = pair.fds[0], .watch = {}};
  log.watch.start(loop, pair.fds[0], POLLIN,
                  Delegate<void(std::uint32_t)>::to<&WatchLog::ready_and_stop>(&log));
  {
    Watch never_polled;
    never_polled.start(loop, pair.fds[0], POLLIN, {});
  }
  ASSERT_EQ(::write(pair.fds[1], "abc", 3), 3);
  ASSERT_TRUE(run_until(loop, [&] { return log.count == 1; }));
  for (int turn = 0; turn < 10; ++turn) loop.poll(0);
  EXPECT_EQ(log.count, 1);
  EXPECT_FALSE(log.watch.is_active());
}

// A child that the kernel denies io_uring, as a container's seccomp filter does.
TEST(Loop, says_that_the_kernel_forbids_io_uring) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = 4, .filter = program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      ::_exit(100);
    }
    const Result<Loop> loop = Loop::create();
    const bool is_told = !loop.ok() && loop.error().sys_errno == EPERM &&
                         loop.error().what.find("io_uring") != std::string::npos;
    ::_exit(is_told ? exit_code(loop.error().code) : 101);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 100) GTEST_SKIP() << "this machine allows no seccomp filter";
  EXPECT_EQ(WEXITSTATUS(status), exit_code(ErrorCode::permission));
}

TEST(Loop, may_be_created_on_one_thread_and_run_on_another) {
  auto loop = std::make_unique<Loop>(make_loop());
  Recorder recorder;
  Recorder::Tag tag{&recorder, 1};
  std::thread runner([&] {
    Timer timer;
    timer.start(*loop, 0, Delegate<void()>::to<&Recorder::Tag::note>(&tag));
    EXPECT_TRUE(run_until(*loop, [&] { return !recorder.order.empty(); }));
    loop.reset();
  });
  runner.join();
  EXPECT_EQ(recorder.order.size(), 1U);
}

// The kernel ended its operations with the thread, so there is nothing to wait for. A loop that
// waited for each until its bound would not end before the test's watchdog.
TEST(Loop, waits_for_nothing_when_its_thread_has_ended_before) {
  for (int i = 0; i < 100; ++i) {
    Loop loop = make_loop();
    std::thread runner([&] { loop.poll(0); });
    runner.join();
  }
}

}  // namespace
}  // namespace ringside::net
