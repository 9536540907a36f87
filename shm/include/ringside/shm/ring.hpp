// Owns the ring: one writer, any number of readers, oldest overwritten. The writer never waits and
// never reads what a reader wrote; a reader follows the slots' own stamps, so a record costs it one
// cache-line transfer. Ticks and bars use the same code, per-symbol rings and tapes too.
//
// Invariant: head == number of records published; record s lies in slot s mod slot_count while
// head - slot_count <= s < head. For every reader: received + lost + pending == published - start.
#pragma once

#include <algorithm>
#include <span>

#include "ringside/base/assert.hpp"
#include "ringside/shm/record.hpp"
#include "ringside/shm/slot.hpp"

namespace ringside::shm {

inline constexpr std::uint32_t ring_slots_min = 16;
inline constexpr std::uint32_t ring_slots_max = 1U << 26;

/// What stands before the slots.
struct alignas(cache_line_bytes) RingHeader {
  std::atomic<std::uint64_t> head;  // records published; one writer
  std::uint32_t slot_count;         // power of two
  std::uint32_t record_bytes;
  std::uint64_t reserved_[6];
};
static_assert(sizeof(RingHeader) == 64);
static_assert(offsetof(RingHeader, head) == 0);
static_assert(offsetof(RingHeader, slot_count) == 8);
static_assert(offsetof(RingHeader, record_bytes) == 12);
static_assert(offsetof(RingHeader, reserved_) == 16);

template <SlotRecord Record>
[[nodiscard]] constexpr std::uint64_t ring_bytes(std::uint32_t slot_count) noexcept {
  return sizeof(RingHeader) + std::uint64_t{slot_count} * sizeof(Record);
}

/// Where one ring lies, checked once against the mapped size (Segment does that).
template <SlotRecord Record>
struct RingView {
  const RingHeader* header = nullptr;
  const Slot<Record>* slots = nullptr;
  std::uint32_t slot_count = 0;  // private copy: memory is not trusted again
};

/// The writer's end. One per ring, on the writer's thread.
template <SlotRecord Record>
class RingWriter {
 public:
  RingWriter() = default;

  /// Shapes  memory: ring_bytes<Record>(slot_count) zeroed bytes, 64-aligned, outliving the writer.
  RingWriter(void* memory, std::uint32_t slot_count) noexcept
      : header_(static_cast<RingHeader*>(memory)),
        slots_(reinterpret_cast<Slot<Record>*>(static_cast<char*>(memory) + sizeof(RingHeader))),
        mask_(slot_count - 1) {
    RINGSIDE_ASSERT(std::has_single_bit(slot_count) && slot_count >= ring_slots_min &&
                    slot_count <= ring_slots_max);
    header_->slot_count = slot_count;
    header_->record_bytes = sizeof(Record);
  }

  [[nodiscard]] bool is_open() const noexcept { return header_ != nullptr; }

  /// Publishes one record; returns its sequence. Never waits, never fails.
  std::uint64_t publish(const Record& record) noexcept {
    const std::uint64_t sequence = head_++;
    write_slot(slots_[sequence & mask_], sequence, record);
    // [head] release: who reads this head finds the slot published; pairs with RingReader::head.
    header_->head.store(head_, std::memory_order_release);
    return sequence;
  }

  [[nodiscard]] std::uint64_t published() const noexcept { return head_; }

 private:
  RingHeader* header_ = nullptr;
  Slot<Record>* slots_ = nullptr;
  std::uint64_t mask_ = 0;
  std::uint64_t head_ = 0;  // private twin of header_->head: the writer never reads shared memory
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
};

/// One reader's place in one ring. Private to its thread; the writer does not know of it.
template <SlotRecord Record>
class RingReader {
 public:
  RingReader() = default;

  explicit RingReader(const RingView<Record>& view, StartAt start = StartAt::newest) noexcept
      : header_(view.header), slots_(view.slots), mask_(view.slot_count - 1) {
    RINGSIDE_ASSERT(std::has_single_bit(view.slot_count));
    const std::uint64_t now = head();
    next_ = start == StartAt::newest ? now : oldest(now);
    start_ = next_;
  }

  /// Begins at `sequence`; what is already overwritten counts as lost.
  RingReader(const RingView<Record>& view, std::uint64_t sequence) noexcept
      : header_(view.header),
        slots_(view.slots),
        mask_(view.slot_count - 1),
        next_(sequence),
        start_(sequence) {
    RINGSIDE_ASSERT(std::has_single_bit(view.slot_count));
  }

  [[nodiscard]] bool is_open() const noexcept { return header_ != nullptr; }

  /// Copies the next record.
  /// Returns ok; empty: nothing new; lapped: the writer overtook this reader, `lost()` grew by
  /// exactly what is gone, and the next call continues with the oldest record still there.
  /// Cost  ok: one cache line of the record's size. empty: none that the writer does not own
  /// already.
  [[nodiscard]] ReadStatus poll(Record& out) noexcept {
    const ReadStatus status = read_slot(slots_[next_ & mask_], next_, out);
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
  [[nodiscard]] std::size_t poll_batch(std::span<Record> out) noexcept {
    std::size_t count = 0;
    while (count < out.size()) {
      const ReadStatus status = read_slot(slots_[next_ & mask_], next_, out[count]);
      if (status != ReadStatus::ok) {
        if (status == ReadStatus::lapped && count == 0) skip_lost();
        break;
      }
      ++count;
      ++next_;
    }
    received_ += count;
    return count;
  }

  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

  /// Records published so far.
  [[nodiscard]] std::uint64_t head() const noexcept {
    return header_->head.load(std::memory_order_acquire);  // pairs with [head].
  }

  [[nodiscard]] std::uint64_t pending() const noexcept {
    const std::uint64_t now = head();
    return now > next_ ? now - next_ : 0;  // a slot is visible a moment before the head counts it
  }

  [[nodiscard]] Receipt receipt() const noexcept {
    const std::uint64_t now = std::max(head(), next_);
    return {start_, received_, lost_, now - next_, now};
  }

 private:
  [[nodiscard]] std::uint64_t oldest(std::uint64_t head_now) const noexcept {
    const std::uint64_t slot_count = mask_ + 1;
    if (head_now <= slot_count) return 0;
    // A little inside: the very oldest slot is the next one to be overwritten.
    return head_now - slot_count + slot_count / 8;
  }

  void skip_lost() noexcept {
    const std::uint64_t resume = std::max(oldest(head()), next_ + 1);
    lost_ += resume - next_;
    next_ = resume;
  }

  const RingHeader* header_ = nullptr;
  const Slot<Record>* slots_ = nullptr;
  std::uint64_t mask_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t lost_ = 0;
};

using TickRingWriter = RingWriter<TickRecord>;
using BarRingWriter = RingWriter<BarRecord>;
using TickRingReader = RingReader<TickRecord>;
using BarRingReader = RingReader<BarRecord>;

}  // namespace ringside::shm
