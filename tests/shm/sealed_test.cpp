// A consumer that is another user and means harm: it was handed the segment's descriptor, and tries
// everything that could change the memory or reach the writer. The kernel refuses each.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "../support/records.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

constexpr uid_t stranger = 65'534;
constexpr std::size_t page = 4096;

// What the attacker has in hand.
struct Target {
  int fd = -1;
  pid_t writer = -1;
  void* writer_memory = nullptr;  // where the writer has mapped the segment
};

// Each tries one thing; returns 0 if it worked, else errno.
using Attempt = int (*)(const Target& target);

int outcome(bool worked) {
  return worked ? 0 : errno;
}

int map_writable(int fd) {
  return outcome(::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
}

void* map_readable(int fd) {
  return ::mmap(nullptr, page, PROT_READ, MAP_SHARED, fd, 0);
}

int open_again(const Target& target, int flags) {
  return ::open(("/proc/self/fd/" + std::to_string(target.fd)).c_str(), flags | O_CLOEXEC);
}

off_t file_bytes(int fd) {
  return ::lseek(fd, 0, SEEK_END);
}

struct Refusal {
  const char* name;
  Attempt attempt;
  int errors[2];  // either of them
};

const Refusal refusals[] = {
    {"map_writable", [](const Target& t) { return map_writable(t.fd); }, {EPERM, EACCES}},
    {"mprotect_its_map_writable",
     [](const Target& t) {
       void* const map = map_readable(t.fd);
       if (map == MAP_FAILED) return 0;  // that much must work
       return outcome(::mprotect(map, page, PROT_READ | PROT_WRITE) == 0);
     },
     {EACCES, EPERM}},
    {"punch_a_hole_through_its_map",
     [](const Target& t) {
       void* const map = map_readable(t.fd);
       if (map == MAP_FAILED) return 0;
       return outcome(::madvise(map, page, MADV_REMOVE) == 0);
     },
     {EACCES, EPERM}},
    {"write",
     [](const Target& t) {
       return ::lseek(t.fd, 0, SEEK_SET) != 0 ? 0 : outcome(::write(t.fd, "x", 1) == 1);
     },
     {EPERM, EBADF}},
    {"pwrite",
     [](const Target& t) { return outcome(::pwrite(t.fd, "x", 1, 0) == 1); },
     {EPERM, EBADF}},
    {"cut", [](const Target& t) { return outcome(::ftruncate(t.fd, 0) == 0); }, {EPERM, EINVAL}},
    {"cut_by_a_page",
     [](const Target& t) {
       return outcome(::ftruncate(t.fd, file_bytes(t.fd) - static_cast<off_t>(page)) == 0);
     },
     {EPERM, EINVAL}},
    {"grow",
     [](const Target& t) {
       return outcome(::ftruncate(t.fd, file_bytes(t.fd) + static_cast<off_t>(page)) == 0);
     },
     {EPERM, EINVAL}},
    {"grow_by_allocating",
     [](const Target& t) {
       return outcome(::fallocate(t.fd, 0, file_bytes(t.fd), static_cast<off_t>(page)) == 0);
     },
     {EPERM, EBADF}},
    {"punch_a_hole",
     [](const Target& t) {
       constexpr int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
       return outcome(::fallocate(t.fd, mode, 0, static_cast<off_t>(page)) == 0);
     },
     {EPERM, EBADF}},
    {"seal_it_further",
     [](const Target& t) { return outcome(::fcntl(t.fd, F_ADD_SEALS, F_SEAL_WRITE) == 0); },
     {EPERM, EPERM}},
    {"open_again_and_map_writable",
     [](const Target& t) {
       const int again = open_again(t, O_RDWR);
       return again < 0 ? errno : map_writable(again);
     },
     {EPERM, EACCES}},
    {"open_again_and_write",
     [](const Target& t) {
       const int again = open_again(t, O_RDWR);
       return again < 0 ? errno : outcome(::pwrite(again, "x", 1, 0) == 1);
     },
     {EPERM, EACCES}},
    {"open_again_and_cut",
     [](const Target& t) { return outcome(open_again(t, O_RDWR | O_TRUNC) >= 0); },
     {EPERM, EACCES}},
    {"trace_the_writer",
     [](const Target& t) {
       return outcome(::ptrace(PTRACE_SEIZE, t.writer, nullptr, nullptr) == 0);
     },
     {EPERM, EACCES}},
    {"write_into_the_writer",
     [](const Target& t) {
       char byte = 'x';
       const iovec here{&byte, 1};
       const iovec there{t.writer_memory, 1};
       return outcome(::process_vm_writev(t.writer, &here, 1, &there, 1, 0) == 1);
     },
     {EPERM, EACCES}},
    {"read_from_the_writer",
     [](const Target& t) {
       char byte = 0;
       const iovec here{&byte, 1};
       const iovec there{t.writer_memory, 1};
       return outcome(::process_vm_readv(t.writer, &here, 1, &there, 1, 0) == 1);
     },
     {EPERM, EACCES}},
    {"open_the_writers_memory",
     [](const Target& t) {
       const std::string path = "/proc/" + std::to_string(t.writer) + "/mem";
       return outcome(::open(path.c_str(), O_RDWR | O_CLOEXEC) >= 0);
     },
     {EACCES, EPERM}},
    {"signal_the_writer",
     [](const Target& t) { return outcome(::kill(t.writer, 0) == 0); },
     {EPERM, EPERM}},
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

// Runs `attempt` in a child that has become the stranger; returns its errno, 0 if it worked, -1 if
// the child could not even begin.
int try_as_stranger(Attempt attempt, const Target& target) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool is_stranger = ::setgroups(0, nullptr) == 0 && ::setgid(stranger) == 0 &&
                             ::setuid(stranger) == 0 && ::setuid(0) != 0;
    ::_exit(is_stranger ? attempt(target) : 255);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

// The memory as any reader sees it, byte by byte.
std::string bytes_of(int fd, std::uint64_t bytes) {
  std::string copy(bytes, '\0');
  EXPECT_EQ(::pread(fd, copy.data(), bytes, 0), static_cast<ssize_t>(bytes));
  return copy;
}

class SealedSegment : public testing::TestWithParam<Refusal> {};

TEST_P(SealedSegment, refuses_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  SegmentShape shape;
  shape.symbol_capacity = 2;
  shape.tick_tape_slots = 64;
  shape.bar_tape_slots = 16;
  shape.arena_bytes = 1 << 16;
  auto writer = SegmentWriter::create(shape);
  ASSERT_TRUE(writer.ok()) << writer.error().message();
  (*writer)->mark_ready();
  (*writer)->publish(test::numbered_trade(1, instrument_none));
  const int fd = (*writer)->segment_fd();
  const std::string before = bytes_of(fd, (*writer)->facts().segment_bytes);
  std::uint64_t word = 0;  // of this process, for the attempts that reach into it
  const Target target{fd, ::getpid(), &word};

  // The stranger can read: what is refused below is refused for what it does.
  const int reading = try_as_stranger(
      [](const Target& t) { return SegmentView::map(t.fd).ok() ? 0 : EINVAL; }, target);
  if (reading < 0) GTEST_SKIP() << "this process may not become another user";
  ASSERT_EQ(reading, 0);

  const Refusal& refusal = GetParam();
  const int error = try_as_stranger(refusal.attempt, target);
  EXPECT_TRUE(error == refusal.errors[0] || error == refusal.errors[1])
      << (error == 0 ? "it worked" : std::strerror(error));
  EXPECT_EQ(word, 0U);
  EXPECT_EQ(bytes_of(fd, (*writer)->facts().segment_bytes), before);
  EXPECT_EQ(file_bytes(fd), static_cast<off_t>(before.size()));
}

INSTANTIATE_TEST_SUITE_P(All, SealedSegment, testing::ValuesIn(refusals),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace ringside::shm
