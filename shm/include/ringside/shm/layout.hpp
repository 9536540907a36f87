// Owns where everything lies in a segment: the header, its version, and where each area begins.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "ringside/shm/counters.hpp"
#include "ringside/shm/last.hpp"
#include "ringside/shm/ring.hpp"
#include "ringside/shm/symbols.hpp"

namespace ringside::shm {

inline constexpr std::uint64_t segment_magic = 0x3145444953474E52ULL;  // "RNGSIDE1"
/// Grows with every changed byte; docs/layout.md and the changelog say what changed.
inline constexpr std::uint32_t layout_version = 2;

/// What a feed is doing, as browsers and strategies see it.
enum class FeedState : std::uint32_t {
  starting = 0,
  connecting = 1,
  live = 2,
  delayed = 3,
  reconnecting = 4,
  offline = 5,  // will not come back by itself: bad key
  closed = 6,   // market closed
  ended = 7,    // the writer left cleanly
};

[[nodiscard]] constexpr std::string_view to_string(FeedState state) noexcept {
  switch (state) {
    case FeedState::starting:
      return "starting";
    case FeedState::connecting:
      return "connecting";
    case FeedState::live:
      return "live";
    case FeedState::delayed:
      return "delayed";
    case FeedState::reconnecting:
      return "reconnecting";
    case FeedState::offline:
      return "offline";
    case FeedState::closed:
      return "closed";
    case FeedState::ended:
      return "ended";
  }
  return "unknown";
}

/// The part of the header that never changes once `ready` is written.
struct SegmentFacts {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t header_bytes;
  std::uint64_t offsets_hash;  // layout_hash() of the writer's build
  std::uint64_t segment_bytes;
  char feed[16];
  std::uint32_t tick_bytes;
  std::uint32_t bar_bytes;
  std::int32_t price_exponent;
  std::int32_t size_exponent;
  std::uint32_t venue_base;  // add to a record's venue byte for the vendor's id
  std::uint32_t symbol_capacity;
  std::uint32_t index_slots;  // power of two, more than symbol_capacity
  std::uint32_t tick_tape_slots;
  std::uint32_t bar_tape_slots;
  std::uint32_t page_bytes;
  std::uint64_t epoch;     // ns UTC at which this writer began; larger than any earlier one's
  std::uint64_t ts_start;  // ns UTC
  std::uint32_t writer_pid;
  std::uint32_t reserved_;
  std::uint64_t symbols_offset;     // SymbolEntry[symbol_capacity]
  std::uint64_t index_offset;       // u32[index_slots]
  std::uint64_t last_offset;        // LastValues[symbol_capacity]
  std::uint64_t counters_offset;    // CounterEntry[counter_count_max]
  std::uint64_t histograms_offset;  // HistogramEntry[histogram_count_max]
  std::uint64_t errors_offset;      // Slot<ErrorRecord>[error_rows]
  std::uint64_t readers_offset;     // Slot<ReaderRecord>[reader_rows]
  std::uint64_t tick_tape_offset;   // Slot<TickRecord>[tick_tape_slots]
  std::uint64_t bar_tape_offset;    // Slot<BarRecord>[bar_tape_slots]
  std::uint64_t arena_offset;       // the symbols' rings
  std::uint64_t arena_bytes;
};
static_assert(sizeof(SegmentFacts) == 200);
static_assert(offsetof(SegmentFacts, magic) == 0);
static_assert(offsetof(SegmentFacts, layout_version) == 8);
static_assert(offsetof(SegmentFacts, header_bytes) == 12);
static_assert(offsetof(SegmentFacts, offsets_hash) == 16);
static_assert(offsetof(SegmentFacts, segment_bytes) == 24);
static_assert(offsetof(SegmentFacts, feed) == 32);
static_assert(offsetof(SegmentFacts, tick_bytes) == 48);
static_assert(offsetof(SegmentFacts, bar_bytes) == 52);
static_assert(offsetof(SegmentFacts, price_exponent) == 56);
static_assert(offsetof(SegmentFacts, size_exponent) == 60);
static_assert(offsetof(SegmentFacts, venue_base) == 64);
static_assert(offsetof(SegmentFacts, symbol_capacity) == 68);
static_assert(offsetof(SegmentFacts, index_slots) == 72);
static_assert(offsetof(SegmentFacts, tick_tape_slots) == 76);
static_assert(offsetof(SegmentFacts, bar_tape_slots) == 80);
static_assert(offsetof(SegmentFacts, page_bytes) == 84);
static_assert(offsetof(SegmentFacts, epoch) == 88);
static_assert(offsetof(SegmentFacts, ts_start) == 96);
static_assert(offsetof(SegmentFacts, writer_pid) == 104);
static_assert(offsetof(SegmentFacts, reserved_) == 108);
static_assert(offsetof(SegmentFacts, symbols_offset) == 112);
static_assert(offsetof(SegmentFacts, index_offset) == 120);
static_assert(offsetof(SegmentFacts, last_offset) == 128);
static_assert(offsetof(SegmentFacts, counters_offset) == 136);
static_assert(offsetof(SegmentFacts, histograms_offset) == 144);
static_assert(offsetof(SegmentFacts, errors_offset) == 152);
static_assert(offsetof(SegmentFacts, readers_offset) == 160);
static_assert(offsetof(SegmentFacts, tick_tape_offset) == 168);
static_assert(offsetof(SegmentFacts, bar_tape_offset) == 176);
static_assert(offsetof(SegmentFacts, arena_offset) == 184);
static_assert(offsetof(SegmentFacts, arena_bytes) == 192);
static_assert(std::is_trivially_copyable_v<SegmentFacts>);

/// The start of a segment. Each word behind the facts has one writer, named beside it.
struct alignas(cache_line_bytes) SegmentHeader {
  SegmentFacts facts;
  alignas(
      cache_line_bytes) std::atomic<std::uint64_t> heartbeat_ns;  // feed thread; monotonic clock
  std::atomic<std::uint32_t> state;                               // feed thread; FeedState
  std::atomic<std::uint32_t> symbol_count;                        // feed thread
  std::atomic<std::uint32_t> wake_word;      // feed thread; futex, changes when sleepers are woken
  std::atomic<std::uint32_t> counter_count;  // the thread that builds the segment
  std::atomic<std::uint32_t> histogram_count;                  // the same
  std::atomic<std::uint64_t> arena_used;                       // feed thread
  alignas(cache_line_bytes) std::atomic<std::uint64_t> ready;  // segment_magic: written last
};
static_assert(offsetof(SegmentHeader, facts) == 0);
static_assert(offsetof(SegmentHeader, heartbeat_ns) == 256);
static_assert(offsetof(SegmentHeader, state) == 264);
static_assert(offsetof(SegmentHeader, symbol_count) == 268);
static_assert(offsetof(SegmentHeader, wake_word) == 272);
static_assert(offsetof(SegmentHeader, counter_count) == 276);
static_assert(offsetof(SegmentHeader, histogram_count) == 280);
static_assert(offsetof(SegmentHeader, arena_used) == 288);
static_assert(offsetof(SegmentHeader, ready) == 320);
static_assert(sizeof(SegmentHeader) == 384);

/// A hash over the size and every field offset of every shared type of this build.
[[nodiscard]] std::uint64_t layout_hash() noexcept;

/// How a segment is cut up.
struct SegmentShape {
  std::string_view feed = "stocks";  // up to 15 characters
  std::uint32_t symbol_capacity = 4096;
  std::uint32_t tick_tape_slots = 1U << 18;
  std::uint32_t bar_tape_slots = 1U << 14;
  std::uint64_t arena_bytes = 64ULL << 20;
  /// Memory and directory entries made ready before anybody asks for them (Populator).
  std::uint64_t ready_bytes_ahead = 32ULL << 20;
  bool wants_huge_pages = true;
  int size_exponent = size_exponent_equities;
  std::uint32_t venue_base = 0;
};

/// The facts of a segment of that shape: every offset and the total, page aligned.
[[nodiscard]] SegmentFacts plan_segment(const SegmentShape& shape) noexcept;

}  // namespace ringside::shm
