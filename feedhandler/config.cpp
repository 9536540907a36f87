#include "config.hpp"

#include <unistd.h>

#include <algorithm>
#include <random>

#include "ringside/base/clock.hpp"

namespace ringside::feed {

namespace {

constexpr std::size_t feed_name_bytes_max = 15;  // SegmentFacts::feed

// The knobs of one feed, without the prefix.
class FeedKnobs {
 public:
  FeedKnobs(const Config& config, std::string_view name)
      : config_(config), prefix_("feed." + std::string(name) + ".") {}

  [[nodiscard]] std::string text(std::string_view key) const { return config_.text(full(key)); }
  [[nodiscard]] std::vector<std::string> list(std::string_view key) const {
    return config_.list(full(key));
  }
  [[nodiscard]] bool boolean(std::string_view key) const { return config_.boolean(full(key)); }
  template <class T = std::uint64_t>
  [[nodiscard]] T integer(std::string_view key) const {
    return static_cast<T>(config_.integer(full(key)));
  }

 private:
  [[nodiscard]] std::string full(std::string_view key) const { return prefix_ + std::string(key); }
  const Config& config_;
  std::string prefix_;
};

WaitMode parse_wait(std::string_view text) noexcept {
  if (text == "spin") return WaitMode::spin;
  if (text == "block") return WaitMode::block;
  return WaitMode::adaptive;
}

shm::SegmentShape read_shape(const FeedKnobs& knobs, Market market) {
  shm::SegmentShape shape;
  shape.symbol_capacity = knobs.integer<std::uint32_t>("symbol_count_max");
  shape.tick_tape_slots = knobs.integer<std::uint32_t>("tape_slots");
  shape.bar_tape_slots = std::max(1024U, shape.tick_tape_slots / 16);
  shape.arena_bytes = knobs.integer("memory_mib") << 20;
  shape.wants_huge_pages = knobs.boolean("huge_pages");
  shape.venue_base = massive::venue_base(market);
  return shape;
}

Result<RingClasses> read_rings(const FeedKnobs& knobs) {
  RingClasses rings({.ticks = knobs.integer<std::uint32_t>("default_slots"),
                     .bars = knobs.integer<std::uint32_t>("bar_slots")});
  for (const std::string& rule : knobs.list("slots_for")) {
    if (const Status status = rings.add(rule); !status) return status.error();
  }
  return rings;
}

Session::Options read_session(const FeedKnobs& knobs) {
  Session::Options options;
  options.backoff_ns_min = knobs.integer("backoff_ms_min") * 1'000'000;
  options.backoff_ns_max = knobs.integer("backoff_ms_max") * 1'000'000;
  options.attempts_max = knobs.integer<std::uint32_t>("connect_attempts_max");
  options.subscriptions.symbol_count_max = knobs.integer("symbol_count_max") + 1;  // and "*"
  options.seed = std::random_device{}() ^ monotonic_ns();
  return options;
}

}  // namespace

Result<FeedConfig> read_feed_config(const Config& config, std::string_view name) {
  const FeedKnobs knobs(config, name);
  if (name.size() > feed_name_bytes_max) {
    return Error{ErrorCode::config, 0,
                 "feed name '" + std::string(name) + "' is longer than 15 characters"};
  }
  if (knobs.integer("backoff_ms_min") > knobs.integer("backoff_ms_max")) {
    return Error{ErrorCode::config, 0,
                 "feed." + std::string(name) + ".backoff_ms_min is larger than backoff_ms_max"};
  }
  Result<std::string> key = read_feed_key(config, name);
  if (!key) return key.error();

  FeedConfig feed;
  feed.name = name;
  feed.socket_path = config.run_dir() + "/" + feed.name + ".sock";
  feed.lock_path = config.run_dir() + "/" + feed.name + ".lock";
  feed.ca_file = knobs.text("ca_file");
  feed.linger_ms = knobs.integer<std::uint32_t>("linger_ms");

  FeedLoop::Options& loop = feed.loop;
  loop.feed = feed.name;
  loop.market = knobs.text("market") == "options" ? Market::options : Market::stocks;
  loop.channels = 0;
  for (const std::string& channel : knobs.list("channels")) {
    loop.channels |= massive::parse_channel(channel);
  }
  loop.symbols = knobs.list("symbols");
  loop.wait = parse_wait(knobs.text("wait"));
  loop.cpu = knobs.integer<int>("cpu");
  Result<RingClasses> rings = read_rings(knobs);
  if (!rings) return rings.error();
  loop.publisher.rings = std::move(*rings);
  loop.line.host = knobs.text("host");
  loop.line.port = knobs.integer<std::uint16_t>("port");
  loop.line.target = knobs.text("path");
  loop.line.is_delayed = loop.line.host.starts_with("delayed");
  loop.line.decoder.event.market = loop.market;
  loop.line.decoder.event.quote_size_multiplier =
      knobs.integer<std::uint32_t>("quote_size_multiplier");
  if (loop.line.is_delayed) loop.line.decoder.event.flags = shm::flag_delayed;
  loop.line.session = read_session(knobs);
  loop.line.session.key = *key;
  feed.shape = read_shape(knobs, loop.market);
  return feed;
}

}  // namespace ringside::feed
