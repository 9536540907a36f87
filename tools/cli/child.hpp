// Owns one child process: starts it so that it cannot outlive us, tells how it ended, stops it.
// Main thread (the kernel ties a child's death signal to the thread that started it); allocates.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::cli {

/// What to start.
struct ChildSpec {
  std::string role = {};               // "gateway": for messages
  std::vector<std::string> argv = {};  // argv[0]: path of the program
  std::vector<std::pair<std::string, std::string>> environment_set = {};
  std::vector<std::string> environment_removed = {};
};

/// How a child ended: by itself with a code, or by a signal.
struct ChildEnd {
  int exit_code = 0;
  int signal = 0;

  /// "ended with exit code 7 (busy)", "was ended by signal 9 (Killed)".
  [[nodiscard]] std::string text() const;
};

class Child {
 public:
  explicit Child(ChildSpec spec) : spec_(std::move(spec)) {}
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept = default;
  /// A child still running is killed.
  ~Child();

  /// Starts it: own process group (a terminal's Ctrl-C is ours to pass on), standard input from
  /// nothing, SIGKILL when we die.
  /// Errors  not_found, permission: the program cannot be run; memory: no process to be had.
  [[nodiscard]] Status start();

  [[nodiscard]] bool is_running() const noexcept { return static_cast<bool>(pidfd_); }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Readable when it has ended; -1 while it does not run.
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }
  [[nodiscard]] std::uint64_t started_ns() const noexcept { return started_ns_; }
  [[nodiscard]] const ChildSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] ChildSpec& spec() noexcept { return spec_; }

  /// Its end, if it has come. Never waits.
  [[nodiscard]] std::optional<ChildEnd> reap() noexcept;

  void signal(int number) const noexcept;

  /// SIGTERM, up to `patience_ms`, then SIGKILL. Returns how it ended.
  ChildEnd stop(std::int64_t patience_ms) noexcept;

 private:
  ChildSpec spec_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::uint64_t started_ns_ = 0;
};

}  // namespace ringside::cli
