// A whole WebSocket client against a server made of the same parts, over real loopback sockets.
#include "ringside/net/ws_client.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "net_fixture.hpp"
#include "ringside/net/http.hpp"
#include "ringside/net/ws_channel.hpp"
#include "ringside/net/ws_handshake.hpp"
#include "support/temp_dir.hpp"
#include "support/test_cert.hpp"
#include "ws_frames.hpp"

namespace ringside::net {
namespace {

using test::make_loop;
using test::raw_frame;
using test::run_until;

/// A server for one connection: answers the upgrade, then writes down what comes.
struct WsServer {
  explicit WsServer(Loop& loop, const TlsContext* tls = nullptr) : acceptor{loop, tls} {
    acceptor.server.when_data = [this](std::string_view bytes) { on_bytes(bytes); };
    port = acceptor.open();
  }

  void on_bytes(std::string_view bytes) {
    if (!answer_instead.empty()) {
      EXPECT_EQ(acceptor.server.stream.send(answer_instead), SendResult::ok);
      if (closes_after_answer) acceptor.server.stream.close();
      return;
    }
    std::span<const std::byte> input = std::as_bytes(std::span(bytes));
    if (!channel) {
      if (parser.parse(input) != HttpProgress::message) return;
      WsUpgrade upgrade;
      WsRefusal refusal;
      ASSERT_TRUE(check_ws_request(parser.message(), upgrade, refusal)) << refusal.reason;
      target = parser.message().target;
      host = std::string(parser.message().header("Host").value_or(""));
      std::string text;
      write_ws_accept(text, upgrade,
                      upgrade.subprotocols.empty() ? std::string_view() : upgrade.subprotocols[0]);
      text += first_frames;  // in the same segment as the answer
      EXPECT_EQ(acceptor.server.stream.send(text), SendResult::ok);
      channel = std::make_unique<WsChannel>(
          WsRole::server, WsLimits{},
          WsChannelHandlers{
              .on_message = Delegate<void(WsOpcode, std::span<const std::byte>,
                                          std::uint64_t)>::to<&WsServer::on_message>(this),
              .on_closing =
                  Delegate<void(WsCloseCode, std::string_view, bool)>::to<&WsServer::on_closing>(
                      this),
              .on_pong = Delegate<void(std::span<const std::byte>)>::to<&WsServer::on_pong>(this)});
      channel->set_stream(&acceptor.server.stream);
    }
    channel->on_bytes(input, 1);
  }
  void on_message(WsOpcode opcode, std::span<const std::byte> payload, std::uint64_t) noexcept {
    messages.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
    EXPECT_EQ(channel->send(opcode, payload), SendResult::ok);  // echo
  }
  void on_closing(WsCloseCode code, std::string_view reason, bool is_peer) noexcept {
    closing = {code, std::string(reason), is_peer};
  }
  void on_pong(std::span<const std::byte> payload) noexcept {
    pongs.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  void send_raw(const std::string& bytes) {
    EXPECT_EQ(acceptor.server.stream.send(bytes), SendResult::ok);
  }

  struct Closing {
    WsCloseCode code = WsCloseCode::abnormal;
    std::string reason;
    bool is_peer = false;
  };

  test::Acceptor acceptor;
  std::uint16_t port = 0;
  HttpParser parser{HttpRole::request};
  std::unique_ptr<WsChannel> channel;
  std::string answer_instead;
  bool closes_after_answer = true;
  std::string first_frames;
  std::string target;
  std::string host;
  std::vector<std::string> messages;
  std::vector<std::string> pongs;
  std::optional<Closing> closing;
};

struct ClientLog {
  WsClient client;
  int open_count = 0;
  std::vector<std::string> messages;
  std::vector<std::string> pongs;
  std::optional<WsCloseCode> close_code;
  Error error;
  int close_count = 0;
  std::function<void()> when_open;
  std::function<void()> when_message;

