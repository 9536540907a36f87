#include "stream.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "dbn_metadata.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::recorder {
namespace {

constexpr std::uint64_t retry_after_ns = 1'000'000'000;  // after a file failed
constexpr std::uint64_t quiet_ns = 60'000'000'000;       // then a file whose span is over ends

template <class T>
std::byte* put(std::byte* at, const T& value) noexcept {
  std::memcpy(at, &value, sizeof(T));
  return at + sizeof(T);
}

template <std::size_t N>
void set_text(std::array<char, N>& field, std::string_view text) noexcept {
  field.fill('\0');
  std::copy_n(text.data(), std::min(text.size(), N - 1), field.data());
}

std::vector<std::byte> encode_head(const std::string& dataset) {
  dbn::Metadata metadata;
  metadata.dataset = dataset;
  // Mappings and marks lie between the records, so the file is a mixed one: readers that are told
  // one schema would take every byte for it.
  metadata.schema = dbn::Schema::mixed;
  auto bytes = dbn::encode_metadata(metadata);
  RINGSIDE_ASSERT(bytes.ok());
  return std::move(*bytes);
}

}  // namespace

Stream::Stream(BlockWriter& writer, FeedLink& link, dbn::Schema schema, std::uint64_t span_ns)
    : writer_(writer),
      link_(link),
      schema_(schema),
      span_ns_(span_ns),
      head_(encode_head(link.dataset)) {}

void Stream::begin_epoch(std::uint64_t epoch, const shm::SymbolDirectory* symbols,
                         std::uint32_t symbol_capacity) {
  RINGSIDE_ASSERT(slot_ == no_slot);
  epoch_ = epoch;
  now_ns_ = monotonic_ns();
  symbols_ = symbols;
  mapped_.assign(symbol_capacity, 0);
}

bool Stream::needs_mapping(std::uint32_t instrument_id) const noexcept {
  return instrument_id < mapped_.size() && mapped_[instrument_id] == 0;
}

std::size_t Stream::marks_bytes() const noexcept {
  std::size_t bytes = has_note_ ? sizeof(dbn::SystemMsg) : 0;
  if (lapped_due_ + dropped_due_ + disk_due_ != 0) bytes += sizeof(dbn::ErrorMsg);
  return bytes;
}

void Stream::append(std::span<const std::byte> record, std::uint32_t instrument_id,
                    std::uint64_t ts, std::uint64_t sequence) noexcept {
  ++counters_.appended;
  if (!open_for(ts, sequence)) {
    drop(ts);
    return;
  }
  const bool is_mapped = needs_mapping(instrument_id);
  std::size_t bytes = record.size() + marks_bytes();
  if (is_new_) bytes += head_.size();
  if (is_mapped) bytes += sizeof(dbn::SymbolMappingMsg);
  std::byte* at = writer_.reserve(slot_, bytes);
  if (at == nullptr) {
    drop(ts);
    return;
  }
  if (ts < ts_last_) ++counters_.out_of_order;
  ts_last_ = std::max(ts_last_, ts);
  if (is_new_) at = put_head(at, ts);
  at = put_marks(at, ts_last_);
  if (is_mapped) at = put_mapping(at, instrument_id, ts_last_);
  std::memcpy(at, record.data(), record.size());
  writer_.commit(slot_, bytes, 1);
  is_new_ = false;
  appended_ns_ = now_ns_;
  files_[slot_].ts_last = ts_last_;
  files_[slot_].sequence_last = sequence;
}

/// Makes sure that a file is open whose span holds `ts`. Late records go to the open one.
bool Stream::open_for(std::uint64_t ts, std::uint64_t sequence) noexcept {
  if (slot_ != no_slot && ts >= span_end_) end_file();
  if (slot_ != no_slot) return !writer_.has_failed(slot_);
  if (now_ns_ < retry_ns_) return false;
  const std::optional<std::uint8_t> slot = writer_.begin_file();
  if (!slot) return false;
  slot_ = *slot;
  is_new_ = true;
  std::fill(mapped_.begin(), mapped_.end(), std::uint8_t{0});
  const std::uint64_t ts_span = ts / span_ns_ * span_ns_;
  span_end_ = ts_span + span_ns_;
  files_[slot_] = {.is_ours = true,
                   .is_ordered = false,
                   .open = {.slot = slot_,
                            .schema = schema_,
                            .epoch = epoch_,
                            .ts_span = ts_span,
                            .ts_first = ts,
                            .sequence_first = sequence},
                   .ts_last = ts,
                   .sequence_last = sequence};
  order_open(files_[slot_]);
  return true;
}

void Stream::order_open(FileFacts& file) noexcept {
  if (file.is_ours && !file.is_ordered) file.is_ordered = link_.send(file.open);
}

void Stream::drop(std::uint64_t ts) noexcept {
  ++counters_.dropped;
  if (dropped_due_ == 0) ts_hole_ = ts;
  ++dropped_due_;
  has_hole_ = true;
}

std::byte* Stream::put_head(std::byte* at, std::uint64_t ts) const noexcept {
  std::memcpy(at, head_.data(), head_.size());
  put(at + dbn::start_offset, ts);
  return at + head_.size();
}

