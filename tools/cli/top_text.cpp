// Owns how `ringside top` looks to a person. Pure functions of the samples; allocate.
#include "top_text.hpp"

#include <fmt/core.h>

#include "output.hpp"
#include "record_text.hpp"

namespace ringside::cli {

namespace {

constexpr std::size_t busiest_count = 8;

void add_heading(std::vector<std::string>& lines, std::string heading) {
  if (!lines.empty()) lines.emplace_back();
  lines.push_back(std::move(heading));
}

// Three digits: 850, 12.3, 4.56.
std::string short_number(std::uint64_t value, std::uint64_t unit) {
  const std::uint64_t hundredths = value * 100 / unit;
  if (hundredths < 1000) return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
  if (hundredths < 10'000) return fmt::format("{}.{}", hundredths / 100, hundredths / 10 % 10);
  return std::to_string(hundredths / 100);
}

std::string value_text(std::uint64_t value, std::string_view unit) {
  return unit == "ns" ? duration_text(value) : grouped(value);
}

void add_feeds(std::vector<std::string>& lines, const std::vector<FeedPair>& pairs,
               std::uint64_t ts_ns) {
  constexpr const char* line =
      "{:<15} {:<12} {:>11} {:>10} {:>8} {:>14} {:>11} {:>6} {:>9} {:>7} {:>7}";
  add_heading(lines, fmt::format(line, "FEED", "STATE", "SYMBOLS", "TICKS/S", "BARS/S", "TICKS",
                                 "BARS", "ARENA", "HEARTBEAT", "UP", "PID"));
  for (const FeedPair& pair : pairs) {
    const FeedSample& now = pair.now;
    if (!now.fault.empty()) {
      lines.push_back(fmt::format("{:<15} gone: {}", now.feed, now.fault));
      continue;
    }
    const std::uint64_t up_ns = ts_ns > now.ts_start ? ts_ns - now.ts_start : 0;
    const std::uint64_t percent = now.arena_bytes == 0 ? 0 : now.arena_used * 100 / now.arena_bytes;
    lines.push_back(fmt::format(line, now.feed, to_string(now.state),
                                fmt::format("{}/{}", now.symbol_count, now.symbol_capacity),
                                grouped(rate_of(pair.before, now, pair.before.ticks, now.ticks)),
                                grouped(rate_of(pair.before, now, pair.before.bars, now.bars)),
                                grouped(now.ticks), grouped(now.bars), fmt::format("{} %", percent),
                                duration_text(now.heartbeat_age_ns), duration_text(up_ns),
                                now.writer_pid));
  }
}

// Of the last interval; when nothing came in it, of everything since the feed began.
void add_latencies(std::vector<std::string>& lines, const std::vector<FeedPair>& pairs) {
  constexpr const char* line = "{:<15} {:<28} {:>9} {:>9} {:>9} {:>9} {:>12}  {}";
  bool is_first = true;
  for (const FeedPair& pair : pairs) {
    for (std::size_t i = 0; i < pair.now.latencies.size(); ++i) {
      const FeedSample::Latency& latency = pair.now.latencies[i];
      const bool has_before =
          pair.before.epoch == pair.now.epoch && i < pair.before.latencies.size();
      shm::HistogramSnapshot shown =
          has_before ? difference(pair.before.latencies[i].total, latency.total) : latency.total;
      const bool is_recent = has_before && shown.count > 0;
      if (!is_recent) shown = latency.total;
      if (shown.count == 0) continue;
      if (is_first) {
        add_heading(lines,
                    fmt::format(line, "LATENCY", "", "P50", "P99", "P99.9", "MAX", "COUNT", ""));
      }
      is_first = false;
      lines.push_back(fmt::format(
          line, pair.now.feed, latency.name, value_text(shown.percentile(0.5), latency.unit),
          value_text(shown.percentile(0.99), latency.unit),
          value_text(shown.percentile(0.999), latency.unit), value_text(shown.max, latency.unit),
          grouped(shown.count), is_recent ? "now" : "since start"));
    }
  }
}

void add_readers(std::vector<std::string>& lines, const std::vector<FeedPair>& pairs,
                 std::uint64_t ts_ns) {
  constexpr const char* line = "{:<15} {:<28} {:>8} {:>7} {:>15} {:>12} {:>12} {:>9}";
  bool is_first = true;
  for (const FeedPair& pair : pairs) {
    for (const shm::ReaderRecord& reader : pair.now.readers) {
      if (is_first) {
        add_heading(lines, fmt::format(line, "READERS", "", "PID", "WISHES", "RECEIVED", "LOST",
                                       "LAG", "REPORTED"));
      }
      is_first = false;
      const bool has_reported = reader.ts_report != 0 && reader.ts_report <= ts_ns;
      lines.push_back(fmt::format(
          line, pair.now.feed, shm::get_text(reader.name), reader.pid, reader.subscriptions,
          grouped(reader.received), grouped(reader.lost), grouped(reader.pending),
          has_reported ? duration_text(ts_ns - reader.ts_report) : std::string("-")));
    }
  }
}

void add_busiest(std::vector<std::string>& lines, const std::vector<FeedPair>& pairs) {
  bool is_first = true;
  for (const FeedPair& pair : pairs) {
    std::string text;
    for (const SymbolRate& rate : busiest(pair.before, pair.now, busiest_count)) {
      text += fmt::format("{}{} {}", text.empty() ? "" : "  ", rate.symbol,
                          grouped(rate.records_per_s));
    }
    if (text.empty()) continue;
    if (is_first) add_heading(lines, fmt::format("{:<15} {}", "BUSIEST", "(records/s)"));
    is_first = false;
    lines.push_back(fmt::format("{:<15} {}", pair.now.feed, text));
  }
}

void add_errors(std::vector<std::string>& lines, const std::vector<FeedPair>& pairs,
                std::uint64_t ts_ns) {
  bool is_first = true;
  for (const FeedPair& pair : pairs) {
    for (const shm::ErrorRecord& error : pair.now.errors) {
      if (is_first) add_heading(lines, "ERRORS");
      is_first = false;
      const std::uint64_t age_ns = ts_ns > error.ts_last ? ts_ns - error.ts_last : 0;
      lines.push_back(fmt::format("{:<15} {:<28} {:>12}  {} ago: {}", pair.now.feed,
                                  shm::get_text(error.text), grouped(error.count),
                                  duration_text(age_ns), shm::get_text(error.example)));
    }
  }
}

void add_counters(std::vector<std::string>& lines, const std::vector<FeedPair>& pairs) {
  constexpr const char* line = "{:<15} {:<28} {:>18} {:>14}  {}";
  bool is_first = true;
  for (const FeedPair& pair : pairs) {
    for (std::size_t i = 0; i < pair.now.counters.size(); ++i) {
      const FeedSample::Number& counter = pair.now.counters[i];
      if (counter.value == 0) continue;
      if (is_first) add_heading(lines, fmt::format(line, "COUNTERS", "", "TOTAL", "/S", ""));
      is_first = false;
      const std::uint64_t before =
          i < pair.before.counters.size() ? pair.before.counters[i].value : 0;
      lines.push_back(fmt::format(line, pair.now.feed, counter.name, grouped(counter.value),
                                  grouped(rate_of(pair.before, pair.now, before, counter.value)),
                                  counter.unit));
    }
  }
}

}  // namespace

std::string grouped(std::uint64_t value) {
  std::string out = std::to_string(value);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, ",");
  return out;
}

std::string duration_text(std::uint64_t ns) {
  if (ns < 1'000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return short_number(ns, 1'000) + " us";
  if (ns < 1'000'000'000) return short_number(ns, 1'000'000) + " ms";
  const std::uint64_t seconds = ns / 1'000'000'000;
  if (seconds < 60) return short_number(ns, 1'000'000'000) + " s";
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86'400, seconds / 3600 % 24);
}

std::vector<std::string> top_lines(const std::vector<FeedPair>& pairs, std::string_view run_dir,
                                   std::uint64_t ts_ns) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("ringside top  {}  {}", instant_text(ts_ns).substr(0, 19), run_dir));
  if (pairs.empty()) {
    add_heading(lines, fmt::format("no feed runs in {} yet (ringside up starts them)", run_dir));
    return lines;
  }
  add_feeds(lines, pairs, ts_ns);
  add_latencies(lines, pairs);
  add_readers(lines, pairs, ts_ns);
  add_busiest(lines, pairs);
  add_errors(lines, pairs, ts_ns);
  add_counters(lines, pairs);
  for (std::string& line : lines) line = plain(std::move(line));
  return lines;
}

}  // namespace ringside::cli
