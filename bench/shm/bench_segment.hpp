// Owns the segments that benchmarks publish to: symbols S0, S1, ... with rings of one size, all
// memory made ready beforehand. Benchmarks only; allocates.
#pragma once

#include <memory>
#include <string>

#include "../../tests/support/records.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::bench {

struct SegmentSize {
  std::uint32_t symbols = 1;
  std::uint32_t tick_slots = 128;
  std::uint32_t bar_slots = 0;
  std::uint32_t tape_slots = 1U << 18;
  bool wants_huge_pages = true;
};

[[nodiscard]] inline std::unique_ptr<shm::SegmentWriter> make_empty_segment(
    const SegmentSize& size) {
  shm::SegmentShape shape;
  shape.feed = "bench";
  shape.symbol_capacity = size.symbols;
  shape.tick_tape_slots = size.tape_slots;
  shape.bar_tape_slots = 1024;
  shape.arena_bytes =
      size.symbols * (shm::ring_bytes<shm::TickRecord>(size.tick_slots) +
                      (size.bar_slots == 0 ? 0 : shm::ring_bytes<shm::BarRecord>(size.bar_slots)));
  shape.ready_bytes_ahead = shape.arena_bytes;
  shape.wants_huge_pages = size.wants_huge_pages;
  auto segment = shm::SegmentWriter::create(shape);
  RINGSIDE_ASSERT(segment.ok());
  return std::move(*segment);
}

[[nodiscard]] inline std::unique_ptr<shm::SegmentWriter> make_segment(const SegmentSize& size) {
  auto segment = make_empty_segment(size);
  for (std::uint32_t i = 0; i < size.symbols; ++i) {
    const auto added = segment->add_symbol(
        "S" + std::to_string(i), {size.tick_slots, size.bar_slots}, 0, shm::SymbolState::live);
    RINGSIDE_ASSERT(added.instrument_id == i);
  }
  while (segment->make_ready()) {
  }
  segment->mark_ready();
  return segment;
}

[[nodiscard]] inline shm::SegmentView map_segment(const shm::SegmentWriter& segment) {
  auto view = shm::SegmentView::map(segment.segment_fd());
  RINGSIDE_ASSERT(view.ok());
  return std::move(*view);
}

}  // namespace ringside::bench
