// Owns a small feed for tests of the C interface: a segment with AAPL and MSFT (rings of 16, tapes
// of 64), its control socket and heartbeat. NOPE is refused. Test threads only.
#pragma once

#include <memory>
#include <string>

#include "ringside/base/clock.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/segment.hpp"
#include "support/temp_dir.hpp"

namespace ringside::test {

class SmallFeed {
 public:
  explicit SmallFeed(std::string path) : path_(std::move(path)) { start(); }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] shm::SegmentWriter& segment() noexcept { return *segment_; }

  void stop() noexcept {
    server_.reset();
    segment_.reset();
  }
  /// The same feed in a new epoch.
  void restart() {
    stop();
    start();
  }

 private:
  void start() {
    shm::SegmentShape shape;
    shape.feed = "small";
    shape.symbol_capacity = 4;
    shape.tick_tape_slots = 64;
    shape.bar_tape_slots = 64;
    shape.arena_bytes = 1 << 20;
    shape.venue_base = 300;
    auto segment = shm::SegmentWriter::create(shape);
    RINGSIDE_ASSERT(segment.ok());
    segment_ = std::move(*segment);
    for (const char* symbol : {"AAPL", "MSFT"}) {
      RINGSIDE_ASSERT(segment_->add_symbol(symbol, {16, 16}, 0, shm::SymbolState::live).ok());
    }
    segment_->set_state(shm::FeedState::live);
    segment_->beat(monotonic_ns());
    segment_->mark_ready();
    shm::ControlServer::Hooks hooks;
    hooks.want = [this](std::string_view symbol, std::uint32_t) -> shm::SymbolAnswer {
      const auto found = segment_->find_symbol(symbol);
      if (found) return {*found, shm::SymbolState::live, shm::RefuseReason::none};
      return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::not_authorized};
    };
    hooks.unwant = [](std::string_view, std::uint32_t) {};
    hooks.idle = [this] { segment_->beat(monotonic_ns()); };
    shm::ControlServer::Options options;
    options.path = path_;
    options.linger_ms = 0;
    auto server = shm::ControlServer::start(*segment_, options, std::move(hooks));
    RINGSIDE_ASSERT(server.ok());
    server_ = std::move(*server);
  }

  std::string path_;
  std::unique_ptr<shm::SegmentWriter> segment_;
  std::unique_ptr<shm::ControlServer> server_;
};

}  // namespace ringside::test
