// What each client gets of a fast stream: newest values, everything, or the exact count of what it
// was not sent. Real sockets, a real segment.
#include <gmock/gmock.h>

#include "gateway_fixture.hpp"

namespace ringside::gateway::test {
namespace {

constexpr std::int64_t dollar = shm::price_one;

class FastStream : public GatewayTest {
 protected:
  void SetUp() override { add_feed({.name = "stocks"}); }
};

// A burst of quotes leaves in batches: the client sees the newest, few of them, and no lag.
TEST_F(FastStream, conflates_quotes_to_the_newest_and_counts_the_rest) {
  settings.conflate_ns = 200'000'000;
  start();
  const auto client = join();
  subscribe(*client, R"("channel":"quotes","symbols":["AAPL"])");
  for (std::int64_t i = 1; i <= 1000; ++i) stocks().quote("AAPL", i * dollar, (i + 1) * dollar);
  int count = 0;
  std::string bid;
  while (bid != "1000") {
    const Json quote = client->read_type("market-data");
    ASSERT_TRUE(quote.is_good());
    bid = quote.at("/data/bp");
    ++count;
  }
  EXPECT_LE(count, 20);
  EXPECT_TRUE(
      wait_metric("ringside_gateway_conflated_total", 1000U - static_cast<unsigned>(count)));
  EXPECT_EQ(metric("ringside_gateway_lag_messages_total"), 0U);
}

TEST_F(FastStream, brings_every_quote_under_policy_all) {
  settings.conflate_ns = 200'000'000;
  start();
  const auto client = join();
  const Json answer = subscribe(*client, R"("channel":"quotes","symbols":["AAPL"],"policy":"all")");
  EXPECT_EQ(answer.text("/policy"), "all");
  for (std::int64_t i = 1; i <= 500; ++i) stocks().quote("AAPL", i * dollar, (i + 1) * dollar);
  for (std::int64_t i = 1; i <= 500; ++i) {
    const Json quote = client->read_type("market-data");
    ASSERT_EQ(quote.at("/data/bp"), std::to_string(i));
  }
}

TEST_F(FastStream, encodes_a_record_once_however_many_hear_it) {
  start();
  std::vector<std::unique_ptr<WsClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(join());
    subscribe(*clients.back(), R"("channel":"trades","symbols":["AAPL"])");
  }
  for (int i = 0; i < 10; ++i) stocks().trade("AAPL", (i + 1) * dollar);
  for (auto& client : clients) {
    std::string price;
    while (price != "10") {
      const Json trade = client->read_type("market-data");
      ASSERT_TRUE(trade.is_good());
      price = trade.at("/data/p");
    }
  }
  EXPECT_EQ(metric("ringside_gateway_encoded_total"), 10U);
  EXPECT_EQ(metric("ringside_gateway_messages_sent_total"), 200U);
}

// Reads on until the last price; what came plus what was told to be lost must be all there was.
void count_up(WsClient& client, std::string_view last_price, std::uint64_t& received,
              std::uint64_t& told) {
  while (true) {
    const auto text = client.read();
    ASSERT_TRUE(text) << "closed with " << client.close_code() << ' ' << client.close_reason();
    const Json message(*text);
    if (message.text("/type") == "lag") {
      EXPECT_EQ(message.text("/reason"), "backlog");
      EXPECT_EQ(message.number("/count"), message.number("/channels/trades"));
      told += message.number("/count");
    }
    if (message.text("/type") != "market-data") continue;
    ++received;
    if (message.at("/data/p") == last_price) return;
  }
}

// One client does not read. It alone loses, knows exactly how much, and is served again when it
// reads; its neighbour gets every trade.
TEST_F(FastStream, tells_a_stalled_client_exactly_how_many_trades_it_lost) {
  settings.limits.backlog_bytes_max = 65'536;
  settings.socket_send_bytes = 8192;
  start();
  const auto healthy = join();
  const auto stalled = join({.receive_bytes = 4096});
  for (WsClient* client : {healthy.get(), stalled.get()}) {
    subscribe(*client, R"("channel":"trades","symbols":["AAPL"])");
  }
  std::uint64_t published = 0;
  std::uint64_t healthy_count = 0;
  std::uint64_t healthy_told = 0;
  // Until the stalled one is full, a little at a time and no faster than the healthy one reads.
  while (metric("ringside_gateway_limit_backlog_total") == 0U) {
    ASSERT_LT(published, 100'000U);
    for (int i = 0; i < 100; ++i) {
      stocks().trade("AAPL", static_cast<std::int64_t>(++published) * dollar);
    }
    count_up(*healthy, std::to_string(published), healthy_count, healthy_told);
  }
  for (int i = 0; i < 100; ++i) {
    stocks().trade("AAPL", static_cast<std::int64_t>(++published) * dollar);
  }
  count_up(*healthy, std::to_string(published), healthy_count, healthy_told);
  EXPECT_EQ(healthy_count, published);
  EXPECT_EQ(healthy_told, 0U);

  const auto dropped = metric(R"(ringside_gateway_dropped_total{channel="trades"})");
  std::uint64_t received = 0;
  std::uint64_t told = 0;
  while (told == 0) {  // what waited, then the lag
    const auto text = stalled->read();
    ASSERT_TRUE(text);
    const Json message(*text);
    received += message.text("/type") == "market-data" ? 1 : 0;
    if (message.text("/type") == "lag") told = message.number("/count");
  }
  EXPECT_EQ(told, dropped);
  EXPECT_EQ(received + told, published);
  stocks().trade("AAPL", static_cast<std::int64_t>(++published) * dollar);
  count_up(*stalled, std::to_string(published), received, told);
  EXPECT_EQ(received + told, published);
  EXPECT_EQ(metric("ringside_gateway_lag_messages_total"), 1U);
}

TEST_F(FastStream, closes_a_client_that_asked_for_it_when_its_backlog_is_full) {
  settings.limits.backlog_bytes_max = 16'384;
  settings.socket_send_bytes = 8192;
  start();
  const auto client = join({.target = "/ws?policy=close", .receive_bytes = 4096});
  subscribe(*client, R"("channel":"trades","symbols":["AAPL"])");
  for (int i = 0; metric("ringside_gateway_limit_backlog_total") == 0U; ++i) {
    ASSERT_LT(i, 1000);
    for (int j = 0; j < 100; ++j) stocks().trade("AAPL", dollar);
  }
  while (client->read()) {
  }
  EXPECT_TRUE(client->close_code() == 1008 || client->close_code() == 1006);
  EXPECT_TRUE(wait_metric("ringside_gateway_clients", 0));
}

// A conflating client that does not read loses nothing it was promised: it gets the newest value of
// each symbol afterwards, and no lag.
TEST_F(FastStream, keeps_newest_values_for_a_stalled_client_without_lag) {
  settings.limits.backlog_bytes_max = 32'768;
  settings.socket_send_bytes = 8192;
  settings.conflate_ns = 0;
  start();
  const auto client = join({.receive_bytes = 4096});
  std::string symbols;
  for (int i = 0; i < 50; ++i) symbols += (i == 0 ? "\"S" : ",\"S") + std::to_string(i) + '"';
  subscribe(*client, R"("channel":"quotes","symbols":[)" + symbols + "]");
  for (std::int64_t round = 1; round <= 200; ++round) {
    for (int i = 0; i < 50; ++i) {
      stocks().quote("S" + std::to_string(i), round * dollar, (round + 1) * dollar);
    }
    ASSERT_TRUE(metric("ringside_gateway_clients"));  // a moment for the gateway
  }
  std::map<std::string, std::string> newest;
  while (std::count_if(newest.begin(), newest.end(),
                       [](const auto& each) { return each.second == "200"; }) < 50) {
    const Json quote = client->read_type("market-data");
    ASSERT_TRUE(quote.is_good());
    newest[quote.text("/data/sym")] = quote.at("/data/bp");
  }
  EXPECT_EQ(metric("ringside_gateway_lag_messages_total"), 0U);
  EXPECT_GT(metric("ringside_gateway_conflated_total").value_or(0), 0U);
}

// The tape is so short that the gateway is overtaken: what came and what it says it lost are all.
TEST_F(FastStream, tells_what_it_came_too_late_for_itself) {
  feeds.clear();
  add_feed({.name = "stocks", .tape_slots = 1024});
  settings.limits.backlog_bytes_max = std::size_t{64} << 20;  // the client is not the slow one
  start();
  const auto client = join({.target = "/ws?policy=all"});
  subscribe(*client, R"("channel":"trades","symbols":["AAPL"])");
  std::uint64_t published = 0;
  std::uint64_t received = 0;
  std::uint64_t told = 0;
  const std::string lapped = R"(ringside_gateway_records_lost_total{feed="stocks"})";
  ASSERT_TRUE(wait_until([&] {
    for (int i = 0; i < 20'000; ++i) {
      stocks().trade("AAPL", static_cast<std::int64_t>(++published) * dollar);
    }
    return metric(lapped).value_or(0) > 0;
  }));
  std::string price;
  while (price != std::to_string(published)) {
    const auto text = client->read();
    ASSERT_TRUE(text);
    const Json message(*text);
    if (message.text("/type") == "lag") {
      EXPECT_EQ(message.text("/reason"), "lapped");
      EXPECT_EQ(message.text("/feed"), "stocks");
      told += message.number("/count");
    } else if (message.text("/type") == "market-data") {
      price = message.at("/data/p");
      ++received;
    }
  }
  EXPECT_EQ(received + told, published);
  EXPECT_EQ(metric(lapped), told);
}

}  // namespace
}  // namespace ringside::gateway::test
