#include "server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"
#include "ringside/net/ws_handshake.hpp"

namespace ringside::gateway {

namespace {

constexpr std::uint64_t sweep_ns = 50'000'000;

bool is_socket_path(std::string_view path) noexcept {
  return path == "/ws" || path == "/api/socket";
}

// What a page needs before it can have a token, and what a probe asks.
bool is_open_path(std::string_view path) noexcept {
  return !path.starts_with("/api/") && path != "/metrics";
}

}  // namespace

Server::Server(net::Loop& loop, const Parts& parts, std::optional<net::TlsContext> tls)
    : loop_(loop), parts_(parts), tls_(std::move(tls)) {}

Status Server::listen() {
  Result<net::Listener> listener = net::Listener::open(
      loop_, {.address = parts_.settings.address, .port = parts_.settings.port},
      {.on_accept = net::Delegate<void(int)>::to<&Server::on_accept>(this),
       .on_error = net::Delegate<void(int)>::to<&Server::on_accept_error>(this)});
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  return {};
}

void Server::tune(int fd) const noexcept {
  // Small, so that a slow client is noticed before megabytes lie in the kernel. An error leaves the
  // kernel's own size.
  const int bytes = parts_.settings.socket_send_bytes;
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const int on = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Server::on_accept(int fd) noexcept {
  ++parts_.shared.counters.connections;
  if (connections_.size() >= parts_.shared.limits.client_count_max) {
    ++parts_.shared.counters.limit_clients;
    if (!tls_) {
      static constexpr std::string_view busy =
          "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n"
          "Connection: close\r\n\r\n";
      (void)::send(fd, busy.data(), busy.size(), MSG_DONTWAIT | MSG_NOSIGNAL);  // as far as it goes
    }
    ::close(fd);
    return;
  }
  tune(fd);
  const ConnectionEvents events{
      .on_request =
          net::Delegate<void(Connection&, const net::HttpMessage&)>::to<&Server::on_request>(this),
      .on_message =
          net::Delegate<void(Connection&, std::string_view)>::to<&Server::on_message>(this),
      .on_gone = net::Delegate<void(Connection&)>::to<&Server::on_gone>(this)};
  auto connection = std::make_unique<Connection>(parts_.shared, events, monotonic_ns());
  connection->place = connections_.size();
  if (Status status = connection->open(loop_, fd, tls_ ? &*tls_ : nullptr); !status) {
    log::warn("connection refused: {}", status.error().message());
    return;
  }
  connections_.push_back(std::move(connection));
}

void Server::on_accept_error(int sys_errno) noexcept {
  log::warn("accept: {}", std::strerror(sys_errno));
}

void Server::on_gone(Connection& connection) noexcept {
  gone_.push_back(&connection);
}

void Server::reap() {
  for (Connection* const connection : gone_) {
    if (connection->client() != nullptr) {
      parts_.fanout.remove(*connection->client());
      --client_count_;
    }
    const std::size_t place = connection->place;
    std::swap(connections_[place], connections_.back());
    connections_[place]->place = place;
    connections_.pop_back();
  }
  gone_.clear();
}

bool Server::is_refused(const net::HttpMessage& request, bool is_upgrade, Reply& reply) {
  Counters& counters = parts_.shared.counters;
  if (!parts_.access.is_host_allowed(request)) {
    ++counters.refused_host;
    reply.fail(403, "host_not_allowed", "this gateway is not served under that name");
    return true;
  }
  if (is_upgrade && !parts_.access.is_origin_allowed(request)) {
    ++counters.refused_origin;
    reply.fail(403, "origin_not_allowed", "pages of that origin may not connect (gateway.origins)");
    return true;
  }
  if (!parts_.access.needs_token()) return false;
  const std::string_view token = bearer_token(request);
  // A WebSocket client may still say `auth` as its first message.
  const bool may_come_later = token.empty() && (is_upgrade || is_open_path(request.path()));
  if (may_come_later || parts_.access.is_good_token(token)) return false;
  ++counters.refused_token;
  reply.fail(401, "unauthorized", "needs Authorization: Bearer and a token of this gateway");
  reply.headers.push_back({"WWW-Authenticate", "Bearer"});
  return true;
}

void Server::on_request(Connection& connection, const net::HttpMessage& request) noexcept {
  const bool is_upgrade = is_socket_path(request.path()) && net::is_ws_request(request);
  Reply reply;
  if (is_refused(request, is_upgrade, reply)) return answer(connection, request, reply);
  if (is_upgrade) return upgrade(connection, request);
  parts_.api.handle(request, gauges(), reply);
  answer(connection, request, reply);
}

void Server::answer(Connection& connection, const net::HttpMessage& request, const Reply& reply) {
  // What would be another protocol's bytes cannot be read as requests.
  const bool keep_alive = request.keep_alive && !request.is_upgrade;
  out_.clear();
  write_reply(out_, reply, keep_alive, request.method == "HEAD");
  connection.respond(out_, keep_alive);
}

void Server::upgrade(Connection& connection, const net::HttpMessage& request) {
  net::WsUpgrade wanted;
  net::WsRefusal refusal;
  out_.clear();
  if (!net::check_ws_request(request, wanted, refusal)) {
    net::write_ws_refusal(out_, refusal);
    return connection.respond(out_, false);
  }
  Client::Options options{.id = ++client_id_, .now = monotonic_ns()};
  if (const auto name = net::query_value(request.query(), "policy")) {
    const auto policy = parse_policy(*name);
    if (!policy) {
      Reply reply;
      reply.fail(400, "bad_policy", "policy is conflate, all or close");
      return answer(connection, request, reply);
    }
    options.policy = *policy;
  }
  const std::string_view token = bearer_token(request);
  options.is_authorized = !parts_.access.needs_token() || parts_.access.is_good_token(token);
  // A browser that offers a protocol wants one of them back.
  std::string_view chosen;
  for (const std::string& offered : wanted.subprotocols) {
    if (offered.starts_with(bearer_protocol)) chosen = offered;
  }
  net::write_ws_accept(out_, wanted, chosen);
  Client& client = connection.upgrade(out_, options);
  ++client_count_;
  ++parts_.shared.counters.upgrades;
  parts_.protocol.greet(client);
}

void Server::on_message(Connection& connection, std::string_view text) noexcept {
  parts_.protocol.on_message(*connection.client(), text);
}

void Server::broadcast(std::string_view json) {
  for (const auto& connection : connections_) {
    Client* const client = connection->client();
    if (client != nullptr && client->is_authorized()) client->send_control(json);
  }
}

void Server::sweep(std::uint64_t now) {
  if (now < sweep_next_ns_) return;
  sweep_next_ns_ = now + sweep_ns;
  std::size_t total = 0;
  for (const auto& connection : connections_) {
    if (connection->is_gone()) continue;
    if (connection->sweep(now)) {
      total += connection->backlog_bytes();
    } else {
      connection->abort();
    }
  }
  parts_.shared.backlog_total = total;
}

void Server::shut_down() {
  listener_.close();
  for (const auto& connection : connections_) connection->shut_down();
}

Gauges Server::gauges() const noexcept {
  return {.connections = connections_.size(),
          .clients = client_count_,
          .backlog_bytes = parts_.shared.backlog_total};
}

}  // namespace ringside::gateway
