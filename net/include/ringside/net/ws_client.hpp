// Owns WsClient: a client's whole WebSocket connection - TCP, TLS, upgrade, messages, close. The
// loop's thread. Allocates when it connects.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/ws.hpp"

namespace ringside::net {

struct WsClientOptions {
  std::string host = {};     // to connect to; also verified, sent as SNI and in Host
  std::string address = {};  // not empty: connect here instead, without resolving `host`
  std::uint16_t port = 443;
  std::string target = "/";
  const TlsContext* tls = nullptr;  // nullptr: ws://
  std::string tls_host = {};        // empty: `host`
  std::vector<std::string> subprotocols = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  WsLimits limits = {};
  StreamOptions stream = {};  // open_timeout_ns covers the upgrade as well
};

struct WsClientHandlers {
  /// The upgrade is accepted; messages may be sent. Once.
  Delegate<void()> on_open = {};
  /// A whole message, good until the callback returns; 64 readable bytes in front, 192 behind.
  /// `ts_recv_ns`: wall clock when its last bytes left the socket.
  Delegate<void(WsOpcode, std::span<const std::byte>, std::uint64_t)> on_message = {};
  /// The end, once. `code`: the close code received or sent, abnormal (1006) if there was no close
  /// frame. `error`: ok after a clean close; connect, tls, timeout, auth (401, 403), protocol.
  Delegate<void(WsCloseCode, const Error&)> on_close = {};
  Delegate<void(std::span<const std::byte>)> on_pong = {};
};

/// Every callback may close or destroy the client. Destroying it ends the connection without a
/// callback. Pings are answered by itself. Movable.
class WsClient {
 public:
  WsClient() noexcept;
  ~WsClient();
  WsClient(WsClient&&) noexcept;
  WsClient& operator=(WsClient&&) noexcept;

  /// Starts to connect.  Errors  connect: the name does not resolve. All else arrives at on_close.
  [[nodiscard]] static Result<WsClient> connect(Loop& loop, const WsClientOptions& options,
                                                const WsClientHandlers& handlers);

  SendResult send_text(std::string_view text) noexcept;
  SendResult send_binary(std::span<const std::byte> bytes) noexcept;
  SendResult send_ping(std::span<const std::byte> payload = {}) noexcept;

  /// Closing handshake, bounded by close_timeout_ns; ends with on_close.
  void close(WsCloseCode code = WsCloseCode::normal, std::string_view reason = {}) noexcept;

  [[nodiscard]] bool is_open() const noexcept;
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  [[nodiscard]] std::string subprotocol() const;
  [[nodiscard]] std::string tls_description() const;

  /// Bytes of plaintext received and the instant of the last ones: liveness by any inbound byte.
  [[nodiscard]] std::uint64_t bytes_received() const noexcept;
  [[nodiscard]] std::uint64_t ts_last_byte_ns() const noexcept;

 private:
  struct State;
  explicit WsClient(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace ringside::net
