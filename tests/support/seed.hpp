// Owns the one seed of a test run: RINGSIDE_SEED, else the clock. Print it with SCOPED_TRACE so
// that a failure can be repeated. Test threads only.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "ringside/base/clock.hpp"

namespace ringside::test {

[[nodiscard]] inline std::uint64_t seed() {
  static const std::uint64_t value = [] {
    std::uint64_t given = wall_ns();
    if (const char* const text = std::getenv("RINGSIDE_SEED"); text != nullptr) {
      const std::string_view digits(text);
      std::from_chars(digits.data(), digits.data() + digits.size(), given);
    }
    return given;
  }();
  return value;
}

/// "RINGSIDE_SEED=17 repeats this".
[[nodiscard]] inline std::string seed_text() {
  return "RINGSIDE_SEED=" + std::to_string(seed()) + " repeats this";
}

/// A generator from that seed; prints it, so that a failure can be repeated exactly.
[[nodiscard]] inline std::mt19937_64 seeded_random() {
  std::printf("%s\n", seed_text().c_str());
  return std::mt19937_64(seed());
}

}  // namespace ringside::test
