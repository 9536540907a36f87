// Owns the claims about the synthetic market as a reader of its JSON sees them: determinism,
// quotes and trades that fit, aggregates equal to those recomputed here from the trades. The text
// is parsed with simdjson; nothing here uses the simulator's own aggregation or condition rules.
#include "sim/market.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ringside/base/decimal.hpp"
#include "sim/event_stream.hpp"
#include "sim/format.hpp"
#include "sim/ny_time.hpp"
#include "support/seed.hpp"

namespace ringside::sim {
namespace {

constexpr std::int64_t start_day = 20'514;  // Monday 2026-03-02

MarketOptions options_of(std::uint64_t seed, Hours hours = Hours::always) {
  return {.seed = seed,
          .rate = 2'000,
          .stock_count = 120,
          .option_count = 300,
          .hours = hours,
          .ts_start_ns =
              static_cast<std::uint64_t>(ny_instant_s(start_day, regular_open_s - 30)) * ns_per_s};
}

std::vector<std::string> texts_of(const MarketOptions& options, std::size_t count) {
  MarketInstruments instruments;
  SyntheticMarket market(options, instruments);
  EventStream stream(std::move(market), true);
  std::vector<std::string> texts;
  std::array<char, event_chars_max> room{};
  Event event;
  std::uint64_t ts_last_ns = 0;
  while (texts.size() < count && stream.take(EventStream::ts_none - 1, event)) {
    EXPECT_GE(event.ts_ns, ts_last_ns);
    ts_last_ns = event.ts_ns;
    const auto& of = instruments[static_cast<std::size_t>(event.market)];
    char* const end = format_event(room.data(), event, of[event.instrument].symbol);
    texts.emplace_back(room.data(), end);
  }
  return texts;
}

// A parsed event: numbers as their exact text.
struct Parsed {
  std::string kind;
  std::string symbol;
  std::map<std::string, std::string> text;  // key -> raw JSON text, strings without quotes
  std::vector<int> conditions;

