// Owns the protocol of one slot: how one writer replaces a record that any number of readers copy,
// without a lock and without the writer ever noticing them. Used by rings, last values and every
// small table. No allocation, no system call.
//
// Invariant: stamp == 2 * sequence + 2 exactly while the words are those of `sequence`; an odd
// stamp means that they are being replaced.
//
// The loops over words are fold expressions on purpose. As a loop or a memcpy of the whole record,
// g++ assembles the copy in memory and reads it back wider than it was stored, which costs a
// store-forwarding stall for each record (docs/decisions/0009).
#pragma once

#include <emmintrin.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "ringside/shm/units.hpp"

namespace ringside::shm {

enum class ReadStatus : std::uint8_t {
  ok,      // the record is whole
  empty,   // not written yet (or being written): ask again later
  lapped,  // overwritten meanwhile: what was asked for is lost
};

/// A type that can lie in a slot: plain bytes, whole words, its first word named `stamp`.
template <class T>
concept SlotRecord = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> && sizeof(T) %
                             8 ==
                         0 &&
                     requires(T t) {
  { t.stamp } -> std::same_as<std::uint64_t&>;
};

[[nodiscard]] constexpr std::uint64_t whole_stamp(std::uint64_t sequence) noexcept {
  return 2 * sequence + 2;
}

template <SlotRecord Record>
struct alignas(alignof(Record)) Slot {
  static constexpr std::size_t word_count = sizeof(Record) / 8;
  std::atomic<std::uint64_t> words[word_count];  // words[0] is the stamp

  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  static_assert(sizeof(std::atomic<std::uint64_t>) == 8);
};

/// A record's words, taken apart once for several slots. words[0] is not used.
template <SlotRecord Record>
using Words = std::array<std::uint64_t, Slot<Record>::word_count>;

namespace detail {

/// Calls f(1), f(2), ... for each word behind the stamp, unrolled.
template <SlotRecord Record, class F>
inline void each_word(F&& f) noexcept {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (f(I + 1), ...);
  }
  (std::make_index_sequence<Slot<Record>::word_count - 1>{});
}

template <SlotRecord Record>
[[nodiscard]] inline std::uint64_t get_word(const Record& record, std::size_t index) noexcept {
  std::uint64_t word;
  std::memcpy(&word, reinterpret_cast<const char*>(&record) + 8 * index, sizeof(word));
  return word;
}

template <SlotRecord Record>
inline void put_word(Record& record, std::size_t index, std::uint64_t word) noexcept {
  std::memcpy(reinterpret_cast<char*>(&record) + 8 * index, &word, sizeof(word));
}

inline void store_pair(std::atomic<std::uint64_t>& at, std::uint64_t low,
                       std::uint64_t high) noexcept {
  _mm_store_si128(reinterpret_cast<__m128i*>(&at),
                  _mm_set_epi64x(static_cast<std::int64_t>(high), static_cast<std::int64_t>(low)));
}

}  // namespace detail

/// The thread sanitizer sees the C++ memory model only: it gets the word path.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool writes_pairs = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool writes_pairs = false;
#else
inline constexpr bool writes_pairs = true;
#endif
#else
inline constexpr bool writes_pairs = true;
#endif

/// Can its words be stored in pairs? All of ours; a record of 8-byte alignment cannot.
template <SlotRecord Record>
inline constexpr bool has_pairs = sizeof(Record) % 16 == 0 && alignof(Slot<Record>) % 16 == 0;

/// Takes a record apart.
template <SlotRecord Record>
[[nodiscard]] inline Words<Record> to_words(const Record& record) noexcept {
  Words<Record> words;
  detail::each_word<Record>([&](std::size_t i) { words[i] = detail::get_word(record, i); });
  return words;
}

/// Writes the words of a record as number `sequence`, word by word: the protocol as the C++ memory
/// model sees it. One writer a slot.
template <SlotRecord Record>
inline void write_slot_by_words(Slot<Record>& slot, std::uint64_t sequence,
                                const Words<Record>& in) noexcept {
  // [begin] release: who counts records by this stamp (RingView::published) sees those before it.
  slot.words[0].store(2 * sequence + 1, std::memory_order_release);
  detail::each_word<Record>([&](std::size_t i) {
    slot.words[i].store(in[i], std::memory_order_release);  // [word] carries the odd stamp along.
  });
  // [publish] the words are whole; pairs with the acquire of read_slot and Visit.
  slot.words[0].store(whole_stamp(sequence), std::memory_order_release);
}

/// The same stores in the same order, two words at a time: a third fewer of them, which is what
/// bounds a publish. Not in the C++ memory model but in x86's (docs/decisions/0009): a processor's
/// stores are seen in program order, and no reader's word of 8 bytes is ever half of one store,
/// half of another. The two signal fences keep the compiler to that order and emit nothing.
template <SlotRecord Record>
inline void write_slot_by_pairs(Slot<Record>& slot, std::uint64_t sequence,
                                const Words<Record>& in) noexcept {
  static_assert(has_pairs<Record>);
  slot.words[0].store(2 * sequence + 1, std::memory_order_release);  // [begin], as above
  std::atomic_signal_fence(std::memory_order_seq_cst);
  slot.words[1].store(in[1], std::memory_order_relaxed);  // relaxed: between the fences
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (detail::store_pair(slot.words[2 + 2 * I], in[2 + 2 * I], in[3 + 2 * I]), ...);
  }
  (std::make_index_sequence<Slot<Record>::word_count / 2 - 1>{});
  std::atomic_signal_fence(std::memory_order_seq_cst);
  slot.words[0].store(whole_stamp(sequence), std::memory_order_release);  // [publish], as above
}

