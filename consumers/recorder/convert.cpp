#include "convert.hpp"

#include <limits>

namespace ringside::recorder {
namespace {

struct WholeSize {
  std::uint64_t value;
  bool is_exact;
};

/// Cuts a size to whole shares, at most `limit` of them.
WholeSize whole_size(std::int64_t size, std::int64_t size_one, std::uint64_t limit,
                     ConvertCounters& counters) noexcept {
  if (size < 0) {
    ++counters.size_clipped;
    return {0, false};
  }
  const auto whole = static_cast<std::uint64_t>(size / size_one);
  if (whole > limit) {
    ++counters.size_clipped;
    return {limit, false};
  }
  const bool is_exact = size % size_one == 0;
  if (!is_exact) ++counters.size_cut;
  return {whole, is_exact};
}

std::uint16_t publisher(std::uint8_t venue, const FeedUnits& units,
                        ConvertCounters& counters) noexcept {
  if (venue == shm::venue_absent) return publisher_none;
  const std::uint16_t id = publisher_of(units.market, units.venue_base + venue);
  if (id == publisher_none) ++counters.publisher_unknown;
  return id;
}

std::uint8_t flags_of(const shm::TickRecord& tick) noexcept {
  unsigned flags = dbn::flag_last;
  if ((tick.flags & (shm::flag_snapshot | shm::flag_replayed)) != 0) flags |= dbn::flag_snapshot;
  if ((tick.flags & shm::flag_maybe_bad) != 0) flags |= dbn::flag_maybe_bad;
  if ((tick.flags & shm::flag_clipped) != 0) flags |= dbn::flag_publisher;
  return static_cast<std::uint8_t>(flags);
}

std::int32_t delta_of(std::uint64_t ts_event, std::uint64_t ts_recv,
                      ConvertCounters& counters) noexcept {
  using Limits = std::numeric_limits<std::int32_t>;
  if (ts_event == shm::ts_absent || ts_recv == shm::ts_absent) return 0;
  // Both are below 2^63 until the year 2262; the difference of hostile values wraps and is clipped.
  const auto delta = static_cast<std::int64_t>(ts_recv - ts_event);
  if (delta >= Limits::min() && delta <= Limits::max()) return static_cast<std::int32_t>(delta);
  ++counters.delta_clipped;
  return delta < 0 ? Limits::min() : Limits::max();
}

std::uint32_t sequence_of(std::uint32_t sequence) noexcept {
  return sequence == shm::sequence_absent ? 0 : sequence;
}

}  // namespace

static_assert(shm::px_absent == dbn::price_null && shm::ts_absent == dbn::ts_null);
static_assert(shm::quote_size_absent == dbn::size_null);

dbn::TradeMsg to_trade(const shm::TickRecord& tick, std::uint64_t ts_recv, std::uint8_t flags_extra,
                       const FeedUnits& units, ConvertCounters& counters) noexcept {
  dbn::TradeMsg out{};
  out.hd = dbn::header_of<dbn::TradeMsg>(dbn::Rtype::trade, publisher(tick.venue, units, counters),
                                         tick.instrument_id, tick.ts_event);
  out.price = tick.trade.price;
  unsigned flags = flags_of(tick) | flags_extra;
  out.size = dbn::size_null;
  if (tick.trade.size != shm::size_absent) {
    const WholeSize size =
        whole_size(tick.trade.size, units.size_one, dbn::size_null - 1, counters);
    out.size = static_cast<std::uint32_t>(size.value);
    if (!size.is_exact) flags |= dbn::flag_publisher;
  }
  out.action = dbn::Action::trade;
  out.side = dbn::Side::none;
  out.flags = static_cast<std::uint8_t>(flags);
  out.ts_recv = ts_recv;
  out.ts_in_delta = delta_of(tick.ts_event, ts_recv, counters);
  out.sequence = sequence_of(tick.trade.sequence);
  return out;
}

dbn::Cmbp1Msg to_cmbp1(const shm::TickRecord& tick, std::uint64_t ts_recv, std::uint8_t flags_extra,
                       const FeedUnits& units, ConvertCounters& counters) noexcept {
  dbn::Cmbp1Msg out{};
  out.hd = dbn::header_of<dbn::Cmbp1Msg>(dbn::Rtype::cmbp_1, publisher_consolidated(units.market),
                                         tick.instrument_id, tick.ts_event);
  out.price = dbn::price_null;
  out.size = dbn::size_null;
  out.action = dbn::Action::modify;
  out.side = dbn::Side::none;
  out.flags = static_cast<std::uint8_t>(flags_of(tick) | dbn::flag_top_of_book | flags_extra);
  out.ts_recv = ts_recv;
  out.ts_in_delta = delta_of(tick.ts_event, ts_recv, counters);
  out.bid_px = tick.quote.bid_px;
  out.ask_px = tick.quote.ask_px;
  out.bid_sz = tick.quote.bid_sz;
  out.ask_sz = tick.quote.ask_sz;
  out.bid_pb = publisher(tick.venue, units, counters);
  out.ask_pb = publisher(tick.quote.ask_venue, units, counters);
  return out;
}

dbn::OhlcvMsg to_ohlcv(const shm::BarRecord& bar, dbn::Rtype rtype, const FeedUnits& units,
                       ConvertCounters& counters) noexcept {
  dbn::OhlcvMsg out{};
  out.hd = dbn::header_of<dbn::OhlcvMsg>(rtype, publisher_consolidated(units.market),
                                         bar.instrument_id, bar.ts_event);
  out.open = bar.open;
  out.high = bar.high;
  out.low = bar.low;
  out.close = bar.close;
  out.volume = 0;
  if (bar.volume != shm::size_absent) {
    constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
    out.volume = whole_size(bar.volume, units.size_one, no_limit, counters).value;
  }
  return out;
}

}  // namespace ringside::recorder
