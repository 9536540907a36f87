// Owns what the simulator sends before it is text: one instrument's fixed facts and one market
// event as plain integers. No thread, no I/O, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace ringside::sim {

/// A vendor market is a URL path of its own: /stocks, /options.
enum class Market : std::uint8_t { stocks, options };
inline constexpr std::size_t market_count = 2;

/// The vendor's event names: T, Q, A, AM.
enum class EventKind : std::uint8_t { trade, quote, second_bar, minute_bar };
inline constexpr std::size_t event_kind_count = 4;

[[nodiscard]] constexpr std::string_view market_name(Market market) noexcept {
  return market == Market::stocks ? "stocks" : "options";
}

[[nodiscard]] constexpr std::string_view kind_name(EventKind kind) noexcept {
  constexpr std::array<std::string_view, event_kind_count> names{"T", "Q", "A", "AM"};
  return names[static_cast<std::size_t>(kind)];
}

inline constexpr std::int64_t nanos_per_dollar = 1'000'000'000;
inline constexpr std::int64_t micros_per_share = 1'000'000;
inline constexpr std::uint64_t ns_per_ms = 1'000'000;
inline constexpr std::uint64_t ns_per_s = 1'000'000'000;

/// Prices in nanos, sizes in micros of a share or contract, instants in ms as the vendor sends
/// them.
struct Trade {
  std::int64_t price_nanos = 0;
  std::int64_t size_micros = 0;
  std::uint64_t id = 0;
  std::uint64_t ts_sip_ms = 0;
  std::uint64_t ts_participant_ms = 0;
  std::uint64_t ts_trf_ms = 0;  // meaningful when trf_id is not 0
  std::uint64_t sequence = 0;
  std::uint16_t venue = 0;
  std::uint16_t trf_id = 0;  // 0: not a trade reporting facility's print
  std::array<std::uint16_t, 4> conditions{};
  std::uint8_t condition_count = 0;
  std::uint8_t tape = 0;
  std::array<std::uint8_t, 2> reserved_{};
};

struct Quote {
  std::int64_t bid_nanos = 0;
  std::int64_t ask_nanos = 0;
  std::int64_t bid_size = 0;  // shares or contracts
  std::int64_t ask_size = 0;
  std::uint64_t ts_sip_ms = 0;
  std::uint64_t ts_participant_ms = 0;
  std::uint64_t sequence = 0;
  std::uint16_t bid_venue = 0;
  std::uint16_t ask_venue = 0;
  std::uint16_t condition = 0;  // 0: left out
  std::uint16_t indicator = 0;  // 0: left out
  std::uint8_t tape = 0;
  std::array<std::uint8_t, 7> reserved_{};
};

struct Bar {
  std::int64_t open_nanos = 0;
  std::int64_t high_nanos = 0;
  std::int64_t low_nanos = 0;
  std::int64_t close_nanos = 0;
  std::int64_t vwap_nanos = 0;
  std::int64_t day_vwap_nanos = 0;
  std::int64_t official_open_nanos = 0;  // 0: not known yet, left out
  std::int64_t volume_micros = 0;
  std::int64_t day_volume_micros = 0;
  std::int64_t average_size = 0;
  std::uint64_t ts_start_ms = 0;
  std::uint64_t ts_end_ms = 0;
};

/// One event. `ts_ns` orders events of one stream and says when it is due.
struct Event {
  std::uint64_t ts_ns = 0;
  std::uint32_t instrument = 0;  // index in the market's Instruments
  Market market = Market::stocks;
  EventKind kind = EventKind::trade;
  std::variant<Trade, Quote, Bar> body{};  // by kind; both bar kinds carry a Bar

  /// The body, where `kind` says so.
  [[nodiscard]] const Trade& trade() const noexcept { return *std::get_if<Trade>(&body); }
  [[nodiscard]] const Quote& quote() const noexcept { return *std::get_if<Quote>(&body); }
  [[nodiscard]] const Bar& bar() const noexcept { return *std::get_if<Bar>(&body); }
};

struct Instrument {
  std::string symbol;     // vendor spelling, options with "O:"
  std::uint8_t tape = 1;  // 1 = A (NYSE), 2 = B (Arca, regional), 3 = C (Nasdaq); options: unused
};

/// The symbols of one market by index and by text. Grows only while a source is being built.
class Instruments {
 public:
  std::uint32_t add(Instrument instrument) {
    const auto found = by_symbol_.find(instrument.symbol);
    if (found != by_symbol_.end()) return found->second;
    const auto index = static_cast<std::uint32_t>(list_.size());
    by_symbol_.emplace(instrument.symbol, index);
    list_.push_back(std::move(instrument));
    return index;
  }

  [[nodiscard]] std::size_t count() const noexcept { return list_.size(); }
  [[nodiscard]] const Instrument& operator[](std::size_t index) const { return list_[index]; }

  /// The index of `symbol`, or count() when it is not listed.
  [[nodiscard]] std::uint32_t find(std::string_view symbol) const {
    const auto found = by_symbol_.find(std::string(symbol));
    return found == by_symbol_.end() ? static_cast<std::uint32_t>(list_.size()) : found->second;
  }

 private:
  std::vector<Instrument> list_;
  std::unordered_map<std::string, std::uint32_t> by_symbol_;
};

using MarketInstruments = std::array<Instruments, market_count>;

}  // namespace ringside::sim