  [[nodiscard]] std::int64_t nanos(const char* key) const { return scaled(key, 9); }
  [[nodiscard]] std::int64_t scaled(const char* key, unsigned digits) const {
    const auto found = text.find(key);
    EXPECT_NE(found, text.end()) << key;
    if (found == text.end()) return 0;
    const auto value = parse_decimal(found->second, digits);
    EXPECT_TRUE(value.has_value()) << key << " " << found->second;
    return value.value_or(0);
  }
  [[nodiscard]] bool has(const char* key) const { return text.count(key) != 0; }
};

class Parser {
 public:
  Parsed parse(const std::string& json) {
    Parsed out;
    const simdjson::padded_string padded(json);
    auto document = parser_.iterate(padded);
    EXPECT_FALSE(document.error()) << json;
    simdjson::ondemand::object object;
    EXPECT_FALSE(document.get_object().get(object)) << json;
    for (auto member : object) {
      std::string_view key;
      EXPECT_FALSE(member.unescaped_key().get(key));
      simdjson::ondemand::value value = member.value();
      if (value.type().value() == simdjson::ondemand::json_type::array) {
        for (auto item : value.get_array()) {
          if (key == "c") out.conditions.push_back(static_cast<int>(item.get_int64().value()));
        }
        continue;
      }
      std::string_view raw = value.raw_json_token();
      while (!raw.empty() && (raw.back() == ' ' || raw.back() == ',')) raw.remove_suffix(1);
      if (raw.size() >= 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
      out.text[std::string(key)] = std::string(raw);
    }
    out.kind = out.text["ev"];
    out.symbol = out.text["sym"];
    return out;
  }

 private:
  simdjson::ondemand::parser parser_;
};

TEST(SyntheticMarket, the_same_seed_gives_the_same_text_byte_for_byte) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_text());
  const std::vector<std::string> once = texts_of(options_of(seed), 30'000);
  EXPECT_EQ(once, texts_of(options_of(seed), 30'000));
  EXPECT_NE(once, texts_of(options_of(seed + 1), 30'000));
}

TEST(SyntheticMarket, quotes_never_cross_and_trades_lie_within_the_last_quote) {
  SCOPED_TRACE(test::seed_text());
  Parser parser;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> quotes;
  std::map<std::string, std::int64_t> last_sequence;
  std::map<std::string, int> kinds;
  std::set<int> conditions;
  int sub_share = 0;
  int facility = 0;
  int stock_trades = 0;
  MarketOptions options = options_of(test::seed());
  options.rate = 500;  // so that a minute passes
  for (const std::string& text : texts_of(options, 200'000)) {
    const Parsed event = parser.parse(text);
    const bool is_option = event.symbol.substr(0, 2) == "O:";
    ++kinds[(is_option ? "O" : "S") + event.kind];
    if (event.kind == "Q") {
      const std::int64_t bid = event.nanos("bp");
      const std::int64_t ask = event.nanos("ap");
      ASSERT_LT(bid, ask) << text;
      ASSERT_GE(bid, is_option ? 0 : 1) << text;
      ASSERT_GE(event.scaled("bs", 0), bid == 0 ? 0 : 1) << text;
      ASSERT_GE(event.scaled("as", 0), 1) << text;
      quotes[event.symbol] = {bid, ask};
    } else if (event.kind == "T") {
      ASSERT_TRUE(quotes.count(event.symbol)) << text;
      ASSERT_GE(event.nanos("p"), std::max<std::int64_t>(1, quotes[event.symbol].first)) << text;
      ASSERT_LE(event.nanos("p"), quotes[event.symbol].second) << text;
      conditions.insert(event.conditions.begin(), event.conditions.end());
      ASSERT_EQ(is_option, !event.has("ds")) << text;
      if (!is_option) {
        ++stock_trades;
        const std::int64_t micros = event.scaled("ds", 6);
        ASSERT_GT(micros, 0) << text;
        ASSERT_EQ(micros / 1'000'000, event.scaled("s", 0)) << text;
        sub_share += event.text.at("s") == "0" ? 1 : 0;
        ASSERT_EQ(event.text.at("x") == "4", event.has("trfi")) << text;
        facility += event.has("trfi") ? 1 : 0;
        ASSERT_LE(event.scaled("pt", 0), event.scaled("t", 0)) << text;
      }
    }
    if (event.kind == "T" || event.kind == "Q") {
      std::int64_t& last = last_sequence[event.kind + event.symbol];
      ASSERT_GT(event.scaled("q", 0), last) << text;
      last = event.scaled("q", 0);
    }
  }
  for (const char* kind : {"ST", "SQ", "SA", "SAM", "OT", "OQ", "OA", "OAM"}) {
    EXPECT_GT(kinds[kind], 0) << kind;
  }
  EXPECT_GT(sub_share, stock_trades / 50);
  EXPECT_LT(sub_share, stock_trades / 12);
  EXPECT_GT(facility, stock_trades / 5);
  for (const int wanted : {14, 16, 17, 25, 37, 209, 219}) EXPECT_TRUE(conditions.count(wanted));
}

// The vendor's rule, written again: which conditions keep a trade out of which statistic.
struct Rules {
  bool price = true;
  bool range = true;
  bool volume = true;
};
Rules rules_of(const std::vector<int>& conditions) {
  const std::set<int> volume_only{2, 7, 12, 13, 20, 21, 29, 37, 52, 53};
  const std::set<int> range_and_volume{5, 10, 22, 32, 33};
  Rules rules;
  for (const int condition : conditions) {
    if (condition == 15 || condition == 16) rules = {false, false, false};
    if (volume_only.count(condition) != 0) rules.price = rules.range = false;
    if (range_and_volume.count(condition) != 0) rules.price = false;
    if (condition == 38) rules.volume = false;
  }
  return rules;
}

struct Window {
  std::vector<std::int64_t> prices;  // that set open and close
  std::vector<std::int64_t> range;
  std::int64_t micros = 0;
  __int128 notional = 0;
};

TEST(SyntheticMarket, aggregates_equal_those_recomputed_from_the_trades) {
  SCOPED_TRACE(test::seed_text());
  Parser parser;
  using Key = std::pair<std::string, std::int64_t>;
  std::map<std::string, std::map<Key, Window>> windows;  // "A" and "AM"
  std::map<std::string, std::int64_t> day_micros;
  const std::map<std::string, std::int64_t> lengths{{"A", 1000}, {"AM", 60'000}};
  std::map<std::string, int> checked;
  std::int64_t last_second_ms = 0;
  MarketOptions options = options_of(test::seed());
  options.rate = 400;  // so that several minutes pass
  options.ts_start_ns += 30 * ns_per_s;
  for (const std::string& text : texts_of(options, 250'000)) {
    const Parsed event = parser.parse(text);
    const bool is_option = event.symbol.substr(0, 2) == "O:";
    if (event.kind == "T") {
      const Rules rules = rules_of(event.conditions);
      const std::int64_t price = event.nanos("p");
      const std::int64_t micros = is_option ? event.scaled("s", 6) : event.scaled("ds", 6);
      const std::int64_t ts_ms = event.scaled("t", 0);
      ASSERT_GE(ts_ms, last_second_ms) << "a trade after its second was sent: " << text;
      for (const auto& [kind, length_ms] : lengths) {
        Window& window = windows[kind][{event.symbol, ts_ms / length_ms * length_ms}];
        if (rules.price) window.prices.push_back(price);
        if (rules.range) window.range.push_back(price);
        if (rules.volume) window.micros += micros;
        if (rules.volume) window.notional += static_cast<__int128>(price) * micros;
      }
      if (rules.volume) day_micros[event.symbol] += micros;
    } else if (event.kind != "Q") {
      const Key key{event.symbol, event.scaled("s", 0)};
      auto& of_kind = windows[event.kind];
      ASSERT_TRUE(of_kind.count(key)) << text;
      const Window window = of_kind[key];
      of_kind.erase(key);
      if (event.kind == "A") last_second_ms = event.scaled("e", 0);
      ASSERT_EQ(event.scaled("e", 0), key.second + lengths.at(event.kind)) << text;
      ASSERT_FALSE(window.prices.empty()) << text;
      EXPECT_EQ(event.nanos("o"), window.prices.front()) << text;
      EXPECT_EQ(event.nanos("c"), window.prices.back()) << text;
      EXPECT_EQ(event.nanos("h"), *std::max_element(window.range.begin(), window.range.end()));
      EXPECT_EQ(event.nanos("l"), *std::min_element(window.range.begin(), window.range.end()));
      EXPECT_EQ(event.scaled("v", 0), window.micros / 1'000'000) << text;
      EXPECT_EQ(event.scaled("av", 0), day_micros[event.symbol] / 1'000'000) << text;
      if (!is_option) {
        EXPECT_EQ(event.scaled("dv", 6), window.micros) << text;
        EXPECT_EQ(event.scaled("dav", 6), day_micros[event.symbol]) << text;
      }
      // To the nearest millionth: twice the distance is at most one of them.
      const __int128 off =
          static_cast<__int128>(event.nanos("vw")) * window.micros - window.notional;
      EXPECT_LE((off < 0 ? -off : off) * 2, static_cast<__int128>(window.micros) * 1000) << text;
      EXPECT_TRUE(event.has("op")) << text;
      ++checked[event.kind];
    }
  }
  EXPECT_GT(checked["A"], 1000);
  EXPECT_GT(checked["AM"], 50);
  // Nothing that should have been sent is missing: what is left is still open or had no price. The
  // last second may have been cut off in the middle of its aggregates.
  for (const auto& [key, window] : windows["A"]) {
    EXPECT_TRUE(window.prices.empty() || key.second + 1000 >= last_second_ms) << key.first;
  }
}

TEST(SyntheticMarket, by_exchange_hours_form_t_trades_come_before_the_open_and_prints_at_it) {
  SCOPED_TRACE(test::seed_text());
  Parser parser;
  const std::int64_t open_ms = ny_instant_s(start_day, regular_open_s) * 1000;
  std::set<std::string> opened;
  int before = 0;
  for (const std::string& text : texts_of(options_of(test::seed(), Hours::exchange), 50'000)) {
    const Parsed event = parser.parse(text);
    if (event.kind != "T" || event.symbol.substr(0, 2) == "O:") continue;
    const std::set<int> conditions(event.conditions.begin(), event.conditions.end());
    if (event.scaled("t", 0) < open_ms) {
      ++before;
      ASSERT_TRUE(conditions.count(12)) << text;
    } else {
      ASSERT_FALSE(conditions.count(12)) << text;
      const bool is_print = conditions.count(17) + conditions.count(25) != 0;
      ASSERT_EQ(is_print, opened.insert(event.symbol).second) << text;
    }
  }
  EXPECT_GT(before, 100);
  EXPECT_GT(opened.size(), 50U);
}

TEST(SyntheticMarket, is_silent_at_night_and_over_the_weekend) {
  MarketOptions options = options_of(3, Hours::exchange);
  // Friday 19:59:59, one second before the end.
  options.ts_start_ns =
      static_cast<std::uint64_t>(ny_instant_s(start_day + 4, after_hours_end_s - 1)) * ns_per_s;
  MarketInstruments instruments;
  SyntheticMarket market(options, instruments);
  Event event;
  const auto end_ns = options.ts_start_ns + ns_per_s;
  while (market.next_ts_ns() < end_ns) market.take(event);
  const auto monday_ns =
      static_cast<std::uint64_t>(ny_instant_s(start_day + 7, premarket_s)) * ns_per_s;
  EXPECT_GE(market.next_ts_ns(), monday_ns);
  EXPECT_LT(market.next_ts_ns(), monday_ns + 10 * ns_per_s);
}

TEST(SyntheticMarket, a_halted_stock_is_silent_and_comes_back_with_a_reopening_trade) {
  SCOPED_TRACE(test::seed_text());
  MarketOptions options = options_of(test::seed());
  options.rate = 500;
  MarketInstruments instruments;
  SyntheticMarket market(options, instruments);
  int reopened = 0;
  Event event;
  for (int i = 0; i < 3'000'000 && reopened < 3; ++i) {
    market.take(event);
    if (event.kind != EventKind::trade || event.market != Market::stocks) continue;
    const std::uint16_t first = event.trade().conditions[0];
    if (first == 18 || first == 28) ++reopened;
  }
  EXPECT_EQ(reopened, 3);
  EXPECT_GE(market.halt_count(), 3U);
}

TEST(SyntheticMarket, keeps_its_rate_outside_bursts) {
  MarketOptions options = options_of(5);
  MarketInstruments instruments;
  SyntheticMarket market(options, instruments);
  Event event;
  const std::uint64_t from_ns = options.ts_start_ns + 120 * ns_per_s;  // after the opening burst
  const std::uint64_t until_ns = from_ns + 120 * ns_per_s;
  std::uint64_t count = 0;
  while (market.next_ts_ns() < until_ns) {
    market.take(event);
    if (event.ts_ns >= from_ns) ++count;
  }
  EXPECT_GT(count, 120U * options.rate * 8 / 10);
  EXPECT_LT(count, 120U * options.rate * 14 / 10);
}

}  // namespace
}  // namespace ringside::sim
