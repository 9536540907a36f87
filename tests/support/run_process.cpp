// Owns running one of our programs in a test. Test threads only; allocates.
#include "run_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"

extern char** environ;  // NOLINT: POSIX gives no header for it

namespace ringside::test {

namespace {

std::vector<std::string> child_environment(const Process::Environment& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::string_view(*entry).substr(0, 9) != "RINGSIDE_") out.emplace_back(*entry);
  }
  for (const auto& [name, value] : added) {
    const std::string prefix = name + "=";
    out.erase(std::remove_if(out.begin(), out.end(),
                             [&](const std::string& entry) { return entry.rfind(prefix, 0) == 0; }),
              out.end());
    out.push_back(prefix + value);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Pipe make_pipe() {
  int ends[2];
  RINGSIDE_ASSERT(::pipe2(ends, O_CLOEXEC) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::int64_t now_ms() {
  return static_cast<std::int64_t>(monotonic_ns() / 1'000'000U);
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, const Environment& environment) {
  std::vector<std::string> words = argv;
  if (words[0].find('/') == std::string::npos) words[0] = RINGSIDE_BIN_DIR "/" + words[0];
  std::vector<std::string> variables = child_environment(environment);
  std::vector<char*> argv_pointers = pointers(words);
  std::vector<char*> environment_pointers = pointers(variables);
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  RINGSIDE_ASSERT(pid_ >= 0);
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::dup2(out.write_end.get(), 1);
    ::dup2(err.write_end.get(), 2);
    ::execve(argv_pointers[0], argv_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  out_pipe_ = std::move(out.read_end);
  err_pipe_ = std::move(err.read_end);
}

Process::~Process() {
  if (!is_reaped_) {
    ::kill(pid_, SIGKILL);
    reap(true);
  }
}

void Process::signal(int number) const {
  if (!is_reaped_) ::kill(pid_, number);
}

bool Process::reap(bool is_blocking) {
  while (!is_reaped_) {
    const pid_t got = ::waitpid(pid_, &status_, is_blocking ? 0 : WNOHANG);
    if (got == pid_) is_reaped_ = true;
    if (got == 0) break;
    if (got < 0 && errno != EINTR) break;
  }
  return is_reaped_;
}

bool Process::is_running() {
  return !reap(false);
}

bool Process::pump(int timeout_ms) {
  pollfd wanted[2] = {{out_pipe_.get(), POLLIN, 0}, {err_pipe_.get(), POLLIN, 0}};
  if (wanted[0].fd < 0 && wanted[1].fd < 0) return false;
  ::poll(wanted, 2, timeout_ms);
  char chunk[4096];
  const auto take = [&](const pollfd& ready, UniqueFd& pipe, std::string& text) {
    if (ready.fd < 0 || ready.revents == 0) return;
    const ssize_t got = ::read(ready.fd, chunk, sizeof chunk);
    if (got > 0) text.append(chunk, static_cast<std::size_t>(got));
    if (got == 0) pipe.reset();
  };
  take(wanted[0], out_pipe_, out_);
  take(wanted[1], err_pipe_, err_);
  return true;
}

bool Process::wait_for_text(std::string_view text, int timeout_ms) {
  const std::int64_t end_ms = now_ms() + timeout_ms;
  while (true) {
    const bool is_there =
        out_.find(text) != std::string::npos || err_.find(text) != std::string::npos;
    if (is_there) return true;
    if (now_ms() >= end_ms || !pump(50)) return false;
  }
}

Ended Process::wait(int timeout_ms) {
  const std::int64_t end_ms = now_ms() + timeout_ms;
  // The pipes may outlive the program in a grandchild, so the program's own end counts.
  while (!reap(false)) {
    if (now_ms() >= end_ms) {
      ::kill(pid_, SIGKILL);
      reap(true);
      break;
    }
    if (!pump(20)) ::poll(nullptr, 0, 5);  // both pipes have ended, the program has not
  }
  for (int rounds = 0; rounds < 64; ++rounds) {
    const std::size_t before = out_.size() + err_.size();
    if (!pump(0)) break;
    if (out_.size() + err_.size() == before && out_pipe_.get() < 0 && err_pipe_.get() < 0) break;
  }
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
  return {code, out_, err_};
}

Ended run(const std::vector<std::string>& argv, const Process::Environment& environment,
          int timeout_ms) {
  Process process(argv, environment);
  return process.wait(timeout_ms);
}

}  // namespace ringside::test
