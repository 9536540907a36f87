// Capture and keeper together over real segments: what is published is in the files, once, sorted,
// with its symbol.
#include "capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

constexpr std::uint64_t hour = test::hour;
constexpr int steps_max = test::steps_max;

TEST(Capture, writes_every_record_once_with_its_symbol) {
  SCOPED_TRACE(ringside::test::seed_text());
  const ringside::test::TempDir dir;
  Market market({"AAPL", "BRK.B", "O:SPXW260102C06840500"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  for (int round = 0; round < 20; ++round) {
    market.publish_ticks(1000);
    market.publish_bar(0, shm::Kind::bar_1s,
                       noon + static_cast<std::uint64_t>(round) * 1'000'000'000);
    market.publish_bar(1, shm::Kind::bar_1m, noon);
    rig.read_all();
  }
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_EQ(recorded.sums, market.sums());
  EXPECT_EQ(recorded.files.size(), 4U);
  EXPECT_EQ(recorded.out_of_order, 0U);
  EXPECT_EQ(recorded.unmapped, 0U);
  EXPECT_EQ(recorded.open, 0U);
  EXPECT_EQ(recorded.cut, 0U);
  EXPECT_TRUE(recorded.marks.empty());
  EXPECT_EQ(rig.keeper().errors(), 0U);
  const auto receipts = read_receipts(dir.path());
  ASSERT_EQ(receipts.size(), 1U);
  test::expect_conserved(receipts[0], "ticks");
  test::expect_conserved(receipts[0], "bars");
  EXPECT_EQ(test::json_number(receipts[0], "ticks", "written"), 20'000U);
  EXPECT_EQ(test::json_number(receipts[0], "bars", "written"), 40U);
}

TEST(Capture, names_files_by_dataset_schema_day_feed_time_and_epoch) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_tick(true);
  rig.read_all();
  rig.stop();
  const std::string epoch = std::to_string(market.segment().epoch());
  EXPECT_THAT(
      read_recordings(dir.path()).files,
      ElementsAre(dir.file("MASSIVE.STOCKS/trades/20260102/stocks-120000-" + epoch + "-000.dbn")));
}

TEST(Capture, patches_start_and_end_when_a_file_is_closed) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_tick(true);
  market.skip(77);
  market.publish_tick(true);
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  ASSERT_EQ(recorded.files.size(), 1U);
  auto reader = dbn::DbnReader::open(recorded.files[0]);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->metadata().version, 3);
  EXPECT_EQ(reader->metadata().dataset, "MASSIVE.STOCKS");
  EXPECT_EQ(reader->metadata().schema, dbn::Schema::mixed);
  EXPECT_EQ(reader->metadata().start, noon);
  EXPECT_EQ(reader->metadata().end, noon + 1'000'077 + 1);  // exclusive
}

TEST(Capture, files_are_readable_while_they_are_written) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  CaptureOptions options;
  options.flush_ns = 0;
  Rig rig(dir.path(), options);
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_ticks(100);
  rig.read_all();
  Recorded recorded;
  for (int i = 0; recorded.sums != market.sums(); ++i) {
    ASSERT_LT(i, steps_max) << "the records do not reach the file";
    rig.capture().service_wait(monotonic_ns());
    recorded = read_recordings(dir.path());
  }
  EXPECT_EQ(recorded.open, 2U);
  rig.stop();
}

