// The reader's side of segment.hpp: everything taken from memory is copied and checked once.
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <bit>

#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {

namespace {

Error bad_fact(std::string_view what, std::uint64_t found) {
  return Error{ErrorCode::protocol, 0,
               "shared memory is corrupt: " + std::string(what) + " = " + std::to_string(found)};
}

// One area: begins aligned behind the header and ends inside the file.
bool is_inside(const SegmentFacts& facts, std::uint64_t offset, std::uint64_t bytes) noexcept {
  return offset >= facts.header_bytes && offset % cache_line_bytes == 0 &&
         offset <= facts.segment_bytes && bytes <= facts.segment_bytes - offset;
}

// The facts as they are now, each word loaded once: what is checked is what is used, whatever the
// memory does meanwhile, and whatever the compiler makes of a plain copy.
SegmentFacts copy_facts(const SegmentFacts& facts) noexcept {
  std::array<std::uint64_t, sizeof(SegmentFacts) / 8> words;
  static_assert(sizeof(words) == sizeof(SegmentFacts));
  // atomic_ref wants a word that may be written; a load writes nothing.
  auto* const from = reinterpret_cast<std::uint64_t*>(const_cast<SegmentFacts*>(&facts));
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = std::atomic_ref(from[i]).load(std::memory_order_relaxed);  // behind [ready]
  }
  return std::bit_cast<SegmentFacts>(words);
}

Status check_version(const SegmentFacts& facts) {
  if (facts.magic != segment_magic) return bad_fact("magic", facts.magic);
  if (facts.layout_version != layout_version || facts.offsets_hash != layout_hash()) {
    return Error{ErrorCode::version, 0,
                 "shared memory has layout version " + std::to_string(facts.layout_version) +
                     " (hash " + std::to_string(facts.offsets_hash) + "), this program reads " +
                     std::to_string(layout_version) + " (hash " + std::to_string(layout_hash()) +
                     "): use programs of one release"};
  }
  return {};
}

Status check_facts(const SegmentFacts& facts, std::uint64_t file_bytes) {
  if (facts.header_bytes != sizeof(SegmentHeader)) {
    return bad_fact("header_bytes", facts.header_bytes);
  }
  if (facts.segment_bytes != file_bytes) return bad_fact("segment_bytes", facts.segment_bytes);
  if (facts.tick_bytes != sizeof(TickRecord) || facts.bar_bytes != sizeof(BarRecord)) {
    return bad_fact("record bytes", facts.tick_bytes);
  }
  if (facts.price_exponent != price_exponent || facts.size_exponent > 0 ||
      facts.size_exponent < -18) {
    return bad_fact("size_exponent", static_cast<std::uint64_t>(facts.size_exponent));
  }
  if (facts.symbol_capacity > symbol_capacity_max) {
    return bad_fact("symbol_capacity", facts.symbol_capacity);
  }
  if (!std::has_single_bit(facts.index_slots) || facts.index_slots <= facts.symbol_capacity) {
    return bad_fact("index_slots", facts.index_slots);
  }
  if (!is_ring_size(facts.tick_tape_slots)) return bad_fact("tape_slots", facts.tick_tape_slots);
  if (!is_ring_size(facts.bar_tape_slots)) return bad_fact("bar_tape_slots", facts.bar_tape_slots);
  const std::uint64_t symbols = facts.symbol_capacity;
  struct Area {
    std::string_view name;
    std::uint64_t offset;
    std::uint64_t bytes;
  };
  const Area areas[] = {
      {"symbols_offset", facts.symbols_offset, symbols * sizeof(SymbolEntry)},
      {"index_offset", facts.index_offset, std::uint64_t{facts.index_slots} * 4},
      {"last_offset", facts.last_offset, symbols * sizeof(LastValues)},
      {"counters_offset", facts.counters_offset, counter_count_max * sizeof(CounterEntry)},
      {"histograms_offset", facts.histograms_offset, histogram_count_max * sizeof(HistogramEntry)},
      {"errors_offset", facts.errors_offset, error_rows * sizeof(ErrorRecord)},
      {"readers_offset", facts.readers_offset, reader_rows * sizeof(ReaderRecord)},
      {"tick_tape_offset", facts.tick_tape_offset, ring_bytes<TickRecord>(facts.tick_tape_slots)},
      {"bar_tape_offset", facts.bar_tape_offset, ring_bytes<BarRecord>(facts.bar_tape_slots)},
      {"arena_offset", facts.arena_offset, facts.arena_bytes},
  };
  for (const Area& area : areas) {
    if (!is_inside(facts, area.offset, area.bytes)) return bad_fact(area.name, area.offset);
  }
  return {};
}

}  // namespace

Result<SegmentView> SegmentView::map(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0) return sys_error(ErrorCode::io, "cannot look at shared memory");
  const auto file_bytes = static_cast<std::uint64_t>(file.st_size);
  if (file_bytes < sizeof(SegmentHeader)) return bad_fact("file size", file_bytes);
  Result<Mapping> mapping = Mapping::map(fd, file_bytes, false);
  if (!mapping) return mapping.error();
  SegmentView view;
  view.mapping_ = std::move(*mapping);
  view.header_ = view.at<SegmentHeader>(0);
  // acquire: pairs with [ready].
  if (view.header_->ready.load(std::memory_order_acquire) != segment_magic) {
    return Error{ErrorCode::timeout, 0, "shared memory is not ready yet"};
  }
  view.facts_ = copy_facts(view.header_->facts);
  view.facts_.feed[sizeof(view.facts_.feed) - 1] = '\0';
  if (const Status status = check_version(view.facts_); !status) return status.error();
  if (const Status status = check_facts(view.facts_, file_bytes); !status) return status.error();
  const SegmentFacts& facts = view.facts_;
  view.symbols_ =
      SymbolDirectory(view.at<SymbolEntry>(facts.symbols_offset),
                      view.at<std::atomic<std::uint32_t>>(facts.index_offset),
                      &view.header_->symbol_count, facts.symbol_capacity, facts.index_slots);
  view.tick_tape_ = view.ring_at<TickRecord>(facts.tick_tape_offset, facts.tick_tape_slots);
  view.bar_tape_ = view.ring_at<BarRecord>(facts.bar_tape_offset, facts.bar_tape_slots);
  return view;
}

