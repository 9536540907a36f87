// Several feeds in one order of time.
#include "ringside/shm/merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "../support/records.hpp"
#include "../support/ring_memory.hpp"
#include "../support/seed.hpp"

namespace ringside::shm {
namespace {

using test::RingMemory;

constexpr std::uint64_t nobody_waits = ~std::uint64_t{0};

TickRecord at(std::uint64_t ts_recv, std::uint64_t ts_event = 0) {
  TickRecord record = test::numbered_trade(ts_event);
  record.ts_recv = ts_recv;
  record.ts_event = ts_event;
  return record;
}

TEST(MergedReader, gives_the_earliest_of_all_feeds) {
  RingMemory<TickRecord> stocks(64);
  RingMemory<TickRecord> options(64);
  MergedTicks merged;
  merged.add(TickRingReader(stocks.view, StartAt::oldest));
  merged.add(TickRingReader(options.view, StartAt::oldest));
  for (const std::uint64_t ts : {10, 30, 50}) (void)stocks.writer.publish(at(ts));
  for (const std::uint64_t ts : {20, 40}) (void)options.writer.publish(at(ts));
  TickRecord out;
  for (const std::uint64_t ts : {10, 20, 30, 40}) {
    ASSERT_EQ(merged.poll(1000, out), ReadStatus::ok);
    EXPECT_EQ(out.ts_recv, ts);
    EXPECT_EQ(merged.source(), ts % 20 == 0 ? 1U : 0U);
  }
  // Options may still bring something from before 50.
  EXPECT_EQ(merged.poll(1000, out), ReadStatus::empty);
  EXPECT_EQ(merged.held(), 1U);
}

TEST(MergedReader, does_not_wait_longer_than_it_was_told_to) {
  RingMemory<TickRecord> busy(64);
  RingMemory<TickRecord> silent(64);
  MergedTicks merged({.hold_ns = 1000});
  merged.add(TickRingReader(busy.view, StartAt::oldest));
  merged.add(TickRingReader(silent.view, StartAt::oldest));
  (void)busy.writer.publish(at(5000));
  TickRecord out;
  EXPECT_EQ(merged.poll(5999, out), ReadStatus::empty);
  EXPECT_EQ(merged.poll(6000, out), ReadStatus::ok);
  // What the silent one brings afterwards is late: given out at once, and counted.
  (void)silent.writer.publish(at(4000));
  EXPECT_EQ(merged.poll(6000, out), ReadStatus::ok);
  EXPECT_EQ(out.ts_recv, 4000U);
  EXPECT_EQ(merged.late(), 1U);
}

TEST(MergedReader, orders_by_the_exchanges_time_when_asked) {
  RingMemory<TickRecord> first(64);
  RingMemory<TickRecord> second(64);
  MergedTicks merged({.by = MergeBy::ts_event});
  merged.add(TickRingReader(first.view, StartAt::oldest));
  merged.add(TickRingReader(second.view, StartAt::oldest));
  (void)first.writer.publish(at(1, 200));
  (void)second.writer.publish(at(2, 100));
  TickRecord out;
  ASSERT_EQ(merged.poll(1000, out), ReadStatus::ok);
  EXPECT_EQ(out.ts_event, 100U);
}

TEST(MergedReader, tells_which_feed_was_lapped) {
  RingMemory<TickRecord> quiet(64);
  RingMemory<TickRecord> fast(16);
  MergedTicks merged;
  merged.add(TickRingReader(quiet.view, StartAt::oldest));
  merged.add(TickRingReader(fast.view, std::uint64_t{0}));
  for (std::uint64_t n = 0; n < 100; ++n) (void)fast.writer.publish(at(n));
  TickRecord out;
  EXPECT_EQ(merged.poll(nobody_waits, out), ReadStatus::lapped);
  EXPECT_EQ(merged.source(), 1U);
  EXPECT_EQ(merged.reader(1).lost(), 86U);  // 100 less the 14 that are kept
}

// A clock that was wrong once must not stop the feed that it was wrong in, nor hurry all others.
TEST(MergedReader, a_time_ahead_counts_as_now) {
  RingMemory<TickRecord> wrong(64);
  RingMemory<TickRecord> right(64);
  MergedTicks merged({.hold_ns = 10});
  merged.add(TickRingReader(wrong.view, StartAt::oldest));
  merged.add(TickRingReader(right.view, StartAt::oldest));
  (void)wrong.writer.publish(at(1'000'000));
  (void)wrong.writer.publish(at(ts_absent));
  (void)right.writer.publish(at(100));
  TickRecord out;
  ASSERT_EQ(merged.poll(100, out), ReadStatus::ok);
  EXPECT_EQ(out.ts_recv, 1'000'000U);
  ASSERT_EQ(merged.poll(110, out), ReadStatus::ok);
  EXPECT_EQ(out.ts_recv, 100U);
  EXPECT_EQ(merged.poll(111, out), ReadStatus::empty);  // no time: as of 110, waits like any other
  (void)right.writer.publish(at(112));
  ASSERT_EQ(merged.poll(115, out), ReadStatus::ok);
  EXPECT_EQ(out.ts_recv, ts_absent);
  ASSERT_EQ(merged.poll(122, out), ReadStatus::ok);
  EXPECT_EQ(merged.late(), 0U);
}

// Random feeds, each in order of its own times, against a sort of everything.
TEST(MergedReader, gives_what_sorting_everything_would_give) {
  auto random = test::seeded_random();
  for (int round = 0; round < 100; ++round) {
    const std::size_t count = 1 + random() % 5;
    std::vector<RingMemory<TickRecord>> rings;
    for (std::size_t i = 0; i < count; ++i) rings.emplace_back(256);
    std::vector<std::uint64_t> expected;
    MergedTicks merged;
    for (auto& ring : rings) {
      merged.add(TickRingReader(ring.view, StartAt::oldest));
      std::uint64_t ts = 0;
      for (std::uint64_t n = random() % 200; n > 0; --n) {
        (void)ring.writer.publish(at(ts += random() % 5));
        expected.push_back(ts);
      }
    }
    std::sort(expected.begin(), expected.end());
    TickRecord out;
    for (const std::uint64_t ts : expected) {
      ASSERT_EQ(merged.poll(nobody_waits, out), ReadStatus::ok);
      ASSERT_EQ(out.ts_recv, ts);
    }
    EXPECT_EQ(merged.poll(nobody_waits, out), ReadStatus::empty);
    EXPECT_EQ(merged.late(), 0U);
  }
}

}  // namespace
}  // namespace ringside::shm
