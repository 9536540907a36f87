// Owns a segment: the writer creates and seals it, readers map what they were handed. Creating and
// mapping allocate and call the kernel; publishing does neither.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/base/unique_fd.hpp"
#include "ringside/shm/doorbell.hpp"
#include "ringside/shm/layout.hpp"
#include "ringside/shm/tape.hpp"

namespace ringside::shm {

class Populator;

/// Mapped memory; Boost.Interprocess does the mapping.
class Mapping {
 public:
  Mapping() noexcept;
  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;
  ~Mapping();

  [[nodiscard]] static Result<Mapping> map(int fd, std::uint64_t bytes, bool is_writable);
  [[nodiscard]] char* data() const noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What adding a symbol came to.
struct SymbolResult {
  std::uint32_t instrument_id = instrument_none;
  RefuseReason refused = RefuseReason::none;
  [[nodiscard]] bool ok() const noexcept { return refused == RefuseReason::none; }
};

/// The one writer of a segment. Built on any thread; then every path function below belongs to the
/// feed's thread alone, and `readers` and the descriptors to the control thread.
class SegmentWriter {
 public:
  /// Creates, maps and seals the memory, which must be free as a whole; takes the fixed part and a
  /// first part of what grows with the symbols, and the rest as they come (make_ready).
  /// Errors  memory: names the bytes needed and available; config: a slot count is no power of two.
  [[nodiscard]] static Result<std::unique_ptr<SegmentWriter>> create(const SegmentShape& shape);

  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;
  ~SegmentWriter();

  // --- before mark_ready ---

  /// Asserts that there is room (counter_count_max) and that the name is new.
  [[nodiscard]] Counter add_counter(std::string_view name, std::string_view unit);
  [[nodiscard]] Histogram add_histogram(std::string_view name, std::string_view unit);
  /// Readers may attach from now on: writes the last word of the header.
  void mark_ready() noexcept;

  // --- the path: the feed's thread ---

  struct RingSlots {
    std::uint32_t ticks = 4096;  // power of two; 0: no tick ring
    std::uint32_t bars = 256;    // power of two; 0: no bar ring
  };

  /// Finds the symbol or appends it with rings of that size. No allocation, no system call; pages
  /// are there already unless symbols come faster than make_ready() (counted: rings_unpopulated).
  SymbolResult add_symbol(std::string_view text, RingSlots slots, std::uint64_t ts_now,
                          SymbolState state) noexcept;
  [[nodiscard]] std::optional<std::uint32_t> find_symbol(std::string_view text) const noexcept {
    return symbols_.find(text);
  }
  [[nodiscard]] std::string_view symbol_text(std::uint32_t instrument_id) const noexcept {
    return symbols_.text(instrument_id);
  }
  [[nodiscard]] std::uint32_t symbol_count() const noexcept { return symbols_.size(); }
  void set_symbol_state(std::uint32_t instrument_id, SymbolState state) noexcept {
    symbols_.set_state(instrument_id, state);
  }
  [[nodiscard]] SymbolState symbol_state(std::uint32_t instrument_id) const noexcept {
    return symbols_.state(instrument_id);
  }

  /// Publishes to the symbol's ring, its last values and the tape. instrument_id must be one that
  /// add_symbol returned, or instrument_none for a record of the whole feed (tape only).
  /// Returns the record's sequence on the tape.
  std::uint64_t publish(const TickRecord& record) noexcept {
    return publish(record, record.instrument_id, 0);
  }

