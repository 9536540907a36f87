// Owns a running gateway for tests: in a folder of its own, on a thread of its own, on any free
// port. Test threads only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "../support/temp_dir.hpp"
#include "../support/wait_until.hpp"
#include "feed_fixture.hpp"
#include "gateway.hpp"
#include "http_client.hpp"

namespace ringside::gateway::test {

using ringside::test::wait_until;

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    settings.run_dir = dir.file("run");
    RINGSIDE_ASSERT(::mkdir(settings.run_dir.c_str(), 0700) == 0);
    settings.port = 0;
    settings.feeds = {{.name = "stocks", .vendor = "massive", .is_options = false},
                      {.name = "options", .vendor = "massive", .is_options = true}};
  }
  ~GatewayTest() override { stop(); }

  void add_feed(const TestFeed::Options& options) {
    feeds[options.name] = std::make_unique<TestFeed>(settings.run_dir, options);
  }
  [[nodiscard]] TestFeed& stocks() { return *feeds.at("stocks"); }

  /// Starts the gateway and waits until it follows every feed that runs.
  void start() {
    auto made = Gateway::create(settings);
    ASSERT_TRUE(made.ok()) << made.error().message();
    gateway = made->get();
    port = gateway->port();
    thread = std::thread([owned = std::move(*made)]() mutable {
      owned->run();
      owned.reset();  // here: the loop belongs to this thread
    });
    ASSERT_TRUE(wait_until([this] {
      for (const auto& [name, feed] : feeds) {
        if (!is_attached(name)) return false;
      }
      return true;
    }));
  }
  void stop() {
    if (gateway == nullptr) return;
    gateway->stop();
    thread.join();
    gateway = nullptr;
  }

  [[nodiscard]] bool is_attached(const std::string& name) const {
    return metric("ringside_feed_attached{feed=\"" + name + "\"}") == 1;
  }

  /// The value of one sample of /metrics; nullopt: there is none.
  [[nodiscard]] std::optional<std::uint64_t> metric(const std::string& sample) const {
    const std::string text = '\n' + http(port, "/metrics").body;
    const std::size_t at = text.find('\n' + sample + ' ');
    if (at == std::string::npos) return std::nullopt;
    std::uint64_t value = 0;
    const char* const begin = text.data() + at + sample.size() + 2;
    std::from_chars(begin, text.data() + text.size(), value);
    return value;
  }
  [[nodiscard]] bool wait_metric(const std::string& sample, std::uint64_t value) const {
    return wait_until([&] { return metric(sample) == value; });
  }

  /// A client that was welcomed and told the status.
  [[nodiscard]] std::unique_ptr<WsClient> join(const WsClient::Options& options = {}) const {
    auto client = std::make_unique<WsClient>(port, options);
    EXPECT_EQ(client->answer().status, 101);
    EXPECT_TRUE(client->read_type("welcome").is_good());
    EXPECT_TRUE(client->read_type("status").is_good());
    return client;
  }

  /// Subscribes and waits for the answer.
  static Json subscribe(WsClient& client, std::string_view rest) {
    client.send(R"({"type":"subscribe",)" + std::string(rest) + "}");
    return client.read_type("subscribed");
  }

  ringside::test::TempDir dir;
  Settings settings;
  std::map<std::string, std::unique_ptr<TestFeed>> feeds;
  Gateway* gateway = nullptr;  // the thread's
  std::uint16_t port = 0;
  std::thread thread;
};

}  // namespace ringside::gateway::test
