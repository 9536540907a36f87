#include "sim/option_book.hpp"

#include <algorithm>
#include <array>

#include "sim/conditions.hpp"

namespace ringside::sim {
namespace {

constexpr std::int64_t cent = nanos_per_dollar / 100;

constexpr std::array<std::uint16_t, 16> venues{302, 302, 309, 312, 312, 313, 313, 316,
                                               316, 322, 303, 304, 307, 323, 325, 300};

std::uint16_t random_venue(Rng& rng) {
  return venues[rng.below(venues.size())];
}

}  // namespace

OptionBook::OptionBook(std::span<const Contract> contracts, std::uint64_t seed)
    : rng_(seed ^ 0x6f7074696f6e7331U) {
  states_.reserve(contracts.size());
  for (const Contract& contract : contracts) states_.push_back({0, 0, contract.is_penny});
}

void OptionBook::quote(std::uint32_t contract, std::int64_t fair_nanos, std::uint64_t ts_ns,
                       std::vector<Event>& out) {
  State& state = states_[contract];
  const std::int64_t tick = state.is_penny || fair_nanos < 3 * nanos_per_dollar ? cent : 5 * cent;
  const std::int64_t spread = std::max(tick, fair_nanos * rng_.between(8, 30) / 1000);
  state.bid_nanos = std::max<std::int64_t>(0, (fair_nanos - spread / 2) / tick * tick);
  state.ask_nanos =
      std::max(state.bid_nanos + tick, (fair_nanos + spread / 2 + tick - 1) / tick * tick);
  Quote quote;
  quote.bid_nanos = state.bid_nanos;
  quote.ask_nanos = state.ask_nanos;
  quote.bid_size = state.bid_nanos == 0 ? 0 : rng_.between(1, 250);
  quote.ask_size = rng_.between(1, 250);
  quote.ts_sip_ms = ts_ns / ns_per_ms;
  quote.ts_participant_ms = quote.ts_sip_ms;
  quote.sequence = quote_sequence_ += 1 + rng_.below(5);
  quote.bid_venue = random_venue(rng_);
  quote.ask_venue = random_venue(rng_);
  out.push_back({ts_ns, contract, Market::options, EventKind::quote, quote});
}

void OptionBook::trade(std::uint32_t contract, std::int64_t fair_nanos, std::uint64_t ts_ns,
                       std::vector<Event>& out) {
  const State& state = states_[contract];
  if (state.ask_nanos == 0 || fair_nanos < state.bid_nanos || fair_nanos > state.ask_nanos) {
    quote(contract, fair_nanos, ts_ns, out);
  }
  constexpr std::array<std::uint16_t, 8> conditions{
      condition_option_auto,    condition_option_auto,     condition_option_auto,
      condition_option_auto,    condition_option_auto,     condition_option_sweep,
      condition_option_auction, condition_option_multi_leg};
  Trade trade;
  trade.price_nanos = state.bid_nanos > 0 && rng_.chance(1, 2) ? state.bid_nanos : state.ask_nanos;
  trade.size_micros =
      (rng_.chance(1, 12) ? rng_.between(20, 500) : rng_.between(1, 10)) * micros_per_share;
  trade.ts_sip_ms = ts_ns / ns_per_ms;
  trade.ts_participant_ms = trade.ts_sip_ms;
  trade.sequence = trade_sequence_ += 1 + rng_.below(5);
  trade.venue = random_venue(rng_);
  trade.conditions[trade.condition_count++] = conditions[rng_.below(conditions.size())];
  out.push_back({ts_ns, contract, Market::options, EventKind::trade, trade});
}

}  // namespace ringside::sim
