// Owns running one of our programs in a test: start it, feed its environment, wait for a line or
// for its end with a bound, and be sure that it is gone afterwards. Test threads only.
#pragma once

#include <signal.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringside/base/unique_fd.hpp"

namespace ringside::test {

/// How a program ended.
struct Ended {
  int exit_code = -1;  // -signal when a signal ended it
  std::string out;
  std::string err;
};

/// A running program; killed when the object goes.
class Process {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  /// `argv[0]` is looked up in the build's bin folder unless it is a path. The child sees the
  /// parent's environment without RINGSIDE_* variables, plus `environment`.
  explicit Process(const std::vector<std::string>& argv, const Environment& environment = {});
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool is_running();
  void signal(int number) const;

  /// Waits until standard output or error holds `text`; false: it ended or the bound passed.
  [[nodiscard]] bool wait_for_text(std::string_view text, int timeout_ms = 20'000);

  /// Waits for its end; past the bound it is killed and the exit code is -SIGKILL.
  [[nodiscard]] Ended wait(int timeout_ms = 20'000);

  [[nodiscard]] const std::string& out() const noexcept { return out_; }
  [[nodiscard]] const std::string& err() const noexcept { return err_; }

 private:
  bool pump(int timeout_ms);  // reads what is there; false: both pipes have ended
  bool reap(bool is_blocking);

  pid_t pid_ = -1;
  bool is_reaped_ = false;
  int status_ = 0;
  UniqueFd out_pipe_;
  UniqueFd err_pipe_;
  std::string out_;
  std::string err_;
};

/// Runs a program to its end.
[[nodiscard]] Ended run(const std::vector<std::string>& argv,
                        const Process::Environment& environment = {}, int timeout_ms = 20'000);

}  // namespace ringside::test
