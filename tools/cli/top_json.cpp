// Owns how `ringside top --format json` looks. Pure functions of the samples; allocate.
#include "ringside/base/json_writer.hpp"
#include "top_text.hpp"

namespace ringside::cli {

namespace {

constexpr std::size_t busiest_count = 32;

void write_percentiles(JsonWriter& json, std::string_view name,
                       const shm::HistogramSnapshot& histogram) {
  json.key(name).begin_object().member("count", histogram.count);
  json.member("p50", histogram.percentile(0.5)).member("p99", histogram.percentile(0.99));
  json.member("p99_9", histogram.percentile(0.999)).member("max", histogram.max);
  json.end_object();
}

void write_counters(JsonWriter& json, const FeedPair& pair) {
  json.key("counters").begin_object();
  for (std::size_t i = 0; i < pair.now.counters.size(); ++i) {
    const FeedSample::Number& counter = pair.now.counters[i];
    const std::uint64_t before =
        i < pair.before.counters.size() ? pair.before.counters[i].value : 0;
    json.key(counter.name).begin_object();
    json.member("value", counter.value).member("unit", counter.unit);
    json.member("per_s", rate_of(pair.before, pair.now, before, counter.value)).end_object();
  }
  json.end_object();
}

void write_latencies(JsonWriter& json, const FeedPair& pair) {
  json.key("latency").begin_object();
  for (std::size_t i = 0; i < pair.now.latencies.size(); ++i) {
    const FeedSample::Latency& latency = pair.now.latencies[i];
    const bool has_before = pair.before.epoch == pair.now.epoch && i < pair.before.latencies.size();
    json.key(latency.name).begin_object().member("unit", latency.unit);
    write_percentiles(json, "total", latency.total);
    if (has_before) {
      write_percentiles(json, "interval",
                        difference(pair.before.latencies[i].total, latency.total));
    }
    json.end_object();
  }
  json.end_object();
}

void write_readers(JsonWriter& json, const FeedSample& now) {
  json.key("readers").begin_array();
  for (const shm::ReaderRecord& reader : now.readers) {
    json.begin_object().member("name", shm::get_text(reader.name)).member("pid", reader.pid);
    json.member("wishes", reader.subscriptions).member("received", reader.received);
    json.member("lost", reader.lost).member("lag", reader.pending);
    json.member("ts_report", std::to_string(reader.ts_report)).end_object();
  }
  json.end_array();
}

void write_errors(JsonWriter& json, const FeedSample& now) {
  json.key("errors").begin_array();
  for (const shm::ErrorRecord& error : now.errors) {
    json.begin_object().member("kind", shm::get_text(error.text)).member("count", error.count);
    json.member("ts_first", std::to_string(error.ts_first));
    json.member("ts_last", std::to_string(error.ts_last));
    json.member("example", shm::get_text(error.example)).end_object();
  }
  json.end_array();
}

void write_feed(JsonWriter& json, const FeedPair& pair) {
  const FeedSample& now = pair.now;
  json.begin_object().member("feed", now.feed);
  if (!now.fault.empty()) {
    json.member("state", "gone").member("fault", now.fault).end_object();
    return;
  }
  json.member("state", to_string(now.state)).member("epoch", std::to_string(now.epoch));
  json.member("pid", now.writer_pid).member("heartbeat_age_ns", now.heartbeat_age_ns);
  json.member("symbols", now.symbol_count).member("symbol_capacity", now.symbol_capacity);
  json.member("symbols_live", now.live_count).member("symbols_pending", now.pending_count);
  json.member("symbols_refused", now.refused_count);
  json.member("ticks", now.ticks).member("bars", now.bars);
  json.member("ticks_per_s", rate_of(pair.before, now, pair.before.ticks, now.ticks));
  json.member("bars_per_s", rate_of(pair.before, now, pair.before.bars, now.bars));
  json.member("arena_used", now.arena_used).member("arena_bytes", now.arena_bytes);
  write_latencies(json, pair);
  write_readers(json, now);
  json.key("busiest").begin_array();
  for (const SymbolRate& rate : busiest(pair.before, now, busiest_count)) {
    json.begin_object().member("symbol", rate.symbol);
    json.member("records_per_s", rate.records_per_s).end_object();
  }
  json.end_array();
  write_errors(json, now);
  write_counters(json, pair);
  json.end_object();
}

}  // namespace

std::string top_json(const std::vector<FeedPair>& pairs, std::string_view run_dir,
                     std::uint64_t ts_ns) {
  JsonWriter json;
  json.begin_object().member("ts", std::to_string(ts_ns)).member("run_dir", run_dir);
  json.key("feeds").begin_array();
  for (const FeedPair& pair : pairs) write_feed(json, pair);
  json.end_array().end_object();
  return json.take();
}

}  // namespace ringside::cli
