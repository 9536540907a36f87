// The reader half of the C interface: each way to read a ring, losses, and how long memory lives.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "../support/records.hpp"
#include "ringside.h"
#include "small_feed.hpp"
#include "support/wait_until.hpp"

namespace ringside::test {
namespace {

class CReader : public testing::Test {
 protected:
  void SetUp() override {
    ringside_options options{};
    options.size = sizeof(options);
    options.path = writer_.path().c_str();
    ASSERT_EQ(ringside_feed_open(&options, &feed_), RINGSIDE_OK);
    ASSERT_EQ(ringside_feed_attach(feed_), RINGSIDE_OK) << ringside_error_text();
  }
  void TearDown() override {
    for (ringside_reader* reader : readers_) ringside_reader_close(reader);
    ringside_feed_close(feed_);
  }
  ringside_reader* open(std::uint32_t ring, std::uint32_t start = RINGSIDE_START_OLDEST,
                        std::uint64_t sequence = 0, std::uint32_t instrument = 0) {
    ringside_reader* reader = nullptr;
    EXPECT_EQ(ringside_reader_open(feed_, ring, instrument, start, sequence, &reader), RINGSIDE_OK)
        << ringside_error_text();
    readers_.push_back(reader);
    return reader;
  }
  void publish(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t n = first; n < first + count; ++n) {
      writer_.segment().publish(numbered_trade(n, n % 2 == 0 ? 0 : 1));
    }
  }
  static ringside_receipt balanced(const ringside_reader* reader) {
    ringside_receipt receipt{};
    EXPECT_EQ(ringside_account(reader, &receipt), RINGSIDE_OK);
    EXPECT_EQ(receipt.received + receipt.lost + receipt.pending, receipt.published - receipt.start);
    return receipt;
  }

  TempDir dir_;
  SmallFeed writer_{dir_.file("small.sock")};
  ringside_feed* feed_ = nullptr;
  std::vector<ringside_reader*> readers_;
};

TEST_F(CReader, polls_a_symbols_ring_one_by_one) {
  ringside_reader* const reader = open(RINGSIDE_RING_TICKS);
  ringside_tick tick{};
  EXPECT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_EMPTY);
  EXPECT_EQ(ringside_has_news(reader), 0);
  publish(0, 6);  // 0, 2 and 4 are AAPL's
  EXPECT_EQ(ringside_has_news(reader), 1);
  for (const std::int64_t n : {0, 2, 4}) {
    ASSERT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_OK);
    EXPECT_EQ(tick.trade.price, n * 3);
    EXPECT_EQ(ringside_sequence(tick.stamp), static_cast<std::uint64_t>(n) / 2);
    EXPECT_EQ(tick.kind, RINGSIDE_KIND_TRADE);
  }
  EXPECT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_EMPTY);
  EXPECT_EQ(balanced(reader).received, 3U);
}

TEST_F(CReader, polls_in_batches_into_memory_of_any_alignment) {
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  publish(0, 10);
  std::vector<char> bytes(4 * sizeof(ringside_tick) + 8);
  auto* const out = reinterpret_cast<ringside_tick*>(bytes.data() + 8);
  std::uint64_t expected = 0;
  for (const std::size_t room : {4, 4, 4}) {
    std::size_t count = 99;
    ASSERT_EQ(ringside_poll_ticks(reader, out, room, &count), RINGSIDE_OK);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(out[i].ts_event, expected++);
  }
  EXPECT_EQ(expected, 10U);
  std::size_t count = 99;
  EXPECT_EQ(ringside_poll_ticks(reader, out, 4, &count), RINGSIDE_EMPTY);
  EXPECT_EQ(count, 0U);
  EXPECT_EQ(ringside_poll_ticks(reader, nullptr, 0, &count), RINGSIDE_EMPTY);
}

TEST_F(CReader, counts_a_loss_exactly_once) {
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  publish(0, 200);  // the tape holds 64
  ringside_tick tick{};
  EXPECT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_LAPPED);
  const ringside_receipt lapped = balanced(reader);
  EXPECT_EQ(lapped.lost + lapped.pending, 200U);
  EXPECT_GE(lapped.lost, 136U);
  ASSERT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_OK);
  EXPECT_EQ(tick.ts_event, lapped.lost);  // the first record behind the hole
  EXPECT_EQ(balanced(reader).lost, lapped.lost);
}

