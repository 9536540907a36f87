// The WebSocket side over real sockets and a real segment: what clients say, what they get, what
// the feed is asked for, and what happens when a client is slow or the feed goes.
#include <gmock/gmock.h>

#include "gateway_fixture.hpp"

namespace ringside::gateway::test {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr std::int64_t dollar = shm::price_one;

class Streaming : public GatewayTest {
 protected:
  void SetUp() override {
    add_feed({.name = "stocks"});
    add_feed({.name = "options", .venue_base = 300});
    add_feed({.name = "stats"});
  }
};

TEST_F(Streaming, welcomes_a_client_and_tells_the_feeds_states) {
  start();
  WsClient client(port);
  EXPECT_EQ(client.answer().header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const Json welcome = client.read_type("welcome");
  EXPECT_EQ(welcome.text("/policy"), "conflate");
  EXPECT_EQ(welcome.at("/authRequired"), "false");
  EXPECT_NE(welcome.number("/serverTimeNs"), 0U);
  const Json status = client.read_type("status");
  EXPECT_EQ(status.text("/state"), "live");
  EXPECT_EQ(status.text("/feeds/0/feed"), "stocks");
  EXPECT_EQ(status.text("/feeds/1/state"), "live");
  EXPECT_NE(status.number("/feeds/0/epoch"), 0U);
}

TEST_F(Streaming, serves_the_alias_and_the_policy_of_the_query) {
  start();
  WsClient client(port, {.target = "/api/socket?policy=all"});
  EXPECT_EQ(client.read_type("welcome").text("/policy"), "all");
  EXPECT_EQ(WsClient(port, {.target = "/ws?policy=fast"}).answer().status, 400);
  EXPECT_EQ(WsClient(port, {.target = "/api/market/status"}).answer().status, 200);
}

TEST_F(Streaming, answers_a_ping_with_its_own_clock) {
  start();
  const auto client = join();
  const std::uint64_t before = wall_ns();
  client->send(R"({"type":"ping","id":7,"t":123.5})");
  const Json pong = client->read_type("pong");
  EXPECT_EQ(pong.at("/id"), "7");
  EXPECT_EQ(pong.at("/t"), "123.5");
  EXPECT_GE(pong.number("/serverNs"), before);
  EXPECT_EQ(pong.number("/serverMs"), pong.number("/serverNs") / 1'000'000);
}

TEST_F(Streaming, brings_each_trade_once_with_its_passage) {
  start();
  const auto client = join();
  const Json answer = subscribe(*client, R"("channel":"trades","symbols":["AAPL"],"id":"a")");
  EXPECT_EQ(answer.at("/channels"), R"(["trades"])");
  EXPECT_EQ(answer.at("/symbols"), R"(["AAPL"])");
  EXPECT_EQ(answer.at("/id"), R"("a")");
  const std::uint64_t sequence = stocks().trade("AAPL", 150 * dollar + 250'000'000, 100);
  const Json trade = client->read_type("market-data");
  EXPECT_EQ(trade.text("/channel"), "trades");
  EXPECT_EQ(trade.at("/symbols"), R"(["AAPL"])");
  EXPECT_EQ(trade.at("/data/p"), "150.25");
  EXPECT_EQ(trade.at("/data/s"), "100");
  EXPECT_EQ(trade.at("/data/x"), "4");
  EXPECT_EQ(trade.at("/data/t"), "1514905200123");
  EXPECT_EQ(trade.text("/metadata/source"), "massive");
  EXPECT_EQ(trade.number("/metadata/seq"), sequence);
  EXPECT_GE(trade.number("/metadata/send_ns"), trade.number("/metadata/ring_ns"));
}

TEST_F(Streaming, gives_the_last_values_with_the_answer) {
  stocks().trade("AAPL", 150 * dollar);
  stocks().quote("AAPL", 149 * dollar, 151 * dollar);
  start();
  const auto client = join();
  const Json plain = subscribe(*client, R"("symbols":["AAPL","MSFT"])");
  EXPECT_EQ(plain.text("/snapshot/0/symbol"), "AAPL");
  EXPECT_EQ(plain.at("/snapshot/0/price"), "150");
  EXPECT_EQ(plain.at("/snapshot/0/bid"), "149");
  EXPECT_EQ(plain.at("/snapshot/0/lastTrade"), "absent");
  EXPECT_EQ(plain.text("/snapshot/1/symbol"), "MSFT");
  EXPECT_EQ(plain.at("/snapshot/1/price"), "null");
  const Json both = subscribe(*client, R"("channels":["trades","quotes"],"symbols":["AAPL"])");
  EXPECT_EQ(both.at("/snapshot/0/lastTrade/p"), "150");
  EXPECT_EQ(both.at("/snapshot/0/lastQuote/ap"), "151");
}

TEST_F(Streaming, sends_a_quote_object_that_follows_trades_quotes_and_the_day) {
  start();
  const auto client = join();
  subscribe(*client, R"("symbols":["AAPL"])");
  feeds.at("stats")->bar("AAPL", shm::Kind::bar_1d, 1'000'000'000'000, 148 * dollar, 10, 1);
  feeds.at("stats")->bar("AAPL", shm::Kind::bar_1d, 87'400'000'000'000, 149 * dollar, 500,
                         148 * dollar);
  stocks().quote("AAPL", 149 * dollar, 151 * dollar);
  stocks().trade("AAPL", 150 * dollar);
  while (true) {
    const Json quote = client->read_type("quote");
    ASSERT_TRUE(quote.is_good());
    if (quote.at("/data/price") != "150" || quote.at("/data/previousClose") != "148") continue;
    EXPECT_EQ(quote.at("/data/change"), "2");
    EXPECT_EQ(quote.at("/data/changePercent"), "1.3514");  // 2 / 148
    EXPECT_EQ(quote.at("/data/bid"), "149");
    EXPECT_EQ(quote.at("/data/volume"), "500");
    EXPECT_EQ(quote.at("/data/open"), "147");
    EXPECT_EQ(quote.at("/data/high"), "150");
    EXPECT_EQ(quote.at("/data/low"), "146");
    break;
  }
}

TEST_F(Streaming, sends_option_contracts_from_their_own_feed) {
  start();
  const auto client = join();
  client->send(R"({"type":"subscribe_options","contractIds":["O:SPY251219C00650000"]})");
  const Json answer = client->read_type("subscribed");
  EXPECT_EQ(answer.at("/contractIds"), R"(["O:SPY251219C00650000"])");
  subscribe(*client, R"("channel":"trades","symbols":["O:SPY251219C00650000"])");
  feeds.at("options")->trade("O:SPY251219C00650000", 5 * dollar + 250'000'000, 3);
  const Json trade = client->read_type("market-data");
  EXPECT_EQ(trade.at("/data/x"), "304");  // the segment's venue base
  const Json update = client->read_type("option_update");
  EXPECT_EQ(update.text("/data/contractId"), "O:SPY251219C00650000");
  EXPECT_EQ(update.at("/data/price"), "5.25");
}

TEST_F(Streaming, brings_the_vendors_bars_and_our_own_by_channel) {
  start();
  const auto client = join();
  subscribe(*client, R"("channels":["aggregates","bars"],"symbols":["AAPL"])");
  stocks().bar("AAPL", shm::Kind::bar_1m, 60'000'000'000, 10 * dollar, 7, 9 * dollar);
  const Json theirs = client->read_type("market-data");
  EXPECT_EQ(theirs.text("/channel"), "aggregates");
  EXPECT_EQ(theirs.text("/data/ev"), "AM");
  feeds.at("stats")->bar("AAPL", shm::Kind::bar_1s, 61'000'000'000, 11 * dollar, 7, 9 * dollar);
  const Json ours = client->read_type("market-data");
  EXPECT_EQ(ours.text("/channel"), "bars");
  EXPECT_EQ(ours.text("/data/ev"), "A");
  EXPECT_EQ(ours.text("/metadata/source"), "ringside-stats");
}

TEST_F(Streaming, gives_a_wildcard_everything_once_even_beside_a_symbol_by_name) {
  start();
  const auto client = join();
  subscribe(*client, R"("channel":"trades","symbols":["*","AAPL"])");
  stocks().trade("AAPL", 1 * dollar);
  stocks().trade("NEW1", 2 * dollar);
  feeds.at("options")->trade("O:NEW251219C00650000", 3 * dollar);
  std::vector<std::string> prices;
  prices.reserve(3);
  for (int i = 0; i < 3; ++i) prices.push_back(client->read_type("market-data").at("/data/p"));
  EXPECT_THAT(prices, UnorderedElementsAre("1", "2", "3"));
  client->send(R"({"type":"unsubscribe","channel":"trades","symbols":["*"]})");
  EXPECT_TRUE(client->read_type("unsubscribed").is_good());
  stocks().trade("AAPL", 4 * dollar);
  subscribe(*client, R"("channel":"trades","symbols":["MSFT"])");
  stocks().trade("MSFT", 5 * dollar);
  EXPECT_EQ(client->read_type("market-data").at("/data/p"), "5");
}

TEST_F(Streaming, answers_mistakes_and_goes_on) {
  start();
  const auto client = join();
  client->send("{");
  EXPECT_EQ(client->read_type("error").text("/code"), "bad_json");
  client->send(R"({"type":"subscribe","channel":"prices","symbols":["A"],"id":9})");
  const Json error = client->read_type("error");
  EXPECT_EQ(error.text("/code"), "unknown_channel");
  EXPECT_EQ(error.text("/field"), "channel");
  EXPECT_EQ(error.at("/id"), "9");
  client->send(R"({"type":"ping"})");
  EXPECT_TRUE(client->read_type("pong").is_good());
  EXPECT_TRUE(wait_metric("ringside_gateway_bad_messages_total", 2));
}

TEST_F(Streaming, asks_the_feed_at_the_first_client_and_lets_go_with_the_last) {
  start();
  const auto first = join();
  const auto second = join();
  subscribe(*first, R"("channel":"trades","symbols":["FRESH"])");
  ASSERT_TRUE(wait_until([&] { return !stocks().wishes().empty(); }));
  subscribe(*second, R"("channels":["trades","quotes"],"symbols":["FRESH"])");
  ASSERT_TRUE(wait_until([&] { return stocks().wishes().size() == 2; }));
  EXPECT_THAT(stocks().wishes(), ElementsAre("+FRESH:1", "+FRESH:2"));
  first->send(R"({"type":"unsubscribe","channel":"trades","symbols":["FRESH"]})");
  EXPECT_TRUE(first->read_type("unsubscribed").is_good());
  second->drop();  // no good-bye
  ASSERT_TRUE(wait_until([&] { return stocks().wishes().size() == 3; }));
  EXPECT_EQ(stocks().wishes().back(), "-FRESH:3");
}

TEST_F(Streaming, tells_its_clients_what_the_feed_refuses) {
  stop();
  feeds.clear();
  add_feed({.name = "stocks", .refused = {"NOPE"}});
  start();
  const auto client = join();
  subscribe(*client, R"("channel":"trades","symbols":["NOPE","AAPL"])");
  const Json error = client->read_type("error");
  EXPECT_EQ(error.text("/code"), "symbol_refused");
  EXPECT_EQ(error.text("/symbol"), "NOPE");
  EXPECT_EQ(error.text("/reason"), "not_authorized");
  stocks().trade("AAPL", 1 * dollar);
  EXPECT_TRUE(client->read_type("market-data").is_good());
  const auto other = join();
  subscribe(*other, R"("channel":"trades","symbols":["NOPE"])");
  EXPECT_EQ(other->read_type("error").text("/code"), "symbol_refused");
}

TEST_F(Streaming, says_no_feed_for_a_market_that_is_not_served) {
  settings.feeds = {{.name = "stocks", .vendor = "massive"}};
  feeds.erase("options");
  start();
  const auto client = join();
  client->send(R"({"type":"subscribe_options","contractIds":["O:SPY251219C00650000"]})");
  EXPECT_EQ(client->read_type("error").text("/code"), "no_feed");
}

TEST_F(Streaming, passes_a_gap_of_the_feed_on) {
  start();
  const auto client = join();
  subscribe(*client, R"("symbols":["AAPL"])");
  stocks().gap(17);
  const Json lag = client->read_type("lag");
  EXPECT_EQ(lag.text("/reason"), "gap");
  EXPECT_EQ(lag.text("/feed"), "stocks");
  EXPECT_EQ(lag.number("/count"), 17U);
  stocks().gap(shm::count_unknown);
  EXPECT_EQ(client->read_type("lag").at("/count"), "null");
}

TEST_F(Streaming, follows_a_feed_through_its_restart_and_says_so) {
  start();
  const auto client = join();
  subscribe(*client, R"("channel":"trades","symbols":["AAPL","MSFT"])");
  stocks().trade("AAPL", 1 * dollar);
  EXPECT_EQ(client->read_type("market-data").at("/data/p"), "1");
  feeds.erase("stocks");
  EXPECT_EQ(client->read_type("status").text("/state"), "reconnecting");
  // The new epoch knows the symbols by other numbers.
  add_feed({.name = "stocks"});
  stocks().add_symbol("OTHER");
  stocks().trade("MSFT", 2 * dollar);
  stocks().trade("AAPL", 3 * dollar);
  std::vector<std::string> prices;
  while (prices.size() < 2) {
    const auto text = client->read();
    ASSERT_TRUE(text);
    const Json message(*text);
    if (message.text("/type") != "market-data") continue;
    prices.push_back(message.text("/data/sym") + message.at("/data/p"));
  }
  EXPECT_THAT(prices, ElementsAre("MSFT2", "AAPL3"));
  ASSERT_TRUE(wait_until([&] { return stocks().wishes().size() == 2; }));
  EXPECT_THAT(stocks().wishes(), UnorderedElementsAre("+AAPL:1", "+MSFT:1"));
  const auto late = std::make_unique<WsClient>(port);
  EXPECT_EQ(late->read_type("status").text("/state"), "live");
}

TEST_F(Streaming, passes_states_of_the_feed_on_when_they_change) {
  start();
  const auto client = join();
  stocks().set_state(shm::FeedState::delayed);
  EXPECT_EQ(client->read_type("status").text("/state"), "delayed");
  stocks().set_state(shm::FeedState::reconnecting);
  EXPECT_EQ(client->read_type("status").text("/state"), "reconnecting");
  stocks().set_state(shm::FeedState::offline);
  EXPECT_EQ(client->read_type("status").text("/state"), "live");  // options still are
  stocks().set_state(shm::FeedState::live);
  EXPECT_EQ(client->read_type("status").text("/feeds/0/state"), "live");
  client->send(R"({"type":"subscribe","channel":"status","symbols":["*"]})");
  EXPECT_EQ(client->read_type("subscribed").at("/channels"), R"(["status"])");
  EXPECT_EQ(client->read_type("status").text("/state"), "live");
}

TEST_F(Streaming, reports_to_the_feed_how_far_it_is) {
  start();
  for (int i = 0; i < 50; ++i) stocks().trade("AAPL", dollar);
  EXPECT_TRUE(wait_metric(R"(ringside_gateway_records_received_total{feed="stocks"})", 50));
  EXPECT_TRUE(wait_until([this] {
    const std::string text = http(port, "/metrics").body;
    const std::size_t at = text.find("\nringside_reader_received_total{feed=\"stocks\",reader=");
    return at != std::string::npos &&
           text.substr(at, text.find('\n', at + 1) - at).ends_with(" 50");
  }));
}

TEST_F(Streaming, says_good_bye_when_it_stops) {
  start();
  const auto client = join();
  stop();
  EXPECT_FALSE(client->read());
  EXPECT_EQ(client->close_code(), 1001);
  EXPECT_EQ(::access((settings.run_dir + "/gateway.port").c_str(), F_OK), -1);
}

}  // namespace
}  // namespace ringside::gateway::test
