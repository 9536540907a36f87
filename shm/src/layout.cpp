#include "ringside/shm/layout.hpp"

#include <bit>

namespace ringside::shm {

namespace {

constexpr std::uint64_t fold(std::uint64_t hash, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i, value >>= 8) hash = (hash ^ (value & 0xFF)) * 1099511628211ULL;
  return hash;
}

template <class... Values>
constexpr std::uint64_t fold_all(Values... values) noexcept {
  std::uint64_t hash = 14695981039346656037ULL;
  ((hash = fold(hash, static_cast<std::uint64_t>(values))), ...);
  return hash;
}

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

std::uint64_t layout_hash() noexcept {
  return fold_all(
      layout_version, sizeof(TickRecord), offsetof(TickRecord, ts_event),
      offsetof(TickRecord, ts_recv), offsetof(TickRecord, instrument_id),
      offsetof(TickRecord, kind), offsetof(TickRecord, flags), offsetof(TickRecord, venue),
      offsetof(TickRecord, tape), offsetof(TickRecord, trade), offsetof(TradeBody, price),
      offsetof(TradeBody, size), offsetof(TradeBody, trade_id), offsetof(TradeBody, sequence),
      offsetof(TradeBody, conditions), offsetof(QuoteBody, bid_px), offsetof(QuoteBody, ask_px),
      offsetof(QuoteBody, bid_sz), offsetof(QuoteBody, ask_sz), offsetof(QuoteBody, sequence),
      offsetof(QuoteBody, ask_venue), offsetof(QuoteBody, condition),
      offsetof(QuoteBody, indicators), offsetof(GapBody, ts_end), offsetof(GapBody, count),
      offsetof(GapBody, reason), offsetof(StatusBody, state_before), sizeof(BarRecord),
      offsetof(BarRecord, ts_end), offsetof(BarRecord, open), offsetof(BarRecord, high),
      offsetof(BarRecord, low), offsetof(BarRecord, close), offsetof(BarRecord, volume),
      offsetof(BarRecord, vwap), offsetof(BarRecord, day_volume), offsetof(BarRecord, day_vwap),
      offsetof(BarRecord, official_open), offsetof(BarRecord, trade_size_avg),
      offsetof(BarRecord, trades), offsetof(BarRecord, coverage), sizeof(LastValues),
      offsetof(LastValues, quote), offsetof(LastValues, bar_1s), offsetof(LastValues, bar_1m),
      sizeof(SymbolEntry), offsetof(SymbolEntry, ring_offset),
      offsetof(SymbolEntry, bar_ring_offset), offsetof(SymbolEntry, ring_slots),
      offsetof(SymbolEntry, bar_ring_slots), offsetof(SymbolEntry, state),
      offsetof(SymbolEntry, text_bytes), sizeof(CounterEntry), offsetof(CounterEntry, name),
      offsetof(CounterEntry, unit), sizeof(HistogramEntry), offsetof(HistogramEntry, buckets),
      sizeof(ErrorRecord), offsetof(ErrorRecord, text), offsetof(ErrorRecord, example),
      sizeof(ReaderRecord), offsetof(ReaderRecord, received), offsetof(ReaderRecord, pending),
      sizeof(SegmentFacts), sizeof(SegmentHeader), offsetof(SegmentHeader, heartbeat_ns),
      offsetof(SegmentHeader, state), offsetof(SegmentHeader, symbol_count),
      offsetof(SegmentHeader, wake_word), offsetof(SegmentHeader, arena_used),
      offsetof(SegmentHeader, ready));
}

SegmentFacts plan_segment(const SegmentShape& shape) noexcept {
  SegmentFacts facts{};
  facts.magic = segment_magic;
  facts.layout_version = layout_version;
  facts.header_bytes = sizeof(SegmentHeader);
  facts.offsets_hash = layout_hash();
  set_text(facts.feed, shape.feed.substr(0, sizeof(facts.feed) - 1));
  facts.tick_bytes = sizeof(TickRecord);
  facts.bar_bytes = sizeof(BarRecord);
  facts.price_exponent = price_exponent;
  facts.size_exponent = shape.size_exponent;
  facts.venue_base = shape.venue_base;
  facts.symbol_capacity = shape.symbol_capacity;
  facts.index_slots = std::bit_ceil(shape.symbol_capacity * 2U + 2U);
  facts.tick_tape_slots = shape.tick_tape_slots;
  facts.bar_tape_slots = shape.bar_tape_slots;
  facts.page_bytes = 4096;

  std::uint64_t at = align_up(sizeof(SegmentHeader), facts.page_bytes);
  const auto take = [&at](std::uint64_t bytes) {
    const std::uint64_t begin = at;
    at = align_up(at + bytes, cache_line_bytes);
    return begin;
  };
  // What fills up with the symbols comes last, each on a huge page of its own if it has one's size.
  const auto take_growing = [&at, &take](std::uint64_t bytes) {
    if (bytes >= huge_page_bytes) at = align_up(at, huge_page_bytes);
    return take(bytes);
  };
  facts.index_offset = take(std::uint64_t{facts.index_slots} * sizeof(std::uint32_t));
  facts.counters_offset = take(counter_count_max * sizeof(CounterEntry));
  facts.histograms_offset = take(histogram_count_max * sizeof(HistogramEntry));
  facts.errors_offset = take(error_rows * sizeof(Slot<ErrorRecord>));
  facts.readers_offset = take(reader_rows * sizeof(Slot<ReaderRecord>));
  facts.tick_tape_offset = take(ring_bytes<TickRecord>(shape.tick_tape_slots));
  facts.bar_tape_offset = take(ring_bytes<BarRecord>(shape.bar_tape_slots));
  facts.symbols_offset = take_growing(std::uint64_t{shape.symbol_capacity} * sizeof(SymbolEntry));
  facts.last_offset = take_growing(std::uint64_t{shape.symbol_capacity} * sizeof(LastValues));
  facts.arena_offset = take_growing(shape.arena_bytes);
  facts.arena_bytes = shape.arena_bytes;
  facts.segment_bytes = align_up(at, facts.page_bytes);
  return facts;
}

}  // namespace ringside::shm
