// The opening handshake, both roles: the RFC's example, and a table of what must be refused.
#include "ringside/net/ws_handshake.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ringside::net {
namespace {

constexpr const char* rfc_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* rfc_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// Views into `wire` and the parser: keep both.
struct Parsed {
  std::string wire;
  HttpParser parser;

  Parsed(HttpRole role, std::string text) : wire(std::move(text)), parser(role) {
    std::span<const std::byte> input = std::as_bytes(std::span(wire));
    EXPECT_EQ(parser.parse(input), HttpProgress::message) << parser.error_reason() << "\n" << wire;
  }
  [[nodiscard]] const HttpMessage& message() const { return parser.message(); }
};

WsClientRequest rfc_request() {
  WsClientRequest request;
  request.host = "server.example.com";
  request.target = "/chat";
  request.key = rfc_key;
  request.subprotocols = {"chat", "superchat"};
  request.headers = {{"Origin", "http://example.com"}};
  return request;
}

TEST(WsHandshake, computes_the_accept_value_of_the_rfc) {
  EXPECT_EQ(ws_accept_value(rfc_key), rfc_accept);
}

TEST(WsHandshake, makes_fresh_keys_of_the_right_form) {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.insert(make_ws_key());
  EXPECT_EQ(keys.size(), 100U);
  for (const std::string& key : keys) {
    EXPECT_EQ(key.size(), 24U);
    EXPECT_EQ(key.substr(22), "==");
  }
}

TEST(WsHandshake, client_request_is_what_the_rfc_asks_for) {
  EXPECT_EQ(ws_request_text(rfc_request()),
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n"
            "Origin: http://example.com\r\n\r\n");
}

TEST(WsHandshake, both_roles_agree) {
  const WsClientRequest request = rfc_request();
  const Parsed received(HttpRole::request, ws_request_text(request));
  EXPECT_TRUE(is_ws_request(received.message()));
  WsUpgrade upgrade;
  WsRefusal refusal;
  ASSERT_TRUE(check_ws_request(received.message(), upgrade, refusal)) << refusal.reason;
  EXPECT_EQ(upgrade.subprotocols, request.subprotocols);
  for (const std::string chosen : {"", "superchat"}) {
    std::string answer;
    write_ws_accept(answer, upgrade, chosen);
    const Parsed answered(HttpRole::response, answer);
    const Result<std::string> checked = check_ws_response(answered.message(), request);
    ASSERT_TRUE(checked.ok()) << checked.error().message();
    EXPECT_EQ(checked.value(), chosen);
  }
}

std::string answer_with(const std::string& headers) {
  return "HTTP/1.1 101 Switching Protocols\r\n" + headers + "\r\n";
}

TEST(WsHandshake, client_refuses_every_answer_that_is_not_its_own) {
  const std::string upgrade = "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n";
  const std::string accept = std::string("Sec-WebSocket-Accept: ") + rfc_accept + "\r\n";
  const auto check = [](const std::string& wire) {
    const Parsed answer(HttpRole::response, wire);
    return check_ws_response(answer.message(), rfc_request());
  };
  EXPECT_TRUE(check(answer_with(upgrade + accept)).ok());
  struct Case {
    std::string headers;
    std::string why;
  };
  const std::vector<Case> cases = {
      {upgrade, "Sec-WebSocket-Accept"},
      {upgrade + "Sec-WebSocket-Accept: S3PPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Sec-WebSocket-Accept"},
      {upgrade + accept + accept, "Sec-WebSocket-Accept"},
      {"Connection: Upgrade\r\n" + accept, "upgrade"},
      {"Upgrade: websocket\r\n" + accept, "upgrade"},
      {"Upgrade: h2c\r\nConnection: Upgrade\r\n" + accept, "upgrade"},
      {upgrade + accept + "Sec-WebSocket-Extensions: permessage-deflate; a=b\r\n",
       "permessage-deflate"},
      {upgrade + accept + "Sec-WebSocket-Protocol: other\r\n", "other"},
      {upgrade + accept + "Sec-WebSocket-Protocol: chat, superchat\r\n", "chat"},
      {upgrade + accept + "Sec-WebSocket-Protocol: CHAT\r\n", "CHAT"},
  };
  for (const Case& each : cases) {
    const Result<std::string> result = check(answer_with(each.headers));
    ASSERT_FALSE(result.ok()) << each.headers;
    EXPECT_EQ(result.error().code, ErrorCode::protocol);
    EXPECT_NE(result.error().what.find(each.why), std::string::npos) << result.error().what;
  }
}

TEST(WsHandshake, client_tells_a_refused_key_from_other_refusals) {
  const auto code_of = [](const std::string& status) {
    const Parsed answer(HttpRole::response, "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
    const Result<std::string> result = check_ws_response(answer.message(), rfc_request());
    EXPECT_NE(result.error().what.find(status), std::string::npos) << result.error().what;
    return result.error().code;
  };
  EXPECT_EQ(code_of("401 Unauthorized"), ErrorCode::auth);
  EXPECT_EQ(code_of("403 Forbidden"), ErrorCode::auth);
  EXPECT_EQ(code_of("404 Not Found"), ErrorCode::protocol);
  EXPECT_EQ(code_of("200 OK"), ErrorCode::protocol);
}

TEST(WsHandshake, server_refuses_with_the_right_status) {
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::string key = std::string("Sec-WebSocket-Key: ") + rfc_key + "\r\n";
  const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  struct Case {
    std::string start;
    std::string headers;
    unsigned status;
  };
  const std::vector<Case> cases = {
      {"POST / HTTP/1.1", upgrade + version + key, 405},
      {"GET / HTTP/1.0", upgrade + version + key, 400},
      {"GET / HTTP/1.1", "Connection: Upgrade\r\n" + version + key, 426},
      {"GET / HTTP/1.1", "Upgrade: websocket\r\n" + version + key, 426},
      {"GET / HTTP/1.1", upgrade + key, 426},
      {"GET / HTTP/1.1", upgrade + "Sec-WebSocket-Version: 8\r\n" + key, 426},
      {"GET / HTTP/1.1", upgrade + version, 400},
      {"GET / HTTP/1.1", upgrade + version + key + key, 400},
      {"GET / HTTP/1.1", upgrade + version + "Sec-WebSocket-Key: short==\r\n", 400},
      {"GET / HTTP/1.1", upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n",
       400},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.start + "\n" + each.headers);
    const Parsed request(HttpRole::request, each.start + "\r\nHost: h\r\n" + each.headers + "\r\n");
    WsUpgrade accepted;
    WsRefusal refusal;
    ASSERT_FALSE(check_ws_request(request.message(), accepted, refusal));
    EXPECT_EQ(refusal.http_status, each.status);
    EXPECT_FALSE(refusal.reason.empty());
    std::string text;
    write_ws_refusal(text, refusal);
    const Parsed answer(HttpRole::response, text);
    EXPECT_EQ(answer.message().status, each.status);
    EXPECT_EQ(answer.message().header("Sec-WebSocket-Version").has_value(), each.status == 426);
  }
}

}  // namespace
}  // namespace ringside::net
