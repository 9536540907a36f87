// Owns the synthetic stocks' last quotes and turns a fair price into quotes and trades that fit
// them. One thread; appends to the caller's vector.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/event.hpp"
#include "sim/random.hpp"
#include "sim/tickers.hpp"

namespace ringside::sim {

/// Where in the day: nothing trades, extended hours, regular hours.
enum class Phase : std::uint8_t { closed, extended, regular };

/// Invariants of what it makes: 0 < bid < ask, and every trade's price lies within the symbol's
/// last quote. Trades outside regular hours carry Form T. The first trade of a symbol in a session
/// is its opening print followed by the official open.
class StockBook {
 public:
  StockBook(std::span<const Stock> stocks, std::uint64_t seed);

  /// A new NBBO around `fair_nanos`.
  void quote(std::uint32_t stock, std::int64_t fair_nanos, std::uint64_t ts_ns,
             std::vector<Event>& out);

  /// One trade, or several at one time (a sweep; opening or closing prints). A stock without a
  /// quote, or whose fair price has left its quote, is quoted first.
  void trade(std::uint32_t stock, std::int64_t fair_nanos, std::uint64_t ts_ns, Phase phase,
             std::vector<Event>& out);

  /// The end of a halt: a fresh quote and the reopening trade.
  void reopen(std::uint32_t stock, std::int64_t fair_nanos, std::uint64_t ts_ns,
              std::vector<Event>& out);

  /// Regular hours begin (every stock has its opening print to come) or end (its closing print).
  void begin_session() noexcept;
  void end_session() noexcept;
  void forget_auctions() noexcept;

 private:
  enum class Auction : std::uint8_t { none, opening, closing };

  struct State {
    std::int64_t bid_nanos = 0;
    std::int64_t ask_nanos = 0;
    std::uint64_t trade_id = 0;
    std::uint8_t tape = 1;
    std::int64_t spread_ppm = 0;
    Auction auction = Auction::opening;
  };

  [[nodiscard]] Trade make_trade(State& state, std::uint64_t ts_ns);
  void push(std::uint32_t stock, std::uint64_t ts_ns, const Trade& trade, std::vector<Event>& out);
  void auction(std::uint32_t stock, std::uint64_t ts_ns, std::vector<Event>& out);
  void facility_print(std::uint32_t stock, std::uint64_t ts_ns, Phase phase, bool is_sub_share,
                      std::vector<Event>& out);
  void sweep(std::uint32_t stock, std::uint64_t ts_ns, Phase phase, std::vector<Event>& out);
  void exchange_trade(std::uint32_t stock, std::uint64_t ts_ns, Phase phase,
                      std::vector<Event>& out);
  [[nodiscard]] std::int64_t random_size(std::int64_t price_nanos);

  std::vector<State> states_;
  Rng rng_;
  std::array<std::uint64_t, 4> trade_sequence_{};  // by tape
  std::array<std::uint64_t, 4> quote_sequence_{};
};

}  // namespace ringside::sim