  void on_open() noexcept {
    ++open_count;
    if (when_open) when_open();
  }
  void on_message(WsOpcode, std::span<const std::byte> payload, std::uint64_t ts) noexcept {
    messages.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
    EXPECT_GT(ts, 0U);
    if (when_message) when_message();
  }
  void on_close(WsCloseCode code, const Error& why) noexcept {
    close_code = code;
    error = why;
    ++close_count;
  }
  void on_pong(std::span<const std::byte> payload) noexcept {
    pongs.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  void connect(Loop& loop, const WsClientOptions& options) {
    Result<WsClient> made = WsClient::connect(
        loop, options,
        {.on_open = Delegate<void()>::to<&ClientLog::on_open>(this),
         .on_message = Delegate<void(WsOpcode, std::span<const std::byte>,
                                     std::uint64_t)>::to<&ClientLog::on_message>(this),
         .on_close = Delegate<void(WsCloseCode, const Error&)>::to<&ClientLog::on_close>(this),
         .on_pong = Delegate<void(std::span<const std::byte>)>::to<&ClientLog::on_pong>(this)});
    ASSERT_TRUE(made.ok()) << made.error().message();
    client = std::move(made).value();
  }
};

class WsClientTest : public ::testing::Test {
 protected:
  WsClientOptions options() const {
    WsClientOptions made;
    made.host = "127.0.0.1";
    made.port = server.port;
    made.target = "/stocks";
    return made;
  }
  void open() {
    log.connect(loop, options());
    ASSERT_TRUE(run_until(loop, [&] { return log.open_count == 1 || log.close_count == 1; }));
    ASSERT_EQ(log.open_count, 1) << log.error.message();
  }
  void expect_close(WsCloseCode code, ErrorCode error, const std::string& why) {
    ASSERT_TRUE(run_until(loop, [&] { return log.close_count == 1; }));
    EXPECT_EQ(*log.close_code, code);
    EXPECT_EQ(log.error.code, error) << log.error.message();
    EXPECT_NE(log.error.what.find(why), std::string::npos) << log.error.what;
    EXPECT_FALSE(log.client.is_open());
    EXPECT_EQ(log.client.send_text("late"), SendResult::closed);
  }

  Loop loop = make_loop();
  WsServer server{loop};
  ClientLog log;
};

TEST_F(WsClientTest, carries_messages_both_ways) {
  open();
  EXPECT_EQ(server.target, "/stocks");
  EXPECT_EQ(server.host, "127.0.0.1:" + std::to_string(server.port));
  std::vector<std::string> sent = {"", "hello", std::string(125, 'a'), std::string(126, 'b'),
                                   std::string(200'000, 'c')};
  for (const std::string& text : sent) ASSERT_EQ(log.client.send_text(text), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return log.messages.size() == sent.size(); }));
  EXPECT_EQ(server.messages, sent);
  EXPECT_EQ(log.messages, sent);
  const std::byte bytes[] = {std::byte{0}, std::byte{0xFF}};
  ASSERT_EQ(log.client.send_binary(bytes), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return log.messages.size() == sent.size() + 1; }));
  EXPECT_EQ(log.messages.back(), std::string("\0\xFF", 2));
  EXPECT_GT(log.client.bytes_received(), 200'000U);
  EXPECT_GT(log.client.ts_last_byte_ns(), 0U);
}

TEST_F(WsClientTest, takes_messages_that_come_with_the_answer_to_the_upgrade) {
  server.first_frames = raw_frame({.payload = "connected"}) + raw_frame({.payload = "again"});
  open();
  ASSERT_TRUE(run_until(loop, [&] { return log.messages.size() == 2; }));
  EXPECT_EQ(log.messages[0], "connected");
}

TEST_F(WsClientTest, answers_pings_and_hears_pongs) {
  open();
  server.send_raw(raw_frame({.opcode = 9, .payload = "are you there"}));
  ASSERT_TRUE(run_until(loop, [&] { return !server.pongs.empty(); }));
  EXPECT_EQ(server.pongs[0], "are you there");
  ASSERT_EQ(log.client.send_ping(std::as_bytes(std::span("abc", 3))), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return !log.pongs.empty(); }));
  EXPECT_EQ(log.pongs[0], "abc");
}

TEST_F(WsClientTest, speaks_tls) {
  const test::TestCert ca = test::TestCert::authority();
  const test::TestCert leaf = ca.issue({.addresses = {"127.0.0.1"}});
  const test::TempDir dir;
  const TlsContext server_tls =
      TlsContext::server({.certificate_file = dir.write("c.pem", leaf.certificate_pem()),
                          .key_file = dir.write("k.pem", leaf.key_pem())})
          .value();
  const TlsContext client_tls =
      TlsContext::client({.ca_file = dir.write("ca.pem", ca.certificate_pem())}).value();
  WsServer secure{loop, &server_tls};
  WsClientOptions made = options();
  made.port = secure.port;
  made.tls = &client_tls;
  log.connect(loop, made);
  ASSERT_TRUE(run_until(loop, [&] { return log.open_count == 1 || log.close_count == 1; }));
  ASSERT_EQ(log.open_count, 1) << log.error.message();
  ASSERT_EQ(log.client.send_text("over TLS"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return log.messages.size() == 1; }));
  EXPECT_EQ(log.client.tls_description().substr(0, 4), "TLSv");
  log.client.close();
  ASSERT_TRUE(run_until(loop, [&] { return log.close_count == 1; }));
  EXPECT_EQ(log.error.code, ErrorCode::ok) << log.error.message();
}

