// Owns what we want of the vendor and how far the vendor has got with it: desired subscriptions are
// state, reconciled with acknowledgements after every reconnect. No I/O, the clock passed in. A
// feed's thread; allocates when a symbol is wanted for the first time and when messages are built.
//
// Invariant: what is subscribed upstream is what was sent and not taken back; a kind that the
// wildcard covers is never asked for a single symbol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ringside/shm/control.hpp"

namespace ringside::feed {

inline constexpr std::string_view wildcard = "*";

class Subscriptions {
 public:
  struct Options {
    std::uint64_t ack_timeout_ns = 10'000'000'000;
    std::size_t items_per_message_max = 300;  // some servers choke on more
    std::size_t symbol_count_max = 100'000;
  };

  explicit Subscriptions(const Options& options) : options_(options) {}

  /// `is_permanent`: from the configuration; unwant() does not take it back.
  /// False: no room for another symbol.
  bool want(std::string_view symbol, std::uint32_t kinds, bool is_permanent = false);
  void unwant(std::string_view symbol, std::uint32_t kinds);

  /// A new connection: nothing is subscribed, everything wanted is to be asked for.
  void restart();

  /// The next message to send ("subscribe" or "unsubscribe" of up to items_per_message_max items);
  /// empty when upstream is asked for all that is wanted.
  [[nodiscard]] std::string next_message(std::uint64_t now);

  void on_ack(bool is_subscribe, std::uint32_t kinds, std::string_view symbol) noexcept;

  /// Looks for items without an answer: asks each once more, then gives it up as unanswered.
  /// Cost  one pass over all symbols while anything is pending; else nothing.
  void check_timeouts(std::uint64_t now);

  /// When check_timeouts is next of use; UINT64_MAX: nothing pending.
  [[nodiscard]] std::uint64_t next_timeout() const noexcept { return next_timeout_; }

  /// Kinds of `symbol` that are wanted, by name or by the wildcard.
  [[nodiscard]] std::uint32_t wanted(std::string_view symbol) const noexcept;
  /// Symbols given up as unanswered since the last call.
  [[nodiscard]] std::vector<std::string> take_unanswered();
  /// Acknowledged kinds of `symbol`, the wildcard's included.
  [[nodiscard]] std::uint32_t acked(std::string_view symbol) const noexcept;

  [[nodiscard]] std::uint64_t pending_count() const noexcept { return pending_; }
  [[nodiscard]] std::uint64_t unanswered_count() const noexcept { return unanswered_; }
  [[nodiscard]] std::uint64_t retried_count() const noexcept { return retried_; }

 private:
  struct Entry {
    std::string symbol;
    std::uint32_t wanted = 0;
    std::uint32_t permanent = 0;
    std::uint32_t sent = 0;  // asked for on this connection and not taken back
    std::uint32_t acked = 0;
    std::uint32_t retried = 0;  // asked for a second time
    bool is_dirty = false;      // listed in dirty_
    std::uint64_t ts_sent_ns = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  [[nodiscard]] Entry* find(std::string_view symbol) noexcept;
  [[nodiscard]] const Entry* find(std::string_view symbol) const noexcept;
  [[nodiscard]] std::uint32_t target(const Entry& entry) const noexcept;
  void mark_dirty(std::uint32_t index);
  void mark_all_dirty();
  void change_wildcard(std::uint32_t kinds);
  [[nodiscard]] std::string build(bool is_subscribe, std::uint64_t now);

  Options options_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> index_;
  std::vector<std::uint32_t> dirty_;  // entries whose upstream state may differ from the target
  std::vector<std::string> unanswered_symbols_;
  std::uint32_t wild_ = 0;
  std::uint64_t pending_ = 0;  // items sent and not acknowledged
  std::uint64_t unanswered_ = 0;
  std::uint64_t retried_ = 0;
  std::uint64_t next_timeout_ = UINT64_MAX;
};

}  // namespace ringside::feed
