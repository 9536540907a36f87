// Owns `ringside ls`: every symbol of every feed with its state, counts and last values. Main
// thread; allocates.
#include <fmt/core.h>

#include <algorithm>

#include "feeds.hpp"
#include "output.hpp"
#include "record_text.hpp"
#include "ringside/base/json_writer.hpp"
#include "verbs.hpp"

namespace ringside::cli {

namespace {

struct Row {
  std::string feed;
  std::string symbol;
  std::string state;
  std::uint64_t tick_count = 0;
  std::uint64_t bar_count = 0;
  bool has_trade = false;
  bool has_quote = false;
  bool has_bar = false;
  shm::TickRecord trade = shm::empty_tick();
  shm::TickRecord quote = shm::empty_tick();
  shm::BarRecord bar = shm::empty_bar();  // of a minute, else of a second
  RecordContext context = {};
};

Row read_row(const shm::SegmentView& segment, const std::string& feed, std::uint32_t id) {
  Row row{.feed = feed,
          .symbol = std::string(segment.symbols().text(id)),
          .state = std::string(to_string(segment.symbols().state(id))),
          .tick_count = ring_head(segment.tick_ring(id)),
          .bar_count = ring_head(segment.bar_ring(id))};
  const shm::LastReader last = segment.last(id);
  if (last.is_open()) {
    row.has_trade = last.trade(row.trade) == shm::ReadStatus::ok;
    row.has_quote = last.quote(row.quote) == shm::ReadStatus::ok;
    row.has_bar =
        last.bar_1m(row.bar) == shm::ReadStatus::ok || last.bar_1s(row.bar) == shm::ReadStatus::ok;
  }
  row.context.venue_base = segment.facts().venue_base;
  row.context.size_digits = static_cast<unsigned>(-segment.facts().size_exponent);
  return row;
}

std::vector<Row> read_rows(const std::vector<AttachedFeed>& feeds) {
  std::vector<Row> rows;
  for (const AttachedFeed& feed : feeds) {
    const shm::SegmentView& segment = *feed.client->segment();
    const std::size_t first = rows.size();
    for (std::uint32_t id = 0; id < segment.symbols().size(); ++id) {
      rows.push_back(read_row(segment, feed.name, id));
    }
    std::sort(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(),
              [](const Row& a, const Row& b) { return a.symbol < b.symbol; });
  }
  return rows;
}

void print_text(const std::vector<Row>& rows) {
  constexpr const char* line = "{:<8} {:<24} {:<8} {:>10} {:>8} {:>12} {:>10}  {}";
  put_line(
      fmt::format(line, "FEED", "SYMBOL", "STATE", "TICKS", "BARS", "LAST", "SIZE", "BID / ASK"));
  for (const Row& row : rows) {
    const unsigned digits = row.context.size_digits;
    const std::string last = row.has_trade ? price_text(row.trade.trade.price)
                             : row.has_bar ? price_text(row.bar.close)
                                           : "-";
    const std::string size = row.has_trade ? size_text(row.trade.trade.size, digits) : "-";
    const std::string quote = row.has_quote ? price_text(row.quote.quote.bid_px) + " / " +
                                                  price_text(row.quote.quote.ask_px)
                                            : "-";
    put_line(fmt::format(line, row.feed, row.symbol, row.state, row.tick_count, row.bar_count, last,
                         size, quote));
  }
}

template <class Record>
void write_last(JsonWriter& json, std::string_view name, bool is_there, const Record& record,
                const Row& row) {
  json.key(name);
  if (!is_there) {
    json.null();
    return;
  }
  RecordContext context = row.context;
  context.feed = row.feed;
  context.symbol = row.symbol;
  context.sequence = record.stamp / 2 - 1;  // how often this last value was written before
  write_record(json, record, context);
}

void print_json(const std::vector<Row>& rows) {
  JsonWriter json;
  json.begin_array();
  for (const Row& row : rows) {
    json.begin_object();
    json.member("feed", row.feed).member("symbol", row.symbol).member("state", row.state);
    json.member("ticks", row.tick_count).member("bars", row.bar_count);
    write_last(json, "trade", row.has_trade, row.trade, row);
    write_last(json, "quote", row.has_quote, row.quote, row);
    write_last(json, "bar", row.has_bar, row.bar, row);
    json.end_object();
  }
  json.end_array();
  put_line(json.text());
}

}  // namespace

Status run_ls(const Config& config, const LsOptions& options) {
  const Result<std::vector<AttachedFeed>> feeds =
      attach_feeds(config.run_dir(), options.feed, "ringside ls");
  if (!feeds) return feeds.error();
  const std::vector<Row> rows = read_rows(*feeds);
  if (options.is_json) {
    print_json(rows);
  } else {
    print_text(rows);
  }
  return {};
}

}  // namespace ringside::cli
