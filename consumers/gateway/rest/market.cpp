// Owns the answers made of last values, tick rings and symbol directories.
#include <algorithm>
#include <array>
#include <cstring>

#include "rest/api.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::gateway {

namespace {

using shm::TickRecord;

constexpr std::uint64_t ms_ns = 1'000'000;

// Everything but the stamp, which tells the place and not the event.
bool is_same_event(const TickRecord& a, const TickRecord& b) noexcept {
  constexpr std::size_t stamp_bytes = sizeof(std::uint64_t);
  const auto* const first = reinterpret_cast<const char*>(&a);
  const auto* const second = reinterpret_cast<const char*>(&b);
  return std::memcmp(first + stamp_bytes, second + stamp_bytes, sizeof(TickRecord) - stamp_bytes) ==
         0;
}

// The newest trades of a ring, oldest first.
std::vector<TickRecord> read_trades(const shm::RingView<TickRecord>& ring) {
  std::vector<TickRecord> out;
  shm::TickRingReader reader(ring, shm::StartAt::oldest);
  std::array<TickRecord, 64> batch;
  const std::uint64_t end = reader.head();
  while (reader.next_sequence() < end) {
    const std::uint64_t lost = reader.lost();
    const std::size_t count = reader.poll_batch(batch);
    if (count == 0 && reader.lost() == lost) break;  // the writer died inside a slot
    for (std::size_t i = 0; i < count; ++i) {
      if (batch[i].kind == shm::Kind::trade) out.push_back(batch[i]);
    }
  }
  return out;
}

// Drops from the end of `trades` what the live stream will still bring: the trades of this
// instrument on the tape at `sequence` and behind it. So the answer ends where the stream goes on.
void cut_to(std::vector<TickRecord>& trades, const shm::RingView<TickRecord>& tape,
            std::uint64_t sequence, std::uint32_t instrument_id) {
  shm::TapeReader reader(tape, sequence);
  TickRecord record;
  const std::uint64_t end = reader.head();
  while (reader.next_sequence() < end && reader.poll(record) == shm::ReadStatus::ok) {
    if (record.instrument_id != instrument_id || record.kind != shm::Kind::trade) continue;
    const auto found =
        std::find_if(trades.rbegin(), trades.rend(),
                     [&record](const TickRecord& trade) { return is_same_event(trade, record); });
    if (found != trades.rend()) trades.erase(std::prev(found.base()), trades.end());
    return;  // those after it are behind it in the ring too
  }
}

char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

struct Hit {
  int rank;  // 0: the text itself, 1: begins with it, 2: contains it
  std::string_view symbol;
  std::uint32_t instrument_id;
  std::size_t feed;
};

// `wanted` in capitals.
std::optional<int> rank_of(std::string_view symbol, std::string_view wanted) {
  const auto at = std::search(symbol.begin(), symbol.end(), wanted.begin(), wanted.end(),
                              [](char a, char b) { return upper(a) == b; });
  if (at == symbol.end()) return std::nullopt;
  if (at != symbol.begin()) return 2;
  return symbol.size() == wanted.size() ? 0 : 1;
}

}  // namespace

void Api::quote(Call& call) {
  const auto feed = topics_.feed_of(call.symbol);
  const auto values = feed ? topics_.last(*feed, call.symbol) : std::nullopt;
  if (!values) return call.reply.fail(404, "unknown_symbol", "no feed carries " + call.symbol);
  std::string symbol;
  append_json_string(symbol, call.symbol);
  const FeedFacts& facts = topics_.facts(*feed);
  const QuoteParts parts = values->parts();
  std::string& out = call.reply.body;
  append_quote_object(out, symbol, parts, facts);
  out.pop_back();  // the brace: the object goes on
  if (parts.trade != nullptr) {
    out += ",\"lastTrade\":";
    append_trade(out, symbol, *parts.trade, facts);
  }
  if (parts.quote != nullptr) {
    out += ",\"lastQuote\":";
    append_quote(out, symbol, *parts.quote, facts);
  }
  if (values->bar.kind != shm::Kind::none) {
    out += ",\"lastBar\":";
    append_bar(out, symbol, values->bar, facts);
  }
  const shm::SegmentView& segment = *topics_.segment(*feed);
  const auto id = segment.symbols().find(call.symbol);
  JsonWriter json;
  json.begin_object().member("feed", feeds_.feed(*feed).name());
  json.member("feedState", to_string(feeds_.feed(*feed).state()));
  json.member("state", to_string(id ? segment.symbols().state(*id) : shm::SymbolState::none));
  json.member("epoch", segment.epoch()).member("sequence", feeds_.feed(*feed).next_sequence());
  json.member("serverTime", wall_ns() / ms_ns).end_object();
  out += ',';
  out.append(json.text(), 1);
}

