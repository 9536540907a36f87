#include "sim/tickers.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "ringside/base/assert.hpp"
#include "sim/event.hpp"
#include "sim/random.hpp"

namespace ringside::sim {
namespace {

struct Known {
  std::string_view symbol;
  std::uint8_t tape;
  std::int64_t price_cents;
  std::int64_t beta_percent;
  std::int64_t sigma_ppm;
};

// Most active first. Levels are rounded and belong to no particular day.
constexpr std::array<Known, 190> known{{
    {"SPY", 2, 65000, 100, 8},      {"QQQ", 2, 60000, 118, 12},   {"NVDA", 3, 18500, 165, 90},
    {"TSLA", 3, 42000, 190, 140},   {"AAPL", 3, 25500, 115, 60},  {"AMD", 3, 20500, 170, 120},
    {"AMZN", 3, 23000, 120, 65},    {"MSFT", 3, 51000, 95, 50},   {"META", 3, 71000, 120, 75},
    {"GOOGL", 3, 24500, 105, 65},   {"DIA", 2, 46500, 90, 10},    {"IWM", 2, 24500, 118, 25},
    {"PLTR", 3, 18000, 180, 160},   {"INTC", 3, 3700, 130, 130},  {"SOFI", 3, 2800, 160, 170},
    {"AVGO", 3, 35000, 150, 95},    {"GOOG", 3, 24600, 105, 65},  {"F", 1, 1200, 115, 90},
    {"BAC", 1, 5200, 105, 60},      {"NFLX", 3, 11800, 110, 80},  {"TLT", 3, 9000, 20, 25},
    {"XLF", 2, 5300, 95, 25},       {"HYG", 2, 8100, 30, 8},      {"EEM", 2, 5400, 80, 25},
    {"GLD", 2, 38000, 10, 40},      {"SLV", 2, 4600, 25, 70},     {"T", 1, 2700, 50, 50},
    {"PFE", 1, 2500, 55, 60},       {"MU", 3, 19000, 170, 130},   {"CSCO", 3, 6900, 80, 50},
    {"KO", 1, 6700, 45, 35},        {"WMT", 1, 10300, 60, 45},    {"JPM", 1, 31000, 100, 50},
    {"XOM", 1, 11400, 60, 55},      {"C", 1, 10000, 115, 65},     {"WFC", 1, 8400, 105, 60},
    {"UBER", 1, 9500, 130, 90},     {"DIS", 1, 11200, 95, 65},    {"NKE", 1, 7000, 95, 80},
    {"VZ", 1, 4300, 45, 45},        {"BABA", 1, 16500, 95, 110},  {"COIN", 3, 34000, 220, 190},
    {"MARA", 3, 1900, 230, 240},    {"RIVN", 3, 1400, 160, 180},  {"SNAP", 1, 800, 150, 170},
    {"CCL", 1, 2900, 140, 100},     {"AAL", 3, 1200, 140, 120},   {"DAL", 1, 5900, 125, 90},
    {"UAL", 3, 9700, 135, 100},     {"GM", 1, 5700, 115, 80},     {"ORCL", 1, 29000, 130, 110},
    {"CRM", 1, 24000, 110, 75},     {"ADBE", 3, 35000, 105, 80},  {"QCOM", 3, 16500, 125, 80},
    {"TXN", 3, 18000, 110, 70},     {"AMAT", 3, 21500, 145, 95},  {"LRCX", 3, 14000, 150, 105},
    {"KLAC", 3, 108000, 145, 95},   {"ASML", 3, 96000, 140, 85},  {"TSM", 1, 29000, 140, 85},
    {"ARM", 3, 15000, 175, 140},    {"SMCI", 3, 5000, 185, 200},  {"DELL", 1, 14500, 140, 110},
    {"IBM", 1, 28000, 75, 60},      {"HPQ", 1, 2700, 105, 75},    {"PYPL", 3, 6800, 120, 90},
    {"SQ", 1, 7500, 160, 130},      {"SHOP", 3, 15000, 165, 130}, {"ABNB", 3, 12000, 125, 90},
    {"BKNG", 3, 525000, 110, 70},   {"V", 1, 34500, 85, 45},      {"MA", 1, 57500, 85, 45},
    {"AXP", 1, 33500, 110, 60},     {"GS", 1, 79000, 120, 65},    {"MS", 1, 15800, 115, 65},
    {"BLK", 1, 116000, 110, 60},    {"SCHW", 1, 9400, 110, 65},   {"COF", 1, 21500, 120, 75},
    {"USB", 1, 4700, 105, 60},      {"PNC", 1, 19500, 105, 60},   {"BRK.B", 1, 49800, 65, 35},
    {"BRK.A", 1, 74800000, 65, 35}, {"UNH", 1, 35500, 70, 80},    {"LLY", 1, 83000, 75, 85},
    {"JNJ", 1, 19000, 40, 40},      {"MRK", 1, 8700, 50, 60},     {"ABBV", 1, 23000, 50, 55},
    {"ABT", 1, 13300, 55, 50},      {"TMO", 1, 56000, 75, 65},    {"DHR", 1, 21000, 80, 65},
    {"CVX", 1, 15500, 60, 55},      {"COP", 1, 9000, 75, 70},     {"OXY", 1, 4400, 80, 80},
    {"SLB", 1, 3400, 85, 85},       {"HAL", 1, 2300, 90, 90},     {"EOG", 1, 11000, 75, 70},
    {"MPC", 1, 19000, 80, 75},      {"PSX", 1, 13200, 80, 70},    {"KMI", 1, 2700, 60, 50},
    {"ET", 1, 1700, 55, 50},        {"PG", 1, 15100, 45, 35},     {"PEP", 3, 14800, 50, 40},
    {"COST", 3, 92500, 75, 50},     {"HD", 1, 39000, 95, 55},     {"LOW", 1, 24000, 95, 60},
    {"TGT", 1, 8800, 95, 80},       {"MCD", 1, 30300, 55, 40},    {"SBUX", 3, 8400, 85, 70},
    {"CMG", 1, 4000, 100, 85},      {"YUM", 1, 14700, 60, 45},    {"BA", 1, 21500, 115, 85},
    {"CAT", 1, 49000, 105, 70},     {"DE", 1, 45500, 90, 65},     {"GE", 1, 30000, 110, 70},
    {"HON", 3, 20500, 85, 50},      {"LMT", 1, 50000, 45, 55},    {"RTX", 1, 16500, 60, 50},
    {"NOC", 1, 60000, 45, 55},      {"UPS", 1, 8400, 80, 70},     {"FDX", 1, 23500, 95, 75},
    {"NEE", 1, 8200, 55, 60},       {"DUK", 1, 12400, 35, 35},    {"SO", 1, 9500, 35, 35},
    {"D", 1, 6100, 40, 45},         {"AEP", 3, 11500, 40, 40},    {"EXC", 3, 4600, 40, 40},
    {"PLD", 1, 11500, 95, 65},      {"AMT", 1, 19200, 65, 60},    {"SPG", 1, 18200, 95, 60},
    {"O", 1, 6000, 60, 40},         {"LIN", 3, 47000, 70, 45},    {"APD", 1, 27000, 75, 60},
    {"FCX", 1, 3900, 125, 110},     {"NEM", 1, 8600, 50, 100},    {"NUE", 1, 13800, 110, 90},
    {"CLF", 1, 1200, 150, 160},     {"X", 1, 4400, 140, 120},     {"AA", 1, 3400, 145, 130},
    {"VALE", 1, 1100, 95, 90},      {"RIO", 1, 6400, 85, 70},     {"TMUS", 3, 23500, 55, 50},
    {"CMCSA", 3, 3100, 75, 60},     {"CHTR", 3, 26500, 80, 85},   {"WBD", 3, 1900, 110, 130},
    {"PARA", 3, 1800, 110, 120},    {"SPOT", 1, 69000, 120, 95},  {"RBLX", 1, 13500, 150, 140},
    {"EA", 3, 20000, 60, 40},       {"TTWO", 3, 25500, 85, 65},   {"ROKU", 3, 9800, 160, 140},
    {"CRWD", 3, 49000, 140, 110},   {"PANW", 3, 21000, 120, 85},  {"ZS", 3, 30000, 135, 100},
    {"NET", 1, 21500, 155, 120},    {"SNOW", 1, 23500, 145, 120}, {"DDOG", 3, 14000, 145, 115},
    {"MDB", 3, 32000, 150, 135},    {"OKTA", 3, 9000, 125, 100},  {"TEAM", 3, 15500, 130, 110},
    {"NOW", 1, 93000, 115, 80},     {"GME", 1, 2500, 110, 190},   {"AMC", 1, 300, 150, 230},
    {"BB", 1, 500, 130, 180},       {"PLUG", 3, 260, 190, 260},   {"LCID", 3, 2200, 170, 190},
    {"NIO", 1, 700, 140, 170},      {"XPEV", 1, 2300, 140, 160},  {"LI", 3, 2500, 130, 140},
    {"JD", 3, 3400, 95, 100},       {"PDD", 3, 13000, 95, 110},   {"BIDU", 3, 13500, 100, 120},
    {"NVO", 1, 5700, 60, 90},       {"AZN", 3, 8200, 45, 50},     {"SAP", 1, 26800, 100, 60},
    {"SONY", 1, 2900, 80, 70},      {"TM", 1, 19500, 70, 55},     {"HMC", 1, 3100, 75, 60},
    {"UL", 1, 6000, 40, 35},        {"BP", 1, 3400, 65, 60},      {"SHEL", 1, 7300, 60, 50},
    {"BF.B", 1, 2800, 55, 65},      {"BF.A", 1, 2800, 55, 70},    {"HEI.A", 1, 25000, 85, 60},
    {"LEN.B", 1, 11700, 100, 75},   {"MOG.A", 1, 20500, 85, 65},  {"BACpL", 1, 126000, 15, 15},
    {"JPMpC", 1, 2540, 15, 15},     {"WFCpL", 1, 121500, 15, 15}, {"SPCE", 1, 320, 170, 250},
    {"TQQQ", 3, 10000, 350, 40},
}};

// Two to four letters; no letter that would make a well-known suffix.
std::string random_symbol(Rng& rng) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPRSTUVXYZ";
  std::string symbol;
  const std::int64_t length = rng.chance(1, 8) ? 2 : rng.between(3, 4);
  for (std::int64_t i = 0; i < length; ++i) symbol += letters[rng.below(letters.size())];
  return symbol;
}

// Roughly as prices of listed companies lie: most between 5 and 200 dollars.
std::int64_t random_price_nanos(Rng& rng) {
  constexpr std::array<std::int64_t, 8> lowest_cents{60,    300,   800,    1'500,
                                                     3'000, 6'000, 12'000, 30'000};
  const std::int64_t from = lowest_cents[rng.below(lowest_cents.size())];
  return rng.between(from, 2 * from) * (nanos_per_dollar / 100);
}

}  // namespace

