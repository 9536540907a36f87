// Trades and bars of the statistics tests. Plain values.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "ringside/shm/record.hpp"

namespace ringside::test {

inline constexpr std::uint64_t ms = 1'000'000;
inline constexpr std::uint64_t second = 1'000'000'000;
inline constexpr std::uint64_t minute = 60 * second;
/// 2018-01-02 09:30:00 in New York, a Tuesday.
inline constexpr std::uint64_t open_ts = 1'514'903'400 * second;

/// `dollars` and `shares` whole; received 20 ms after `ts`.
[[nodiscard]] inline shm::TickRecord trade_at(std::uint64_t ts, std::int64_t dollars,
                                              std::int64_t shares,
                                              std::initializer_list<std::uint8_t> conditions = {}) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  record.ts_event = ts;
  record.ts_recv = ts + 20 * ms;
  record.trade.price = dollars * shm::price_one;
  record.trade.size = shares * shm::size_one_equities;
  std::size_t i = 0;
  for (const std::uint8_t id : conditions) record.trade.conditions[i++] = id;
  return record;
}

}  // namespace ringside::test
