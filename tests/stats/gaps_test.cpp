// How much of a window a set of gaps takes away.
#include "gaps.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "../support/seed.hpp"

namespace ringside::stats {
namespace {

constexpr Span window{1'000'000, 2'000'000};  // a millionth of it is 1 ns
const GapSet nothing;

std::uint32_t ppm(const GapSet& feed, const GapSet& symbol = nothing,
                  std::optional<std::uint64_t> open = std::nullopt) {
  const Coverage coverage = coverage_of(window, feed, symbol, open);
  EXPECT_EQ(coverage.is_partial, coverage.ppm != shm::coverage_whole);
  return coverage.ppm;
}

GapSet gaps(std::vector<GapSet::Gap> list) {
  GapSet set;
  for (const GapSet::Gap& gap : list) set.add(gap.begin, gap.end);
  return set;
}

TEST(Coverage, a_window_without_gaps_is_whole) {
  EXPECT_EQ(ppm(nothing), shm::coverage_whole);
  EXPECT_EQ(ppm(gaps({{0, 999'999}, {2'000'000, 3'000'000}})), shm::coverage_whole);
}

TEST(Coverage, takes_away_what_lies_inside_the_window) {
  EXPECT_EQ(ppm(gaps({{1'200'000, 1'500'000}})), 700'000U);
  EXPECT_EQ(ppm(gaps({{500'000, 1'100'000}})), 900'000U);
  EXPECT_EQ(ppm(gaps({{1'900'000, 5'000'000}})), 900'000U);
  EXPECT_EQ(ppm(gaps({{0, 5'000'000}})), 0U);
}

TEST(Coverage, counts_what_two_sets_take_only_once) {
  EXPECT_EQ(ppm(gaps({{1'100'000, 1'300'000}}), gaps({{1'200'000, 1'400'000}})), 700'000U);
  EXPECT_EQ(ppm(gaps({{1'100'000, 1'900'000}}), gaps({{1'200'000, 1'300'000}})), 200'000U);
  EXPECT_EQ(ppm(gaps({{1'100'000, 1'200'000}}), gaps({{1'500'000, 1'600'000}}), 1'550'000),
            400'000U);
}

TEST(Coverage, an_open_gap_reaches_to_the_end_of_the_window) {
  EXPECT_EQ(ppm(nothing, nothing, 1'250'000), 250'000U);
  EXPECT_EQ(ppm(nothing, nothing, 0), 0U);
  EXPECT_EQ(ppm(nothing, nothing, 2'000'000), shm::coverage_whole);
}

TEST(Coverage, a_gap_of_no_length_still_marks_the_window) {
  EXPECT_EQ(ppm(gaps({{1'500'000, 1'500'000}})), shm::coverage_whole - 1);
  EXPECT_EQ(ppm(gaps({{900'000, 1'000'000}})), shm::coverage_whole - 1);
}

TEST(GapSet, joins_what_touches) {
  const GapSet set = gaps({{10, 20}, {30, 40}, {20, 30}, {50, 60}, {45, 46}});
  ASSERT_EQ(set.gaps().size(), 3U);
  EXPECT_EQ(set.gaps()[0].begin, 10U);
  EXPECT_EQ(set.gaps()[0].end, 40U);
  EXPECT_EQ(set.gaps()[1].begin, 45U);
  EXPECT_EQ(set.gaps()[2].end, 60U);
}

TEST(GapSet, joins_the_two_nearest_when_it_is_full) {
  GapSet set;
  for (std::uint64_t i = 0; i < gap_count_max; ++i) set.add(1000 * i, 1000 * i + 10);
  set.add(5500, 5995);  // 5 before the next one
  EXPECT_EQ(set.gaps().size(), gap_count_max);
  EXPECT_EQ(set.gaps()[6].begin, 5500U);
  EXPECT_EQ(set.gaps()[6].end, 6010U);
}

// Random gaps against a map of every single nanosecond.
TEST(Coverage, is_what_counting_every_nanosecond_says) {
  auto random = test::seeded_random();
  for (int round = 0; round < 300; ++round) {
    GapSet sets[2];
    constexpr Span small{100, 200};
    std::vector<bool> missing(300);
    const auto take = [&](std::uint64_t begin, std::uint64_t end) {
      for (std::uint64_t ns = begin; ns < end; ++ns) missing[ns] = true;
    };
    for (std::uint64_t i = random() % 8; i-- > 0;) {
      const std::uint64_t begin = random() % 280;
      const std::uint64_t end = begin + random() % 20;
      sets[random() % 2].add(begin, end);
      take(begin, end);
    }
    std::optional<std::uint64_t> open;
    if (random() % 3 == 0) {
      open = random() % 300;
      take(*open, 300);
    }
    std::uint32_t seen = 0;
    for (std::uint64_t ns = small.begin; ns < small.end; ++ns) seen += missing[ns] ? 0 : 1;
    const Coverage coverage = coverage_of(small, sets[0], sets[1], open);
    if (seen == 100) {
      ASSERT_GE(coverage.ppm, shm::coverage_whole - 1);
    } else {
      ASSERT_EQ(coverage.ppm, seen * 10'000);
      ASSERT_TRUE(coverage.is_partial);
    }
  }
}

}  // namespace
}  // namespace ringside::stats
