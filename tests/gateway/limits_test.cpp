// Every limit and every closed door over real sockets: what it stops, what it counts, and that the
// others are served meanwhile.
#include <gmock/gmock.h>

#include "gateway_fixture.hpp"

namespace ringside::gateway::test {
namespace {

constexpr std::uint64_t ms = 1'000'000;

class Limited : public GatewayTest {
 protected:
  void SetUp() override { add_feed({.name = "stocks"}); }
};

TEST_F(Limited, one_client_more_than_allowed_is_refused_and_counted) {
  settings.limits.client_count_max = 3;
  start();
  std::vector<std::unique_ptr<WsClient>> clients;
  clients.push_back(join());
  clients.push_back(join());
  Socket third(port);  // a connection counts before it says anything
  std::string buffer;
  ASSERT_TRUE(third.send(request_text("GET", "/health", {})));
  EXPECT_EQ(read_answer(third, buffer).status, 200);
  EXPECT_EQ(http(port, "/health").status, 503);
  clients.pop_back();
  EXPECT_TRUE(wait_until([&] { return http(port, "/health").status == 200; }));
  EXPECT_TRUE(
      wait_until([&] { return metric("ringside_gateway_limit_clients_total").value_or(0) >= 1U; }));
}

TEST_F(Limited, a_long_head_is_answered_431) {
  settings.limits.header_bytes_max = 1024;
  start();
  EXPECT_EQ(http(port, "/health", {{"X-Long", std::string(2000, 'a')}}).status, 431);
  const int status = http(port, "/" + std::string(2000, 'a')).status;
  EXPECT_TRUE(status == 414 || status == 431) << status;
  EXPECT_EQ(metric("ringside_gateway_limit_header_bytes_total"), 2U);
}

TEST_F(Limited, a_long_message_closes_with_1009) {
  settings.limits.message_bytes_max = 256;
  start();
  const auto client = join();
  client->send(R"({"type":"ping","pad":")" + std::string(400, 'a') + "\"}");
  while (client->read()) {
  }
  EXPECT_EQ(client->close_code(), 1009);
  EXPECT_TRUE(wait_metric("ringside_gateway_limit_message_bytes_total", 1));
}

TEST_F(Limited, a_binary_message_closes_with_1003) {
  start();
  const auto client = join();
  client->send_frame(2, "x");
  while (client->read()) {
  }
  EXPECT_EQ(client->close_code(), 1003);
}

TEST_F(Limited, a_flood_of_messages_closes_with_1008_and_a_burst_within_a_second_does_not) {
  settings.limits.message_rate_max = 50;
  start();
  const auto polite = join();
  for (int i = 0; i < 49; ++i) polite->send(R"({"type":"ping"})");
  for (int i = 0; i < 49; ++i) ASSERT_TRUE(polite->read_type("pong").is_good());
  const auto flood = join();
  for (int i = 0; i < 500; ++i) {
    if (!flood->send(R"({"type":"ping"})")) break;
  }
  while (flood->read()) {
  }
  EXPECT_EQ(flood->close_code(), 1008);
  EXPECT_TRUE(wait_metric("ringside_gateway_limit_message_rate_total", 1));
}

TEST_F(Limited, subscriptions_beyond_the_limit_are_refused_by_name) {
  settings.limits.subscription_count_max = 2;
  start();
  const auto client = join();
  client->send(R"({"type":"subscribe","channel":"trades","symbols":["A","B","C","D"]})");
  EXPECT_EQ(client->read_type("subscribed").at("/symbols"), R"(["A","B"])");
  const Json error = client->read_type("error");
  EXPECT_EQ(error.text("/code"), "too_many_subscriptions");
  EXPECT_NE(error.text("/message").find('C'), std::string::npos);
  client->send(R"({"type":"subscribe","channel":"quotes","symbols":["A"]})");  // no new symbol
  EXPECT_TRUE(client->read_type("subscribed").is_good());
  client->send(R"({"type":"unsubscribe","channel":"trades","symbols":["B"]})");
  EXPECT_TRUE(client->read_type("unsubscribed").is_good());
  client->send(R"({"type":"subscribe","symbols":["C"]})");
  EXPECT_EQ(client->read_type("subscribed").at("/symbols"), R"(["C"])");
  EXPECT_EQ(metric("ringside_gateway_limit_subscriptions_total"), 1U);
}

TEST_F(Limited, a_slow_request_is_answered_408) {
  settings.limits.request_ns_max = 100 * ms;
  start();
  Socket socket(port);
  std::string buffer;
  ASSERT_TRUE(socket.send("GET /health HTTP/1.1\r\nHost: loc"));
  EXPECT_EQ(read_answer(socket, buffer).status, 408);
  Socket silent(port);
  EXPECT_FALSE(silent.receive(buffer) && buffer.find(" 408 ") == std::string::npos);
  EXPECT_TRUE(wait_metric("ringside_gateway_limit_request_time_total", 2));
  EXPECT_EQ(http(port, "/health").status, 200);
}

TEST_F(Limited, a_silent_client_is_pinged_and_then_let_go) {
  settings.limits.idle_ns = 100 * ms;
  start();
  const auto answering = join();
  const auto silent = join();
  // The one that reads answers the pings and stays.
  ASSERT_TRUE(wait_until([&] {
    EXPECT_FALSE(answering->read(10));
    return metric("ringside_gateway_limit_idle_total") == 1U;
  }));
  answering->send(R"({"type":"ping"})");
  EXPECT_TRUE(answering->read_type("pong").is_good());
}

TEST_F(Limited, a_client_that_takes_nothing_is_let_go) {
  settings.limits.backlog_bytes_max = 16'384;
  settings.limits.stall_ns = 200 * ms;
  settings.socket_send_bytes = 4096;
  start();
  const auto client = join({.target = "/ws?policy=all", .receive_bytes = 4096});
  client->send(R"({"type":"subscribe","channel":"trades","symbols":["AAPL"]})");
  ASSERT_TRUE(client->read_type("subscribed").is_good());
  ASSERT_TRUE(wait_until([&] {
    for (int i = 0; i < 50; ++i) stocks().trade("AAPL", shm::price_one);
    return metric("ringside_gateway_limit_stall_total") == 1U;
  }));
  EXPECT_TRUE(wait_metric("ringside_gateway_clients", 0));
}

TEST_F(Limited, the_total_backlog_hurts_only_those_who_have_one) {
  settings.limits.backlog_bytes_max = 1U << 20;
  settings.limits.backlog_total_bytes_max = 131'072;
  settings.socket_send_bytes = 4096;
  start();
  const auto slow = join({.target = "/ws?policy=all", .receive_bytes = 4096});
  const auto healthy = join({.target = "/ws?policy=all"});
  for (WsClient* client : {slow.get(), healthy.get()}) {
    client->send(R"({"type":"subscribe","channel":"trades","symbols":["AAPL"]})");
    ASSERT_TRUE(client->read_type("subscribed").is_good());
  }
  int sent = 0;
  while (metric("ringside_gateway_limit_backlog_total_total") == 0U) {
    ASSERT_LT(sent, 10'000);
    for (int i = 0; i < 50; ++i) stocks().trade("AAPL", ++sent * shm::price_one);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(healthy->read_type("market-data").is_good());
  }
  EXPECT_EQ(metric("ringside_gateway_limit_backlog_total"), 1U);  // the slow one
}

TEST_F(Limited, foreign_origins_and_hosts_are_refused_and_counted) {
  settings.origins = {"https://board.example"};
  start();
  const std::string own = "localhost:" + std::to_string(port);
  const auto status = [this](const Headers& headers) {
    return WsClient(port, {.headers = headers}).answer().status;
  };
  EXPECT_EQ(status({}), 101);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "http://" + own}}), 101);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "https://board.example"}}), 101);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "null"}}), 403);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "http://localhost"}}), 403);
  EXPECT_EQ(status({{"Host", "evil.example"}, {"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(http(port, "/api/socket", {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(http(port, "/", {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(metric("ringside_gateway_refused_origin_total"), 3U);
  EXPECT_EQ(metric("ringside_gateway_refused_host_total"), 3U);
}

TEST_F(Limited, a_bad_upgrade_is_refused_with_the_right_status) {
  start();
  const Headers base = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
  const auto status = [&](Headers more, std::string_view method = "GET") {
    more.insert(more.end(), base.begin(), base.end());
    return http(port, "/ws", more, method).status;
  };
  const std::pair<std::string, std::string> key = {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="};
  EXPECT_EQ(status({key, {"Sec-WebSocket-Version", "13"}}), 101);
  EXPECT_EQ(status({key, {"Sec-WebSocket-Version", "8"}}), 426);
  EXPECT_EQ(status({{"Sec-WebSocket-Version", "13"}}), 400);
  EXPECT_EQ(status({key, {"Sec-WebSocket-Version", "13"}}, "POST"), 405);
}

class WithTokens : public GatewayTest {
 protected:
  void SetUp() override {
    add_feed({.name = "stocks"});
    // SHA-256 of "alpha".
    settings.tokens_file =
        dir.write("tokens", "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8\n");
    auto made = Gateway::create(settings);
    ASSERT_TRUE(made.ok()) << made.error().message();
    gateway = made->get();
    port = gateway->port();
    thread = std::thread([owned = std::move(*made)]() mutable {
      owned->run();
      owned.reset();
    });
    ASSERT_TRUE(wait_until([this] { return http(port, "/ready").status == 200; }));
  }
};

TEST_F(WithTokens, everything_but_the_page_and_the_probes_needs_one) {
  const Headers good = {{"Authorization", "Bearer alpha"}};
  const Headers bad = {{"Authorization", "Bearer beta"}};
  for (const std::string_view open : {"/", "/app.js", "/health", "/ready"}) {
    EXPECT_EQ(http(port, open).status, 200) << open;
  }
  for (const std::string_view path : {"/metrics", "/api/socket", "/api/market/status"}) {
    EXPECT_EQ(http(port, path).status, 401) << path;
    EXPECT_EQ(http(port, path, bad).status, 401) << path;
    EXPECT_EQ(http(port, path, good).status, 200) << path;
    EXPECT_EQ(http(port, path).header("www-authenticate"), "Bearer");
  }
  EXPECT_EQ(WsClient(port, {.headers = bad}).answer().status, 401);
}

TEST_F(WithTokens, a_socket_takes_it_as_header_subprotocol_or_first_message) {
  WsClient header(port, {.headers = {{"Authorization", "Bearer alpha"}}});
  EXPECT_EQ(header.read_type("welcome").at("/authRequired"), "false");
  WsClient protocol(port, {.headers = {{"Sec-WebSocket-Protocol", "bearer.alpha"}}});
  EXPECT_EQ(protocol.answer().header("sec-websocket-protocol"), "bearer.alpha");
  EXPECT_EQ(protocol.read_type("welcome").at("/authRequired"), "false");
  WsClient message(port);
  EXPECT_EQ(message.read_type("welcome").at("/authRequired"), "true");
  message.send(R"({"type":"auth","token":"alpha"})");
  EXPECT_TRUE(message.read_type("authenticated").is_good());
  EXPECT_EQ(message.read_type("status").text("/state"), "live");
  message.send(R"({"type":"subscribe","symbols":["AAPL"]})");
  EXPECT_TRUE(message.read_type("subscribed").is_good());
}

TEST_F(WithTokens, a_socket_without_one_hears_nothing_and_is_closed) {
  WsClient wrong(port);
  EXPECT_TRUE(wrong.read_type("welcome").is_good());
  wrong.send(R"({"type":"auth","token":"beta"})");
  EXPECT_EQ(wrong.read_type("error").text("/code"), "unauthorized");
  EXPECT_FALSE(wrong.read());
  EXPECT_EQ(wrong.close_code(), 1008);
  WsClient hasty(port);
  EXPECT_TRUE(hasty.read_type("welcome").is_good());
  hasty.send(R"({"type":"subscribe","channel":"trades","symbols":["AAPL"]})");
  stocks().trade("AAPL", shm::price_one);
  EXPECT_EQ(hasty.read_type("error").text("/code"), "unauthorized");
  EXPECT_FALSE(hasty.read());
  EXPECT_EQ(hasty.close_code(), 1008);
  WsClient silent(port);
  EXPECT_TRUE(silent.read_type("welcome").is_good());
  stocks().set_state(shm::FeedState::delayed);
  EXPECT_FALSE(silent.read(300));
  EXPECT_EQ(silent.close_code(), 0);
}

class Starting : public GatewayTest {};

TEST_F(Starting, names_the_port_that_is_taken) {
  start();
  Settings second = settings;
  second.port = port;
  const auto other = Gateway::create(second);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::busy);
  EXPECT_NE(other.error().message().find(std::to_string(port)), std::string::npos);
  EXPECT_EQ(dir.read("run/gateway.port"), std::to_string(port) + "\n");
}

TEST_F(Starting, refuses_an_address_beyond_loopback_without_tokens) {
  settings.address = "0.0.0.0";
  const auto gateway_made = Gateway::create(settings);
  ASSERT_FALSE(gateway_made.ok());
  EXPECT_EQ(gateway_made.error().code, ErrorCode::config);
}

TEST_F(Starting, names_a_certificate_that_is_missing) {
  settings.tls_cert = dir.file("none.pem");
  settings.tls_key = dir.file("none.key");
  const auto gateway_made = Gateway::create(settings);
  ASSERT_FALSE(gateway_made.ok());
  EXPECT_NE(gateway_made.error().message().find("none.pem"), std::string::npos);
}

}  // namespace
}  // namespace ringside::gateway::test