std::vector<Stock> make_stocks(std::size_t count, std::uint64_t seed) {
  RINGSIDE_ASSERT(count >= 1 && count <= stock_count_max);
  std::vector<Stock> stocks;
  std::unordered_set<std::string> taken;
  for (const Known& one : known) {
    taken.emplace(one.symbol);
    if (stocks.size() == count) continue;
    stocks.push_back({.symbol = std::string(one.symbol),
                      .tape = one.tape,
                      .price_nanos = one.price_cents * (nanos_per_dollar / 100),
                      .beta_percent = one.beta_percent,
                      .sigma_ppm = one.sigma_ppm});
  }
  Rng rng(seed ^ 0x7469636b65727321U);
  while (stocks.size() < count) {
    std::string symbol = random_symbol(rng);
    if (!taken.insert(symbol).second) continue;
    stocks.push_back({.symbol = std::move(symbol),
                      .tape = static_cast<std::uint8_t>(rng.chance(1, 2) ? 3 : 1),
                      .price_nanos = random_price_nanos(rng),
                      .beta_percent = rng.between(50, 170),
                      .sigma_ppm = rng.between(50, 200)});
  }
  return stocks;
}

std::int64_t round_lot_shares(std::int64_t price_nanos) noexcept {
  if (price_nanos <= 250 * nanos_per_dollar) return 100;
  if (price_nanos <= 1'000 * nanos_per_dollar) return 40;
  if (price_nanos <= 10'000 * nanos_per_dollar) return 10;
  return 1;
}

}  // namespace ringside::sim