void Api::trades(Call& call) {
  std::uint64_t limit = 100;
  if (!read_number(call.request, "limit", 1, trades_limit_max, limit, call.reply)) return;
  const auto feed = topics_.feed_of(call.symbol);
  const shm::SegmentView* const segment = feed ? topics_.segment(*feed) : nullptr;
  const auto id = segment == nullptr ? std::nullopt : segment->symbols().find(call.symbol);
  if (!id) return call.reply.fail(404, "unknown_symbol", "no feed carries " + call.symbol);
  std::vector<TickRecord> found;
  const std::uint64_t sequence = feeds_.feed(*feed).next_sequence();
  if (const auto ring = segment->tick_ring(*id); ring.is_open()) {
    found = read_trades(ring);
    cut_to(found, segment->tick_tape(), sequence, *id);
  }
  const std::size_t first = found.size() > limit ? found.size() - limit : 0;
  JsonWriter json;
  json.begin_object().member("symbol", call.symbol).member("feed", feeds_.feed(*feed).name());
  json.member("epoch", segment->epoch()).member("sequence", sequence);
  json.member("count", found.size() - first).key("trades").begin_array();
  std::string symbol;
  append_json_string(symbol, call.symbol);
  std::string item;
  for (std::size_t i = first; i < found.size(); ++i) {
    item.clear();
    append_trade(item, symbol, found[i], topics_.facts(*feed));
    json.raw(item);
  }
  call.reply.body = json.end_array().end_object().take();
}

void Api::search(Call& call) {
  std::uint64_t limit = 20;
  if (!read_number(call.request, "limit", 1, search_limit_max, limit, call.reply)) return;
  auto wanted = net::query_value(call.request.query(), "q");
  if (!wanted || wanted->empty() || wanted->size() > shm::symbol_bytes_max) {
    return call.reply.fail(400, "bad_parameter", "q is a text of 1 to 24 characters");
  }
  std::transform(wanted->begin(), wanted->end(), wanted->begin(), upper);
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < feeds_.count(); ++i) {
    const shm::SegmentView* const segment = topics_.segment(static_cast<std::uint32_t>(i));
    if (segment == nullptr) continue;
    const std::uint32_t count = std::min(segment->symbols().size(), search_symbols_max);
    for (std::uint32_t id = 0; id < count; ++id) {
      const std::string_view symbol = segment->symbols().text(id);
      if (const auto rank = rank_of(symbol, *wanted)) hits.push_back(Hit{*rank, symbol, id, i});
    }
  }
  const std::size_t shown = std::min<std::size_t>(hits.size(), limit);
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(shown), hits.end(),
                    [](const Hit& a, const Hit& b) {
                      return std::tuple(a.rank, a.symbol.size(), a.symbol) <
                             std::tuple(b.rank, b.symbol.size(), b.symbol);
                    });
  JsonWriter json;
  json.begin_object().member("query", *wanted).member("total", hits.size());
  json.key("results").begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    const Hit& hit = hits[i];
    const auto& symbols = topics_.segment(static_cast<std::uint32_t>(hit.feed))->symbols();
    json.begin_object().member("symbol", hit.symbol);
    json.member("feed", feeds_.feed(hit.feed).name());
    json.member("type", feeds_.is_options(hit.feed) ? "option" : "stock");
    json.member("state", to_string(symbols.state(hit.instrument_id))).end_object();
  }
  call.reply.body = json.end_array().end_object().take();
}

}  // namespace ringside::gateway
