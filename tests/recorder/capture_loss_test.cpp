// What cannot be in the files is counted, marked in them, and listed in the catalog.
#include "capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "../support/temp_dir.hpp"
#include "capture_rig.hpp"

namespace ringside::recorder {
namespace {

using test::Market;
using test::noon;
using test::query;
using test::read_receipts;
using test::read_recordings;
using test::Recorded;
using test::Rig;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(CaptureLoss, counts_and_marks_what_the_tape_overwrote) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"}, {.tape_slots = 256});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_ticks(100);
  rig.read_all();
  market.publish_ticks(1000);  // 256 places
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  const std::string receipt = read_receipts(dir.path())[0];
  test::expect_conserved(receipt, "ticks");
  const std::uint64_t lost = test::json_number(receipt, "ticks", "lost");
  EXPECT_GE(lost, 744U);
  EXPECT_EQ(test::json_number(receipt, "ticks", "written"), 1100 - lost);
  EXPECT_EQ(recorded.flagged, 2U);  // the next trade and the next quote
  ASSERT_EQ(recorded.marks.size(), 2U);
  EXPECT_THAT(recorded.marks[0], HasSubstr(std::to_string(lost) + " of the whole feed lapped"));
  EXPECT_THAT(query(dir.path(), "SELECT kind, count FROM gaps"),
              ElementsAre("lapped|" + std::to_string(lost)));
}

/// The keeper does not answer, so no file gets its descriptor and every buffer stays taken. What
/// comes then stays on the tape for as long as it has room.
TEST(CaptureLoss, leaves_records_on_the_tape_while_the_disk_is_busy) {
  SCOPED_TRACE(ringside::test::seed_text());
  const ringside::test::TempDir dir;
  Market market({"AAPL", "MSFT"});
  CaptureOptions options;
  options.buffers = {.buffer_count = 8, .buffer_bytes = 16'384};
  Rig rig(dir.path(), options);
  rig.capture().begin_epoch(market.view());
  market.publish_ticks(10'000);  // about 640 KB into 128 KB, the tape is not half full
  rig.read_all();
  EXPECT_TRUE(rig.capture().is_waiting());
  EXPECT_GT(rig.capture().pending(), 5000U);
  rig.start_keeper();
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_EQ(recorded.sums, market.sums());
  EXPECT_TRUE(recorded.marks.empty());
}

/// The same, and the tape fills up.
TEST(CaptureLoss, drops_counts_and_marks_when_buffers_and_tape_are_full) {
  SCOPED_TRACE(ringside::test::seed_text());
  const ringside::test::TempDir dir;
  Market market({"AAPL", "MSFT"}, {.tape_slots = 2048});
  CaptureOptions options;
  options.buffers = {.buffer_count = 8, .buffer_bytes = 16'384};
  Rig rig(dir.path(), options);
  rig.capture().begin_epoch(market.view());
  for (int round = 0; round < 25; ++round) {
    market.publish_ticks(400);
    rig.read_all();
  }
  const std::uint64_t dropped = rig.capture().receipt().ticks.dropped;
  EXPECT_GT(dropped, 5000U);
  rig.start_keeper();
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  const std::string receipt = read_receipts(dir.path())[0];
  test::expect_conserved(receipt, "ticks");
  EXPECT_EQ(test::json_number(receipt, "ticks", "lost"), 0U);
  EXPECT_EQ(test::json_number(receipt, "ticks", "dropped"), dropped);
  EXPECT_EQ(test::json_number(receipt, "ticks", "written"), 10'000 - dropped);
  EXPECT_EQ(recorded.flagged, 2U);
  ASSERT_EQ(recorded.marks.size(), 2U);
  EXPECT_THAT(recorded.marks[0], HasSubstr("missing before this record"));
  EXPECT_EQ(recorded.out_of_order, 0U);
  EXPECT_THAT(query(dir.path(), "SELECT kind, sum(count) FROM gaps"),
              ElementsAre("dropped|" + std::to_string(dropped)));
}

TEST(CaptureLoss, keeps_buffers_back_for_a_schema_that_has_none) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"}, {.tape_slots = 2048});
  CaptureOptions options;
  options.buffers = {.buffer_count = 8, .buffer_bytes = 16'384};
  Rig rig(dir.path(), options);
  rig.capture().begin_epoch(market.view());
  market.publish_tick(true);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 500; ++i) market.publish_tick(false);
    for (int i = 0; i < 10; ++i) market.publish_tick(true);
    rig.read_all();
  }
  EXPECT_GT(rig.capture().receipt().ticks.dropped, 5000U);
  rig.start_keeper();
  rig.read_all();
  rig.stop();
  EXPECT_EQ(read_recordings(dir.path()).sums["AAPL"].trades, 201U);
}

/// The size limit of the process stands for a full disk: the kernel refuses the write.
TEST(CaptureLoss, goes_on_in_a_new_file_when_the_disk_refuses_a_write) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  CaptureOptions options;
  options.flush_ns = 0;
  options.has_quotes = false;
  options.buffers = {.buffer_count = 64, .buffer_bytes = 65'536};
  Rig rig(dir.path(), options);
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_NE(::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  const rlimit small{.rlim_cur = 1 << 20, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 1000; ++i) market.publish_tick(true);
    rig.read_all();
    rig.capture().service_wait(monotonic_ns());
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  // The recorder tries again a second after the refusal; its clock is the one it is told.
  rig.capture().service(monotonic_ns() + 2'000'000'000);
  market.publish_tick(true);
  rig.capture().poll();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  const std::string receipt = read_receipts(dir.path())[0];
  test::expect_conserved(receipt, "ticks");
  EXPECT_GT(test::json_number(receipt, "ticks", "disk"), 0U);
  EXPECT_EQ(recorded.files.size(), 2U);
  EXPECT_EQ(recorded.cut, 0U);
  EXPECT_EQ(recorded.sums.at("AAPL").trades, test::json_number(receipt, "ticks", "written"));
  EXPECT_EQ(recorded.flagged, 1U);
  EXPECT_EQ(recorded.unmapped, 0U);
  EXPECT_THAT(query(dir.path(), "SELECT state FROM files ORDER BY path"),
              ElementsAre("failed", "closed"));
  EXPECT_THAT(query(dir.path(), "SELECT kind FROM gaps ORDER BY kind"),
              ElementsAre("disk", "dropped"));
}

TEST(CaptureLoss, marks_gaps_and_states_of_the_feed) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_tick(true);
  shm::TickRecord gap = shm::empty_tick();
  gap.kind = shm::Kind::gap;
  gap.instrument_id = 0;
  gap.ts_recv = market.ts();
  gap.gap = {.ts_begin = 11,
             .ts_end = 22,
             .count = 33,
             .reason = static_cast<std::uint32_t>(shm::GapReason::sequence),
             .reserved_ = 0};
  market.segment().publish(gap);
  market.publish_tick(true);
  shm::TickRecord status = shm::empty_tick();
  status.kind = shm::Kind::status;
  status.ts_recv = market.ts();
  status.status = {.state = static_cast<std::uint32_t>(shm::FeedState::reconnecting),
                   .state_before = static_cast<std::uint32_t>(shm::FeedState::live),
                   .reserved_ = {}};
  market.segment().publish(status);
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_THAT(recorded.marks,
              ElementsAre("feed: gap (sequence) of AAPL from 11 to 22, 33 records missing",
                          "feed: state reconnecting"));
  EXPECT_EQ(recorded.flagged, 1U);
  test::expect_conserved(read_receipts(dir.path())[0], "ticks");
  EXPECT_THAT(query(dir.path(), "SELECT kind, ts_begin, ts_end, count FROM gaps"),
              ElementsAre("vendor|11|22|33"));
}

TEST(CaptureLoss, says_that_it_was_down_for_longer_than_the_tape_remembers) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"}, {.tape_slots = 256});
  market.publish_ticks(100);
  for (int run = 0; run < 2; ++run) {
    Rig rig(dir.path());
    rig.start_keeper();
    rig.capture().begin_epoch(market.view());
    rig.read_all();
    rig.stop();
    if (run == 0) market.publish_ticks(2000);
  }
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_THAT(query(dir.path(), "SELECT kind, count FROM gaps"), ElementsAre("recorder_down|"));
  EXPECT_EQ(recorded.flagged, 2U);
  EXPECT_THAT(recorded.marks[0], HasSubstr("was down for longer"));
}

}  // namespace
}  // namespace ringside::recorder
