#include "sim/server.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "ringside/base/log.hpp"
#include "sim/format.hpp"

namespace ringside::sim {

Server::Server(net::Loop& loop, const net::TlsContext& tls, const MarketInstruments& instruments,
               const ServerOptions& options)
    : loop_(loop),
      tls_(tls),
      instruments_(instruments),
      options_(options),
      rng_(options.wire.seed ^ 0x717565756531U) {}

Status Server::listen() {
  net::ListenOptions where;
  where.address = options_.address;
  where.port = options_.port;
  net::ListenHandlers handlers;
  handlers.on_accept = net::Delegate<void(int)>::to<&Server::on_accept>(this);
  handlers.on_error = net::Delegate<void(int)>::to<&Server::on_accept_error>(this);
  auto listener = net::Listener::open(loop_, where, handlers);
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  return {};
}

void Server::on_accept(int fd) noexcept {
  Connection::Owner owner;
  owner.on_authenticated = net::Delegate<void(Connection*)>::to<&Server::on_authenticated>(this);
  owner.on_subscriptions = net::Delegate<void(Connection*)>::to<&Server::on_subscriptions>(this);
  auto connection =
      std::make_unique<Connection>(next_id_++, instruments_, options_.wire, counts_, owner);
  const Status started = connection->start(loop_, fd, tls_);
  if (!started) {
    log::warn("cannot serve a connection: {}", started.error().message());
    return;
  }
  connections_.push_back(std::move(connection));
}

void Server::on_accept_error(int error) noexcept {
  log::warn("accept failed: {}", std::strerror(error));
}

// The quota: as many live connections of one market as allowed, the policy says which one goes.
void Server::on_authenticated(Connection* connection) noexcept {
  std::vector<Connection*>& live = live_[static_cast<std::size_t>(connection->market())];
  std::erase_if(live, [](const Connection* one) { return !one->is_live(); });
  live.push_back(connection);
  if (live.size() <= options_.connections_max) return;
  std::size_t victim = 0;
  if (options_.quota == QuotaPolicy::refuse_new) victim = live.size() - 1;
  if (options_.quota == QuotaPolicy::random) victim = rng_.below(live.size());
  Connection* const evicted = live[victim];
  live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
  log::info("connection {} evicted: more than {} on /{}", evicted->id(), options_.connections_max,
            market_name(evicted->market()));
  evicted->evict();
}

void Server::on_subscriptions(Connection*) noexcept {
  is_pair_count_stale_ = true;
}

void Server::deliver(const Event& event) {
  const auto market = static_cast<std::size_t>(event.market);
  const char* text = nullptr;
  std::size_t text_bytes = 0;
  const int copies = duplicates_left_ > 0 ? 2 : 1;
  duplicates_left_ -= duplicates_left_ > 0 ? 1 : 0;
  for (Connection* const connection : live_[market]) {
    if (!connection->is_live() || !connection->wants().wants(event.kind, event.instrument)) {
      continue;
    }
    for (int copy = 0; copy < copies; ++copy) {
      FrameBuilder& frame = connection->frame();
      char* const at = frame.room();
      if (text == nullptr) {
        text_bytes = static_cast<std::size_t>(
            format_event(at, event, instruments_[market][event.instrument].symbol) - at);
      } else {
        std::memmove(at, text, text_bytes);
      }
      text = at;  // good for this event: a frame that was sent keeps its bytes until the next one
      frame.commit(at + text_bytes);
      ++sent_[market][static_cast<std::size_t>(event.kind)];
      connection->send_if_full();
    }
  }
}

void Server::send_frames() {
  for (const auto& live : live_) {
    for (Connection* const connection : live) connection->send_frame();
  }
}

void Server::tick(std::uint64_t now_ns) {
  for (const auto& connection : connections_) connection->tick(now_ns);
  forget_dead();
}

void Server::forget_dead() {
  for (auto& live : live_) {
    std::erase_if(live, [](const Connection* one) { return !one->is_live(); });
  }
  for (const auto& connection : connections_) {
    if (connection->is_dead() && connection->session() != nullptr) {
      counts_.requests_ignored += connection->session()->ignored_count();
    }
  }
  if (std::erase_if(connections_, [](const auto& one) { return one->is_dead(); }) != 0) {
    is_pair_count_stale_ = true;
  }
}

std::size_t Server::backlog_bytes_max() const noexcept {
  std::size_t most = 0;
  for (const auto& live : live_) {
    for (const Connection* const one : live) most = std::max(most, one->backlog_bytes());
  }
  return most;
}

std::size_t Server::pair_count() {
  if (!is_pair_count_stale_) return pair_count_;
  is_pair_count_stale_ = false;
  pair_count_ = 0;
  for (const auto& live : live_) {
    std::unordered_set<std::string> pairs;
    for (const Connection* const one : live) {
      pairs.insert(one->session()->pairs().begin(), one->session()->pairs().end());
    }
    pair_count_ += pairs.size();
  }
  return pair_count_;
}

void Server::drop_all(const MarketSet& markets) {
  for (std::size_t m = 0; m < market_count; ++m) {
    if (!markets[m]) continue;
    for (Connection* const one : live_[m]) one->abort();
  }
}

void Server::close_all(const MarketSet& markets, net::WsCloseCode code) {
  for (std::size_t m = 0; m < market_count; ++m) {
    if (!markets[m]) continue;
    for (Connection* const one : live_[m]) one->close(code);
  }
}

void Server::evict_all(const MarketSet& markets) {
  for (std::size_t m = 0; m < market_count; ++m) {
    if (!markets[m]) continue;
    for (Connection* const one : live_[m]) one->evict();
  }
}

void Server::send_all(const MarketSet& markets, std::string_view text) {
  for (std::size_t m = 0; m < market_count; ++m) {
    if (!markets[m]) continue;
    for (Connection* const one : live_[m]) {
      one->send_frame();
      one->send_text(text);
    }
  }
}

void Server::finish_all() {
  listener_.close();
  for (const auto& connection : connections_) connection->finish();
}

}  // namespace ringside::sim
