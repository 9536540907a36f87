// https and wss with our own TLS client and a certificate made for the test.
#include "../support/test_cert.hpp"
#include "gateway_fixture.hpp"
#include "ringside/net/ws_client.hpp"

namespace ringside::gateway::test {
namespace {

// A client that keeps the first messages and how it ended.
class Listener {
 public:
  void on_open() noexcept { is_open = true; }
  void on_message(net::WsOpcode, std::span<const std::byte> payload, std::uint64_t) noexcept {
    texts.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  void on_close(net::WsCloseCode, const Error& error) noexcept {
    is_closed = true;
    code = error.code;
  }

  [[nodiscard]] net::WsClientHandlers handlers() {
    return {.on_open = net::Delegate<void()>::to<&Listener::on_open>(this),
            .on_message = net::Delegate<void(net::WsOpcode, std::span<const std::byte>,
                                             std::uint64_t)>::to<&Listener::on_message>(this),
            .on_close =
                net::Delegate<void(net::WsCloseCode, const Error&)>::to<&Listener::on_close>(this)};
  }

  bool is_open = false;
  bool is_closed = false;
  ErrorCode code = ErrorCode::ok;
  std::vector<std::string> texts;
};

class Secure : public GatewayTest {
 protected:
  void SetUp() override {
    add_feed({.name = "stocks"});
    const auto authority = ringside::test::TestCert::authority();
    const auto server = authority.issue({.addresses = {"127.0.0.1"}});
    settings.tls_cert = dir.write("server.pem", server.certificate_pem());
    settings.tls_key = dir.write("server.key", server.key_pem());
    ca_file = dir.write("ca.pem", authority.certificate_pem());
    auto made = Gateway::create(settings);
    ASSERT_TRUE(made.ok()) << made.error().message();
    gateway = made->get();
    port = gateway->port();
    thread = std::thread([owned = std::move(*made)]() mutable {
      owned->run();
      owned.reset();
    });
    ASSERT_TRUE(wait_until([this] { return stocks().attached() == 1; }));
  }

  // Connects with these headers and turns the loop until `is_done`.
  template <class IsDone>
  void talk(Listener& listener, std::vector<std::pair<std::string, std::string>> headers,
            std::string_view send, IsDone&& is_done) {
    auto tls = net::TlsContext::client({.ca_file = ca_file});
    ASSERT_TRUE(tls.ok());
    auto loop = net::Loop::create();
    ASSERT_TRUE(loop.ok());
    net::WsClientOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.target = "/ws";
    options.tls = &*tls;
    options.headers = std::move(headers);
    auto client = net::WsClient::connect(*loop, options, listener.handlers());
    ASSERT_TRUE(client.ok());
    bool is_sent = send.empty();
    ASSERT_TRUE(wait_until([&] {
      loop->poll(10'000'000);
      if (listener.is_open && !is_sent) {
        is_sent = client->send_text(send) == net::SendResult::ok;
      }
      return is_done() || listener.is_closed;
    }));
  }

  std::string ca_file;
};

TEST_F(Secure, serves_the_same_over_wss) {
  stocks().trade("AAPL", shm::price_one);
  Listener listener;
  talk(listener, {{"Origin", "https://127.0.0.1:" + std::to_string(port)}},
       R"({"type":"subscribe","channel":"trades","symbols":["AAPL"]})", [&] {
         if (listener.texts.size() == 3) stocks().trade("AAPL", 2 * shm::price_one);
         return listener.texts.size() > 3;
       });
  ASSERT_GT(listener.texts.size(), 3U);
  EXPECT_EQ(Json(listener.texts[0]).text("/type"), "welcome");
  EXPECT_EQ(Json(listener.texts[2]).at("/snapshot/0/lastTrade/p"), "1");
  EXPECT_EQ(Json(listener.texts[3]).at("/data/p"), "2");
}

TEST_F(Secure, refuses_an_origin_of_the_plain_scheme) {
  Listener listener;
  talk(listener, {{"Origin", "http://127.0.0.1:" + std::to_string(port)}}, "",
       [&] { return listener.is_open; });
  EXPECT_FALSE(listener.is_open);
  EXPECT_EQ(listener.code, ErrorCode::auth);
}

TEST_F(Secure, drops_a_client_that_speaks_plain_http) {
  Socket socket(port);
  std::string buffer;
  ASSERT_TRUE(socket.send(request_text("GET", "/health", {})));
  while (socket.receive(buffer)) {
  }
  EXPECT_EQ(buffer.find("HTTP/1.1 200"), std::string::npos);
}

}  // namespace
}  // namespace ringside::gateway::test
