#include "recorder.hpp"

#include <algorithm>

#include "ringside/base/log.hpp"

namespace ringside::recorder {
namespace {

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t s_ns = 1'000'000'000;
constexpr std::size_t feed_chars_max = 15;
constexpr std::int64_t stop_look_ms = 60'000;

std::uint64_t unsigned_of(const Config& config, std::string_view key) {
  return static_cast<std::uint64_t>(config.integer(key));
}

constexpr std::string_view stats_feed = "stats";  // the segment ringside-stats publishes

Market market_of(const Config& config, const std::string& feed) {
  return config.text("feed." + feed + ".market") == "options" ? Market::options : Market::stocks;
}

/// A feed's name becomes part of file names.
Status check_feed(const std::vector<RecorderOptions::Feed>& before, const std::string& feed) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (feed.empty() || feed.size() > feed_chars_max ||
      !std::all_of(feed.begin(), feed.end(), is_plain)) {
    return Error{ErrorCode::config, 0,
                 "recorder.feeds: '" + feed + "' does not fit a file name: 1 to " +
                     std::to_string(feed_chars_max) + " of a-z, A-Z, 0-9 and _"};
  }
  const bool is_twice = std::any_of(before.begin(), before.end(),
                                    [&feed](const auto& other) { return other.name == feed; });
  if (!is_twice) return {};
  return Error{ErrorCode::config, 0, "recorder.feeds: '" + feed + "' is named twice"};
}

}  // namespace

Result<RecorderOptions> recorder_options(const Config& config) {
  RecorderOptions options;
  options.run_dir = config.run_dir();
  options.dir = config.text("recorder.dir");
  if (options.dir.empty()) options.dir = options.run_dir + "/recordings";
  for (const std::string& feed : config.feeds("recorder.feeds")) {
    if (auto status = check_feed(options.feeds, feed); !status) return status.error();
    options.feeds.push_back({feed, market_of(config, feed)});
  }
  if (config.boolean("recorder.stats")) {
    options.feeds.push_back({std::string(stats_feed), Market::derived});
  }
  if (options.feeds.empty()) {
    return Error{ErrorCode::config, 0, "recorder.feeds: no feed is enabled, nothing to record"};
  }
  const std::vector<std::string> schemas = config.list("recorder.schemas");
  const auto has = [&schemas](std::string_view name) {
    return std::find(schemas.begin(), schemas.end(), name) != schemas.end();
  };
  CaptureOptions& capture = options.capture;
  capture.has_trades = has("trades");
  capture.has_quotes = has("cmbp-1");
  capture.has_bars_1s = has("ohlcv-1s");
  capture.has_bars_1m = has("ohlcv-1m");
  capture.span_ns = unsigned_of(config, "recorder.roll_s") * s_ns;
  capture.flush_ns = unsigned_of(config, "recorder.flush_ms") * ms_ns;
  capture.sync_ns = unsigned_of(config, "recorder.sync_ms") * ms_ns;
  capture.bar_hold_ns = unsigned_of(config, "recorder.bar_hold_ms") * ms_ns;
  capture.buffers.buffer_count = unsigned_of(config, "recorder.buffer_count");
  capture.buffers.buffer_bytes = unsigned_of(config, "recorder.buffer_bytes");
  return options;
}

Result<std::unique_ptr<Recorder>> Recorder::start(const RecorderOptions& options) {
  auto keeper = Keeper::open(options.dir);
  if (!keeper) return keeper.error();
  std::unique_ptr<Recorder> recorder(new Recorder(std::move(*keeper)));
  for (const RecorderOptions::Feed& feed : options.feeds) {
    FeedLink& link = recorder->keeper_->add_feed(feed.name, dataset_of(feed.market, feed.name));
    CaptureOptions capture = options.capture;
    capture.dir = options.dir;
    capture.market = feed.market;
    auto follower = Follower::create({.feed = feed.name,
                                      .socket_path = options.run_dir + "/" + feed.name + ".sock",
                                      .capture = std::move(capture)},
                                     link);
    if (!follower) return follower.error();
    recorder->followers_.push_back(std::move(*follower));
  }
  recorder->keeper_->start();
  for (auto& follower : recorder->followers_) follower->start();
  return recorder;
}

Recorder::~Recorder() {
  stop();
}

void Recorder::stop() {
  for (auto& follower : followers_) follower->stop();
  keeper_->stop();
}

Status run(const Config& config) {
  auto options = recorder_options(config);
  if (!options) return options.error();
  if (config.text("recorder.dir").empty()) {
    if (auto status = make_private_dir(options->run_dir); !status) return status;
  }
  auto recorder = Recorder::start(*options);
  if (!recorder) return recorder.error();
  log::info("recording to {}", options->dir);
  while (!wait_stop(stop_look_ms)) {
  }
  (*recorder)->stop();
  return {};
}

}  // namespace ringside::recorder
