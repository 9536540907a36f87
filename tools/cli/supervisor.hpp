// Owns the children of `ringside up`: starts them in order, restarts a dead one with back-off, ends
// all in the opposite order. Main thread; allocates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "child.hpp"
#include "ringside/base/result.hpp"

namespace ringside::cli {

/// When a dead child is started again. Pure; times in ns, durations of the monotonic clock.
class RestartPolicy {
 public:
  static constexpr std::uint64_t delay_ns_min = 1'000'000'000;
  static constexpr std::uint64_t delay_ns_max = 30'000'000'000;
  static constexpr std::uint64_t healthy_ns = 60'000'000'000;

  /// It ended after `uptime_ns`: how long to wait. Doubles each time, begins anew after a healthy
  /// minute.
  [[nodiscard]] std::uint64_t next_delay_ns(std::uint64_t uptime_ns) noexcept;

 private:
  std::uint64_t delay_ns_ = 0;
};

/// Is an end with that exit code one that starting again does not mend? `has_been_up`: it ran for a
/// while before, so that its memory and files were there.
[[nodiscard]] bool is_final_exit(int exit_code, bool has_been_up) noexcept;

class Supervisor {
 public:
  static constexpr std::int64_t stop_patience_ms = 10'000;  // for each child, then SIGKILL
  static constexpr std::uint64_t up_ns = 5'000'000'000;   // a child that old has been up

  /// Adds a child and starts it.
  /// Errors  not_found, permission: the program cannot be run.
  [[nodiscard]] Status start(ChildSpec spec);

  /// Waits up to `timeout_ms` for an end, a restart that is due, or a stop request, and does what
  /// is to be done.
  /// Errors  a child ended in a way that a restart does not mend: its code.
  [[nodiscard]] Status step(std::int64_t timeout_ms);

  /// Ends every child, the last started first. Cost: up to stop_patience_ms each.
  void stop_all() noexcept;

  /// The running child of that role, nullptr if it is not running now.
  [[nodiscard]] const Child* find(std::string_view role) const noexcept;

  /// What a later restart of `role` is started with beyond its first arguments.
  void append_arguments(std::string_view role, const std::vector<std::string>& arguments);

 private:
  struct Member {
    Child child;
    RestartPolicy policy{};
    std::uint64_t restart_ns = 0;  // monotonic; 0: it runs
    bool has_been_up = false;
  };
  [[nodiscard]] std::int64_t nap_ms(std::int64_t timeout_ms) const noexcept;
  [[nodiscard]] Status look_after(Member& member);
  [[nodiscard]] Status take_end(Member& member, const ChildEnd& end);

  std::vector<Member> members_;
};

}  // namespace ringside::cli
