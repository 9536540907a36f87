// Owns the claims about faults on demand: each command of the control socket does to a connected
// client what its help says.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "ringside/base/unique_fd.hpp"
#include "vendor_client.hpp"

namespace ringside::sim {
namespace {

class SimFaults : public SimServer {
 protected:
  // Sends one line and returns the answer without its end.
  std::string command(const std::string& line) {
    if (!control_) {
      control_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      const std::string& path = simulator_->paths().control;
      std::memcpy(address.sun_path, path.data(), path.size());
      EXPECT_EQ(
          ::connect(control_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          0);
    }
    const std::string text = line + "\n";
    EXPECT_EQ(::send(control_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    std::string answer;
    EXPECT_TRUE(run_until([&] {
      char part[4096];
      const ssize_t got = ::recv(control_.get(), part, sizeof part, 0);
      if (got > 0) answer.append(part, static_cast<std::size_t>(got));
      return !answer.empty() && answer.back() == '\n';
    }));
    if (!answer.empty()) answer.pop_back();
    return answer;
  }

  std::unique_ptr<VendorClient> subscribed(const std::string& target = "/stocks") {
    auto client = log_in(target);
    client->say("subscribe", "T.*,A.*");
    EXPECT_TRUE(run_until([&] { return client->heard(R"("ev":"T")"); }));
    return client;
  }

  UniqueFd control_;
};

TEST_F(SimFaults, drop_ends_connections_without_a_close_frame) {
  start();
  const auto stocks = subscribed();
  const auto options = subscribed("/options");
  EXPECT_EQ(command("drop stocks"), "ok");
  ASSERT_TRUE(run_until([&] { return stocks->close_code.has_value(); }));
  EXPECT_EQ(stocks->close_code, net::WsCloseCode::abnormal);
  EXPECT_FALSE(options->close_code.has_value());
  const auto back = subscribed();
  EXPECT_FALSE(back->close_code.has_value());
}

TEST_F(SimFaults, close_and_evict_use_close_frames) {
  start();
  auto client = subscribed();
  EXPECT_EQ(command("close 1001"), "ok");
  ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); }));
  EXPECT_EQ(client->close_code, net::WsCloseCode::going_away);
  client = subscribed();
  EXPECT_EQ(command("evict"), "ok");
  ASSERT_TRUE(run_until([&] { return client->close_code.has_value(); }));
  EXPECT_EQ(client->close_code, net::WsCloseCode::policy);
  EXPECT_TRUE(client->heard("\"max_connections\""));
}

TEST_F(SimFaults, garbage_and_send_put_frames_between_the_others) {
  start();
  const auto client = subscribed();
  EXPECT_EQ(command("garbage"), "ok");
  EXPECT_EQ(command("send {\"ev\":\"ZZ\"}"), "ok");
  ASSERT_TRUE(run_until([&] { return client->heard("ZVZZT"); }));
  ASSERT_TRUE(run_until([&] { return client->heard("\"ZZ\""); }));
  const std::size_t before = client->count(R"("ev":"T")");
  ASSERT_TRUE(run_until([&] { return client->count(R"("ev":"T")") > before + 10; }));
}

TEST_F(SimFaults, duplicate_sends_each_of_the_next_events_twice) {
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*,Q.*");
  ASSERT_TRUE(run_until([&] { return client->heard("subscribed to: Q.*"); }));
  client->messages.clear();
  EXPECT_EQ(command("duplicate 5"), "ok");
  std::size_t twins = 0;
  ASSERT_TRUE(run_until([&] {
    twins = 0;
    std::string last;
    for (const std::string& message : client->messages) {
      for (std::size_t at = message.find("{\"ev\""); at != std::string::npos;
           at = message.find("{\"ev\"", at + 1)) {
        const std::string event = message.substr(at, message.find('}', at) - at);
        if (event == last) ++twins;
        last = event;
      }
    }
    return twins >= 1 && client->count("\"ev\"") > 40;
  }));
  EXPECT_LE(twins, 5U);  // events that nobody wants use up the count too
}

TEST_F(SimFaults, a_mute_live_vendor_answers_pings_and_loses_what_was_due) {
  start();
  const auto client = subscribed();
  EXPECT_EQ(command("mute 0.3"), "ok");
  client->messages.clear();
  EXPECT_EQ(client->socket.send_ping(), net::SendResult::ok);
  ASSERT_TRUE(run_until([&] { return client->pongs == 1; }));
  EXPECT_FALSE(client->heard(R"("ev":"T")"));
  ASSERT_TRUE(run_until([&] { return client->heard(R"("ev":"T")"); }));
  EXPECT_EQ(command("stats").find(R"("muted":0)"), std::string::npos);
}

TEST_F(SimFaults, pongs_can_be_late_or_never) {
  start();
  const auto client = subscribed();
  EXPECT_EQ(command("pong off"), "ok");
  EXPECT_EQ(client->socket.send_ping(), net::SendResult::ok);
  const std::size_t before = client->count(R"("ev":"T")");
  ASSERT_TRUE(run_until([&] { return client->count(R"("ev":"T")") > before + 50; }));
  EXPECT_EQ(client->pongs, 0U);
  EXPECT_EQ(command("pong 20"), "ok");
  EXPECT_EQ(client->socket.send_ping(), net::SendResult::ok);
  ASSERT_TRUE(run_until([&] { return client->pongs == 1; }));
}

TEST_F(SimFaults, latency_holds_events_back) {
  start();
  const auto client = subscribed();
  EXPECT_EQ(command("latency 3600000"), "ok");
  ASSERT_TRUE(run_until([&] { return true; }));
  client->messages.clear();
  client->say("subscribe", "T.NOSUCH");  // answered, so time has passed
  ASSERT_TRUE(run_until([&] { return client->heard("T.NOSUCH"); }));
  EXPECT_FALSE(client->heard(R"("ev":"T")"));
}

TEST_F(SimFaults, start_begins_a_replay_that_waits) {
  options_.pump.wait_for_pairs = 1'000'000;
  start();
  const auto client = log_in();
  client->say("subscribe", "T.*,Q.*");
  ASSERT_TRUE(run_until([&] { return client->heard("subscribed to: Q.*"); }));
  EXPECT_NE(command("stats").find(R"("has_started":false)"), std::string::npos);
  EXPECT_FALSE(client->heard(R"("ev":"Q")"));
  EXPECT_EQ(command("start"), "ok");
  ASSERT_TRUE(run_until([&] { return client->heard(R"("ev":"Q")"); }));
}

TEST_F(SimFaults, stats_is_one_line_and_an_unknown_word_names_the_known_ones) {
  start();
  const auto client = subscribed();
  const std::string stats = command("stats");
  EXPECT_NE(stats.find(R"("connections":1,"subscriptions":2,)"), std::string::npos) << stats;
  EXPECT_EQ(command("explode"),
            "error unknown command; there are: start drop close evict mute garbage send duplicate "
            "latency pong stats quit");
}

TEST_F(SimFaults, quit_ends_a_running_simulator_and_its_connections) {
  start();
  const auto client = subscribed();
  EXPECT_EQ(command("quit"), "ok");
  simulator_->run([] {});
  while (!client->close_code.has_value()) loop_->poll(1'000'000);
  EXPECT_EQ(client->close_code, net::WsCloseCode::abnormal);
}

}  // namespace
}  // namespace ringside::sim