template <SlotRecord Record>
inline void write_slot(Slot<Record>& slot, std::uint64_t sequence,
                       const Words<Record>& in) noexcept {
  if constexpr (writes_pairs && has_pairs<Record>) {
    write_slot_by_pairs(slot, sequence, in);
  } else {
    write_slot_by_words(slot, sequence, in);
  }
}

template <SlotRecord Record>
inline void write_slot(Slot<Record>& slot, std::uint64_t sequence, const Record& record) noexcept {
  write_slot(slot, sequence, to_words(record));
}

/// Copies the record of `sequence` if the slot holds it; otherwise `out` is as it was.
template <SlotRecord Record>
[[nodiscard]] inline ReadStatus read_slot(const Slot<Record>& slot, std::uint64_t sequence,
                                          Record& out) noexcept {
  const std::uint64_t whole = whole_stamp(sequence);
  const std::uint64_t before = slot.words[0].load(std::memory_order_acquire);  // [publish]
  if (before != whole) return before < whole ? ReadStatus::empty : ReadStatus::lapped;
  Words<Record> copy;
  detail::each_word<Record>([&](std::size_t i) {
    copy[i] = slot.words[i].load(std::memory_order_acquire);  // pairs with [word] of a later lap.
  });
  // relaxed: the acquires above keep this load after the copy.
  const std::uint64_t after = slot.words[0].load(std::memory_order_relaxed);
  if (after != whole) return ReadStatus::lapped;
  detail::put_word(out, 0, whole);
  detail::each_word<Record>([&](std::size_t i) { detail::put_word(out, i, copy[i]); });
  return ReadStatus::ok;
}

/// A record read in place: fields are loaded one by one from the slot itself, and mean something
/// only if still_valid() says so afterwards. Good as long as the mapping.
template <SlotRecord Record>
class Visit {
 public:
  Visit() = default;
  /// `slot` was seen holding `sequence` (its stamp acquired).
  Visit(const Slot<Record>* slot, std::uint64_t sequence) noexcept
      : slot_(slot), sequence_(sequence) {}

  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

  /// Word `index` of the record, 1 .. word_count - 1.
  [[nodiscard]] std::uint64_t word(std::size_t index) const noexcept {
    return slot_->words[index].load(std::memory_order_acquire);  // pairs with [word] of a later lap
  }

  /// A field of the record: `visit.field(&TickRecord::ts_event)`.
  template <class T>
  [[nodiscard]] T field(T Record::*member) const noexcept {
    return load<T>(std::bit_cast<std::uint64_t>(member));
  }
  /// A field of a body: `visit.field(&TickRecord::trade, &TradeBody::price)`.
  template <class Body, class T>
  [[nodiscard]] T field(Body Record::*body, T Body::*member) const noexcept {
    return load<T>(std::bit_cast<std::uint64_t>(body) + std::bit_cast<std::uint64_t>(member));
  }

  /// Was everything loaded so far of the one record `sequence()`? Ask after the last field.
  [[nodiscard]] bool still_valid() const noexcept {
    // relaxed: the acquires of the fields keep this load behind them.
    return slot_->words[0].load(std::memory_order_relaxed) == whole_stamp(sequence_);
  }

 private:
  // A pointer to a member is its offset (Itanium ABI, the only one on Linux).
  template <class T>
  [[nodiscard]] T load(std::uint64_t offset) const noexcept {
    static_assert(
        std::is_trivially_copyable_v<T> && sizeof(T) <= 8 && std::has_single_bit(sizeof(T)),
        "fields of 1, 2, 4 or 8 bytes; arrays by word()");
    const std::uint64_t shifted = word(offset / 8) >> (8 * (offset % 8));
    T value;
    std::memcpy(&value, &shifted, sizeof(T));  // little-endian: the low bytes come first
    return value;
  }

  const Slot<Record>* slot_ = nullptr;
  std::uint64_t sequence_ = 0;
};

/// Tries this often before a value that keeps changing is reported as `lapped`.
inline constexpr int cell_tries_max = 64;

/// Copies whatever the slot holds now (a last value, a table row).
/// Returns `empty` when nothing was ever written or the writer stands (or died) inside the slot;
/// `lapped` when it changed during every one of cell_tries_max tries.
template <SlotRecord Record>
[[nodiscard]] ReadStatus read_cell(const Slot<Record>& slot, Record& out) noexcept {
  std::uint64_t seen = 0;
  bool is_moving = false;
  for (int tries = 0; tries < cell_tries_max; ++tries) {
    const std::uint64_t stamp = slot.words[0].load(std::memory_order_acquire);  // [publish]
    if (stamp == 0) return ReadStatus::empty;
    is_moving = is_moving || (tries != 0 && stamp != seen);
    seen = stamp;
    if (stamp % 2 != 0) continue;
    if (read_slot(slot, stamp / 2 - 1, out) == ReadStatus::ok) return ReadStatus::ok;
  }
  return is_moving ? ReadStatus::lapped : ReadStatus::empty;
}

/// Replaces the value of a cell; the sequence counts its writes.
template <SlotRecord Record>
void write_cell(Slot<Record>& slot, const Record& record) noexcept {
  // relaxed: only this writer stores the stamp.
  const std::uint64_t stamp = slot.words[0].load(std::memory_order_relaxed);
  write_slot(slot, (stamp + 1) / 2, record);
}

}  // namespace ringside::shm
