// Owns waiting for a condition with a bound: no test sleeps blindly. Test threads only.
#pragma once

#include <poll.h>

#include <charconv>
#include <cstdint>
#include <string_view>

#include "ringside/base/clock.hpp"

namespace ringside::test {

/// Asks again and again until it holds; false: the bound passed.
template <class Condition>
[[nodiscard]] bool wait_until(Condition&& condition, std::uint64_t timeout_s = 30) {
  const std::uint64_t end_ns = monotonic_ns() + timeout_s * 1'000'000'000U;
  while (!condition()) {
    if (monotonic_ns() >= end_ns) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

/// The number at the front of `text`; -1: none.
[[nodiscard]] inline long number_in(std::string_view text) {
  long value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace ringside::test
