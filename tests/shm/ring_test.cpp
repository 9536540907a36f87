// One ring, one thread: what a reader is told at each place it can stand.
#include "ringside/shm/ring.hpp"

#include <gtest/gtest.h>

#include "../support/records.hpp"
#include "../support/ring_memory.hpp"

namespace ringside::shm {
namespace {

using test::is_whole;
using test::numbered_trade;

template <class Record>
using Ring = test::RingMemory<Record>;

TEST(RingReader, is_empty_before_the_first_record) {
  Ring<TickRecord> ring(16);
  TickRingReader reader(ring.view, StartAt::oldest);
  TickRecord out;
  EXPECT_EQ(reader.poll(out), ReadStatus::empty);
  EXPECT_EQ(reader.receipt().published, 0U);
}

TEST(RingReader, gets_every_record_once_and_whole) {
  Ring<TickRecord> ring(16);
  TickRingReader reader(ring.view, StartAt::oldest);
  TickRecord out;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    EXPECT_EQ(ring.writer.publish(numbered_trade(n)), n);
    ASSERT_EQ(reader.poll(out), ReadStatus::ok);
    std::uint64_t got = 0;
    ASSERT_TRUE(is_whole(out, got));
    EXPECT_EQ(got, n);
    EXPECT_EQ(out.stamp, 2 * n + 2);
    EXPECT_EQ(reader.poll(out), ReadStatus::empty);
  }
  EXPECT_EQ(reader.lost(), 0U);
}

TEST(RingReader, reports_lapped_when_the_writer_has_moved_on) {
  Ring<TickRecord> ring(16);
  TickRingReader reader(ring.view, StartAt::oldest);
  for (std::uint64_t n = 0; n < 100; ++n) (void)ring.writer.publish(numbered_trade(n));
  TickRecord out;
  EXPECT_EQ(reader.poll(out), ReadStatus::lapped);
  // 100 published, 16 still there, 2 of them given up as margin: it goes on at 86.
  EXPECT_EQ(reader.lost(), 86U);
  ASSERT_EQ(reader.poll(out), ReadStatus::ok);
  EXPECT_EQ(out.ts_event, 86U);
  const Receipt receipt = reader.receipt();
  EXPECT_EQ(receipt.received + receipt.lost + receipt.pending, receipt.published - receipt.start);
}

TEST(RingReader, starts_at_the_newest_the_oldest_or_a_sequence) {
  Ring<TickRecord> ring(16);
  for (std::uint64_t n = 0; n < 40; ++n) (void)ring.writer.publish(numbered_trade(n));
  TickRecord out;
  TickRingReader newest(ring.view, StartAt::newest);
  EXPECT_EQ(newest.poll(out), ReadStatus::empty);
  TickRingReader oldest(ring.view, StartAt::oldest);
  ASSERT_EQ(oldest.poll(out), ReadStatus::ok);
  EXPECT_EQ(out.ts_event, 26U);
  TickRingReader at(ring.view, std::uint64_t{30});
  ASSERT_EQ(at.poll(out), ReadStatus::ok);
  EXPECT_EQ(out.ts_event, 30U);
  TickRingReader gone(ring.view, std::uint64_t{3});
  EXPECT_EQ(gone.poll(out), ReadStatus::lapped);
  EXPECT_EQ(gone.lost(), 23U);
}

TEST(RingReader, reads_in_batches_that_stop_before_a_loss) {
  Ring<TickRecord> ring(16);
  TickRingReader reader(ring.view, StartAt::oldest);
  for (std::uint64_t n = 0; n < 10; ++n) (void)ring.writer.publish(numbered_trade(n));
  TickRecord out[32];
  EXPECT_EQ(reader.poll_batch(out), 10U);
  EXPECT_EQ(out[9].ts_event, 9U);
  for (std::uint64_t n = 10; n < 60; ++n) (void)ring.writer.publish(numbered_trade(n));
  EXPECT_EQ(reader.poll_batch(out), 0U);
  EXPECT_EQ(reader.lost(), 36U);
  EXPECT_EQ(reader.poll_batch(out), 14U);
  EXPECT_EQ(out[0].ts_event, 46U);
  EXPECT_EQ(reader.receipt().pending, 0U);
}

// A writer killed inside a slot leaves an odd stamp: the reader says empty and never spins.
TEST(RingReader, does_not_hang_on_a_slot_that_was_never_finished) {
  Ring<TickRecord> ring(16);
  (void)ring.writer.publish(numbered_trade(0));
  Slot<TickRecord>* slots = ring.slots.get();
  slots[1].words[0].store(2 * 1 + 1, std::memory_order_relaxed);  // one thread in this test
  slots[1].words[3].store(77, std::memory_order_relaxed);
  TickRingReader reader(ring.view, StartAt::oldest);
  TickRecord out;
  ASSERT_EQ(reader.poll(out), ReadStatus::ok);
  EXPECT_EQ(reader.poll(out), ReadStatus::empty);
  EXPECT_EQ(reader.poll(out), ReadStatus::empty);
}

TEST(RingReader, reads_bars_with_the_same_code) {
  Ring<BarRecord> ring(16);
  BarRingReader reader(ring.view, StartAt::oldest);
  for (std::uint64_t n = 0; n < 5; ++n) (void)ring.writer.publish(test::numbered_bar(n));
  BarRecord out;
  for (std::uint64_t n = 0; n < 5; ++n) {
    ASSERT_EQ(reader.poll(out), ReadStatus::ok);
    EXPECT_EQ(out.volume, static_cast<std::int64_t>(2 * n));
  }
}

template <class Record>
void expect_same_bytes(const Record& record) {
  Slot<Record> by_words{};
  Slot<Record> by_pairs{};
  write_slot_by_words(by_words, 41, to_words(record));
  write_slot_by_pairs(by_pairs, 41, to_words(record));
  EXPECT_EQ(std::memcmp(&by_words, &by_pairs, sizeof(Record)), 0);
  Record out;
  ASSERT_EQ(read_slot(by_pairs, 41, out), ReadStatus::ok);
  Record expected = record;
  expected.stamp = 2 * 41 + 2;
  EXPECT_EQ(std::memcmp(&out, &expected, sizeof(Record)), 0);
}

TEST(Slot, holds_the_same_bytes_by_words_and_by_pairs) {
  expect_same_bytes(numbered_trade(7));
  expect_same_bytes(test::numbered_bar(7));
}

TEST(Cell, is_empty_until_written_and_then_holds_the_latest) {
  Slot<TickRecord> cell{};
  TickRecord out;
  EXPECT_EQ(read_cell(cell, out), ReadStatus::empty);
  for (std::uint64_t n = 1; n < 20; ++n) {
    write_cell(cell, numbered_trade(n));
    ASSERT_EQ(read_cell(cell, out), ReadStatus::ok);
    EXPECT_EQ(out.ts_event, n);
  }
}

TEST(Cell, reads_as_empty_when_its_writer_died_inside) {
  Slot<TickRecord> cell{};
  write_cell(cell, numbered_trade(1));
  cell.words[0].store(5, std::memory_order_relaxed);  // one thread in this test
  TickRecord out;
  EXPECT_EQ(read_cell(cell, out), ReadStatus::empty);
}

}  // namespace
}  // namespace ringside::shm