template <SlotRecord Record>
RingView<Record> SegmentView::ring_at(std::uint64_t offset, std::uint32_t slots) const noexcept {
  RingView<Record> view;
  if (offset == 0 || !is_ring_size(slots) ||
      !is_inside(facts_, offset, ring_bytes<Record>(slots))) {
    return view;
  }
  view.slots = at<Slot<Record>>(offset);
  view.slot_count = slots;
  return view;
}

FeedState SegmentView::state() const noexcept {
  // relaxed: the state stands alone.
  const std::uint32_t state = header_->state.load(std::memory_order_relaxed);
  return state <= static_cast<std::uint32_t>(FeedState::ended) ? static_cast<FeedState>(state)
                                                               : FeedState::offline;
}

std::uint64_t SegmentView::heartbeat_age_ns() const noexcept {
  // relaxed: the heartbeat stands alone.
  const std::uint64_t beat = header_->heartbeat_ns.load(std::memory_order_relaxed);
  const std::uint64_t now = monotonic_ns();
  return now > beat ? now - beat : 0;
}

std::uint64_t SegmentView::arena_used() const noexcept {
  return header_->arena_used.load(std::memory_order_relaxed);  // relaxed: for display
}

LastReader SegmentView::last(std::uint32_t instrument_id) const noexcept {
  if (instrument_id >= facts_.symbol_capacity) return LastReader();
  return LastReader(at<LastValues>(facts_.last_offset) + instrument_id);
}

RingView<TickRecord> SegmentView::tick_ring(std::uint32_t instrument_id) const noexcept {
  const SymbolEntry* entry = symbols_.entry(instrument_id);
  if (entry == nullptr) return {};
  // relaxed twice: published by the directory's count.
  return ring_at<TickRecord>(entry->ring_offset.load(std::memory_order_relaxed),
                             entry->ring_slots.load(std::memory_order_relaxed));
}

RingView<BarRecord> SegmentView::bar_ring(std::uint32_t instrument_id) const noexcept {
  const SymbolEntry* entry = symbols_.entry(instrument_id);
  if (entry == nullptr) return {};
  // relaxed twice: as tick_ring().
  return ring_at<BarRecord>(entry->bar_ring_offset.load(std::memory_order_relaxed),
                            entry->bar_ring_slots.load(std::memory_order_relaxed));
}

bool SegmentView::prefault(const void* begin, std::uint64_t bytes) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(begin) & ~std::uintptr_t{4095};
  const std::uint64_t length = reinterpret_cast<std::uintptr_t>(begin) + bytes - first;
  return ::madvise(reinterpret_cast<void*>(first), length, MADV_POPULATE_READ) == 0;
}

std::vector<CounterValue> SegmentView::counters() const {
  std::vector<CounterValue> values;
  // relaxed: counters are added before `ready`, which was acquired.
  const std::uint32_t count =
      std::min(header_->counter_count.load(std::memory_order_relaxed), counter_count_max);
  const auto* entries = at<CounterEntry>(facts_.counters_offset);
  for (std::uint32_t i = 0; i < count; ++i) {
    values.push_back({get_text(entries[i].name), get_text(entries[i].unit),
                      entries[i].value.load(std::memory_order_relaxed)});  // orders nothing
  }
  return values;
}

std::optional<std::uint64_t> SegmentView::counter(std::string_view name) const {
  for (const CounterValue& value : counters()) {
    if (value.name == name) return value.value;
  }
  return std::nullopt;
}

std::vector<SegmentView::NamedHistogram> SegmentView::histograms() const {
  std::vector<NamedHistogram> values;
  // relaxed: as counters().
  const std::uint32_t count =
      std::min(header_->histogram_count.load(std::memory_order_relaxed), histogram_count_max);
  const auto* entries = at<HistogramEntry>(facts_.histograms_offset);
  for (std::uint32_t i = 0; i < count; ++i) {
    values.push_back(
        {get_text(entries[i].name), get_text(entries[i].unit), read_histogram(entries[i])});
  }
  return values;
}

std::vector<ErrorRecord> SegmentView::errors() const {
  std::vector<ErrorRecord> rows;
  const auto* slots = at<Slot<ErrorRecord>>(facts_.errors_offset);
  ErrorRecord row;
  for (std::uint32_t i = 0; i < error_rows; ++i) {
    if (read_cell(slots[i], row) == ReadStatus::ok) rows.push_back(row);
  }
  return rows;
}

std::vector<ReaderRecord> SegmentView::readers() const {
  std::vector<ReaderRecord> rows;
  const auto* slots = at<Slot<ReaderRecord>>(facts_.readers_offset);
  ReaderRecord row;
  for (std::uint32_t i = 0; i < reader_rows; ++i) {
    if (read_cell(slots[i], row) == ReadStatus::ok && row.is_connected != 0) rows.push_back(row);
  }
  return rows;
}

}  // namespace ringside::shm
