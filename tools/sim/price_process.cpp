#include "sim/price_process.hpp"

#include <algorithm>
#include <bit>

namespace ringside::sim {

std::int64_t integer_root(std::int64_t value) noexcept {
  if (value <= 0) return 0;
  // Newton's method from above: it falls until it has the floor.
  const auto bits = static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(value)));
  std::int64_t root = std::int64_t{1} << ((bits + 1) / 2);
  for (;;) {
    const std::int64_t better = (root + value / root) / 2;
    if (better >= root) return root;
    root = better;
  }
}

PriceProcess::PriceProcess(std::span<const Stock> stocks, std::uint64_t seed,
                           std::uint64_t ts_start_ns)
    : rng_(seed ^ 0x7072696365733031U), ts_factor_ns_(ts_start_ns) {
  states_.reserve(stocks.size());
  for (const Stock& stock : stocks) {
    states_.push_back({.fair_nanos = stock.price_nanos,
                       .level_nanos = stock.price_nanos,
                       .factor_seen_ppb = 0,
                       .ts_seen_ns = ts_start_ns,
                       .beta_percent = stock.beta_percent,
                       .sigma_ppm = stock.sigma_ppm});
  }
}

void PriceProcess::advance(std::uint64_t ts_ns) {
  // After a long silence (a night) one bounded run of steps is enough.
  constexpr std::uint64_t steps_max = 20'000;
  if (ts_ns > ts_factor_ns_ + steps_max * step_ns) ts_factor_ns_ = ts_ns - steps_max * step_ns;
  constexpr std::int64_t step_sigma_ppb = market_sigma_ppm * 1000 * 2236 / 10'000;  // root of 1/20
  while (ts_factor_ns_ + step_ns <= ts_ns) {
    ts_factor_ns_ += step_ns;
    factor_ppb_ += rng_.normal_milli() * step_sigma_ppb / 1000;
  }
}

std::int64_t PriceProcess::fair_nanos(std::uint32_t stock, std::uint64_t ts_ns) {
  State& state = states_[stock];
  const std::int64_t market_ppb = (factor_ppb_ - state.factor_seen_ppb) * state.beta_percent / 100;
  constexpr std::uint64_t gap_us_max = 3'600'000'000;
  const std::uint64_t gap_us = std::min((ts_ns - state.ts_seen_ns) / 1000, gap_us_max);
  std::int64_t own_ppb = 0;
  if (gap_us > 0) {
    const std::int64_t root_milli = integer_root(static_cast<std::int64_t>(gap_us));
    own_ppb = state.sigma_ppm * root_milli * rng_.normal_milli() / 1000;
  }
  const __int128 moved =
      static_cast<__int128>(state.fair_nanos) * (1'000'000'000 + market_ppb + own_ppb);
  state.fair_nanos = std::clamp(static_cast<std::int64_t>(moved / 1'000'000'000),
                                state.level_nanos / 3, state.level_nanos * 3);
  state.factor_seen_ppb = factor_ppb_;
  state.ts_seen_ns = ts_ns;
  return state.fair_nanos;
}

}  // namespace ringside::sim