  /// The same, with these in place of the record's own instrument, and these flags beside its own.
  /// For who has just found them out: put into the record, a few bytes stored right before the
  /// record is read again, they would hold the publish up until the store buffer has let go of
  /// them.
  std::uint64_t publish(const TickRecord& record, std::uint32_t instrument_id,
                        std::uint8_t flags) noexcept {
    static_assert(offsetof(TickRecord, instrument_id) == 24 && offsetof(TickRecord, flags) == 29);
    Words<TickRecord> words = to_words(record);
    words[3] = (words[3] & ~std::uint64_t{0xFFFFFFFF}) | instrument_id | std::uint64_t{flags} << 40;
    if (instrument_id != instrument_none) [[likely]] {
      RINGSIDE_DASSERT(instrument_id < symbols_.size());
      RINGSIDE_DASSERT(tick_rings_[instrument_id].is_open());
      TickRingWriter& ring = tick_rings_[instrument_id];
      const std::uint64_t sequence = ring.publish(words);
      // The line after this one was written a whole ring ago: asked for now, it is there when the
      // symbol trades again. Halves the cost over many symbols (docs/decisions/0009).
      ring.prefetch();
      write_last(last_[instrument_id], record.kind, sequence, words);
    }
    return tick_tape_.publish(words);
  }

  std::uint64_t publish(const BarRecord& record) noexcept {
    const Words<BarRecord> words = to_words(record);
    if (record.instrument_id != instrument_none) [[likely]] {
      RINGSIDE_DASSERT(record.instrument_id < symbols_.size());
      BarRingWriter& ring = bar_rings_[record.instrument_id];
      if (ring.is_open()) ring.publish(words);
      write_last(last_[record.instrument_id], record);
    }
    return bar_tape_.publish(words);
  }

  /// Asks for the lines that the next tick of this symbol will be written to. Worth it when other
  /// work lies between: the next event of the frame, say.
  [[gnu::always_inline]] void prefetch(std::uint32_t instrument_id) const noexcept {
    tick_rings_[instrument_id].prefetch();
    __builtin_prefetch(&last_[instrument_id].trade, 1);
    __builtin_prefetch(&last_[instrument_id].quote, 1);
  }

  /// Wakes sleepers, if there are any: one relaxed load when nobody sleeps. Once a batch.
  void ring_doorbell() noexcept { doorbell_.ring(header_->wake_word); }

  /// Says that the writer lives; at least every 50 ms. `now`: monotonic_ns().
  void beat(std::uint64_t now) noexcept {
    header_->heartbeat_ns.store(now, std::memory_order_relaxed);  // relaxed: stands alone
  }
  void set_state(FeedState state) noexcept {
    header_->state.store(static_cast<std::uint32_t>(state), std::memory_order_relaxed);  // as above
  }
  [[nodiscard]] FeedState state() const noexcept {
    return static_cast<FeedState>(header_->state.load(std::memory_order_relaxed));  // own word
  }

  /// Counts one error of kind `code` (< error_rows). `text` names the kind, `example` is cut to
  /// fit.
  void log_error(std::uint32_t code, std::string_view text, std::string_view example,
                 std::uint64_t ts_now) noexcept;

  [[nodiscard]] std::uint64_t ticks_published() const noexcept { return tick_tape_.published(); }
  [[nodiscard]] std::uint64_t bars_published() const noexcept { return bar_tape_.published(); }

  // --- the control thread ---

  /// Makes memory ready ahead of the symbols to come: at most one huge page's worth a call. Every
  /// few ms, while add_symbol may be called. Returns whether there may be more to do.
  bool make_ready() noexcept;

  void write_reader(std::uint32_t row, const ReaderRecord& record) noexcept;
  [[nodiscard]] int segment_fd() const noexcept { return fd_.get(); }
  [[nodiscard]] int doorbell_fd() const noexcept { return doorbell_.fd(); }
  [[nodiscard]] DoorbellWriter& doorbell() noexcept { return doorbell_; }
  [[nodiscard]] const SegmentFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return facts_.epoch; }

  /// A reader's view of this segment, in this process (tests, and control's look at the directory).
  [[nodiscard]] SymbolDirectory directory() const noexcept;

 private:
  SegmentWriter();
  template <class T>
  [[nodiscard]] T* at(std::uint64_t offset) const noexcept {
    return reinterpret_cast<T*>(mapping_.data() + offset);
  }

