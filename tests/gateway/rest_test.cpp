// The HTTP side over real sockets and a real segment: every resource, every refusal, keep-alive.
#include <gmock/gmock.h>

#include "gateway_fixture.hpp"

namespace ringside::gateway::test {
namespace {

using testing::HasSubstr;

constexpr std::int64_t dollar = shm::price_one;
constexpr std::uint64_t second = 1'000'000'000;

class Rest : public GatewayTest {
 protected:
  void SetUp() override {
    add_feed({.name = "stocks"});
    add_feed({.name = "options", .venue_base = 300});
    add_feed({.name = "stats"});
  }
  [[nodiscard]] HttpAnswer get(std::string_view target) const { return http(port, target); }
};

TEST_F(Rest, answers_a_quote_from_the_last_values) {
  stocks().trade("AAPL", 150 * dollar + 250'000'000, 40);
  stocks().quote("AAPL", 150 * dollar, 151 * dollar);
  stocks().bar("AAPL", shm::Kind::bar_1s, 60 * second, 150 * dollar, 7, 149 * dollar);
  feeds.at("stats")->bar("AAPL", shm::Kind::bar_1d, 60 * second, 150 * dollar, 4000, 149 * dollar);
  start();
  const HttpAnswer answer = get("/api/market/quote/AAPL");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("cache-control"), "no-store");
  const Json json(answer.body);
  EXPECT_EQ(json.text("/symbol"), "AAPL");
  EXPECT_EQ(json.at("/price"), "150.25");
  EXPECT_EQ(json.at("/bid"), "150");
  EXPECT_EQ(json.at("/ask"), "151");
  EXPECT_EQ(json.at("/volume"), "4000");
  EXPECT_EQ(json.at("/previousClose"), "null");
  EXPECT_EQ(json.at("/lastTrade/s"), "40");
  EXPECT_EQ(json.at("/lastQuote/bx"), "11");
  EXPECT_EQ(json.text("/lastBar/ev"), "A");
  EXPECT_EQ(json.text("/feed"), "stocks");
  EXPECT_EQ(json.text("/feedState"), "live");
  EXPECT_EQ(json.text("/state"), "live");
}

TEST_F(Rest, takes_an_encoded_contract_name_and_asks_the_options_feed) {
  feeds.at("options")->trade("O:SPY251219C00650000", 5 * dollar);
  start();
  EXPECT_EQ(Json(get("/api/market/quote/O%3ASPY251219C00650000").body).at("/price"), "5");
  EXPECT_EQ(Json(get("/api/market/quote/O:SPY251219C00650000").body).text("/feed"), "options");
}

TEST_F(Rest, knows_a_symbol_without_values_from_one_it_never_heard_of) {
  stocks().add_symbol("QUIET");
  start();
  const HttpAnswer quiet = get("/api/market/quote/QUIET");
  EXPECT_EQ(quiet.status, 200);
  EXPECT_EQ(Json(quiet.body).at("/price"), "null");
  const HttpAnswer unknown = get("/api/market/quote/NOPE");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(Json(unknown.body).text("/error/code"), "unknown_symbol");
  EXPECT_THAT(Json(unknown.body).text("/error/message"), HasSubstr("NOPE"));
}

TEST_F(Rest, lists_the_newest_trades_oldest_first) {
  for (int i = 1; i <= 30; ++i) {
    stocks().trade("AAPL", i * dollar);
    stocks().quote("AAPL", i * dollar, (i + 1) * dollar);
    stocks().trade("MSFT", 1000 * dollar);
  }
  start();
  const Json json(get("/api/market/trades/AAPL?limit=3").body);
  EXPECT_EQ(json.at("/count"), "3");
  EXPECT_EQ(json.at("/trades/0/p"), "28");
  EXPECT_EQ(json.at("/trades/2/p"), "30");
  EXPECT_EQ(Json(get("/api/market/trades/AAPL").body).at("/count"), "30");
  EXPECT_EQ(get("/api/market/trades/NOPE").status, 404);
}

// A chart subscribes, then asks for the past: with the live messages from `sequence` on, every
// trade is there exactly once, while trades keep coming.
TEST_F(Rest, joins_the_past_to_the_live_stream_without_a_seam) {
  stop();
  feeds.clear();
  add_feed({.name = "stocks", .ring_slots = 4096});
  start();
  const auto client = join({.target = "/ws?policy=all"});
  client->send(R"({"type":"subscribe","channel":"trades","symbols":["AAPL"]})");
  ASSERT_TRUE(client->read_type("subscribed").is_good());
  constexpr int total = 900;
  std::atomic<bool> is_going{false};
  std::thread writer([&] {
    for (int i = 1; i <= total; ++i) {
      stocks().trade("AAPL", i * dollar);
      if (i == total / 3) is_going.store(true, std::memory_order_release);
      if (i % 10 == 0) ::poll(nullptr, 0, 1);
    }
  });
  ASSERT_TRUE(wait_until([&] { return is_going.load(std::memory_order_acquire); }));
  const Json past(get("/api/market/trades/AAPL?limit=1000").body);
  writer.join();
  std::vector<std::string> prices;
  for (std::uint64_t i = 0; i < past.number("/count"); ++i) {
    prices.push_back(past.at("/trades/" + std::to_string(i) + "/p"));
  }
  EXPECT_GE(prices.size(), static_cast<std::size_t>(total / 3));
  for (int i = 1; i <= total; ++i) {
    const Json live = client->read_type("market-data");
    ASSERT_TRUE(live.is_good());
    if (live.number("/metadata/seq") >= past.number("/sequence")) {
      prices.push_back(live.at("/data/p"));
    }
  }
  ASSERT_EQ(prices.size(), static_cast<std::size_t>(total));
  for (int i = 1; i <= total; ++i)
    EXPECT_EQ(prices[static_cast<std::size_t>(i - 1)], std::to_string(i));
}

TEST_F(Rest, gives_bars_from_the_statistics_first_and_joins_them) {
  stocks().bar("AAPL", shm::Kind::bar_1m, 60 * second, 999 * dollar, 1, dollar);
  for (std::uint64_t i = 0; i < 4; ++i) {
    feeds.at("stats")->bar("AAPL", shm::Kind::bar_1m, (600 + 60 * i) * second,
                           static_cast<std::int64_t>(10 + i) * dollar, 100,
                           static_cast<std::int64_t>(10 + i) * dollar);
  }
  start();
  const Json bars(get("/api/market/historical/AAPL?timespan=minute").body);
  EXPECT_EQ(bars.text("/source"), "ringside-stats");
  EXPECT_EQ(bars.at("/resultsCount"), "4");
  EXPECT_EQ(bars.at("/results/0"),
            R"({"t":600000,"o":8,"h":11,"l":7,"c":10,"v":100,"vw":10,"n":3})");
  const Json joined(get("/api/market/historical/AAPL?timespan=minute&multiplier=2").body);
  EXPECT_EQ(joined.at("/results/0"),
            R"({"t":600000,"o":8,"h":12,"l":7,"c":11,"v":200,"vw":10.5,"n":6})");
  EXPECT_EQ(joined.at("/resultsCount"), "2");
  const Json part(
      get("/api/market/historical/AAPL?timespan=minute&from=660000&to=720000&limit=1").body);
  EXPECT_EQ(part.at("/resultsCount"), "1");
  EXPECT_EQ(part.at("/results/0/t"), "720000");
  EXPECT_EQ(part.at("/complete"), "true");
  EXPECT_EQ(Json(get("/api/market/historical/AAPL?from=1").body).at("/complete"), "false");
  EXPECT_EQ(Json(get("/api/market/historical/AAPL?from=2018-01-02&to=2018-01-03").body)
                .at("/resultsCount"),
            "0");
}

TEST_F(Rest, gives_the_vendors_bars_where_there_are_no_statistics) {
  stocks().bar("AAPL", shm::Kind::bar_1s, 60 * second, 9 * dollar, 5, 8 * dollar);
  stocks().bar("AAPL", shm::Kind::bar_1s, 60 * second, 10 * dollar, 6, 8 * dollar);  // once more
  start();
  const Json bars(get("/api/market/historical/AAPL?timespan=second").body);
  EXPECT_EQ(bars.text("/source"), "massive");
  EXPECT_EQ(bars.text("/channel"), "aggregates");
  EXPECT_EQ(bars.at("/resultsCount"), "1");
  EXPECT_EQ(bars.at("/results/0/c"), "10");
}

TEST_F(Rest, finds_symbols_the_exact_one_first) {
  for (const char* symbol : {"SPYG", "XSPY", "SPY", "QQQ"}) stocks().add_symbol(symbol);
  feeds.at("options")->add_symbol("O:SPY251219C00650000");
  start();
  const Json json(get("/api/market/search?q=spy").body);
  EXPECT_EQ(json.at("/total"), "4");
  EXPECT_EQ(json.text("/results/0/symbol"), "SPY");
  EXPECT_EQ(json.text("/results/1/symbol"), "SPYG");
  EXPECT_EQ(json.text("/results/2/symbol"), "XSPY");
  EXPECT_EQ(json.text("/results/3/type"), "option");
  EXPECT_EQ(Json(get("/api/market/search?q=spy&limit=1").body).at("/results/1"), "absent");
}

TEST_F(Rest, tells_health_readiness_and_who_is_there) {
  start();
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(get("/ready").status, 200);
  const auto client = join();
  client->send(R"({"type":"subscribe","symbols":["AAPL","MSFT"]})");
  client->read_type("subscribed");
  client->send(R"({"type":"subscribe_options","contractIds":["O:SPY251219C00650000"]})");
  client->read_type("subscribed");
  for (const std::string_view method : {"GET", "POST"}) {
    const Json socket(http(port, "/api/socket", {}, method).body);
    EXPECT_EQ(socket.at(""), R"({"clients":1,"stockSymbols":2,"optionContracts":1,)"
                             R"("stockConnected":true,"optionsConnected":true})");
  }
  const Json status(get("/api/market/status").body);
  EXPECT_EQ(status.text("/state"), "live");
  EXPECT_EQ(status.text("/feeds/0/feed"), "stocks");
  EXPECT_EQ(status.at("/feeds/0/attached"), "true");
  EXPECT_EQ(status.at("/feeds/0/lost"), "0");
  EXPECT_EQ(status.at("/clients"), "1");
}

TEST_F(Rest, is_not_ready_without_a_feed) {
  feeds.clear();
  start();
  const HttpAnswer ready = get("/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(Json(ready.body).text("/state"), "offline");
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(Json(get("/api/socket").body).at("/stockConnected"), "false");
}

TEST_F(Rest, prints_metrics_of_every_segment_and_its_own) {
  stocks().trade("AAPL", dollar);
  start();
  EXPECT_EQ(metric("ringside_feed_ticks_published{feed=\"stocks\"}"), 1U);
  EXPECT_EQ(metric("ringside_feed_symbols{feed=\"stocks\"}"), 1U);
  EXPECT_EQ(metric("ringside_gateway_clients"), 0U);
  const HttpAnswer answer = get("/metrics");
  EXPECT_THAT(answer.header("content-type"), HasSubstr("text/plain; version=0.0.4"));
  // Every sample stands behind the HELP and TYPE of its own metric, each said once.
  std::map<std::string, int> types;
  std::string name;
  std::string_view rest = answer.body;
  while (!rest.empty()) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(line.size() + 1);
    if (line.starts_with("# TYPE ")) {
      name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(++types[name], 1) << name;
    } else if (!line.starts_with('#')) {
      EXPECT_TRUE(line.starts_with(name)) << line;
    }
  }
}

TEST_F(Rest, serves_the_page_with_a_strict_policy_and_revalidates_it) {
  start();
  for (const std::string_view path :
       {"/", "/index.html", "/app.js", "/feed.js", "/view.js", "/style.css", "/icon.svg"}) {
    const HttpAnswer answer = get(path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_FALSE(answer.body.empty()) << path;
    const std::string policy = answer.header("content-security-policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    const HttpAnswer again = http(port, path, {{"If-None-Match", answer.header("etag")}});
    EXPECT_EQ(again.status, 304);
    EXPECT_TRUE(again.body.empty());
    EXPECT_EQ(again.header("etag"), answer.header("etag"));
  }
  EXPECT_THAT(get("/").header("content-type"), HasSubstr("text/html"));
  EXPECT_THAT(get("/app.js").header("content-type"), HasSubstr("javascript"));
}

struct Refusal {
  std::string_view method;
  std::string_view target;
  int status;
  std::string_view code;
};

const Refusal refusals[] = {
    {"GET", "/nothing", 404, "not_found"},
    {"GET", "/../etc/passwd", 404, "not_found"},
    {"GET", "/web/app.js", 404, "not_found"},
    {"GET", "/api", 404, "not_found"},
    {"GET", "/api/market/quote", 404, "not_found"},
    {"GET", "/api/market/quote/", 400, "bad_symbol"},
    {"GET", "/api/market/quote/A%20B", 400, "bad_symbol"},
    {"GET", "/api/market/quote/A%", 400, "bad_symbol"},
    {"GET", "/api/market/quote/ABCDEFGHIJKLMNOPQRSTUVWXYZ", 400, "bad_symbol"},
    {"GET", "/api/market/trades/AAPL?limit=0", 400, "bad_parameter"},
    {"GET", "/api/market/trades/AAPL?limit=1001", 400, "bad_parameter"},
    {"GET", "/api/market/trades/AAPL?limit=ten", 400, "bad_parameter"},
    {"GET", "/api/market/trades/AAPL?limit=-1", 400, "bad_parameter"},
    {"GET", "/api/market/historical/AAPL?timespan=year", 400, "bad_parameter"},
    {"GET", "/api/market/historical/AAPL?from=tomorrow", 400, "bad_parameter"},
    {"GET", "/api/market/historical/AAPL?from=2&to=1", 400, "bad_parameter"},
    {"GET", "/api/market/historical/AAPL?multiplier=0", 400, "bad_parameter"},
    {"GET", "/api/market/historical/NOPE", 404, "unknown_symbol"},
    {"GET", "/api/market/search", 400, "bad_parameter"},
    {"GET", "/api/market/search?q=", 400, "bad_parameter"},
    {"GET", "/api/market/search?q=a&limit=0", 400, "bad_parameter"},
    {"GET", "/ws", 426, "upgrade_required"},
    {"POST", "/api/market/quote/AAPL", 405, "method_not_allowed"},
    {"DELETE", "/api/socket", 405, "method_not_allowed"},
    {"PUT", "/", 405, "method_not_allowed"},
    {"OPTIONS", "/health", 405, "method_not_allowed"},
    {"POST", "/nothing", 404, "not_found"},
};

TEST_F(Rest, refuses_with_the_right_status_and_an_error_object) {
  stocks().add_symbol("AAPL");
  start();
  for (const Refusal& each : refusals) {
    const HttpAnswer answer = http(port, each.target, {}, each.method);
    EXPECT_EQ(answer.status, each.status) << each.target;
    EXPECT_EQ(Json(answer.body).text("/error/code"), each.code) << each.target << answer.body;
    EXPECT_NE(Json(answer.body).text("/error/message"), "absent") << each.target;
    if (each.status == 405) {
      EXPECT_THAT(answer.header("allow"), HasSubstr("GET, HEAD")) << each.target;
    }
  }
}

TEST_F(Rest, answers_head_as_get_without_the_body) {
  stocks().trade("AAPL", dollar);
  start();
  for (const std::string_view path : {"/", "/health", "/api/market/quote/AAPL", "/metrics"}) {
    const HttpAnswer head = http(port, path, {}, "HEAD");
    EXPECT_EQ(head.status, 200) << path;
    EXPECT_GT(ringside::test::number_in(head.header("content-length")), 0) << path;
  }
  EXPECT_EQ(http(port, "/nothing", {}, "HEAD").status, 404);
}

TEST_F(Rest, keeps_a_connection_for_several_requests_and_closes_when_asked) {
  start();
  Socket socket(port);
  std::string buffer;
  const std::string once = request_text("GET", "/health", {});
  ASSERT_TRUE(socket.send(once + once));  // in one packet
  EXPECT_EQ(read_answer(socket, buffer).status, 200);
  EXPECT_EQ(read_answer(socket, buffer).status, 200);
  ASSERT_TRUE(socket.send(request_text("GET", "/health", {{"Connection", "close"}})));
  EXPECT_EQ(read_answer(socket, buffer).header("connection"), "close");
  EXPECT_FALSE(socket.receive(buffer));
}

TEST_F(Rest, answers_broken_requests_with_400_and_closes) {
  start();
  for (const std::string_view text :
       {"GET / HTTP/1.1\nHost: localhost\n\n", "GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    Socket socket(port);
    std::string buffer;
    ASSERT_TRUE(socket.send(text));
    const HttpAnswer answer = read_answer(socket, buffer);
    EXPECT_GE(answer.status, 400) << text;
    EXPECT_LT(answer.status, 506) << text;
    EXPECT_EQ(Json(answer.body).text("/error/code"), "bad_request") << text;
    EXPECT_FALSE(socket.receive(buffer)) << text;
  }
}

}  // namespace
}  // namespace ringside::gateway::test
