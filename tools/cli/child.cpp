// Owns one child process. Main thread; allocates.
#include "child.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "ringside/base/clock.hpp"

extern char** environ;  // NOLINT: POSIX gives no header for it

namespace ringside::cli {

namespace {

bool is_named(std::string_view entry, std::string_view name) {
  return entry.size() > name.size() && entry.substr(0, name.size()) == name &&
         entry[name.size()] == '=';
}

std::vector<std::string> environment_of(const ChildSpec& spec) {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const bool is_removed =
        std::any_of(spec.environment_removed.begin(), spec.environment_removed.end(),
                    [&](const std::string& name) { return is_named(entry, name); }) ||
        std::any_of(spec.environment_set.begin(), spec.environment_set.end(),
                    [&](const auto& set) { return is_named(entry, set.first); });
    if (!is_removed) out.emplace_back(entry);
  }
  for (const auto& [name, value] : spec.environment_set) {
    out.push_back(fmt::format("{}={}", name, value));
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

// Runs in the child between fork and exec. The parent has one thread, so nothing is locked.
[[noreturn]] void become(char* const* argv, char* const* environment, pid_t parent, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before it could be watched
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  struct sigaction fresh {};
  fresh.sa_handler = SIG_DFL;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaction(number, &fresh, nullptr);
  ::execve(argv[0], argv, environment);
  const int fault = errno;
  // The parent reads the reason, or sees the pipe close when exec succeeded.
  [[maybe_unused]] const ssize_t written = ::write(report, &fault, sizeof fault);
  ::_exit(127);
}

}  // namespace

std::string ChildEnd::text() const {
  if (signal != 0) return fmt::format("was ended by signal {} ({})", signal, ::strsignal(signal));
  const bool is_known = exit_code >= 0 && exit_code <= ringside::exit_code(ErrorCode::permission);
  return fmt::format("ended with exit code {} ({})", exit_code,
                     is_known ? to_string(static_cast<ErrorCode>(exit_code)) : "unknown");
}

Child::~Child() {
  if (is_running()) stop(0);
}

Status Child::start() {
  std::vector<std::string> words = spec_.argv;
  std::vector<std::string> variables = environment_of(spec_);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> environment = pointers(variables);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return sys_error(ErrorCode::memory, "pipe for " + spec_.role);
  UniqueFd report(ends[0]);
  UniqueFd report_in_child(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return sys_error(ErrorCode::memory, "process for " + spec_.role);
  if (pid == 0) become(argv.data(), environment.data(), parent, report_in_child.get());
  report_in_child.reset();
  pid_ = pid;
  started_ns_ = monotonic_ns();
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // close-on-exec
  if (!pidfd_) {
    const Error fault = sys_error(ErrorCode::internal, "pidfd of " + spec_.role);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fault;
  }
  int reason = 0;
  ssize_t got = 0;
  do {
    got = ::read(report.get(), &reason, sizeof reason);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof reason) return {};
  stop(0);
  return Error{reason == ENOENT ? ErrorCode::not_found : ErrorCode::permission, reason,
               "cannot run " + spec_.argv[0]};
}

std::optional<ChildEnd> Child::reap() noexcept {
  if (!is_running()) return std::nullopt;
  int status = 0;
  const pid_t got = ::waitpid(pid_, &status, WNOHANG);
  if (got != pid_) return std::nullopt;
  pidfd_.reset();
  if (WIFSIGNALED(status)) return ChildEnd{.exit_code = 0, .signal = WTERMSIG(status)};
  return ChildEnd{.exit_code = WEXITSTATUS(status), .signal = 0};
}

void Child::signal(int number) const noexcept {
  if (is_running()) ::kill(pid_, number);  // not reaped yet, so the pid is still this child's
}

ChildEnd Child::stop(std::int64_t patience_ms) noexcept {
  const std::uint64_t end_ns =
      monotonic_ns() + static_cast<std::uint64_t>(patience_ms) * 1'000'000U;
  if (patience_ms > 0) signal(SIGTERM);
  bool is_killed = false;
  while (is_running()) {
    if (const std::optional<ChildEnd> end = reap(); end) return *end;
    const std::uint64_t now = monotonic_ns();
    if (now >= end_ns && !is_killed) {
      signal(SIGKILL);
      is_killed = true;
    }
    const std::uint64_t left_ms = now < end_ns ? (end_ns - now) / 1'000'000U + 1 : 1000;
    pollfd wanted{pidfd(), POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(std::min<std::uint64_t>(left_ms, 1000)));
  }
  return {};
}

}  // namespace ringside::cli
