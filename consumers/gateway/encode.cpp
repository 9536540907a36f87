#include "encode.hpp"

#include <charconv>

#include "ringside/base/decimal.hpp"

namespace ringside::gateway {

namespace {

using shm::BarRecord;
using shm::Kind;
using shm::TickRecord;

constexpr unsigned price_digits = 9;
constexpr std::uint64_t ms_ns = 1'000'000;

std::int64_t power_of_ten(unsigned digits) noexcept {
  std::int64_t out = 1;
  while (digits-- > 0) out *= 10;
  return out;
}

void append_price(std::string& out, std::int64_t nanos) {
  if (nanos == shm::px_absent) {
    out += "null";
  } else {
    append_decimal(out, nanos, price_digits);
  }
}

// ,"key":value when the value is there.
void append_if_price(std::string& out, std::string_view key, std::int64_t nanos) {
  if (nanos == shm::px_absent) return;
  out += key;
  append_decimal(out, nanos, price_digits);
}

template <class Number>
void append_if(std::string& out, std::string_view key, Number value, Number absent) {
  if (value == absent) return;
  out += key;
  append_number(out, static_cast<std::uint64_t>(value));
}

void append_venue(std::string& out, std::string_view key, std::uint8_t venue,
                  const FeedFacts& facts) {
  if (venue == shm::venue_absent) return;
  out += key;
  append_number(out, std::uint64_t{venue} + facts.venue_base);
}

// As the vendor does: `v` without what is behind the point, `dv` exact when there is something.
void append_size(std::string& out, std::string_view key, std::string_view exact_key,
                 std::int64_t size, const FeedFacts& facts) {
  if (size == shm::size_absent) return;
  const std::int64_t one = power_of_ten(facts.size_digits);
  out += key;
  append_number(out, size / one);
  if (size % one == 0) return;
  out += exact_key;
  out += '"';
  append_decimal(out, size, facts.size_digits);
  out += '"';
}

void append_conditions(std::string& out, const TickRecord& record) {
  bool is_first = true;
  for (const std::uint8_t condition : record.trade.conditions) {
    if (condition == shm::condition_absent) continue;
    out += is_first ? ",\"c\":[" : ",";
    append_number(out, std::uint64_t{condition});
    is_first = false;
  }
  if (!is_first) out += ']';
}

std::string_view event_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::trade:
      return "T";
    case Kind::quote:
      return "Q";
    case Kind::bar_1s:
      return "A";
    case Kind::bar_1m:
      return "AM";
    default:
      return to_string(kind);
  }
}

void begin_message(std::string& out, std::string_view channel, std::string_view symbol,
                   std::uint64_t send_ns) {
  out += R"({"type":"market-data","channel":")";
  out += channel;
  out += R"(","symbols":[)";
  out += symbol;
  out += R"(],"timestamp":)";
  append_number(out, send_ns / ms_ns);
  out += R"(,"data":)";
}

void end_message(std::string& out, std::string_view event, std::uint8_t venue,
                 std::uint64_t ts_recv, const FeedFacts& facts, const Passage& passage) {
  out += R"(,"metadata":{"source":")";
  out += facts.source;
  out += R"(","event_type":")";
  out += event;
  out += '"';
  append_venue(out, ",\"exchange\":", venue, facts);
  if (passage.has_sequence) {
    out += ",\"seq\":";
    append_number(out, passage.sequence);
  }
  append_if(out, ",\"recv_ns\":", ts_recv, shm::ts_absent);
  out += ",\"ring_ns\":";
  append_number(out, passage.ring_ns);
  out += ",\"send_ns\":";
  append_number(out, passage.send_ns);
  out += "}}";
}

// Percent with four digits, rounded half away from zero, in integers.
void append_percent(std::string& out, std::int64_t change, std::int64_t base) {
  using Wide = __int128;
  constexpr Wide limit = 1'000'000'000'000'000;  // beyond it somebody's price is nonsense
  const Wide scaled = Wide{change} * 1'000'000;
  const Wide half = scaled < 0 ? -Wide{base} / 2 : Wide{base} / 2;
  const Wide percent = base > 0 ? (scaled + half) / base : limit;
  if (percent >= limit || percent <= -limit) {
    out += "null";
  } else {
    append_decimal(out, static_cast<std::int64_t>(percent), 4);
  }
}

