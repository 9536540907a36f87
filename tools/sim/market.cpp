#include "sim/market.hpp"

#include <algorithm>

#include "sim/ny_time.hpp"

namespace ringside::sim {
namespace {

std::vector<std::uint64_t> zipf_weights(std::size_t count) {
  std::vector<std::uint64_t> weights;
  weights.reserve(count);
  for (std::size_t rank = 0; rank < count; ++rank) weights.push_back(1'000'000'000 / (rank + 3));
  return weights;
}

std::vector<std::uint64_t> contract_weights(const std::vector<Contract>& contracts) {
  std::vector<std::uint64_t> weights;
  weights.reserve(contracts.size());
  for (const Contract& contract : contracts) weights.push_back(contract.weight);
  return weights;
}

std::int64_t to_s(std::uint64_t ts_ns) noexcept {
  return static_cast<std::int64_t>(ts_ns / ns_per_s);
}

}  // namespace

SyntheticMarket::SyntheticMarket(const MarketOptions& options, MarketInstruments& instruments)
    : options_(options),
      stocks_(make_stocks(options.stock_count, options.seed)),
      contracts_(make_contracts(options.option_count, stocks_, ny_day(to_s(options.ts_start_ns)))),
      rng_(options.seed ^ 0x6d61726b65743121U),
      prices_(stocks_, options.seed, options.ts_start_ns),
      stock_book_(stocks_, options.seed),
      option_book_(contracts_, options.seed),
      stock_choice_(zipf_weights(stocks_.size())),
      contract_choice_(contract_weights(contracts_)),
      ts_now_ns_(options.ts_start_ns),
      ts_second_ns_(options.ts_start_ns) {
  for (const Stock& stock : stocks_) {
    instruments[0].add({.symbol = stock.symbol, .tape = stock.tape});
  }
  for (const Contract& contract : contracts_) {
    instruments[1].add({.symbol = contract.symbol, .tape = 0});
  }
  if (options.hours == Hours::always) {
    phase_ = Phase::regular;
    ts_open_ns_ = ts_now_ns_;
    ts_phase_end_ns_ = ~std::uint64_t{0};
  }
  fill();
}

void SyntheticMarket::take(Event& event) {
  event = queue_[queue_head_++];
  if (queue_head_ == queue_.size()) fill();
}

void SyntheticMarket::skip_to(std::uint64_t ts_ns) {
  if (ts_ns <= next_ts_ns()) return;
  ts_now_ns_ = std::max(ts_now_ns_, ts_ns);
  ts_second_ns_ = std::max(ts_second_ns_, ts_ns);
  fill();
}

void SyntheticMarket::fill() {
  queue_.clear();
  queue_head_ = 0;
  while (queue_.empty()) act();
}

// One moment of the market: what it does is in queue_, and the clock stands at the next one.
void SyntheticMarket::act() {
  if (ts_now_ns_ >= ts_phase_end_ns_) change_phase();
  if (phase_ == Phase::closed) {
    ts_now_ns_ = ts_phase_end_ns_;
    return;
  }
  if (ts_now_ns_ >= ts_second_ns_) second_tick();
  prices_.advance(ts_now_ns_);
  // Four in ten events are options', when there are any.
  if (contract_choice_.count() != 0 && rng_.chance(4, 10)) {
    if (phase_ == Phase::regular) option_action();
  } else {
    stock_action();
  }
  const std::uint64_t events = std::max<std::uint64_t>(1, queue_.size());
  const std::uint64_t mean_ns =
      std::max<std::uint64_t>(1, events * ns_per_s * 100 / (options_.rate * rate_percent()));
  ts_now_ns_ += waiting_.draw(rng_, mean_ns);
}

std::uint64_t SyntheticMarket::rate_percent() const noexcept {
  if (phase_ != Phase::regular) return 10;
  if (ts_now_ns_ < ts_burst_end_ns_) return 800;
  const std::uint64_t since_open_ns = ts_now_ns_ - ts_open_ns_;
  constexpr std::uint64_t open_burst_ns = 60 * ns_per_s;
  if (since_open_ns >= open_burst_ns) return 100;
  return 100 + 700 * (open_burst_ns - since_open_ns) / open_burst_ns;
}

bool SyntheticMarket::is_halted(std::uint32_t stock) const noexcept {
  return std::any_of(halts_.begin(), halts_.end(),
                     [stock](const Halt& halt) { return halt.stock == stock; });
}

// Once a second: halts end and begin, bursts begin.
void SyntheticMarket::second_tick() {
  ts_second_ns_ = ts_now_ns_ + ns_per_s;
  for (std::size_t i = 0; i < halts_.size();) {
    if (ts_now_ns_ < halts_[i].ts_end_ns) {
      ++i;
      continue;
    }
    const std::uint32_t stock = halts_[i].stock;
    halts_.erase(halts_.begin() + static_cast<std::ptrdiff_t>(i));
    stock_book_.reopen(stock, prices_.fair_nanos(stock, ts_now_ns_), ts_now_ns_, queue_);
  }
  if (phase_ != Phase::regular) return;
  constexpr std::size_t never_halted = 20;
  if (stocks_.size() > never_halted && halts_.size() < 8 && rng_.chance(1, 120)) {
    const auto stock =
        static_cast<std::uint32_t>(never_halted + rng_.below(stocks_.size() - never_halted));
    if (!is_halted(stock)) {
      halts_.push_back({stock, ts_now_ns_ + (15 + rng_.below(106)) * ns_per_s});
      ++halt_count_;
    }
  }
  if (rng_.chance(1, 60)) {
    ts_burst_end_ns_ = ts_now_ns_ + (100 + rng_.below(300)) * ns_per_ms;
    prices_.shock(rng_.normal_milli() * 400);  // 0.04 % of the market
  }
}

// Finds the phase at ts_now_ns_ and when it ends.
void SyntheticMarket::change_phase() {
  const std::int64_t now_s = to_s(ts_now_ns_);
  const std::int64_t day = ny_day(now_s);
  const std::int64_t second = ny_second_of_day(now_s);
  const Phase before = phase_;
  std::int64_t end_s = 0;
  if (!is_weekday(day) || second >= after_hours_end_s) {
    phase_ = Phase::closed;
    end_s = ny_instant_s(day + 1, is_weekday(day + 1) ? premarket_s : 0);
  } else if (second < premarket_s) {
    phase_ = Phase::closed;
    end_s = ny_instant_s(day, premarket_s);
  } else if (second < regular_open_s) {
    phase_ = Phase::extended;
    end_s = ny_instant_s(day, regular_open_s);
  } else if (second < regular_close_s) {
    phase_ = Phase::regular;
    end_s = ny_instant_s(day, regular_close_s);
  } else {
    phase_ = Phase::extended;
    end_s = ny_instant_s(day, after_hours_end_s);
  }
  ts_phase_end_ns_ = static_cast<std::uint64_t>(end_s) * ns_per_s;
  if (phase_ == Phase::regular && before != Phase::regular) {
    ts_open_ns_ = ts_now_ns_;
    stock_book_.begin_session();
  }
  if (before == Phase::regular && phase_ != Phase::regular) {
    stock_book_.end_session();
    halts_.clear();
  }
  if (phase_ == Phase::closed) stock_book_.forget_auctions();
}

void SyntheticMarket::stock_action() {
  const std::uint32_t stock = stock_choice_.draw(rng_);
  if (!halts_.empty() && is_halted(stock)) return;
  const std::int64_t fair = prices_.fair_nanos(stock, ts_now_ns_);
  if (rng_.chance(68, 100)) {
    stock_book_.quote(stock, fair, ts_now_ns_, queue_);
  } else {
    stock_book_.trade(stock, fair, ts_now_ns_, phase_, queue_);
  }
}

void SyntheticMarket::option_action() {
  const std::uint32_t index = contract_choice_.draw(rng_);
  const Contract& contract = contracts_[index];
  if (!halts_.empty() && is_halted(contract.underlying)) return;
  const std::int64_t spot = prices_.fair_nanos(contract.underlying, ts_now_ns_);
  const std::int64_t deviation =
      deviation_nanos(stocks_[contract.underlying], spot, contract.ts_expiry_s - to_s(ts_now_ns_));
  const std::int64_t fair = option_fair_nanos(contract, spot, deviation);
  if (rng_.chance(85, 100)) {
    option_book_.quote(index, fair, ts_now_ns_, queue_);
  } else {
    option_book_.trade(index, fair, ts_now_ns_, queue_);
  }
}

}  // namespace ringside::sim
