// Owns the symbols of the statistics segment: one for each feed symbol that traded or was asked
// for, under the same text. The loop's thread; allocates its table once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ringside/shm/segment.hpp"

namespace ringside::stats {

class SymbolBook {
 public:
  SymbolBook(shm::SegmentWriter& segment, std::uint32_t bar_slots)
      : segment_(segment),
        bar_slots_(bar_slots),
        owner_(segment.facts().symbol_capacity, owner_none) {}

  /// Finds or makes the symbol for `feed` (its number). A text belongs to the feed that brought it
  /// first: mixed, two feeds' trades would make bars that are true of neither.
  shm::SymbolResult open(std::string_view text, std::uint32_t feed, shm::SymbolState state,
                         std::uint64_t ts_now) {
    const shm::SymbolResult result =
        segment_.add_symbol(text, {.ticks = 0, .bars = bar_slots_}, ts_now, state);
    if (!result.ok()) return result;
    std::uint32_t& owner = owner_[result.instrument_id];
    if (owner == owner_none) owner = feed;
    if (owner != feed) return {shm::instrument_none, shm::RefuseReason::bad_symbol};
    return result;
  }

  void set_state(std::uint32_t instrument_id, shm::SymbolState state) noexcept {
    if (segment_.symbol_state(instrument_id) != state) {
      segment_.set_symbol_state(instrument_id, state);
    }
  }

 private:
  static constexpr std::uint32_t owner_none = ~std::uint32_t{0};

  shm::SegmentWriter& segment_;
  std::uint32_t bar_slots_;
  std::vector<std::uint32_t> owner_;  // by instrument id
};

}  // namespace ringside::stats
