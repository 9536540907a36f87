#include "sim/stock_book.hpp"

#include <algorithm>

#include "sim/conditions.hpp"

namespace ringside::sim {
namespace {

constexpr std::int64_t cent = nanos_per_dollar / 100;
constexpr std::int64_t sub_penny = nanos_per_dollar / 10'000;

// The vendor's venue ids, as often as they lead: Nasdaq, Arca, Cboe, NYSE, MEMX, IEX and the rest.
constexpr std::array<std::uint16_t, 32> venues{12, 12, 12, 12, 12, 12, 11, 11, 11, 11, 11,
                                               19, 19, 19, 19, 8,  8,  8,  10, 10, 10, 21,
                                               21, 15, 15, 7,  18, 2,  20, 3,  17, 1};

std::uint16_t random_venue(Rng& rng) {
  return venues[rng.below(venues.size())];
}

std::int64_t tick_nanos(std::int64_t price_nanos) noexcept {
  return price_nanos < nanos_per_dollar ? sub_penny : cent;
}

void add_condition(Trade& trade, std::uint16_t condition) {
  trade.conditions[trade.condition_count++] = condition;
}

void add_form_t(Trade& trade, Phase phase) {
  if (phase != Phase::regular) add_condition(trade, condition_form_t);
}

}  // namespace

StockBook::StockBook(std::span<const Stock> stocks, std::uint64_t seed)
    : rng_(seed ^ 0x73746f636b626f6bU) {
  states_.reserve(stocks.size());
  for (std::size_t i = 0; i < stocks.size(); ++i) {
    State state;
    state.tape = stocks[i].tape;
    // The less active, the wider: from 0.3 hundredths of a percent to about eight.
    state.spread_ppm = std::min<std::int64_t>(800, 30 + 3 * static_cast<std::int64_t>(i));
    state.trade_id = rng_.below(100'000);
    states_.push_back(state);
  }
}

void StockBook::begin_session() noexcept {
  for (State& state : states_) state.auction = Auction::opening;
}

void StockBook::end_session() noexcept {
  for (State& state : states_) {
    state.auction = state.auction == Auction::none ? Auction::closing : Auction::none;
  }
}

void StockBook::forget_auctions() noexcept {
  for (State& state : states_) state.auction = Auction::none;
}

void StockBook::quote(std::uint32_t stock, std::int64_t fair_nanos, std::uint64_t ts_ns,
                      std::vector<Event>& out) {
  State& state = states_[stock];
  const std::int64_t tick = tick_nanos(fair_nanos);
  const std::int64_t spread =
      std::max(tick, fair_nanos / 1'000'000 * state.spread_ppm * rng_.between(60, 140) / 100);
  state.bid_nanos = std::max(tick, (fair_nanos - spread / 2) / tick * tick);
  state.ask_nanos =
      std::max(state.bid_nanos + tick, (fair_nanos + spread / 2 + tick - 1) / tick * tick);
  const std::int64_t lot = round_lot_shares(fair_nanos);
  Quote quote;
  quote.bid_nanos = state.bid_nanos;
  quote.ask_nanos = state.ask_nanos;
  quote.bid_size = lot * (rng_.between(1, 8) * (rng_.chance(1, 10) ? 10 : 1));
  quote.ask_size = lot * (rng_.between(1, 8) * (rng_.chance(1, 10) ? 10 : 1));
  quote.ts_sip_ms = ts_ns / ns_per_ms;
  quote.ts_participant_ms = quote.ts_sip_ms - rng_.below(3);
  quote.sequence = quote_sequence_[state.tape] += 1 + rng_.below(4);
  quote.bid_venue = random_venue(rng_);
  quote.ask_venue = random_venue(rng_);
  quote.condition = rng_.chance(1, 200) ? 1 : 0;
  quote.indicator = rng_.chance(3, 5) ? 604 : 0;
  quote.tape = state.tape;
  out.push_back({ts_ns, stock, Market::stocks, EventKind::quote, quote});
}

std::int64_t StockBook::random_size(std::int64_t price_nanos) {
  const std::int64_t lot = round_lot_shares(price_nanos);
  if (lot > 1 && rng_.chance(45, 100)) return rng_.between(1, lot - 1);
  return lot * (rng_.chance(1, 20) ? rng_.between(5, 40) : rng_.between(1, 4));
}

Trade StockBook::make_trade(State& state, std::uint64_t ts_ns) {
  Trade trade;
  trade.id = ++state.trade_id;
  trade.ts_sip_ms = ts_ns / ns_per_ms;
  trade.ts_participant_ms = trade.ts_sip_ms - rng_.below(2);
  trade.sequence = trade_sequence_[state.tape] += 1 + rng_.below(3);
  trade.venue = random_venue(rng_);
  trade.tape = state.tape;
  return trade;
}

void StockBook::push(std::uint32_t stock, std::uint64_t ts_ns, const Trade& trade,
                     std::vector<Event>& out) {
  out.push_back({ts_ns, stock, Market::stocks, EventKind::trade, trade});
}

void StockBook::auction(std::uint32_t stock, std::uint64_t ts_ns, std::vector<Event>& out) {
  State& state = states_[stock];
  const bool is_opening = state.auction == Auction::opening;
  const bool is_utp = plan_of_tape(state.tape) == Plan::utp;
  state.auction = Auction::none;
  Trade print = make_trade(state, ts_ns);
  print.price_nanos = rng_.chance(1, 2) ? state.bid_nanos : state.ask_nanos;
  print.size_micros = rng_.between(1'000, 200'000) * micros_per_share;
  print.venue = is_utp ? 12 : state.tape == 1 ? 10 : 11;
  Trade official = print;
  if (is_opening) {
    add_condition(print, is_utp ? condition_opening_utp : condition_opening_cta);
    add_condition(official, condition_official_open);
  } else {
    add_condition(print, is_utp ? condition_closing_print_utp : condition_closing_cta);
    add_condition(official, condition_official_close);
  }
  official.id = ++state.trade_id;
  official.sequence = trade_sequence_[state.tape] += 1;
  push(stock, ts_ns, print, out);
  push(stock, ts_ns, official, out);
}

// A print of a trade reporting facility: executed earlier, often between the quotes.
void StockBook::facility_print(std::uint32_t stock, std::uint64_t ts_ns, Phase phase,
                               bool is_sub_share, std::vector<Event>& out) {
  State& state = states_[stock];
  Trade trade = make_trade(state, ts_ns);
  const std::int64_t steps = (state.ask_nanos - state.bid_nanos) / sub_penny;
  trade.price_nanos = rng_.chance(1, 2) ? state.bid_nanos + rng_.between(0, steps) * sub_penny
                                        : (rng_.chance(1, 2) ? state.bid_nanos : state.ask_nanos);
  trade.size_micros =
      is_sub_share ? rng_.between(1, 999'999) : random_size(trade.price_nanos) * micros_per_share;
  trade.id = 50'000'000'000'000U + trade.id;
  trade.venue = venue_trf;
  trade.trf_id = static_cast<std::uint16_t>(201 + rng_.below(3));
  const std::uint64_t delay_ms =
      rng_.chance(1, 5000) ? 600'000 : 10 + rng_.below(rng_.chance(1, 20) ? 8000 : 400);
  trade.ts_participant_ms = trade.ts_sip_ms - delay_ms;
  trade.ts_trf_ms = trade.ts_sip_ms - rng_.below(10);
  add_form_t(trade, phase);
  if (trade.size_micros < round_lot_shares(trade.price_nanos) * micros_per_share) {
    add_condition(trade, condition_odd_lot);
  } else if (rng_.chance(1, 100)) {
    add_condition(trade, rng_.chance(1, 2) ? condition_average_price : condition_prior_reference);
  } else if (rng_.chance(1, 150)) {
    add_condition(trade, condition_qualified_contingent);
    add_condition(trade, condition_contingent);
  } else if (rng_.chance(1, 300)) {
    add_condition(trade, condition_derivatively_priced);
  }
  push(stock, ts_ns, trade, out);
}

// One order that takes a level on several venues at once; the quote moves after it.
void StockBook::sweep(std::uint32_t stock, std::uint64_t ts_ns, Phase phase,
                      std::vector<Event>& out) {
  State& state = states_[stock];
  const bool is_buy = rng_.chance(1, 2);
  const std::int64_t count = rng_.between(2, 6);
  for (std::int64_t i = 0; i < count; ++i) {
    Trade trade = make_trade(state, ts_ns);
    trade.price_nanos = is_buy ? state.ask_nanos : state.bid_nanos;
    const std::int64_t shares = random_size(trade.price_nanos);
    trade.size_micros = shares * micros_per_share;
    add_condition(trade, condition_sweep);
    add_form_t(trade, phase);
    if (shares < round_lot_shares(trade.price_nanos)) add_condition(trade, condition_odd_lot);
    push(stock, ts_ns, trade, out);
  }
  const std::int64_t tick = tick_nanos(state.ask_nanos);
  const std::int64_t middle = (state.bid_nanos + state.ask_nanos) / 2;
  quote(stock, std::max(2 * tick, middle + (is_buy ? tick : -tick)), ts_ns, out);
}

void StockBook::exchange_trade(std::uint32_t stock, std::uint64_t ts_ns, Phase phase,
                               std::vector<Event>& out) {
  State& state = states_[stock];
  Trade trade = make_trade(state, ts_ns);
  trade.price_nanos = rng_.chance(1, 2) ? state.bid_nanos : state.ask_nanos;
  const std::int64_t shares = random_size(trade.price_nanos);
  trade.size_micros = shares * micros_per_share;
  if (rng_.chance(3, 10)) add_condition(trade, condition_sweep);
  add_form_t(trade, phase);
  if (shares < round_lot_shares(trade.price_nanos)) add_condition(trade, condition_odd_lot);
  push(stock, ts_ns, trade, out);
}

void StockBook::trade(std::uint32_t stock, std::int64_t fair_nanos, std::uint64_t ts_ns,
                      Phase phase, std::vector<Event>& out) {
  const State& state = states_[stock];
  if (fair_nanos < state.bid_nanos || fair_nanos > state.ask_nanos) {
    quote(stock, fair_nanos, ts_ns, out);
  }
  const bool wants_auction = (state.auction == Auction::opening && phase == Phase::regular) ||
                             (state.auction == Auction::closing && phase == Phase::extended);
  if (wants_auction) return auction(stock, ts_ns, out);
  const std::uint64_t draw = rng_.below(100);
  if (draw < 5) return facility_print(stock, ts_ns, phase, true, out);
  if (draw < 40) return facility_print(stock, ts_ns, phase, false, out);
  if (draw < 48) return sweep(stock, ts_ns, phase, out);
  exchange_trade(stock, ts_ns, phase, out);
}

void StockBook::reopen(std::uint32_t stock, std::int64_t fair_nanos, std::uint64_t ts_ns,
                       std::vector<Event>& out) {
  quote(stock, fair_nanos, ts_ns, out);
  State& state = states_[stock];
  const bool is_utp = plan_of_tape(state.tape) == Plan::utp;
  Trade trade = make_trade(state, ts_ns);
  trade.price_nanos = rng_.chance(1, 2) ? state.bid_nanos : state.ask_nanos;
  trade.size_micros = rng_.between(1'000, 50'000) * micros_per_share;
  trade.venue = is_utp ? 12 : state.tape == 1 ? 10 : 11;
  add_condition(trade, is_utp ? condition_reopening_utp : condition_reopening_cta);
  push(stock, ts_ns, trade, out);
}

}  // namespace ringside::sim