std::int64_t price_of(const QuoteParts& parts) noexcept {
  return parts.trade == nullptr ? shm::px_absent : parts.trade->trade.price;
}

std::uint64_t ts_of(const QuoteParts& parts) noexcept {
  std::uint64_t ts = 0;
  for (const TickRecord* record : {parts.trade, parts.quote}) {
    if (record != nullptr && record->ts_event != shm::ts_absent && record->ts_event > ts) {
      ts = record->ts_event;
    }
  }
  return ts;
}

void append_change(std::string& out, const QuoteParts& parts) {
  const std::int64_t price = price_of(parts);
  const std::int64_t base = parts.day.previous_close;
  std::int64_t change = 0;
  const bool is_known = price != shm::px_absent && base != shm::px_absent &&
                        !__builtin_sub_overflow(price, base, &change);
  out += R"(,"change":)";
  append_price(out, is_known ? change : shm::px_absent);
  out += R"(,"changePercent":)";
  if (is_known) {
    append_percent(out, change, base);
  } else {
    out += "null";
  }
}

void append_named_price(std::string& out, std::string_view key, std::int64_t nanos) {
  out += key;
  append_price(out, nanos);
}

void append_sides(std::string& out, const QuoteParts& parts) {
  const TickRecord* quote = parts.quote;
  append_named_price(out, R"(,"bid":)", quote == nullptr ? shm::px_absent : quote->quote.bid_px);
  append_named_price(out, R"(,"ask":)", quote == nullptr ? shm::px_absent : quote->quote.ask_px);
  if (quote == nullptr) return;
  append_if(out, R"(,"bidSize":)", quote->quote.bid_sz, shm::quote_size_absent);
  append_if(out, R"(,"askSize":)", quote->quote.ask_sz, shm::quote_size_absent);
}

void append_day(std::string& out, const QuoteParts& parts, const FeedFacts& facts) {
  out += R"(,"volume":)";
  if (parts.day.volume == shm::size_absent) {
    out += "null";
  } else {
    append_decimal(out, parts.day.volume, facts.size_digits);
  }
  append_named_price(out, R"(,"open":)", parts.day.open);
  append_named_price(out, R"(,"high":)", parts.day.high);
  append_named_price(out, R"(,"low":)", parts.day.low);
  append_named_price(out, R"(,"vwap":)", parts.day.vwap);
  append_named_price(out, R"(,"previousClose":)", parts.day.previous_close);
}

void append_time(std::string& out, const QuoteParts& parts) {
  out += R"(,"timestamp":)";
  const std::uint64_t ts = ts_of(parts);
  if (ts == 0) {
    out += "null";
  } else {
    append_number(out, ts / ms_ns);
  }
  out += '}';
}

}  // namespace

