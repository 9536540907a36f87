#include "sim/event_stream.hpp"

#include <algorithm>

namespace ringside::sim {

std::uint64_t EventStream::source_ts_ns() const noexcept {
  if (const auto* market = std::get_if<SyntheticMarket>(&source_)) return market->next_ts_ns();
  return std::get_if<TaqReplay>(&source_)->next_ts_ns();
}

std::uint64_t EventStream::bars_ts_ns() const noexcept {
  std::uint64_t end_ms = Aggregator::no_window;
  for (const Aggregator& aggregator : aggregators_) {
    end_ms = std::min(end_ms, aggregator.next_end_ms());
  }
  return end_ms == Aggregator::no_window ? ts_none : end_ms * ns_per_ms;
}

std::uint64_t EventStream::next_ts_ns() const noexcept {
  if (bars_head_ < bars_.size()) return bars_[bars_head_].ts_ns;
  return std::min(source_ts_ns(), bars_ts_ns());
}

bool EventStream::take(std::uint64_t horizon_ns, Event& event) {
  for (;;) {
    if (bars_head_ < bars_.size()) {
      if (bars_[bars_head_].ts_ns > horizon_ns) return false;
      event = bars_[bars_head_++];
      return true;
    }
    const std::uint64_t bars_due_ns = bars_ts_ns();
    const std::uint64_t source_due_ns = source_ts_ns();
    const std::uint64_t due_ns = std::min(bars_due_ns, source_due_ns);
    if (due_ns == ts_none || due_ns > horizon_ns) return false;
    if (bars_due_ns > source_due_ns) break;
    bars_.clear();
    bars_head_ = 0;
    for (Aggregator& aggregator : aggregators_) {
      aggregator.close_until(bars_due_ns / ns_per_ms, bars_);
    }
    // A window without an eligible trade gives none: look again.
  }
  if (auto* market = std::get_if<SyntheticMarket>(&source_)) {
    market->take(event);
  } else {
    std::get_if<TaqReplay>(&source_)->take(event);
  }
  if (with_bars_ && event.kind == EventKind::trade) {
    aggregators_[static_cast<std::size_t>(event.market)].add(event.instrument, event.trade());
  }
  return true;
}

void EventStream::skip_to(std::uint64_t ts_ns) {
  if (auto* market = std::get_if<SyntheticMarket>(&source_)) market->skip_to(ts_ns);
}

const TaqReport* EventStream::taq_report() const noexcept {
  const auto* replay = std::get_if<TaqReplay>(&source_);
  return replay == nullptr ? nullptr : &replay->report();
}

}  // namespace ringside::sim
