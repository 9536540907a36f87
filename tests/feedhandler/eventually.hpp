// Owns waiting in a test: for a condition, with a bound, never for a time. Test threads only.
#pragma once

#include <cstdint>
#include <thread>

#include "ringside/base/clock.hpp"

namespace ringside::test {

/// Tries `done` until it holds; false after `patience_ms`.
template <class Done>
[[nodiscard]] bool eventually(Done done, std::uint64_t patience_ms = 20'000) {
  const std::uint64_t until = monotonic_ns() + patience_ms * 1'000'000;
  while (!done()) {
    if (monotonic_ns() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace ringside::test
