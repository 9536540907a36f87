// The C header's records and numbers are those of the C++ headers: nothing but static_asserts, so a
// difference does not compile.
#include "ringside.h"
#include "ringside/shm/feed_client.hpp"

namespace ringside::shm {
namespace {

// Same size, and each field at the same place with the same size.
#define RINGSIDE_SAME_SIZE(CType, Type) static_assert(sizeof(CType) == sizeof(Type))
#define RINGSIDE_SAME_FIELD(CType, Type, field)                    \
  static_assert(offsetof(CType, field) == offsetof(Type, field) && \
                sizeof(CType::field) == sizeof(Type::field))
#define RINGSIDE_SAME_VALUE(c_value, value) \
  static_assert(static_cast<std::uint64_t>(c_value) == static_cast<std::uint64_t>(value))
#define RINGSIDE_SAME_CODE(c_value, code) static_assert((c_value) == -exit_code(ErrorCode::code))

RINGSIDE_SAME_SIZE(ringside_trade, TradeBody);
RINGSIDE_SAME_FIELD(ringside_trade, TradeBody, price);
RINGSIDE_SAME_FIELD(ringside_trade, TradeBody, size);
RINGSIDE_SAME_FIELD(ringside_trade, TradeBody, trade_id);
RINGSIDE_SAME_FIELD(ringside_trade, TradeBody, sequence);
RINGSIDE_SAME_FIELD(ringside_trade, TradeBody, conditions);

RINGSIDE_SAME_SIZE(ringside_quote, QuoteBody);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, bid_px);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, ask_px);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, bid_sz);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, ask_sz);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, sequence);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, ask_venue);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, condition);
RINGSIDE_SAME_FIELD(ringside_quote, QuoteBody, indicators);

RINGSIDE_SAME_SIZE(ringside_gap, GapBody);
RINGSIDE_SAME_FIELD(ringside_gap, GapBody, ts_begin);
RINGSIDE_SAME_FIELD(ringside_gap, GapBody, ts_end);
RINGSIDE_SAME_FIELD(ringside_gap, GapBody, count);
RINGSIDE_SAME_FIELD(ringside_gap, GapBody, reason);
RINGSIDE_SAME_FIELD(ringside_gap, GapBody, reserved_);

RINGSIDE_SAME_SIZE(ringside_state_change, StatusBody);
RINGSIDE_SAME_FIELD(ringside_state_change, StatusBody, state);
RINGSIDE_SAME_FIELD(ringside_state_change, StatusBody, state_before);
RINGSIDE_SAME_FIELD(ringside_state_change, StatusBody, reserved_);

RINGSIDE_SAME_SIZE(ringside_tick, TickRecord);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, stamp);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, ts_event);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, ts_recv);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, instrument_id);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, kind);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, flags);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, venue);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, tape);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, trade);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, quote);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, gap);
RINGSIDE_SAME_FIELD(ringside_tick, TickRecord, status);

RINGSIDE_SAME_SIZE(ringside_bar, BarRecord);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, stamp);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, ts_event);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, ts_recv);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, instrument_id);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, kind);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, flags);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, reserved_);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, ts_end);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, open);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, high);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, low);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, close);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, volume);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, vwap);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, day_volume);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, day_vwap);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, official_open);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, trade_size_avg);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, trades);
RINGSIDE_SAME_FIELD(ringside_bar, BarRecord, coverage);

RINGSIDE_SAME_VALUE(RINGSIDE_KIND_NONE, Kind::none);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_TRADE, Kind::trade);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_QUOTE, Kind::quote);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_LULD, Kind::luld);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_IMBALANCE, Kind::imbalance);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_INDEX_VALUE, Kind::index_value);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_FAIR_VALUE, Kind::fair_value);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_STATUS, Kind::status);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_GAP, Kind::gap);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_BAR_1S, Kind::bar_1s);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_BAR_1M, Kind::bar_1m);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_BAR_5M, Kind::bar_5m);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_BAR_15M, Kind::bar_15m);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_BAR_1H, Kind::bar_1h);
RINGSIDE_SAME_VALUE(RINGSIDE_KIND_BAR_1D, Kind::bar_1d);

RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_SNAPSHOT, flag_snapshot);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_LAST_OF_FRAME, flag_last_of_frame);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_ID_IS_HASH, flag_id_is_hash);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_CLIPPED, flag_clipped);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_MAYBE_BAD, flag_maybe_bad);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_REPLAYED, flag_replayed);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_DELAYED, flag_delayed);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_PARTIAL, flag_partial);
RINGSIDE_SAME_VALUE(RINGSIDE_FLAG_REVISED, flag_revised);

RINGSIDE_SAME_VALUE(RINGSIDE_GAP_UNKNOWN, GapReason::unknown);
RINGSIDE_SAME_VALUE(RINGSIDE_GAP_DISCONNECTED, GapReason::disconnected);
RINGSIDE_SAME_VALUE(RINGSIDE_GAP_RESTARTED, GapReason::restarted);
RINGSIDE_SAME_VALUE(RINGSIDE_GAP_LAPPED, GapReason::lapped);
RINGSIDE_SAME_VALUE(RINGSIDE_GAP_SEQUENCE, GapReason::sequence);

