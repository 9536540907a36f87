// Random operations on a ring against a plain list of everything that was ever published.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "../support/records.hpp"
#include "../support/ring_memory.hpp"
#include "../support/seed.hpp"
#include "ringside/shm/ring.hpp"

namespace ringside::shm {
namespace {

// One reader beside what the model knows of it: every number it was given, every loss it was told.
struct Modelled {
  TickRingReader reader;
  std::uint64_t expected_next = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
};

void check_one(Modelled& at, const TickRecord& out) {
  std::uint64_t n = 0;
  ASSERT_TRUE(test::is_whole(out, n));
  ASSERT_EQ(n, at.expected_next);
  ++at.expected_next;
  ++at.received;
}

void step_reader(Modelled& at, std::uint64_t published, std::uint32_t slots, bool is_batch) {
  const std::uint64_t lost_before = at.reader.lost();
  TickRecord out[8];
  if (is_batch) {
    const std::size_t count = at.reader.poll_batch(out);
    for (std::size_t i = 0; i < count; ++i) check_one(at, out[i]);
  } else {
    const ReadStatus status = at.reader.poll(out[0]);
    if (status == ReadStatus::ok) check_one(at, out[0]);
    if (status == ReadStatus::empty) {
      ASSERT_EQ(at.expected_next, published);
    }
  }
  const std::uint64_t newly_lost = at.reader.lost() - lost_before;
  if (newly_lost != 0) {
    // A loss is told only when what was asked for is really gone, and never skips into the future.
    ASSERT_LT(at.expected_next + slots, published + 1);
    at.expected_next += newly_lost;
    at.lost += newly_lost;
    ASSERT_LE(at.expected_next, published);
  }
  const Receipt receipt = at.reader.receipt();
  ASSERT_EQ(receipt.received, at.received);
  ASSERT_EQ(receipt.lost, at.lost);
  ASSERT_EQ(receipt.received + receipt.lost + receipt.pending, receipt.published - receipt.start);
}

TEST(RingModel, every_reader_receives_or_is_told_it_lost_every_record) {
  auto random = test::seeded_random();
  for (int round = 0; round < 200; ++round) {
    const std::uint32_t slots = 16U << (random() % 4);
    test::RingMemory<TickRecord> ring(slots);
    std::vector<Modelled> readers(4);
    for (Modelled& at : readers) at.reader = TickRingReader(ring.view, StartAt::oldest);
    std::uint64_t published = 0;
    for (int step = 0; step < 500; ++step) {
      if (random() % 2 == 0) {
        for (std::uint64_t burst = random() % (2 * slots); burst > 0; --burst) {
          (void)ring.writer.publish(test::numbered_trade(published++));
        }
      }
      Modelled& at = readers[random() % readers.size()];
      step_reader(at, published, slots, random() % 2 == 0);
      ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
  }
}

}  // namespace
}  // namespace ringside::shm
