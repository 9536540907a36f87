#include "sim/taq_row.hpp"

#include <cstddef>
#include <optional>

#include "ringside/base/decimal.hpp"
#include "sim/conditions.hpp"

namespace ringside::sim {
namespace {

constexpr std::size_t columns_max = 32;
constexpr std::int64_t round_lot = 100;
constexpr std::uint16_t trf_id_unknown_facility = 202;
// 2200-01-01 in seconds: later instants are damage, and their nanoseconds still fit.
constexpr std::int64_t ts_s_max = 7'258'118'400;

using Fields = std::array<std::string_view, columns_max>;

std::string_view unquoted(std::string_view field) noexcept {
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
    return {field.data() + 1, field.size() - 2};
  }
  return field;
}

// Splits at commas; a field of this format never holds one. Returns the number of fields.
std::size_t split(std::string_view line, Fields& fields) noexcept {
  std::size_t count = 0;
  while (count < columns_max) {
    const std::size_t comma = line.find(',');
    const std::size_t bytes = comma == std::string_view::npos ? line.size() : comma;
    fields[count++] = unquoted({line.data(), bytes});
    if (comma == std::string_view::npos) break;
    line.remove_prefix(comma + 1);
  }
  return count;
}

std::string_view at(const Fields& fields, int column) noexcept {
  return column < 0 ? std::string_view{} : fields[static_cast<std::size_t>(column)];
}

int highest(const TaqColumns& columns) noexcept {
  int most = -1;
  for (const int column : {columns.time, columns.venue, columns.condition, columns.size,
                           columns.price, columns.correction, columns.bid, columns.bid_size,
                           columns.ask, columns.ask_size, columns.symbol}) {
    most = column > most ? column : most;
  }
  return most;
}

std::optional<std::uint64_t> read_time_ns(std::string_view text) noexcept {
  const auto nanos = parse_decimal(text, 9);
  if (!nanos || *nanos <= 0 || *nanos / static_cast<std::int64_t>(ns_per_s) >= ts_s_max) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*nanos);
}

std::uint16_t read_venue(std::string_view text, Market market) noexcept {
  if (text.size() != 1) return 0;
  return market == Market::stocks ? stock_venue_of_letter(text[0])
                                  : option_venue_of_letter(text[0]);
}

TaqRow read_conditions(std::string_view letters, Plan plan, Trade& trade) noexcept {
  if (letters.size() > 4) return TaqRow::bad_condition;
  TaqRow row = TaqRow::ok;
  for (const char letter : letters) {
    const Letter meaning = condition_of_letter(letter, plan);
    if (meaning.meaning == LetterMeaning::unknown) row = TaqRow::ok_unknown_letter;
    if (meaning.meaning != LetterMeaning::condition) continue;
    trade.conditions[trade.condition_count++] = meaning.condition;
  }
  return row;
}

// Common to both kinds: fields, symbol, time, venue.
TaqRow read_head(std::string_view line, const TaqColumns& columns, const TaqMapping& mapping,
                 Fields& fields, Event& event, std::uint16_t& venue) noexcept {
  const std::size_t count = split(line, fields);
  if (count <= static_cast<std::size_t>(highest(columns))) return TaqRow::too_few_columns;
  if (!mapping.file_symbol.empty() && at(fields, columns.symbol) != mapping.file_symbol) {
    return TaqRow::other_symbol;
  }
  const auto ts_ns = read_time_ns(at(fields, columns.time));
  if (!ts_ns) return TaqRow::bad_time;
  venue = read_venue(at(fields, columns.venue), mapping.market);
  if (venue == 0) return TaqRow::bad_venue;
  event.ts_ns = *ts_ns;
  event.market = mapping.market;
  return TaqRow::ok;
}

}  // namespace

std::string_view to_string(TaqRow row) noexcept {
  switch (row) {
    case TaqRow::ok:
      return "ok";
    case TaqRow::ok_unknown_letter:
      return "sent without a COND letter that no tape plan knows";
    case TaqRow::too_few_columns:
      return "too few columns";
    case TaqRow::bad_time:
      return "DT is not seconds since 1970";
    case TaqRow::bad_venue:
      return "EX is not a known exchange letter";
    case TaqRow::bad_price:
      return "a price is not a decimal of up to nine places, or not positive";
    case TaqRow::bad_size:
      return "a size is not a whole number, or not positive";
    case TaqRow::bad_condition:
      return "COND is longer than four letters";
    case TaqRow::other_symbol:
      return "SYMBOL is not that of the first row";
    case TaqRow::not_a_trade:
      return "CORR says cancel or correction record";
  }
  return "unknown";
}

