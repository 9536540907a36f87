// Owns stamps by the processor's time-stamp counter, which all cores of one machine share, and what
// a tick of it is worth. No system call behind calibrate(). Benchmarks only.
#pragma once

#include <x86intrin.h>

#include <algorithm>
#include <cstdint>

#include "ringside/base/clock.hpp"

namespace ringside::bench {

/// Now, before what follows is done: what is stamped must depend on the value.
[[nodiscard]] inline std::uint64_t tsc_begin() noexcept {
  return __rdtsc();
}

/// Now, once everything before it was loaded.
[[nodiscard]] inline std::uint64_t tsc_end() noexcept {
  unsigned cpu = 0;
  return __rdtscp(&cpu);
}

/// The counter against the monotonic clock.
class Tsc {
 public:
  /// Takes about 20 ms. Both clocks are read close together: the tightest of several reads counts.
  [[nodiscard]] static Tsc calibrate() noexcept {
    const Pair first = read_pair();
    while (monotonic_ns() < first.ns + 20'000'000) {
    }
    const Pair second = read_pair();
    Tsc tsc;
    tsc.ns_per_tick_ =
        static_cast<double>(second.ns - first.ns) / static_cast<double>(second.ticks - first.ticks);
    std::uint64_t step = ~std::uint64_t{0};
    std::uint64_t sum = 0;
    std::uint64_t count = 0;
    for (int i = 0; i < 10'000; ++i) {
      const std::uint64_t begin = tsc_begin();
      const std::uint64_t passed = tsc_end() - begin;
      if (passed > 1000) continue;  // something came in between
      sum += passed;
      ++count;
      if (passed != 0) step = std::min(step, passed);
    }
    tsc.stamp_ticks_ = sum / std::max<std::uint64_t>(count, 1);
    tsc.step_ticks_ = step;
    return tsc;
  }

  [[nodiscard]] double ns(std::uint64_t ticks) const noexcept {
    return static_cast<double>(ticks) * ns_per_tick_;
  }
  [[nodiscard]] std::uint64_t ticks(double ns) const noexcept {
    return static_cast<std::uint64_t>(ns / ns_per_tick_);
  }
  /// What a pair of stamps around nothing measures, on the mean.
  [[nodiscard]] std::uint64_t stamp_ticks() const noexcept { return stamp_ticks_; }
  /// The counter's own step: some processors add many ticks at once.
  [[nodiscard]] std::uint64_t step_ticks() const noexcept { return step_ticks_; }

 private:
  struct Pair {
    std::uint64_t ns = 0;
    std::uint64_t ticks = 0;
  };
  static Pair read_pair() noexcept {
    Pair best;
    std::uint64_t width = ~std::uint64_t{0};
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t before = tsc_end();
      const std::uint64_t ns = monotonic_ns();
      const std::uint64_t after = tsc_end();
      if (after - before >= width) continue;
      width = after - before;
      best = {ns, before + width / 2};
    }
    return best;
  }

  double ns_per_tick_ = 1;
  std::uint64_t stamp_ticks_ = 0;
  std::uint64_t step_ticks_ = 1;
};

/// Makes the compiler put `value` where memory is: what was copied was really copied.
template <class T>
inline void keep(const T& value) noexcept {
  asm("" : : "m"(value));
}

}  // namespace ringside::bench
