// A feed in a test's process: a random market behind a real control socket, so that a recorder can
// attach to it, lose it and find it again. Test threads only.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "market_fixture.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/control_server.hpp"

namespace ringside::recorder::test {

inline constexpr std::uint64_t patience_ns = 30'000'000'000;  // a hang's bound

class Feed {
 public:
  Feed(const std::string& socket_path, std::vector<std::string> symbols,
       const Market::Shape& shape = {})
      : market_(std::move(symbols), shape) {
    beat();
    market_.segment().set_state(shm::FeedState::live);
    shm::ControlServer::Hooks hooks;
    hooks.want = [](std::string_view, std::uint32_t) { return shm::SymbolAnswer{}; };
    hooks.unwant = [](std::string_view, std::uint32_t) {};
    auto server =
        shm::ControlServer::start(market_.segment(), {.path = socket_path}, std::move(hooks));
    EXPECT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(*server);
  }

  Market& market() { return market_; }
  void beat() { market_.segment().beat(monotonic_ns()); }
  void publish_ticks(std::size_t count) {
    market_.publish_ticks(count);
    market_.segment().ring_doorbell();
    beat();
  }

  /// Stays alive until `is_true()`; false: it never came.
  template <class IsTrue>
  bool wait_until(IsTrue&& is_true) {
    const std::uint64_t began = monotonic_ns();
    while (!is_true()) {
      if (monotonic_ns() - began > patience_ns) return false;
      beat();
      ::poll(nullptr, 0, 2);
    }
    return true;
  }

  /// What the feed's table of readers says of the recorder, 0 before its first report.
  [[nodiscard]] std::uint64_t reported() const {
    for (const auto& reader : market_.view()->readers()) {
      if (shm::get_text(reader.name) == "recorder") return reader.received + reader.lost;
    }
    return 0;
  }

 private:
  Market market_;
  std::unique_ptr<shm::ControlServer> server_;
};

}  // namespace ringside::recorder::test
