// A feed made by hand and a statistics service that follows it, over real segments and sockets in
// one process: the test is the feed's thread, the service's loop has a thread of its own.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../support/temp_dir.hpp"
#include "ringside/base/clock.hpp"
#include "service.hpp"
#include "trades.hpp"

namespace ringside::test {

/// Waits, without sleeping blindly, until `condition` holds or 10 s have passed.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition) {
  const std::uint64_t deadline = monotonic_ns() + 10 * second;
  while (!condition()) {
    if (monotonic_ns() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// The feed handler's end of one feed.
class HandFeed {
 public:
  HandFeed(const std::string& run_dir, const std::string& name, std::uint32_t tape_slots = 4096) {
    shm::SegmentShape shape;
    shape.feed = name;
    shape.symbol_capacity = 64;
    shape.tick_tape_slots = tape_slots;
    shape.bar_tape_slots = 64;
    shape.arena_bytes = 1 << 20;
    auto made = shm::SegmentWriter::create(shape);
    RINGSIDE_ASSERT(made.ok());
    segment = std::move(*made);
    segment->set_state(shm::FeedState::live);
    segment->mark_ready();
    shm::ControlServer::Hooks hooks;
    hooks.want = [this](std::string_view symbol, std::uint32_t kinds) {
      note("+" + std::string(symbol) + ":" + std::to_string(kinds));
      if (symbol == "NOPE") {
        return shm::SymbolAnswer{shm::instrument_none, shm::SymbolState::refused,
                                 shm::RefuseReason::not_authorized};
      }
      return shm::SymbolAnswer{};
    };
    hooks.unwant = [this](std::string_view symbol, std::uint32_t kinds) {
      note("-" + std::string(symbol) + ":" + std::to_string(kinds));
    };
    // relaxed: the flag carries nothing with it.
    hooks.idle = [this] {
      if (is_beating.load(std::memory_order_relaxed)) segment->beat(monotonic_ns());
    };
    segment->beat(monotonic_ns());
    auto served = shm::ControlServer::start(
        *segment, {.path = run_dir + "/" + name + ".sock", .linger_ms = 0}, std::move(hooks));
    RINGSIDE_ASSERT(served.ok());
    server = std::move(*served);
  }

  /// Publishes a record of `symbol`, which is made when it is new.
  template <class Record>
  void publish(std::string_view symbol, const Record& event) {
    const auto added = segment->add_symbol(symbol, {16, 16}, wall_ns(), shm::SymbolState::live);
    RINGSIDE_ASSERT(added.ok());
    Record record = event;
    record.instrument_id = added.instrument_id;
    segment->publish(record);
    segment->ring_doorbell();
  }
  void trade(std::string_view symbol, std::uint64_t ts, std::int64_t dollars, std::int64_t shares,
             std::initializer_list<std::uint8_t> conditions = {}) {
    publish(symbol, trade_at(ts, dollars, shares, conditions));
  }

  [[nodiscard]] std::vector<std::string> wishes() const {
    const std::lock_guard lock(mutex_);
    return wishes_;
  }

  std::atomic<bool> is_beating{true};
  std::unique_ptr<shm::SegmentWriter> segment;
  std::unique_ptr<shm::ControlServer> server;

 private:
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    wishes_.push_back(std::move(line));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> wishes_;
};

/// The service in its thread, and a consumer of what it publishes.
class ServiceRig : public testing::Test {
 protected:
  ServiceRig() {
    options.run_dir = dir.path();
    options.feeds = {{.name = "stocks", .is_wildcard = true}};
    options.bars.idle_ns = 100 * ms;  // the feed is a replay of 2018
    options.bar_slots = 64;
    options.bar_tape_slots = 1024;
    options.symbol_count_max = 16;
    options.arena_bytes = 1 << 20;
    options.day_ns = 50 * ms;
    options.linger_ms = 0;
  }
  ~ServiceRig() override { stop(); }

  /// Without the loop's thread: the test calls service->step().
  void start_by_hand() {
    auto made = stats::Service::start(options);
    ASSERT_TRUE(made.ok()) << made.error().message();
    service = std::move(*made);
    consumer = std::make_unique<shm::FeedClient>(
        shm::FeedClient::Options{.path = dir.path() + "/stats.sock", .name = "test"});
    const Status attached = consumer->attach();
    ASSERT_TRUE(attached.ok()) << attached.error().message();
    view = consumer->segment();
  }
  void start() {
    ASSERT_NO_FATAL_FAILURE(start_by_hand());
    // relaxed: the flag carries nothing with it.
    loop = std::thread(
        [this] { service->run([this] { return is_stopped.load(std::memory_order_relaxed); }); });
  }
  void stop() {
    is_stopped.store(true, std::memory_order_relaxed);
    if (loop.joinable()) loop.join();
  }

  [[nodiscard]] std::uint64_t counter(std::string_view name) const {
    return view->counter(name).value_or(~std::uint64_t{0});
  }
  [[nodiscard]] bool wait_counter(std::string_view name, std::uint64_t value) const {
    return eventually([&] { return counter(name) >= value; });
  }

  /// All bars of the tape so far, of one kind, as they came.
  [[nodiscard]] std::vector<shm::BarRecord> bars(shm::Kind kind) const {
    std::vector<shm::BarRecord> all;
    shm::BarTapeReader reader(view->bar_tape(), shm::StartAt::oldest);
    shm::BarRecord bar;
    while (reader.poll(bar) == shm::ReadStatus::ok) {
      if (bar.kind == kind) all.push_back(bar);
    }
    return all;
  }
  [[nodiscard]] bool wait_bars(shm::Kind kind, std::size_t count) const {
    return eventually([&] { return bars(kind).size() >= count; });
  }

  TempDir dir;
  stats::Service::Options options;
  std::unique_ptr<stats::Service> service;
  std::thread loop;
  std::atomic<bool> is_stopped{false};
  std::unique_ptr<shm::FeedClient> consumer;
  std::shared_ptr<const shm::SegmentView> view;
};

}  // namespace ringside::test
