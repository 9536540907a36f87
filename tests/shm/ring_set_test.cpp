// Several rings read as one stream: nothing missed, nothing twice, each ring in its order, none
// starved, losses exact.
#include "ringside/shm/ring_set.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "../support/records.hpp"
#include "../support/ring_memory.hpp"
#include "../support/seed.hpp"

namespace ringside::shm {
namespace {

using test::numbered_trade;
using test::RingMemory;

TEST(RingSet, is_empty_without_rings_and_without_news) {
  TickRingSet set;
  TickRecord out;
  EXPECT_EQ(set.poll(out), ReadStatus::empty);
  RingMemory<TickRecord> ring(16);
  EXPECT_EQ(set.add(ring.view), 0U);
  EXPECT_EQ(set.poll(out), ReadStatus::empty);
  EXPECT_FALSE(set.has_news());
  (void)ring.writer.publish(numbered_trade(0));
  EXPECT_TRUE(set.has_news());
}

TEST(RingSet, says_whose_record_it_was) {
  std::vector<RingMemory<TickRecord>> rings;
  for (int i = 0; i < 3; ++i) rings.emplace_back(16);
  TickRingSet set;
  for (auto& ring : rings) set.add(ring.view);
  TickRecord out;
  for (const std::size_t place : {2U, 0U, 1U, 1U}) {
    (void)rings[place].writer.publish(numbered_trade(place + 10));
    ASSERT_EQ(set.poll(out), ReadStatus::ok);
    EXPECT_EQ(set.place(), place);
    EXPECT_EQ(out.ts_event, place + 10);
  }
}

// One ring never stops having news: the other must still have its turn.
TEST(RingSet, a_busy_ring_does_not_starve_the_others) {
  RingMemory<TickRecord> busy(1024);
  RingMemory<TickRecord> quiet(16);
  TickRingSet set;
  set.add(busy.view);
  set.add(quiet.view);
  for (std::uint64_t n = 0; n < 1000; ++n) (void)busy.writer.publish(numbered_trade(n));
  (void)quiet.writer.publish(numbered_trade(7));
  TickRecord out;
  std::uint32_t polls = 1;
  for (; set.poll(out) == ReadStatus::ok && set.place() == 0; ++polls) {
  }
  EXPECT_EQ(set.place(), 1U);
  EXPECT_LE(polls, TickRingSet::burst_max + 1);
}

// Random publishes and reads against a plain count of what each ring was given.
TEST(RingSet, receives_or_loses_every_record_of_every_ring) {
  auto random = test::seeded_random();
  for (int round = 0; round < 50; ++round) {
    std::vector<RingMemory<TickRecord>> rings;
    const std::size_t count = 1 + random() % 8;
    for (std::size_t i = 0; i < count; ++i) rings.emplace_back(16U << (random() % 3));
    TickRingSet set;
    for (auto& ring : rings) set.add(ring.view);
    std::vector<std::uint64_t> published(count);
    std::vector<std::uint64_t> next(count);  // the least number that may come next
    std::vector<TickRecord> batch(64);
    std::uint64_t received = 0;
    const auto look = [&](const TickRecord& record) {
      const std::size_t ring = record.instrument_id;
      ASSERT_LT(ring, count);
      ASSERT_GE(record.ts_event, next[ring]);
      ASSERT_LT(record.ts_event, published[ring]);
      next[ring] = record.ts_event + 1;
      ++received;
    };
    for (int step = 0; step < 300; ++step) {
      const std::size_t ring = random() % count;
      for (std::uint64_t burst = random() % 40; burst > 0; --burst) {
        (void)rings[ring].writer.publish(
            numbered_trade(published[ring]++, static_cast<std::uint32_t>(ring)));
      }
      if (random() % 2 == 0) {
        const std::size_t room = random() % batch.size();
        const std::size_t got = set.poll_batch(std::span(batch).first(room));
        for (std::size_t i = 0; i < got; ++i) look(batch[i]);
      } else {
        TickRecord record;
        for (int polls = 0; polls < 20; ++polls) {
          if (set.poll(record) == ReadStatus::ok) look(record);
        }
      }
      const Receipt receipt = set.receipt();
      std::uint64_t all = 0;
      for (const std::uint64_t n : published) all += n;
      ASSERT_EQ(receipt.published, all);
      ASSERT_EQ(receipt.received, received);
      ASSERT_TRUE(receipt.is_balanced());
    }
    TickRecord record;
    while (set.poll(record) != ReadStatus::empty) {
    }
    EXPECT_EQ(set.receipt().pending, 0U);
    EXPECT_FALSE(set.has_news());
  }
}

// The batch that meets the loss may carry records of other rings: then the next one tells it.
TEST(RingSet, a_loss_is_told_by_a_batch_of_its_own) {
  RingMemory<TickRecord> whole(64);
  RingMemory<TickRecord> lapped(16);
  TickRingSet set;
  set.add(whole.view);
  set.add(lapped.view);
  for (std::uint64_t n = 0; n < 5; ++n) (void)whole.writer.publish(numbered_trade(n));
  for (std::uint64_t n = 0; n < 100; ++n) (void)lapped.writer.publish(numbered_trade(n));
  std::vector<TickRecord> out(64);
  EXPECT_EQ(set.poll_batch(out), 5U);
  EXPECT_EQ(set.poll_batch(out), 0U);
  EXPECT_EQ(set.reader(1).lost(), 86U);
  EXPECT_EQ(set.poll_batch(out), 14U);
  EXPECT_EQ(set.poll_batch(out), 0U);
  EXPECT_TRUE(set.receipt().is_balanced());
}

TEST(RingSet, a_record_its_writer_died_inside_is_lost_once) {
  RingMemory<TickRecord> whole(16);
  RingMemory<TickRecord> torn(16);
  TickRingSet set;
  set.add(whole.view);
  set.add(torn.view);
  torn.slots[0].words[0].store(1, std::memory_order_relaxed);  // one thread in this test
  TickRecord out;
  EXPECT_EQ(set.poll(out), ReadStatus::empty);
  EXPECT_TRUE(set.settle_torn());
  EXPECT_FALSE(set.settle_torn());
  EXPECT_EQ(set.receipt().lost, 1U);
  EXPECT_TRUE(set.receipt().is_balanced());
}

}  // namespace
}  // namespace ringside::shm
