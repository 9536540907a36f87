// Owns which stocks the synthetic market has: well-known tickers with their listing and a price
// level, then generated ones. Off the path; allocates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::sim {

/// One stock's character. Prices in nanos; `beta_percent` and `sigma_ppm` move it: its share of the
/// market's moves, and its own standard deviation over one second.
struct Stock {
  std::string symbol;
  std::uint8_t tape = 1;
  std::int64_t price_nanos = 0;
  std::int64_t beta_percent = 100;
  std::int64_t sigma_ppm = 100;
};

inline constexpr std::size_t stock_count_max = 12'000;

/// `count` stocks (1..stock_count_max), most active first. The first ones are always the same; the
/// generated rest depends on the seed.
[[nodiscard]] std::vector<Stock> make_stocks(std::size_t count, std::uint64_t seed);

/// Shares of a round lot at a price, by the tiers in force since 2025.
[[nodiscard]] std::int64_t round_lot_shares(std::int64_t price_nanos) noexcept;

}  // namespace ringside::sim
