// Owns the fair prices of the synthetic stocks: one market factor that moves them all and an own
// random walk for each. Integers only. One thread; allocates when created.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/random.hpp"
#include "sim/tickers.hpp"

namespace ringside::sim {

/// The market factor's standard deviation over one second, in millionths: about 15 % a year.
inline constexpr std::int64_t market_sigma_ppm = 60;

/// Floor of the square root.
[[nodiscard]] std::int64_t integer_root(std::int64_t value) noexcept;

class PriceProcess {
 public:
  PriceProcess(std::span<const Stock> stocks, std::uint64_t seed, std::uint64_t ts_start_ns);

  /// Moves the market factor up to `ts_ns`, in steps of step_ns. Time never goes back.
  void advance(std::uint64_t ts_ns);
  static constexpr std::uint64_t step_ns = 50'000'000;

  /// The stock's fair price at `ts_ns`: what the factor and its own noise made of it since it was
  /// last asked. Always between a third and three times its level.
  [[nodiscard]] std::int64_t fair_nanos(std::uint32_t stock, std::uint64_t ts_ns);

  /// A jump of the whole market, in billionths.
  void shock(std::int64_t ppb) noexcept { factor_ppb_ += ppb; }

 private:
  struct State {
    std::int64_t fair_nanos = 0;
    std::int64_t level_nanos = 0;
    std::int64_t factor_seen_ppb = 0;
    std::uint64_t ts_seen_ns = 0;
    std::int64_t beta_percent = 100;
    std::int64_t sigma_ppm = 100;
  };

  std::vector<State> states_;
  Rng rng_;
  std::int64_t factor_ppb_ = 0;
  std::uint64_t ts_factor_ns_;
};

}  // namespace ringside::sim
