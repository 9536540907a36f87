// Owns the synthetic contracts' last quotes and turns a premium into quotes and trades that fit
// them. One thread; appends to the caller's vector.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/chains.hpp"
#include "sim/event.hpp"
#include "sim/random.hpp"

namespace ringside::sim {

/// Invariants of what it makes: 0 <= bid < ask, a bid of 0 has size 0, and every trade's price is
/// positive and lies within the contract's last quote.
class OptionBook {
 public:
  OptionBook(std::span<const Contract> contracts, std::uint64_t seed);

  void quote(std::uint32_t contract, std::int64_t fair_nanos, std::uint64_t ts_ns,
             std::vector<Event>& out);

  /// One trade; a contract without a quote, or whose premium has left its quote, is quoted first.
  void trade(std::uint32_t contract, std::int64_t fair_nanos, std::uint64_t ts_ns,
             std::vector<Event>& out);

 private:
  struct State {
    std::int64_t bid_nanos = 0;
    std::int64_t ask_nanos = 0;
    bool is_penny = false;
  };

  std::vector<State> states_;
  Rng rng_;
  std::uint64_t trade_sequence_ = 800'000'000;
  std::uint64_t quote_sequence_ = 800'000'000;
};

}  // namespace ringside::sim