Result<TaqColumns> read_taq_header(std::string_view line, TaqKind kind) {
  TaqColumns columns;
  struct Want {
    std::string_view name;
    int* column;
    bool is_required;
  };
  const bool is_trades = kind == TaqKind::trades;
  const std::array<Want, 7> trades{{{"DT", &columns.time, true},
                                    {"EX", &columns.venue, true},
                                    {"COND", &columns.condition, false},
                                    {"SIZE", &columns.size, true},
                                    {"PRICE", &columns.price, true},
                                    {"CORR", &columns.correction, false},
                                    {"SYMBOL", &columns.symbol, false}}};
  const std::array<Want, 7> quotes{{{"DT", &columns.time, true},
                                    {"EX", &columns.venue, true},
                                    {"BID", &columns.bid, true},
                                    {"BIDSIZ", &columns.bid_size, true},
                                    {"OFR", &columns.ask, true},
                                    {"OFRSIZ", &columns.ask_size, true},
                                    {"SYMBOL", &columns.symbol, false}}};
  Fields fields;
  const std::size_t count = split(line, fields);
  for (const Want& want : is_trades ? trades : quotes) {
    for (std::size_t i = 0; i < count; ++i) {
      if (fields[i] == want.name) *want.column = static_cast<int>(i);
    }
    if (*want.column < 0 && want.is_required) {
      return Error{ErrorCode::config, 0,
                   "the header has no column " + std::string(want.name) + "; needed: " +
                       (is_trades ? "DT EX SIZE PRICE" : "DT EX BID BIDSIZ OFR OFRSIZ")};
    }
  }
  return columns;
}

std::string_view read_taq_symbol(std::string_view line, const TaqColumns& columns) noexcept {
  Fields fields;
  const std::size_t count = split(line, fields);
  if (columns.symbol < 0 || count <= static_cast<std::size_t>(columns.symbol)) return {};
  return at(fields, columns.symbol);
}

TaqRow read_taq_trade(std::string_view line, const TaqColumns& columns, const TaqMapping& mapping,
                      Event& event) {
  Fields fields;
  Trade trade;
  const TaqRow head = read_head(line, columns, mapping, fields, event, trade.venue);
  if (head != TaqRow::ok) return head;
  if (columns.correction >= 0) {
    const auto correction = parse_decimal(at(fields, columns.correction), 0);
    if (correction && *correction >= 10) return TaqRow::not_a_trade;
  }
  const auto price = parse_decimal(at(fields, columns.price), 9);
  if (!price || *price <= 0) return TaqRow::bad_price;
  const auto size = parse_decimal(at(fields, columns.size), 6);
  if (!size || *size <= 0) return TaqRow::bad_size;
  trade.price_nanos = *price;
  trade.size_micros = *size;
  TaqRow row = TaqRow::ok;
  if (mapping.market == Market::options) {
    trade.conditions[trade.condition_count++] = condition_option_auto;
  } else {
    const Plan plan = plan_of_tape(mapping.tape);
    row = read_conditions(at(fields, columns.condition), plan, trade);
    if (!is_event(row)) return row;
  }
  trade.ts_sip_ms = event.ts_ns / ns_per_ms;
  trade.ts_participant_ms = trade.ts_sip_ms;
  trade.tape = mapping.tape;
  if (mapping.market == Market::stocks && trade.venue == venue_trf) {
    trade.trf_id = trf_id_unknown_facility;
    trade.ts_trf_ms = trade.ts_sip_ms;
  }
  event.kind = EventKind::trade;
  event.body = trade;
  return row;
}

TaqRow read_taq_quote(std::string_view line, const TaqColumns& columns, const TaqMapping& mapping,
                      Event& event) {
  Fields fields;
  Quote quote;
  const TaqRow head = read_head(line, columns, mapping, fields, event, quote.bid_venue);
  if (head != TaqRow::ok) return head;
  const auto bid = parse_decimal(at(fields, columns.bid), 9);
  const auto ask = parse_decimal(at(fields, columns.ask), 9);
  if (!bid || !ask || *bid < 0 || *ask < 0) return TaqRow::bad_price;  // 0: an empty side
  const auto bid_lots = parse_decimal(at(fields, columns.bid_size), 0);
  const auto ask_lots = parse_decimal(at(fields, columns.ask_size), 0);
  constexpr std::int64_t lots_max = 1'000'000'000'000;
  if (!bid_lots || !ask_lots || *bid_lots < 0 || *ask_lots < 0 || *bid_lots > lots_max ||
      *ask_lots > lots_max) {
    return TaqRow::bad_size;
  }
  quote.bid_nanos = *bid;
  quote.ask_nanos = *ask;
  quote.bid_size = *bid_lots * round_lot;
  quote.ask_size = *ask_lots * round_lot;
  quote.ask_venue = quote.bid_venue;
  quote.ts_sip_ms = event.ts_ns / ns_per_ms;
  quote.ts_participant_ms = quote.ts_sip_ms;
  quote.tape = mapping.tape;
  event.kind = EventKind::quote;
  event.body = quote;
  return TaqRow::ok;
}

}  // namespace ringside::sim
