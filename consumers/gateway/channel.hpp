// Owns the names of what a client can subscribe to and how it wants to be treated when it is slow.
// Constant data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ringside/shm/control.hpp"

namespace ringside::gateway {

/// What a symbol's subscribers get.
enum class Channel : std::uint8_t {
  trades = 0,      // every trade
  quotes = 1,      // best bid and offer
  aggregates = 2,  // the vendor's second and minute bars
  bars = 3,        // bars of our own statistics
  quote = 4,       // one conflated object per stock
  option = 5,      // one conflated object per option contract
};
inline constexpr std::size_t channel_count = 6;

/// A set of channels, one bit each.
using ChannelSet = std::uint8_t;

[[nodiscard]] constexpr ChannelSet bit_of(Channel channel) noexcept {
  return static_cast<ChannelSet>(1U << static_cast<unsigned>(channel));
}
inline constexpr ChannelSet all_channels = (1U << channel_count) - 1;

/// The state messages: every client gets them; a client may ask for them by name all the same.
inline constexpr ChannelSet status_channel = 0x80;

/// As clients write them.
inline constexpr std::array<std::string_view, channel_count> channel_names = {
    "trades", "quotes", "aggregates", "bars", "quote", "options"};

[[nodiscard]] constexpr std::string_view to_string(Channel channel) noexcept {
  return channel_names[static_cast<std::size_t>(channel)];
}

[[nodiscard]] constexpr std::optional<ChannelSet> parse_channel(std::string_view name) noexcept {
  if (name == "status") return status_channel;
  for (std::size_t i = 0; i < channel_count; ++i) {
    if (channel_names[i] == name) return static_cast<ChannelSet>(1U << i);
  }
  return std::nullopt;
}

/// What has to be asked of the feed so that a channel has something to say (shm::Want bits).
[[nodiscard]] constexpr std::uint32_t wants_of(Channel channel) noexcept {
  switch (channel) {
    case Channel::trades:
    case Channel::bars:  // they are built from trades
      return shm::want_trades;
    case Channel::quotes:
      return shm::want_quotes;
    case Channel::aggregates:
      return shm::want_bars_1s | shm::want_bars_1m;
    case Channel::quote:
    case Channel::option:
      return shm::want_trades | shm::want_quotes | shm::want_bars_1m;
  }
  return 0;
}

/// How a client is treated.
enum class Policy : std::uint8_t {
  conflate,  // quotes: the newest value per symbol and kind
  all,       // every record, until the backlog is full
  close,     // every record; closed when the backlog is full
};
inline constexpr std::array<std::string_view, 3> policy_names = {"conflate", "all", "close"};

[[nodiscard]] constexpr std::string_view to_string(Policy policy) noexcept {
  return policy_names[static_cast<std::size_t>(policy)];
}

[[nodiscard]] constexpr std::optional<Policy> parse_policy(std::string_view name) noexcept {
  for (std::size_t i = 0; i < policy_names.size(); ++i) {
    if (policy_names[i] == name) return static_cast<Policy>(i);
  }
  return std::nullopt;
}

}  // namespace ringside::gateway
