#include "feeds.hpp"

#include <algorithm>
#include <map>

#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"

namespace ringside::gateway {

namespace {

constexpr int batches_per_turn = 256;  // of each feed; then the sockets are served again
constexpr std::uint64_t retry_ns = 100'000'000;
constexpr int answer_ms_max = 1000;  // meanwhile nobody is served
constexpr std::uint64_t slow_attach_ns = 900'000'000;

LiveState from_feed(shm::FeedState state) noexcept {
  switch (state) {
    case shm::FeedState::live:
      return LiveState::live;
    case shm::FeedState::delayed:
      return LiveState::delayed;
    case shm::FeedState::closed:
      return LiveState::closed;
    case shm::FeedState::offline:
      return LiveState::offline;
    case shm::FeedState::starting:
    case shm::FeedState::connecting:
    case shm::FeedState::reconnecting:
    case shm::FeedState::ended:
      return LiveState::reconnecting;
  }
  return LiveState::reconnecting;  // a word of another version
}

}  // namespace

std::string_view to_string(LiveState state) noexcept {
  switch (state) {
    case LiveState::live:
      return "live";
    case LiveState::delayed:
      return "delayed";
    case LiveState::closed:
      return "closed";
    case LiveState::reconnecting:
      return "reconnecting";
    case LiveState::offline:
      return "offline";
  }
  return "offline";
}

// --- one feed ----------------------------------------------------------------------------------

Feed::Feed(std::string name, const std::string& run_dir, std::uint64_t retry)
    : name_(std::move(name)),
      client_({.path = run_dir + "/" + name_ + ".sock",
               .name = "gateway",
               .retry_ns = retry,
               .answer_ms_max = answer_ms_max}) {}

bool Feed::poll(std::uint64_t now) {
  if (now < poll_next_ns_) return false;
  const std::uint64_t begin = monotonic_ns();
  const shm::FeedEvent event = client_.poll(now);
  // A feed handler that stands still lets us connect and does not answer; each try waits for it.
  // The sockets are served nine tenths of the time all the same.
  const std::uint64_t took_ns = monotonic_ns() - begin;
  if (!client_.is_attached() && took_ns > slow_attach_ns) poll_next_ns_ = begin + 10 * took_ns;
  if (event == shm::FeedEvent::attached) attach(!was_attached_);
  if (event == shm::FeedEvent::lost) log::warn("{}: {}", name_, client_.last_error());
  if (event == shm::FeedEvent::resumed) log::info("{}: attached again, same epoch", name_);
  if (client_.is_attached()) {
    state_ = from_feed(client_.segment()->state());
  } else if (was_attached_) {
    state_ = LiveState::reconnecting;
  }
  return event == shm::FeedEvent::attached;
}

// The first time we begin with what comes next: clients get the past as last values. After a
// restart we begin with the epoch's first record, so that nothing of it is missed.
void Feed::attach(bool is_first) {
  earlier_ = account();
  earlier_.lost += earlier_.pending;  // a dead writer's last record may never be whole
  earlier_.pending = 0;
  const auto start = is_first ? shm::StartAt::newest : shm::StartAt::oldest;
  const SegmentPtr segment = client_.segment();
  ticks_ = shm::TapeReader(segment->tick_tape(), start);
  bars_ = shm::BarTapeReader(segment->bar_tape(), start);
  was_attached_ = true;
  log::info("{}: attached, epoch {}", name_, segment->epoch());
}

Feed::Account Feed::account() const noexcept {
  Account out = earlier_;
  if (!ticks_.is_open()) return out;
  out.received += ticks_.received() + bars_.received();
  out.lost += ticks_.lost() + bars_.lost();
  out.pending = ticks_.pending() + bars_.pending();
  return out;
}

void Feed::report() noexcept {
  const Account now = account();
  client_.report(now.received, now.lost, now.pending);
}

// --- all of them -------------------------------------------------------------------------------

Feeds::Feeds(const Settings& settings, Topics& topics, Fanout& fanout, Shared& shared)
    : topics_(topics), fanout_(fanout), shared_(shared) {
  for (const FeedSettings& feed : settings.feeds) {
    feeds_.push_back(std::make_unique<Feed>(feed.name, settings.run_dir, retry_ns));
  }
  stats_ = std::make_unique<Feed>("stats", settings.run_dir, 5 * retry_ns);
}

bool Feeds::pump() {
  ++shared_.turn;
  shared_.is_pressed = false;
  bool is_done = true;
  int batches = 0;
  const auto go_on = [&] { return batches++ < batches_per_turn && !shared_.is_pressed; };
  for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
    batches = 0;
    const bool is_read = feeds_[i]->read(
        [&](std::span<const shm::TickRecord> records) { give(i, records); },
        [&](std::span<const shm::BarRecord> records) {
          const std::uint64_t ring_ns = wall_ns();
          for (const shm::BarRecord& record : records) fanout_.on_bar(i, record, ring_ns);
        },
        [&](std::uint64_t lost) { fanout_.on_loss(i, feeds_[i]->name(), "lapped", lost); }, go_on);
    is_done = is_done && is_read;
  }
  batches = 0;
  const bool is_read = stats_->read(
      [](std::span<const shm::TickRecord>) {},
      [&](std::span<const shm::BarRecord> records) {
        const std::uint64_t ring_ns = wall_ns();
        for (const shm::BarRecord& record : records) fanout_.on_stats_bar(record, ring_ns);
      },
      [](std::uint64_t) {},  // counted by the reader; the next bar repeats the day's figures
      go_on);
  return !is_done || !is_read;
}

