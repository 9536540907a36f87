// Owns the synthetic market: when something happens, in which stock or contract, and what. One
// thread; allocates when created and while its small queue of events grows.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/chains.hpp"
#include "sim/event.hpp"
#include "sim/option_book.hpp"
#include "sim/price_process.hpp"
#include "sim/random.hpp"
#include "sim/stock_book.hpp"
#include "sim/tickers.hpp"

namespace ringside::sim {

/// always: regular hours from the first event on, for ever. exchange: New York's hours and
/// weekends; pre-market 04:00, regular 09:30-16:00, after hours until 20:00, then silence.
enum class Hours : std::uint8_t { always, exchange };

struct MarketOptions {
  std::uint64_t seed = 1;
  std::uint64_t rate = 2'000;  // events a second outside bursts, both markets together
  std::size_t stock_count = 300;
  std::size_t option_count = 1'000;
  Hours hours = Hours::always;
  std::uint64_t ts_start_ns = 0;
};

/// A stream of quotes and trades, ordered by time, determined by its options alone.
///
/// The rate rises eightfold at the open and falls to its level within a minute; short bursts with a
/// jump of the whole market come every minute or so; extended hours have a tenth. Activity follows
/// Zipf's law over the stocks. Every two minutes or so one stock outside the first twenty is halted
/// for 15 to 120 seconds, its options with it.
class SyntheticMarket {
 public:
  SyntheticMarket(const MarketOptions& options, MarketInstruments& instruments);

  /// The next event's time; there always is one.
  [[nodiscard]] std::uint64_t next_ts_ns() const noexcept { return queue_[queue_head_].ts_ns; }
  void take(Event& event);

  /// Forgets what was due before `ts_ns`: the next action is at or after it. For a live simulator
  /// that was stopped for a while.
  void skip_to(std::uint64_t ts_ns);

  [[nodiscard]] std::uint64_t halt_count() const noexcept { return halt_count_; }

 private:
  struct Halt {
    std::uint32_t stock;
    std::uint64_t ts_end_ns;
  };

  void fill();
  void act();
  void second_tick();
  void change_phase();
  void stock_action();
  void option_action();
  [[nodiscard]] bool is_halted(std::uint32_t stock) const noexcept;
  [[nodiscard]] std::uint64_t rate_percent() const noexcept;

  MarketOptions options_;
  std::vector<Stock> stocks_;
  std::vector<Contract> contracts_;
  Rng rng_;
  ExponentialTable waiting_;
  PriceProcess prices_;
  StockBook stock_book_;
  OptionBook option_book_;
  WeightedChoice stock_choice_;
  WeightedChoice contract_choice_;
  std::vector<Halt> halts_;
  std::vector<Event> queue_;
  std::size_t queue_head_ = 0;
  std::uint64_t ts_now_ns_;       // of the next action
  std::uint64_t ts_second_ns_;    // of the next second_tick
  std::uint64_t ts_open_ns_ = 0;  // when regular hours began
  std::uint64_t ts_burst_end_ns_ = 0;
  std::uint64_t halt_count_ = 0;
  Phase phase_ = Phase::closed;
  std::uint64_t ts_phase_end_ns_ = 0;
};

}  // namespace ringside::sim
