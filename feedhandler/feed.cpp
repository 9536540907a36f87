#include "feed.hpp"

#include <utility>
#include <vector>

#include "ringside/base/log.hpp"

namespace ringside::feed {

Feed::Feed(FeedConfig config, LockFile lock, net::TlsContext tls)
    : config_(std::move(config)), lock_(std::move(lock)), tls_(std::move(tls)) {}

Result<std::unique_ptr<Feed>> Feed::start(FeedConfig config) {
  Result<LockFile> lock = LockFile::acquire(config.lock_path);
  if (!lock) return lock.error();
  Result<net::TlsContext> tls = net::TlsContext::client({.ca_file = config.ca_file});
  if (!tls) return tls.error();
  std::unique_ptr<Feed> feed(new Feed(std::move(config), std::move(*lock), std::move(*tls)));
  FeedConfig& own = feed->config_;
  own.loop.line.tls = &feed->tls_;

  shm::SegmentShape shape = own.shape;
  shape.feed = own.name;
  Result<std::unique_ptr<shm::SegmentWriter>> segment = shm::SegmentWriter::create(shape);
  if (!segment) return segment.error();
  feed->segment_ = std::move(*segment);
  Result<std::unique_ptr<FeedLoop>> loop = FeedLoop::create(*feed->segment_, feed->link_, own.loop);
  if (!loop) return loop.error();
  feed->loop_ = std::move(*loop);
  own.loop.line.session.key.clear();
  feed->thread_ = std::thread([raw = feed->loop_.get()] { raw->run(); });

  FeedControl::Options control;
  control.feed = own.name;
  control.socket_path = own.socket_path;
  control.linger_ms = own.linger_ms;
  Result<std::unique_ptr<FeedControl>> started =
      FeedControl::start(*feed->segment_, feed->link_, *feed->loop_, control);
  if (!started) return started.error();
  feed->control_ = std::move(*started);
  return feed;
}

Feed::~Feed() {
  if (!thread_.joinable()) return;
  loop_->begin_stop();
  // Consumers may still ask until their sockets close; the loop refuses them and goes on beating.
  control_.reset();
  loop_->quit();
  thread_.join();
}

namespace {

constexpr std::int64_t look_ms = 20;

// Why no feed is of use any more; nullptr while one is.
const Error* all_final(const std::vector<std::unique_ptr<Feed>>& feeds) noexcept {
  const Error* worst = nullptr;
  for (const auto& feed : feeds) {
    const Error* error = feed->final_error();
    if (error == nullptr) return nullptr;
    // A refused key says more than a port that nobody listens on.
    if (worst == nullptr || error->code == ErrorCode::auth) worst = error;
  }
  return worst;
}

// A line for each feed that gave up while others go on: the last one's is the program's end.
void tell_given_up(const std::vector<std::unique_ptr<Feed>>& feeds, std::vector<bool>& told) {
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const Error* error = feeds[i]->final_error();
    if (error == nullptr || told[i]) continue;
    log::error("{}; this feed is given up, the others go on", error->message());
    told[i] = true;
  }
}

}  // namespace

Status run_feedhandler(const Config& config) {
  const std::vector<std::string> names = config.enabled_feeds();
  if (names.empty()) {
    return Error{ErrorCode::config, 0, "no feed is enabled (feed.<name>.enabled)"};
  }
  if (Status made = make_private_dir(config.run_dir()); !made) return made;
  std::vector<std::unique_ptr<Feed>> feeds;
  for (const std::string& name : names) {
    Result<FeedConfig> feed_config = read_feed_config(config, name);
    if (!feed_config) return feed_config.error();
    Result<std::unique_ptr<Feed>> feed = Feed::start(std::move(*feed_config));
    if (!feed) return feed.error();
    log::info("{}: serving {}", name, config.run_dir() + "/" + name + ".sock");
    feeds.push_back(std::move(*feed));
  }
  std::vector<bool> told(feeds.size());
  while (!wait_stop(look_ms)) {
    if (const Error* error = all_final(feeds); error != nullptr) return *error;
    tell_given_up(feeds, told);
  }
  return {};
}

}  // namespace ringside::feed
