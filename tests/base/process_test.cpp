// Stop signals, lock files and the private folder.
#include "ringside/base/process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "ringside/base/clock.hpp"
#include "support/temp_dir.hpp"

namespace ringside {
namespace {

TEST(LockFile, lets_one_holder_in_and_names_it_to_the_second) {
  const test::TempDir dir;
  const std::string path = dir.file("stocks.lock");
  {
    const Result<LockFile> first = LockFile::acquire(path);
    ASSERT_TRUE(first.ok()) << first.error().message();
    const Result<LockFile> second = LockFile::acquire(path);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::busy);
    EXPECT_EQ(second.error().message(), path + ": held by process " + std::to_string(::getpid()));
  }
  EXPECT_TRUE(LockFile::acquire(path).ok());
}

// The kernel frees the lock of a process that dies without a word, whatever stands in the file.
TEST(LockFile, is_free_again_when_the_holder_is_killed) {
  const test::TempDir dir;
  const std::string path = dir.file("stocks.lock");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Result<LockFile> lock = LockFile::acquire(path);
    const char byte = lock.ok() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const Result<LockFile> refused = LockFile::acquire(path);
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find(std::to_string(child)), std::string::npos);
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(LockFile::acquire(path).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(LockFile, does_not_follow_a_planted_link) {
  const test::TempDir dir;
  const std::string victim = dir.write("victim", "precious");
  ASSERT_EQ(::symlink(victim.c_str(), dir.file("a.lock").c_str()), 0);
  const Result<LockFile> lock = LockFile::acquire(dir.file("a.lock"));
  ASSERT_FALSE(lock.ok());
  EXPECT_EQ(lock.error().code, ErrorCode::permission);
  EXPECT_EQ(dir.read("victim"), "precious");
}

TEST(PrivateDir, is_created_for_its_owner_alone_and_accepted_again) {
  const test::TempDir dir;
  const std::string path = dir.file("run");
  ASSERT_TRUE(make_private_dir(path).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  EXPECT_TRUE(make_private_dir(path).ok());
}

TEST(PrivateDir, refuses_open_foreign_and_planted_folders) {
  const test::TempDir dir;
  const std::string open = dir.file("open");
  ASSERT_EQ(::mkdir(open.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(open.c_str(), 0755), 0);
  const Status status = make_private_dir(open);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::permission);
  EXPECT_NE(status.error().what.find("0755"), std::string::npos) << status.error().what;
  ASSERT_EQ(::symlink(dir.path().c_str(), dir.file("link").c_str()), 0);
  EXPECT_EQ(make_private_dir(dir.file("link")).error().code, ErrorCode::permission);
  EXPECT_EQ(make_private_dir(dir.write("file", "")).error().code, ErrorCode::permission);
  EXPECT_FALSE(make_private_dir(dir.file("a/b")).ok());
  if (::getuid() == 0) {
    const std::string foreign = dir.file("foreign");
    ASSERT_EQ(::mkdir(foreign.c_str(), 0700), 0);
    ASSERT_EQ(::chown(foreign.c_str(), 12345, 12345), 0);
    const Status refused = make_private_dir(foreign);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().what.find("user 12345"), std::string::npos);
  } else {
    EXPECT_NE(make_private_dir("/").error().what.find("user 0"), std::string::npos);
  }
}

TEST(Loopback, is_what_never_leaves_the_machine) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    EXPECT_TRUE(is_loopback(address)) << address;
  }
  for (const char* address :
       {"0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.test", "", "128.0.0.1"}) {
    EXPECT_FALSE(is_loopback(address)) << address;
  }
}

// One test, for a stop cannot be taken back: signal, flag, descriptor and a sleeper agree.
TEST(StopSignal, sets_the_flag_and_wakes_poll_and_sleepers) {
  EXPECT_FALSE(wait_stop(0));
  ASSERT_TRUE(install_stop_handler().ok());
  EXPECT_FALSE(stop_requested());
  pollfd wanted{stop_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wanted, 1, 0), 0);
  EXPECT_FALSE(wait_stop(1));
  bool has_woken = false;
  std::thread sleeper([&] { has_woken = wait_stop(30'000); });
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  sleeper.join();
  EXPECT_TRUE(has_woken);
  EXPECT_TRUE(stop_requested());
  EXPECT_EQ(::poll(&wanted, 1, 10'000), 1);
  EXPECT_EQ(::poll(&wanted, 1, 0), 1);
}

}  // namespace
}  // namespace ringside
