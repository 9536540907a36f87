// The vendor's lifecycle (docs/vendor.md, "Session") as scripts over a virtual clock.
#include "session.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ringside::feed {
namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t second = 1'000 * ms;

const Error no_error{ErrorCode::ok, 0, {}};

// A session and its clock; actions as short words: "connect", "send {...}", "ping", "abort".
class Script {
 public:
  explicit Script(Session::Options options = {}) : session_(with_key(std::move(options))) {}

  std::vector<std::string> actions() {
    std::vector<std::string> words;
    for (Session::Action action = session_.next_action(now_);
         action.kind != Session::ActionKind::none; action = session_.next_action(now_)) {
      words.push_back(word(action));
      EXPECT_LT(words.size(), 50U) << "does not come to an end";
      if (words.size() >= 50) break;
    }
    return words;
  }

  void pass(std::uint64_t ns) { now_ += ns; }
  void open() { session_.on_open(now_); }
  void status(StatusCode code, std::string_view message = "") {
    session_.on_bytes(now_);
    (void)session_.on_status(code, message, now_);
  }
  void bytes() { session_.on_bytes(now_); }
  void close(Error error = no_error) { session_.on_close(error, now_); }

  // From the first action to streaming.
  void go_live() {
    EXPECT_EQ(actions(), (std::vector<std::string>{"connect"}));
    open();
    status(StatusCode::connected, "Connected Successfully");
    EXPECT_EQ(actions(), (std::vector<std::string>{"send {\"action\":\"auth\",\"params\":\"K\"}"}));
    status(StatusCode::auth_success, "authenticated");
    EXPECT_EQ(session_.state(), SessionState::streaming);
  }

  // Passes the time until the next attempt; returns how long that was.
  std::uint64_t wait_for_connect() {
    EXPECT_EQ(session_.state(), SessionState::back_off);
    const std::uint64_t from = now_;
    EXPECT_EQ(actions(), std::vector<std::string>{});
    now_ = session_.next_deadline();
    return now_ - from;
  }

  Session& session() { return session_; }
  [[nodiscard]] std::uint64_t now() const { return now_; }

 private:
  static Session::Options with_key(Session::Options options) {
    options.key = "K";
    return options;
  }
  static std::string word(const Session::Action& action) {
    switch (action.kind) {
      case Session::ActionKind::connect:
        return "connect";
      case Session::ActionKind::send:
        EXPECT_EQ(action.is_secret, action.text.find("auth") != std::string::npos);
        return "send " + action.text;
      case Session::ActionKind::ping:
        return "ping";
      case Session::ActionKind::abort:
        return "abort";
      case Session::ActionKind::none:
        break;
    }
    return "none";
  }

  Session session_;
  std::uint64_t now_ = 1'000 * second;
};

using Words = std::vector<std::string>;
const Words connect{"connect"};
const Words abort_now{"abort"};
const Words login{"send {\"action\":\"auth\",\"params\":\"K\"}"};

TEST(Session, logs_in_after_the_greeting_and_subscribes_after_the_login) {
  Script script;
  script.session().subscriptions().want("AAPL", shm::want_trades, true);
  EXPECT_EQ(script.actions(), connect);
  EXPECT_EQ(script.actions(), Words{});
  script.open();
  EXPECT_EQ(script.actions(), Words{});
  script.status(StatusCode::connected);
  EXPECT_EQ(script.actions(), login);
  script.status(StatusCode::auth_success);
  EXPECT_EQ(script.actions(), (Words{"send {\"action\":\"subscribe\",\"params\":\"T.AAPL\"}"}));
  script.status(StatusCode::success, "subscribed to: T.AAPL");
  EXPECT_EQ(script.session().subscriptions().pending_count(), 0U);
  EXPECT_EQ(script.actions(), Words{});
}

TEST(Session, takes_success_for_the_greeting) {
  Script script;
  EXPECT_EQ(script.actions(), connect);
  script.open();
  script.status(StatusCode::success, "Connected Successfully");
  EXPECT_EQ(script.actions(), login);
}

