#include "sim/chains.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ringside/base/assert.hpp"
#include "sim/event.hpp"
#include "sim/ny_time.hpp"
#include "sim/price_process.hpp"

namespace ringside::sim {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

struct Underlying {
  std::string_view symbol;
  std::uint64_t share;  // of all contracts, relative
  bool is_penny;
};

constexpr std::array<Underlying, 16> underlyings{{
    {"SPY", 24, true},
    {"QQQ", 16, true},
    {"NVDA", 10, true},
    {"TSLA", 12, true},
    {"AAPL", 10, true},
    {"AMD", 6, true},
    {"AMZN", 6, true},
    {"MSFT", 6, true},
    {"META", 5, true},
    {"GOOGL", 5, true},
    {"IWM", 5, true},
    {"PLTR", 4, true},
    {"NFLX", 3, false},
    {"DIA", 3, false},
    {"COIN", 3, false},
    {"BRK.B", 2, false},
}};

std::int64_t strike_step_nanos(std::int64_t price_nanos, bool is_dense) {
  if (price_nanos < 25 * nanos_per_dollar) return nanos_per_dollar / 2;
  if (is_dense || price_nanos < 100 * nanos_per_dollar) return nanos_per_dollar;
  if (price_nanos < 250 * nanos_per_dollar) return 5 * nanos_per_dollar / 2;
  return 5 * nanos_per_dollar;
}

std::int64_t day_number(const year_month_day& date) {
  return sys_days{date}.time_since_epoch().count();
}

std::int64_t third_friday(std::chrono::year year, std::chrono::month month) {
  return sys_days{year / month / std::chrono::Friday[3]}.time_since_epoch().count();
}

// Three weekly Fridays, two monthly ones and December's, each once, in order.
std::vector<std::int64_t> expiry_days(std::int64_t start_day) {
  std::vector<std::int64_t> expiries;
  expiries.reserve(6);
  std::int64_t friday = start_day + 1;
  while (std::chrono::weekday{sys_days{days{friday}}} != std::chrono::Friday) ++friday;
  for (std::int64_t week = 0; week < 3; ++week) expiries.push_back(friday + 7 * week);
  year_month_day month{sys_days{days{start_day}}};
  for (int ahead = 1; ahead <= 2; ++ahead) {
    month = month.year() / month.month() / std::chrono::day{1} + std::chrono::months{1};
    expiries.push_back(third_friday(month.year(), month.month()));
  }
  const std::chrono::year year = year_month_day{sys_days{days{start_day}}}.year();
  std::int64_t december = third_friday(year, std::chrono::December);
  if (december <= start_day)
    december = third_friday(year + std::chrono::years{1}, std::chrono::December);
  expiries.push_back(december);
  std::sort(expiries.begin(), expiries.end());
  expiries.erase(std::unique(expiries.begin(), expiries.end()), expiries.end());
  return expiries;
}

// phi(x) - x * Q(x) in billionths, for x in 64ths: the normal model's time value per deviation.
constexpr std::size_t time_value_count = 384;  // up to six deviations

class TimeValue {
 public:
  TimeValue() {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      const double x = static_cast<double>(i) / 64.0;
      const double density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
      const double tail = std::erfc(x / std::sqrt(2.0)) / 2;
      table_[i] = std::llround(std::max(0.0, density - x * tail) * 1e9);
    }
  }

  [[nodiscard]] std::int64_t billionths(std::int64_t x_64ths) const noexcept {
    return x_64ths < static_cast<std::int64_t>(table_.size())
               ? table_[static_cast<std::size_t>(x_64ths)]
               : 0;
  }

 private:
  std::array<std::int64_t, time_value_count> table_{};
};

const TimeValue& time_value() noexcept {
  static const TimeValue table;
  return table;
}

void add_chain(std::vector<Contract>& contracts, std::size_t budget, const Stock& stock,
               std::uint32_t index, const Underlying& underlying,
               const std::vector<std::int64_t>& expiries) {
  const std::size_t first = contracts.size();
  const std::int64_t step = strike_step_nanos(stock.price_nanos, underlying.share >= 16);
  const std::int64_t middle = stock.price_nanos / step * step;
  const auto pairs = static_cast<std::int64_t>(budget / 2 / expiries.size() + 1);
  for (std::size_t e = 0; e < expiries.size(); ++e) {
    for (std::int64_t k = 0; k < pairs; ++k) {
      // 0, +1, -1, +2, -2 ... steps from the price level.
      const std::int64_t distance = (k + 1) / 2;
      const std::int64_t strike = middle + (k % 2 == 1 ? distance : -distance) * step;
      if (strike <= 0 || strike > 99'999 * nanos_per_dollar) continue;
      for (const bool is_call : {true, false}) {
        if (contracts.size() - first == budget) return;
        contracts.push_back(
            {.symbol = opra_symbol(stock.symbol, expiries[e], is_call, strike),
             .underlying = index,
             .strike_nanos = strike,
             .ts_expiry_s = ny_instant_s(expiries[e], regular_close_s),
             .is_call = is_call,
             .is_penny = underlying.is_penny,
             .weight = 1 + 1'000'000 * underlying.share /
                               (static_cast<std::uint64_t>(distance + 2) * (e + 1))});
      }
    }
  }
}

}  // namespace

