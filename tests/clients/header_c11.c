/* The header as C11 sees it, without extensions; c_feed_test.cpp calls this. */
#include "ringside.h"

int header_compiles_as_c(void);

int header_compiles_as_c(void) {
  const ringside_tick tick = {.kind = RINGSIDE_KIND_TRADE, .trade = {.price = RINGSIDE_PX_ABSENT}};
  const uint64_t price = ringside_load(&tick, offsetof(ringside_tick, trade.price));
  if ((int64_t)price != RINGSIDE_PX_ABSENT) return 0;
  if ((uint8_t)ringside_load(&tick, offsetof(ringside_tick, kind)) != tick.kind) return 0;
  return (int)(sizeof(ringside_tick) + sizeof(ringside_bar));
}
