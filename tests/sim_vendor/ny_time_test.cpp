// Owns the table of New York's clock around its changes.
#include "sim/ny_time.hpp"

#include <gtest/gtest.h>

namespace ringside::sim {
namespace {

TEST(NyTime, follows_the_changes_of_march_and_november) {
  struct Row {
    std::int64_t ts_s;
    std::int64_t second_of_day;
  };
  const Row rows[] = {
      {1'514'903'400, 34'200},  // 2018-01-02 14:30:00 UTC
      {1'772'953'199, 7'199},   // 2026-03-08 06:59:59 UTC
      {1'772'953'200, 10'800},  // a second later: the hour from two is left out
      {1'793'512'799, 7'199},   // 2026-11-01 05:59:59 UTC
      {1'793'512'800, 3'600},   // a second later: the hour from one comes again
      {1'783'000'000, 35'200},  // 2026-07-02 13:46:40 UTC
  };
  for (const Row& row : rows) EXPECT_EQ(ny_second_of_day(row.ts_s), row.second_of_day) << row.ts_s;
}

TEST(NyTime, the_instant_of_an_opening_is_that_opening) {
  for (std::int64_t day = 17'500; day < 22'000; ++day) {
    const std::int64_t open_s = ny_instant_s(day, regular_open_s);
    ASSERT_EQ(ny_day(open_s), day);
    ASSERT_EQ(ny_second_of_day(open_s), regular_open_s);
  }
}

TEST(NyTime, knows_weekends) {
  EXPECT_FALSE(is_weekday(0 + 2));  // 1970-01-03, a Saturday
  EXPECT_FALSE(is_weekday(3));
  EXPECT_TRUE(is_weekday(4));
}

}  // namespace
}  // namespace ringside::sim
