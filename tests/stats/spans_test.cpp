// Windows and days. Every expected second was taken from a calendar and the clock-change dates of
// the United States by hand (`date -u -d '2024-03-10 07:00' +%s` and the like).
#include "spans.hpp"

#include <gtest/gtest.h>

namespace ringside::stats {
namespace {

constexpr std::uint64_t at(std::uint64_t utc_s) {
  return utc_s * ns_per_s;
}

constexpr std::uint64_t hour = 3600;

TEST(FixedSpan, is_aligned_to_utc_and_holds_its_begin_but_not_its_end) {
  const Span minute = fixed_span(at(1514903459) + 999'999'999, span_ns[index_1m]);
  EXPECT_EQ(minute, (Span{at(1514903400), at(1514903460)}));
  EXPECT_EQ(fixed_span(at(1514903460), span_ns[index_1m]).begin, at(1514903460));
  EXPECT_TRUE(minute.contains(at(1514903400)));
  EXPECT_FALSE(minute.contains(at(1514903460)));
  EXPECT_EQ(fixed_span(at(1514903400) + 1, ns_per_s), (Span{at(1514903400), at(1514903401)}));
}

TEST(BarKind, reads_its_names) {
  EXPECT_EQ(parse_bar_kind("1s"), index_1s);
  EXPECT_EQ(parse_bar_kind("1m"), index_1m);
  EXPECT_EQ(parse_bar_kind("15m"), 3U);
  EXPECT_EQ(parse_bar_kind("1h"), 4U);
  EXPECT_EQ(parse_bar_kind("1d"), std::nullopt);
  EXPECT_EQ(parse_bar_kind(""), std::nullopt);
}

// Summer time begins on the second Sunday of March at 07:00 UTC and ends on the first Sunday of
// November at 06:00 UTC.
struct Change {
  std::uint64_t begin_s;
  std::uint64_t end_s;
};
constexpr Change changes[] = {
    {1173596400, 1194156000},  // 2007: March 11, November 4, the first year of the rule
    {1520751600, 1541311200},  // 2018: March 11, November 4
    {1710054000, 1730613600},  // 2024: March 10, November 3
    {1741503600, 1762063200},  // 2025: March 9, November 2
    {1772953200, 1793512800},  // 2026: March 8, November 1
    {1836457200, 1857016800},  // 2028: March 12, November 5
};

TEST(NewYork, changes_its_clock_at_the_exact_second) {
  for (const Change& change : changes) {
    EXPECT_EQ(new_york_behind_s(at(change.begin_s) - 1), 5 * hour) << change.begin_s;
    EXPECT_EQ(new_york_behind_s(at(change.begin_s)), 4 * hour) << change.begin_s;
    EXPECT_EQ(new_york_behind_s(at(change.end_s) - 1), 4 * hour) << change.end_s;
    EXPECT_EQ(new_york_behind_s(at(change.end_s)), 5 * hour) << change.end_s;
  }
}

TEST(NewYork, a_day_runs_from_midnight_to_midnight) {
  // 2018-01-02, winter: 05:00 UTC to 05:00 UTC. The session opens at 1514903400.
  const Span winter{at(1514869200), at(1514955600)};
  EXPECT_EQ(new_york_day(at(1514903400)), winter);
  EXPECT_EQ(new_york_day(winter.begin), winter);
  EXPECT_EQ(new_york_day(winter.end - 1), winter);
  EXPECT_EQ(new_york_day(winter.end).begin, winter.end);
  EXPECT_EQ(new_york_day(winter.begin - 1).end, winter.begin);
  // 2024-07-04, summer: 04:00 UTC to 04:00 UTC.
  EXPECT_EQ(new_york_day(at(1720065600)), (Span{at(1720065600), at(1720152000)}));
}

TEST(NewYork, the_day_of_a_clock_change_has_23_or_25_hours) {
  // 2024-03-10: from 05:00 UTC to 04:00 UTC of the 11th.
  EXPECT_EQ(new_york_day(at(1710054000)), (Span{at(1710046800), at(1710129600)}));
  EXPECT_EQ(new_york_day(at(1710054000)).length(), 23 * hour * ns_per_s);
  // 2024-11-03: from 04:00 UTC to 05:00 UTC of the 4th.
  EXPECT_EQ(new_york_day(at(1730613600)), (Span{at(1730606400), at(1730696400)}));
  EXPECT_EQ(new_york_day(at(1730613600) - 1).length(), 25 * hour * ns_per_s);
}

TEST(NewYork, days_follow_one_another_without_hole_or_overlap_for_thirty_years) {
  Span day = new_york_day(at(1167627600));  // 2007-01-01 00:00 in New York
  EXPECT_EQ(day.begin, at(1167627600));
  for (int i = 0; i < 30 * 365; ++i) {
    const Span next = new_york_day(day.end);
    ASSERT_EQ(next.begin, day.end);
    ASSERT_EQ(new_york_day(day.end - 1), day);
    const std::uint64_t hours = day.length() / ns_per_s / hour;
    ASSERT_TRUE(hours == 23 || hours == 24 || hours == 25) << day.begin;
    day = next;
  }
}

TEST(NewYork, the_cache_answers_like_the_calendar) {
  DayCache cache;
  for (const std::uint64_t s : {1514903400UL, 1514955599UL, 1514955600UL, 1514903400UL}) {
    EXPECT_EQ(cache.of(at(s)), new_york_day(at(s)));
  }
}

TEST(NewYork, the_first_hours_of_1970_belong_to_its_first_day) {
  EXPECT_EQ(new_york_day(0), (Span{0, at(86400 + 5 * hour)}));
}

}  // namespace
}  // namespace ringside::stats
