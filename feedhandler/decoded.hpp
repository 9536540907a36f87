// Owns what a vendor's decoder hands on: one event of one frame, already in the record's units, and
// the counts of what it could not hand on. Plain data, no allocation; used on a feed's thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ringside/shm/record.hpp"
#include "ringside/shm/units.hpp"

namespace ringside::feed {

/// What a vendor's events mean: the same letter differs between markets.
enum class Market : std::uint8_t { stocks, options };

enum class Item : std::uint8_t { tick, bar, status };

/// What a vendor says about the connection, in words that do not belong to one vendor.
enum class StatusCode : std::uint8_t {
  none,
  connected,
  auth_success,
  auth_failed,
  auth_timeout,
  auth_required,
  success,
  error,
  max_connections,
  slow_consumer,
  force_disconnect,
  unknown,
};

/// Why an event, or the rest of a frame, was not taken.
enum class RejectReason : std::uint8_t {
  bad_frame,      // not a JSON array or object, or bytes behind its end
  truncated,      // the frame ends inside the array or inside an event
  bad_json,       // an event that is no JSON object, or bytes between events
  bad_encoding,   // not UTF-8, or a control character or broken escape in a string
  too_deep,       // nested further than we follow
  duplicate_key,  // a key that we read came twice
  missing_field,  // without it there is no record
  wrong_type,     // an object where a number belongs
  bad_number,     // text that is no number, or a fraction where none can be
  bad_time,       // no instant that a record can hold
  bad_symbol,     // empty, too long for the directory, or not printable
  too_large,      // the frame or one event is longer than the limit
};
inline constexpr std::size_t reject_reason_count = 12;

[[nodiscard]] constexpr std::string_view to_string(RejectReason reason) noexcept {
  constexpr std::string_view names[reject_reason_count] = {
      "bad_frame",     "truncated",  "bad_json",   "bad_encoding", "too_deep",   "duplicate_key",
      "missing_field", "wrong_type", "bad_number", "bad_time",     "bad_symbol", "too_large"};
  return names[static_cast<std::size_t>(reason)];
}

/// The vendor's symbol, zero-padded: two symbols are equal exactly when the arrays are.
struct SymbolText {
  std::array<char, shm::symbol_bytes_max> bytes{};
  std::uint8_t length = 0;

  [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), length}; }

  /// Shapes  text: 1..symbol_bytes_max bytes.
  void assign(std::string_view text) noexcept {
    bytes.fill('\0');
    std::memcpy(bytes.data(), text.data(), text.size());
    length = static_cast<std::uint8_t>(text.size());
  }
};

/// One event. `instrument_id` and `stamp` are still empty: the publisher knows them.
struct Decoded {
  Item item = Item::tick;
  StatusCode status = StatusCode::none;
  SymbolText symbol;         // tick and bar
  std::string_view message;  // status: good until the decoder is called again
  union {
    shm::TickRecord tick;
    shm::BarRecord bar;
  };

  Decoded() noexcept : tick(shm::empty_tick()) {}
};

/// What one decoder has seen since its start. Written by the feed's thread only.
struct DecodeCounts {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t trades = 0;
  std::uint64_t quotes = 0;
  std::uint64_t bars_1s = 0;
  std::uint64_t bars_1m = 0;
  std::uint64_t statuses = 0;
  std::uint64_t events_unknown = 0;  // an event name we do not read
  std::uint64_t keys_unknown = 0;    // a key we do not know, in an event we read
  std::uint64_t clipped = 0;         // events with a field that did not fit
  std::array<std::uint64_t, reject_reason_count> rejects{};

  [[nodiscard]] std::uint64_t rejects_total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : rejects) sum += count;
    return sum;
  }
};

}  // namespace ringside::feed
