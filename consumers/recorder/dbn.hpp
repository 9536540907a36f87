// Owns the DBN version 3 record layouts that the recorder writes and reads, and their named values.
// Layout only: no thread, no I/O, no allocation. Every offset is asserted at compile time; the
// golden test holds the bytes against tables written down by hand.
// Source: the DBN description in docs/recorder.md, "Format".
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace ringside::recorder::dbn {

static_assert(std::endian::native == std::endian::little, "DBN is little-endian, and so are we");

// --- values ---------------------------------------------------------------------------------

inline constexpr std::int64_t price_null = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t ts_null = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint32_t size_null = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::size_t length_multiplier = 4;   // RecordHeader::length counts words of four
inline constexpr std::size_t record_bytes_max = 528;  // the longest definition plus ts_out
inline constexpr std::size_t symbol_chars_v1 = 22;
inline constexpr std::size_t symbol_chars = 71;

/// What a record is; the second byte of its header.
enum class Rtype : std::uint8_t {
  trade = 0x00,
  mbp_1 = 0x01,
  mbp_10 = 0x0A,
  ohlcv_deprecated = 0x11,
  status = 0x12,
  definition = 0x13,
  imbalance = 0x14,
  error = 0x15,
  symbol_mapping = 0x16,
  system = 0x17,
  statistics = 0x18,
  ohlcv_1s = 0x20,
  ohlcv_1m = 0x21,
  ohlcv_1h = 0x22,
  ohlcv_1d = 0x23,
  ohlcv_eod = 0x24,
  mbo = 0xA0,
  cmbp_1 = 0xB1,
  cbbo_1s = 0xC0,
  cbbo_1m = 0xC1,
  tcbbo = 0xC2,
  bbo_1s = 0xC3,
  bbo_1m = 0xC4,
};

/// What a file holds; `mixed` for one with in-band mappings and marks.
enum class Schema : std::uint16_t {
  trades = 4,
  ohlcv_1s = 5,
  ohlcv_1m = 6,
  status = 11,
  cmbp_1 = 14,
  mixed = 0xFFFF,
};

enum class Stype : std::uint8_t { instrument_id = 0, raw_symbol = 1, mixed = 0xFF };

enum class Action : char { modify = 'M', trade = 'T', none = 'N' };
enum class Side : char { ask = 'A', bid = 'B', none = 'N' };
enum class TriState : char { yes = 'Y', no = 'N', not_available = '~' };

inline constexpr std::uint8_t flag_last = 0x80;         // last record of the event
inline constexpr std::uint8_t flag_top_of_book = 0x40;  // a top-of-book record
inline constexpr std::uint8_t flag_snapshot = 0x20;     // from a snapshot or a replay
inline constexpr std::uint8_t flag_bad_ts_recv = 0x08;  // ts_recv is inaccurate
inline constexpr std::uint8_t flag_maybe_bad = 0x04;    // an unrecoverable gap came before
inline constexpr std::uint8_t flag_publisher = 0x02;    // ours: the size was cut to whole units

inline constexpr std::uint16_t status_action_none = 0;
inline constexpr std::uint16_t status_action_quoting = 3;
inline constexpr std::uint16_t status_action_trading = 7;
inline constexpr std::uint16_t status_action_halt = 8;
inline constexpr std::uint16_t status_action_pause = 9;
inline constexpr std::uint16_t status_action_not_available = 15;
inline constexpr std::uint16_t status_reason_none = 0;
inline constexpr std::uint16_t status_reason_luld_pause = 50;

inline constexpr std::uint8_t system_code_heartbeat = 0;
inline constexpr std::uint8_t system_code_unset = 255;
inline constexpr std::uint8_t error_code_records_skipped = 7;
inline constexpr std::uint8_t error_code_unset = 255;

// --- records --------------------------------------------------------------------------------

struct RecordHeader {
  std::uint8_t length;  // in words of four bytes, this header and ts_out included
  Rtype rtype;
  std::uint16_t publisher_id;
  std::uint32_t instrument_id;
  std::uint64_t ts_event;
};
static_assert(sizeof(RecordHeader) == 16);
static_assert(offsetof(RecordHeader, length) == 0);
static_assert(offsetof(RecordHeader, rtype) == 1);
static_assert(offsetof(RecordHeader, publisher_id) == 2);
static_assert(offsetof(RecordHeader, instrument_id) == 4);
static_assert(offsetof(RecordHeader, ts_event) == 8);

struct TradeMsg {
  RecordHeader hd;
  std::int64_t price;
  std::uint32_t size;
  Action action;
  Side side;
  std::uint8_t flags;
  std::uint8_t depth;
  std::uint64_t ts_recv;
  std::int32_t ts_in_delta;
  std::uint32_t sequence;
};
static_assert(sizeof(TradeMsg) == 48);
static_assert(offsetof(TradeMsg, price) == 16);
static_assert(offsetof(TradeMsg, size) == 24);
static_assert(offsetof(TradeMsg, action) == 28);
static_assert(offsetof(TradeMsg, side) == 29);
static_assert(offsetof(TradeMsg, flags) == 30);
static_assert(offsetof(TradeMsg, depth) == 31);
static_assert(offsetof(TradeMsg, ts_recv) == 32);
static_assert(offsetof(TradeMsg, ts_in_delta) == 40);
static_assert(offsetof(TradeMsg, sequence) == 44);

/// Consolidated top of book: each side names the venue it came from.
struct Cmbp1Msg {
  RecordHeader hd;
  std::int64_t price;
  std::uint32_t size;
  Action action;
  Side side;
  std::uint8_t flags;
  std::uint8_t reserved1_;
  std::uint64_t ts_recv;
  std::int32_t ts_in_delta;
  std::array<std::uint8_t, 4> reserved2_;
  std::int64_t bid_px;
  std::int64_t ask_px;
  std::uint32_t bid_sz;
  std::uint32_t ask_sz;
  std::uint16_t bid_pb;
  std::array<std::uint8_t, 2> reserved3_;
  std::uint16_t ask_pb;
  std::array<std::uint8_t, 2> reserved4_;
};
static_assert(sizeof(Cmbp1Msg) == 80);
static_assert(offsetof(Cmbp1Msg, price) == 16);
static_assert(offsetof(Cmbp1Msg, size) == 24);
static_assert(offsetof(Cmbp1Msg, action) == 28);
static_assert(offsetof(Cmbp1Msg, side) == 29);
static_assert(offsetof(Cmbp1Msg, flags) == 30);
static_assert(offsetof(Cmbp1Msg, reserved1_) == 31);
static_assert(offsetof(Cmbp1Msg, ts_recv) == 32);
static_assert(offsetof(Cmbp1Msg, ts_in_delta) == 40);
static_assert(offsetof(Cmbp1Msg, reserved2_) == 44);
static_assert(offsetof(Cmbp1Msg, bid_px) == 48);
static_assert(offsetof(Cmbp1Msg, ask_px) == 56);
static_assert(offsetof(Cmbp1Msg, bid_sz) == 64);
static_assert(offsetof(Cmbp1Msg, ask_sz) == 68);
static_assert(offsetof(Cmbp1Msg, bid_pb) == 72);
static_assert(offsetof(Cmbp1Msg, reserved3_) == 74);
static_assert(offsetof(Cmbp1Msg, ask_pb) == 76);
static_assert(offsetof(Cmbp1Msg, reserved4_) == 78);

/// One bar; hd.ts_event is the interval's start. No trade, no record.
struct OhlcvMsg {
  RecordHeader hd;
  std::int64_t open;
  std::int64_t high;
  std::int64_t low;
  std::int64_t close;
  std::uint64_t volume;
};
static_assert(sizeof(OhlcvMsg) == 56);
static_assert(offsetof(OhlcvMsg, open) == 16);
static_assert(offsetof(OhlcvMsg, high) == 24);
static_assert(offsetof(OhlcvMsg, low) == 32);
static_assert(offsetof(OhlcvMsg, close) == 40);
static_assert(offsetof(OhlcvMsg, volume) == 48);

struct StatusMsg {
  RecordHeader hd;
  std::uint64_t ts_recv;
  std::uint16_t action;
  std::uint16_t reason;
  std::uint16_t trading_event;
  TriState is_trading;
  TriState is_quoting;
  TriState is_short_sell_restricted;
  std::array<std::uint8_t, 7> reserved_;
};
static_assert(sizeof(StatusMsg) == 40);
static_assert(offsetof(StatusMsg, ts_recv) == 16);
static_assert(offsetof(StatusMsg, action) == 24);
static_assert(offsetof(StatusMsg, reason) == 26);
static_assert(offsetof(StatusMsg, trading_event) == 28);
static_assert(offsetof(StatusMsg, is_trading) == 30);
static_assert(offsetof(StatusMsg, is_quoting) == 31);
static_assert(offsetof(StatusMsg, is_short_sell_restricted) == 32);
static_assert(offsetof(StatusMsg, reserved_) == 33);

struct ErrorMsg {
  RecordHeader hd;
  std::array<char, 302> err;
  std::uint8_t code;
  std::uint8_t is_last;
};
static_assert(sizeof(ErrorMsg) == 320);
static_assert(offsetof(ErrorMsg, err) == 16);
static_assert(offsetof(ErrorMsg, code) == 318);
static_assert(offsetof(ErrorMsg, is_last) == 319);

struct SystemMsg {
  RecordHeader hd;
  std::array<char, 303> msg;
  std::uint8_t code;
};
static_assert(sizeof(SystemMsg) == 320);
static_assert(offsetof(SystemMsg, msg) == 16);
static_assert(offsetof(SystemMsg, code) == 319);

struct SymbolMappingMsg {
  RecordHeader hd;
  Stype stype_in;
  std::array<char, symbol_chars> stype_in_symbol;
  Stype stype_out;
  std::array<char, symbol_chars> stype_out_symbol;
  std::uint64_t start_ts;
  std::uint64_t end_ts;
};
static_assert(sizeof(SymbolMappingMsg) == 176);
static_assert(offsetof(SymbolMappingMsg, stype_in) == 16);
static_assert(offsetof(SymbolMappingMsg, stype_in_symbol) == 17);
static_assert(offsetof(SymbolMappingMsg, stype_out) == 88);
static_assert(offsetof(SymbolMappingMsg, stype_out_symbol) == 89);
static_assert(offsetof(SymbolMappingMsg, start_ts) == 160);
static_assert(offsetof(SymbolMappingMsg, end_ts) == 168);

/// The version 1 form of SymbolMappingMsg, for reading.
struct SymbolMappingMsgV1 {
  RecordHeader hd;
  std::array<char, symbol_chars_v1> stype_in_symbol;
  std::array<char, symbol_chars_v1> stype_out_symbol;
  std::array<std::uint8_t, 4> reserved_;
  std::uint64_t start_ts;
  std::uint64_t end_ts;
};
static_assert(sizeof(SymbolMappingMsgV1) == 80);
static_assert(offsetof(SymbolMappingMsgV1, stype_in_symbol) == 16);
static_assert(offsetof(SymbolMappingMsgV1, stype_out_symbol) == 38);
static_assert(offsetof(SymbolMappingMsgV1, start_ts) == 64);
static_assert(offsetof(SymbolMappingMsgV1, end_ts) == 72);

template <class T>
inline constexpr bool is_record_layout =
    std::is_trivially_copyable_v<T>&& std::is_standard_layout_v<T>&&
        std::has_unique_object_representations_v<T> &&
    sizeof(T) % length_multiplier == 0 && sizeof(T) / length_multiplier <= 255;
static_assert(is_record_layout<TradeMsg> && is_record_layout<Cmbp1Msg>);
static_assert(is_record_layout<OhlcvMsg> && is_record_layout<StatusMsg>);
static_assert(is_record_layout<ErrorMsg> && is_record_layout<SystemMsg>);
static_assert(is_record_layout<SymbolMappingMsg> && is_record_layout<SymbolMappingMsgV1>);

/// A header for a record of type T, with its length filled in.
template <class T>
[[nodiscard]] constexpr RecordHeader header_of(Rtype rtype, std::uint16_t publisher_id,
                                               std::uint32_t instrument_id,
                                               std::uint64_t ts_event) noexcept {
  static_assert(is_record_layout<T>);
  return {.length = static_cast<std::uint8_t>(sizeof(T) / length_multiplier),
          .rtype = rtype,
          .publisher_id = publisher_id,
          .instrument_id = instrument_id,
          .ts_event = ts_event};
}

/// The size of a record of this type in files of this version, without ts_out; 0 for a type we do
/// not know (a reader skips it).
[[nodiscard]] constexpr std::size_t record_bytes(Rtype rtype, unsigned version) noexcept {
  switch (rtype) {
    case Rtype::trade:
      return 48;
    case Rtype::mbp_1:
    case Rtype::cmbp_1:
    case Rtype::cbbo_1s:
    case Rtype::cbbo_1m:
    case Rtype::tcbbo:
    case Rtype::bbo_1s:
    case Rtype::bbo_1m:
      return 80;
    case Rtype::mbp_10:
      return 368;
    case Rtype::status:
      return 40;
    case Rtype::definition:
      return version == 1 ? 360 : version == 2 ? 400 : 520;
    case Rtype::imbalance:
      return 112;
    case Rtype::error:
    case Rtype::system:
      return version == 1 ? 80 : 320;
    case Rtype::symbol_mapping:
      return version == 1 ? 80 : 176;
    case Rtype::statistics:
      return version == 3 ? 80 : 64;
    case Rtype::ohlcv_deprecated:
    case Rtype::ohlcv_1s:
    case Rtype::ohlcv_1m:
    case Rtype::ohlcv_1h:
    case Rtype::ohlcv_1d:
    case Rtype::ohlcv_eod:
    case Rtype::mbo:
      return 56;
  }
  return 0;
}

/// The folder and file name part of a schema ("trades", "cmbp-1", "ohlcv-1s", ...).
[[nodiscard]] constexpr const char* schema_name(Schema schema) noexcept {
  switch (schema) {
    case Schema::trades:
      return "trades";
    case Schema::ohlcv_1s:
      return "ohlcv-1s";
    case Schema::ohlcv_1m:
      return "ohlcv-1m";
    case Schema::status:
      return "status";
    case Schema::cmbp_1:
      return "cmbp-1";
    case Schema::mixed:
      return "mixed";
  }
  return "unknown";
}

}  // namespace ringside::recorder::dbn
