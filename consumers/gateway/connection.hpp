// Owns one accepted connection: the stream, HTTP/1.1 on it, and after an upgrade the WebSocket and
// its Client. The gateway's thread; allocates when it is made and at the upgrade.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "client.hpp"
#include "ringside/net/http.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/tls.hpp"
#include "ringside/net/ws_channel.hpp"

namespace ringside::gateway {

class Connection;

/// What a connection tells the server. The calls come from within Loop::poll.
struct ConnectionEvents {
  net::Delegate<void(Connection&, const net::HttpMessage&)> on_request;
  net::Delegate<void(Connection&, std::string_view)> on_message;  // WebSocket text
  /// It is over or has to be: the server destroys it later in this turn, not within the call.
  net::Delegate<void(Connection&)> on_gone;
};

class Connection {
 public:
  Connection(Shared& shared, const ConnectionEvents& events, std::uint64_t now);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes over an accepted socket.
  [[nodiscard]] Status open(net::Loop& loop, int fd, const net::TlsContext* tls);

  /// Sends one whole HTTP answer; closes afterwards unless `keep_alive`.
  void respond(std::string_view text, bool keep_alive);

  /// From HTTP to WebSocket: sends the 101 and makes the client.
  Client& upgrade(std::string_view answer, const Client::Options& options);

  [[nodiscard]] Client* client() noexcept { return client_.get(); }

  /// Looks after time. False: abort it.
  [[nodiscard]] bool sweep(std::uint64_t now);

  /// Ends in good manners: a close frame or what is queued, then the stream.
  void shut_down();
  void abort();
  [[nodiscard]] bool is_gone() const noexcept { return is_gone_; }
  [[nodiscard]] std::size_t backlog_bytes() const noexcept { return stream_.backlog_bytes(); }

  std::size_t place = 0;  // the server's: where it stands in the table

 private:
  void on_open() noexcept;
  void on_data(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept;
  void on_close(const Error& error) noexcept;
  void on_drain() noexcept;
  void on_ws_message(net::WsOpcode opcode, std::span<const std::byte> payload,
                     std::uint64_t ts_recv_ns) noexcept;
  void on_ws_closing(net::WsCloseCode code, std::string_view reason, bool is_peer) noexcept;
  void on_ws_pong(std::span<const std::byte> payload) noexcept;
  void read_requests(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns);
  void refuse_request();
  void be_gone() noexcept;

  Shared& shared_;
  ConnectionEvents events_;
  net::Stream stream_;
  net::HttpParser parser_;
  std::unique_ptr<net::WsChannel> channel_;
  std::unique_ptr<Client> client_;
  std::uint64_t deadline_ns_;      // HTTP only: when this request, or the wait for one, has to end
  bool is_inside_request_ = true;  // the first deadline is that of handshake and first request
  bool is_closing_ = false;
  bool is_gone_ = false;
};

}  // namespace ringside::gateway