TEST_F(WsClientTest, offers_subprotocols_and_tells_the_chosen) {
  WsClientOptions made = options();
  made.subprotocols = {"one", "two"};
  log.connect(loop, made);
  ASSERT_TRUE(run_until(loop, [&] { return log.open_count == 1; }));
  EXPECT_EQ(log.client.subprotocol(), "one");
}

TEST_F(WsClientTest, closes_with_its_code) {
  open();
  ASSERT_EQ(log.client.send_text("last words"), SendResult::ok);
  log.client.close(WsCloseCode::going_away, "bye");
  expect_close(WsCloseCode::going_away, ErrorCode::ok, "");
  ASSERT_TRUE(run_until(loop, [&] { return server.closing.has_value(); }));
  EXPECT_EQ(server.messages, std::vector<std::string>{"last words"});
  EXPECT_EQ(server.closing->code, WsCloseCode::going_away);
  EXPECT_EQ(server.closing->reason, "bye");
  EXPECT_TRUE(server.closing->is_peer);
}

TEST_F(WsClientTest, tells_the_servers_close_code) {
  open();
  server.channel->close(WsCloseCode::policy, "too many connections");
  expect_close(WsCloseCode::policy, ErrorCode::ok, "");
}

TEST_F(WsClientTest, tells_that_the_server_left_without_a_close_frame) {
  open();
  server.acceptor.server.stream.close();
  expect_close(WsCloseCode::abnormal, ErrorCode::connect, "close frame");
}

TEST_F(WsClientTest, tells_that_the_connection_was_reset) {
  open();
  server.acceptor.server.stream.abort();
  expect_close(WsCloseCode::abnormal, ErrorCode::connect, "lost");
}

TEST_F(WsClientTest, refuses_a_broken_protocol_with_the_right_code) {
  open();
  server.send_raw(raw_frame({.payload = "\xFF"}));
  expect_close(WsCloseCode::bad_payload, ErrorCode::protocol, "UTF-8");
  ASSERT_TRUE(run_until(loop, [&] { return server.closing.has_value(); }));
  EXPECT_EQ(server.closing->code, WsCloseCode::bad_payload);
}

TEST_F(WsClientTest, tells_why_the_server_refuses_the_upgrade) {
  server.answer_instead = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!";
  log.connect(loop, options());
  expect_close(WsCloseCode::abnormal, ErrorCode::auth, "401 Unauthorized");
  EXPECT_EQ(log.open_count, 0);
}

TEST_F(WsClientTest, tells_a_refusal_that_ends_with_its_connection) {
  server.answer_instead = "HTTP/1.1 404 Not Found\r\n\r\nnothing here";
  log.connect(loop, options());
  expect_close(WsCloseCode::abnormal, ErrorCode::protocol, "404");
}

TEST_F(WsClientTest, tells_an_answer_that_is_not_http) {
  server.answer_instead = "SSH-2.0-OpenSSH\r\n";
  log.connect(loop, options());
  expect_close(WsCloseCode::abnormal, ErrorCode::protocol, "not HTTP");
}

TEST_F(WsClientTest, gives_up_when_the_upgrade_is_never_answered) {
  server.answer_instead = "HTTP/1.1 101 Swi";
  server.closes_after_answer = false;
  WsClientOptions made = options();
  made.stream.open_timeout_ns = 30'000'000;
  log.connect(loop, made);
  expect_close(WsCloseCode::abnormal, ErrorCode::timeout, "30 ms");
}

TEST_F(WsClientTest, may_be_destroyed_by_its_callbacks) {
  server.first_frames = raw_frame({.payload = "1"}) + raw_frame({.payload = "2"});
  log.when_open = [&] { log.client = WsClient(); };
  log.connect(loop, options());
  ASSERT_TRUE(run_until(loop, [&] { return server.acceptor.server.close_count == 1; }));
  EXPECT_TRUE(log.messages.empty());

  WsServer second{loop};
  second.first_frames = server.first_frames;
  ClientLog other;
  other.when_message = [&] { other.client = WsClient(); };
  WsClientOptions made = options();
  made.port = second.port;
  other.connect(loop, made);
  ASSERT_TRUE(run_until(loop, [&] { return second.acceptor.server.close_count == 1; }));
  EXPECT_EQ(other.messages.size(), 1U);
  EXPECT_EQ(other.close_count, 0);
}

TEST_F(WsClientTest, may_close_from_its_callbacks) {
  server.first_frames = raw_frame({.payload = "1"}) + raw_frame({.payload = "2"});
  log.when_message = [&] { log.client.close(); };
  log.connect(loop, options());
  expect_close(WsCloseCode::normal, ErrorCode::ok, "");
  EXPECT_EQ(log.messages.size(), 1U);
}

}  // namespace
}  // namespace ringside::net
