// Owns the symbol directory: an append-only table of symbols and an open-addressing index over
// their text. One writer (the feed's thread); readers look up without a lock.
//
// Invariant: an entry below `count` never changes, but for its state; an index cell is 0 or 11 bits
// of the text's hash above the entry's number plus one, and never changes once set.
#pragma once

#include <atomic>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "ringside/shm/units.hpp"

namespace ringside::shm {

/// Where a symbol stands with the vendor.
enum class SymbolState : std::uint32_t {
  none = 0,
  pending = 1,  // asked for, not acknowledged yet
  live = 2,     // acknowledged, or data came
  idle = 3,     // nobody wants it any more; its ring keeps what it holds
  refused = 4,
};

[[nodiscard]] constexpr std::string_view to_string(SymbolState state) noexcept {
  switch (state) {
    case SymbolState::none:
      return "none";
    case SymbolState::pending:
      return "pending";
    case SymbolState::live:
      return "live";
    case SymbolState::idle:
      return "idle";
    case SymbolState::refused:
      return "refused";
  }
  return "unknown";
}

/// Why a symbol was refused.
enum class RefuseReason : std::uint32_t {
  none = 0,
  symbols_full = 1,    // symbol_count_max reached
  memory_full = 2,     // no room for another ring
  bad_symbol = 3,      // empty, too long, or not printable
  not_authorized = 4,  // the vendor's plan does not cover it
  feed_gone = 5,       // the feed handler is not running
};

[[nodiscard]] constexpr std::string_view to_string(RefuseReason reason) noexcept {
  switch (reason) {
    case RefuseReason::none:
      return "none";
    case RefuseReason::symbols_full:
      return "symbols_full";
    case RefuseReason::memory_full:
      return "memory_full";
    case RefuseReason::bad_symbol:
      return "bad_symbol";
    case RefuseReason::not_authorized:
      return "not_authorized";
    case RefuseReason::feed_gone:
      return "feed_gone";
  }
  return "unknown";
}

inline constexpr std::size_t symbol_words = symbol_bytes_max / 8;

/// One symbol. Published by the directory's count; only `state` changes afterwards. Every word is
/// an atomic: a reader takes each once, whatever the memory does meanwhile.
struct alignas(cache_line_bytes) SymbolEntry {
  std::atomic<std::uint64_t> text[symbol_words];  // zero padded; not terminated when it is full
  std::atomic<std::uint64_t> ring_offset;         // of its tick ring, from the segment's start
  std::atomic<std::uint64_t> bar_ring_offset;     // 0: it has none
  std::atomic<std::uint32_t> ring_slots;
  std::atomic<std::uint32_t> bar_ring_slots;
  std::atomic<std::uint32_t> state;  // SymbolState; the feed's thread writes
  std::atomic<std::uint32_t> text_bytes;
  std::atomic<std::uint64_t> ts_created;  // ns UTC
};
static_assert(sizeof(SymbolEntry) == 64);
static_assert(offsetof(SymbolEntry, text) == 0);
static_assert(offsetof(SymbolEntry, ring_offset) == 24);
static_assert(offsetof(SymbolEntry, bar_ring_offset) == 32);
static_assert(offsetof(SymbolEntry, ring_slots) == 40);
static_assert(offsetof(SymbolEntry, bar_ring_slots) == 44);
static_assert(offsetof(SymbolEntry, state) == 48);
static_assert(offsetof(SymbolEntry, text_bytes) == 52);
static_assert(offsetof(SymbolEntry, ts_created) == 56);

/// 1..symbol_bytes_max printable ASCII characters without blank, quote or backslash.
[[nodiscard]] bool is_symbol_text(std::string_view text) noexcept;

/// A symbol's text as the directory holds and compares it: three words, zero padded.
struct SymbolKey {
  std::uint64_t words[symbol_words] = {};

  SymbolKey() = default;
  /// Takes up to symbol_bytes_max bytes; reads none outside `text`.
  explicit SymbolKey(std::string_view text) noexcept {
    const char* const bytes = text.data();
    const std::size_t size = text.size() < symbol_bytes_max ? text.size() : symbol_bytes_max;
    if (size < 8) {
      words[0] = short_word(bytes, size);
      return;
    }
    words[0] = load8(bytes);
    const std::uint64_t tail = load8(bytes + size - 8);  // the last bytes, some of them again
    if (size > 16) {
      words[1] = load8(bytes + 8);
      words[2] = tail >> (8 * (symbol_bytes_max - size));
    } else if (size > 8) {
      words[1] = tail >> (8 * (16 - size));
    }
  }

  [[nodiscard]] bool operator==(const SymbolKey&) const = default;

