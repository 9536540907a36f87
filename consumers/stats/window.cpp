#include "window.hpp"

#include <algorithm>

#include "conditions.hpp"

namespace ringside::stats {

void Window::add(const shm::TickRecord& trade, std::uint8_t moves) noexcept {
  const std::int64_t price = trade.trade.price;
  constexpr std::uint8_t inherited = shm::flag_replayed | shm::flag_delayed;
  flags = static_cast<std::uint8_t>(flags | (trade.flags & inherited));
  if (trade.ts_recv != shm::ts_absent) ts_recv = std::max(ts_recv, trade.ts_recv);
  if ((moves & move_high_low) != 0) {
    high = high == shm::px_absent ? price : std::max(high, price);
    low = low == shm::px_absent ? price : std::min(low, price);
  }
  if ((moves & move_open_close) != 0) {
    // Of equal times the first to come opens and the last to come closes.
    if (open == shm::px_absent || trade.ts_event < ts_open) {
      open = price;
      ts_open = trade.ts_event;
    }
    if (close == shm::px_absent || trade.ts_event >= ts_close) {
      close = price;
      ts_close = trade.ts_event;
    }
  }
  if ((moves & move_volume) != 0) {
    if (trades != shm::trades_absent - 1) ++trades;
    if (trade.trade.size == shm::size_absent) {
      flags = static_cast<std::uint8_t>(flags | shm::flag_clipped);
    } else {
      add_volume(price, trade.trade.size);
    }
  }
}

// What does not fit is left out of both sums and flagged: VWAP stays that of what is counted.
void Window::add_volume(std::int64_t price, std::int64_t size) noexcept {
  std::int64_t volume_sum = 0;
  Int128 notional_sum = 0;
  if (__builtin_add_overflow(volume, size, &volume_sum) || volume_sum == shm::size_absent ||
      __builtin_add_overflow(notional, Int128{price} * size, &notional_sum)) {
    flags = static_cast<std::uint8_t>(flags | shm::flag_clipped);
    return;
  }
  volume = volume_sum;
  notional = notional_sum;
}

}  // namespace ringside::stats
