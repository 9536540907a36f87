// Owns how a record looks to a person and to a program that reads JSON lines. Off the path;
// allocates. Any thread.
#include "record_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <span>

#include "ringside/base/decimal.hpp"

namespace ringside::cli {

namespace {

using shm::BarRecord;
using shm::Kind;
using shm::TickRecord;

struct FlagName {
  std::uint8_t bit;
  std::string_view name;
};
constexpr FlagName flag_names[] = {
    {shm::flag_snapshot, "snapshot"},   {shm::flag_last_of_frame, "last_of_frame"},
    {shm::flag_id_is_hash, "id_hash"},  {shm::flag_clipped, "clipped"},
    {shm::flag_maybe_bad, "maybe_bad"}, {shm::flag_replayed, "replayed"},
    {shm::flag_delayed, "delayed"},     {shm::flag_partial, "partial"},
};

// The end of a frame is noise for a person; the rest says something about the record.
std::string flags_text(std::uint8_t flags) {
  std::string out;
  for (const FlagName& flag : flag_names) {
    if ((flags & flag.bit) == 0 || flag.bit == shm::flag_last_of_frame) continue;
    out += out.empty() ? " [" : " ";
    out += flag.name;
  }
  return out.empty() ? out : out + "]";
}

std::string byte_text(std::uint8_t value, std::uint8_t absent, std::uint32_t base) {
  return value == absent ? "-" : std::to_string(value + base);
}

std::string quote_size_text(std::uint32_t size) {
  return size == shm::quote_size_absent ? "-" : std::to_string(size);
}

std::string bytes_text(std::span<const std::uint8_t> bytes, std::uint8_t absent,
                       std::uint32_t base) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    if (byte == absent) continue;
    if (!out.empty()) out.push_back(',');
    out += std::to_string(byte + base);
  }
  return out.empty() ? "-" : out;
}

std::string_view gap_reason_text(std::uint32_t reason) {
  constexpr std::string_view names[] = {"unknown", "disconnected", "restarted", "lapped",
                                        "sequence"};
  return reason < std::size(names) ? names[reason] : names[0];
}

std::string head_text(std::uint64_t ts, Kind kind, const RecordContext& context) {
  return fmt::format("{} {:<8} {:<6}", instant_text(ts), context.symbol, to_string(kind));
}

std::string trade_text(const TickRecord& r, const RecordContext& context) {
  const shm::TradeBody& t = r.trade;
  return fmt::format(" {} x {}  venue={} tape={} id={} seq={} cond={}", price_text(t.price),
                     size_text(t.size, context.size_digits),
                     byte_text(r.venue, shm::venue_absent, context.venue_base),
                     byte_text(r.tape, shm::tape_absent, 0),
                     t.trade_id == shm::trade_id_absent ? "-" : std::to_string(t.trade_id),
                     t.sequence == shm::sequence_absent ? "-" : std::to_string(t.sequence),
                     bytes_text(t.conditions, shm::condition_absent, 0));
}

std::string quote_text(const TickRecord& r, const RecordContext& context) {
  const shm::QuoteBody& q = r.quote;
  return fmt::format(" {} x {} / {} x {}  venue={}/{} tape={} seq={} cond={}", price_text(q.bid_px),
                     quote_size_text(q.bid_sz), price_text(q.ask_px), quote_size_text(q.ask_sz),
                     byte_text(r.venue, shm::venue_absent, context.venue_base),
                     byte_text(q.ask_venue, shm::venue_absent, context.venue_base),
                     byte_text(r.tape, shm::tape_absent, 0),
                     q.sequence == shm::sequence_absent ? "-" : std::to_string(q.sequence),
                     byte_text(q.condition, shm::condition_absent, 0));
}

std::string gap_text(const TickRecord& r) {
  const shm::GapBody& g = r.gap;
  return fmt::format(" {} .. {} missing={} reason={}", instant_text(g.ts_begin),
                     instant_text(g.ts_end),
                     g.count == shm::count_unknown ? "unknown" : std::to_string(g.count),
                     gap_reason_text(g.reason));
}

void write_price(JsonWriter& json, std::string_view name, std::int64_t price) {
  json.key(name);
  if (price == shm::px_absent) {
    json.null();
  } else {
    json.decimal(price, 9);
  }
}

void write_size(JsonWriter& json, std::string_view name, std::int64_t size, unsigned digits) {
  json.key(name);
  if (size == shm::size_absent) {
    json.null();
  } else {
    json.decimal(size, digits);
  }
}

template <class Number>
void write_number(JsonWriter& json, std::string_view name, Number value, Number absent,
                  std::uint32_t base = 0) {
  json.key(name);
  if (value == absent) {
    json.null();
  } else {
    json.value(value + base);
  }
}

// As text: more than the 53 bits of a double.
void write_wide(JsonWriter& json, std::string_view name, std::uint64_t value,
                std::uint64_t absent) {
  json.key(name);
  if (value == absent) {
    json.null();
  } else {
    json.value(std::to_string(value));
  }
}

void write_bytes(JsonWriter& json, std::string_view name, std::span<const std::uint8_t> bytes,
                 std::uint8_t absent, std::uint32_t base) {
  json.key(name).begin_array();
  for (const std::uint8_t byte : bytes) {
    if (byte != absent) json.value(byte + base);
  }
  json.end_array();
}

