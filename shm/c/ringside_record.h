/* Owns the bytes of a tick and of a bar as C sees them: 64 and 128, little-endian, the same as in
 * memory (record.hpp; docs/layout.md). mirror.cpp compares every line with the C++ types.
 * C11 or C++11 and newer. No thread, no allocation. */
#ifndef RINGSIDE_RECORD_H
#define RINGSIDE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define RINGSIDE_STATIC_ASSERT(claim) static_assert(claim, #claim)
#else
#define RINGSIDE_STATIC_ASSERT(claim) _Static_assert(claim, #claim)
#endif

/* What a record is; `kind`. Anything else is for a later version: skip it. */
enum {
  RINGSIDE_KIND_NONE = 0,
  RINGSIDE_KIND_TRADE = 1,
  RINGSIDE_KIND_QUOTE = 2,
  RINGSIDE_KIND_LULD = 3,
  RINGSIDE_KIND_IMBALANCE = 4,
  RINGSIDE_KIND_INDEX_VALUE = 5,
  RINGSIDE_KIND_FAIR_VALUE = 6,
  RINGSIDE_KIND_STATUS = 7,
  RINGSIDE_KIND_GAP = 8,
  RINGSIDE_KIND_BAR_1S = 16,
  RINGSIDE_KIND_BAR_1M = 17,
  RINGSIDE_KIND_BAR_5M = 18,
  RINGSIDE_KIND_BAR_15M = 19,
  RINGSIDE_KIND_BAR_1H = 20,
  RINGSIDE_KIND_BAR_1D = 21
};

/* Bits of `flags`. */
enum {
  RINGSIDE_FLAG_SNAPSHOT = 0x01,      /* a last value, not an event */
  RINGSIDE_FLAG_LAST_OF_FRAME = 0x02, /* the vendor's frame ends here */
  RINGSIDE_FLAG_ID_IS_HASH = 0x04,    /* trade: trade_id is a hash of an id that is no number */
  RINGSIDE_FLAG_CLIPPED = 0x08,       /* a field did not fit: its sentinel or its limit */
  RINGSIDE_FLAG_MAYBE_BAD = 0x10,     /* a gap lies just before this record */
  RINGSIDE_FLAG_REPLAYED = 0x20,      /* from a recording */
  RINGSIDE_FLAG_DELAYED = 0x40,       /* the feed is delayed by its plan */
  RINGSIDE_FLAG_PARTIAL = 0x80,       /* bar: a gap lies inside the window (coverage) */
  RINGSIDE_FLAG_REVISED = 0x04        /* bar: published before, or not of the newest window */
};

/* Units: prices are integers of 1e-9 dollars; sizes of trades and volumes of 10^size_exponent
 * (ringside_info; 1e-6 for stocks and options); quote sizes are whole; ts_* are ns UTC. */
#define RINGSIDE_PRICE_ONE INT64_C(1000000000)

/* An absent value has a name; it is never 0. */
#define RINGSIDE_PX_ABSENT INT64_MAX
#define RINGSIDE_SIZE_ABSENT INT64_MAX
#define RINGSIDE_QUOTE_SIZE_ABSENT UINT32_MAX
#define RINGSIDE_TS_ABSENT UINT64_MAX
#define RINGSIDE_TRADE_ID_ABSENT UINT64_MAX
#define RINGSIDE_COUNT_UNKNOWN UINT64_MAX
#define RINGSIDE_SEQUENCE_ABSENT UINT32_MAX
#define RINGSIDE_TRADES_ABSENT UINT32_MAX
#define RINGSIDE_INSTRUMENT_NONE UINT32_MAX
#define RINGSIDE_BYTE_ABSENT UINT8_C(255) /* venue, tape, condition, indicator */
#define RINGSIDE_INDICATOR_BASE 600       /* add to an indicator byte for the vendor's id */
#define RINGSIDE_COVERAGE_WHOLE UINT32_C(1000000)

/* Why a stretch of a feed is missing; ringside_gap.reason. */
enum {
  RINGSIDE_GAP_UNKNOWN = 0,
  RINGSIDE_GAP_DISCONNECTED = 1, /* the vendor connection was down */
  RINGSIDE_GAP_RESTARTED = 2,    /* the feed handler itself was down */
  RINGSIDE_GAP_LAPPED = 3,       /* this process read too slowly */
  RINGSIDE_GAP_SEQUENCE = 4      /* the vendor's sequence numbers jump */
};

typedef struct ringside_trade {
  int64_t price;
  int64_t size;
  uint64_t trade_id;     /* the vendor's number, or its hash (RINGSIDE_FLAG_ID_IS_HASH) */
  uint32_t sequence;     /* the vendor's, per symbol */
  uint8_t conditions[4]; /* vendor ids, RINGSIDE_BYTE_ABSENT where there is none */
} ringside_trade;

