#include "sim/format.hpp"

#include <cstring>

#include "sim/number_text.hpp"

namespace ringside::sim {
namespace {

// A literal's length is known to the compiler, so the copy becomes a few moves.
template <std::size_t size>
char* put(char* out, const char (&text)[size]) noexcept {
  std::memcpy(out, text, size - 1);
  return out + size - 1;
}

char* put(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_trade_head(char* out, std::string_view symbol) noexcept {
  out = put(out, "{\"ev\":\"T\",\"sym\":\"");
  return put(out, symbol);
}

char* put_conditions(char* out, const Trade& trade) noexcept {
  if (trade.condition_count == 0) return out;
  out = put(out, ",\"c\":[");
  for (std::size_t i = 0; i < trade.condition_count; ++i) {
    if (i != 0) *out++ = ',';
    out = write_unsigned(out, trade.conditions[i]);
  }
  *out++ = ']';
  return out;
}

char* put_stock_trade(char* out, const Trade& trade, std::string_view symbol) noexcept {
  out = put_trade_head(out, symbol);
  out = write_unsigned(put(out, "\",\"i\":\""), trade.id);
  out = write_unsigned(put(out, "\",\"x\":"), trade.venue);
  out = write_float_nanos(put(out, ",\"p\":"), trade.price_nanos);
  out = write_integer(put(out, ",\"s\":"), trade.size_micros / micros_per_share);
  out = put_conditions(out, trade);
  out = write_unsigned(put(out, ",\"t\":"), trade.ts_sip_ms);
  out = write_unsigned(put(out, ",\"pt\":"), trade.ts_participant_ms);
  out = write_unsigned(put(out, ",\"q\":"), trade.sequence);
  out = write_unsigned(put(out, ",\"z\":"), trade.tape);
  if (trade.trf_id != 0) {
    out = write_unsigned(put(out, ",\"trfi\":"), trade.trf_id);
    out = write_unsigned(put(out, ",\"trft\":"), trade.ts_trf_ms);
  }
  out = write_decimal_micros(put(out, ",\"ds\":\""), trade.size_micros);
  return put(out, "\"}");
}

char* put_option_trade(char* out, const Trade& trade, std::string_view symbol) noexcept {
  out = put_trade_head(out, symbol);
  out = write_unsigned(put(out, "\",\"x\":"), trade.venue);
  out = write_float_nanos(put(out, ",\"p\":"), trade.price_nanos);
  out = write_integer(put(out, ",\"s\":"), trade.size_micros / micros_per_share);
  out = put_conditions(out, trade);
  out = write_unsigned(put(out, ",\"t\":"), trade.ts_sip_ms);
  out = write_unsigned(put(out, ",\"q\":"), trade.sequence);
  *out++ = '}';
  return out;
}

char* put_quote(char* out, const Quote& quote, std::string_view symbol, bool is_stock) noexcept {
  out = put(put(out, "{\"ev\":\"Q\",\"sym\":\""), symbol);
  *out++ = '"';
  if (is_stock && quote.condition != 0) out = write_unsigned(put(out, ",\"c\":"), quote.condition);
  if (is_stock && quote.indicator != 0) {
    out = write_unsigned(put(out, ",\"i\":["), quote.indicator);
    *out++ = ']';
  }
  out = write_unsigned(put(out, ",\"bx\":"), quote.bid_venue);
  out = write_unsigned(put(out, ",\"ax\":"), quote.ask_venue);
  out = write_float_nanos(put(out, ",\"bp\":"), quote.bid_nanos);
  out = write_float_nanos(put(out, ",\"ap\":"), quote.ask_nanos);
  out = write_integer(put(out, ",\"bs\":"), quote.bid_size);
  out = write_integer(put(out, ",\"as\":"), quote.ask_size);
  out = write_unsigned(put(out, ",\"t\":"), quote.ts_sip_ms);
  if (is_stock) out = write_unsigned(put(out, ",\"pt\":"), quote.ts_participant_ms);
  out = write_unsigned(put(out, ",\"q\":"), quote.sequence);
  if (is_stock) out = write_unsigned(put(out, ",\"z\":"), quote.tape);
  *out++ = '}';
  return out;
}

char* put_bar(char* out, const Bar& bar, std::string_view symbol, EventKind kind,
              bool is_stock) noexcept {
  out = put(out, "{\"ev\":\"");
  out = put(out, kind == EventKind::second_bar ? std::string_view("A") : std::string_view("AM"));
  out = put(put(out, "\",\"sym\":\""), symbol);
  out = write_integer(put(out, "\",\"v\":"), bar.volume_micros / micros_per_share);
  out = write_integer(put(out, ",\"av\":"), bar.day_volume_micros / micros_per_share);
  if (bar.official_open_nanos != 0) {
    out = write_float_nanos(put(out, ",\"op\":"), bar.official_open_nanos);
  }
  out = write_float_nanos(put(out, ",\"vw\":"), bar.vwap_nanos);
  out = write_float_nanos(put(out, ",\"o\":"), bar.open_nanos);
  out = write_float_nanos(put(out, ",\"c\":"), bar.close_nanos);
  out = write_float_nanos(put(out, ",\"h\":"), bar.high_nanos);
  out = write_float_nanos(put(out, ",\"l\":"), bar.low_nanos);
  out = write_float_nanos(put(out, ",\"a\":"), bar.day_vwap_nanos);
  out = write_float_integer(put(out, ",\"z\":"), bar.average_size);
  out = write_unsigned(put(out, ",\"s\":"), bar.ts_start_ms);
  out = write_unsigned(put(out, ",\"e\":"), bar.ts_end_ms);
  if (is_stock) {
    out = write_decimal_micros(put(out, ",\"dv\":\""), bar.volume_micros);
    out = write_decimal_micros(put(out, "\",\"dav\":\""), bar.day_volume_micros);
    *out++ = '"';
  }
  *out++ = '}';
  return out;
}

}  // namespace

char* format_event(char* out, const Event& event, std::string_view symbol) noexcept {
  const bool is_stock = event.market == Market::stocks;
  switch (event.kind) {
    case EventKind::trade:
      return is_stock ? put_stock_trade(out, event.trade(), symbol)
                      : put_option_trade(out, event.trade(), symbol);
    case EventKind::quote:
      return put_quote(out, event.quote(), symbol, is_stock);
    case EventKind::second_bar:
    case EventKind::minute_bar:
      return put_bar(out, event.bar(), symbol, event.kind, is_stock);
  }
  return out;
}

}  // namespace ringside::sim
