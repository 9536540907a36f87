// Implements ws_handshake.hpp.
#include "ringside/net/ws_handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "ringside/base/assert.hpp"

namespace ringside::net {
namespace {

std::string base64(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP writes a NUL behind
  const int count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                    static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(count));
  return text;
}

// 16 bytes in base64: 22 characters and two '='.
bool is_ws_key(std::string_view key) noexcept {
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return key.size() == 24 && key.substr(22) == "==" &&
         std::all_of(key.begin(), key.begin() + 22, is_base64);
}

std::vector<std::string> tokens_of(const HttpMessage& message, std::string_view name) {
  std::vector<std::string> tokens;
  for (const HttpHeader& each : message.headers) {
    if (!http_equal(each.name, name)) continue;
    std::string_view rest = each.value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view token = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      const std::size_t first = token.find_first_not_of(" \t");
      if (first == std::string_view::npos) continue;
      token = token.substr(first, token.find_last_not_of(" \t") - first + 1);
      tokens.emplace_back(token);
    }
  }
  return tokens;
}

std::size_t count_of(const HttpMessage& message, std::string_view name) noexcept {
  return static_cast<std::size_t>(
      std::count_if(message.headers.begin(), message.headers.end(),
                    [name](const HttpHeader& each) { return http_equal(each.name, name); }));
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

Error protocol_error(const std::string& why) {
  return {ErrorCode::protocol, 0, "WebSocket handshake: " + why};
}

// A refusal by HTTP: the status and what the server says about it, on one line.
Error refusal_of(const HttpMessage& response) {
  const bool is_auth = response.status == 401 || response.status == 403;
  std::string text = "the server answers " + std::to_string(response.status) + " " +
                     std::string(response.reason) + " instead of 101";
  Error error = protocol_error(text);
  if (is_auth) error.code = ErrorCode::auth;
  return error;
}

}  // namespace

std::string ws_accept_value(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest);
}

std::string make_ws_key() {
  std::array<unsigned char, 16> bytes{};
  // Up to 256 bytes come whole once the kernel's generator is seeded, which booting waits for.
  RINGSIDE_ASSERT(::getrandom(bytes.data(), bytes.size(), 0) == ssize_t{16});
  return base64(bytes);
}

std::string ws_request_text(const WsClientRequest& request) {
  const std::string protocols = joined(request.subprotocols);
  std::vector<HttpHeader> headers = {{"Upgrade", "websocket"},
                                     {"Connection", "Upgrade"},
                                     {"Sec-WebSocket-Key", request.key},
                                     {"Sec-WebSocket-Version", "13"}};
  if (!protocols.empty()) headers.push_back({"Sec-WebSocket-Protocol", protocols});
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  std::string text;
  write_request(text, {.method = "GET",
                       .target = request.target,
                       .host = request.host,
                       .headers = headers,
                       .body = {},
                       .keep_alive = true});
  return text;
}

Result<std::string> check_ws_response(const HttpMessage& response, const WsClientRequest& request) {
  if (response.status != 101) return refusal_of(response);
  if (!response.has_token("Upgrade", "websocket") || !response.has_token("Connection", "upgrade")) {
    return protocol_error("the server's 101 does not upgrade to websocket");
  }
  if (count_of(response, "Sec-WebSocket-Accept") != 1 ||
      response.header("Sec-WebSocket-Accept") != ws_accept_value(request.key)) {
    return protocol_error("the server's Sec-WebSocket-Accept does not belong to our key");
  }
  for (const std::string& extension : tokens_of(response, "Sec-WebSocket-Extensions")) {
    return protocol_error("the server uses the extension '" + extension +
                          "', which was not offered");
  }
  const std::vector<std::string> chosen = tokens_of(response, "Sec-WebSocket-Protocol");
  if (chosen.empty()) return std::string();
  const auto& offered = request.subprotocols;
  if (chosen.size() > 1 ||
      std::find(offered.begin(), offered.end(), chosen.front()) == offered.end()) {
    return protocol_error("the server chose the subprotocol '" + joined(chosen) +
                          "', which was not offered");
  }
  return chosen.front();
}

bool is_ws_request(const HttpMessage& request) noexcept {
  return request.has_token("Upgrade", "websocket");
}

bool check_ws_request(const HttpMessage& request, WsUpgrade& upgrade, WsRefusal& refusal) {
  const auto refuse = [&refusal](unsigned status, std::string_view why) {
    refusal = {.http_status = status, .reason = why};
    return false;
  };
  if (request.method != "GET") return refuse(405, "a WebSocket is opened with GET");
  if (request.version_minor < 1) return refuse(400, "a WebSocket needs HTTP/1.1");
  if (!request.has_token("Upgrade", "websocket") || !request.has_token("Connection", "upgrade")) {
    return refuse(426, "Upgrade: websocket and Connection: Upgrade are needed here");
  }
  if (request.header("Sec-WebSocket-Version") != "13") {
    return refuse(426, "only Sec-WebSocket-Version 13 is spoken here");
  }
  const std::optional<std::string_view> key = request.header("Sec-WebSocket-Key");
  if (count_of(request, "Sec-WebSocket-Key") != 1 || !is_ws_key(*key)) {
    return refuse(400, "Sec-WebSocket-Key must be one value of 16 bytes in base64");
  }
  upgrade.key = *key;
  upgrade.subprotocols = tokens_of(request, "Sec-WebSocket-Protocol");
  return true;
}

void write_ws_accept(std::string& out, const WsUpgrade& upgrade, std::string_view subprotocol) {
  RINGSIDE_ASSERT(subprotocol.empty() ||
                  std::find(upgrade.subprotocols.begin(), upgrade.subprotocols.end(),
                            subprotocol) != upgrade.subprotocols.end());
  const std::string accept = ws_accept_value(upgrade.key);
  std::vector<HttpHeader> headers = {
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept}};
  if (!subprotocol.empty()) headers.push_back({"Sec-WebSocket-Protocol", subprotocol});
  HttpResponse response;
  response.status = 101;
  response.headers = headers;
  write_response(out, response);
}

void write_ws_refusal(std::string& out, const WsRefusal& refusal) {
  const HttpHeader version[] = {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}};
  HttpResponse response;
  response.status = refusal.http_status;
  response.content_type = "text/plain; charset=utf-8";
  if (refusal.http_status == 426) response.headers = version;
  response.body = refusal.reason;
  response.keep_alive = false;
  write_response(out, response);
}

}  // namespace ringside::net
