// Owns what the vendor does with one connection's messages: authentication, subscriptions, status
// answers. A state machine without I/O: text and time in, texts and wishes out. One thread;
// allocates per message from the client, nothing per event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <memory>

#include "sim/event.hpp"

namespace ringside::sim {

struct SessionOptions {
  Market market = Market::stocks;
  std::string key = {};                          // the only one accepted
  bool is_in_plan = true;                        // false: a good key is refused for this market
  std::vector<std::string> topics_refused = {};  // answered "not authorized"
  bool acks_batched = true;                      // all answers of a request in one array
  std::uint64_t auth_timeout_ns = 10'000'000'000;
  std::size_t option_quotes_max = 1'000;  // contracts with Q on one options connection
  std::size_t pairs_max = 1'000'000;      // subscriptions held
};

/// One change of what the connection receives. `symbol` "*": everything of that kind.
struct SubscriptionChange {
  EventKind kind = EventKind::trade;
  bool is_added = true;
  std::string symbol = {};
};

/// What a call of the session asks its owner to do, in this order.
struct SessionOutput {
  std::vector<std::string> messages = {};        // text messages to send
  std::vector<SubscriptionChange> changes = {};  // apply after the messages
  bool has_authenticated = false;                // the connection now counts in the quota
  bool wants_drop = false;                       // end it after the messages, no close frame
};

/// The vendor's answers, as seen live:
///  - `connected` at once, `auth_success` or `auth_failed` and a drop; a second auth is answered
///    again; a subscribe before auth is answered `auth_required` and forgotten.
///  - Every new pair of a topic that exists is acknowledged, whatever its symbol; a pair already
///    held, a topic that does not exist and an item without a dot get no answer.
///  - A topic out of the plan is answered `error`, `not authorized`, once per item.
///  - On options, `Q.*` and a contract beyond option_quotes_max are answered `error`.
///  - Messages that are no such JSON object are ignored and counted.
class Session {
 public:
  Session(const SessionOptions& options, std::uint64_t now_ns);
  ~Session();
  Session(Session&&) noexcept;

  /// The connection stands.
  [[nodiscard]] SessionOutput open();

  /// A text message of the client.
  [[nodiscard]] SessionOutput message(std::string_view text);

  /// Time has passed: after the auth timeout, `auth_timeout` and a drop.
  [[nodiscard]] SessionOutput tick(std::uint64_t now_ns);

  /// The messages that evict this connection; a close frame with code 1008 follows.
  [[nodiscard]] static std::string quota_message();

  [[nodiscard]] bool is_authenticated() const noexcept { return is_authenticated_; }
  [[nodiscard]] std::size_t pair_count() const noexcept { return pairs_.size(); }
  [[nodiscard]] const std::unordered_set<std::string>& pairs() const noexcept { return pairs_; }
  [[nodiscard]] std::uint64_t ignored_count() const noexcept { return ignored_count_; }

 private:
  void authenticate(std::string_view key, SessionOutput& out);
  void subscribe(std::string_view params, SessionOutput& out);
  void unsubscribe(std::string_view params, SessionOutput& out);
  void subscribe_item(std::string_view topic, std::string_view symbol, SessionOutput& out);
  void answer(std::string_view status, std::string_view message, SessionOutput& out);
  void flush(SessionOutput& out);

  SessionOptions options_;
  std::uint64_t ts_opened_ns_;
  bool is_authenticated_ = false;
  bool is_over_ = false;
  std::unordered_set<std::string> pairs_;  // "TOPIC.SYMBOL"
  std::size_t option_quote_count_ = 0;
  std::string answers_;  // of the request at hand: "[{...},{...}" without its end
  std::uint64_t ignored_count_ = 0;
  struct Parser;  // simdjson's, kept out of this header
  std::unique_ptr<Parser> parser_;
};

}  // namespace ringside::sim
