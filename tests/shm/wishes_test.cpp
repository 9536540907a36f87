// Who wants what of a symbol, counted over all consumers: the claims of shm/src/wishes.hpp.
#include "wishes.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "../support/seed.hpp"

namespace ringside::shm {
namespace {

TEST(Wishes, subscribe_upstream_at_the_first_and_not_again) {
  Wishes wishes(100);
  EXPECT_EQ(wishes.add("AAPL", want_trades), want_trades);
  EXPECT_EQ(wishes.add("AAPL", want_trades | want_quotes), want_quotes);
  EXPECT_EQ(wishes.add("AAPL", want_trades | want_quotes), 0U);
}

TEST(Wishes, let_go_only_after_the_linger) {
  Wishes wishes(100);
  (void)wishes.add("AAPL", want_trades);
  wishes.remove("AAPL", want_trades, 1000);
  int gone = 0;
  const auto count = [&gone](std::string_view, std::uint32_t) { ++gone; };
  wishes.expire(1099, count);
  EXPECT_EQ(gone, 0);
  // Asked for again within the linger: nothing went upstream.
  EXPECT_EQ(wishes.add("AAPL", want_trades), 0U);
  wishes.expire(5000, count);
  EXPECT_EQ(gone, 0);
  wishes.remove("AAPL", want_trades, 6000);
  wishes.expire(6100, count);
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(wishes.size(), 0U);
}

// A wish that was refused while the kind only lingered: what is upstream must still be let go.
TEST(Wishes, that_are_refused_do_not_hide_what_lingers) {
  Wishes wishes(100);
  (void)wishes.add("AAPL", want_trades);
  wishes.remove("AAPL", want_trades, 0);
  const std::uint32_t kinds_new = wishes.add("AAPL", want_trades | want_quotes);
  EXPECT_EQ(kinds_new, want_quotes);
  wishes.remove("AAPL", want_trades, 10);
  wishes.forget("AAPL", kinds_new);
  std::uint32_t gone = 0;
  wishes.expire(110, [&gone](std::string_view, std::uint32_t kinds) { gone |= kinds; });
  EXPECT_EQ(gone, want_trades);
}

// Random consumers against sets: upstream holds a pair exactly while somebody wants it or the
// linger runs, and is told of each change once.
TEST(Wishes, match_a_model_of_sets) {
  auto random = test::seeded_random();
  Wishes wishes(0);
  std::vector<std::map<std::string, std::uint32_t>> consumers(5);
  std::map<std::string, std::uint32_t> upstream;
  for (int step = 0; step < 20'000; ++step) {
    auto& consumer = consumers[random() % consumers.size()];
    const std::string symbol = "S" + std::to_string(random() % 7);
    const auto kinds = static_cast<std::uint32_t>(1 + random() % want_all);
    std::uint32_t& held = consumer[symbol];
    if (random() % 2 == 0) {
      const std::uint32_t added = kinds & ~held;
      held |= added;
      const std::uint32_t news = wishes.add(symbol, added);
      ASSERT_EQ(upstream[symbol] & news, 0U);
      upstream[symbol] |= news;
    } else {
      wishes.remove(symbol, kinds & held, 0);
      held &= ~kinds;
    }
    wishes.expire(0, [&upstream](std::string_view gone, std::uint32_t bits) {
      ASSERT_EQ(upstream[std::string(gone)] & bits, bits);
      upstream[std::string(gone)] &= ~bits;
    });
    std::map<std::string, std::uint32_t> wanted;
    for (const auto& one : consumers) {
      for (const auto& [text, bits] : one) wanted[text] |= bits;
    }
    for (const auto& [text, bits] : wanted) ASSERT_EQ(upstream[text], bits) << text;
  }
}

}  // namespace
}  // namespace ringside::shm
