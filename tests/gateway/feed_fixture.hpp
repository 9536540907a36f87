// Owns a real feed for tests of the gateway: a segment, its control socket and heartbeat, and a way
// to publish records by hand. Test threads only.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/clock.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::gateway::test {

class TestFeed {
 public:
  struct Options {
    std::string name = "stocks";
    std::uint32_t venue_base = 0;
    std::uint32_t tape_slots = 1U << 14;
    std::uint32_t ring_slots = 256;
    std::vector<std::string> refused = {};  // symbols this feed does not take
    std::uint32_t linger_ms = 0;
  };

  explicit TestFeed(const std::string& run_dir, const Options& options)
      : options_(options), path_(run_dir + "/" + options.name + ".sock") {
    shm::SegmentShape shape;
    shape.feed = options_.name;
    shape.symbol_capacity = 256;
    shape.tick_tape_slots = options_.tape_slots;
    shape.bar_tape_slots = 1024;
    shape.arena_bytes = 8U << 20;
    shape.venue_base = options_.venue_base;
    auto segment = shm::SegmentWriter::create(shape);
    RINGSIDE_ASSERT(segment.ok());
    segment_ = std::move(*segment);
    published_ = segment_->add_counter("ticks_published", "records");
    segment_->set_state(shm::FeedState::live);
    segment_->beat(monotonic_ns());
    segment_->mark_ready();
    serve();
  }

  /// Publishes a trade; returns its sequence on the tape. `price` in nanos, `size` in shares.
  std::uint64_t trade(std::string_view symbol, std::int64_t price, std::int64_t size = 100,
                      std::uint64_t ts_event = 1'514'905'200'123'456'789) {
    shm::TickRecord record = shm::empty_tick();
    record.kind = shm::Kind::trade;
    record.ts_event = ts_event;
    record.ts_recv = ++ts_recv_;
    record.venue = 4;
    record.tape = 3;
    record.trade.price = price;
    record.trade.size = size * shm::size_one_equities;
    record.trade.sequence = ++sequence_;
    record.trade.trade_id = 90'000 + sequence_;
    return publish(symbol, record);
  }

  std::uint64_t quote(std::string_view symbol, std::int64_t bid, std::int64_t ask,
                      std::uint64_t ts_event = 1'514'905'200'123'456'789) {
    shm::TickRecord record = shm::empty_tick();
    record.kind = shm::Kind::quote;
    record.ts_event = ts_event;
    record.ts_recv = ++ts_recv_;
    record.venue = 11;
    record.tape = 3;
    record.quote = shm::QuoteBody{bid, ask, 300, 200, ++sequence_, 12, 1, {4, 255}};
    return publish(symbol, record);
  }

  /// Kind, window start and close; the other prices follow from the close.
  void bar(std::string_view symbol, shm::Kind kind, std::uint64_t ts_event, std::int64_t close,
           std::int64_t volume, std::int64_t vwap) {
    shm::BarRecord record = shm::empty_bar();
    record.kind = kind;
    record.ts_event = ts_event;
    record.ts_end = ts_event + 1'000'000'000;
    record.ts_recv = ++ts_recv_;
    record.open = close - 2 * shm::price_one;
    record.high = close + shm::price_one;
    record.low = close - 3 * shm::price_one;
    record.close = close;
    record.volume = volume * shm::size_one_equities;
    record.vwap = vwap;
    record.trades = 3;
    const std::lock_guard guard(mutex_);
    record.instrument_id = add(symbol);
    segment_->publish(record);
  }

  void gap(std::uint64_t count) {
    shm::TickRecord record = shm::empty_tick();
    record.kind = shm::Kind::gap;
    record.gap = shm::GapBody{1, 2, count, 1, 0};
    const std::lock_guard guard(mutex_);
    segment_->publish(record);
  }

  std::uint64_t publish(std::string_view symbol, shm::TickRecord& record) {
    const std::lock_guard guard(mutex_);
    record.instrument_id = add(symbol);
    published_.add();
    return segment_->publish(record);
  }

  /// The symbol is in the directory from now on, without a value.
  void add_symbol(std::string_view symbol) {
    const std::lock_guard guard(mutex_);
    add(symbol);
  }

  void set_state(shm::FeedState state) { segment_->set_state(state); }

  /// "+SYMBOL:kinds" and "-SYMBOL:kinds", in order: what was asked upstream.
  [[nodiscard]] std::vector<std::string> wishes() const {
    const std::lock_guard guard(mutex_);
    return wishes_;
  }
  [[nodiscard]] std::uint64_t attached() const { return control_->stats().attached; }

 private:
  void serve() {
    shm::ControlServer::Hooks hooks;
    hooks.want = [this](std::string_view symbol, std::uint32_t kinds) {
      const std::lock_guard guard(mutex_);
      for (const std::string& each : options_.refused) {
        if (each == symbol) {
          return shm::SymbolAnswer{shm::instrument_none, shm::SymbolState::refused,
                                   shm::RefuseReason::not_authorized};
        }
      }
      if (kinds != 0) wishes_.push_back('+' + std::string(symbol) + ':' + std::to_string(kinds));
      return shm::SymbolAnswer{add(symbol), shm::SymbolState::live, shm::RefuseReason::none};
    };
    hooks.unwant = [this](std::string_view symbol, std::uint32_t kinds) {
      const std::lock_guard guard(mutex_);
      wishes_.push_back('-' + std::string(symbol) + ':' + std::to_string(kinds));
    };
    hooks.idle = [this] { segment_->beat(monotonic_ns()); };
    auto control = shm::ControlServer::start(
        *segment_, {.path = path_, .linger_ms = options_.linger_ms}, std::move(hooks));
    RINGSIDE_ASSERT(control.ok());
    control_ = std::move(*control);
  }

  std::uint32_t add(std::string_view symbol) {
    const auto result = segment_->add_symbol(symbol, {.ticks = options_.ring_slots, .bars = 64},
                                             wall_ns(), shm::SymbolState::live);
    RINGSIDE_ASSERT(result.ok());
    return result.instrument_id;
  }

  Options options_;
  std::string path_;
  std::unique_ptr<shm::SegmentWriter> segment_;
  shm::Counter published_;
  mutable std::mutex mutex_;  // the control thread adds symbols, the test publishes
  std::vector<std::string> wishes_;
  std::uint32_t sequence_ = 0;
  std::uint64_t ts_recv_ = 1'514'905'200'200'000'000;
  std::unique_ptr<shm::ControlServer> control_;  // goes first: its thread uses the rest
};

}  // namespace ringside::gateway::test
