// Owns how a tick or bar becomes a DBN record. On the path: pure functions over their arguments,
// no allocation, no system call; what does not fit DBN is cut, flagged and counted here.
#pragma once

#include <cstdint>

#include "dbn.hpp"
#include "publishers.hpp"
#include "ringside/shm/record.hpp"

namespace ringside::recorder {

/// What a feed's records mean: the segment's units and venue table.
struct FeedUnits {
  Market market = Market::stocks;
  std::uint32_t venue_base = 0;                    // vendor exchange id of venue byte 0
  std::int64_t size_one = shm::size_one_equities;  // one share in the segment's size unit
};

/// What conversion could not carry over. Plain integers: one capture thread owns them.
struct ConvertCounters {
  std::uint64_t size_cut = 0;           // fractions of a share cut off a trade's or bar's size
  std::uint64_t size_clipped = 0;       // beyond what DBN's field holds: holds its limit
  std::uint64_t publisher_unknown = 0;  // a venue without publisher id: 0 is written
  std::uint64_t delta_clipped = 0;      // ts_recv - ts_event beyond 32 bits: holds its limit
};

/// A trade.
///
/// Shapes  tick.kind is trade; `ts_recv` is the one to write (the caller keeps it from falling).
/// Units   prices pass unchanged (1e-9 on both sides); the size is cut to whole shares, and a
///         record whose size was cut or clipped carries dbn::flag_publisher.
[[nodiscard]] dbn::TradeMsg to_trade(const shm::TickRecord& tick, std::uint64_t ts_recv,
                                     std::uint8_t flags_extra, const FeedUnits& units,
                                     ConvertCounters& counters) noexcept;

/// A best bid and offer. Price and size of the event itself are null: a quote is a state.
[[nodiscard]] dbn::Cmbp1Msg to_cmbp1(const shm::TickRecord& tick, std::uint64_t ts_recv,
                                     std::uint8_t flags_extra, const FeedUnits& units,
                                     ConvertCounters& counters) noexcept;

/// A bar of one second or one minute (`rtype` says which). Volume in whole shares.
[[nodiscard]] dbn::OhlcvMsg to_ohlcv(const shm::BarRecord& bar, dbn::Rtype rtype,
                                     const FeedUnits& units, ConvertCounters& counters) noexcept;

}  // namespace ringside::recorder