std::byte* Stream::put_marks(std::byte* at, std::uint64_t ts) noexcept {
  if (lapped_due_ + dropped_due_ + disk_due_ != 0) {
    dbn::ErrorMsg error{};
    error.hd = dbn::header_of<dbn::ErrorMsg>(dbn::Rtype::error, 0, 0, ts);
    std::snprintf(error.err.data(), error.err.size(),
                  "recorder: missing before this record: %llu dropped, %llu refused by the disk, "
                  "%llu of the whole feed lapped",
                  static_cast<unsigned long long>(dropped_due_),
                  static_cast<unsigned long long>(disk_due_),
                  static_cast<unsigned long long>(lapped_due_));
    error.code = dbn::error_code_records_skipped;
    error.is_last = 1;
    at = put(at, error);
    end_hole(ts);
  }
  if (has_note_) {
    dbn::SystemMsg system{};
    system.hd = dbn::header_of<dbn::SystemMsg>(dbn::Rtype::system, 0, 0, ts);
    system.msg = note_;
    system.code = dbn::system_code_unset;
    at = put(at, system);
    has_note_ = false;
  }
  has_hole_ = false;
  return at;
}

void Stream::end_hole(std::uint64_t ts) noexcept {
  if (dropped_due_ != 0) {
    send_gap({.kind = GapKind::dropped,
              .epoch = epoch_,
              .ts_begin = ts_hole_,
              .ts_end = ts,
              .count = dropped_due_});
  }
  dropped_due_ = 0;
  disk_due_ = 0;
  lapped_due_ = 0;
}

void Stream::send_gap(const GapOrder& gap) noexcept {
  if (!link_.send(gap)) ++counters_.catalog_dropped;
}

std::byte* Stream::put_mapping(std::byte* at, std::uint32_t instrument_id,
                               std::uint64_t ts) noexcept {
  dbn::SymbolMappingMsg mapping{};
  mapping.hd =
      dbn::header_of<dbn::SymbolMappingMsg>(dbn::Rtype::symbol_mapping, 0, instrument_id, ts);
  const std::string_view symbol = symbols_->text(instrument_id);
  if (symbol.empty()) ++counters_.unmapped;
  // Readers of live streams take the symbol from stype_out_symbol, so both texts are the symbol.
  mapping.stype_in = dbn::Stype::raw_symbol;
  mapping.stype_out = dbn::Stype::raw_symbol;
  set_text(mapping.stype_in_symbol, symbol);
  set_text(mapping.stype_out_symbol, symbol);
  mapping.start_ts = ts;
  mapping.end_ts = dbn::ts_null;
  mapped_[instrument_id] = 1;
  return put(at, mapping);
}

void Stream::mark_lapped(std::uint64_t count) noexcept {
  lapped_due_ += count;
  has_hole_ = true;
}

void Stream::mark(std::string_view text, bool is_hole) noexcept {
  set_text(note_, text);
  has_note_ = true;
  has_hole_ = has_hole_ || is_hole;
}

void Stream::serve(std::uint64_t now_ns) noexcept {
  now_ns_ = now_ns;
  for (FileFacts& file : files_) order_open(file);
  if (slot_ != no_slot && writer_.has_failed(slot_)) {
    retry_ns_ = now_ns + retry_after_ns;
    end_file();
  }
}

/// A mark must not wait for a record that may never come.
void Stream::flush_marks() noexcept {
  if (marks_bytes() == 0 || is_new_) return;
  const std::size_t bytes = marks_bytes();
  const bool is_hole = has_hole_;
  if (std::byte* const at = writer_.reserve(slot_, bytes); at != nullptr) {
    put_marks(at, ts_last_);
    writer_.commit(slot_, bytes, 0);
    has_hole_ = is_hole;  // the next record still says so
  }
}

void Stream::flush(bool is_sync) noexcept {
  if (slot_ == no_slot) return;
  flush_marks();
  writer_.flush(slot_);
  if (is_sync) writer_.sync(slot_);
  end_when_over();
}

/// Normally the first record of the next span ends a file; after hours nobody sends one.
void Stream::end_when_over() noexcept {
  if (now_ns_ < appended_ns_ + quiet_ns || is_new_ || wall_ns() < span_end_) return;
  end_file();
}

void Stream::end_file() noexcept {
  if (slot_ == no_slot) return;
  flush_marks();
  writer_.end_file(slot_);
  slot_ = no_slot;
}

std::optional<CloseOrder> Stream::on_done(const FileDone& done) noexcept {
  const FileFacts file = std::exchange(files_[done.slot], FileFacts{});
  counters_.written += done.records_written;
  counters_.disk += done.records_lost;
  if (done.records_lost != 0) {
    disk_due_ += done.records_lost;
    has_hole_ = true;
    send_gap({.kind = GapKind::disk,
              .epoch = epoch_,
              .ts_begin = file.open.ts_first,
              .ts_end = file.ts_last,
              .count = done.records_lost});
  }
  if (done.fd < 0) return std::nullopt;
  return CloseOrder{.fd = done.fd,
                    .sys_errno = done.sys_errno,
                    .bytes = done.bytes,
                    .records = done.records_written,
                    .records_lost = done.records_lost,
                    .ts_first = file.open.ts_first,
                    .ts_last = file.ts_last,
                    .sequence_last = file.sequence_last};
}

bool Stream::is_quiet() const noexcept {
  return std::none_of(files_.begin(), files_.end(),
                      [](const FileFacts& file) { return file.is_ours; });
}

}  // namespace ringside::recorder
