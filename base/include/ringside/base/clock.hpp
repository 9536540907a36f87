// Owns the two clocks. Instants (ts_*) come from wall_ns, durations from monotonic_ns; nothing else
// in the project asks the kernel for the time.
#pragma once

#include <cstdint>
#include <ctime>

namespace ringside {

[[nodiscard]] inline std::uint64_t read_clock_ns(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);  // vDSO: no system call
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// ns UTC since 1970.
[[nodiscard]] inline std::uint64_t wall_ns() noexcept {
  return read_clock_ns(CLOCK_REALTIME);
}

/// ns since an arbitrary start; never steps.
[[nodiscard]] inline std::uint64_t monotonic_ns() noexcept {
  return read_clock_ns(CLOCK_MONOTONIC);
}

}  // namespace ringside
