// Owns the WebSocket opening handshake (RFC 6455 section 4), both roles, without sockets: HTTP
// messages in, texts out. Off the path; allocates.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/net/http.hpp"

namespace ringside::net {

/// base64(SHA-1(key + the RFC's GUID)).
[[nodiscard]] std::string ws_accept_value(std::string_view key);

/// A fresh Sec-WebSocket-Key: 16 random bytes in base64.
[[nodiscard]] std::string make_ws_key();

struct WsClientRequest {
  std::string host = {};  // for the Host header: "socket.example.com" or "127.0.0.1:8443"
  std::string target = "/";
  std::string key = {};  // make_ws_key()
  std::vector<std::string> subprotocols = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // Origin, User-Agent, ...
};
[[nodiscard]] std::string ws_request_text(const WsClientRequest& request);

/// Client: checks the server's answer. Ok: its subprotocol ("" for none).
/// Errors  protocol: not 101, wrong accept value, an extension or subprotocol that was not offered;
///         the text says which, with the status and reason line of a refusal; auth: 401 or 403.
[[nodiscard]] Result<std::string> check_ws_response(const HttpMessage& response,
                                                    const WsClientRequest& request);

/// Server: what a valid upgrade request asks for.
struct WsUpgrade {
  std::string key = {};
  std::vector<std::string> subprotocols = {};  // as offered, in order
};

/// Why a server refuses an upgrade; `http_status` is 400, 405 or 426.
struct WsRefusal {
  unsigned http_status = 400;
  std::string_view reason = {};
};

/// Whether the request asks for a WebSocket at all (Upgrade: websocket).
[[nodiscard]] bool is_ws_request(const HttpMessage& request) noexcept;

/// Server: checks an upgrade request. True: `upgrade` is filled; false: `refusal` is.
[[nodiscard]] bool check_ws_request(const HttpMessage& request, WsUpgrade& upgrade,
                                    WsRefusal& refusal);

/// Server: appends the 101 answer. `subprotocol`: one of those offered, or empty. Extensions are
/// never accepted.
void write_ws_accept(std::string& out, const WsUpgrade& upgrade, std::string_view subprotocol = {});

/// Server: appends the refusal as an HTTP answer (with Sec-WebSocket-Version: 13 for 426).
void write_ws_refusal(std::string& out, const WsRefusal& refusal);

}  // namespace ringside::net
