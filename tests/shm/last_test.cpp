// Last values: what a late joiner finds. Single-threaded; the stress test has the threads.
#include "ringside/shm/last.hpp"

#include <gtest/gtest.h>

#include "../support/records.hpp"

namespace ringside::shm {
namespace {

TEST(LastValues, a_revised_bar_does_not_hide_a_newer_window) {
  LastValues last{};
  const LastReader reader(&last);
  BarRecord bar = test::numbered_bar(120);
  write_last(last, bar);
  BarRecord older = test::numbered_bar(60);
  older.flags = flag_revised;
  write_last(last, older);
  ASSERT_EQ(reader.bar_1m(bar), ReadStatus::ok);
  EXPECT_EQ(bar.ts_event, 120U);
  BarRecord same = test::numbered_bar(120);
  same.flags = flag_revised;
  same.close = 7;
  write_last(last, same);
  ASSERT_EQ(reader.bar_1m(bar), ReadStatus::ok);
  EXPECT_EQ(bar.close, 7);
}

TEST(LastValues, a_new_bar_of_an_earlier_time_is_a_new_day_and_counts) {
  LastValues last{};
  const LastReader reader(&last);
  write_last(last, test::numbered_bar(120));
  write_last(last, test::numbered_bar(60));
  BarRecord bar{};
  ASSERT_EQ(reader.bar_1m(bar), ReadStatus::ok);
  EXPECT_EQ(bar.ts_event, 60U);
}

TEST(LastValues, a_revised_bar_counts_where_none_was_before) {
  LastValues last{};
  BarRecord bar = test::numbered_bar(60);
  bar.flags = flag_revised;
  write_last(last, bar);
  EXPECT_EQ(LastReader(&last).bar_1m(bar), ReadStatus::ok);
  EXPECT_EQ(LastReader(&last).bar_1s(bar), ReadStatus::empty);
}

}  // namespace
}  // namespace ringside::shm