void append_number(std::string& out, std::int64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_number(std::string& out, std::uint64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_decimal(std::string& out, std::int64_t value, unsigned digits) {
  char text[decimal_chars_max];
  out.append(text, format_decimal(value, digits, text));
}

void append_trade(std::string& out, std::string_view symbol, const TickRecord& record,
                  const FeedFacts& facts) {
  const shm::TradeBody& trade = record.trade;
  out += R"({"ev":"T","sym":)";
  out += symbol;
  // A hashed id is not the vendor's: it would not be found in its records.
  if (trade.trade_id != shm::trade_id_absent && (record.flags & shm::flag_id_is_hash) == 0) {
    out += ",\"i\":\"";
    append_number(out, trade.trade_id);
    out += '"';
  }
  append_venue(out, ",\"x\":", record.venue, facts);
  append_if_price(out, ",\"p\":", trade.price);
  append_size(out, ",\"s\":", ",\"ds\":", trade.size, facts);
  append_conditions(out, record);
  if (record.ts_event != shm::ts_absent) {
    out += ",\"t\":";
    append_number(out, record.ts_event / ms_ns);
  }
  append_if(out, ",\"q\":", trade.sequence, shm::sequence_absent);
  append_if(out, ",\"z\":", record.tape, shm::tape_absent);
  out += '}';
}

void append_quote(std::string& out, std::string_view symbol, const TickRecord& record,
                  const FeedFacts& facts) {
  const shm::QuoteBody& quote = record.quote;
  out += R"({"ev":"Q","sym":)";
  out += symbol;
  append_if(out, ",\"c\":", quote.condition, shm::condition_absent);
  bool is_first = true;
  for (const std::uint8_t indicator : quote.indicators) {
    if (indicator == shm::indicator_absent) continue;
    out += is_first ? ",\"i\":[" : ",";
    append_number(out, std::uint64_t{shm::indicator_base} + indicator);
    is_first = false;
  }
  if (!is_first) out += ']';
  append_venue(out, ",\"bx\":", record.venue, facts);
  append_venue(out, ",\"ax\":", quote.ask_venue, facts);
  append_if_price(out, ",\"bp\":", quote.bid_px);
  append_if_price(out, ",\"ap\":", quote.ask_px);
  append_if(out, ",\"bs\":", quote.bid_sz, shm::quote_size_absent);
  append_if(out, ",\"as\":", quote.ask_sz, shm::quote_size_absent);
  if (record.ts_event != shm::ts_absent) {
    out += ",\"t\":";
    append_number(out, record.ts_event / ms_ns);
  }
  append_if(out, ",\"q\":", quote.sequence, shm::sequence_absent);
  append_if(out, ",\"z\":", record.tape, shm::tape_absent);
  out += '}';
}

void append_bar(std::string& out, std::string_view symbol, const BarRecord& record,
                const FeedFacts& facts) {
  out += R"({"ev":")";
  out += event_name(record.kind);
  out += R"(","sym":)";
  out += symbol;
  append_size(out, ",\"v\":", ",\"dv\":", record.volume, facts);
  append_size(out, ",\"av\":", ",\"dav\":", record.day_volume, facts);
  append_if_price(out, ",\"op\":", record.official_open);
  // A window of volume alone has no prices: null, so that every bar has the same keys.
  append_named_price(out, ",\"vw\":", record.vwap);
  append_named_price(out, ",\"o\":", record.open);
  append_named_price(out, ",\"c\":", record.close);
  append_named_price(out, ",\"h\":", record.high);
  append_named_price(out, ",\"l\":", record.low);
  append_if_price(out, ",\"a\":", record.day_vwap);
  if (record.trade_size_avg != shm::size_absent) {
    out += ",\"z\":";
    append_decimal(out, record.trade_size_avg, facts.size_digits);
  }
  append_if(out, ",\"n\":", record.trades, shm::trades_absent);
  out += ",\"s\":";
  append_number(out, record.ts_event / ms_ns);
  out += ",\"e\":";
  append_number(out, record.ts_end / ms_ns);
  if ((record.flags & shm::flag_revised) != 0) out += ",\"revised\":true";
  if ((record.flags & shm::flag_partial) != 0) {
    out += ",\"coverage\":";
    append_decimal(out, record.coverage, 6);
  }
  out += '}';
}

void append_quote_object(std::string& out, std::string_view symbol, const QuoteParts& parts,
                         const FeedFacts& facts) {
  out += R"({"symbol":)";
  out += symbol;
  append_named_price(out, R"(,"price":)", price_of(parts));
  append_change(out, parts);
  append_sides(out, parts);
  append_day(out, parts, facts);
  append_time(out, parts);
}

void append_option_object(std::string& out, std::string_view symbol, const QuoteParts& parts,
                          const FeedFacts& facts) {
  out += R"({"contractId":)";
  out += symbol;
  append_named_price(out, R"(,"price":)", price_of(parts));
  append_change(out, parts);
  append_sides(out, parts);
  append_day(out, parts, facts);
  append_time(out, parts);
}

void append_market_data(std::string& out, std::string_view channel, std::string_view symbol,
                        const TickRecord& record, const FeedFacts& facts, const Passage& passage) {
  begin_message(out, channel, symbol, passage.send_ns);
  if (record.kind == Kind::trade) {
    append_trade(out, symbol, record, facts);
  } else {
    append_quote(out, symbol, record, facts);
  }
  end_message(out, event_name(record.kind), record.venue, record.ts_recv, facts, passage);
}

void append_market_data(std::string& out, std::string_view channel, std::string_view symbol,
                        const BarRecord& record, const FeedFacts& facts, const Passage& passage) {
  begin_message(out, channel, symbol, passage.send_ns);
  append_bar(out, symbol, record, facts);
  end_message(out, event_name(record.kind), shm::venue_absent, record.ts_recv, facts, passage);
}

}  // namespace ringside::gateway
