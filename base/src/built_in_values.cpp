// Owns what the two feeds that exist without being written have other than a knob's default.
// Constant data; no thread, no allocation.
#include "ringside/base/config.hpp"

namespace ringside {

namespace {

constexpr BuiltInValue built_ins[] = {
    {.key = "feed.stocks.symbols", .value = "SPY,QQQ,DIA,AAPL,TSLA,NVDA"},
    {.key = "feed.stocks.slots_for",
     .value = "SPY=8192,QQQ=8192,DIA=8192,AAPL=8192,TSLA=8192,NVDA=8192"},
    {.key = "feed.options.market", .value = "options"},
    {.key = "feed.options.path", .value = "/options"},
    // 200,000 contracts, each with a short memory: most trade a few times a day.
    {.key = "feed.options.symbol_count_max", .value = "200000"},
    {.key = "feed.options.default_slots", .value = "64"},
    {.key = "feed.options.bar_slots", .value = "16"},
    {.key = "feed.options.memory_mib", .value = "1184"},
};

}  // namespace

std::span<const BuiltInValue> built_in_values() noexcept {
  return built_ins;
}

}  // namespace ringside
