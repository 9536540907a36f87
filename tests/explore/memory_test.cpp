// The explorer's memory against the textbook: which outcomes C++ allows for small programs of two
// threads, each known by its name in the literature.
#include "memory.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ringside::explore {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr std::uint8_t x = 0;
constexpr std::uint8_t y = 1;

struct Load {
  std::uint8_t location;
  std::memory_order order;
};
using Values = std::vector<std::uint64_t>;

void extend(const Trace& trace, std::span<const Load> loads, const View& view, const Values& got,
            std::set<Values>& all) {
  if (loads.empty()) {
    all.insert(got);
    return;
  }
  const Load load = loads.front();
  for (StoreId id = 0; id <= trace.size(); ++id) {
    if (!trace.may_load(id, load.location, trace.size(), view)) continue;
    View next = view;
    trace.see(id, load.location, load.order, next);
    Values values = got;
    values.push_back(trace.value(id));
    extend(trace, loads.subspan(1), next, values, all);
  }
}

// Everything that a reader's loads may return beside a writer's stores.
std::set<Values> outcomes(std::vector<Store> stores, const std::vector<Load>& loads) {
  const Trace trace(std::move(stores));
  std::set<Values> all;
  extend(trace, loads, View{}, {}, all);
  return all;
}

TEST(ExplorerMemory, message_passing_holds_with_release_and_acquire) {
  const auto all = outcomes({{x, relaxed, 1}, {y, release, 1}}, {{y, acquire}, {x, relaxed}});
  EXPECT_EQ(all, (std::set<Values>{{0, 0}, {0, 1}, {1, 1}}));
}

TEST(ExplorerMemory, message_passing_fails_where_either_side_is_relaxed) {
  const std::set<Values> everything = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
  EXPECT_EQ(outcomes({{x, relaxed, 1}, {y, relaxed, 1}}, {{y, acquire}, {x, relaxed}}), everything);
  EXPECT_EQ(outcomes({{x, relaxed, 1}, {y, release, 1}}, {{y, relaxed}, {x, relaxed}}), everything);
  EXPECT_EQ(outcomes({{x, release, 1}, {y, relaxed, 1}}, {{y, acquire}, {x, acquire}}), everything);
}

TEST(ExplorerMemory, one_location_is_never_seen_to_go_back) {
  const auto all = outcomes({{x, relaxed, 1}, {x, relaxed, 2}}, {{x, relaxed}, {x, relaxed}});
  EXPECT_EQ(all, (std::set<Values>{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
}

TEST(ExplorerMemory, a_release_carries_only_what_came_before_it) {
  const auto all = outcomes({{y, release, 1}, {x, relaxed, 1}}, {{y, acquire}, {x, relaxed}});
  EXPECT_EQ(all, (std::set<Values>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
}

// C++20 took it out: a relaxed store of the same thread does not carry an earlier release on.
TEST(ExplorerMemory, a_later_relaxed_store_carries_nothing) {
  const auto all =
      outcomes({{x, relaxed, 1}, {y, release, 1}, {y, relaxed, 2}}, {{y, acquire}, {x, relaxed}});
  EXPECT_TRUE(all.contains({2, 0}));
  EXPECT_FALSE(all.contains({1, 0}));
}

TEST(ExplorerMemory, an_acquire_that_returns_an_old_store_carries_that_one_alone) {
  const auto all =
      outcomes({{y, release, 1}, {x, relaxed, 1}, {y, release, 2}}, {{y, acquire}, {x, relaxed}});
  EXPECT_TRUE(all.contains({1, 0}));
  EXPECT_FALSE(all.contains({2, 0}));
}

}  // namespace
}  // namespace ringside::explore
