// Owns one schema of one feed: the file that is being filled, its span of time, what a reader needs
// to resolve its symbols, and the marks that say what is missing. On the path, on the capture
// thread; allocates at construction only.
//
// Invariant: every data record handed to append() is in a file, or on its way, or counted in
// `dropped` or `disk`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "block_writer.hpp"
#include "dbn.hpp"
#include "orders.hpp"
#include "ringside/shm/symbols.hpp"

namespace ringside::recorder {

struct StreamCounters {
  std::uint64_t appended = 0;  // data records handed to append()
  std::uint64_t written = 0;   // in finished files
  std::uint64_t dropped = 0;   // no free buffer
  std::uint64_t disk = 0;      // committed, and refused by the disk
  std::uint64_t ts_clamped = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t unmapped = 0;
  std::uint64_t catalog_dropped = 0;  // gaps the keeper had no room for
};

class Stream {
 public:
  /// Shapes  dataset: at most 15 characters. span_ns: how much time one file holds.
  Stream(BlockWriter& writer, FeedLink& link, dbn::Schema schema, std::uint64_t span_ns);

  /// Records from now on belong to this epoch. No file is open.
  void begin_epoch(std::uint64_t epoch, const shm::SymbolDirectory* symbols,
                   std::uint32_t symbol_capacity);

  /// The least time a record may carry so that the file stays sorted, and whether that is more than
  /// it says.
  struct OrderedTs {
    std::uint64_t ts = 0;
    bool is_clamped = false;
  };
  [[nodiscard]] OrderedTs ordered(std::uint64_t ts) noexcept {
    if (ts >= ts_last_) [[likely]]
      return {ts, false};
    ++counters_.ts_clamped;
    return {ts_last_, true};
  }

  /// dbn::flag_maybe_bad if something before the next record is missing, else 0.
  [[nodiscard]] std::uint8_t flags_due() const noexcept {
    return has_hole_ ? dbn::flag_maybe_bad : std::uint8_t{0};
  }

  /// Takes one data record. What stands before it in the file if it must: the head, marks, and the
  /// instrument's mapping.
  ///
  /// Shapes  record: one whole DBN record; ts: its index time; sequence: its place on the tape.
  /// Cost    a copy; now and then an order to the keeper. No system call.
  void append(std::span<const std::byte> record, std::uint32_t instrument_id, std::uint64_t ts,
              std::uint64_t sequence) noexcept;

  template <class T>
  void append(const T& record, std::uint64_t ts, std::uint64_t sequence) noexcept {
    append(std::as_bytes(std::span(&record, 1)), record.hd.instrument_id, ts, sequence);
  }

  /// The tape overtook us by `count` records: an error mark (code 7) before the next record.
  void mark_lapped(std::uint64_t count) noexcept;
  /// A mark with text of its own before the next record; `is_hole`: something is missing there.
  void mark(std::string_view text, bool is_hole) noexcept;

  /// Off the record path, every few ms: orders that had to wait, files that failed.
  /// `now_ns`: monotonic_ns().
  void serve(std::uint64_t now_ns) noexcept;
  /// Sends what is buffered to the disk; `is_sync`: and asks for it to be durable. Ends a file
  /// whose time is over and to which nothing has come for a while.
  void flush(bool is_sync) noexcept;
  /// Ends the open file; the next record begins another.
  void end_file() noexcept;

  /// One of our files is finished. The order to give the keeper, if there is a file to close.
  [[nodiscard]] std::optional<CloseOrder> on_done(const FileDone& done) noexcept;
  [[nodiscard]] bool owns(std::uint8_t slot) const noexcept { return files_[slot].is_ours; }
  /// No file is open or on its way.
  [[nodiscard]] bool is_quiet() const noexcept;

  [[nodiscard]] dbn::Schema schema() const noexcept { return schema_; }
  [[nodiscard]] const StreamCounters& counters() const noexcept { return counters_; }
  void reset_counters() noexcept { counters_ = {}; }

 private:
  static constexpr std::uint8_t no_slot = 0xFF;

  struct FileFacts {
    bool is_ours = false;
    bool is_ordered = false;  // the keeper has the OpenOrder
    OpenOrder open;
    std::uint64_t ts_last = 0;
    std::uint64_t sequence_last = 0;
  };

  void end_when_over() noexcept;
  void flush_marks() noexcept;
  [[nodiscard]] bool open_for(std::uint64_t ts, std::uint64_t sequence) noexcept;
  void order_open(FileFacts& file) noexcept;
  void drop(std::uint64_t ts) noexcept;
  void end_hole(std::uint64_t ts) noexcept;
  void send_gap(const GapOrder& gap) noexcept;
  [[nodiscard]] bool needs_mapping(std::uint32_t instrument_id) const noexcept;
  std::byte* put_head(std::byte* at, std::uint64_t ts) const noexcept;
  std::byte* put_marks(std::byte* at, std::uint64_t ts) noexcept;
  std::byte* put_mapping(std::byte* at, std::uint32_t instrument_id, std::uint64_t ts) noexcept;
  [[nodiscard]] std::size_t marks_bytes() const noexcept;

  BlockWriter& writer_;
  FeedLink& link_;
  const dbn::Schema schema_;
  const std::uint64_t span_ns_;
  std::vector<std::byte> head_;  // encoded once; start is patched in per file
  const shm::SymbolDirectory* symbols_ = nullptr;
  std::uint64_t epoch_ = 0;
  std::uint64_t now_ns_ = 0;
  std::uint64_t appended_ns_ = 0;  // when the open file got its latest record

  std::uint8_t slot_ = no_slot;
  bool is_new_ = false;  // its head is still to be written
  std::uint64_t span_end_ = 0;
  std::uint64_t ts_last_ = 0;
  std::uint64_t retry_ns_ = 0;        // monotonic: no new file before
  std::vector<std::uint8_t> mapped_;  // by instrument: its mapping is in this file
  std::array<FileFacts, BlockWriter::file_count_max> files_{};

  bool has_hole_ = false;
  std::uint64_t lapped_due_ = 0;   // counts for the next error mark
  std::uint64_t dropped_due_ = 0;  // the same, our own drops
  std::uint64_t disk_due_ = 0;     // the same, what the disk refused
  std::uint64_t ts_hole_ = 0;      // when they began
  std::array<char, 303> note_{};   // the next system mark's text
  bool has_note_ = false;
  StreamCounters counters_;
};

}  // namespace ringside::recorder
