// Owns the last values of one symbol: what a REST quote, a late joiner or a conflating client
// reads, in O(1), without a ring. Each is a cell of the slot protocol; one writer, the feed's
// thread.
#pragma once

#include "ringside/shm/record.hpp"
#include "ringside/shm/slot.hpp"

namespace ringside::shm {

/// One symbol's cells. A cell nobody wrote reads as `empty`.
struct alignas(cache_line_bytes) LastValues {
  Slot<TickRecord> trade;
  Slot<TickRecord> quote;
  Slot<BarRecord> bar_1s;
  Slot<BarRecord> bar_1m;
};
static_assert(sizeof(LastValues) == 384);
static_assert(offsetof(LastValues, trade) == 0);
static_assert(offsetof(LastValues, quote) == 64);
static_assert(offsetof(LastValues, bar_1s) == 128);
static_assert(offsetof(LastValues, bar_1m) == 256);

/// Writes a tick's last value. `ring_sequence`: its number in the symbol's ring, which only grows;
/// the cell's stamp carries it, so the writer loads nothing to write and a reader knows where the
/// ring goes on (LastReader::ring_sequence).
inline void write_last(LastValues& last, Kind kind, std::uint64_t ring_sequence,
                       const Words<TickRecord>& words) noexcept {
  if (kind == Kind::trade) write_slot(last.trade, ring_sequence, words);
  if (kind == Kind::quote) write_slot(last.quote, ring_sequence, words);
}

/// A bar that is published again must not hide that of a newer window.
inline void write_last_bar(Slot<BarRecord>& cell, const BarRecord& record) noexcept {
  static_assert(offsetof(BarRecord, ts_event) == 8);
  // relaxed: the writer reads its own word back; it is 0 before the first bar.
  const std::uint64_t ts_held = cell.words[1].load(std::memory_order_relaxed);
  if ((record.flags & flag_revised) == 0 || ts_held <= record.ts_event) write_cell(cell, record);
}

inline void write_last(LastValues& last, const BarRecord& record) noexcept {
  if (record.kind == Kind::bar_1s) write_last_bar(last.bar_1s, record);
  if (record.kind == Kind::bar_1m) write_last_bar(last.bar_1m, record);
}

/// Reads one symbol's last values. A handle into a mapped segment; good as long as the mapping.
class LastReader {
 public:
  explicit LastReader(const LastValues* last = nullptr) noexcept : last_(last) {}

  [[nodiscard]] bool is_open() const noexcept { return last_ != nullptr; }
  [[nodiscard]] ReadStatus trade(TickRecord& out) const noexcept {
    return read_cell(last_->trade, out);
  }
  [[nodiscard]] ReadStatus quote(TickRecord& out) const noexcept {
    return read_cell(last_->quote, out);
  }
  /// Number in the symbol's tick ring of a record that trade() or quote() gave: a live stream joins
  /// without a seam at this number plus one.
  [[nodiscard]] static std::uint64_t ring_sequence(const TickRecord& record) noexcept {
    return record.stamp / 2 - 1;
  }
  [[nodiscard]] ReadStatus bar_1s(BarRecord& out) const noexcept {
    return read_cell(last_->bar_1s, out);
  }
  [[nodiscard]] ReadStatus bar_1m(BarRecord& out) const noexcept {
    return read_cell(last_->bar_1m, out);
  }

 private:
  const LastValues* last_;
};

}  // namespace ringside::shm
