// Owns what the server tests share: a simulator in a run-time folder of its own, clients over real
// TLS on loopback, both driven from one thread until something holds. Test threads only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/clock.hpp"
#include "ringside/net/ws_client.hpp"
#include "sim/simulator.hpp"
#include "support/temp_dir.hpp"

namespace ringside::sim {

inline constexpr std::uint64_t patience_ns = 20'000'000'000;

/// One client and everything it heard.
struct VendorClient {
  net::WsClient socket;
  bool is_open = false;
  std::vector<std::string> messages;
  std::size_t pongs = 0;
  std::optional<net::WsCloseCode> close_code;
  Error close_error{ErrorCode::ok, 0, {}};

  void on_open() noexcept { is_open = true; }
  void on_message(net::WsOpcode, std::span<const std::byte> payload, std::uint64_t) noexcept {
    messages.emplace_back(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  void on_close(net::WsCloseCode code, const Error& error) noexcept {
    close_code = code;
    close_error = error;
  }
  void on_pong(std::span<const std::byte>) noexcept { ++pongs; }

  void say(std::string_view action, const std::string& params) {
    const std::string text =
        R"({"action":")" + std::string(action) + R"(","params":")" + params + "\"}";
    EXPECT_EQ(socket.send_text(text), net::SendResult::ok);
  }

  /// How often `part` occurs in all messages so far.
  [[nodiscard]] std::size_t count(std::string_view part) const {
    std::size_t found = 0;
    for (const std::string& message : messages) {
      for (std::size_t at = message.find(part); at != std::string::npos;
           at = message.find(part, at + part.size())) {
        ++found;
      }
    }
    return found;
  }
  [[nodiscard]] bool heard(std::string_view part) const { return count(part) != 0; }
};

class SimServer : public ::testing::Test {
 protected:
  /// A small market that starts by itself; every test changes what it needs.
  SimServer() {
    options_.run_dir = dir_.file("run");
    options_.key = "right-key";
    options_.market.stock_count = 30;
    options_.market.option_count = 60;
    options_.market.rate = 2'000;
    options_.market.ts_start_ns = wall_ns();
    for (std::size_t m = 0; m < market_count; ++m) {
      options_.server.wire.sessions[m].market = static_cast<Market>(m);
    }
  }

  void start() {
    auto made = Simulator::create(options_);
    ASSERT_TRUE(made.ok()) << made.error().message();
    simulator_ = std::move(*made);
    auto loop = net::Loop::create({.entries = 256});
    ASSERT_TRUE(loop.ok()) << loop.error().message();
    loop_.emplace(std::move(*loop));
    auto tls = net::TlsContext::client({.ca_file = simulator_->paths().ca});
    ASSERT_TRUE(tls.ok()) << tls.error().message();
    tls_.emplace(std::move(*tls));
  }

  /// Starts to connect.
  std::unique_ptr<VendorClient> connect(const std::string& target = "/stocks") {
    auto client = std::make_unique<VendorClient>();
    net::WsClientOptions options;
    options.host = "localhost";
    options.port = simulator_->port();
    options.target = target;
    options.tls = &*tls_;
    net::WsClientHandlers handlers;
    handlers.on_open = net::Delegate<void()>::to<&VendorClient::on_open>(client.get());
    handlers.on_message =
        net::Delegate<void(net::WsOpcode, std::span<const std::byte>,
                           std::uint64_t)>::to<&VendorClient::on_message>(client.get());
    handlers.on_close =
        net::Delegate<void(net::WsCloseCode, const Error&)>::to<&VendorClient::on_close>(
            client.get());
    handlers.on_pong =
        net::Delegate<void(std::span<const std::byte>)>::to<&VendorClient::on_pong>(client.get());
    auto made = net::WsClient::connect(*loop_, options, handlers);
    EXPECT_TRUE(made.ok());
    if (made.ok()) client->socket = std::move(*made);
    return client;
  }

  /// Connected, greeted and authenticated.
  std::unique_ptr<VendorClient> log_in(const std::string& target = "/stocks") {
    auto client = connect(target);
    EXPECT_TRUE(run_until([&] { return client->heard("\"connected\""); }));
    client->say("auth", "right-key");
    EXPECT_TRUE(run_until([&] { return client->heard("\"auth_success\""); }));
    return client;
  }

  /// Drives both ends until `holds()`; false when patience ends first.
  template <class Holds>
  [[nodiscard]] bool run_until(const Holds& holds) {
    const std::uint64_t deadline_ns = monotonic_ns() + patience_ns;
    while (!holds()) {
      if (monotonic_ns() > deadline_ns) return false;
      simulator_->turn(1'000'000);
      loop_->poll(0);
    }
    return true;
  }

  test::TempDir dir_;
  SimOptions options_;
  std::unique_ptr<Simulator> simulator_;
  std::optional<net::TlsContext> tls_;
  std::optional<net::Loop> loop_;  // the clients'; they must go before it does
};

}  // namespace ringside::sim