std::string opra_symbol(std::string_view underlying, std::int64_t expiry_day, bool is_call,
                        std::int64_t strike_nanos) {
  const year_month_day date{sys_days{days{expiry_day}}};
  RINGSIDE_ASSERT(day_number(date) == expiry_day);
  std::string symbol = "O:";
  std::copy_if(underlying.begin(), underlying.end(), std::back_inserter(symbol),
               [](char c) { return c != '.'; });
  const auto put = [&symbol](std::int64_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (auto at = text.rbegin(); at != text.rend(); ++at, value /= 10) {
      *at = static_cast<char>('0' + value % 10);
    }
    symbol += text;
  };
  put(static_cast<int>(date.year()) % 100, 2);
  put(static_cast<unsigned>(date.month()), 2);
  put(static_cast<unsigned>(date.day()), 2);
  symbol += is_call ? 'C' : 'P';
  put(strike_nanos / 1'000'000, 8);
  return symbol;
}

std::vector<Contract> make_contracts(std::size_t count, std::span<const Stock> stocks,
                                     std::int64_t start_day) {
  RINGSIDE_ASSERT(count <= option_count_max);
  std::vector<Contract> contracts;
  if (count == 0) return contracts;
  struct Listed {
    const Underlying* underlying;
    std::uint32_t index;
  };
  std::vector<Listed> listed;
  std::uint64_t share_total = 0;
  for (const Underlying& one : underlyings) {
    for (std::uint32_t i = 0; i < stocks.size(); ++i) {
      if (stocks[i].symbol != one.symbol) continue;
      listed.push_back({&one, i});
      share_total += one.share;
    }
  }
  const std::vector<std::int64_t> expiries = expiry_days(start_day);
  for (const Listed& one : listed) {
    const std::size_t budget =
        std::max<std::size_t>(2, count * one.underlying->share / share_total);
    add_chain(contracts, std::min(budget, count - contracts.size()), stocks[one.index], one.index,
              *one.underlying, expiries);
  }
  return contracts;
}

std::int64_t deviation_nanos(const Stock& stock, std::int64_t spot_nanos,
                             std::int64_t seconds_left) noexcept {
  constexpr std::int64_t year_s = 31'557'600;
  constexpr std::int64_t trading_year_root = 2428;  // root of 252 days of 6.5 hours, in seconds
  const std::int64_t market_ppm = stock.beta_percent * market_sigma_ppm / 100;
  const std::int64_t sigma_ppm =
      integer_root(market_ppm * market_ppm + stock.sigma_ppm * stock.sigma_ppm);
  const std::int64_t left = std::clamp<std::int64_t>(seconds_left, 0, 10 * year_s);
  const std::int64_t root_ppm = integer_root(left * 1'000'000 / year_s * 1'000'000);
  const __int128 wide = static_cast<__int128>(spot_nanos) * sigma_ppm * trading_year_root;
  return static_cast<std::int64_t>(wide / 1'000'000 * root_ppm / 1'000'000);
}

std::int64_t option_fair_nanos(const Contract& contract, std::int64_t spot_nanos,
                               std::int64_t deviation_nanos) noexcept {
  const std::int64_t above = spot_nanos - contract.strike_nanos;
  const std::int64_t intrinsic = std::max<std::int64_t>(0, contract.is_call ? above : -above);
  if (deviation_nanos <= 0) return intrinsic;
  const __int128 distance = above < 0 ? -static_cast<__int128>(above) : above;
  const __int128 x_64ths = distance * 64 / deviation_nanos;
  if (x_64ths >= static_cast<__int128>(time_value_count)) return intrinsic;
  const __int128 value = static_cast<__int128>(deviation_nanos) *
                         time_value().billionths(static_cast<std::int64_t>(x_64ths));
  return intrinsic + static_cast<std::int64_t>(value / 1'000'000'000);
}

}  // namespace ringside::sim
