// Owns the conversation with the vendor as a state machine without I/O: when to connect, log in,
// subscribe, ping, give up and try again. Clock and randomness are passed in, so that tests drive
// it through hours in microseconds. A feed's thread; allocates for messages, never per event.
//
//   connecting -> wait_connected -> authenticating -> streaming
//        ^             |                 |                |        any end but a final one
//        |             v                 v                v
//        +--------- back_off <-----------+----------------+        finished: a bad key, for good
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decoded.hpp"
#include "ringside/base/result.hpp"
#include "subscriptions.hpp"
#include "vendor/massive/messages.hpp"

namespace ringside::feed {

enum class SessionState : std::uint8_t {
  back_off,        // waiting for the next attempt; also the first state, with nothing to wait for
  connecting,      // TCP, TLS and the upgrade
  wait_connected,  // open; the vendor speaks first
  authenticating,
  streaming,
  finished,  // no further attempt
};

[[nodiscard]] std::string_view to_string(SessionState state) noexcept;

class Session {
 public:
  struct Options {
    std::string key;
    std::uint64_t backoff_ns_min = 500'000'000;
    std::uint64_t backoff_ns_max = 30'000'000'000;
    std::uint64_t cooldown_ns = 60'000'000'000;  // after max_connections
    std::uint64_t healthy_ns = 60'000'000'000;   // streaming this long forgets earlier failures
    std::uint64_t connect_timeout_ns = 15'000'000'000;
    std::uint64_t greeting_timeout_ns = 5'000'000'000;  // then log in without the greeting
    std::uint64_t auth_timeout_ns = 15'000'000'000;
    std::uint64_t silence_ns = 20'000'000'000;  // then a ping; after another, a new connection
    std::uint32_t attempts_max = 0;             // without ever streaming; 0: no end
    std::uint64_t seed = 1;
    Subscriptions::Options subscriptions = {};
  };

  enum class ActionKind : std::uint8_t {
    none,
    connect,
    send,  // `text`; holds the key when is_secret
    ping,
    abort,  // drop the connection
  };
  struct Action {
    ActionKind kind = ActionKind::none;
    std::string text = {};
    bool is_secret = false;
  };

  explicit Session(const Options& options);

  // --- what happened; `now` is monotonic ---

  /// The upgrade was accepted.
  void on_open(std::uint64_t now) noexcept;
  /// Bytes came in, of whatever kind.
  void on_bytes(std::uint64_t now) noexcept;

  /// While held, no subscription message is asked to be sent: the socket is still busy with others.
  void hold_sends(bool is_held) noexcept { is_send_held_ = is_held; }
  /// Returns what a subscription's acknowledgement names; good as long as `message`.
  std::optional<massive::Ack> on_status(StatusCode code, std::string_view message,
                                        std::uint64_t now);
  /// The connection is over, or could not be made.
  void on_close(const Error& error, std::uint64_t now);

  // --- what to do ---

  /// The next thing to do now; call until it says none.
  [[nodiscard]] Action next_action(std::uint64_t now);
  /// When next_action may have something without anything happening before.
  [[nodiscard]] std::uint64_t next_deadline() const noexcept;

  [[nodiscard]] Subscriptions& subscriptions() noexcept { return subscriptions_; }
  [[nodiscard]] const Subscriptions& subscriptions() const noexcept { return subscriptions_; }

  // --- how it stands ---

  [[nodiscard]] SessionState state() const noexcept { return state_; }
  /// Has it ever streamed?
  [[nodiscard]] bool was_live() const noexcept { return was_live_; }
  /// Why it is finished, or what ended the last connection.
  [[nodiscard]] const Error& last_error() const noexcept { return last_error_; }
  [[nodiscard]] std::uint64_t attempts() const noexcept { return attempts_total_; }
  [[nodiscard]] std::uint64_t not_authorized_count() const noexcept { return not_authorized_; }

 private:
  void enter(SessionState state, std::uint64_t now) noexcept;
  void begin_streaming(std::uint64_t now);
  void finish(Error error, std::uint64_t now);
  void start_back_off(std::uint64_t now);
  [[nodiscard]] std::uint64_t random_up_to(std::uint64_t limit) noexcept;
  void lose(std::string_view why, std::uint64_t now);
  [[nodiscard]] Action check_silence(std::uint64_t now);
  [[nodiscard]] Action stream(std::uint64_t now);

  Options options_;
  Subscriptions subscriptions_;
  SessionState state_ = SessionState::back_off;
  std::uint64_t since_ns_ = 0;       // of state_
  std::uint64_t retry_at_ns_ = 0;    // back_off
  std::uint64_t last_bytes_ns_ = 0;  // of this connection
  std::uint64_t pinged_ns_ = 0;      // 0: no ping since the last bytes
  std::uint64_t random_ = 1;
  std::uint32_t failures_ = 0;  // attempts since the last healthy stretch
  std::uint64_t attempts_total_ = 0;
  std::uint64_t not_authorized_ = 0;
  bool was_live_ = false;
  bool is_key_due_ = false;  // the vendor's greeting came: log in
  bool is_send_held_ = false;
  bool is_abort_due_ = false;
  bool is_cooling_down_ = false;  // max_connections was said on this connection
  Error last_error_{ErrorCode::ok, 0, {}};
};

}  // namespace ringside::feed