TEST(Session, logs_in_without_a_greeting_that_does_not_come) {
  Script script;
  EXPECT_EQ(script.actions(), connect);
  script.open();
  script.pass(4'999 * ms);
  EXPECT_EQ(script.actions(), Words{});
  script.pass(ms);
  EXPECT_EQ(script.actions(), login);
}

TEST(Session, sends_wishes_that_come_while_it_streams) {
  Script script;
  script.go_live();
  EXPECT_EQ(script.actions(), Words{});
  script.session().subscriptions().want("TSLA", shm::want_quotes);
  EXPECT_EQ(script.actions(), (Words{"send {\"action\":\"subscribe\",\"params\":\"Q.TSLA\"}"}));
  script.session().subscriptions().unwant("TSLA", shm::want_quotes);
  EXPECT_EQ(script.actions(), (Words{"send {\"action\":\"unsubscribe\",\"params\":\"Q.TSLA\"}"}));
}

TEST(Session, subscribes_to_everything_again_after_a_reconnect) {
  Script script;
  script.session().subscriptions().want("A", shm::want_trades, true);
  script.go_live();
  EXPECT_EQ(script.actions().size(), 1U);
  script.status(StatusCode::success, "subscribed to: T.A");
  script.session().subscriptions().want("B", shm::want_trades);
  EXPECT_EQ(script.actions().size(), 1U);
  script.close();
  (void)script.wait_for_connect();
  script.go_live();
  EXPECT_EQ(script.actions(), (Words{"send {\"action\":\"subscribe\",\"params\":\"T.A,T.B\"}"}));
}

TEST(Session, never_tries_again_with_a_key_that_was_refused) {
  Script script;
  EXPECT_EQ(script.actions(), connect);
  script.open();
  script.status(StatusCode::connected);
  EXPECT_EQ(script.actions(), login);
  script.status(StatusCode::auth_failed, "authentication failed");
  EXPECT_EQ(script.session().state(), SessionState::finished);
  EXPECT_EQ(script.session().last_error().code, ErrorCode::auth);
  EXPECT_EQ(script.session().last_error().what,
            "the vendor refused the key: authentication failed");
  EXPECT_EQ(script.actions(), abort_now);
  script.close();
  script.pass(3'600 * second);
  EXPECT_EQ(script.actions(), Words{});
  EXPECT_EQ(script.session().next_deadline(), UINT64_MAX);
}

TEST(Session, is_not_revived_by_what_lies_behind_the_refusal) {
  Script script;
  EXPECT_EQ(script.actions(), connect);
  script.open();
  script.status(StatusCode::connected);
  EXPECT_EQ(script.actions(), login);
  script.status(StatusCode::auth_failed, "authentication failed");
  script.status(StatusCode::force_disconnect, "bye");
  script.status(StatusCode::max_connections, "too many");
  EXPECT_EQ(script.session().state(), SessionState::finished);
  EXPECT_EQ(script.session().last_error().code, ErrorCode::auth);
}

TEST(Session, asks_for_nothing_to_be_sent_while_the_socket_is_busy) {
  Script script;
  (void)script.session().subscriptions().want("AAPL", shm::want_trades);
  script.go_live();
  script.session().hold_sends(true);
  EXPECT_EQ(script.actions(), Words{});
  script.session().hold_sends(false);
  EXPECT_EQ(script.actions().size(), 1U);
}

TEST(Session, gives_up_at_once_on_a_certificate_that_never_worked) {
  Script script;
  EXPECT_EQ(script.actions(), connect);
  script.close(Error{ErrorCode::tls, 0, "certificate of another host"});
  EXPECT_EQ(script.session().state(), SessionState::finished);
  EXPECT_EQ(script.session().last_error().code, ErrorCode::tls);
}

TEST(Session, tries_again_when_a_certificate_fails_that_worked_before) {
  Script script;
  script.go_live();
  script.close();
  (void)script.wait_for_connect();
  EXPECT_EQ(script.actions(), connect);
  script.close(Error{ErrorCode::tls, 0, "expired"});
  EXPECT_EQ(script.session().state(), SessionState::back_off);
}

TEST(Session, gives_up_after_attempts_max_only_before_it_ever_streamed) {
  Session::Options options;
  options.attempts_max = 3;
  Script script(options);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(script.actions(), connect) << attempt;
    script.close(Error{ErrorCode::connect, 111, "refused"});
    if (attempt < 3) (void)script.wait_for_connect();
  }
  EXPECT_EQ(script.session().state(), SessionState::finished);
  EXPECT_EQ(script.session().last_error().code, ErrorCode::connect);

  Script live(options);
  live.go_live();
  for (int attempt = 0; attempt < 10; ++attempt) {
    live.close(Error{ErrorCode::connect, 111, "refused"});
    (void)live.wait_for_connect();
    EXPECT_EQ(live.actions(), connect);
  }
}

TEST(Session, waits_longer_after_each_failure_with_full_jitter_up_to_the_cap) {
  std::set<std::uint64_t> waits;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Session::Options options;
    options.seed = seed;
    Script script(options);
    std::uint64_t cap = 500 * ms;
    for (int attempt = 1; attempt <= 12; ++attempt) {
      EXPECT_EQ(script.actions(), connect);
      script.close(Error{ErrorCode::connect, 111, "refused"});
      cap = std::min(2 * cap, 30 * second);
      const std::uint64_t wait = script.wait_for_connect();
      EXPECT_GE(wait, 500 * ms) << "attempt " << attempt;
      EXPECT_LE(wait, cap) << "attempt " << attempt;
      waits.insert(wait);
    }
  }
  EXPECT_GT(waits.size(), 200U) << "jitter";
  EXPECT_GT(*waits.rbegin(), 20 * second);
}

