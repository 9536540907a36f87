// Owns one slot's protocol: a record that one writer overwrites and any number of readers copy,
// without a lock and without the writer ever noticing them. Used by rings, last values and every
// small table. No allocation, no system call.
//
// Invariant: stamp == 2 * sequence + 2 exactly while the words are those of `sequence`; an odd
// stamp means that they are being replaced.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

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

/// Writes `record` as number `sequence`. One writer a slot.
template <SlotRecord Record>
void write_slot(Slot<Record>& slot, std::uint64_t sequence, const Record& record) noexcept {
  std::array<std::uint64_t, Slot<Record>::word_count> in;
  std::memcpy(in.data(), &record, sizeof(Record));
  slot.words[0].store(2 * sequence + 1, std::memory_order_relaxed);  // relaxed: ordered by [word].
  for (std::size_t i = 1; i < in.size(); ++i) {
    slot.words[i].store(in[i], std::memory_order_release);  // [word] carries the odd stamp along.
  }
  // [publish] the words are whole; pairs with the acquire of read_slot and peek_slot.
  slot.words[0].store(whole_stamp(sequence), std::memory_order_release);
}

/// Copies the record of `sequence` if the slot holds it.
template <SlotRecord Record>
[[nodiscard]] ReadStatus read_slot(const Slot<Record>& slot, std::uint64_t sequence,
                                   Record& out) noexcept {
  const std::uint64_t whole = whole_stamp(sequence);
  const std::uint64_t before = slot.words[0].load(std::memory_order_acquire);  // [publish]
  if (before != whole) return before < whole ? ReadStatus::empty : ReadStatus::lapped;
  std::array<std::uint64_t, Slot<Record>::word_count> copy;
  copy[0] = before;
  for (std::size_t i = 1; i < copy.size(); ++i) {
    copy[i] = slot.words[i].load(std::memory_order_acquire);  // pairs with [word] of a later lap.
  }
  // relaxed: the acquires above keep this load after the copy.
  const std::uint64_t after = slot.words[0].load(std::memory_order_relaxed);
  if (after != whole) return ReadStatus::lapped;
  std::memcpy(&out, copy.data(), sizeof(Record));
  return ReadStatus::ok;
}

/// Tries this often before a value that keeps changing is reported as `lapped`.
inline constexpr int cell_tries_max = 64;

/// Copies whatever the slot holds now (a last value, a table row).
/// Returns `empty` when nothing was ever written or the writer died inside the slot.
template <SlotRecord Record>
[[nodiscard]] ReadStatus read_cell(const Slot<Record>& slot, Record& out) noexcept {
  for (int tries = 0; tries < cell_tries_max; ++tries) {
    const std::uint64_t stamp = slot.words[0].load(std::memory_order_acquire);  // [publish]
    if (stamp == 0) return ReadStatus::empty;
    if (stamp % 2 != 0) continue;
    const ReadStatus status = read_slot(slot, stamp / 2 - 1, out);
    if (status == ReadStatus::ok) return status;
  }
  return ReadStatus::empty;
}

/// Replaces the value of a cell; the sequence counts its writes.
template <SlotRecord Record>
void write_cell(Slot<Record>& slot, const Record& record) noexcept {
  // relaxed: only this writer stores the stamp.
  const std::uint64_t stamp = slot.words[0].load(std::memory_order_relaxed);
  write_slot(slot, (stamp + 1) / 2, record);
}

}  // namespace ringside::shm
