// kill -9 of the writer at random moments: a reader in another process never sees a torn record,
// never hangs, and its receipt adds up.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "../support/records.hpp"
#include "../support/seed.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

[[noreturn]] void write_for_ever(SegmentWriter& segment, std::uint32_t instrument_id) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not beyond this test, however it ends
  for (std::uint64_t n = 0;; ++n) segment.publish(test::numbered_trade(n, instrument_id));
}

// Reads what a dead writer left, to its end. Returns whether it died inside a slot of this ring.
bool read_to_the_end(TapeReader& reader) {
  TickRecord record;
  std::uint64_t n = 0;
  ReadStatus status = ReadStatus::lapped;
  for (int polls = 0; status != ReadStatus::empty; ++polls) {
    EXPECT_LT(polls, 5000) << "the reader does not come to an end";
    if (polls == 5000) return false;
    const std::uint64_t expected = reader.next_sequence();
    status = reader.poll(record);
    if (status != ReadStatus::ok) continue;
    EXPECT_TRUE(test::is_whole(record, n));
    EXPECT_EQ(n, expected);
  }
  const bool is_torn = reader.settle_torn();
  EXPECT_FALSE(reader.settle_torn()) << "counted twice";
  const Receipt receipt = reader.receipt();
  EXPECT_EQ(receipt.received + receipt.lost, receipt.published - receipt.start);
  EXPECT_EQ(receipt.pending, 0U);
  EXPECT_EQ(reader.torn(), is_torn ? 1U : 0U);
  return is_torn;
}

TEST(WriterKilled, at_any_moment_leaves_whole_records_and_an_exact_receipt) {
  auto random = test::seeded_random();
  int torn_count = 0;
  for (int round = 0; round < 500; ++round) {
    SegmentShape shape;
    shape.symbol_capacity = 2;
    shape.tick_tape_slots = 1024;
    shape.bar_tape_slots = 16;
    shape.arena_bytes = 1 << 20;
    auto segment = SegmentWriter::create(shape);
    ASSERT_TRUE(segment.ok());
    const auto added = (*segment)->add_symbol("AAPL", {256, 16}, 0, SymbolState::live);
    (*segment)->mark_ready();
    const auto view = SegmentView::map((*segment)->segment_fd());
    ASSERT_TRUE(view.ok());
    TapeReader tape(view->tick_tape(), StartAt::oldest);

    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) write_for_ever(**segment, added.instrument_id);
    const std::uint64_t until = 1 + random() % 20'000;
    TickRecord record;
    std::uint64_t n = 0;
    while (tape.received() + tape.lost() < until) {
      if (tape.poll(record) == ReadStatus::ok) {
        ASSERT_TRUE(test::is_whole(record, n));
      }
    }
    ASSERT_EQ(::kill(writer, SIGKILL), 0);
    ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);

    TapeReader ring(view->tick_ring(added.instrument_id), StartAt::oldest);
    const bool is_tape_torn = read_to_the_end(tape);
    const bool is_ring_torn = read_to_the_end(ring);
    ASSERT_FALSE(testing::Test::HasFailure());
    ASSERT_FALSE(is_tape_torn && is_ring_torn);
    torn_count += is_tape_torn || is_ring_torn ? 1 : 0;
    // The ring comes first: it has what the tape has, and perhaps one more.
    ASSERT_GE(ring.next_sequence(), tape.next_sequence());
    ASSERT_LE(ring.next_sequence(), tape.next_sequence() + 1);
  }
  std::printf("500 kills, %d of them inside a slot\n", torn_count);
}

}  // namespace
}  // namespace ringside::shm
