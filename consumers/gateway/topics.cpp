#include "topics.hpp"

#include <array>

#include "ringside/base/json_writer.hpp"

namespace ringside::gateway {

namespace {

using shm::BarRecord;
using shm::Kind;
using shm::ReadStatus;

bool is_option_symbol(std::string_view symbol) noexcept {
  return symbol.starts_with("O:");
}

// The newest day bar of a symbol and the close of the day before, from the statistics' bar ring.
void read_day(const shm::SegmentView& stats, std::string_view symbol, LastCopy& out) {
  const auto id = stats.symbols().find(symbol);
  if (!id) return;
  const auto view = stats.bar_ring(*id);
  if (!view.is_open()) return;
  shm::BarRingReader reader(view, shm::StartAt::oldest);
  std::array<BarRecord, 32> bars;
  const std::uint64_t end = reader.head();
  while (reader.next_sequence() < end) {
    const std::uint64_t lost = reader.lost();
    const std::size_t count = reader.poll_batch(bars);
    if (count == 0 && reader.lost() == lost) return;  // the writer died inside a slot
    for (std::size_t i = 0; i < count; ++i) {
      if (bars[i].kind == Kind::bar_1d) update_day(out.day, bars[i]);
    }
  }
}

void read_feed_bar(const shm::LastReader& last, LastCopy& out) {
  BarRecord bar;
  if (last.bar_1m(bar) == ReadStatus::ok) out.bar = bar;
  if (last.bar_1s(bar) == ReadStatus::ok &&
      (out.bar.kind == Kind::none || bar.ts_end >= out.bar.ts_end)) {
    out.bar = bar;
  }
  if (out.bar.kind != Kind::none) out.vendor = vendor_day(out.bar);
}

}  // namespace

void update_day(DayFigures& day, const BarRecord& bar) noexcept {
  if (bar.ts_event < day.ts) return;
  if (bar.ts_event > day.ts && day.ts != 0) day.previous_close = day.close;
  day.ts = bar.ts_event;
  day.is_partial = (bar.flags & shm::flag_partial) != 0;
  day.open = bar.open;
  day.high = bar.high;
  day.low = bar.low;
  day.close = bar.close;
  day.volume = bar.volume;
  day.vwap = bar.vwap;
}

Topics::Topics(const std::vector<FeedSettings>& feeds) : feeds_(feeds.size()) {
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    feeds_[i].facts.source = feeds[i].vendor;
    feeds_[i].is_options = feeds[i].is_options;
  }
  stats_.facts.source = "ringside-stats";
}

void Topics::attach_to(Source& source, SegmentPtr segment) {
  source.segment = std::move(segment);
  const shm::SegmentFacts& facts = source.segment->facts();
  source.by_instrument.assign(facts.symbol_capacity, nullptr);
  source.facts.venue_base = facts.venue_base;
  const bool is_usable = facts.size_exponent <= 0 && facts.size_exponent >= -18;
  source.facts.size_digits = is_usable ? static_cast<unsigned>(-facts.size_exponent) : 6;
}

void Topics::attach(std::uint32_t feed, SegmentPtr segment) {
  attach_to(feeds_[feed], std::move(segment));
}

void Topics::attach_stats(SegmentPtr segment) {
  attach_to(stats_, std::move(segment));
  stats_.facts.source = "ringside-stats";
}

std::optional<std::uint32_t> Topics::feed_of(std::string_view symbol) const noexcept {
  for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
    if (feeds_[i].is_options == is_option_symbol(symbol)) return i;
  }
  return std::nullopt;
}

Topic* Topics::find(std::string_view symbol) noexcept {
  const auto found = topics_.find(symbol);
  return found == topics_.end() ? nullptr : found->second.get();
}

std::optional<LastCopy> Topics::last(std::uint32_t feed, std::string_view symbol) const {
  const Source& source = feeds_[feed];
  if (source.segment == nullptr) return std::nullopt;
  const auto id = source.segment->symbols().find(symbol);
  if (!id) return std::nullopt;
  LastCopy out;
  if (stats_.segment != nullptr) read_day(*stats_.segment, symbol, out);
  const shm::LastReader last = source.segment->last(*id);
  if (!last.is_open()) return out;
  if (last.trade(out.trade) != ReadStatus::ok) out.trade = shm::empty_tick();
  if (last.quote(out.quote) != ReadStatus::ok) out.quote = shm::empty_tick();
  // A cell's stamp counts its writes: it is no place on the tape.
  out.trade.stamp = out.quote.stamp = 0;
  read_feed_bar(last, out);
  return out;
}

Topic& Topics::obtain(std::uint32_t feed, std::string_view symbol) {
  if (Topic* const found = find(symbol); found != nullptr) return *found;
  auto made = std::make_unique<Topic>();
  Topic& topic = *made;
  topic.symbol = std::string(symbol);
  append_json_string(topic.json, symbol);
  topic.feed = feed;
  topic.is_option = feeds_[feed].is_options;
  if (const auto values = last(feed, symbol)) {
    topic.trade = values->trade;
    topic.quote = values->quote;
    topic.day = values->day;
    topic.vendor = values->vendor;
  }
  topics_.emplace(std::string_view(topic.symbol), std::move(made));
  link(feeds_[feed], topic, &topic);
  link(stats_, topic, &topic);
  return topic;
}

void Topics::link(Source& source, Topic& topic, Topic* to) noexcept {
  if (source.segment == nullptr) return;
  const auto id = source.segment->symbols().find(topic.symbol);
  if (id && *id < source.by_instrument.size()) source.by_instrument[*id] = to;
}

void Topics::erase(Topic& topic) {
  // Not looked up rather than &nobody_: the table may be from an epoch that knew it by another id.
  link(feeds_[topic.feed], topic, nullptr);
  link(stats_, topic, nullptr);
  topics_.erase(topics_.find(std::string_view(topic.symbol)));
}

Topic* Topics::of_instrument(std::uint32_t feed, std::uint32_t instrument_id, bool make) {
  Source& source = feeds_[feed];
  if (instrument_id >= source.by_instrument.size()) return nullptr;  // instrument_none among them
  Topic*& cell = source.by_instrument[instrument_id];
  if (cell == nullptr || (make && cell == &nobody_)) {
    const std::string_view symbol = source.segment->symbols().text(instrument_id);
    if (symbol.empty()) return nullptr;
    Topic* const found = make ? &obtain(feed, symbol) : find(symbol);
    cell = found == nullptr || found->feed != feed ? &nobody_ : found;
  }
  return cell == &nobody_ ? nullptr : cell;
}

Topic* Topics::of_stats_instrument(std::uint32_t instrument_id) {
  if (instrument_id >= stats_.by_instrument.size()) return nullptr;
  Topic*& cell = stats_.by_instrument[instrument_id];
  if (cell == nullptr) {
    Topic* const found = find(stats_.segment->symbols().text(instrument_id));
    cell = found == nullptr ? &nobody_ : found;
  }
  return cell == &nobody_ ? nullptr : cell;
}

}  // namespace ringside::gateway
