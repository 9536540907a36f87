// Owns what a Ringside process does with its surroundings: the clean stop, the lock that makes it
// the only one of its role, and the run-time folder. Off the path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ringside/base/result.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside {

/// From now on SIGINT, SIGTERM and (unless it is ignored) SIGHUP ask for a clean stop instead of
/// killing, and SIGPIPE is ignored.
/// Call once in main, before threads start. Errors: internal (the kernel refused).
[[nodiscard]] Status install_stop_handler();

/// Was a stop asked for? Any thread. Cost: one relaxed load.
[[nodiscard]] bool stop_requested() noexcept;

/// Readable (and stays so) once a stop was asked for: for poll and io_uring. -1 before
/// install_stop_handler. Never read from it.
[[nodiscard]] int stop_fd() noexcept;

/// Asks for the stop from inside. Any thread, any signal handler.
void request_stop() noexcept;

/// Sleeps until a stop is asked for or `timeout_ms` have passed; true: stop.
[[nodiscard]] bool wait_stop(std::int64_t timeout_ms) noexcept;

/// An exclusive lock file, held with flock for the object's life; the kernel frees it on death.
/// The holder's pid is in the file, for display only.
class LockFile {
 public:
  /// Errors  busy: another process holds it (names the file and the holder's pid); permission, io.
  [[nodiscard]] static Result<LockFile> acquire(const std::string& path);

 private:
  explicit LockFile(UniqueFd file) noexcept : file_(std::move(file)) {}
  UniqueFd file_;
};

/// Creates the folder (mode 0700, parents not) or checks that it is a real folder of ours that
/// nobody else may enter. Errors  permission: another owner, a symbolic link, open to others; io.
[[nodiscard]] Status make_private_dir(const std::string& path);

/// Is the text a loopback address ("127.0.0.1", "::1", "localhost")?
[[nodiscard]] bool is_loopback(std::string_view address) noexcept;

}  // namespace ringside
