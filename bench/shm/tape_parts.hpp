// Owns the three tapes that tape_bench compares, over the same rings and last values: whole
// records, references into the rings, both. Benchmarks only; the writer's end belongs to one
// process, each reader to another.
//
// A reference is a slot of the same protocol, two words:
//
//     stamp | instrument, 24 bits | kind, 8 bits | ring sequence, low 32 bits
//
// Who follows it finds the slot in the symbol's ring and takes the other half of the sequence from
// that slot's own stamp: if the halves do not meet, the ring was lapped although the tape was not.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "../../shm/src/populator.hpp"
#include "peer.hpp"
#include "ringside/shm/last.hpp"
#include "ringside/shm/tape.hpp"

namespace ringside::bench {

struct RefRecord {
  std::uint64_t stamp;
  std::uint64_t reference;
};
static_assert(sizeof(RefRecord) == 16 && shm::SlotRecord<RefRecord>);

[[nodiscard]] constexpr std::uint64_t pack_reference(std::uint32_t id, shm::Kind kind,
                                                     std::uint64_t sequence) noexcept {
  return std::uint64_t{id} << 40 | std::uint64_t{static_cast<std::uint8_t>(kind)} << 32 |
         (sequence & 0xFFFF'FFFFU);
}

enum class TapeKind : std::uint8_t { whole, references, references_ahead, both };
[[nodiscard]] constexpr const char* to_string(TapeKind kind) noexcept {
  constexpr const char* names[] = {"whole records", "references", "references, 16 ahead", "both"};
  return names[static_cast<int>(kind)];
}
[[nodiscard]] constexpr bool has_whole(TapeKind kind) noexcept {
  return kind == TapeKind::whole || kind == TapeKind::both;
}
[[nodiscard]] constexpr bool has_references(TapeKind kind) noexcept {
  return kind != TapeKind::whole;
}
/// Ring, last value and what the tape takes.
[[nodiscard]] constexpr std::uint64_t bytes_written(TapeKind kind) noexcept {
  return 2 * sizeof(shm::TickRecord) + (has_whole(kind) ? sizeof(shm::TickRecord) : 0) +
         (has_references(kind) ? sizeof(RefRecord) : 0);
}

/// Memory for all of it, in huge pages where the kernel grants them, as a segment has it.
class TapeMemory {
 public:
  TapeMemory(std::uint32_t symbols, std::uint32_t ring_slots, std::uint32_t tape_slots)
      : symbols_(symbols), ring_slots_(ring_slots), tape_slots_(tape_slots) {
    last_ = align(symbols * shm::ring_bytes<shm::TickRecord>(ring_slots));
    whole_ = last_ + align(symbols * sizeof(shm::LastValues));
    references_ = whole_ + align(shm::ring_bytes<shm::TickRecord>(tape_slots));
    bytes_ = references_ + align(shm::ring_bytes<RefRecord>(tape_slots));
    mapped_bytes_ = bytes_ + shm::huge_page_bytes;
    mapped_ =
        ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    RINGSIDE_ASSERT(mapped_ != MAP_FAILED);
    const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    memory_ = static_cast<char*>(mapped_) + (align(address) - address);
    shm::Populator populator(memory_, true);
    populator.set(shm::Populator::fixed, 0, bytes_);
    RINGSIDE_ASSERT(populator.reach(shm::Populator::fixed, bytes_).ok());
  }
  TapeMemory(const TapeMemory&) = delete;
  TapeMemory& operator=(const TapeMemory&) = delete;
  ~TapeMemory() { ::munmap(mapped_, mapped_bytes_); }

  [[nodiscard]] std::uint32_t symbols() const noexcept { return symbols_; }
  [[nodiscard]] std::uint32_t ring_slots() const noexcept { return ring_slots_; }
  [[nodiscard]] std::uint32_t tape_slots() const noexcept { return tape_slots_; }
  [[nodiscard]] char* ring(std::uint32_t id) const noexcept {
    return memory_ + id * shm::ring_bytes<shm::TickRecord>(ring_slots_);
  }
  [[nodiscard]] shm::LastValues* last() const noexcept {
    return reinterpret_cast<shm::LastValues*>(memory_ + last_);
  }
  [[nodiscard]] char* whole() const noexcept { return memory_ + whole_; }
  [[nodiscard]] char* references() const noexcept { return memory_ + references_; }

 private:
  [[nodiscard]] static constexpr std::uint64_t align(std::uint64_t bytes) noexcept {
    return (bytes + shm::huge_page_bytes - 1) & ~std::uint64_t{shm::huge_page_bytes - 1};
  }
  std::uint32_t symbols_, ring_slots_, tape_slots_;
  std::uint64_t last_ = 0, whole_ = 0, references_ = 0, bytes_ = 0, mapped_bytes_ = 0;
  void* mapped_ = nullptr;
  char* memory_ = nullptr;
};

class TapeWriters {
 public:
  explicit TapeWriters(const TapeMemory& memory)
      : rings_(memory.symbols()),
        last_(memory.last()),
        whole_(memory.whole(), memory.tape_slots()),
        references_(memory.references(), memory.tape_slots()) {
    for (std::uint32_t id = 0; id < memory.symbols(); ++id) {
      rings_[id] = shm::TickRingWriter(memory.ring(id), memory.ring_slots());
    }
  }

  /// A trade of `id` with the number `at` in it.
  template <TapeKind kind>
  void publish(std::uint32_t id, std::uint64_t at) noexcept {
    shm::Words<shm::TickRecord> words;
    words[1] = at;
    words[2] = ~at;
    words[3] = id | std::uint64_t{static_cast<std::uint8_t>(shm::Kind::trade)} << 32;
    for (std::size_t i = 4; i < words.size(); ++i) words[i] = at * i;
    const std::uint64_t sequence = rings_[id].publish(words);
    shm::write_last(last_[id], shm::Kind::trade, sequence, words);
    if constexpr (has_references(kind)) {
      shm::Words<RefRecord> reference;
      reference[1] = pack_reference(id, shm::Kind::trade, sequence);
      references_.publish(reference);
    }
    if constexpr (has_whole(kind)) whole_.publish(words);
  }

 private:
  std::vector<shm::TickRingWriter> rings_;
  shm::LastValues* last_;
  shm::TickTapeWriter whole_;
  shm::RingWriter<RefRecord> references_;
};

/// Follows whole records.
class WholeReader {
 public:
  explicit WholeReader(const TapeMemory& memory)
      : tape_({reinterpret_cast<const shm::Slot<shm::TickRecord>*>(memory.whole()),
               memory.tape_slots()},
              shm::StartAt::newest) {}
  shm::ReadStatus poll(shm::TickRecord& out) noexcept { return tape_.poll(out); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return tape_.lost(); }

 private:
  shm::TapeReader tape_;
};

/// Follows references, `ahead` of them read in advance so that the slots are on their way.
template <std::uint64_t ahead>
class ReferenceReader {
 public:
  explicit ReferenceReader(const TapeMemory& memory)
      : tape_({reinterpret_cast<const shm::Slot<RefRecord>*>(memory.references()),
               memory.tape_slots()},
              shm::StartAt::newest) {
    for (std::uint32_t id = 0; id < memory.symbols(); ++id) {
      rings_.push_back({reinterpret_cast<const shm::Slot<shm::TickRecord>*>(memory.ring(id)),
                        memory.ring_slots()});
    }
  }

  /// `lapped`: one record, which is gone from its ring.
  shm::ReadStatus poll(shm::TickRecord& out) noexcept {
    RefRecord record;
    while (end_ - begin_ <= ahead && tape_.poll(record) == shm::ReadStatus::ok) {
      if constexpr (ahead != 0) __builtin_prefetch(&slot_of(record.reference));
      queue_[end_++ % queue_.size()] = record.reference;
    }
    if (begin_ == end_) return shm::ReadStatus::empty;
    const std::uint64_t reference = queue_[begin_++ % queue_.size()];
    const shm::Slot<shm::TickRecord>& slot = slot_of(reference);
    // acquire: pairs with [publish] of the ring; read_slot looks again.
    const std::uint64_t stamp = slot.words[0].load(std::memory_order_acquire);
    const std::uint64_t sequence = stamp / 2 - 1;
    const bool is_there = stamp % 2 == 0 && ((sequence ^ reference) & 0xFFFF'FFFFU) == 0;
    return is_there ? shm::read_slot(slot, sequence, out) : shm::ReadStatus::lapped;
  }
  [[nodiscard]] std::uint64_t lost() const noexcept { return tape_.lost(); }

 private:
  [[nodiscard]] const shm::Slot<shm::TickRecord>& slot_of(std::uint64_t reference) const noexcept {
    const shm::RingView<shm::TickRecord>& ring = rings_[reference >> 40];
    return ring.slots[reference & (ring.slot_count - 1)];
  }

  shm::RingReader<RefRecord> tape_;
  std::vector<shm::RingView<shm::TickRecord>> rings_;
  std::array<std::uint64_t, 64> queue_{};
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace ringside::bench