typedef struct ringside_quote {
  int64_t bid_px;
  int64_t ask_px;
  uint32_t bid_sz;
  uint32_t ask_sz;
  uint32_t sequence;
  uint8_t ask_venue;
  uint8_t condition;
  uint8_t indicators[2]; /* vendor id less RINGSIDE_INDICATOR_BASE */
} ringside_quote;

/* Something is missing between ts_begin and ts_end. */
typedef struct ringside_gap {
  uint64_t ts_begin;
  uint64_t ts_end;
  uint64_t count; /* records missing, or RINGSIDE_COUNT_UNKNOWN */
  uint32_t reason;
  uint32_t reserved_;
} ringside_gap;

/* A new state of the feed; RINGSIDE_STATE_* of ringside.h. */
typedef struct ringside_state_change {
  uint32_t state;
  uint32_t state_before;
  uint64_t reserved_[3];
} ringside_state_change;

/* One event of one instrument; `kind` says which body. Unions without a name are C11 and C++. */
typedef struct ringside_tick {
  uint64_t stamp;    /* 2 * sequence + 2, sequence: its number in the ring it was read from */
  uint64_t ts_event; /* the vendor's or exchange's clock */
  uint64_t ts_recv;  /* when the bytes left the feed handler's socket */
  uint32_t instrument_id;
  uint8_t kind;
  uint8_t flags;
  uint8_t venue; /* trade: where; quote: of the bid. Vendor id less ringside_info.venue_base */
  uint8_t tape;
  union {
    ringside_trade trade;
    ringside_quote quote;
    ringside_gap gap;
    ringside_state_change status;
  };
} ringside_tick;

/* One window [ts_event, ts_end) of one instrument. */
typedef struct ringside_bar {
  uint64_t stamp;
  uint64_t ts_event;
  uint64_t ts_recv;
  uint32_t instrument_id;
  uint8_t kind;
  uint8_t flags;
  uint8_t reserved_[2];
  uint64_t ts_end;
  int64_t open;
  int64_t high;
  int64_t low;
  int64_t close;
  int64_t volume;
  int64_t vwap;
  int64_t day_volume;
  int64_t day_vwap;
  int64_t official_open;
  int64_t trade_size_avg;
  uint32_t trades;
  uint32_t coverage; /* parts per million of the window that were seen */
} ringside_bar;

RINGSIDE_STATIC_ASSERT(sizeof(ringside_trade) == 32);
RINGSIDE_STATIC_ASSERT(sizeof(ringside_quote) == 32);
RINGSIDE_STATIC_ASSERT(sizeof(ringside_gap) == 32);
RINGSIDE_STATIC_ASSERT(sizeof(ringside_state_change) == 32);
RINGSIDE_STATIC_ASSERT(sizeof(ringside_tick) == 64);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, stamp) == 0);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, ts_event) == 8);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, ts_recv) == 16);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, instrument_id) == 24);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, kind) == 28);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, flags) == 29);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, venue) == 30);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, tape) == 31);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, trade) == 32);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, quote) == 32);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, gap) == 32);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_tick, status) == 32);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_trade, price) == 0);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_trade, size) == 8);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_trade, trade_id) == 16);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_trade, sequence) == 24);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_trade, conditions) == 28);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, bid_px) == 0);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, ask_px) == 8);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, bid_sz) == 16);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, ask_sz) == 20);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, sequence) == 24);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, ask_venue) == 28);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, condition) == 29);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_quote, indicators) == 30);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_gap, ts_begin) == 0);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_gap, ts_end) == 8);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_gap, count) == 16);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_gap, reason) == 24);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_state_change, state) == 0);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_state_change, state_before) == 4);
RINGSIDE_STATIC_ASSERT(sizeof(ringside_bar) == 128);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, stamp) == 0);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, ts_event) == 8);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, ts_recv) == 16);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, instrument_id) == 24);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, kind) == 28);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, flags) == 29);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, ts_end) == 32);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, open) == 40);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, high) == 48);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, low) == 56);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, close) == 64);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, volume) == 72);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, vwap) == 80);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, day_volume) == 88);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, day_vwap) == 96);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, official_open) == 104);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, trade_size_avg) == 112);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, trades) == 120);
RINGSIDE_STATIC_ASSERT(offsetof(ringside_bar, coverage) == 124);

/* Number of a record in the ring it was read from. */
static inline uint64_t ringside_sequence(uint64_t stamp) {
  return stamp / 2 - 1;
}

#endif /* RINGSIDE_RECORD_H */