TEST_F(CReader, a_batch_ends_before_a_loss) {
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  publish(0, 200);
  std::vector<ringside_tick> out(256);
  std::size_t count = 99;
  EXPECT_EQ(ringside_poll_ticks(reader, out.data(), out.size(), &count), RINGSIDE_LAPPED);
  EXPECT_EQ(count, 0U);
  EXPECT_EQ(ringside_poll_ticks(reader, out.data(), out.size(), &count), RINGSIDE_OK);
  EXPECT_EQ(count, 200 - balanced(reader).lost);
}

TEST_F(CReader, begins_where_it_is_told) {
  publish(0, 20);
  ringside_tick tick{};
  EXPECT_EQ(ringside_poll_tick(open(RINGSIDE_TAPE_TICKS, RINGSIDE_START_NEWEST), &tick),
            RINGSIDE_EMPTY);
  ASSERT_EQ(ringside_poll_tick(open(RINGSIDE_TAPE_TICKS, RINGSIDE_START_OLDEST), &tick),
            RINGSIDE_OK);
  EXPECT_EQ(tick.ts_event, 0U);
  ringside_reader* const at = open(RINGSIDE_TAPE_TICKS, RINGSIDE_START_SEQUENCE, 15);
  ASSERT_EQ(ringside_poll_tick(at, &tick), RINGSIDE_OK);
  EXPECT_EQ(tick.ts_event, 15U);
  EXPECT_EQ(balanced(at).start, 15U);
}

TEST_F(CReader, reads_bars_of_a_symbol_and_of_the_tape) {
  ringside_reader* const ring = open(RINGSIDE_RING_BARS, RINGSIDE_START_OLDEST, 0, 1);
  ringside_reader* const tape = open(RINGSIDE_TAPE_BARS);
  for (std::uint64_t n = 0; n < 4; ++n) {
    writer_.segment().publish(numbered_bar(n * 60, n % 2 == 0 ? 0 : 1));
  }
  ringside_bar bar{};
  ASSERT_EQ(ringside_poll_bar(ring, &bar), RINGSIDE_OK);
  EXPECT_EQ(bar.ts_event, 60U);
  EXPECT_EQ(bar.ts_end, 120U);
  ringside_bar out[8];
  std::size_t count = 0;
  ASSERT_EQ(ringside_poll_bars(tape, out, 8, &count), RINGSIDE_OK);
  ASSERT_EQ(count, 4U);
  EXPECT_EQ(out[3].volume, 360);
}

TEST_F(CReader, reads_in_place) {
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  const void* record = &reader;
  EXPECT_EQ(ringside_peek(reader, &record), RINGSIDE_EMPTY);
  EXPECT_EQ(record, nullptr);
  EXPECT_EQ(ringside_take(reader), RINGSIDE_E_USAGE);  // nothing was peeked at
  publish(7, 1);
  ASSERT_EQ(ringside_peek(reader, &record), RINGSIDE_OK);
  const auto price = static_cast<std::int64_t>(
      ringside_load(record, offsetof(ringside_tick, trade) + offsetof(ringside_trade, price)));
  const auto kind = static_cast<std::uint8_t>(ringside_load(record, offsetof(ringside_tick, kind)));
  const auto id =
      static_cast<std::uint32_t>(ringside_load(record, offsetof(ringside_tick, instrument_id)));
  EXPECT_EQ(ringside_still_valid(reader), RINGSIDE_OK);
  EXPECT_EQ(balanced(reader).received, 0U);
  EXPECT_EQ(ringside_take(reader), RINGSIDE_OK);
  EXPECT_EQ(price, 21);
  EXPECT_EQ(kind, RINGSIDE_KIND_TRADE);
  EXPECT_EQ(id, 1U);
  EXPECT_EQ(balanced(reader).received, 1U);
  EXPECT_EQ(ringside_still_valid(reader), RINGSIDE_E_USAGE);
}

TEST_F(CReader, tells_that_a_peeked_record_was_replaced) {
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  publish(0, 1);
  const void* record = nullptr;
  ASSERT_EQ(ringside_peek(reader, &record), RINGSIDE_OK);
  publish(1, 100);
  EXPECT_EQ(ringside_still_valid(reader), RINGSIDE_LAPPED);
  EXPECT_EQ(ringside_take(reader), RINGSIDE_LAPPED);
  EXPECT_GE(balanced(reader).lost, 37U);
  EXPECT_EQ(balanced(reader).received, 0U);
}