TEST(Session, forgets_failures_only_after_a_healthy_minute) {
  const auto wait_after = [](std::uint64_t streamed_ns) {
    std::uint64_t longest = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      Session::Options options;
      options.seed = seed;
      Script script(options);
      for (int attempt = 0; attempt < 8; ++attempt) {
        EXPECT_EQ(script.actions(), connect);
        script.close(Error{ErrorCode::connect, 111, "refused"});
        (void)script.wait_for_connect();
      }
      script.go_live();
      script.pass(streamed_ns);
      script.bytes();
      script.close();
      longest = std::max(longest, script.wait_for_connect());
    }
    return longest;
  };
  EXPECT_GT(wait_after(59 * second), 10 * second);
  EXPECT_LE(wait_after(60 * second), 1 * second);
}

TEST(Session, cools_down_for_a_minute_after_max_connections) {
  Script script;
  script.go_live();
  script.status(StatusCode::max_connections, "Maximum number of websocket connections exceeded. ");
  EXPECT_EQ(script.actions(), abort_now);
  script.close();
  EXPECT_GE(script.wait_for_connect(), 60 * second);
  EXPECT_EQ(script.actions(), connect);
  script.close(Error{ErrorCode::connect, 111, "refused"});
  EXPECT_LT(script.wait_for_connect(), 30 * second + 1);
}

TEST(Session, reconnects_when_the_vendor_says_it_will_drop_us) {
  for (const StatusCode code :
       {StatusCode::slow_consumer, StatusCode::force_disconnect, StatusCode::auth_timeout}) {
    Script script;
    script.go_live();
    script.status(code, "because");
    EXPECT_EQ(script.actions(), abort_now);
    EXPECT_EQ(script.session().last_error().what, "the vendor ended the session: because");
    EXPECT_LE(script.wait_for_connect(), 1 * second);
    EXPECT_EQ(script.actions(), connect);
  }
}

TEST(Session, pings_after_silence_and_reconnects_after_more_of_it) {
  Script script;
  script.go_live();
  script.pass(19'999 * ms);
  EXPECT_EQ(script.actions(), Words{});
  script.pass(ms);
  EXPECT_EQ(script.actions(), Words{"ping"});
  EXPECT_EQ(script.actions(), Words{});
  script.pass(19'999 * ms);
  EXPECT_EQ(script.actions(), Words{});
  script.pass(ms);
  EXPECT_EQ(script.actions(), abort_now);
  EXPECT_EQ(script.session().state(), SessionState::back_off);
  EXPECT_EQ(script.session().last_error().code, ErrorCode::timeout);
}

TEST(Session, counts_any_inbound_byte_as_life) {
  Script script;
  script.go_live();
  for (int i = 0; i < 20; ++i) {
    script.pass(15 * second);
    script.bytes();
    EXPECT_EQ(script.actions(), Words{});
  }
  script.pass(20 * second);
  EXPECT_EQ(script.actions(), Words{"ping"});
  script.pass(10 * second);
  script.bytes();  // anything, not the pong
  script.pass(15 * second);
  EXPECT_EQ(script.actions(), Words{});
}

TEST(Session, bounds_each_step_before_it_streams) {
  struct {
    int step;
    std::uint64_t limit;
  } const rows[] = {{0, 15 * second}, {1, 20 * second}};
  for (const auto& row : rows) {
    Script script;
    EXPECT_EQ(script.actions(), connect);
    if (row.step == 1) {
      script.open();
      script.status(StatusCode::connected);
      EXPECT_EQ(script.actions(), login);
    }
    script.pass(row.limit);
    EXPECT_EQ(script.actions(), abort_now);
    EXPECT_EQ(script.session().state(), SessionState::back_off);
  }
}

TEST(Session, keeps_the_connection_when_something_is_not_authorized) {
  Script script;
  script.go_live();
  script.status(StatusCode::error, "not authorized");
  script.status(StatusCode::unknown, "news");
  EXPECT_EQ(script.actions(), Words{});
  EXPECT_EQ(script.session().state(), SessionState::streaming);
  EXPECT_EQ(script.session().not_authorized_count(), 1U);
}

TEST(Session, always_says_when_it_is_next_due) {
  Script script;
  script.session().subscriptions().want("A", shm::want_trades, true);
  script.go_live();
  EXPECT_EQ(script.actions().size(), 1U);
  EXPECT_EQ(script.session().next_deadline(), script.now() + 10 * second);
  script.pass(10 * second);
  EXPECT_EQ(script.actions(), (Words{"send {\"action\":\"subscribe\",\"params\":\"T.A\"}"}));
  script.pass(10 * second);
  EXPECT_EQ(script.actions(), Words{"ping"});
  EXPECT_EQ(script.session().next_deadline(), script.now() + 20 * second);
}

}  // namespace
}  // namespace ringside::feed
