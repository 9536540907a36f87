// Owns the ring: one writer, any number of readers, oldest overwritten. The writer never waits and
// never reads what a reader wrote; a reader follows the slots' own stamps, so a record costs it one
// cache-line transfer. Ticks and bars use the same code, per-symbol rings and tapes too. A ring is
// its slots and nothing else: how many records were published stands in the stamps.
//
// Invariant: record s lies in slot s mod slot_count while published - slot_count <= s < published.
// For every reader, at any instant: received + lost + pending == published - start.
#pragma once

#include <algorithm>
#include <span>

#include "ringside/base/assert.hpp"
#include "ringside/shm/record.hpp"
#include "ringside/shm/slot.hpp"

namespace ringside::shm {

inline constexpr std::uint32_t ring_slots_min = 16;
inline constexpr std::uint32_t ring_slots_max = 1U << 26;

[[nodiscard]] constexpr bool is_ring_size(std::uint64_t slots) noexcept {
  return std::has_single_bit(slots) && slots >= ring_slots_min && slots <= ring_slots_max;
}

template <SlotRecord Record>
[[nodiscard]] constexpr std::uint64_t ring_bytes(std::uint32_t slot_count) noexcept {
  return std::uint64_t{slot_count} * sizeof(Record);
}

/// Where one ring lies, checked once against the mapped size (SegmentView does that).
template <SlotRecord Record>
struct RingView {
  const Slot<Record>* slots = nullptr;
  std::uint32_t slot_count = 0;  // private copy: memory is not trusted again

  [[nodiscard]] bool is_open() const noexcept { return slots != nullptr; }

  /// Records published so far, as it was at some instant of the call.
  /// `from`: a number that is known to have been reached already, else 0.
  /// Cost  one slot if nothing came after `from`, else about log2(slot_count) slots.
  [[nodiscard]] std::uint64_t published(std::uint64_t from = 0) const noexcept;
};

// Each slot's stamp tells which record it holds. Behind a place that is written, the first slot
// that is not yet of this lap is where the writer stands:
//
//      slot    0   1   2   3   4   5   6   7        lap 5, eight slots
//      record 40  41  42  35  36  37  38  39        published = 43
//                      ^ last "yes" | first "no"
//
// "Yes" stays true for ever and "no" was true when it was read, so the answer held in between.
template <SlotRecord Record>
std::uint64_t RingView<Record>::published(std::uint64_t from) const noexcept {
  const std::uint64_t mask = slot_count - 1;
  const auto is_written = [&](std::uint64_t sequence) {
    // pairs with [publish] and [begin]: who counts a record also sees it.
    return slots[sequence & mask].words[0].load(std::memory_order_acquire) >= whole_stamp(sequence);
  };
  if (!is_written(from)) return from;
  // Slot 0 says which lap it is; everything of the lap before has been written.
  // acquire: as above; what follows is looked at later than this.
  const std::uint64_t stamp = slots[0].words[0].load(std::memory_order_acquire);
  const std::uint64_t lap = (stamp - stamp % 2) / 2;  // record number of slot 0, plus 1 if whole
  std::uint64_t low = std::max(from, lap == 0 ? 0 : (lap - 1) & ~mask);  // written
  if (low > from && !is_written(low)) return low;  // only in memory that somebody spoilt
  std::uint64_t high = low + slot_count;           // not written, or the writer moved on meanwhile
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (is_written(middle) ? low : high) = middle;
  }
  return low + 1;
}

/// The writer's end. One per ring, on the writer's thread; a copy would be a second writer.
template <SlotRecord Record>
class RingWriter {
 public:
  RingWriter() = default;
  RingWriter(RingWriter&&) noexcept = default;
  RingWriter& operator=(RingWriter&&) noexcept = default;
  RingWriter(const RingWriter&) = delete;
  RingWriter& operator=(const RingWriter&) = delete;

  /// Shapes  memory: ring_bytes<Record>(slot_count) zeroed bytes, 64-aligned, outliving the writer.
  RingWriter(void* memory, std::uint32_t slot_count) noexcept
      : slots_(static_cast<Slot<Record>*>(memory)), mask_(slot_count - 1) {
    RINGSIDE_ASSERT(is_ring_size(slot_count));
  }

