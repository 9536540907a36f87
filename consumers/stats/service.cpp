#include "service.hpp"

#include <algorithm>

#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"

namespace ringside::stats {

namespace {

constexpr std::uint64_t report_ns = 250 * ns_per_ms;
constexpr std::uint64_t show_ns = 50 * ns_per_ms;
constexpr std::uint64_t sleep_ns_max = 10 * ns_per_ms;
constexpr std::int64_t nap_ms = 1;
// An attach to a feed handler that hangs may hold the loop up this long; it still lives.
constexpr std::uint64_t loop_ns_max = 5 * ns_per_s;
constexpr int wishes_per_step = 256;

}  // namespace

// --- start ---------------------------------------------------------------------------------------

Result<Service::Options> Service::read_options(const Config& config) {
  Options options;
  options.run_dir = config.run_dir();
  for (const std::string& name : config.feeds("stats.feeds")) {
    const std::string section = "feed." + name + ".";
    const std::vector<std::string> symbols = config.list(section + "symbols");
    options.feeds.push_back(
        {.name = name,
         .is_options = config.text(section + "market") == "options",
         .is_wildcard = std::find(symbols.begin(), symbols.end(), "*") != symbols.end()});
  }
  if (options.feeds.empty()) {
    return Error{ErrorCode::config, 0, "stats.feeds: no feed to follow; none is enabled"};
  }
  options.bars.kinds.clear();
  for (const std::string& text : config.list("stats.bars")) {
    const auto kind = parse_bar_kind(text);
    if (kind) options.bars.kinds.push_back(*kind);  // the knob's choices allow nothing else
  }
  const auto ns_of = [&](std::string_view key) {
    return static_cast<std::uint64_t>(config.integer(key)) * ns_per_ms;
  };
  options.bars.lookback_ns = ns_of("stats.lookback_ms");
  options.bars.grace_ns = ns_of("stats.grace_ms");
  options.bars.idle_ns = ns_of("stats.idle_ms");
  options.day_ns = ns_of("stats.day_ms");
  options.bar_slots = static_cast<std::uint32_t>(config.integer("stats.slots"));
  options.bar_tape_slots = static_cast<std::uint32_t>(config.integer("stats.tape_slots"));
  options.symbol_count_max = static_cast<std::uint32_t>(config.integer("stats.symbol_count_max"));
  options.arena_bytes = static_cast<std::uint64_t>(config.integer("stats.memory_mib")) << 20;
  return options;
}

Result<std::unique_ptr<Service>> Service::start(const Options& options) {
  std::unique_ptr<Service> service(new Service);
  if (const Status status = service->serve(options); !status) return status.error();
  return service;
}

Status Service::serve(const Options& options) {
  options_ = options;
  shm::SegmentShape shape;
  shape.feed = "stats";
  shape.symbol_capacity = options.symbol_count_max;
  shape.tick_tape_slots = 1024;  // state changes only
  shape.bar_tape_slots = options.bar_tape_slots;
  shape.arena_bytes = options.arena_bytes;
  Result<std::unique_ptr<shm::SegmentWriter>> segment = shm::SegmentWriter::create(shape);
  if (!segment) {
    Error error = segment.error();
    error.what += "; of the statistics: stats.memory_mib, tape_slots, symbol_count_max";
    return error;
  }
  segment_ = std::move(*segment);
  counters_ = std::make_unique<ShownCounters>(*segment_);
  book_ = std::make_unique<SymbolBook>(*segment_, options.bar_slots);
  for (const Feed& feed : options.feeds) {
    FeedSource::Options source;
    source.name = feed.name;
    source.path = options.run_dir + "/" + feed.name + ".sock";
    source.number = static_cast<std::uint32_t>(sources_.size());
    source.is_options = feed.is_options;
    source.is_wildcard = feed.is_wildcard;
    source.bars = options.bars;
    sources_.push_back(std::make_unique<FeedSource>(source, *segment_, *book_));
  }
  segment_->set_state(shm::FeedState::connecting);
  segment_->mark_ready();
  loop_ns_.store(monotonic_ns(), std::memory_order_relaxed);  // relaxed: stands alone

  shm::ControlServer::Hooks hooks;
  hooks.want = [this](std::string_view symbol, std::uint32_t kinds) {
    return wishes_.want(symbol, kinds);
  };
  hooks.unwant = [this](std::string_view symbol, std::uint32_t kinds) {
    wishes_.unwant(symbol, kinds);
  };
  // The heartbeat is the control thread's, so that a feed handler which hangs while the loop talks
  // to it does not make this process look dead too.
  hooks.idle = [this] {
    const std::uint64_t now = monotonic_ns();
    const std::uint64_t loop = loop_ns_.load(std::memory_order_relaxed);  // relaxed: stands alone
    if (now < loop + loop_ns_max) segment_->beat(now);
  };
  Result<std::unique_ptr<shm::ControlServer>> server = shm::ControlServer::start(
      *segment_, {.path = options.run_dir + "/stats.sock", .linger_ms = options.linger_ms},
      std::move(hooks));
  if (!server) return server.error();
  server_ = std::move(*server);
  return {};
}

Service::~Service() {
  wishes_.close();
  server_.reset();
}

// --- the duty cycle ------------------------------------------------------------------------------

void Service::run(const std::function<bool()>& should_stop) {
  while (!should_stop()) {
    if (!step()) rest();
  }
  finish();
}

bool Service::step() {
  bool is_busy = false;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i]->poll() == 0) continue;
    is_busy = true;
    busy_source_ = i;
  }
  serve_wishes();
  const std::uint64_t now = monotonic_ns();
  loop_ns_.store(now, std::memory_order_relaxed);  // relaxed: stands alone
  work_timers(now);
  if (is_busy) has_napped_ = false;
  return is_busy;
}

