#include "publish.hpp"

#include <utility>

namespace ringside::feed {

namespace {

std::uint32_t kind_bit(const Decoded& event) noexcept {
  if (event.item == Item::bar) {
    return event.bar.kind == shm::Kind::bar_1s ? shm::want_bars_1s : shm::want_bars_1m;
  }
  return event.tick.kind == shm::Kind::trade ? shm::want_trades : shm::want_quotes;
}

}  // namespace

Publisher::Publisher(shm::SegmentWriter& segment, FeedCounters& counters, Options options)
    : segment_(segment),
      counters_(counters),
      options_(std::move(options)),
      instruments_(segment.facts().symbol_capacity) {}

shm::SymbolResult Publisher::create(std::string_view symbol, std::uint64_t ts_now) noexcept {
  const std::uint32_t before = segment_.symbol_count();
  const shm::SymbolResult result = segment_.add_symbol(symbol, options_.rings.slots_of(symbol),
                                                       ts_now, shm::SymbolState::pending);
  if (segment_.symbol_count() != before) counters_.symbols_created.add();
  return result;
}

std::uint32_t Publisher::find_or_create(const Decoded& event,
                                        const Subscriptions& wanted) noexcept {
  const std::string_view symbol = event.symbol.view();
  if (const auto found = segment_.find_symbol(symbol)) [[likely]]
    return *found;
  if ((wanted.wanted(symbol) & kind_bit(event)) == 0) {
    counters_.events_unwanted.add();
    return shm::instrument_none;
  }
  const std::uint64_t ts_now = event.item == Item::tick ? event.tick.ts_recv : event.bar.ts_recv;
  const shm::SymbolResult result = create(symbol, ts_now);
  if (!result.ok()) counters_.events_refused.add();
  return result.instrument_id;
}

void Publisher::publish(Decoded& event, const Subscriptions& wanted) noexcept {
  const std::uint32_t instrument_id = find_or_create(event, wanted);
  if (instrument_id == shm::instrument_none) return;
  Instrument& instrument = instruments_[instrument_id];
  const std::uint64_t ts_recv = event.item == Item::tick ? event.tick.ts_recv : event.bar.ts_recv;
  if (!instrument.is_live || instrument.ts_gap_begin != 0) [[unlikely]] {
    // What is still under way when the last wish ends must not wake the symbol up again.
    if ((wanted.wanted(event.symbol.view()) & kind_bit(event)) == 0) {
      counters_.events_unwanted.add();
      return;
    }
    settle(instrument_id, ts_recv);
  }
  std::uint8_t flags = 0;
  if (instrument.is_maybe_bad) [[unlikely]] {
    flags = shm::flag_maybe_bad;
    instrument.is_maybe_bad = false;
  }
  if (event.item == Item::tick) {
    (void)segment_.publish(event.tick, instrument_id, flags);
    counters_.ticks_published.add();
  } else {
    event.bar.instrument_id = instrument_id;
    event.bar.flags |= flags;
    (void)segment_.publish(event.bar);
    counters_.bars_published.add();
  }
  has_news_ = true;
}

// The symbol has data or an acknowledgement: it is live, and a gap that was open ends at ts_now.
void Publisher::settle(std::uint32_t instrument_id, std::uint64_t ts_now) noexcept {
  Instrument& instrument = instruments_[instrument_id];
  if (!instrument.is_live) {
    instrument.is_live = true;
    segment_.set_symbol_state(instrument_id, shm::SymbolState::live);
  }
  if (instrument.ts_gap_begin == 0) return;
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::gap;
  record.instrument_id = instrument_id;
  record.ts_event = instrument.ts_gap_begin;
  record.ts_recv = ts_now;
  record.gap = shm::GapBody{instrument.ts_gap_begin, ts_now, shm::count_unknown,
                            static_cast<std::uint32_t>(instrument.gap_reason), 0};
  (void)segment_.publish(record);
  counters_.ticks_published.add();
  counters_.gaps.add();
  instrument.ts_gap_begin = 0;
  instrument.is_maybe_bad = true;
  has_news_ = true;
}

shm::SymbolAnswer Publisher::add(std::string_view symbol, std::uint64_t ts_now) noexcept {
  const shm::SymbolResult result = create(symbol, ts_now);
  if (!result.ok()) {
    counters_.symbols_refused.add();
    return {shm::instrument_none, shm::SymbolState::refused, result.refused};
  }
  if (!instruments_[result.instrument_id].is_live) {
    segment_.set_symbol_state(result.instrument_id, shm::SymbolState::pending);
  }
  return {result.instrument_id, segment_.symbol_state(result.instrument_id),
          shm::RefuseReason::none};
}

void Publisher::set_idle(std::string_view symbol, std::uint64_t ts_now) noexcept {
  const auto found = segment_.find_symbol(symbol);
  if (!found) return;
  open_gap(instruments_[*found], ts_now, shm::GapReason::unknown);
  segment_.set_symbol_state(*found, shm::SymbolState::idle);
}

void Publisher::set_refused(std::string_view symbol) noexcept {
  const auto found = segment_.find_symbol(symbol);
  if (!found || instruments_[*found].is_live) return;
  segment_.set_symbol_state(*found, shm::SymbolState::refused);
}

void Publisher::on_lost(std::uint64_t ts_last) noexcept {
  for (std::uint32_t i = 0; i < segment_.symbol_count(); ++i) {
    if (!instruments_[i].is_live) continue;
    open_gap(instruments_[i], ts_last, shm::GapReason::disconnected);
    segment_.set_symbol_state(i, shm::SymbolState::pending);
  }
}

// A symbol that never was live misses nothing; a gap that is open already goes on.
void Publisher::open_gap(Instrument& instrument, std::uint64_t ts_begin,
                         shm::GapReason reason) noexcept {
  if (instrument.is_live && instrument.ts_gap_begin == 0) {
    instrument.ts_gap_begin = ts_begin;
    instrument.gap_reason = reason;
  }
  instrument.is_live = false;
}

void Publisher::on_ack(std::string_view symbol, std::uint64_t ts_now) noexcept {
  if (symbol == wildcard) {
    for (std::uint32_t i = 0; i < segment_.symbol_count(); ++i) {
      if (instruments_[i].ts_gap_begin != 0) settle(i, ts_now);
    }
    return;
  }
  if (const auto found = segment_.find_symbol(symbol)) settle(*found, ts_now);
}

void Publisher::set_feed_state(shm::FeedState state, std::uint64_t ts_now) noexcept {
  const shm::FeedState before = segment_.state();
  if (before == state) return;
  segment_.set_state(state);
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::status;
  record.ts_event = ts_now;
  record.ts_recv = ts_now;
  record.status =
      shm::StatusBody{static_cast<std::uint32_t>(state), static_cast<std::uint32_t>(before), {}};
  (void)segment_.publish(record);
  counters_.ticks_published.add();
  has_news_ = true;
}

bool Publisher::take_news() noexcept {
  return std::exchange(has_news_, false);
}

}  // namespace ringside::feed