  [[nodiscard]] bool is_open() const noexcept { return slots_ != nullptr; }

  /// Publishes one record; returns its sequence. Never waits, never fails.
  std::uint64_t publish(const Record& record) noexcept { return publish(to_words(record)); }
  std::uint64_t publish(const Words<Record>& words) noexcept {
    const std::uint64_t sequence = published_++;
    write_slot(slots_[sequence & mask_], sequence, words);
    return sequence;
  }

  /// Asks for the line `ahead` records from now, while something else is done.
  /// always_inline: a function that only prefetches has no effect in g++'s eyes, and it drops the
  /// call before it would inline it.
  [[gnu::always_inline]] void prefetch(std::uint64_t ahead = 0) const noexcept {
    __builtin_prefetch(&slots_[(published_ + ahead) & mask_], 1);
  }

  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }

 private:
  Slot<Record>* slots_ = nullptr;
  std::uint64_t published_ = 0;  // the writer never reads shared memory
  std::uint64_t mask_ = 0;
};

/// Where a reader begins.
enum class StartAt : std::uint8_t { oldest, newest };

/// What a reader can account for, at any instant: received + lost + pending == published - start.
struct Receipt {
  std::uint64_t start = 0;  // sequence of the first record asked for
  std::uint64_t received = 0;
  std::uint64_t lost = 0;       // overwritten before this reader came
  std::uint64_t pending = 0;    // published, not read yet
  std::uint64_t published = 0;  // by the writer, since the ring began

  [[nodiscard]] bool is_balanced() const noexcept {
    return received + lost + pending == published - start;
  }
  /// Sums over several rings.
  Receipt& operator+=(const Receipt& other) noexcept {
    start += other.start;
    received += other.received;
    lost += other.lost;
    pending += other.pending;
    published += other.published;
    return *this;
  }
};

/// One reader's place in one ring. Private to its thread; the writer does not know of it.
template <SlotRecord Record>
class RingReader {
 public:
  RingReader() = default;

  explicit RingReader(const RingView<Record>& view, StartAt start = StartAt::newest) noexcept
      : view_(view), mask_(view.slot_count - 1) {
    RINGSIDE_ASSERT(std::has_single_bit(view.slot_count));
    const std::uint64_t now = head();
    next_ = start == StartAt::newest ? now : oldest(now);
    start_ = next_;
  }

  /// Begins at `sequence`; what is already overwritten counts as lost.
  RingReader(const RingView<Record>& view, std::uint64_t sequence) noexcept
      : view_(view), mask_(view.slot_count - 1), next_(sequence), start_(sequence) {
    RINGSIDE_ASSERT(std::has_single_bit(view.slot_count));
  }

  [[nodiscard]] bool is_open() const noexcept { return view_.is_open(); }

  /// Copies the next record.
  /// Returns ok; empty: nothing new; lapped: the writer overtook this reader, `lost()` grew by
  /// exactly what is gone, and the next call continues with the oldest record still there.
  /// Cost  ok: one cache line of the record's size. empty: one load of a line that stays in this
  /// core's cache until the writer takes it.
  [[nodiscard]] ReadStatus poll(Record& out) noexcept {
    const ReadStatus status = read_slot(slot(), next_, out);
    if (status == ReadStatus::ok) [[likely]] {
      ++next_;
      ++received_;
    } else if (status == ReadStatus::lapped) {
      skip_lost();
    }
    return status;
  }

  /// Copies up to out.size() records; returns how many. Stops before a loss, which the next call
  /// reports by returning 0 with `lost()` grown.
  /// Bars: a call that finds nothing behind a burst stands back for stand_back_pauses (some 1.5
  /// us). A reader that waits right where the writer stands makes it lose both of a bar's lines
  /// again and again while it fills them: 13 to 75 M bars/s, against 30 to 165 from a little
  /// behind.
  [[nodiscard]] std::size_t poll_batch(std::span<Record> out) noexcept {
    std::size_t count = 0;
    ReadStatus status = ReadStatus::ok;
    while (count < out.size()) {
      status = read_slot(slot(), next_, out[count]);
      if (status != ReadStatus::ok) break;
      ++count;
      ++next_;
    }
    received_ += count;
    if (status == ReadStatus::lapped && count == 0) skip_lost();
    if constexpr (sizeof(Record) > cache_line_bytes) {
      if (status == ReadStatus::empty && count == 0) stand_back();
    }
    return count;
  }
  static constexpr int stand_back_pauses = 64;
  static constexpr std::uint64_t burst_min = 16;  // records without a wait between them

