// Bars that come in any order leave in the order of their windows.
#include "bar_sorter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "../support/seed.hpp"

namespace ringside::recorder {
namespace {

shm::BarRecord bar_at(std::uint64_t ts_event) {
  shm::BarRecord bar = shm::empty_bar();
  bar.ts_event = ts_event;
  return bar;
}

TEST(BarSorter, releases_after_the_hold_and_takes_older_windows_along) {
  BarSorter sorter(16, 100);
  std::vector<std::uint64_t> out;
  const auto take = [&out](const BarSorter::Held& held) { out.push_back(held.bar->ts_event); };
  sorter.push(bar_at(20), 0, 1000);
  sorter.push(bar_at(10), 1, 1050);
  sorter.push(bar_at(30), 2, 1060);
  sorter.release(1099, take);
  EXPECT_TRUE(out.empty());
  sorter.release(1107, take);  // the bar of 20 has waited, the one of 10 goes before it
  EXPECT_THAT(out, testing::ElementsAre(10, 20));
  sorter.release(1170, take);
  EXPECT_THAT(out, testing::ElementsAre(10, 20, 30));
  EXPECT_TRUE(sorter.is_empty());
}

TEST(BarSorter, keeps_arrival_order_within_a_window) {
  BarSorter sorter(16, 0);
  for (std::uint64_t sequence = 0; sequence < 10; ++sequence) {
    sorter.push(bar_at(5), sequence, sequence);
  }
  for (std::uint64_t sequence = 0; sequence < 10; ++sequence) {
    EXPECT_EQ(sorter.pop().sequence, sequence);
  }
}

TEST(BarSorter, pops_sorted_whatever_went_in) {
  auto random = ringside::test::seeded_random();
  BarSorter sorter(64, 0);
  std::vector<std::uint64_t> model;
  for (int step = 0; step < 20'000; ++step) {
    if (!sorter.is_full() && random() % 2 == 0) {
      const std::uint64_t ts = random() % 50;
      sorter.push(bar_at(ts), static_cast<std::uint64_t>(step), 0);
      model.push_back(ts);
    } else if (!sorter.is_empty()) {
      const auto least = std::min_element(model.begin(), model.end());
      ASSERT_EQ(sorter.pop().bar->ts_event, *least);
      model.erase(least);
    }
    ASSERT_EQ(sorter.is_empty(), model.empty());
  }
}

}  // namespace
}  // namespace ringside::recorder