template <class Record>
void write_head(JsonWriter& json, const Record& r, const RecordContext& context) {
  json.member("feed", context.feed).member("symbol", context.symbol);
  json.member("kind", to_string(r.kind)).member("sequence", context.sequence);
  write_wide(json, "ts_event", r.ts_event, shm::ts_absent);
  write_wide(json, "ts_recv", r.ts_recv, shm::ts_absent);
  json.key("flags").begin_array();
  for (const FlagName& flag : flag_names) {
    if ((r.flags & flag.bit) != 0) json.value(flag.name);
  }
  json.end_array();
}

void write_trade(JsonWriter& json, const TickRecord& r, const RecordContext& context) {
  write_price(json, "price", r.trade.price);
  write_size(json, "size", r.trade.size, context.size_digits);
  write_number(json, "venue", r.venue, shm::venue_absent, context.venue_base);
  write_number(json, "tape", r.tape, shm::tape_absent);
  write_wide(json, "trade_id", r.trade.trade_id, shm::trade_id_absent);
  write_number(json, "vendor_sequence", r.trade.sequence, shm::sequence_absent);
  write_bytes(json, "conditions", r.trade.conditions, shm::condition_absent, 0);
}

void write_quote(JsonWriter& json, const TickRecord& r, const RecordContext& context) {
  const shm::QuoteBody& q = r.quote;
  write_price(json, "bid_px", q.bid_px);
  write_price(json, "ask_px", q.ask_px);
  write_number(json, "bid_sz", q.bid_sz, shm::quote_size_absent);
  write_number(json, "ask_sz", q.ask_sz, shm::quote_size_absent);
  write_number(json, "bid_venue", r.venue, shm::venue_absent, context.venue_base);
  write_number(json, "ask_venue", q.ask_venue, shm::venue_absent, context.venue_base);
  write_number(json, "tape", r.tape, shm::tape_absent);
  write_number(json, "vendor_sequence", q.sequence, shm::sequence_absent);
  write_number(json, "condition", q.condition, shm::condition_absent);
  write_bytes(json, "indicators", q.indicators, shm::indicator_absent, shm::indicator_base);
}

}  // namespace

std::string instant_text(std::uint64_t ts_ns) {
  if (ts_ns == shm::ts_absent) return "-";
  const auto seconds = static_cast<std::time_t>(ts_ns / 1'000'000'000U);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     ts_ns % 1'000'000'000U);
}

std::string price_text(std::int64_t price) {
  return price == shm::px_absent ? "-" : decimal_text(price, 9);
}

std::string size_text(std::int64_t size, unsigned digits) {
  return size == shm::size_absent ? "-" : decimal_text(size, digits);
}

std::string record_text(const TickRecord& record, const RecordContext& context) {
  std::string out = head_text(record.ts_event, record.kind, context);
  if (record.kind == Kind::trade) out += trade_text(record, context);
  if (record.kind == Kind::quote) out += quote_text(record, context);
  if (record.kind == Kind::gap) out += gap_text(record);
  if (record.kind == Kind::status) {
    out +=
        fmt::format(" {} -> {}", to_string(static_cast<shm::FeedState>(record.status.state_before)),
                    to_string(static_cast<shm::FeedState>(record.status.state)));
  }
  return out + flags_text(record.flags);
}

std::string record_text(const BarRecord& record, const RecordContext& context) {
  const unsigned digits = context.size_digits;
  return head_text(record.ts_event, record.kind, context) +
         fmt::format(" o={} h={} l={} c={} v={} vwap={} trades={}", price_text(record.open),
                     price_text(record.high), price_text(record.low), price_text(record.close),
                     size_text(record.volume, digits), price_text(record.vwap),
                     record.trades == shm::trades_absent ? "-" : std::to_string(record.trades)) +
         flags_text(record.flags);
}

void write_record(JsonWriter& json, const TickRecord& record, const RecordContext& context) {
  json.begin_object();
  write_head(json, record, context);
  if (record.kind == Kind::trade) write_trade(json, record, context);
  if (record.kind == Kind::quote) write_quote(json, record, context);
  if (record.kind == Kind::gap) {
    write_wide(json, "ts_begin", record.gap.ts_begin, shm::ts_absent);
    write_wide(json, "ts_end", record.gap.ts_end, shm::ts_absent);
    write_number(json, "missing", record.gap.count, shm::count_unknown);
    json.member("reason", gap_reason_text(record.gap.reason));
  }
  if (record.kind == Kind::status) {
    json.member("state", to_string(static_cast<shm::FeedState>(record.status.state)));
    json.member("state_before", to_string(static_cast<shm::FeedState>(record.status.state_before)));
  }
  json.end_object();
}

void write_record(JsonWriter& json, const BarRecord& record, const RecordContext& context) {
  const unsigned digits = context.size_digits;
  json.begin_object();
  write_head(json, record, context);
  write_wide(json, "ts_end", record.ts_end, shm::ts_absent);
  write_price(json, "open", record.open);
  write_price(json, "high", record.high);
  write_price(json, "low", record.low);
  write_price(json, "close", record.close);
  write_size(json, "volume", record.volume, digits);
  write_price(json, "vwap", record.vwap);
  write_size(json, "day_volume", record.day_volume, digits);
  write_price(json, "day_vwap", record.day_vwap);
  write_price(json, "official_open", record.official_open);
  write_number(json, "trades", record.trades, shm::trades_absent);
  json.key("coverage").decimal(record.coverage, 6);
  json.end_object();
}

}  // namespace ringside::cli