void Feeds::give(std::uint32_t feed, std::span<const shm::TickRecord> records) {
  const std::uint64_t ring_ns = wall_ns();
  for (const shm::TickRecord& record : records) {
    if (record.kind == shm::Kind::gap) {
      fanout_.on_loss(feed, feeds_[feed]->name(), "gap", record.gap.count);
    } else {
      fanout_.on_tick(feed, record, ring_ns);
    }
  }
}

bool Feeds::watch(std::uint64_t now) {
  bool has_changed = false;
  for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
    Feed& feed = *feeds_[i];
    const LiveState before = feed.state();
    if (feed.poll(now)) topics_.attach(i, feed.segment());
    has_changed = has_changed || feed.state() != before;
  }
  if (stats_->poll(now)) topics_.attach_stats(stats_->segment());
  return has_changed;
}

void Feeds::report() {
  for (const auto& feed : feeds_) feed->report();
  stats_->report();
}

void Feeds::settle_wishes() {
  if (!fanout_.has_wishes()) return;
  using Batches = std::map<std::uint32_t, std::vector<std::string>>;  // Want bits -> symbols
  std::vector<Batches> added(feeds_.size());
  std::vector<Batches> gone(feeds_.size());
  fanout_.settle_wishes([&](const Topic& topic, std::uint32_t wanted, std::uint32_t held) {
    if ((wanted & ~held) != 0) added[topic.feed][wanted & ~held].push_back(topic.symbol);
    if ((held & ~wanted) != 0) gone[topic.feed][held & ~wanted].push_back(topic.symbol);
  });
  for (std::uint32_t i = 0; i < feeds_.size(); ++i) {
    shm::FeedClient& client = feeds_[i]->client();
    for (const auto& [kinds, symbols] : gone[i]) client.unsubscribe(symbols, kinds);
    for (const auto& [kinds, symbols] : added[i]) {
      for (const shm::SymbolStatus& status : client.subscribe(symbols, kinds)) {
        if (status.state == shm::SymbolState::refused) refuse(i, status);
      }
    }
  }
}

void Feeds::refuse(std::uint32_t feed, const shm::SymbolStatus& status) {
  Topic* const topic = topics_.find(status.symbol);
  if (topic == nullptr || topic->feed != feed) return;
  topic->held = 0;  // asked again when somebody subscribes to it again
  JsonWriter json;
  json.begin_object().member("type", "error").member("code", "symbol_refused");
  json.member("message",
              "the feed refuses " + status.symbol + ": " + std::string(to_string(status.reason)));
  json.member("field", "symbols").member("symbol", status.symbol);
  json.member("reason", to_string(status.reason));
  json.member("timestamp", wall_ns() / 1'000'000).end_object();
  std::vector<Client*> told;
  for (const auto& list : topic->lists) {
    for (const Subscription* subscription : list) {
      if (std::find(told.begin(), told.end(), subscription->client) != told.end()) continue;
      told.push_back(subscription->client);
      subscription->client->send_control(json.text());
    }
  }
}

LiveState Feeds::state() const noexcept {
  // Worst first; offline and closed count only when no feed is better.
  for (const LiveState state :
       {LiveState::reconnecting, LiveState::delayed, LiveState::live, LiveState::closed}) {
    if (std::any_of(feeds_.begin(), feeds_.end(),
                    [state](const auto& feed) { return feed->state() == state; })) {
      return state;
    }
  }
  return LiveState::offline;
}

bool Feeds::is_ready() const noexcept {
  return std::any_of(feeds_.begin(), feeds_.end(),
                     [](const auto& feed) { return feed->is_attached(); });
}

void Feeds::append_status(JsonWriter& json) const {
  json.member("state", to_string(state())).key("feeds").begin_array();
  for (const auto& feed : feeds_) {
    json.begin_object().member("feed", feed->name()).member("state", to_string(feed->state()));
    if (feed->is_attached()) json.member("epoch", feed->segment()->epoch());
    json.end_object();
  }
  json.end_array();
}

}  // namespace ringside::gateway
