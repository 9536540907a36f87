// How records and `top` look: absent values, odd kinds, screen bytes.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "cli/record_text.hpp"
#include "cli/screen.hpp"
#include "cli/top_text.hpp"

namespace ringside::cli {
namespace {

const RecordContext context{.feed = "stocks", .symbol = "AAPL", .sequence = 5};

TEST(RecordText, shows_absent_values_as_a_dash_and_null) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  EXPECT_EQ(record_text(record, context),
            "- AAPL     trade  - x -  venue=- tape=- id=- seq=- cond=-");
  JsonWriter json;
  write_record(json, record, context);
  EXPECT_EQ(json.text(),
            R"({"feed":"stocks","symbol":"AAPL","kind":"trade","sequence":5,"ts_event":null,)"
            R"("ts_recv":null,"flags":[],"price":null,"size":null,"venue":null,"tape":null,)"
            R"("trade_id":null,"vendor_sequence":null,"conditions":[]})");
}

TEST(RecordText, shows_flags_but_not_the_end_of_a_frame) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  record.flags = shm::flag_last_of_frame | shm::flag_clipped | shm::flag_delayed;
  const std::string text = record_text(record, context);
  EXPECT_NE(text.find(" [clipped delayed]"), std::string::npos) << text;
}

TEST(RecordText, shows_gaps_and_states) {
  shm::TickRecord gap = shm::empty_tick();
  gap.ts_event = 0;
  gap.kind = shm::Kind::gap;
  gap.gap = shm::GapBody{0, 1'500'000'000, shm::count_unknown, 1, 0};
  EXPECT_EQ(record_text(gap, context),
            "1970-01-01T00:00:00.000000000Z AAPL     gap    1970-01-01T00:00:00.000000000Z .. "
            "1970-01-01T00:00:01.500000000Z missing=unknown reason=disconnected");
  shm::TickRecord status = shm::empty_tick();
  status.kind = shm::Kind::status;
  status.status = shm::StatusBody{2, 4, {}};
  EXPECT_EQ(record_text(status, context), "- AAPL     status reconnecting -> live");
}

// Bytes found in shared memory may be anything: every kind and reason must have some text.
TEST(RecordText, survives_any_bytes) {
  for (int byte = 0; byte < 256; ++byte) {
    shm::TickRecord record = shm::empty_tick();
    std::memset(static_cast<void*>(&record), byte, sizeof record);
    for (int kind = 0; kind < 256; ++kind) {
      record.kind = static_cast<shm::Kind>(kind);
      JsonWriter json;
      write_record(json, record, context);
      EXPECT_FALSE(record_text(record, context).empty());
    }
  }
}

TEST(TopText, writes_numbers_for_people) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(12'345'678), "12,345,678");
  EXPECT_EQ(duration_text(850), "850 ns");
  EXPECT_EQ(duration_text(12'340), "12.3 us");
  EXPECT_EQ(duration_text(4'567'000), "4.56 ms");
  EXPECT_EQ(duration_text(456'700'000), "456 ms");
  EXPECT_EQ(duration_text(7'800'000'000), "7.80 s");
  EXPECT_EQ(duration_text(125'000'000'000), "2m05s");
  EXPECT_EQ(duration_text(7'500'000'000'000), "2h05m");
  EXPECT_EQ(duration_text(90'000'000'000'000), "1d01h");
}

TEST(TopSample, takes_the_difference_of_two_histograms) {
  shm::HistogramSnapshot before;
  before.buckets[shm::Buckets::index(100)] = 5;
  before.count = 5;
  before.sum = 500;
  before.max = 100;
  shm::HistogramSnapshot now = before;
  now.buckets[shm::Buckets::index(100)] += 1;
  now.buckets[shm::Buckets::index(5000)] += 2;
  now.count = 8;
  now.sum = 10'600;
  now.max = 5000;
  const shm::HistogramSnapshot change = difference(before, now);
  EXPECT_EQ(change.count, 3U);
  EXPECT_EQ(change.sum, 10'100U);
  EXPECT_EQ(change.max, 5000U);
  EXPECT_GE(change.percentile(0.99), 4900U);
}

TEST(TopSample, counts_no_rate_across_a_restart) {
  const FeedSample before{.feed = "a", .ts_ns = 1'000'000'000, .epoch = 1};
  FeedSample now{.feed = "a", .ts_ns = 3'000'000'000, .epoch = 1};
  EXPECT_EQ(rate_of(before, now, 100, 300), 100U);
  EXPECT_EQ(rate_of(before, now, 300, 100), 0U);
  EXPECT_EQ(rate_of(before, now, 0, std::numeric_limits<std::uint64_t>::max()),
            std::numeric_limits<std::uint64_t>::max() / 2);
  now.epoch = 2;
  EXPECT_EQ(rate_of(before, now, 100, 300), 0U);
  EXPECT_EQ(rate_of(now, now, 100, 300), 0U);
}

TEST(Screen, overwrites_in_place_and_never_scrolls) {
  EXPECT_EQ(page_bytes({"ab", "cdefgh"}, 5, 4), "\x1b[Hab\x1b[K\r\ncdef\x1b[K\r\n\x1b[J");
  const std::string full = page_bytes({"1", "2", "3", "4"}, 3, 80);
  EXPECT_EQ(full, "\x1b[H1\x1b[K\r\n2\x1b[K\r\n... 2 more lines\x1b[K\x1b[J");
  EXPECT_EQ(page_bytes({"1", "2"}, 2, 80), "\x1b[H1\x1b[K\r\n2\x1b[K\x1b[J");
}

}  // namespace
}  // namespace ringside::cli
