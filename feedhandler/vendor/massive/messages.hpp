// Owns the text we send to Massive and the one text of theirs that must be read by its words: which
// subscription an acknowledgement names. Allocates; a feed's thread, never per event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decoded.hpp"
#include "ringside/shm/control.hpp"

namespace ringside::feed::massive {

/// {"action":"auth","params":"<key>"}. The result holds the secret: wipe it after sending.
[[nodiscard]] std::string auth_message(std::string_view key);

/// Builds {"action":"subscribe","params":"T.AAPL,Q.AAPL"} item by item.
class ItemsMessage {
 public:
  explicit ItemsMessage(std::string_view action);

  /// One item a bit of `kinds` (shm::Want).
  void add(std::string_view symbol, std::uint32_t kinds);
  [[nodiscard]] std::size_t item_count() const noexcept { return item_count_; }
  [[nodiscard]] std::string finish() &&;

 private:
  std::string text_;
  std::size_t item_count_ = 0;
};

/// What an acknowledgement is about.
struct Ack {
  bool is_subscribe = false;  // else unsubscribed
  std::uint32_t kinds = 0;    // one shm::Want bit
  std::string_view symbol;    // good as long as the message
};

/// Reads "subscribed to: T.AAPL"; nothing for every other message.
[[nodiscard]] std::optional<Ack> parse_ack(std::string_view message) noexcept;

/// Kinds that this market can deliver for `symbol`: options have no wildcard for quotes.
[[nodiscard]] std::uint32_t kinds_offered(Market market, std::string_view symbol) noexcept;

/// A configured channel name ("T") as a Want bit; 0: unknown.
[[nodiscard]] std::uint32_t parse_channel(std::string_view name) noexcept;

}  // namespace ringside::feed::massive
