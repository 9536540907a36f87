// Owns the claims about the vendor's behaviour on the wire: TLS, upgrade, authentication, quota,
// slow consumers, data of subscribed symbols only, replays that lose nothing.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ringside/base/decimal.hpp"
#include "vendor_client.hpp"

namespace ringside::sim {
namespace {

TEST_F(SimServer, greets_authenticates_acknowledges_and_then_sends_what_was_asked_for) {
  start();
  const auto client = log_in();
  client->say("subscribe", "T.SPY,Q.SPY,A.SPY");
  ASSERT_TRUE(run_until([&] {
    return client->heard(R"({"ev":"T","sym":"SPY")") && client->heard(R"({"ev":"Q","sym":"SPY")") &&
           client->heard(R"({"ev":"A","sym":"SPY")");
  }));
  EXPECT_EQ(client->messages[0],
            R"([{"ev":"status","status":"connected","message":"Connected Successfully"}])");
  EXPECT_EQ(client->messages[1],
            R"([{"ev":"status","status":"auth_success","message":"authenticated"}])");
  EXPECT_EQ(client->messages[2],
            R"([{"ev":"status","status":"success","message":"subscribed to: T.SPY"},)"
            R"({"ev":"status","status":"success","message":"subscribed to: Q.SPY"},)"
            R"({"ev":"status","status":"success","message":"subscribed to: A.SPY"}])");
  EXPECT_EQ(client->count(R"("sym":)"), client->count(R"("sym":"SPY")"));
  EXPECT_FALSE(client->heard(R"("ev":"AM")"));
}

TEST_F(SimServer, stops_sending_a_pair_that_was_unsubscribed) {
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*,Q.*");
  ASSERT_TRUE(
      run_until([&] { return client->heard(R"("ev":"T")") && client->heard(R"("ev":"Q")"); }));
  client->say("unsubscribe", "Q.*");
  ASSERT_TRUE(run_until([&] { return client->heard("unsubscribed to: Q.*"); }));
  client->messages.clear();
  ASSERT_TRUE(run_until([&] { return client->count(R"("ev":"T")") > 50; }));
  EXPECT_FALSE(client->heard(R"("ev":"Q")"));
}

TEST_F(SimServer, stocks_and_options_are_two_markets_of_one_server) {
  start();
  const auto stocks = log_in("/stocks");
  const auto options = log_in("/options");
  stocks->say("subscribe", "T.*");
  options->say("subscribe", "T.*");
  ASSERT_TRUE(run_until(
      [&] { return stocks->count(R"("ev":"T")") > 20 && options->count(R"("ev":"T")") > 20; }));
  EXPECT_FALSE(stocks->heard(R"("sym":"O:)"));
  EXPECT_EQ(options->count(R"("ev":"T")"), options->count(R"("sym":"O:)"));
  EXPECT_FALSE(options->heard("\"ds\""));
}

TEST_F(SimServer, times_of_a_live_market_are_the_wall_clocks) {
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*");
  const std::uint64_t before_ms = wall_ns() / ns_per_ms;
  ASSERT_TRUE(run_until([&] { return client->heard(R"("t":)"); }));
  const std::uint64_t after_ms = wall_ns() / ns_per_ms;
  const std::string& message = client->messages.back();
  const std::size_t at = message.rfind(R"("t":)") + 4;
  const auto sent_ms = parse_decimal(message.substr(at, 13), 0);
  ASSERT_TRUE(sent_ms.has_value());
  EXPECT_GE(static_cast<std::uint64_t>(*sent_ms), before_ms - 5'000);
  EXPECT_LE(static_cast<std::uint64_t>(*sent_ms), after_ms);
}

TEST_F(SimServer, other_paths_and_topics_or_keys_in_the_path_are_not_found) {
  start();
  for (const char* target :
       {"/", "/forex", "/stocks/", "/options/AM", "/stocks?apiKey=right-key"}) {
    const auto client = connect(target);
    ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); })) << target;
    EXPECT_FALSE(client->is_open) << target;
    EXPECT_NE(client->close_error.what.find("404"), std::string::npos) << client->close_error.what;
  }
}

TEST_F(SimServer, drops_a_wrong_key_without_a_close_frame) {
  start();
  const auto client = connect();
  ASSERT_TRUE(run_until([&] { return client->is_open; }));
  client->say("auth", "wrong-key");
  ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); }));
  EXPECT_EQ(client->close_code, net::WsCloseCode::abnormal);
  EXPECT_EQ(client->messages.back(),
            R"([{"ev":"status","status":"auth_failed","message":"authentication failed"}])");
}

TEST_F(SimServer, drops_a_client_that_does_not_authenticate_in_time) {
  for (SessionOptions& session : options_.server.wire.sessions) {
    session.auth_timeout_ns = 50'000'000;
  }
  start();
  const auto client = connect();
  ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); }));
  EXPECT_EQ(client->close_code, net::WsCloseCode::abnormal);
  EXPECT_TRUE(client->heard("\"auth_timeout\""));
}