// The nap lets a burst gather without costing the feed a wake-up for each record; only a feed that
// has been quiet for as long has to ring.
void Service::rest() {
  if (!has_napped_) {
    has_napped_ = true;
    (void)wait_stop(nap_ms);
    return;
  }
  sources_[busy_source_]->sleep(sleep_ns_max, [this] {
    return !wishes_.is_empty() ||
           std::any_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source->has_news(); });
  });
}

void Service::work_timers(std::uint64_t now) {
  if (now >= next_day_ns_) {
    next_day_ns_ = now + options_.day_ns;
    for (const auto& source : sources_) source->publish_days();
  }
  if (now >= next_report_ns_) {
    next_report_ns_ = now + report_ns;
    for (const auto& source : sources_) source->report();
  }
  if (now >= next_show_ns_) {
    next_show_ns_ = now + show_ns;
    show_state();
    show_counters();
  }
}

void Service::finish() {
  for (const auto& source : sources_) source->finish();
  segment_->set_state(shm::FeedState::ended);
  show_counters();
  segment_->ring_doorbell();
}

// --- wishes --------------------------------------------------------------------------------------

void Service::serve_wishes() {
  std::int64_t wait_ms = 0;
  for (int i = 0; i < wishes_per_step; ++i) {
    const std::shared_ptr<WishQueue::Wish> wish = wishes_.take(wait_ms);
    if (wish == nullptr) return;
    if (wish->is_want) {
      wishes_.answer(*wish, grant(*wish));
      wait_ms = 1;  // a consumer's list comes one symbol at a time
    } else {
      withdraw(*wish);
    }
  }
}

// An option's name says so; everything else is a stock.
FeedSource* Service::source_of(std::string_view symbol) noexcept {
  const bool is_option = symbol.substr(0, 2) == "O:";
  for (const auto& source : sources_) {
    if (source->options().is_options == is_option) return source.get();
  }
  return nullptr;
}

shm::SymbolAnswer Service::grant(const WishQueue::Wish& wish) {
  FeedSource* source = source_of(wish.symbol);
  if (source == nullptr) {
    return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::feed_gone};
  }
  const shm::SymbolAnswer answer = source->want(wish.symbol);
  if (answer.reason == shm::RefuseReason::none) wished_[wish.symbol] |= wish.kinds;
  return answer;
}

// Whatever kind of bar a consumer wants, it is trades that the feed is asked for.
void Service::withdraw(const WishQueue::Wish& wish) {
  const auto found = wished_.find(wish.symbol);
  if (found == wished_.end()) return;
  found->second &= ~wish.kinds;
  if (found->second != 0) return;
  wished_.erase(found);
  if (FeedSource* source = source_of(wish.symbol); source != nullptr) {
    source->unwant(wish.symbol);
  }
}

// --- what it tells about itself ------------------------------------------------------------------

void Service::show_state() {
  std::vector<shm::FeedState> states;
  for (const auto& source : sources_) states.push_back(source->state());
  const shm::FeedState state = combine_states(states);
  const shm::FeedState before = segment_->state();
  if (state == before) return;
  segment_->set_state(state);
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::status;
  record.ts_event = record.ts_recv = wall_ns();
  record.status = {static_cast<std::uint32_t>(state), static_cast<std::uint32_t>(before), {}};
  segment_->publish(record);
  segment_->ring_doorbell();
  log::info("state {} (was {})", shm::to_string(state), shm::to_string(before));
}

void Service::show_counters() {
  std::vector<const FeedSource*> sources;
  for (const auto& source : sources_) sources.push_back(source.get());
  counters_->show(sources);
}

// --- the program ---------------------------------------------------------------------------------

Status run(const Config& config) {
  const Result<Service::Options> options = Service::read_options(config);
  if (!options) return options.error();
  if (Status status = make_private_dir(options->run_dir); !status) return status;
  const Result<LockFile> lock = LockFile::acquire(options->run_dir + "/stats.lock");
  if (!lock) return lock.error();
  const Result<std::unique_ptr<Service>> service = Service::start(*options);
  if (!service) return service.error();
  log::info("serving {}/stats.sock, epoch {}", options->run_dir, (*service)->segment().epoch());
  (*service)->run([] { return stop_requested(); });
  log::info("stopped");
  return {};
}

}  // namespace ringside::stats
