#include "sim/aggregate.hpp"

#include <algorithm>
#include <span>

#include "ringside/base/assert.hpp"

#include "sim/conditions.hpp"
#include "sim/ny_time.hpp"

namespace ringside::sim {
namespace {

using Wide = __int128;

// Notional over volume, to the nearest millionth of a dollar.
std::int64_t vwap_nanos(Wide notional, std::int64_t volume_micros) noexcept {
  constexpr std::int64_t step = 1000;
  const Wide by = Wide{volume_micros} * step;
  return static_cast<std::int64_t>((notional + by / 2) / by) * step;
}

// How much a trade says about the official open: an opening print more than a venue's own official
// open, that more than any regular trade of the session.
std::uint8_t opening_rank(std::span<const std::uint16_t> conditions, bool is_regular) noexcept {
  std::uint8_t rank = is_regular ? 1 : 0;
  for (const std::uint16_t condition : conditions) {
    if (condition == condition_official_open) rank = std::max<std::uint8_t>(rank, 2);
    if (condition == condition_opening_cta || condition == condition_opening_utp) rank = 3;
  }
  return rank;
}

}  // namespace

std::uint64_t Aggregator::next_end_ms() const noexcept {
  std::uint64_t end = no_window;
  for (const Length* length : {&seconds_, &minutes_}) {
    if (!length->open.empty()) end = std::min(end, length->start_ms + length->length_ms);
  }
  return end;
}

void Aggregator::roll_day(std::uint64_t ts_ms) {
  if (ts_ms < day_end_ms_) return;
  const auto ts_s = static_cast<std::int64_t>(ts_ms / 1000);
  const std::int64_t day = ny_day(ts_s);
  day_start_ms_ = static_cast<std::uint64_t>(ny_instant_s(day, regular_open_s)) * 1000;
  day_end_ms_ = static_cast<std::uint64_t>(ny_instant_s(day + 1, 0)) * 1000;
  if (day != day_) {
    for (State& state : states_) state.day = Day{};
  }
  day_ = day;
}

void Aggregator::add(std::uint32_t instrument, const Trade& trade) {
  if (instrument >= states_.size()) states_.resize(instrument + 1);
  roll_day(trade.ts_sip_ms);
  const std::span<const std::uint16_t> conditions(trade.conditions.data(), trade.condition_count);
  const UpdateRules rules = update_rules(conditions);

  Day& day = states_[instrument].day;
  const std::uint8_t rank =
      opening_rank(conditions, rules.open_close && trade.ts_sip_ms >= day_start_ms_);
  if (rank > day.opening_rank) {
    day.official_open_nanos = trade.price_nanos;
    day.opening_rank = rank;
  }
  const std::int64_t counted_micros = rules.volume ? trade.size_micros : 0;
  day.volume_micros += counted_micros;
  day.notional += Wide{trade.price_nanos} * counted_micros;
  add_to_window(seconds_, instrument, trade, counted_micros, rules.high_low, rules.open_close);
  add_to_window(minutes_, instrument, trade, counted_micros, rules.high_low, rules.open_close);
}

void Aggregator::add_to_window(Length& length, std::uint32_t instrument, const Trade& trade,
                               std::int64_t counted_micros, bool high_low, bool open_close) {
  const std::uint64_t start_ms = trade.ts_sip_ms - trade.ts_sip_ms % length.length_ms;
  if (start_ms < length.start_ms) {
    if (length.kind == EventKind::second_bar) ++late_count_;
    return;
  }
  if (length.open.empty()) length.start_ms = start_ms;
  RINGSIDE_ASSERT(start_ms == length.start_ms);  // the caller closes ended windows first
  Window& window = states_[instrument].*length.window;
  if (!window.is_listed) {
    window = Window{};
    window.is_listed = true;
    length.open.push_back(instrument);
  }
  const std::int64_t price = trade.price_nanos;
  if (high_low) {
    window.high_nanos = window.has_range ? std::max(window.high_nanos, price) : price;
    window.low_nanos = window.has_range ? std::min(window.low_nanos, price) : price;
    window.has_range = true;
  }
  if (open_close) {
    if (!window.has_price) window.open_nanos = price;
    window.close_nanos = price;
    window.has_price = true;
  }
  if (counted_micros == 0) return;
  window.volume_micros += counted_micros;
  window.notional += Wide{price} * counted_micros;
  ++window.trade_count;
}

void Aggregator::close(Length& length, std::vector<Event>& out) {
  const std::uint64_t end_ms = length.start_ms + length.length_ms;
  for (const std::uint32_t instrument : length.open) {
    State& state = states_[instrument];
    Window& window = state.*length.window;
    window.is_listed = false;
    if (!window.has_price || window.volume_micros == 0) continue;
    Event event;
    event.ts_ns = end_ms * ns_per_ms;
    event.instrument = instrument;
    event.market = market_;
    event.kind = length.kind;
    event.body = Bar{
        .open_nanos = window.open_nanos,
        .high_nanos = window.high_nanos,
        .low_nanos = window.low_nanos,
        .close_nanos = window.close_nanos,
        .vwap_nanos = vwap_nanos(window.notional, window.volume_micros),
        .day_vwap_nanos = vwap_nanos(state.day.notional, state.day.volume_micros),
        .official_open_nanos = state.day.official_open_nanos,
        .volume_micros = window.volume_micros,
        .day_volume_micros = state.day.volume_micros,
        .average_size =
            (window.volume_micros / window.trade_count + micros_per_share / 2) / micros_per_share,
        .ts_start_ms = length.start_ms,
        .ts_end_ms = end_ms,
    };
    out.push_back(event);
  }
  length.open.clear();
  length.start_ms = end_ms;
}

void Aggregator::close_until(std::uint64_t now_ms, std::vector<Event>& out) {
  while (next_end_ms() <= now_ms) {
    const bool second_first = !seconds_.open.empty() &&
                              (minutes_.open.empty() || seconds_.start_ms + seconds_.length_ms <=
                                                            minutes_.start_ms + minutes_.length_ms);
    close(second_first ? seconds_ : minutes_, out);
  }
}

}  // namespace ringside::sim
