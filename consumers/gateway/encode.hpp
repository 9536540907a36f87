// Owns the JSON text of market data: records in, the vendor's spelling and our `quote` objects out.
// Exact decimals from integers, no double anywhere. The gateway's thread; appends to the caller's
// string and allocates only when that grows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringside/shm/record.hpp"

namespace ringside::gateway {

/// What the records of one feed mean.
struct FeedFacts {
  std::string source = {};       // "massive"
  std::uint32_t venue_base = 0;  // added to a venue byte: the vendor's id
  unsigned size_digits = 6;      // sizes are integers of 10^-size_digits
};

/// A day's figures of one symbol; sentinels where nobody knows.
struct DayFigures {
  std::uint64_t ts = 0;     // start of the bar that these came from; 0: from no bar
  bool is_partial = false;  // not the whole day so far was seen
  std::int64_t open = shm::px_absent;
  std::int64_t high = shm::px_absent;
  std::int64_t low = shm::px_absent;
  std::int64_t close = shm::px_absent;
  std::int64_t volume = shm::size_absent;
  std::int64_t vwap = shm::px_absent;
  std::int64_t previous_close = shm::px_absent;
};

/// What a `quote` or `option_update` is made of.
struct QuoteParts {
  const shm::TickRecord* trade = nullptr;  // nullptr: none yet
  const shm::TickRecord* quote = nullptr;
  DayFigures day = {};
};

void append_number(std::string& out, std::int64_t value);
void append_number(std::string& out, std::uint64_t value);
/// value x 10^-digits, exactly.
void append_decimal(std::string& out, std::int64_t value, unsigned digits);

/// The vendor's event object: {"ev":"T",...}. `symbol`: quoted JSON text.
void append_trade(std::string& out, std::string_view symbol, const shm::TickRecord& record,
                  const FeedFacts& facts);
void append_quote(std::string& out, std::string_view symbol, const shm::TickRecord& record,
                  const FeedFacts& facts);
/// {"ev":"A"|"AM",...}; other windows name their kind ("bar_5m").
void append_bar(std::string& out, std::string_view symbol, const shm::BarRecord& record,
                const FeedFacts& facts);

/// {"symbol":...,"price":...,...}, the object inside a `quote` message, a snapshot and the REST
/// answer. A value nobody knows is null.
void append_quote_object(std::string& out, std::string_view symbol, const QuoteParts& parts,
                         const FeedFacts& facts);
/// {"contractId":...}: the object inside `option_update`.
void append_option_object(std::string& out, std::string_view symbol, const QuoteParts& parts,
                          const FeedFacts& facts);

/// Where and when a record was seen, for `metadata`.
struct Passage {
  std::uint64_t sequence = 0;  // on the feed's tape
  bool has_sequence = false;   // false: a last value, not an event
  std::uint64_t ring_ns = 0;   // when the gateway took it from memory
  std::uint64_t send_ns = 0;   // when it was put into this message
};

/// A whole `market-data` message around one of the event objects above.
void append_market_data(std::string& out, std::string_view channel, std::string_view symbol,
                        const shm::TickRecord& record, const FeedFacts& facts,
                        const Passage& passage);
void append_market_data(std::string& out, std::string_view channel, std::string_view symbol,
                        const shm::BarRecord& record, const FeedFacts& facts,
                        const Passage& passage);

/// The sequence of a record copied from a ring or tape.
[[nodiscard]] constexpr std::uint64_t sequence_of(std::uint64_t stamp) noexcept {
  return stamp / 2 - 1;
}

}  // namespace ringside::gateway
