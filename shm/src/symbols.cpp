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

std::string_view entry_text(const SymbolEntry& entry) noexcept {
  return {entry.text, std::min<std::size_t>(entry.text_bytes, symbol_bytes_max)};
}

// Probes for `text` among the first `size` entries. A cell beyond `size` belongs to an entry that
// is being added: not found yet.
std::optional<std::uint32_t> probe(const SymbolEntry* entries,
                                   const std::atomic<std::uint32_t>* index, std::uint32_t mask,
                                   std::uint32_t size, std::string_view text) noexcept {
  std::uint32_t at = symbol_hash(text) & mask;
  for (std::uint32_t tries = 0; tries <= mask; ++tries, at = (at + 1) & mask) {
    // pairs with [index] of add.
    const std::uint32_t cell = index[at].load(std::memory_order_acquire);
    if (cell == 0) return std::nullopt;
    if (cell <= size && entry_text(entries[cell - 1]) == text) return cell - 1;
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
  std::memcpy(entry.text, text.data(), text.size());
  entry.text_bytes = static_cast<std::uint32_t>(text.size());
  entry.ring_offset = place.ring_offset;
  entry.bar_ring_offset = place.bar_ring_offset;
  entry.ring_slots = place.ring_slots;
  entry.bar_ring_slots = place.bar_ring_slots;
  entry.ts_created = place.ts_created;
  // relaxed: published with the entry by [count].
  entry.state.store(static_cast<std::uint32_t>(place.state), std::memory_order_relaxed);
  const std::uint32_t instrument_id = size_++;
  std::uint32_t at = symbol_hash(text) & index_mask_;
  // relaxed: only this thread writes the index, and it holds more cells than there are entries.
  while (index_[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & index_mask_;
  // [count] release: entries below it are whole. Before [index]: a reader that finds the cell then
  // finds it below the count or does not see the symbol yet.
  count_->store(size_, std::memory_order_release);
  index_[at].store(instrument_id + 1, std::memory_order_release);  // [index]
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
