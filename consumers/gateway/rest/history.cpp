#include "rest/history.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "rest/api.hpp"

namespace ringside::gateway {

namespace {

using shm::BarRecord;
using shm::Kind;

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t day_ns = 86'400 * second_ns;

constexpr Timespan timespans[] = {
    {"second", Kind::bar_1s, second_ns},
    {"minute", Kind::bar_1m, 60 * second_ns},
    {"hour", Kind::bar_1h, 3600 * second_ns},
    {"day", Kind::bar_1d, day_ns},
};

template <class Number>
bool read_digits(std::string_view text, Number& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::int64_t later(std::int64_t a, std::int64_t b, std::int64_t absent, bool is_max) noexcept {
  if (a == absent) return b;
  if (b == absent) return a;
  return is_max ? std::max(a, b) : std::min(a, b);
}

std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t out = 0;
  const bool is_absent = a == shm::size_absent || b == shm::size_absent;
  return is_absent || __builtin_add_overflow(a, b, &out) ? shm::size_absent : out;
}

// What a VWAP is made of; wide, because price x size does not fit 64 bits.
struct Weight {
  unsigned __int128 money = 0;
  std::uint64_t volume = 0;
  bool is_known = true;

  void add(const BarRecord& bar) noexcept {
    const bool has_it = bar.vwap != shm::px_absent && bar.vwap >= 0 &&
                        bar.volume != shm::size_absent && bar.volume >= 0;
    is_known = is_known && has_it;
    if (!is_known) return;
    const auto size = static_cast<std::uint64_t>(bar.volume);
    money += static_cast<unsigned __int128>(static_cast<std::uint64_t>(bar.vwap)) * size;
    volume += size;
  }
  [[nodiscard]] std::int64_t vwap() const noexcept {
    if (!is_known || volume == 0) return shm::px_absent;
    return static_cast<std::int64_t>((money + volume / 2) / volume);
  }
};

void join_into(BarRecord& out, const BarRecord& bar) noexcept {
  out.high = later(out.high, bar.high, shm::px_absent, true);
  out.low = later(out.low, bar.low, shm::px_absent, false);
  if (bar.close != shm::px_absent) out.close = bar.close;
  out.volume = sum(out.volume, bar.volume);
  const bool is_counted = out.trades != shm::trades_absent && bar.trades != shm::trades_absent;
  out.trades = is_counted ? out.trades + bar.trades : shm::trades_absent;
  out.flags |= bar.flags;
}

void append_result(JsonWriter& json, const BarRecord& bar, const FeedFacts& facts) {
  const auto price = [&json](std::string_view key, std::int64_t nanos) {
    json.key(key);
    if (nanos == shm::px_absent) {
      json.null();
    } else {
      json.decimal(nanos, 9);
    }
  };
  json.begin_object().member("t", bar.ts_event / ms_ns);
  price("o", bar.open);
  price("h", bar.high);
  price("l", bar.low);
  price("c", bar.close);
  json.key("v");
  if (bar.volume == shm::size_absent) {
    json.null();
  } else {
    json.decimal(bar.volume, facts.size_digits);
  }
  price("vw", bar.vwap);
  if (bar.trades != shm::trades_absent) json.member("n", bar.trades);
  if ((bar.flags & shm::flag_partial) != 0) json.member("partial", true);
  json.end_object();
}

}  // namespace

std::optional<Timespan> parse_timespan(std::string_view name) noexcept {
  for (const Timespan& each : timespans) {
    if (each.name == name) return each;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_time(std::string_view text, bool is_end) noexcept {
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (!read_digits(text.substr(0, 4), year) || !read_digits(text.substr(5, 2), month) ||
        !read_digits(text.substr(8, 2), day)) {
      return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (!date.ok() || year < 1970 || year > 2200) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::uint64_t begin = static_cast<std::uint64_t>(days) * day_ns;
    return is_end ? begin + day_ns - 1 : begin;
  }
  std::uint64_t ms = 0;
  constexpr std::uint64_t ms_max = 7'258'118'400'000;  // the year 2200
  if (!read_digits(text, ms) || ms > ms_max) return std::nullopt;
  return ms * ms_ns + (is_end ? ms_ns - 1 : 0);
}

std::vector<BarRecord> read_bars(const shm::RingView<BarRecord>& ring, Kind kind) {
  std::vector<BarRecord> out;
  shm::BarRingReader reader(ring, shm::StartAt::oldest);
  std::array<BarRecord, 32> batch;
  const std::uint64_t end = reader.head();
  while (reader.next_sequence() < end) {
    const std::uint64_t lost = reader.lost();
    const std::size_t count = reader.poll_batch(batch);
    if (count == 0 && reader.lost() == lost) break;  // the writer died inside a slot
    for (std::size_t i = 0; i < count; ++i) {
      if (batch[i].kind == kind) out.push_back(batch[i]);
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const BarRecord& a, const BarRecord& b) { return a.ts_event < b.ts_event; });
  // The last of equal windows: it saw the most.
  const auto first =
      std::unique(out.rbegin(), out.rend(),
                  [](const BarRecord& a, const BarRecord& b) { return a.ts_event == b.ts_event; });
  out.erase(out.begin(), first.base());
  return out;
}

std::vector<BarRecord> join_bars(const std::vector<BarRecord>& bars, std::uint64_t window_ns) {
  std::vector<BarRecord> out;
  Weight weight;
  for (const BarRecord& bar : bars) {
    const std::uint64_t start = bar.ts_event - bar.ts_event % window_ns;
    if (out.empty() || out.back().ts_event != start) {
      out.push_back(bar);
      out.back().ts_event = start;
      out.back().ts_end = start + window_ns;
      weight = Weight{};
    } else {
      join_into(out.back(), bar);
    }
    weight.add(bar);
    out.back().vwap = weight.vwap();
  }
  return out;
}

void Api::historical(Call& call) {
  const auto query = [&call](std::string_view name) {
    return net::query_value(call.request.query(), name);
  };
  const auto span = parse_timespan(query("timespan").value_or("minute"));
  if (!span) {
    return call.reply.fail(400, "bad_parameter", "timespan is second, minute, hour or day");
  }
  std::uint64_t multiplier = 1;
  std::uint64_t limit = bars_limit_max;
  if (!read_number(call.request, "multiplier", 1, 10'000, multiplier, call.reply)) return;
  if (!read_number(call.request, "limit", 1, bars_limit_max, limit, call.reply)) return;
  const auto from = parse_time(query("from").value_or("0"), false);
  const auto to = parse_time(query("to").value_or("2199-12-31"), true);
  if (!from || !to || *from > *to) {
    return call.reply.fail(400, "bad_parameter",
                           "from and to are ms since 1970 or YYYY-MM-DD, from not after to");
  }
  const auto feed = topics_.feed_of(call.symbol);
  const shm::SegmentView* const carrier = feed ? topics_.segment(*feed) : nullptr;
  if (carrier == nullptr || !carrier->symbols().find(call.symbol)) {
    return call.reply.fail(404, "unknown_symbol", "no feed carries " + call.symbol);
  }
  // Our own bars first: they say where they have a hole. The vendor's where we have none.
  std::vector<BarRecord> bars;
  bool is_ours = false;
  for (const bool is_stats : {true, false}) {
    const shm::SegmentView* const segment = is_stats ? topics_.stats() : carrier;
    const auto id = segment == nullptr ? std::nullopt : segment->symbols().find(call.symbol);
    const auto ring = id ? segment->bar_ring(*id) : shm::RingView<BarRecord>{};
    if (!ring.is_open()) continue;
    bars = read_bars(ring, span->kind);
    is_ours = is_stats;
    if (!bars.empty()) break;
  }
  const bool reaches_back = !bars.empty() && bars.front().ts_event <= *from;
  const std::uint64_t memory_from = bars.empty() ? 0 : bars.front().ts_event / ms_ns;
  std::erase_if(bars,
                [&](const BarRecord& bar) { return bar.ts_event < *from || bar.ts_event > *to; });
  if (multiplier > 1) bars = join_bars(bars, span->window_ns * multiplier);
  const std::size_t first = bars.size() > limit ? bars.size() - limit : 0;
  const Feed& source = is_ours ? feeds_.stats() : feeds_.feed(*feed);
  const FeedFacts& facts = is_ours ? topics_.stats_facts() : topics_.facts(*feed);
  JsonWriter json;
  json.begin_object().member("symbol", call.symbol).member("timespan", span->name);
  json.member("multiplier", multiplier).member("source", facts.source);
  json.member("channel", is_ours ? "bars" : "aggregates").member("complete", reaches_back);
  if (memory_from != 0) json.member("memoryFrom", memory_from);
  json.member("sequence", source.next_bar_sequence()).member("resultsCount", bars.size() - first);
  json.key("results").begin_array();
  for (std::size_t i = first; i < bars.size(); ++i) append_result(json, bars[i], facts);
  call.reply.body = json.end_array().end_object().take();
}

}  // namespace ringside::gateway
