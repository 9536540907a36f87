// The writer's side of segment.hpp.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "populator.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {

namespace {

// MemAvailable of /proc/meminfo in bytes; all ones when the kernel does not say.
std::uint64_t memory_available() {
  std::FILE* file = std::fopen("/proc/meminfo", "re");
  if (file == nullptr) return ~std::uint64_t{0};
  char line[128];
  std::uint64_t available = ~std::uint64_t{0};
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    const std::string_view text(line);
    const std::size_t digits = text.find_first_of("0123456789");
    if (text.substr(0, 13) != "MemAvailable:" || digits == std::string_view::npos) continue;
    std::uint64_t kib = 0;
    const auto read = std::from_chars(text.data() + digits, text.data() + text.size(), kib);
    if (read.ec == std::errc{}) available = kib * 1024;
  }
  std::fclose(file);
  return available;
}

Error no_memory(std::string_view feed, std::uint64_t needed, int sys_errno) {
  return Error{ErrorCode::memory, sys_errno,
               "feed " + std::string(feed) + ": shared memory needs " + std::to_string(needed) +
                   " bytes, available are " + std::to_string(memory_available()) +
                   " (feed.<name>.memory_mib, tape_slots and symbol_count_max decide)"};
}

Result<UniqueFd> create_memory(std::string_view feed, std::uint64_t bytes) {
  if (bytes > memory_available()) return no_memory(feed, bytes, 0);
  UniqueFd fd(::memfd_create("ringside-segment", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return sys_error(ErrorCode::memory, "cannot create shared memory");
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return no_memory(feed, bytes, errno);
  return fd;
}

// Readies what is there from the start, and the first of what fills up.
Status populate(Populator& populator, const SegmentFacts& facts, std::uint64_t bytes_ahead) {
  const std::uint64_t symbols = facts.symbol_capacity;
  populator.set(Populator::fixed, 0, facts.symbols_offset);
  populator.set(Populator::symbols, facts.symbols_offset,
                facts.symbols_offset + symbols * sizeof(SymbolEntry));
  populator.set(Populator::last_values, facts.last_offset,
                facts.last_offset + symbols * sizeof(LastValues));
  populator.set(Populator::arena, facts.arena_offset, facts.arena_offset + facts.arena_bytes);
  Status status = populator.reach(Populator::fixed, facts.symbols_offset);
  if (status) status = populator.reach(Populator::symbols, huge_page_bytes);
  if (status) status = populator.reach(Populator::last_values, huge_page_bytes);
  if (status) status = populator.reach(Populator::arena, bytes_ahead);
  return status;
}

}  // namespace

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(const SegmentShape& shape) {
  if (!is_ring_size(shape.tick_tape_slots) || !is_ring_size(shape.bar_tape_slots)) {
    return Error{ErrorCode::config, 0,
                 "feed " + std::string(shape.feed) +
                     ": tape slots must be a power of two from 16 to 67108864, found " +
                     std::to_string(shape.tick_tape_slots) + " and " +
                     std::to_string(shape.bar_tape_slots)};
  }
  if (shape.symbol_capacity == 0 || shape.symbol_capacity > symbol_capacity_max) {
    return Error{ErrorCode::config, 0,
                 "feed " + std::string(shape.feed) + ": symbols must be 1 to " +
                     std::to_string(symbol_capacity_max) + ", found " +
                     std::to_string(shape.symbol_capacity)};
  }
  std::unique_ptr<SegmentWriter> writer(new (std::nothrow) SegmentWriter);
  RINGSIDE_ASSERT(writer != nullptr);
  SegmentFacts facts = plan_segment(shape);
  facts.ts_start = wall_ns();
  facts.epoch = facts.ts_start;
  facts.writer_pid = static_cast<std::uint32_t>(::getpid());

  Result<UniqueFd> fd = create_memory(shape.feed, facts.segment_bytes);
  if (!fd) return fd.error();
  Result<Mapping> mapping = Mapping::map(fd->get(), facts.segment_bytes, true);
  if (!mapping) return mapping.error();
  // Our mapping above stays writable; from here on nobody, in any process, gets another one.
  constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
  if (::fcntl(fd->get(), F_ADD_SEALS, seals) != 0) {
    return sys_error(ErrorCode::internal, "cannot seal shared memory");
  }
  char* memory = mapping->data();
  // Huge pages where the system grants them; and no copy of market data or keys in a core dump.
  if (shape.wants_huge_pages) (void)::madvise(memory, facts.segment_bytes, MADV_HUGEPAGE);
  (void)::madvise(memory, facts.segment_bytes, MADV_DONTDUMP);
  // Pages are written once now, or by make_ready() before they are handed out: what is not there is
  // an error here or a refused symbol there, not a signal on the feed's thread.
  writer->populator_ = std::make_unique<Populator>(memory, shape.wants_huge_pages);
  writer->ready_bytes_ahead_ = shape.ready_bytes_ahead;
  if (const Status status = populate(*writer->populator_, facts, shape.ready_bytes_ahead);
      !status) {
    return no_memory(shape.feed, facts.segment_bytes, status.error().sys_errno);
  }

  if (const Status status = writer->doorbell_.open(); !status) return status.error();
  writer->fd_ = std::move(*fd);
  writer->mapping_ = std::move(*mapping);
  writer->facts_ = facts;
  writer->header_ = writer->at<SegmentHeader>(0);
  writer->header_->facts = facts;
  writer->last_ = writer->at<LastValues>(facts.last_offset);
  writer->symbols_ = SymbolDirectoryWriter(
      writer->at<SymbolEntry>(facts.symbols_offset),
      writer->at<std::atomic<std::uint32_t>>(facts.index_offset), &writer->header_->symbol_count,
      facts.symbol_capacity, facts.index_slots);
  writer->tick_rings_.resize(facts.symbol_capacity);
  writer->bar_rings_.resize(facts.symbol_capacity);
  writer->tick_tape_ = TickTapeWriter(memory + facts.tick_tape_offset, facts.tick_tape_slots);
  writer->bar_tape_ = BarTapeWriter(memory + facts.bar_tape_offset, facts.bar_tape_slots);
  writer->ready_bytes_ = writer->add_counter("memory_ready", "bytes");
  writer->huge_bytes_ = writer->add_counter("memory_huge", "bytes");
  writer->rings_unpopulated_ = writer->add_counter("rings_unpopulated", "rings");
  writer->ready_bytes_.set(writer->populator_->bytes_ready());
  writer->huge_bytes_.set(writer->populator_->bytes_huge());
  writer->beat(monotonic_ns());
  return writer;
}

SegmentWriter::SegmentWriter() = default;
SegmentWriter::~SegmentWriter() = default;

bool SegmentWriter::make_ready() noexcept {
  // relaxed twice: how far the feed's thread has come, more or less.
  const std::uint64_t symbols = header_->symbol_count.load(std::memory_order_relaxed);
  const std::uint64_t used = header_->arena_used.load(std::memory_order_relaxed);
  const std::uint64_t ahead = huge_page_bytes;
  Populator& memory = *populator_;
  const std::uint64_t entries = symbols * sizeof(SymbolEntry);
  const std::uint64_t last = symbols * sizeof(LastValues);
  const bool did = memory.step(Populator::symbols, entries + ahead, entries) ||
                   memory.step(Populator::last_values, last + ahead, last) ||
                   memory.step(Populator::arena, used + ready_bytes_ahead_, used);
  if (did) {
    ready_bytes_.set(memory.bytes_ready());
    huge_bytes_.set(memory.bytes_huge());
  }
  return did;
}

Counter SegmentWriter::add_counter(std::string_view name, std::string_view unit) {
  // relaxed twice: one thread builds the segment; readers look after `ready`.
  const std::uint32_t row = header_->counter_count.load(std::memory_order_relaxed);
  RINGSIDE_ASSERT(row < counter_count_max);
  auto* entries = at<CounterEntry>(facts_.counters_offset);
  RINGSIDE_ASSERT(name.size() < sizeof(entries[row].name));
  for (std::uint32_t i = 0; i < row; ++i) RINGSIDE_ASSERT(get_text(entries[i].name) != name);
  set_text(entries[row].name, name);
  set_text(entries[row].unit, unit);
  header_->counter_count.store(row + 1, std::memory_order_relaxed);
  return Counter(&entries[row].value);
}

Histogram SegmentWriter::add_histogram(std::string_view name, std::string_view unit) {
  // relaxed twice: as add_counter.
  const std::uint32_t row = header_->histogram_count.load(std::memory_order_relaxed);
  RINGSIDE_ASSERT(row < histogram_count_max);
  auto* entries = at<HistogramEntry>(facts_.histograms_offset);
  RINGSIDE_ASSERT(name.size() < sizeof(entries[row].name));
  set_text(entries[row].name, name);
  set_text(entries[row].unit, unit);
  header_->histogram_count.store(row + 1, std::memory_order_relaxed);
  return Histogram(&entries[row]);
}

void SegmentWriter::mark_ready() noexcept {
  // [ready] release: everything above is whole; pairs with SegmentView::map.
  header_->ready.store(segment_magic, std::memory_order_release);
}

SymbolResult SegmentWriter::add_symbol(std::string_view text, RingSlots slots, std::uint64_t ts_now,
                                       SymbolState state) noexcept {
  if (!is_symbol_text(text)) return {instrument_none, RefuseReason::bad_symbol};
  if (const auto found = symbols_.find(text)) return {*found, RefuseReason::none};
  if (symbols_.is_full()) return {instrument_none, RefuseReason::symbols_full};
  RINGSIDE_ASSERT(slots.ticks == 0 || is_ring_size(slots.ticks));
  RINGSIDE_ASSERT(slots.bars == 0 || is_ring_size(slots.bars));
  const std::uint64_t tick_bytes = ring_bytes<TickRecord>(slots.ticks);
  const std::uint64_t bar_bytes = ring_bytes<BarRecord>(slots.bars);
  const std::uint64_t used = arena_used_ + tick_bytes + bar_bytes;
  const bool is_ready = used <= populator_->ready(Populator::arena);
  // Memory that the kernel has refused would be a signal on this thread.
  if (used > facts_.arena_bytes || (!is_ready && populator_->has_failed())) {
    return {instrument_none, RefuseReason::memory_full};
  }
  SymbolDirectoryWriter::Place place;
  const std::uint64_t begin = facts_.arena_offset + arena_used_;
  place.ring_offset = slots.ticks == 0 ? 0 : begin;
  place.ring_slots = slots.ticks;
  place.bar_ring_offset = slots.bars == 0 ? 0 : begin + tick_bytes;
  place.bar_ring_slots = slots.bars;
  place.ts_created = ts_now;
  place.state = state;
  arena_used_ = used;
  if (!is_ready) rings_unpopulated_.add();
  header_->arena_used.store(arena_used_, std::memory_order_relaxed);  // relaxed: a hint, see above
  // The rings are there before a reader can find the symbol.
  const std::uint32_t instrument_id = symbols_.size();
  if (slots.ticks != 0) {
    tick_rings_[instrument_id] = TickRingWriter(at<void>(place.ring_offset), slots.ticks);
  }
  if (slots.bars != 0) {
    bar_rings_[instrument_id] = BarRingWriter(at<void>(place.bar_ring_offset), slots.bars);
  }
  const std::uint32_t added = symbols_.add(text, place);
  RINGSIDE_ASSERT(added == instrument_id);
  return {instrument_id, RefuseReason::none};
}

void SegmentWriter::log_error(std::uint32_t code, std::string_view text, std::string_view example,
                              std::uint64_t ts_now) noexcept {
  RINGSIDE_ASSERT(code < error_rows);
  auto& slot = at<Slot<ErrorRecord>>(facts_.errors_offset)[code];
  ErrorRecord record{};
  if (read_cell(slot, record) != ReadStatus::ok) {
    record = ErrorRecord{};
    record.ts_first = ts_now;
  }
  record.ts_last = ts_now;
  ++record.count;
  set_text(record.text, text);
  set_text(record.example, example);
  write_cell(slot, record);
}

void SegmentWriter::write_reader(std::uint32_t row, const ReaderRecord& record) noexcept {
  RINGSIDE_ASSERT(row < reader_rows);
  write_cell(at<Slot<ReaderRecord>>(facts_.readers_offset)[row], record);
}

SymbolDirectory SegmentWriter::directory() const noexcept {
  return SymbolDirectory(at<SymbolEntry>(facts_.symbols_offset),
                         at<std::atomic<std::uint32_t>>(facts_.index_offset),
                         &header_->symbol_count, facts_.symbol_capacity, facts_.index_slots);
}

}  // namespace ringside::shm