  SegmentFacts facts_{};
  UniqueFd fd_;
  Mapping mapping_;
  DoorbellWriter doorbell_;
  SegmentHeader* header_ = nullptr;
  LastValues* last_ = nullptr;
  SymbolDirectoryWriter symbols_;
  // Sized once for symbol_capacity; private to the writer. Two tables: a tick touches one only.
  std::vector<TickRingWriter> tick_rings_;
  std::vector<BarRingWriter> bar_rings_;
  TickTapeWriter tick_tape_;
  BarTapeWriter bar_tape_;
  std::uint64_t arena_used_ = 0;
  std::uint64_t ready_bytes_ahead_ = 0;
  std::unique_ptr<Populator> populator_;
  Counter ready_bytes_;        // control thread
  Counter huge_bytes_;         // control thread
  Counter rings_unpopulated_;  // feed thread
};

/// One counter as a reader sees it.
struct CounterValue {
  std::string_view name;  // good as long as the mapping
  std::string_view unit;
  std::uint64_t value = 0;
};

/// A segment as any reader sees it: read-only, checked once at attach. Movable; every view and
/// reader taken from it is good as long as it lives.
class SegmentView {
 public:
  /// Maps the descriptor read-only and checks every fact against the file's real size.
  /// Errors  version: another layout (names both); protocol: a fact is out of range; timeout: the
  ///         writer has not finished building it (`ready` not there yet).
  [[nodiscard]] static Result<SegmentView> map(int fd);

  [[nodiscard]] const SegmentFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] std::string_view feed() const noexcept { return get_text(facts_.feed); }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return facts_.epoch; }
  [[nodiscard]] FeedState state() const noexcept;
  /// Age of the writer's heartbeat in ns, by this machine's monotonic clock.
  [[nodiscard]] std::uint64_t heartbeat_age_ns() const noexcept;
  [[nodiscard]] std::uint64_t arena_used() const noexcept;

  [[nodiscard]] const SymbolDirectory& symbols() const noexcept { return symbols_; }
  [[nodiscard]] LastReader last(std::uint32_t instrument_id) const noexcept;
  [[nodiscard]] RingView<TickRecord> tick_tape() const noexcept { return tick_tape_; }
  [[nodiscard]] RingView<BarRecord> bar_tape() const noexcept { return bar_tape_; }

  /// A symbol's ring; a view that is not open if there is none or its place is out of range.
  [[nodiscard]] RingView<TickRecord> tick_ring(std::uint32_t instrument_id) const noexcept;
  [[nodiscard]] RingView<BarRecord> bar_ring(std::uint32_t instrument_id) const noexcept;

  /// Maps a ring's pages into this process now, so that no read of it takes a page fault later.
  /// Returns false where the kernel does not know how (before Linux 5.14).
  template <SlotRecord Record>
  bool prefault(const RingView<Record>& ring) const noexcept {
    return prefault(ring.slots, std::uint64_t{ring.slot_count} * sizeof(Record));
  }

  [[nodiscard]] std::vector<CounterValue> counters() const;
  [[nodiscard]] std::optional<std::uint64_t> counter(std::string_view name) const;
  struct NamedHistogram {
    std::string_view name;
    std::string_view unit;
    HistogramSnapshot snapshot;
  };
  [[nodiscard]] std::vector<NamedHistogram> histograms() const;
  [[nodiscard]] std::vector<ErrorRecord> errors() const;
  [[nodiscard]] std::vector<ReaderRecord> readers() const;  // connected ones

  /// The futex word that changes when sleepers are woken (doorbell.hpp).
  [[nodiscard]] const std::atomic<std::uint32_t>& wake_word() const noexcept {
    return header_->wake_word;
  }

 private:
  static bool prefault(const void* begin, std::uint64_t bytes) noexcept;
  template <class T>
  [[nodiscard]] const T* at(std::uint64_t offset) const noexcept {
    return reinterpret_cast<const T*>(mapping_.data() + offset);
  }
  template <SlotRecord Record>
  [[nodiscard]] RingView<Record> ring_at(std::uint64_t offset, std::uint32_t slots) const noexcept;

  SegmentFacts facts_{};
  Mapping mapping_;
  const SegmentHeader* header_ = nullptr;
  SymbolDirectory symbols_;
  RingView<TickRecord> tick_tape_;
  RingView<BarRecord> bar_tape_;
};

}  // namespace ringside::shm
