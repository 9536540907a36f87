// Records whose every word follows from one number, so that a torn copy shows.
#pragma once

#include <cstdint>

#include "ringside/shm/record.hpp"

namespace ringside::test {

[[nodiscard]] inline shm::TickRecord numbered_trade(std::uint64_t n, std::uint32_t instrument = 0) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  record.instrument_id = instrument;
  record.ts_event = n;
  record.ts_recv = ~n;
  record.trade.price = static_cast<std::int64_t>(n * 3);
  record.trade.size = static_cast<std::int64_t>(n * 5);
  record.trade.trade_id = n * 7;
  record.trade.sequence = static_cast<std::uint32_t>(n);
  return record;
}

/// True if all words of `record` belong to one number; that number in `n`.
[[nodiscard]] inline bool is_whole(const shm::TickRecord& record, std::uint64_t& n) {
  n = record.ts_event;
  return record.ts_recv == ~n && record.trade.price == static_cast<std::int64_t>(n * 3) &&
         record.trade.size == static_cast<std::int64_t>(n * 5) && record.trade.trade_id == n * 7 &&
         record.trade.sequence == static_cast<std::uint32_t>(n);
}

[[nodiscard]] inline shm::BarRecord numbered_bar(std::uint64_t n, std::uint32_t instrument = 0) {
  shm::BarRecord record = shm::empty_bar();
  record.kind = shm::Kind::bar_1m;
  record.instrument_id = instrument;
  record.ts_event = n;
  record.ts_end = n + 60;
  record.open = record.high = record.low = record.close = static_cast<std::int64_t>(n);
  record.volume = static_cast<std::int64_t>(n * 2);
  return record;
}

[[nodiscard]] inline bool is_whole(const shm::BarRecord& record, std::uint64_t& n) {
  n = record.ts_event;
  const auto price = static_cast<std::int64_t>(n);
  return record.ts_end == n + 60 && record.open == price && record.high == price &&
         record.low == price && record.close == price &&
         record.volume == static_cast<std::int64_t>(n * 2);
}

}  // namespace ringside::test