  /// The next record in place, without copying it and without moving on: load the fields you need,
  /// then call take(). Returns as poll().
  [[nodiscard]] ReadStatus visit(Visit<Record>& out) noexcept {
    const std::uint64_t whole = whole_stamp(next_);
    const std::uint64_t stamp = slot().words[0].load(std::memory_order_acquire);  // [publish]
    if (stamp == whole) [[likely]] {
      out = Visit<Record>(&slot(), next_);
      return ReadStatus::ok;
    }
    if (stamp < whole) return ReadStatus::empty;
    skip_lost();
    return ReadStatus::lapped;
  }

  /// Ends a visit: true, and the record counts as received, if all that was loaded is of it; false
  /// if the writer came in between: then `lost()` grew, and what was loaded must be forgotten.
  [[nodiscard]] bool take(const Visit<Record>& visited) noexcept {
    RINGSIDE_DASSERT(visited.sequence() == next_);
    if (!visited.still_valid()) {
      skip_lost();
      return false;
    }
    ++next_;
    ++received_;
    return true;
  }

  /// Is there anything to poll (a record or a loss)? Cost: as an empty poll.
  [[nodiscard]] bool has_news() const noexcept {
    // relaxed: the poll that follows acquires.
    return slot().words[0].load(std::memory_order_relaxed) >= whole_stamp(next_);
  }

  /// What has_news() looks at, for who watches many rings: news is a stamp of at least
  /// whole_stamp(next_sequence()). Good until the next poll, as long as the mapping.
  [[nodiscard]] const std::atomic<std::uint64_t>& next_stamp() const noexcept {
    return slot().words[0];
  }

  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

  /// Records published so far. Cost: RingView::published.
  [[nodiscard]] std::uint64_t head() const noexcept { return view_.published(next_); }
  [[nodiscard]] std::uint64_t pending() const noexcept { return head() - next_; }

  [[nodiscard]] Receipt receipt() const noexcept {
    const std::uint64_t now = head();
    return {start_, received_, lost_, now - next_, now};
  }

  /// The writer is gone (its socket closed): what it left is read to its end, and a record that it
  /// died inside is counted as lost, once. Call it when poll() says empty; returns whether there
  /// was such a record.
  [[nodiscard]] bool settle_torn() noexcept {
    // relaxed: a writer that is gone stores nothing more.
    if (slot().words[0].load(std::memory_order_relaxed) != whole_stamp(next_) - 1) return false;
    ++next_;
    ++lost_;
    ++torn_;
    return true;
  }
  /// Records that a dead writer left unfinished; part of lost().
  [[nodiscard]] std::uint64_t torn() const noexcept { return torn_; }

 private:
  [[nodiscard]] const Slot<Record>& slot() const noexcept { return view_.slots[next_ & mask_]; }

  [[nodiscard]] std::uint64_t oldest(std::uint64_t head_now) const noexcept {
    const std::uint64_t slot_count = mask_ + 1;
    if (head_now <= slot_count) return 0;
    // A little inside: the very oldest slot is the next one to be overwritten.
    return head_now - slot_count + slot_count / 8;
  }

  void stand_back() noexcept {
    if (received_ - received_at_wait_ >= burst_min) {
      for (int i = 0; i < stand_back_pauses; ++i) _mm_pause();
    }
    received_at_wait_ = received_;
  }

  void skip_lost() noexcept {
    const std::uint64_t resume = std::max(oldest(head()), next_ + 1);
    lost_ += resume - next_;
    next_ = resume;
  }

  RingView<Record> view_;
  std::uint64_t mask_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t torn_ = 0;
  std::uint64_t received_at_wait_ = 0;  // when poll_batch last found nothing
};

using TickRingWriter = RingWriter<TickRecord>;
using BarRingWriter = RingWriter<BarRecord>;
using TickRingReader = RingReader<TickRecord>;
using BarRingReader = RingReader<BarRecord>;

}  // namespace ringside::shm