RINGSIDE_SAME_VALUE(RINGSIDE_STATE_STARTING, FeedState::starting);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_CONNECTING, FeedState::connecting);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_LIVE, FeedState::live);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_DELAYED, FeedState::delayed);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_RECONNECTING, FeedState::reconnecting);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_OFFLINE, FeedState::offline);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_CLOSED, FeedState::closed);
RINGSIDE_SAME_VALUE(RINGSIDE_STATE_ENDED, FeedState::ended);

RINGSIDE_SAME_VALUE(RINGSIDE_SYMBOL_NONE, SymbolState::none);
RINGSIDE_SAME_VALUE(RINGSIDE_SYMBOL_PENDING, SymbolState::pending);
RINGSIDE_SAME_VALUE(RINGSIDE_SYMBOL_LIVE, SymbolState::live);
RINGSIDE_SAME_VALUE(RINGSIDE_SYMBOL_IDLE, SymbolState::idle);
RINGSIDE_SAME_VALUE(RINGSIDE_SYMBOL_REFUSED, SymbolState::refused);

RINGSIDE_SAME_VALUE(RINGSIDE_REFUSED_NONE, RefuseReason::none);
RINGSIDE_SAME_VALUE(RINGSIDE_REFUSED_SYMBOLS_FULL, RefuseReason::symbols_full);
RINGSIDE_SAME_VALUE(RINGSIDE_REFUSED_MEMORY_FULL, RefuseReason::memory_full);
RINGSIDE_SAME_VALUE(RINGSIDE_REFUSED_BAD_SYMBOL, RefuseReason::bad_symbol);
RINGSIDE_SAME_VALUE(RINGSIDE_REFUSED_NOT_AUTHORIZED, RefuseReason::not_authorized);
RINGSIDE_SAME_VALUE(RINGSIDE_REFUSED_FEED_GONE, RefuseReason::feed_gone);

RINGSIDE_SAME_VALUE(RINGSIDE_WANT_TRADES, want_trades);
RINGSIDE_SAME_VALUE(RINGSIDE_WANT_QUOTES, want_quotes);
RINGSIDE_SAME_VALUE(RINGSIDE_WANT_BARS_1S, want_bars_1s);
RINGSIDE_SAME_VALUE(RINGSIDE_WANT_BARS_1M, want_bars_1m);
RINGSIDE_SAME_VALUE(RINGSIDE_WANT_ALL, want_all);

RINGSIDE_SAME_VALUE(RINGSIDE_EVENT_NONE, FeedEvent::none);
RINGSIDE_SAME_VALUE(RINGSIDE_EVENT_ATTACHED, FeedEvent::attached);
RINGSIDE_SAME_VALUE(RINGSIDE_EVENT_LOST, FeedEvent::lost);
RINGSIDE_SAME_VALUE(RINGSIDE_EVENT_RESUMED, FeedEvent::resumed);

RINGSIDE_SAME_VALUE(RINGSIDE_PRICE_ONE, price_one);
RINGSIDE_SAME_VALUE(RINGSIDE_PX_ABSENT, px_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_SIZE_ABSENT, size_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_QUOTE_SIZE_ABSENT, quote_size_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_TS_ABSENT, ts_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_TRADE_ID_ABSENT, trade_id_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_COUNT_UNKNOWN, count_unknown);
RINGSIDE_SAME_VALUE(RINGSIDE_SEQUENCE_ABSENT, sequence_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_TRADES_ABSENT, trades_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_INSTRUMENT_NONE, instrument_none);
RINGSIDE_SAME_VALUE(RINGSIDE_BYTE_ABSENT, venue_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_BYTE_ABSENT, tape_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_BYTE_ABSENT, condition_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_BYTE_ABSENT, indicator_absent);
RINGSIDE_SAME_VALUE(RINGSIDE_INDICATOR_BASE, indicator_base);
RINGSIDE_SAME_VALUE(RINGSIDE_COVERAGE_WHOLE, coverage_whole);
RINGSIDE_SAME_VALUE(RINGSIDE_SYMBOL_BYTES, symbol_bytes_max + 1);

RINGSIDE_SAME_CODE(RINGSIDE_E_INTERNAL, internal);
RINGSIDE_SAME_CODE(RINGSIDE_E_USAGE, usage);
RINGSIDE_SAME_CODE(RINGSIDE_E_CONFIG, config);
RINGSIDE_SAME_CODE(RINGSIDE_E_CONNECT, connect);
RINGSIDE_SAME_CODE(RINGSIDE_E_MEMORY, memory);
RINGSIDE_SAME_CODE(RINGSIDE_E_BUSY, busy);
RINGSIDE_SAME_CODE(RINGSIDE_E_NOT_FOUND, not_found);
RINGSIDE_SAME_CODE(RINGSIDE_E_VERSION, version);
RINGSIDE_SAME_CODE(RINGSIDE_E_PROTOCOL, protocol);
RINGSIDE_SAME_CODE(RINGSIDE_E_IO, io);
RINGSIDE_SAME_CODE(RINGSIDE_E_TIMEOUT, timeout);
RINGSIDE_SAME_CODE(RINGSIDE_E_PERMISSION, permission);

}  // namespace
}  // namespace ringside::shm
