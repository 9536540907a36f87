// Owns the table of the vendor's answers: what a session says to each request, text for text.
#include "sim/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ringside::sim {
namespace {

constexpr std::uint64_t opened_ns = 1'000'000'000;

std::string status(const std::string& code, const std::string& message) {
  return R"({"ev":"status","status":")" + code + R"(","message":")" + message + "\"}";
}

SessionOptions options_of(Market market) {
  SessionOptions options;
  options.market = market;
  options.key = "right-key";
  return options;
}

std::string request(const std::string& action, const std::string& params) {
  return R"({"action":")" + action + R"(","params":")" + params + "\"}";
}

Session authenticated(const SessionOptions& options) {
  Session session(options, opened_ns);
  static_cast<void>(session.open());
  static_cast<void>(session.message(request("auth", options.key)));
  EXPECT_TRUE(session.is_authenticated());
  return session;
}

std::vector<std::string> changes_of(const SessionOutput& out) {
  std::vector<std::string> texts;
  for (const SubscriptionChange& change : out.changes) {
    texts.push_back((change.is_added ? "+" : "-") + std::string(kind_name(change.kind)) + " " +
                    change.symbol);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Session, greets_at_once) {
  Session session(options_of(Market::stocks), opened_ns);
  const SessionOutput out = session.open();
  EXPECT_EQ(out.messages, Texts{"[" + status("connected", "Connected Successfully") + "]"});
  EXPECT_FALSE(out.wants_drop);
  EXPECT_FALSE(session.is_authenticated());
}

TEST(Session, takes_the_right_key_and_answers_a_second_auth_again) {
  Session session(options_of(Market::stocks), opened_ns);
  SessionOutput out = session.message(request("auth", "right-key"));
  EXPECT_EQ(out.messages, Texts{"[" + status("auth_success", "authenticated") + "]"});
  EXPECT_TRUE(out.has_authenticated);
  EXPECT_FALSE(out.wants_drop);
  out = session.message(request("auth", "right-key"));
  EXPECT_EQ(out.messages, Texts{"[" + status("auth_success", "authenticated") + "]"});
  EXPECT_FALSE(out.has_authenticated);
}

TEST(Session, answers_a_wrong_key_once_and_wants_to_be_dropped) {
  Session session(options_of(Market::stocks), opened_ns);
  SessionOutput out = session.message(request("auth", "wrong"));
  EXPECT_EQ(out.messages, Texts{"[" + status("auth_failed", "authentication failed") + "]"});
  EXPECT_TRUE(out.wants_drop);
  out = session.message(request("auth", "right-key"));
  EXPECT_TRUE(out.messages.empty());
  EXPECT_FALSE(session.is_authenticated());
}

TEST(Session, refuses_a_good_key_for_a_market_out_of_the_plan) {
  SessionOptions options = options_of(Market::options);
  options.is_in_plan = false;
  Session session(options, opened_ns);
  const SessionOutput out = session.message(request("auth", "right-key"));
  EXPECT_EQ(
      out.messages,
      Texts{"[" + status("auth_failed", "Your plan doesn't include websocket access.") + "]"});
  EXPECT_TRUE(out.wants_drop);
}

TEST(Session, ends_a_silent_connection_at_the_auth_timeout_and_no_other) {
  SessionOptions options = options_of(Market::stocks);
  options.auth_timeout_ns = 5'000;
  Session silent(options, opened_ns);
  EXPECT_TRUE(silent.tick(opened_ns + 4'999).messages.empty());
  const SessionOutput out = silent.tick(opened_ns + 5'000);
  EXPECT_EQ(out.messages,
            Texts{"[" + status("auth_timeout", "No authentication request received.") + "]"});
  EXPECT_TRUE(out.wants_drop);
  EXPECT_TRUE(silent.tick(opened_ns + 6'000).messages.empty());
  Session session = authenticated(options);
  EXPECT_TRUE(session.tick(opened_ns + 1'000'000'000'000).messages.empty());
}

TEST(Session, wants_authentication_before_a_subscription_and_forgets_the_early_one) {
  Session session(options_of(Market::stocks), opened_ns);
  SessionOutput out = session.message(request("subscribe", "T.AAPL"));
  ASSERT_EQ(out.messages.size(), 1U);
  EXPECT_NE(out.messages[0].find(R"("status":"auth_required")"), std::string::npos);
  EXPECT_FALSE(out.wants_drop);
  out = session.message(request("auth", "right-key"));
  EXPECT_TRUE(out.changes.empty());
  EXPECT_EQ(session.pair_count(), 0U);
}

struct SubscribeRow {
  const char* params;
  std::vector<std::string> acknowledged;
  std::vector<std::string> changes;
};

TEST(Session, acknowledges_each_new_pair_in_order_and_nothing_else) {
  const SubscribeRow rows[] = {
      {"T.AAPL", {"T.AAPL"}, {"+T AAPL"}},
      {"T.AAPL,Q.AAPL", {"T.AAPL", "Q.AAPL"}, {"+T AAPL", "+Q AAPL"}},
      {"T.BRK.B", {"T.BRK.B"}, {"+T BRK.B"}},
      {"T.*,Q.*,A.*,AM.*", {"T.*", "Q.*", "A.*", "AM.*"}, {"+T *", "+Q *", "+A *", "+AM *"}},
      {"T.NOSUCH", {"T.NOSUCH"}, {"+T NOSUCH"}},
      {"T.A*", {"T.A*"}, {"+T A*"}},
      {"T.BACpL", {"T.BACpL"}, {"+T BACpL"}},
      {"LULD.AAPL,NOI.AAPL,FMV.AAPL,LV.AAPL", {"LULD.AAPL", "NOI.AAPL", "FMV.AAPL", "LV.AAPL"}, {}},
      {"T.AAPL,T.AAPL", {"T.AAPL"}, {"+T AAPL"}},
      {"ZZ.AAPL", {}, {}},
      {"t.AAPL", {}, {}},
      {"XT.BTC-USD,C.EUR/USD,V.I:SPX", {}, {}},
      {"AAPL", {}, {}},
      {"T.", {}, {}},
      {".AAPL", {}, {}},
      {"", {}, {}},
      {",,T.AAPL,", {"T.AAPL"}, {"+T AAPL"}},
      {"T.AAPL, Q.AAPL", {"T.AAPL"}, {"+T AAPL"}},
      {"ZZ.A,T.B,nonsense,AM.C", {"T.B", "AM.C"}, {"+T B", "+AM C"}},
  };
  for (const SubscribeRow& row : rows) {
    Session session = authenticated(options_of(Market::stocks));
    const SessionOutput out = session.message(request("subscribe", row.params));
    std::string expected;
    for (const std::string& pair : row.acknowledged) {
      expected += (expected.empty() ? "" : ",") + status("success", "subscribed to: " + pair);
    }
    EXPECT_EQ(out.messages, expected.empty() ? Texts{} : Texts{"[" + expected + "]"}) << row.params;
    EXPECT_EQ(changes_of(out), row.changes) << row.params;
    EXPECT_EQ(session.pair_count(), row.acknowledged.size()) << row.params;
  }
}

TEST(Session, is_silent_about_a_pair_it_already_holds_and_takes_it_again_after_an_unsubscribe) {
  Session session = authenticated(options_of(Market::stocks));
  static_cast<void>(session.message(request("subscribe", "T.AAPL,Q.AAPL")));
  EXPECT_TRUE(session.message(request("subscribe", "T.AAPL")).messages.empty());
  SessionOutput out = session.message(request("unsubscribe", "T.AAPL,T.MSFT"));
  EXPECT_EQ(out.messages, Texts{"[" + status("success", "unsubscribed to: T.AAPL") + "]"});
  EXPECT_EQ(changes_of(out), Texts{"-T AAPL"});
  EXPECT_EQ(session.pair_count(), 1U);
  out = session.message(request("subscribe", "T.AAPL"));
  EXPECT_EQ(out.messages, Texts{"[" + status("success", "subscribed to: T.AAPL") + "]"});
}

TEST(Session, answers_a_refused_topic_per_item_and_takes_the_others) {
  SessionOptions options = options_of(Market::stocks);
  options.topics_refused = {"Q", "LULD"};
  Session session = authenticated(options);
  const SessionOutput out = session.message(request("subscribe", "Q.A,T.A,LULD.A,Q.B"));
  const std::string refused = status("error", "not authorized");
  EXPECT_EQ(out.messages, Texts{"[" + refused + "," + status("success", "subscribed to: T.A") +
                                "," + refused + "," + refused + "]"});
  EXPECT_EQ(changes_of(out), Texts{"+T A"});
}

TEST(Session, can_send_each_answer_in_an_array_of_its_own) {
  SessionOptions options = options_of(Market::stocks);
  options.acks_batched = false;
  Session session = authenticated(options);
  const SessionOutput out = session.message(request("subscribe", "T.A,T.B"));
  EXPECT_EQ(out.messages, (Texts{"[" + status("success", "subscribed to: T.A") + "]",
                                 "[" + status("success", "subscribed to: T.B") + "]"}));
}

TEST(Session, keeps_the_answers_to_a_huge_request_under_the_vendors_message_size) {
  Session session = authenticated(options_of(Market::stocks));
  std::string params;
  for (int i = 0; i < 30'000; ++i) params += (i == 0 ? "T.SYM" : ",T.SYM") + std::to_string(i);
  const SessionOutput out = session.message(request("subscribe", params));
  EXPECT_EQ(session.pair_count(), 30'000U);
  EXPECT_GT(out.messages.size(), 1U);
  for (const std::string& message : out.messages) EXPECT_LT(message.size(), 1'000'000U);
}

TEST(Session, on_options_refuses_quote_wildcards_and_contracts_beyond_the_limit) {
  SessionOptions options = options_of(Market::options);
  options.option_quotes_max = 2;
  Session session = authenticated(options);
  SessionOutput out = session.message(request("subscribe", "Q.*"));
  ASSERT_EQ(out.messages.size(), 1U);
  EXPECT_NE(out.messages[0].find(R"("status":"error")"), std::string::npos);
  EXPECT_TRUE(out.changes.empty());
  out = session.message(request("subscribe", "T.*,Q.O:A,Q.O:B,Q.O:C,T.O:C,LULD.O:A"));
  EXPECT_EQ(changes_of(out), (Texts{"+T *", "+Q O:A", "+Q O:B", "+T O:C"}));
  static_cast<void>(session.message(request("unsubscribe", "Q.O:A")));
  out = session.message(request("subscribe", "Q.O:C"));
  EXPECT_EQ(changes_of(out), Texts{"+Q O:C"});
}

TEST(Session, ignores_what_is_no_request) {
  Session session = authenticated(options_of(Market::stocks));
  const char* const texts[] = {"",
                               "{",
                               "[]",
                               "null",
                               "\"subscribe\"",
                               "{}",
                               R"({"action":"subscribe"})",
                               R"({"params":"T.A"})",
                               R"({"action":"subscribe","params":7})",
                               R"({"action":7,"params":"T.A"})",
                               R"({"action":"dance","params":"T.A"})",
                               R"([{"action":"subscribe","params":"T.A"}])"};
  for (const char* const text : texts) {
    const SessionOutput out = session.message(text);
    EXPECT_TRUE(out.messages.empty()) << text;
    EXPECT_FALSE(out.wants_drop) << text;
  }
  EXPECT_EQ(session.ignored_count(), std::size(texts));
  EXPECT_EQ(session.pair_count(), 0U);
}

TEST(Session, escapes_what_it_repeats) {
  Session session = authenticated(options_of(Market::stocks));
  const SessionOutput out = session.message(R"({"params":"T.A\"B","action":"subscribe"})");
  EXPECT_EQ(out.messages, Texts{"[" + status("success", R"(subscribed to: T.A\"B)") + "]"});
}

TEST(Session, evicts_with_the_vendors_words_and_their_trailing_space) {
  EXPECT_EQ(
      Session::quota_message(),
      "[" + status("max_connections", "Maximum number of websocket connections exceeded. ") + "]");
}

}  // namespace
}  // namespace ringside::sim
