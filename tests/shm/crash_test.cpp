// kill -9 of the writer at random moments: a reader in another process never sees a torn record,
// never hangs, and its receipt adds up.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/records.hpp"
#include "../support/seed.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

[[noreturn]] void write_for_ever(SegmentWriter& segment, std::uint32_t instrument_id) {
  for (std::uint64_t n = 0;; ++n) segment.publish(test::numbered_trade(n, instrument_id));
}

TEST(WriterKilled, at_any_moment_leaves_whole_records_and_an_exact_receipt) {
  auto random = test::seeded_random();
  for (int round = 0; round < 100; ++round) {
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

    ReadStatus status = ReadStatus::lapped;
    for (int polls = 0; status != ReadStatus::empty; ++polls) {
      ASSERT_LT(polls, 5000) << "the reader does not come to an end";
      status = tape.poll(record);
      if (status == ReadStatus::ok) {
        ASSERT_TRUE(test::is_whole(record, n));
      }
    }
    const Receipt receipt = tape.receipt();
    ASSERT_EQ(receipt.received + receipt.lost + receipt.pending, receipt.published);
    ASSERT_EQ(receipt.pending, 0U);
    ASSERT_EQ(tape.next_sequence(), n + 1);
  }
}

}  // namespace
}  // namespace ringside::shm
