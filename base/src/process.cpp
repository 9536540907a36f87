// Owns signals, lock files and the run-time folder. Off the path; the handler itself touches one
// atomic and one eventfd.
#include "ringside/base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "ringside/base/clock.hpp"

namespace ringside {

namespace {

constinit std::atomic<bool> is_stop_requested{false};
constinit std::atomic<int> stop_event{-1};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_stop_signal(int) {
  const int saved = errno;
  request_stop();
  errno = saved;
}

std::string holder_text(int fd) {
  char text[32] = {};
  const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!pid.empty() && (pid.back() < '0' || pid.back() > '9')) pid.pop_back();
  const bool is_number =
      std::all_of(pid.begin(), pid.end(), [](char c) { return c >= '0' && c <= '9'; });
  return pid.empty() || !is_number ? "another process" : "process " + pid;
}

}  // namespace

Status install_stop_handler() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return sys_error(ErrorCode::internal, "eventfd for the stop signal");
  // release: pairs with the acquire in stop_fd; the handler below is installed after it.
  const int old = stop_event.exchange(fd, std::memory_order_acq_rel);
  if (old >= 0) ::close(old);
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: a blocked call ends, so that its loop looks at the flag
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigemptyset(&ignore.sa_mask);
  if (::sigaction(SIGINT, &action, nullptr) != 0 || ::sigaction(SIGTERM, &action, nullptr) != 0 ||
      ::sigaction(SIGPIPE, &ignore, nullptr) != 0) {
    return sys_error(ErrorCode::internal, "sigaction");
  }
  // The terminal went away: stop, unless we were started with nohup.
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN &&
      ::sigaction(SIGHUP, &action, nullptr) != 0) {
    return sys_error(ErrorCode::internal, "sigaction");
  }
  return {};
}

// relaxed: the flag carries no data with it.
bool stop_requested() noexcept {
  return is_stop_requested.load(std::memory_order_relaxed);
}

// acquire: pairs with the exchange in install_stop_handler.
int stop_fd() noexcept {
  return stop_event.load(std::memory_order_acquire);
}

void request_stop() noexcept {
  is_stop_requested.store(true, std::memory_order_relaxed);  // relaxed: as in stop_requested
  const int fd = stop_fd();
  const std::uint64_t one = 1;
  // A full counter (EAGAIN) is readable already; nothing else can fail on an eventfd.
  if (fd >= 0) [[maybe_unused]]
    const ssize_t written = ::write(fd, &one, sizeof one);
}

bool wait_stop(std::int64_t timeout_ms) noexcept {
  const std::uint64_t start_ns = monotonic_ns();
  while (!stop_requested()) {
    const auto passed_ms = static_cast<std::int64_t>((monotonic_ns() - start_ns) / 1'000'000U);
    if (passed_ms >= timeout_ms) break;
    pollfd wanted{stop_fd(), POLLIN, 0};
    const std::int64_t left_ms = std::min<std::int64_t>(timeout_ms - passed_ms, 60'000);
    ::poll(&wanted, 1, static_cast<int>(left_ms));  // EINTR: the loop looks again
  }
  return stop_requested();
}

Result<LockFile> LockFile::acquire(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    return sys_error(errno == EACCES || errno == ELOOP ? ErrorCode::permission : ErrorCode::io,
                     "lock file " + path);
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return sys_error(ErrorCode::io, "lock file " + path);
    return Error{ErrorCode::busy, 0, path + ": held by " + holder_text(file.get())};
  }
  // The file is never removed: removing it would let two holders lock two files of one name.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return sys_error(ErrorCode::io, "lock file " + path);
  }
  return LockFile(std::move(file));
}

Status make_private_dir(const std::string& path) {
  const bool is_new = ::mkdir(path.c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) {
    return sys_error(errno == EACCES ? ErrorCode::permission : ErrorCode::io, "folder " + path);
  }
  const UniqueFd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir) {
    return sys_error(ErrorCode::permission,
                     "folder " + path + ": not a folder of ours (a file, or a symbolic link)");
  }
  struct stat info {};
  if (::fstat(dir.get(), &info) != 0) return sys_error(ErrorCode::io, "folder " + path);
  if (info.st_uid != ::geteuid()) {
    return Error{ErrorCode::permission, 0,
                 "folder " + path + ": belongs to user " + std::to_string(info.st_uid) +
                     ", needs to belong to user " + std::to_string(::geteuid())};
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "0%03o", info.st_mode & 0777U);
    return Error{ErrorCode::permission, 0,
                 "folder " + path + ": others may enter it (mode " + mode + "), needs mode 0700"};
  }
  return {};
}

bool is_loopback(std::string_view address) noexcept {
  return address == "localhost" || address == "::1" ||
         (address.substr(0, 4) == "127." &&
          address.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace ringside