TEST(Capture, begins_a_file_with_its_own_mappings_for_each_span) {
  const ringside::test::TempDir dir;
  Market market({"AAPL", "MSFT"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_ticks(50);
  market.skip(hour);
  market.publish_ticks(50);
  market.skip(12 * hour);  // past midnight
  market.publish_ticks(50);
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_EQ(recorded.sums, market.sums());
  EXPECT_EQ(recorded.unmapped, 0U);
  ASSERT_EQ(recorded.files.size(), 6U);
  EXPECT_THAT(recorded.files[3], HasSubstr("/trades/20260102/stocks-120000-"));
  EXPECT_THAT(recorded.files[4], HasSubstr("/trades/20260102/stocks-130000-"));
  EXPECT_THAT(recorded.files[5], HasSubstr("/trades/20260103/stocks-010000-"));
  EXPECT_THAT(query(dir.path(), "SELECT DISTINCT state FROM files"), ElementsAre("closed"));
  EXPECT_THAT(query(dir.path(), "SELECT sum(records) FROM files"), ElementsAre("150"));
}

TEST(Capture, ends_a_file_whose_time_is_over_though_nothing_more_comes) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"}, {.ts_begin = 1'500'000'000'000'000'000});  // 2017: that hour is over
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_ticks(10);
  rig.read_all();
  EXPECT_EQ(query(dir.path(), "SELECT 1 FROM files WHERE state = 'closed'").size(), 0U);
  rig.capture().service(monotonic_ns() + 100'000'000'000);
  for (int i = 0; query(dir.path(), "SELECT 1 FROM files WHERE state = 'closed'").size() < 2; ++i) {
    ASSERT_LT(i, 1000) << "the files are not closed";
    rig.capture().service_wait(monotonic_ns());
  }
  rig.stop();
  EXPECT_EQ(read_recordings(dir.path()).sums, market.sums());
}

TEST(Capture, sorts_bars_by_window_start) {
  const ringside::test::TempDir dir;
  Market market({"AAPL", "MSFT"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  constexpr std::uint64_t second = 1'000'000'000;
  for (const std::uint64_t start : {3, 1, 2, 5, 4}) {
    market.publish_bar(start % 2, shm::Kind::bar_1s, noon + start * second);
  }
  rig.capture().poll();
  rig.stop();
  EXPECT_THAT(read_recordings(dir.path()).bar_starts,
              ElementsAre(noon + second, noon + 2 * second, noon + 3 * second, noon + 4 * second,
                          noon + 5 * second));
}

TEST(Capture, raises_a_receive_time_that_falls_and_flags_it) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_tick(true);
  market.skip(static_cast<std::uint64_t>(-50'000'000));  // the clock stepped back
  market.publish_tick(true);
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_EQ(recorded.out_of_order, 0U);
  EXPECT_EQ(recorded.sums, market.sums());
  EXPECT_EQ(test::json_number(read_receipts(dir.path())[0], "feed", "ts_clamped"), 1U);
}

TEST(Capture, a_new_epoch_gets_new_files_a_mark_and_a_receipt_each) {
  SCOPED_TRACE(ringside::test::seed_text());
  const ringside::test::TempDir dir;
  Market first({"AAPL", "MSFT"});
  Market second({"MSFT", "AAPL"}, {.ts_begin = noon + 60'000'000'000});  // other ids
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(first.view());
  first.publish_ticks(500);
  rig.read_all();
  rig.finish(EndReason::feed_lost);
  second.publish_ticks(300);  // before we are there: they are ours all the same
  rig.capture().begin_epoch(second.view());
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_EQ(recorded.files.size(), 4U);
  EXPECT_EQ(recorded.flagged, 2U);
  ASSERT_EQ(recorded.marks.size(), 2U);
  EXPECT_THAT(recorded.marks[0], HasSubstr("the feed handler was restarted"));
  for (const auto& [symbol, sums] : first.sums()) {
    EXPECT_EQ(recorded.sums.at(symbol).trades, sums.trades + second.sums().at(symbol).trades);
    EXPECT_EQ(recorded.sums.at(symbol).volume, sums.volume + second.sums().at(symbol).volume);
  }
  const auto receipts = read_receipts(dir.path());
  ASSERT_EQ(receipts.size(), 2U);
  EXPECT_THAT(receipts[0], HasSubstr("\"reason\":\"feed_lost\""));
  EXPECT_THAT(receipts[1], HasSubstr("\"reason\":\"stopped\""));
  for (const std::string& receipt : receipts) test::expect_conserved(receipt, "ticks");
  EXPECT_EQ(test::json_number(receipts[1], "ticks", "received"), 300U);
  EXPECT_EQ(query(dir.path(), "SELECT count FROM gaps WHERE kind = 'restart'").size(), 1U);
}

TEST(Capture, the_same_epoch_continues_where_it_was_left) {
  const ringside::test::TempDir dir;
  Market market({"AAPL"});
  Rig rig(dir.path());
  rig.start_keeper();
  rig.capture().begin_epoch(market.view());
  market.publish_ticks(100);
  rig.read_all();
  rig.finish(EndReason::feed_lost);
  market.publish_ticks(100);
  rig.capture().begin_epoch(market.view());
  rig.read_all();
  rig.stop();
  const Recorded recorded = read_recordings(dir.path());
  EXPECT_EQ(recorded.sums, market.sums());
  EXPECT_EQ(recorded.files.size(), 4U);  // "-001" beside "-000": nothing is overwritten
  EXPECT_TRUE(recorded.marks.empty());
  const auto receipts = read_receipts(dir.path());
  ASSERT_EQ(receipts.size(), 2U);
  for (const std::string& receipt : receipts) test::expect_conserved(receipt, "ticks");
  EXPECT_EQ(test::json_number(receipts[0], "ticks", "written"), 100U);
  EXPECT_EQ(test::json_number(receipts[1], "ticks", "written"), 200U);  // of the whole epoch
  EXPECT_THAT(receipts[1], HasSubstr(recorded.files[0].substr(dir.path().size() + 1)));
}

/// The first recorder ends without closing anything, as if it were killed; its files hold an
/// arbitrary part of what it had read.
TEST(Capture, a_restarted_recorder_repeats_nothing_and_misses_nothing) {
  SCOPED_TRACE(ringside::test::seed_text());
  for (const int published : {1, 500, 5000}) {
    const ringside::test::TempDir dir;
    Market market({"AAPL", "MSFT"}, {.ts_step = 0});  // many records share an instant
    {
      CaptureOptions options;
      options.flush_ns = 0;
      options.buffers = {.buffer_count = 64, .buffer_bytes = 16'384};
      Rig killed(dir.path(), options);
      killed.start_keeper();
      killed.capture().begin_epoch(market.view());
      for (int i = 0; i < published; i += 50) {
        market.publish_ticks(50);
        market.skip(i % 100 == 0 ? 1000 : 0);
        market.publish_bar(0, shm::Kind::bar_1s,
                           noon + static_cast<std::uint64_t>(i) * 1'000'000'000);
        killed.read_all();
      }
      for (int i = 0; i < 5; ++i) killed.capture().service_wait(monotonic_ns());
    }
    Rig rig(dir.path());
    rig.start_keeper();
    rig.capture().begin_epoch(market.view());
    market.publish_ticks(200);
    market.publish_bar(1, shm::Kind::bar_1m, noon);
    rig.read_all();
    rig.stop();
    const Recorded recorded = read_recordings(dir.path());
    EXPECT_EQ(recorded.sums, market.sums()) << published;
    const std::string receipt = read_receipts(dir.path()).back();
    test::expect_conserved(receipt, "ticks");
    test::expect_conserved(receipt, "bars");
    EXPECT_THAT(query(dir.path(), "SELECT DISTINCT state FROM files ORDER BY state"),
                ElementsAre("closed", "cut"));
  }
}

TEST(Keeper, refuses_a_folder_that_another_recorder_uses) {
  const ringside::test::TempDir dir;
  auto first = Keeper::open(dir.path());
  ASSERT_TRUE(first.ok());
  auto second = Keeper::open(dir.path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::busy);
}

TEST(Keeper, texts_of_times_are_utc) {
  EXPECT_STREQ(utc_text(noon + 3'723'000'000'000).date, "20260102");
  EXPECT_STREQ(utc_text(noon + 3'723'000'000'000).time, "130203");
  EXPECT_STREQ(utc_text(951'782'399'000'000'000).date, "20000228");
  EXPECT_STREQ(utc_text(951'782'399'000'000'000).time, "235959");
}

}  // namespace
}  // namespace ringside::recorder
