// Owns the claims about option symbols and premiums.
#include "sim/chains.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

#include "sim/event.hpp"

namespace ringside::sim {
namespace {

std::int64_t day_of(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} /
                               std::chrono::day{day}}
      .time_since_epoch()
      .count();
}

TEST(Chains, symbols_are_root_date_side_and_strike_in_thousandths) {
  EXPECT_EQ(opra_symbol("SPY", day_of(2026, 12, 18), true, 650 * nanos_per_dollar),
            "O:SPY261218C00650000");
  EXPECT_EQ(opra_symbol("F", day_of(2026, 1, 16), false, 9'500'000'000), "O:F260116P00009500");
  EXPECT_EQ(opra_symbol("BRK.B", day_of(2027, 3, 5), true, 497'500'000'000),
            "O:BRKB270305C00497500");
}

TEST(Chains, every_contract_is_unique_expires_later_on_a_friday_and_has_its_other_side) {
  const std::vector<Stock> stocks = make_stocks(300, 1);
  const std::int64_t start = day_of(2026, 3, 2);
  const std::vector<Contract> contracts = make_contracts(1000, stocks, start);
  EXPECT_GT(contracts.size(), 950U);
  EXPECT_LE(contracts.size(), 1000U);
  std::set<std::string> symbols;
  std::set<std::uint32_t> underlyings;
  for (const Contract& contract : contracts) {
    EXPECT_TRUE(symbols.insert(contract.symbol).second) << contract.symbol;
    EXPECT_GT(contract.ts_expiry_s, start * 86'400);
    EXPECT_GE(contract.symbol.size(), 18U);
    EXPECT_LE(contract.symbol.size(), 23U);
    underlyings.insert(contract.underlying);
  }
  EXPECT_EQ(underlyings.size(), 16U);
  EXPECT_TRUE(symbols.contains("O:SPY261218C00650000"));
  EXPECT_TRUE(symbols.contains("O:SPY260306P00650000"));
}

TEST(Chains, premiums_fall_with_the_strike_rise_with_time_and_keep_parity) {
  const std::vector<Stock> stocks = make_stocks(1, 1);
  const std::int64_t spot = stocks[0].price_nanos;
  Contract contract;
  std::int64_t last = spot + 1;
  for (std::int64_t strike = 500; strike <= 800; strike += 5) {
    contract.strike_nanos = strike * nanos_per_dollar;
    const std::int64_t month = deviation_nanos(stocks[0], spot, 2'592'000);
    const std::int64_t year = deviation_nanos(stocks[0], spot, 31'536'000);
    contract.is_call = true;
    const std::int64_t call = option_fair_nanos(contract, spot, month);
    EXPECT_LE(call, last);
    EXPECT_GE(option_fair_nanos(contract, spot, year), call);
    last = call;
    contract.is_call = false;
    const std::int64_t put = option_fair_nanos(contract, spot, month);
    EXPECT_EQ(call - put, spot - contract.strike_nanos);
    EXPECT_GE(put, 0);
  }
}

TEST(Chains, at_expiry_only_intrinsic_value_is_left) {
  Contract contract;
  contract.strike_nanos = 650 * nanos_per_dollar;
  EXPECT_EQ(option_fair_nanos(contract, 655 * nanos_per_dollar, 0), 5 * nanos_per_dollar);
  EXPECT_EQ(option_fair_nanos(contract, 645 * nanos_per_dollar, 0), 0);
}

TEST(Tickers, well_known_ones_come_first_and_all_are_different) {
  const std::vector<Stock> stocks = make_stocks(2000, 7);
  ASSERT_EQ(stocks.size(), 2000U);
  EXPECT_EQ(stocks[0].symbol, "SPY");
  std::set<std::string> symbols;
  for (const Stock& stock : stocks) {
    EXPECT_TRUE(symbols.insert(stock.symbol).second) << stock.symbol;
    EXPECT_GT(stock.price_nanos, 0);
    EXPECT_GE(stock.tape, 1);
    EXPECT_LE(stock.tape, 3);
  }
  for (const char* known : {"QQQ", "DIA", "AAPL", "TSLA", "NVDA", "BRK.B", "BACpL"}) {
    EXPECT_TRUE(symbols.contains(known)) << known;
  }
}

}  // namespace
}  // namespace ringside::sim
