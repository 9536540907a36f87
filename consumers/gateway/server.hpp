// Owns the listening socket and every connection: admission, upgrades, deadlines, the end. The
// gateway's thread; allocates per connection and per HTTP answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "protocol.hpp"
#include "rest/api.hpp"
#include "ringside/net/listener.hpp"

namespace ringside::gateway {

class Server {
 public:
  struct Parts {
    const Settings& settings;
    Shared& shared;
    Fanout& fanout;
    Protocol& protocol;
    Api& api;
    const Access& access;
  };
  Server(net::Loop& loop, const Parts& parts, std::optional<net::TlsContext> tls);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Errors  busy, permission, config, io: names address and port.
  [[nodiscard]] Status listen();
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }

  /// Looks after deadlines and totals; call it every turn, it works every tenth of a second.
  void sweep(std::uint64_t now);
  /// Destroys what ended in this turn.
  void reap();
  /// One message to every client that may hear it.
  void broadcast(std::string_view json);

  /// No new connection; says good-bye to those there are.
  void shut_down();
  [[nodiscard]] bool is_empty() const noexcept { return connections_.empty(); }
  [[nodiscard]] std::size_t client_count() const noexcept { return client_count_; }

 private:
  void on_accept(int fd) noexcept;
  void on_accept_error(int sys_errno) noexcept;
  void on_request(Connection& connection, const net::HttpMessage& request) noexcept;
  void on_message(Connection& connection, std::string_view text) noexcept;
  void on_gone(Connection& connection) noexcept;
  void upgrade(Connection& connection, const net::HttpMessage& request);
  void answer(Connection& connection, const net::HttpMessage& request, const Reply& reply);
  [[nodiscard]] bool is_refused(const net::HttpMessage& request, bool is_upgrade, Reply& reply);
  void tune(int fd) const noexcept;
  [[nodiscard]] Gauges gauges() const noexcept;

  net::Loop& loop_;
  Parts parts_;
  std::optional<net::TlsContext> tls_;
  net::Listener listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> gone_;
  std::size_t client_count_ = 0;
  std::uint64_t client_id_ = 0;
  std::uint64_t sweep_next_ns_ = 0;
  std::string out_;
};

}  // namespace ringside::gateway