  /// Part of the layout: readers probe with it.
  [[nodiscard]] std::uint64_t hash() const noexcept {
    std::uint64_t mixed = words[0] * 0x9E3779B97F4A7C15ULL;
    mixed = (std::rotl(mixed, 29) ^ words[1]) * 0xC2B2AE3D27D4EB4FULL;
    mixed = (std::rotl(mixed, 31) ^ words[2]) * 0x9FB21C651E98DF25ULL;
    return mixed ^ (mixed >> 32);
  }

 private:
  static std::uint64_t load8(const char* bytes) noexcept {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
  }
  // Up to seven bytes by two loads that overlap, or by three single ones.
  static std::uint64_t short_word(const char* bytes, std::size_t size) noexcept {
    if (size >= 4) {
      std::uint32_t first;
      std::uint32_t last;
      std::memcpy(&first, bytes, sizeof(first));
      std::memcpy(&last, bytes + size - 4, sizeof(last));
      return first | (std::uint64_t{last} << (8 * (size - 4)));
    }
    if (size == 0) return 0;
    const auto at = [bytes](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    };
    return at(0) | at(size / 2) | at(size - 1);
  }
};

/// What an index cell says: 11 bits of hash, so that a wrong entry is hardly ever looked at, and
/// the entry's number plus one.
struct IndexCell {
  static constexpr unsigned number_bits = 21;
  static constexpr std::uint32_t number_mask = (1U << number_bits) - 1;

  [[nodiscard]] static constexpr std::uint32_t tag(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 53) << number_bits;
  }
};
/// Entries a directory can have; SegmentWriter::create refuses more.
inline constexpr std::uint32_t symbol_capacity_max = 2'000'000;
static_assert(symbol_capacity_max < IndexCell::number_mask);

/// The directory in mapped memory, for readers. Sizes are private copies, checked at attach.
class SymbolDirectory {
 public:
  SymbolDirectory() = default;
  SymbolDirectory(const SymbolEntry* entries, const std::atomic<std::uint32_t>* index,
                  const std::atomic<std::uint32_t>* count, std::uint32_t capacity,
                  std::uint32_t index_slots) noexcept
      : entries_(entries),
        index_(index),
        count_(count),
        capacity_(capacity),
        index_mask_(index_slots - 1) {}

  /// Symbols published so far.
  [[nodiscard]] std::uint32_t size() const noexcept;

  /// The symbol's instrument id, if it is published. Cost: a hash, usually one index cell and one
  /// entry.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const noexcept;

  /// Text of a published instrument; empty if there is none. Good as long as the mapping.
  [[nodiscard]] std::string_view text(std::uint32_t instrument_id) const noexcept;

  [[nodiscard]] SymbolState state(std::uint32_t instrument_id) const noexcept;

  /// The entry of a published instrument, else nullptr.
  [[nodiscard]] const SymbolEntry* entry(std::uint32_t instrument_id) const noexcept;

 private:
  const SymbolEntry* entries_ = nullptr;
  const std::atomic<std::uint32_t>* index_ = nullptr;
  const std::atomic<std::uint32_t>* count_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t index_mask_ = 0;
};

/// The writer's end of the directory: appends entries.
class SymbolDirectoryWriter {
 public:
  SymbolDirectoryWriter() = default;
  SymbolDirectoryWriter(SymbolEntry* entries, std::atomic<std::uint32_t>* index,
                        std::atomic<std::uint32_t>* count, std::uint32_t capacity,
                        std::uint32_t index_slots) noexcept
      : entries_(entries),
        index_(index),
        count_(count),
        capacity_(capacity),
        index_mask_(index_slots - 1) {}

  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  /// What a new entry says besides its text.
  struct Place {
    std::uint64_t ring_offset = 0;
    std::uint64_t bar_ring_offset = 0;
    std::uint32_t ring_slots = 0;
    std::uint32_t bar_ring_slots = 0;
    std::uint64_t ts_created = 0;
    SymbolState state = SymbolState::pending;
  };

  /// Appends a symbol that is not there yet; asserts that the table has room.
  std::uint32_t add(std::string_view text, const Place& place) noexcept;

  void set_state(std::uint32_t instrument_id, SymbolState state) noexcept;
  [[nodiscard]] SymbolState state(std::uint32_t instrument_id) const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const noexcept;
  [[nodiscard]] std::string_view text(std::uint32_t instrument_id) const noexcept;

 private:
  SymbolEntry* entries_ = nullptr;
  std::atomic<std::uint32_t>* index_ = nullptr;
  std::atomic<std::uint32_t>* count_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t index_mask_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace ringside::shm
