// Desired subscriptions against what was sent and acknowledged; a virtual clock.
#include "subscriptions.hpp"

#include <gtest/gtest.h>

#include "vendor/massive/messages.hpp"

namespace ringside::feed {
namespace {

using shm::want_all;
using shm::want_bars_1m;
using shm::want_bars_1s;
using shm::want_quotes;
using shm::want_trades;

constexpr std::uint64_t second = 1'000'000'000;

std::vector<std::string> drain(Subscriptions& subscriptions, std::uint64_t now) {
  std::vector<std::string> messages;
  for (std::string text = subscriptions.next_message(now); !text.empty();
       text = subscriptions.next_message(now)) {
    messages.push_back(text);
  }
  return messages;
}

using Messages = std::vector<std::string>;

TEST(Subscriptions, asks_for_each_wanted_kind_once) {
  Subscriptions subscriptions({});
  EXPECT_TRUE(subscriptions.want("AAPL", want_trades | want_quotes));
  EXPECT_TRUE(subscriptions.want("BRK.B", want_bars_1s | want_bars_1m));
  EXPECT_EQ(drain(subscriptions, 0),
            (Messages{R"({"action":"subscribe","params":"T.AAPL,Q.AAPL,A.BRK.B,AM.BRK.B"})"}));
  EXPECT_EQ(subscriptions.pending_count(), 4U);
  subscriptions.want("AAPL", want_trades);
  EXPECT_EQ(drain(subscriptions, 0), Messages{});
}

TEST(Subscriptions, takes_back_what_nobody_wants_but_not_the_configured) {
  Subscriptions subscriptions({});
  subscriptions.want("SPY", want_trades, true);
  subscriptions.want("SPY", want_trades | want_quotes);
  EXPECT_EQ(drain(subscriptions, 0).size(), 1U);
  subscriptions.unwant("SPY", want_trades | want_quotes);
  subscriptions.unwant("NONE", want_trades);
  EXPECT_EQ(drain(subscriptions, 0), (Messages{R"({"action":"unsubscribe","params":"Q.SPY"})"}));
  EXPECT_EQ(subscriptions.wanted("SPY"), want_trades);
}

TEST(Subscriptions, cuts_long_lists_into_messages) {
  Subscriptions subscriptions({.items_per_message_max = 4});
  for (int i = 0; i < 5; ++i)
    subscriptions.want("S" + std::to_string(i), want_trades | want_quotes);
  EXPECT_EQ(drain(subscriptions, 0),
            (Messages{R"({"action":"subscribe","params":"T.S0,Q.S0,T.S1,Q.S1"})",
                      R"({"action":"subscribe","params":"T.S2,Q.S2,T.S3,Q.S3"})",
                      R"({"action":"subscribe","params":"T.S4,Q.S4"})"}));
}

TEST(Subscriptions, asks_for_everything_again_after_a_reconnect) {
  Subscriptions subscriptions({});
  subscriptions.want("A", want_trades);
  subscriptions.want("B", want_trades);
  EXPECT_EQ(drain(subscriptions, 0).size(), 1U);
  subscriptions.on_ack(true, want_trades, "A");
  subscriptions.unwant("B", want_trades);
  subscriptions.restart();
  EXPECT_EQ(subscriptions.acked("A"), 0U);
  EXPECT_EQ(drain(subscriptions, 0), (Messages{R"({"action":"subscribe","params":"T.A"})"}));
}

TEST(Subscriptions, asks_no_single_symbol_for_what_the_wildcard_covers) {
  Subscriptions subscriptions({});
  subscriptions.want("A", want_trades | want_quotes);
  EXPECT_EQ(drain(subscriptions, 0).size(), 1U);
  subscriptions.want(wildcard, want_trades);
  EXPECT_EQ(drain(subscriptions, 0), (Messages{R"({"action":"unsubscribe","params":"T.A"})",
                                               R"({"action":"subscribe","params":"T.*"})"}));
  subscriptions.want("B", want_trades);
  EXPECT_EQ(drain(subscriptions, 0), Messages{});
  EXPECT_EQ(subscriptions.wanted("UNHEARD"), want_trades);
  subscriptions.on_ack(true, want_trades, "*");
  EXPECT_EQ(subscriptions.acked("B"), want_trades);
  subscriptions.unwant(wildcard, want_trades);
  EXPECT_EQ(drain(subscriptions, 0), (Messages{R"({"action":"unsubscribe","params":"T.*"})",
                                               R"({"action":"subscribe","params":"T.A,T.B"})"}));
}

TEST(Subscriptions, asks_once_more_for_what_stays_unanswered_and_then_lets_it_be) {
  Subscriptions subscriptions({.ack_timeout_ns = 10 * second});
  subscriptions.want("A", want_trades | want_quotes);
  EXPECT_EQ(drain(subscriptions, 0).size(), 1U);
  EXPECT_EQ(subscriptions.next_timeout(), 10 * second);
  subscriptions.on_ack(true, want_trades, "A");
  subscriptions.on_ack(true, want_trades, "A");
  EXPECT_EQ(subscriptions.pending_count(), 1U);
  subscriptions.check_timeouts(9 * second);
  EXPECT_EQ(drain(subscriptions, 9 * second), Messages{});
  subscriptions.check_timeouts(10 * second);
  EXPECT_EQ(drain(subscriptions, 10 * second),
            (Messages{R"({"action":"subscribe","params":"Q.A"})"}));
  EXPECT_EQ(subscriptions.retried_count(), 1U);
  subscriptions.check_timeouts(20 * second);
  EXPECT_EQ(drain(subscriptions, 20 * second), Messages{});
  EXPECT_EQ(subscriptions.unanswered_count(), 1U);
  EXPECT_EQ(subscriptions.take_unanswered(), std::vector<std::string>{"A"});
  EXPECT_EQ(subscriptions.pending_count(), 0U);
  EXPECT_EQ(subscriptions.next_timeout(), UINT64_MAX);
}

TEST(Subscriptions, refuses_a_symbol_beyond_its_limit) {
  Subscriptions subscriptions({.symbol_count_max = 2});
  EXPECT_TRUE(subscriptions.want("A", want_trades));
  EXPECT_TRUE(subscriptions.want("B", want_trades));
  EXPECT_FALSE(subscriptions.want("C", want_trades));
  EXPECT_TRUE(subscriptions.want("A", want_quotes));
}

TEST(MassiveMessages, reads_which_subscription_an_acknowledgement_names) {
  const auto ack = massive::parse_ack("subscribed to: T.BRK.B ");
  ASSERT_TRUE(ack.has_value());
  EXPECT_TRUE(ack->is_subscribe);
  EXPECT_EQ(ack->kinds, want_trades);
  EXPECT_EQ(ack->symbol, "BRK.B");
  const auto gone = massive::parse_ack("unsubscribed to: AM.O:SPY251219C00650000");
  ASSERT_TRUE(gone.has_value());
  EXPECT_FALSE(gone->is_subscribe);
  EXPECT_EQ(gone->kinds, want_bars_1m);
  EXPECT_EQ(gone->symbol, "O:SPY251219C00650000");
  for (const char* text : {"", "authenticated", "subscribed to: ", "subscribed to: AAPL",
                           "subscribed to: ZZ.AAPL", "subscribed to: T.", "not authorized"}) {
    EXPECT_FALSE(massive::parse_ack(text).has_value()) << text;
  }
}

TEST(MassiveMessages, spells_the_login_as_one_json_object) {
  EXPECT_EQ(massive::auth_message("abc_123"), R"({"action":"auth","params":"abc_123"})");
  EXPECT_EQ(massive::auth_message(R"(a"b\c)"), R"({"action":"auth","params":"a\"b\\c"})");
}

TEST(MassiveMessages, has_no_wildcard_for_option_quotes) {
  EXPECT_EQ(massive::kinds_offered(Market::options, "*"),
            want_trades | want_bars_1s | want_bars_1m);
  EXPECT_EQ(massive::kinds_offered(Market::options, "O:X"), want_all);
  EXPECT_EQ(massive::kinds_offered(Market::stocks, "*"), want_all);
}

}  // namespace
}  // namespace ringside::feed