TEST_F(SimServer, one_connection_too_many_evicts_the_oldest_with_1008) {
  start();
  const auto first = log_in();
  first->say("subscribe", "T.SPY");
  ASSERT_TRUE(run_until([&] { return first->heard("subscribed to: T.SPY"); }));
  const auto other_market = log_in("/options");
  const auto second = log_in();
  ASSERT_TRUE(run_until([&] { return first->close_code.has_value(); }));
  EXPECT_EQ(first->close_code, net::WsCloseCode::policy);
  EXPECT_EQ(first->messages.back(),
            R"([{"ev":"status","status":"max_connections",)"
            R"("message":"Maximum number of websocket connections exceeded. "}])");
  second->say("subscribe", "T.SPY");
  ASSERT_TRUE(run_until([&] { return second->heard(R"("ev":"T")"); }));
  EXPECT_FALSE(second->close_code.has_value());
  EXPECT_FALSE(other_market->close_code.has_value());
}

TEST_F(SimServer, can_refuse_the_newcomer_instead_or_allow_two) {
  options_.server.quota = QuotaPolicy::refuse_new;
  options_.server.connections_max = 2;
  start();
  const auto first = log_in();
  const auto second = log_in();
  const auto third = log_in();
  ASSERT_TRUE(run_until([&] { return third->close_code.has_value(); }));
  EXPECT_EQ(third->close_code, net::WsCloseCode::policy);
  for (const auto* kept : {&first, &second}) {
    (*kept)->say("subscribe", "Q.SPY");
    ASSERT_TRUE(run_until([&] { return (*kept)->heard(R"("ev":"Q")"); }));
  }
}

TEST_F(SimServer, cuts_off_a_client_that_does_not_read) {
  options_.server.wire.buffer_bytes = 262'144;
  options_.market.rate = 1'000'000;
  options_.market.ts_start_ns -= 3'600 * ns_per_s;
  options_.pump.pace = Pace::max;
  options_.pump.waits_for_slow = false;
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*,Q.*");
  ASSERT_TRUE(run_until([&] { return client->heard("subscribed to: Q.*"); }));
  const std::uint64_t deadline_ns = monotonic_ns() + patience_ns;
  while (simulator_->report_json().find(R"("slow_drops":1)") == std::string::npos) {
    ASSERT_LT(monotonic_ns(), deadline_ns);
    simulator_->turn(0);  // the client's loop stands still
  }
  ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); }));
  EXPECT_EQ(client->close_code, net::WsCloseCode::abnormal);
}

TEST_F(SimServer, answers_a_clients_close_and_its_pings) {
  start();
  const auto client = log_in();
  EXPECT_EQ(client->socket.send_ping(), net::SendResult::ok);
  ASSERT_TRUE(run_until([&] { return client->pongs == 1; }));
  client->socket.close(net::WsCloseCode::normal);
  ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); }));
  EXPECT_EQ(client->close_code, net::WsCloseCode::normal);
  EXPECT_EQ(client->close_error.code, ErrorCode::ok) << client->close_error.what;
}

// A minute of trades and quotes as files; the same rows whatever the pace.
class SimReplay : public SimServer {
 protected:
  static constexpr int row_count = 3'000;

  SimReplay() {
    std::string trades = "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR\n";
    std::string quotes = "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL\n";
    for (int i = 0; i < row_count; ++i) {
      const std::string time = "15149034" + std::to_string(10 + i / 60) + "." +
                               std::to_string(100'000 + i % 60 * 10'000);
      trades += time + ",P,XXX,F I,7,158." + std::to_string(10 + i % 80) + ",0\n";
      quotes += time + ",N,158.01,1,158.99,2,XXX\n";
    }
    options_.taq = {
        {.trades_file = dir_.write("t.csv", trades), .quotes_file = dir_.write("q.csv", quotes)},
        {.trades_file = dir_.file("t.csv"),
         .quotes_file = dir_.file("q.csv"),
         .symbol = "O:XXX180119C00155000",
         .market = Market::options}};
    options_.pump.pace = Pace::max;
    options_.pump.waits_for_slow = true;
    options_.pump.wait_for_pairs = 4;
    options_.server.wire.frame_sizes_random = true;
  }

