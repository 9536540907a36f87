#include "vendor/massive/event.hpp"

#include "vendor/massive/values.hpp"

namespace ringside::feed::massive {

namespace {

using shm::Kind;

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::size_t condition_count = 4;
constexpr std::size_t indicator_count = 2;

void read_trade(ValueReader& reader, shm::TickRecord& out) noexcept {
  reader.need(Key::p);
  reader.need(Key::t);
  out.kind = Kind::trade;
  out.ts_event = reader.instant(Key::t);
  out.venue = reader.venue(Key::x);
  out.tape = reader.whole(Key::z, shm::tape_absent);
  out.trade.price = reader.price(Key::p);
  out.trade.size = reader.size(Key::ds, Key::s);
  out.trade.trade_id = reader.trade_id(out.flags);
  out.trade.sequence = reader.whole(Key::q, shm::sequence_absent);
  reader.ids(Key::c, 0, shm::condition_absent, out.trade.conditions, condition_count);
}

void read_quote(ValueReader& reader, shm::TickRecord& out) noexcept {
  reader.need(Key::t);
  out.kind = Kind::quote;
  out.ts_event = reader.instant(Key::t);
  out.venue = reader.venue(Key::bx);
  out.tape = reader.whole(Key::z, shm::tape_absent);
  shm::QuoteBody quote{};
  quote.bid_px = reader.price(Key::bp);
  quote.ask_px = reader.price(Key::ap);
  quote.bid_sz = reader.quote_size(Key::bs);
  quote.ask_sz = reader.quote_size(Key::as);
  quote.sequence = reader.whole(Key::q, shm::sequence_absent);
  quote.ask_venue = reader.venue(Key::ax);
  quote.condition = shm::condition_absent;
  quote.indicators[0] = quote.indicators[1] = shm::indicator_absent;
  reader.ids(Key::c, 0, shm::condition_absent, &quote.condition, 1);
  reader.ids(Key::i, shm::indicator_base, shm::indicator_absent, quote.indicators, indicator_count);
  out.quote = quote;
}

void read_bar(ValueReader& reader, const Fields& fields, Kind kind, shm::BarRecord& out) noexcept {
  for (const Key key : {Key::s, Key::o, Key::h, Key::l, Key::c}) reader.need(key);
  out.kind = kind;
  out.ts_event = reader.instant(Key::s);
  out.ts_end = fields.has(Key::e) ? reader.instant(Key::e)
                                  : out.ts_event + (kind == Kind::bar_1s ? 1 : 60) * second_ns;
  if (out.ts_end < out.ts_event) reader.fail(RejectReason::bad_time);
  out.open = reader.price(Key::o);
  out.high = reader.price(Key::h);
  out.low = reader.price(Key::l);
  out.close = reader.price(Key::c);
  out.volume = reader.size(Key::dv, Key::v);
  out.vwap = reader.price(Key::vw);
  out.day_volume = reader.size(Key::dav, Key::av);
  out.day_vwap = reader.price(Key::a);
  out.official_open = reader.price(Key::op);
  out.trade_size_avg = reader.size(Key::z, Key::z);
}

void read_status(const Fields& fields, ValueReader& reader, Decoded& out) noexcept {
  out.item = Item::status;
  const Field* status = fields.find(Key::status);
  if (status == nullptr) return reader.fail(RejectReason::missing_field);
  if (status->shape != Shape::string) return reader.fail(RejectReason::wrong_type);
  out.status = parse_status(status->text);
  const Field* message = fields.find(Key::message);
  out.message =
      message != nullptr && message->shape == Shape::string ? message->text : std::string_view{};
}

enum class Name : std::uint8_t { trade, quote, bar_1s, bar_1m, status, other };

Name name_of(std::string_view ev) noexcept {
  if (ev == "T") return Name::trade;
  if (ev == "Q") return Name::quote;
  if (ev == "A") return Name::bar_1s;
  if (ev == "AM") return Name::bar_1m;
  if (ev == "status") return Name::status;
  return Name::other;
}

std::uint64_t& counter_of(Name name, DecodeCounts& counts) noexcept {
  switch (name) {
    case Name::trade:
      return counts.trades;
    case Name::quote:
      return counts.quotes;
    case Name::bar_1s:
      return counts.bars_1s;
    case Name::bar_1m:
      return counts.bars_1m;
    case Name::status:
      return counts.statuses;
    case Name::other:
      break;
  }
  return counts.events_unknown;
}

// Reads the event into `out`, whatever its kind; returns its flags.
std::uint8_t& read_named(Name name, const Fields& fields, const EventOptions& options,
                         std::uint64_t ts_recv, ValueReader& reader, Decoded& out) noexcept {
  reader.symbol(out.symbol);
  if (name == Name::trade || name == Name::quote) {
    out.item = Item::tick;
    out.tick = shm::empty_tick();
    out.tick.ts_recv = ts_recv;
    out.tick.flags = options.flags;
    name == Name::trade ? read_trade(reader, out.tick) : read_quote(reader, out.tick);
    return out.tick.flags;
  }
  out.item = Item::bar;
  out.bar = shm::empty_bar();
  out.bar.ts_recv = ts_recv;
  out.bar.flags = options.flags;
  read_bar(reader, fields, name == Name::bar_1s ? Kind::bar_1s : Kind::bar_1m, out.bar);
  return out.bar.flags;
}

}  // namespace

StatusCode parse_status(std::string_view text) noexcept {
  constexpr struct {
    std::string_view text;
    StatusCode code;
  } table[] = {
      {"success", StatusCode::success},
      {"connected", StatusCode::connected},
      {"auth_success", StatusCode::auth_success},
      {"auth_failed", StatusCode::auth_failed},
      {"auth_timeout", StatusCode::auth_timeout},
      {"auth_required", StatusCode::auth_required},
      {"error", StatusCode::error},
      {"max_connections", StatusCode::max_connections},
      {"slow_consumer", StatusCode::slow_consumer},
      {"force_disconnect", StatusCode::force_disconnect},
  };
  for (const auto& row : table) {
    if (row.text == text) return row.code;
  }
  return StatusCode::unknown;
}

EventOutcome read_event(const Fields& fields, const EventOptions& options, std::uint64_t ts_recv,
                        Decoded& out, DecodeCounts& counts) noexcept {
  const Field* ev = fields.find(Key::ev);
  if (ev == nullptr) return {EventResult::rejected, RejectReason::missing_field};
  if (ev->shape != Shape::string) return {EventResult::rejected, RejectReason::wrong_type};
  const Name name = name_of(ev->text);
  ValueReader reader(fields, options);
  std::uint8_t* flags = nullptr;
  if (name == Name::status) {
    read_status(fields, reader, out);
  } else if (name != Name::other) {
    flags = &read_named(name, fields, options, ts_recv, reader, out);
    const bool has_size = name != Name::trade || fields.has(Key::s) || fields.has(Key::ds);
    if (!has_size) reader.fail(RejectReason::missing_field);
  }
  reader.check_unread();
  if (const auto fault = reader.fault()) return {EventResult::rejected, *fault};
  ++counter_of(name, counts);
  if (name == Name::other) return {EventResult::unknown, {}};
  if (flags != nullptr && reader.is_clipped()) {
    *flags |= shm::flag_clipped;
    ++counts.clipped;
  }
  return {EventResult::taken, {}};
}

}  // namespace ringside::feed::massive
