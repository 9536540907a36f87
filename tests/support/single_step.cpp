#include "single_step.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ringside/base/assert.hpp"

namespace ringside::test {

namespace {

// Stops the caller for its tracer: in front of the work, and behind it.
void mark(pid_t self) noexcept {
  (void)::kill(self, SIGSTOP);
}

[[noreturn]] void run_traced(const std::function<void()>& work,
                             const std::function<void()>& prepare) {
  if (prepare) prepare();
  const pid_t self = ::getpid();
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  mark(self);
  work();
  mark(self);
  ::_exit(0);
}

// The signal that the child stopped with; 0: it is gone.
int wait_for_stop(pid_t pid) noexcept {
  int status = 0;
  pid_t waited = 0;
  do {
    waited = ::waitpid(pid, &status, 0);
  } while (waited < 0 && errno == EINTR);
  return waited == pid && WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

}  // namespace

SteppedChild::SteppedChild(const std::function<void()>& work,
                           const std::function<void()>& prepare) {
  pid_ = ::fork();
  RINGSIDE_ASSERT(pid_ >= 0);
  if (pid_ == 0) run_traced(work, prepare);
  const int signal = wait_for_stop(pid_);
  if (signal == 0) pid_ = -1;  // it has ended, and was waited for
  is_inside_ = signal == SIGSTOP;
}

SteppedChild::~SteppedChild() {
  kill();
}

std::uint64_t SteppedChild::step(std::uint64_t count) {
  std::uint64_t done = 0;
  while (is_inside_ && done < count) {
    if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) break;
    const int signal = wait_for_stop(pid_);
    if (signal == 0) pid_ = -1;
    is_inside_ = signal == SIGTRAP;
    if (is_inside_) ++done;
  }
  return done;
}

void SteppedChild::kill() {
  is_inside_ = false;
  if (pid_ < 0) return;
  (void)::kill(pid_, SIGKILL);
  while (wait_for_stop(pid_) != 0) {
  }
  pid_ = -1;
}

std::optional<std::string> why_not_stepping() {
  SteppedChild child([] {});
  if (!child.is_inside()) return "ptrace is not permitted here";
  if (child.step(1) != 1) return std::string("no single step: ") + std::strerror(errno);
  return std::nullopt;
}

std::uint64_t count_instructions(const std::function<void()>& work) {
  constexpr std::uint64_t no_bound = ~std::uint64_t{0};
  const std::function<void()> nothing = [] {};
  // Both marks once before: the first call of a library's function resolves it.
  const std::uint64_t whole = SteppedChild(work, work).step(no_bound);
  const std::uint64_t marks = SteppedChild(nothing, nothing).step(no_bound);
  return whole > marks ? whole - marks : 0;
}

}  // namespace ringside::test
