// Owns the bytes of a tick and of a bar: 64 and 128 of them, the same in memory, in a ring, on the
// tape and as a last value. A changed byte is a new layout_version (layout.hpp, docs/layout.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "ringside/shm/units.hpp"

namespace ringside::shm {

/// What a record is. Values are part of the layout.
enum class Kind : std::uint8_t {
  none = 0,
  trade = 1,
  quote = 2,
  luld = 3,
  imbalance = 4,
  index_value = 5,
  fair_value = 6,
  status = 7,
  gap = 8,
  bar_1s = 16,
  bar_1m = 17,
  bar_5m = 18,
  bar_15m = 19,
  bar_1h = 20,
  bar_1d = 21,
};

[[nodiscard]] constexpr std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::none:
      return "none";
    case Kind::trade:
      return "trade";
    case Kind::quote:
      return "quote";
    case Kind::luld:
      return "luld";
    case Kind::imbalance:
      return "imbalance";
    case Kind::index_value:
      return "index_value";
    case Kind::fair_value:
      return "fair_value";
    case Kind::status:
      return "status";
    case Kind::gap:
      return "gap";
    case Kind::bar_1s:
      return "bar_1s";
    case Kind::bar_1m:
      return "bar_1m";
    case Kind::bar_5m:
      return "bar_5m";
    case Kind::bar_15m:
      return "bar_15m";
    case Kind::bar_1h:
      return "bar_1h";
    case Kind::bar_1d:
      return "bar_1d";
  }
  return "unknown";
}

[[nodiscard]] constexpr bool is_bar(Kind kind) noexcept {
  return kind >= Kind::bar_1s;
}

/// Bits of TickRecord::flags and BarRecord::flags.
enum Flag : std::uint8_t {
  flag_snapshot = 0x01,       // a last value, not an event
  flag_last_of_frame = 0x02,  // the vendor's frame ends here
  flag_id_is_hash = 0x04,     // trade: trade_id is a 64-bit hash of an id that is no plain number
  flag_clipped = 0x08,        // a field did not fit and holds its sentinel or its limit
  flag_maybe_bad = 0x10,      // a gap lies just before this record
  flag_replayed = 0x20,       // from a recording
  flag_delayed = 0x40,        // the feed is delayed by its plan
  flag_partial = 0x80,        // bar: a gap lies inside the window (see coverage)
  flag_revised = 0x04,        // bar: of a window that was published before or is not the newest
};

/// A trade. Units: price 1e-9; size 10^size_exponent.
struct TradeBody {
  std::int64_t price;
  std::int64_t size;
  std::uint64_t trade_id;      // the vendor's number, or its hash (flag_id_is_hash)
  std::uint32_t sequence;      // the vendor's, per symbol
  std::uint8_t conditions[4];  // vendor ids, condition_absent where there is none
};
static_assert(sizeof(TradeBody) == 32);
static_assert(offsetof(TradeBody, price) == 0);
static_assert(offsetof(TradeBody, size) == 8);
static_assert(offsetof(TradeBody, trade_id) == 16);
static_assert(offsetof(TradeBody, sequence) == 24);
static_assert(offsetof(TradeBody, conditions) == 28);

/// Best bid and offer. Units: prices 1e-9; sizes whole shares or contracts.
struct QuoteBody {
  std::int64_t bid_px;
  std::int64_t ask_px;
  std::uint32_t bid_sz;
  std::uint32_t ask_sz;
  std::uint32_t sequence;
  std::uint8_t ask_venue;
  std::uint8_t condition;
  std::uint8_t indicators[2];  // vendor id less indicator_base
};
static_assert(sizeof(QuoteBody) == 32);
static_assert(offsetof(QuoteBody, bid_px) == 0);
static_assert(offsetof(QuoteBody, ask_px) == 8);
static_assert(offsetof(QuoteBody, bid_sz) == 16);
static_assert(offsetof(QuoteBody, ask_sz) == 20);
static_assert(offsetof(QuoteBody, sequence) == 24);
static_assert(offsetof(QuoteBody, ask_venue) == 28);
static_assert(offsetof(QuoteBody, condition) == 29);
static_assert(offsetof(QuoteBody, indicators) == 30);

/// Why a stretch of a feed is missing.
enum class GapReason : std::uint32_t {
  unknown = 0,
  disconnected = 1,  // the vendor connection was down
  restarted = 2,     // the feed handler itself was down
  lapped = 3,        // this process read too slowly
  sequence = 4,      // the vendor's sequence numbers jump
};

/// Something is missing between ts_begin and ts_end (ns UTC).
struct GapBody {
  std::uint64_t ts_begin;
  std::uint64_t ts_end;
  std::uint64_t count;   // records missing, count_unknown if nobody can know
  std::uint32_t reason;  // GapReason
  std::uint32_t reserved_;
};
static_assert(sizeof(GapBody) == 32);
static_assert(offsetof(GapBody, ts_begin) == 0);
static_assert(offsetof(GapBody, ts_end) == 8);
static_assert(offsetof(GapBody, count) == 16);
static_assert(offsetof(GapBody, reason) == 24);
static_assert(offsetof(GapBody, reserved_) == 28);

/// A state of the feed or of one instrument (FeedState of layout.hpp).
struct StatusBody {
  std::uint32_t state;
  std::uint32_t state_before;
  std::uint64_t reserved_[3];
};
static_assert(sizeof(StatusBody) == 32);
static_assert(offsetof(StatusBody, state) == 0);
static_assert(offsetof(StatusBody, state_before) == 4);
static_assert(offsetof(StatusBody, reserved_) == 8);