TEST_F(CReader, shows_the_rings_own_bytes) {
  ringside_reader* const reader = open(RINGSIDE_RING_TICKS);
  publish(0, 4);
  const void* memory = nullptr;
  std::uint64_t slot_count = 0;
  std::uint32_t record_bytes = 0;
  ASSERT_EQ(ringside_ring_memory(reader, &memory, &slot_count, &record_bytes), RINGSIDE_OK);
  EXPECT_EQ(slot_count, 16U);
  EXPECT_EQ(record_bytes, 64U);
  const void* record = nullptr;
  ASSERT_EQ(ringside_peek(reader, &record), RINGSIDE_OK);
  EXPECT_EQ(record, memory);
  EXPECT_EQ(ringside_load(memory, 0), 2U);  // the stamp of record 0
}

TEST_F(CReader, keeps_the_memory_when_feed_and_writer_are_gone) {
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  publish(0, 5);
  ringside_feed_close(feed_);
  feed_ = nullptr;
  writer_.stop();
  ringside_tick tick{};
  for (std::uint64_t n = 0; n < 5; ++n) {
    ASSERT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_OK);
    EXPECT_EQ(tick.ts_event, n);
  }
  EXPECT_EQ(ringside_poll_tick(reader, &tick), RINGSIDE_EMPTY);
  EXPECT_EQ(ringside_settle(reader), RINGSIDE_EMPTY);
  EXPECT_EQ(balanced(reader).torn, 0U);
}

// A writer laps a small tape again and again while one thread copies and loads in place in turns.
TEST_F(CReader, gives_whole_records_while_the_writer_runs) {
  constexpr std::uint64_t published = 50'000;
  ringside_reader* const reader = open(RINGSIDE_TAPE_TICKS);
  const std::jthread writer([&] { publish(0, published); });
  ringside_receipt receipt{};
  while (receipt.received + receipt.lost < published) {
    ringside_tick tick{};
    if (ringside_poll_tick(reader, &tick) == RINGSIDE_OK) {
      ASSERT_EQ(tick.ts_event, ringside_sequence(tick.stamp));
      ASSERT_EQ(tick.ts_recv, ~tick.ts_event);
      ASSERT_EQ(tick.trade.trade_id, tick.ts_event * 7);
    }
    const void* record = nullptr;
    if (ringside_peek(reader, &record) == RINGSIDE_OK) {
      const std::uint64_t ts_event = ringside_load(record, offsetof(ringside_tick, ts_event));
      const std::uint64_t ts_recv = ringside_load(record, offsetof(ringside_tick, ts_recv));
      if (ringside_take(reader) == RINGSIDE_OK) {
        ASSERT_EQ(ts_recv, ~ts_event);
      }
    }
    receipt = balanced(reader);
  }
  EXPECT_EQ(receipt.published, published);
}

TEST_F(CReader, maps_pages_ahead) {
  EXPECT_GE(ringside_prefault(open(RINGSIDE_TAPE_TICKS)), 0);
}

TEST_F(CReader, survives_every_mistake) {
  ringside_reader* reader = nullptr;
  ringside_tick tick{};
  ringside_bar bar{};
  std::size_t count = 0;
  const auto try_open = [&](std::uint32_t ring, std::uint32_t instrument, std::uint32_t start) {
    return ringside_reader_open(feed_, ring, instrument, start, 0, &reader);
  };
  EXPECT_EQ(try_open(0, 0, 0), RINGSIDE_E_USAGE);
  EXPECT_EQ(try_open(5, 0, 0), RINGSIDE_E_USAGE);
  EXPECT_EQ(try_open(RINGSIDE_RING_TICKS, 0, 3), RINGSIDE_E_USAGE);
  EXPECT_EQ(try_open(RINGSIDE_RING_TICKS, 99, 0), RINGSIDE_EMPTY);  // no such instrument
  EXPECT_EQ(reader, nullptr);
  EXPECT_EQ(ringside_reader_open(nullptr, 1, 0, 0, 0, &reader), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_poll_tick(nullptr, &tick), RINGSIDE_E_USAGE);
  ringside_reader* const ticks = open(RINGSIDE_TAPE_TICKS);
  EXPECT_EQ(ringside_poll_tick(ticks, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_poll_bar(ticks, &bar), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_poll_bars(ticks, &bar, 1, &count), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_poll_tick(open(RINGSIDE_TAPE_BARS), &tick), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_poll_ticks(ticks, &tick, 1, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_peek(ticks, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_take(nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_still_valid(nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_has_news(nullptr), 0);
  EXPECT_EQ(ringside_settle(nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_account(ticks, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_ring_memory(ticks, nullptr, nullptr, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_prefault(nullptr), RINGSIDE_E_USAGE);
  ringside_reader_close(nullptr);
}

}  // namespace
}  // namespace ringside::test
