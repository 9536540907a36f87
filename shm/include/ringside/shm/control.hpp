// Owns the messages of a feed's control socket (SOCK_SEQPACKET, one message a packet): what
// consumers ask, what the feed answers. Both ends of it are control_client.hpp and
// control_server.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "ringside/shm/layout.hpp"

namespace ringside::shm {

inline constexpr std::uint32_t control_magic = 0x54434752;  // "RGCT"
inline constexpr std::uint32_t control_version = 1;
inline constexpr std::size_t symbols_per_message_max = 256;

/// What a consumer wants of a symbol; bits of Wish::kinds.
enum Want : std::uint32_t {
  want_trades = 1,
  want_quotes = 2,
  want_bars_1s = 4,
  want_bars_1m = 8,
  want_all = 15,
};
inline constexpr std::uint32_t want_bits = 4;

enum class ControlType : std::uint32_t {
  hello = 1,        // consumer: HelloMessage -> attached with two descriptors, or refused
  attached = 2,     // feed: AttachedMessage, SCM_RIGHTS {segment, doorbell}
  subscribe = 3,    // consumer: SymbolsMessage -> symbols
  unsubscribe = 4,  // consumer: SymbolsMessage, no answer
  symbols = 5,      // feed: SymbolsMessage with ids, states and reasons
  report = 6,       // consumer: ReportMessage, no answer
  refused = 7,      // feed: RefusedMessage, then the socket closes
};

struct ControlHeader {
  std::uint32_t magic;
  ControlType type;
  std::uint32_t token;  // echoed by the answer
  std::uint32_t count;  // symbols that follow
};
static_assert(sizeof(ControlHeader) == 16);

struct HelloMessage {
  ControlHeader header;
  std::uint32_t version;
  std::uint32_t layout_version;
  char name[32];  // of the consumer, for display
};
static_assert(sizeof(HelloMessage) == 56);

struct AttachedMessage {
  ControlHeader header;
  std::uint64_t epoch;
  std::uint32_t doorbell_cell;
  std::uint32_t reserved_;
};
static_assert(sizeof(AttachedMessage) == 32);

struct RefusedMessage {
  ControlHeader header;
  std::uint32_t code;  // ErrorCode
  char text[108];
};
static_assert(sizeof(RefusedMessage) == 128);

struct SymbolItem {
  char text[symbol_bytes_max];
  std::uint32_t kinds;          // Want bits; in an answer: what is held now
  std::uint32_t instrument_id;  // answers only; instrument_none if there is none
  std::uint32_t state;          // SymbolState, answers only
  std::uint32_t reason;         // RefuseReason, answers only
};
static_assert(sizeof(SymbolItem) == 40);

struct SymbolsMessage {
  ControlHeader header;
  SymbolItem items[symbols_per_message_max];
};
static_assert(sizeof(SymbolsMessage) == 16 + 40 * symbols_per_message_max);

struct ReportMessage {
  ControlHeader header;
  std::uint64_t received;
  std::uint64_t lost;
  std::uint64_t pending;
};
static_assert(sizeof(ReportMessage) == 40);

static_assert(std::is_trivially_copyable_v<SymbolsMessage>);

[[nodiscard]] constexpr ControlHeader control_header(ControlType type, std::uint32_t token = 0,
                                                     std::uint32_t count = 0) noexcept {
  return {control_magic, type, token, count};
}

/// Bytes of a SymbolsMessage that carries `count` items.
[[nodiscard]] constexpr std::size_t symbols_message_bytes(std::uint32_t count) noexcept {
  return sizeof(ControlHeader) + std::size_t{count} * sizeof(SymbolItem);
}

}  // namespace ringside::shm
