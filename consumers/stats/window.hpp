// Owns one window's sums: what trades make of it, exactly, whatever order they come in. Plain data
// and pure functions; no allocation.
#pragma once

#include <cstdint>

#include "ringside/shm/record.hpp"
#include "spans.hpp"

namespace ringside::stats {

using Int128 = __int128;

/// numerator / denominator, rounded to the nearest integer, a tie to the even one.
/// Shapes  denominator > 0; the quotient fits in 64 bits.
[[nodiscard]] constexpr std::int64_t divide_half_even(Int128 numerator,
                                                      std::int64_t denominator) noexcept {
  Int128 quotient = numerator / denominator;
  Int128 rest = numerator % denominator;
  if (rest < 0) {  // towards minus infinity, so that 0 <= rest < denominator
    rest += denominator;
    --quotient;
  }
  const Int128 twice = 2 * rest;
  if (twice > denominator || (twice == denominator && quotient % 2 != 0)) ++quotient;
  return static_cast<std::int64_t>(quotient);
}

/// The state of one window of one symbol.
///
/// Invariant: its values depend on the trades and their order in (ts_event, arrival) alone: open is
/// the first and close the last in that order, whenever they came.
struct Window {
  Span span;
  std::uint64_t ts_open = 0;   // event time of the trade that made `open`
  std::uint64_t ts_close = 0;  // the same of `close`
  std::uint64_t ts_recv = 0;   // latest receive time of a trade in it
  std::int64_t open = shm::px_absent;
  std::int64_t high = shm::px_absent;
  std::int64_t low = shm::px_absent;
  std::int64_t close = shm::px_absent;
  std::int64_t official_open = shm::px_absent;  // the day's window only
  Int128 notional = 0;                          // sum of price x size
  std::int64_t volume = 0;
  std::uint32_t trades = 0;
  std::uint8_t flags = 0;               // shm::Flag bits it inherits from its trades
  std::uint8_t official_open_rank = 0;  // conditions.hpp
  bool is_published = false;
  bool is_queued = false;  // waits to be closed or to be published again

  /// Takes a trade in. `moves`: what its conditions allow (conditions.hpp).
  void add(const shm::TickRecord& trade, std::uint8_t moves) noexcept;

  /// A window in which no trade moved a price has no bar.
  [[nodiscard]] bool has_price() const noexcept {
    return high != shm::px_absent || open != shm::px_absent;
  }
  /// Absent while no volume was traded.
  [[nodiscard]] std::int64_t vwap() const noexcept {
    return volume > 0 ? divide_half_even(notional, volume) : shm::px_absent;
  }
  [[nodiscard]] std::int64_t trade_size_avg() const noexcept {
    return trades > 0 ? divide_half_even(volume, trades) : shm::size_absent;
  }

 private:
  void add_volume(std::int64_t price, std::int64_t size) noexcept;
};

}  // namespace ringside::stats