/// One event of one instrument: one cache line.
struct alignas(cache_line_bytes) TickRecord {
  std::uint64_t stamp;     // the slot protocol's word (slot.hpp); a copy keeps what it read
  std::uint64_t ts_event;  // ns UTC, the vendor's or exchange's clock
  std::uint64_t ts_recv;   // ns UTC, when the bytes left our socket
  std::uint32_t instrument_id;
  Kind kind;
  std::uint8_t flags;
  std::uint8_t venue;  // trade: where; quote: of the bid. Vendor id less the segment's venue_base
  std::uint8_t tape;
  union {
    TradeBody trade;
    QuoteBody quote;
    GapBody gap;
    StatusBody status;
  };
};
static_assert(sizeof(TickRecord) == 64);
static_assert(alignof(TickRecord) == 64);
static_assert(offsetof(TickRecord, stamp) == 0);
static_assert(offsetof(TickRecord, ts_event) == 8);
static_assert(offsetof(TickRecord, ts_recv) == 16);
static_assert(offsetof(TickRecord, instrument_id) == 24);
static_assert(offsetof(TickRecord, kind) == 28);
static_assert(offsetof(TickRecord, flags) == 29);
static_assert(offsetof(TickRecord, venue) == 30);
static_assert(offsetof(TickRecord, tape) == 31);
static_assert(offsetof(TickRecord, trade) == 32);
static_assert(offsetof(TickRecord, quote) == 32);
static_assert(offsetof(TickRecord, gap) == 32);
static_assert(offsetof(TickRecord, status) == 32);
static_assert(std::is_trivially_copyable_v<TickRecord> && std::is_standard_layout_v<TickRecord>);
static_assert(std::has_unique_object_representations_v<TickRecord>, "no implicit padding");

/// One window of one instrument. Units: prices 1e-9; volumes 10^size_exponent.
struct alignas(cache_line_bytes) BarRecord {
  std::uint64_t stamp;
  std::uint64_t ts_event;  // window start, ns UTC; the window is [ts_event, ts_end)
  std::uint64_t ts_recv;
  std::uint32_t instrument_id;
  Kind kind;
  std::uint8_t flags;
  std::uint8_t reserved_[2];
  std::uint64_t ts_end;
  std::int64_t open;
  std::int64_t high;
  std::int64_t low;
  std::int64_t close;
  std::int64_t volume;
  std::int64_t vwap;
  std::int64_t day_volume;
  std::int64_t day_vwap;
  std::int64_t official_open;
  std::int64_t trade_size_avg;
  std::uint32_t trades;    // trades_absent where the source does not say
  std::uint32_t coverage;  // parts per million of the window that were seen; coverage_whole
};
static_assert(sizeof(BarRecord) == 128);
static_assert(alignof(BarRecord) == 64);
static_assert(offsetof(BarRecord, stamp) == 0);
static_assert(offsetof(BarRecord, ts_event) == 8);
static_assert(offsetof(BarRecord, ts_recv) == 16);
static_assert(offsetof(BarRecord, instrument_id) == 24);
static_assert(offsetof(BarRecord, kind) == 28);
static_assert(offsetof(BarRecord, flags) == 29);
static_assert(offsetof(BarRecord, reserved_) == 30);
static_assert(offsetof(BarRecord, ts_end) == 32);
static_assert(offsetof(BarRecord, open) == 40);
static_assert(offsetof(BarRecord, high) == 48);
static_assert(offsetof(BarRecord, low) == 56);
static_assert(offsetof(BarRecord, close) == 64);
static_assert(offsetof(BarRecord, volume) == 72);
static_assert(offsetof(BarRecord, vwap) == 80);
static_assert(offsetof(BarRecord, day_volume) == 88);
static_assert(offsetof(BarRecord, day_vwap) == 96);
static_assert(offsetof(BarRecord, official_open) == 104);
static_assert(offsetof(BarRecord, trade_size_avg) == 112);
static_assert(offsetof(BarRecord, trades) == 120);
static_assert(offsetof(BarRecord, coverage) == 124);
static_assert(std::is_trivially_copyable_v<BarRecord> && std::is_standard_layout_v<BarRecord>);
static_assert(std::has_unique_object_representations_v<BarRecord>, "no implicit padding");

/// A tick whose fields all carry their sentinels; kind none.
[[nodiscard]] constexpr TickRecord empty_tick() noexcept {
  TickRecord record{};
  record.ts_event = ts_absent;
  record.ts_recv = ts_absent;
  record.instrument_id = instrument_none;
  record.venue = venue_absent;
  record.tape = tape_absent;
  record.trade =
      TradeBody{px_absent,
                size_absent,
                trade_id_absent,
                sequence_absent,
                {condition_absent, condition_absent, condition_absent, condition_absent}};
  return record;
}

[[nodiscard]] constexpr BarRecord empty_bar() noexcept {
  BarRecord record{};
  record.ts_event = ts_absent;
  record.ts_recv = ts_absent;
  record.instrument_id = instrument_none;
  record.ts_end = ts_absent;
  record.open = record.high = record.low = record.close = px_absent;
  record.volume = record.day_volume = record.trade_size_avg = size_absent;
  record.vwap = record.day_vwap = record.official_open = px_absent;
  record.trades = trades_absent;
  record.coverage = coverage_whole;
  return record;
}

}  // namespace ringside::shm
