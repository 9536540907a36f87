#include "ringside/shm/symbols.hpp"

#include <algorithm>
#include <cstring>

#include "ringside/base/assert.hpp"

namespace ringside::shm {

bool is_symbol_text(std::string_view text) noexcept {
  if (text.empty() || text.size() > symbol_bytes_max) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

namespace {

// The text lies in the entry's first words as it is written.
std::string_view entry_text(const SymbolEntry& entry) noexcept {
  static_assert(sizeof(entry.text) == symbol_bytes_max);
  // relaxed: published by the directory's count.
  const std::size_t bytes = entry.text_bytes.load(std::memory_order_relaxed);
  return {reinterpret_cast<const char*>(entry.text), std::min(bytes, symbol_bytes_max)};
}

bool holds(const SymbolEntry& entry, const SymbolKey& key) noexcept {
  std::uint64_t differs = 0;
  for (std::size_t i = 0; i < symbol_words; ++i) {
    // relaxed: published by the directory's count.
    differs |= entry.text[i].load(std::memory_order_relaxed) ^ key.words[i];
  }
  return differs == 0;
}

// Probes for `text` among the first `size` entries. A cell beyond `size` belongs to an entry that
// is being added: not found yet.
std::optional<std::uint32_t> probe(const SymbolEntry* entries,
                                   const std::atomic<std::uint32_t>* index, std::uint32_t mask,
                                   std::uint32_t size, std::string_view text) noexcept {
  if (text.size() > symbol_bytes_max) return std::nullopt;
  const SymbolKey key(text);
  const std::uint64_t hash = key.hash();
  const std::uint32_t tag = IndexCell::tag(hash);
  std::uint32_t at = static_cast<std::uint32_t>(hash) & mask;
  for (std::uint32_t tries = 0; tries <= mask; ++tries, at = (at + 1) & mask) {
    // pairs with [index] of add.
    const std::uint32_t cell = index[at].load(std::memory_order_acquire);
    if (cell == 0) return std::nullopt;
    const std::uint32_t number = (cell & IndexCell::number_mask) - 1;
    if ((cell & ~IndexCell::number_mask) == tag && number < size && holds(entries[number], key)) {
      return number;
    }
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t SymbolDirectory::size() const noexcept {
  // pairs with [count] of add: entries below it are whole.
  return std::min(count_->load(std::memory_order_acquire), capacity_);
}

std::optional<std::uint32_t> SymbolDirectory::find(std::string_view text) const noexcept {
  return probe(entries_, index_, index_mask_, size(), text);
}

std::string_view SymbolDirectory::text(std::uint32_t instrument_id) const noexcept {
  const SymbolEntry* found = entry(instrument_id);
  return found == nullptr ? std::string_view{} : entry_text(*found);
}

SymbolState SymbolDirectory::state(std::uint32_t instrument_id) const noexcept {
  const SymbolEntry* found = entry(instrument_id);
  if (found == nullptr) return SymbolState::none;
  // relaxed: the state stands alone.
  const std::uint32_t state = found->state.load(std::memory_order_relaxed);
  return state <= 4 ? static_cast<SymbolState>(state) : SymbolState::none;
}

const SymbolEntry* SymbolDirectory::entry(std::uint32_t instrument_id) const noexcept {
  return instrument_id < size() ? &entries_[instrument_id] : nullptr;
}

bool SymbolDirectoryWriter::is_full() const noexcept {
  return size_ == capacity_;
}

std::uint32_t SymbolDirectoryWriter::add(std::string_view text, const Place& place) noexcept {
  RINGSIDE_ASSERT(!is_full() && is_symbol_text(text));
  SymbolEntry& entry = entries_[size_];
  const SymbolKey key(text);
  // relaxed, all of them: published with the entry by [count].
  constexpr auto relaxed = std::memory_order_relaxed;
  for (std::size_t i = 0; i < symbol_words; ++i) entry.text[i].store(key.words[i], relaxed);
  entry.text_bytes.store(static_cast<std::uint32_t>(text.size()), relaxed);
  entry.ring_offset.store(place.ring_offset, relaxed);
  entry.bar_ring_offset.store(place.bar_ring_offset, relaxed);
  entry.ring_slots.store(place.ring_slots, relaxed);
  entry.bar_ring_slots.store(place.bar_ring_slots, relaxed);
  entry.ts_created.store(place.ts_created, relaxed);
  entry.state.store(static_cast<std::uint32_t>(place.state), relaxed);
  const std::uint32_t instrument_id = size_++;
  const std::uint64_t hash = key.hash();
  std::uint32_t at = static_cast<std::uint32_t>(hash) & index_mask_;
  // relaxed: only this thread writes the index, and it holds more cells than there are entries.
  while (index_[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & index_mask_;
  // [count] release: entries below it are whole. Before [index]: a reader that finds the cell then
  // finds it below the count or does not see the symbol yet.
  count_->store(size_, std::memory_order_release);
  // [index]
  index_[at].store(IndexCell::tag(hash) | (instrument_id + 1), std::memory_order_release);
  return instrument_id;
}

void SymbolDirectoryWriter::set_state(std::uint32_t instrument_id, SymbolState state) noexcept {
  RINGSIDE_DASSERT(instrument_id < size_);
  // relaxed: the state stands alone.
  entries_[instrument_id].state.store(static_cast<std::uint32_t>(state), std::memory_order_relaxed);
}

SymbolState SymbolDirectoryWriter::state(std::uint32_t instrument_id) const noexcept {
  RINGSIDE_DASSERT(instrument_id < size_);
  // relaxed: this thread wrote it.
  return static_cast<SymbolState>(entries_[instrument_id].state.load(std::memory_order_relaxed));
}

std::optional<std::uint32_t> SymbolDirectoryWriter::find(std::string_view text) const noexcept {
  return probe(entries_, index_, index_mask_, size_, text);
}

std::string_view SymbolDirectoryWriter::text(std::uint32_t instrument_id) const noexcept {
  return instrument_id < size_ ? entry_text(entries_[instrument_id]) : std::string_view{};
}

}  // namespace ringside::shm