  // Runs a whole replay; the texts of the stocks client's data frames.
  std::vector<std::string> replay() {
    start();
    const auto stocks = log_in("/stocks");
    const auto options = log_in("/options");
    stocks->say("subscribe", "T.XXX,Q.XXX");
    options->say("subscribe", "T.*");
    EXPECT_TRUE(run_until([&] { return options->heard("subscribed to: T.*"); }));
    EXPECT_FALSE(stocks->heard(R"("ev":"T")")) << "it started before it was told";
    options->say("subscribe", "Q.O:XXX180119C00155000");
    const auto all = static_cast<std::size_t>(row_count);
    EXPECT_TRUE(run_until([&] {
      return simulator_->is_finished() && stocks->count(R"("ev":"T")") == all &&
             stocks->count(R"("ev":"Q")") == all && options->count(R"("ev":"T")") == all &&
             options->count(R"("ev":"Q")") == all;
    }));
    std::vector<std::string> frames;
    for (const std::string& message : stocks->messages) {
      if (message.find("status") == std::string::npos) frames.push_back(message);
    }
    const std::string report = simulator_->report_json();
    EXPECT_NE(report.find(R"("sent":{"stocks":{"T":3000,"Q":3000,"A":0,"AM":0},)"
                          R"("options":{"T":3000,"Q":3000,"A":0,"AM":0}})"),
              std::string::npos)
        << report;
    EXPECT_NE(report.find(R"("rows_refused":0)"), std::string::npos) << report;
    simulator_.reset();
    return frames;
  }
};

TEST_F(SimReplay, at_full_speed_every_row_arrives_and_frames_repeat_byte_for_byte) {
  const std::vector<std::string> once = replay();
  const std::vector<std::string> again = replay();
  EXPECT_EQ(once, again);
  std::size_t most = 0;
  for (const std::string& frame : once) {
    most = std::max(most, static_cast<std::size_t>(std::count(frame.begin(), frame.end(), '{')));
  }
  EXPECT_GT(once.size(), 6'000U / 500U);
  EXPECT_GT(most, 50U);
  EXPECT_LE(most, 500U);
}

TEST_F(SimReplay, another_seed_cuts_the_frames_elsewhere_but_sends_the_same_events) {
  std::string once;
  for (const std::string& frame : replay()) once += frame.substr(1, frame.size() - 2) + ",";
  options_.server.wire.seed = 99;
  std::string again;
  for (const std::string& frame : replay()) again += frame.substr(1, frame.size() - 2) + ",";
  EXPECT_EQ(once, again);
}

TEST_F(SimReplay, at_a_scaled_speed_every_row_arrives_too) {
  options_.pump.pace = Pace::scaled;
  options_.pump.speed_milli = 200'000;  // a minute in 0.3 s
  EXPECT_FALSE(replay().empty());
}

TEST_F(SimReplay, ends_when_its_events_are_used_up) {
  options_.pump.events_max = 100;
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*,Q.*,A.*,AM.*");
  ASSERT_TRUE(run_until([&] { return simulator_->is_finished(); }));
  ASSERT_TRUE(run_until([&] { return client->count(R"({"ev":"T")") > 0; }));
}

// The client stands still at first, so that the end is reached while bytes are still waiting.
TEST_F(SimServer, a_stream_of_so_many_events_has_exactly_so_many) {
  options_.market.option_count = 0;
  options_.pump.pace = Pace::max;
  options_.pump.waits_for_slow = true;
  options_.pump.wait_for_pairs = 4;
  options_.pump.events_max = 60'000;
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*,Q.*,A.*,AM.*");
  ASSERT_TRUE(run_until([&] { return simulator_->has_started(); }));
  for (int turn = 0; turn < 50; ++turn) simulator_->turn(0);
  ASSERT_TRUE(run_until(
      [&] { return simulator_->is_finished() && client->count(R"({"ev":)") >= 60'000 + 6; }));
  for (int turn = 0; turn < 50; ++turn) simulator_->turn(0);
  simdjson::dom::parser parser;
  simdjson::dom::element report;
  ASSERT_FALSE(parser.parse(simulator_->report_json()).get(report));
  for (const char* part : {"generated", "sent"}) {
    std::uint64_t total = 0;
    for (const char* kind : {"T", "Q", "A", "AM"}) {
      total += report[part]["stocks"][kind].get_uint64().value();
    }
    EXPECT_EQ(total, 60'000U) << part;
  }
}

TEST_F(SimServer, a_run_time_folder_and_a_port_belong_to_one_simulator) {
  start();
  const auto same_folder = Simulator::create(options_);
  ASSERT_FALSE(same_folder.ok());
  EXPECT_EQ(same_folder.error().code, ErrorCode::busy);
  SimOptions same_port = options_;
  same_port.run_dir = dir_.file("other");
  same_port.server.port = simulator_->port();
  const auto refused = Simulator::create(same_port);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::busy);
  EXPECT_NE(refused.error().what.find(std::to_string(simulator_->port())), std::string::npos);
}

TEST_F(SimServer, writes_its_port_while_it_listens_and_takes_the_same_one_again) {
  start();
  const std::uint16_t port = simulator_->port();
  EXPECT_EQ(dir_.read("run/sim/port"), std::to_string(port) + "\n");
  EXPECT_EQ(dir_.read("run/sim/key"), "right-key\n");
  auto client = log_in();
  simulator_.reset();
  client.reset();
  EXPECT_EQ(dir_.read("run/sim/port"), "");
  options_.server.port = port;
  start();
  EXPECT_EQ(simulator_->port(), port);
}

}  // namespace
}  // namespace ringside::sim
