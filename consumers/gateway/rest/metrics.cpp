// Owns the text that Prometheus reads: every counter and histogram of every attached segment, who
// reads it and how far behind, and the gateway's own counters.
#include <map>

#include "rest/api.hpp"

namespace ringside::gateway {

namespace {

// Samples of one metric must stand together, whatever segment they come from.
class Exposition {
 public:
  void add(const std::string& name, std::string_view type, std::string_view help,
           const std::string& labels, std::uint64_t value) {
    add_line(name, type, help, name + labels, value);
  }

  void add_summary(const std::string& name, const std::string& help, const std::string& feed,
                   const shm::HistogramSnapshot& histogram) {
    constexpr std::pair<double, std::string_view> shares[] = {
        {0.5, "0.5"}, {0.99, "0.99"}, {0.999, "0.999"}, {1.0, "1"}};
    for (const auto& [share, text] : shares) {
      const std::string labels = "{feed=\"" + feed + "\",quantile=\"" + std::string(text) + "\"}";
      add_line(name, "summary", help, name + labels,
               share == 1.0 ? histogram.max : histogram.percentile(share));
    }
    const std::string labels = "{feed=\"" + feed + "\"}";
    add_line(name, "summary", help, name + "_sum" + labels, histogram.sum);
    add_line(name, "summary", help, name + "_count" + labels, histogram.count);
  }

  void write(std::string& out) const {
    for (const auto& [name, metric] : metrics_) {
      out.append("# HELP ").append(name).append(" ").append(metric.help);
      out.append("\n# TYPE ").append(name).append(" ").append(metric.type).append("\n");
      out += metric.samples;
    }
  }

 private:
  struct Metric {
    std::string type = {};
    std::string help = {};
    std::string samples = {};
  };

  void add_line(const std::string& name, std::string_view type, std::string_view help,
                const std::string& sample, std::uint64_t value) {
    Metric& metric = metrics_[name];
    if (metric.type.empty()) {
      metric.type = type;
      metric.help = help;
    }
    metric.samples += sample + ' ' + std::to_string(value) + '\n';
  }

  std::map<std::string, Metric> metrics_;
};

// Letters, digits and '_': names come from memory another process writes.
std::string metric_name(std::string_view prefix, std::string_view name) {
  std::string out(prefix);
  for (const char c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += is_plain ? c : '_';
  }
  return out;
}

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    out += is_plain ? c : '_';
  }
  return out;
}

std::string unit_suffix(std::string_view unit) {
  return unit.empty() ? std::string() : metric_name("_", unit);
}

void add_segment(Exposition& out, const Feed& feed) {
  const std::string name = label_value(feed.name());
  const std::string labels = "{feed=\"" + name + "\"}";
  out.add("ringside_feed_attached", "gauge", "Whether the feed is attached", labels,
          feed.is_attached() ? 1 : 0);
  const Feed::Account account = feed.account();
  out.add("ringside_gateway_records_received_total", "counter", "Records read from the tapes",
          labels, account.received);
  out.add("ringside_gateway_records_lost_total", "counter",
          "Records overwritten before the gateway came", labels, account.lost);
  out.add("ringside_gateway_records_pending", "gauge", "Records published and not read yet", labels,
          account.pending);
  const SegmentPtr segment = feed.segment();
  if (segment == nullptr) return;
  out.add("ringside_feed_symbols", "gauge", "Symbols in the directory", labels,
          segment->symbols().size());
  out.add("ringside_feed_heartbeat_age_ns", "gauge", "Age of the writer's heartbeat", labels,
          segment->heartbeat_age_ns());
  for (const shm::CounterValue& counter : segment->counters()) {
    // Some are levels: only the segment's writer knows which.
    out.add(metric_name("ringside_feed_", counter.name), "untyped",
            "Counter of the segment, in " +
                (counter.unit.empty() ? std::string("pieces") : label_value(counter.unit)),
            labels, counter.value);
  }
  for (const auto& histogram : segment->histograms()) {
    const std::string metric =
        metric_name("ringside_feed_", histogram.name) + unit_suffix(histogram.unit);
    out.add_summary(metric, "Histogram of the segment", name, histogram.snapshot);
  }
  for (const shm::ErrorRecord& error : segment->errors()) {
    out.add("ringside_feed_errors_total", "counter", "Errors by kind",
            "{feed=\"" + name + "\",kind=\"" + label_value(shm::get_text(error.text)) + "\"}",
            error.count);
  }
  for (const shm::ReaderRecord& reader : segment->readers()) {
    const std::string who = "{feed=\"" + name + "\",reader=\"" +
                            label_value(shm::get_text(reader.name)) + "\",pid=\"" +
                            std::to_string(reader.pid) + "\"}";
    out.add("ringside_reader_received_total", "counter", "Records a reader reports as read", who,
            reader.received);
    out.add("ringside_reader_lost_total", "counter", "Records a reader reports as lost", who,
            reader.lost);
    out.add("ringside_reader_pending", "gauge", "Records a reader is behind", who, reader.pending);
  }
}

}  // namespace

void append_metrics(std::string& out, const Feeds& feeds, const Counters& counters,
                    const Gauges& gauges) {
  Exposition exposition;
  for (std::size_t i = 0; i < feeds.count(); ++i) add_segment(exposition, feeds.feed(i));
  add_segment(exposition, feeds.stats());
  exposition.add("ringside_gateway_clients", "gauge", "WebSocket clients", "", gauges.clients);
  exposition.add("ringside_gateway_connections", "gauge", "Connections of any kind", "",
                 gauges.connections);
  exposition.add("ringside_gateway_backlog_bytes", "gauge", "Bytes waiting for clients", "",
                 gauges.backlog_bytes);
  for (const CounterName& each : counter_names) {
    exposition.add("ringside_gateway_" + std::string(each.name) + "_total", "counter", each.help,
                   "", counters.*each.value);
  }
  for (std::size_t i = 0; i < channel_count; ++i) {
    exposition.add("ringside_gateway_dropped_total", "counter",
                   "Messages that slow clients were not sent and were told of",
                   "{channel=\"" + std::string(channel_names[i]) + "\"}", counters.dropped[i]);
  }
  exposition.write(out);
}

}  // namespace ringside::gateway
