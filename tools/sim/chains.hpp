// Owns which option contracts the synthetic market has, their OPRA symbols, and what a contract is
// worth. Off the path except option_fair_nanos, which neither allocates nor uses floating point.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/tickers.hpp"

namespace ringside::sim {

struct Contract {
  std::string symbol;            // "O:SPY261218C00650000"
  std::uint32_t underlying = 0;  // index in the stocks
  std::int64_t strike_nanos = 0;
  std::int64_t ts_expiry_s = 0;  // 16:00 New York on the expiry date
  bool is_call = true;
  bool is_penny = false;     // quoted in cents at every premium
  std::uint64_t weight = 1;  // how often it is quoted and traded, relative to the others
};

inline constexpr std::size_t option_count_max = 200'000;

/// The OPRA symbol: root without dots, yymmdd, C or P, strike in thousandths as eight digits.
[[nodiscard]] std::string opra_symbol(std::string_view underlying, std::int64_t expiry_day,
                                      bool is_call, std::int64_t strike_nanos);

/// About `count` contracts on the most active of `stocks`: weekly and monthly Fridays and the
/// year's December expiry after `start_day`, strikes around the price level, calls and puts in
/// pairs.
[[nodiscard]] std::vector<Contract> make_contracts(std::size_t count, std::span<const Stock> stocks,
                                                   std::int64_t start_day);

/// Standard deviation of the stock at expiry, in nanos.
[[nodiscard]] std::int64_t deviation_nanos(const Stock& stock, std::int64_t spot_nanos,
                                           std::int64_t seconds_left) noexcept;

/// The normal model's premium: intrinsic value plus time value by the distance to the strike.
[[nodiscard]] std::int64_t option_fair_nanos(const Contract& contract, std::int64_t spot_nanos,
                                             std::int64_t deviation_nanos) noexcept;

}  // namespace ringside::sim
