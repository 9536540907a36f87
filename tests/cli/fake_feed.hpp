// Owns a feed for tests of what looks at feeds: a real segment behind a real control socket, with
// whatever records the test publishes. Its heart beats on a thread of its own.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::test {

class FakeFeed {
 public:
  FakeFeed(const std::string& run_dir, std::string_view name, std::uint32_t slots = 64)
      : slots_(slots) {
    auto made = shm::SegmentWriter::create({.feed = name,
                                            .symbol_capacity = 16,
                                            .tick_tape_slots = 1024,
                                            .bar_tape_slots = 256,
                                            .arena_bytes = 4U << 20});
    RINGSIDE_ASSERT(made.ok());
    writer_ = std::move(*made);
    counter_ = writer_->add_counter("frames", "");
    latency_ = writer_->add_histogram("socket_to_record", "ns");
    writer_->set_state(shm::FeedState::live);
    writer_->beat(monotonic_ns());
    writer_->mark_ready();
    serve(run_dir + "/" + std::string(name) + ".sock");
    beat_ = std::thread([this] {
      while (!is_ending_.load(std::memory_order_relaxed)) {  // relaxed: only ends the loop
        writer_->beat(monotonic_ns());
        writer_->ring_doorbell();
        ::poll(nullptr, 0, 10);
      }
    });
  }
  FakeFeed(const FakeFeed&) = delete;
  FakeFeed& operator=(const FakeFeed&) = delete;
  ~FakeFeed() {
    is_ending_.store(true, std::memory_order_relaxed);  // as above
    beat_.join();
    server_.reset();
  }

  std::uint32_t add_symbol(std::string_view text) {
    const shm::SymbolResult added =
        writer_->add_symbol(text, {.ticks = slots_, .bars = 16}, wall_ns(), shm::SymbolState::live);
    RINGSIDE_ASSERT(added.ok());
    return added.instrument_id;
  }

  void trade(std::uint32_t id, std::int64_t price, std::int64_t size, std::uint32_t sequence) {
    shm::TickRecord record = shm::empty_tick();
    record.ts_event = 1'735'828'200'123'456'789;  // 2025-01-02T14:30:00.123456789Z
    record.ts_recv = record.ts_event + 250'000;
    record.instrument_id = id;
    record.kind = shm::Kind::trade;
    record.flags = shm::flag_last_of_frame;
    record.venue = 4;
    record.tape = 3;
    record.trade.price = price;
    record.trade.size = size;
    record.trade.trade_id = 52'983'525'029'461;
    record.trade.sequence = sequence;
    record.trade.conditions[0] = 14;
    record.trade.conditions[1] = 37;
    writer_->publish(record);
  }

  void quote(std::uint32_t id, std::int64_t bid_px, std::int64_t ask_px, std::uint32_t sequence) {
    shm::TickRecord record = shm::empty_tick();
    record.ts_event = 1'735'828'200'000'000'000;
    record.ts_recv = record.ts_event;
    record.instrument_id = id;
    record.kind = shm::Kind::quote;
    record.quote =
        shm::QuoteBody{bid_px, ask_px, 300, 500, sequence, 11, 1, {shm::indicator_absent, 5}};
    record.venue = 12;
    writer_->publish(record);
  }

  void bar(std::uint32_t id, std::int64_t close) {
    shm::BarRecord record = shm::empty_bar();
    record.ts_event = 1'735'828'200'000'000'000;
    record.ts_end = record.ts_event + 60'000'000'000;
    record.instrument_id = id;
    record.kind = shm::Kind::bar_1m;
    record.open = record.low = 10'000'000'000;
    record.high = record.close = close;
    record.volume = 1'500'000;
    record.vwap = 10'100'000'000;
    record.trades = 3;
    writer_->publish(record);
  }

  [[nodiscard]] shm::SegmentWriter& writer() noexcept { return *writer_; }
  [[nodiscard]] shm::Counter& counter() noexcept { return counter_; }
  [[nodiscard]] shm::Histogram& latency() noexcept { return latency_; }

 private:
  void serve(const std::string& path) {
    shm::ControlServer::Hooks hooks;
    hooks.want = [this](std::string_view symbol, std::uint32_t) {
      const auto id = writer_->directory().find(symbol);
      if (id) return shm::SymbolAnswer{.instrument_id = *id, .state = shm::SymbolState::live};
      return shm::SymbolAnswer{.state = shm::SymbolState::refused,
                               .reason = shm::RefuseReason::not_authorized};
    };
    hooks.unwant = [](std::string_view, std::uint32_t) {};
    auto started = shm::ControlServer::start(*writer_, {.path = path}, std::move(hooks));
    RINGSIDE_ASSERT(started.ok());
    server_ = std::move(*started);
  }

  std::uint32_t slots_;
  std::unique_ptr<shm::SegmentWriter> writer_;
  shm::Counter counter_;
  shm::Histogram latency_;
  std::unique_ptr<shm::ControlServer> server_;
  std::atomic<bool> is_ending_{false};
  std::thread beat_;
};

}  // namespace ringside::test
