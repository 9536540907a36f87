// Owns recording one feed: follows its tapes, converts what they hold, hands it to the schemas'
// streams, and accounts for every record. One thread calls it; poll() is the path and does not
// allocate, lock, log or wait, service() makes the system calls of io_uring and no other.
//
// Invariant: for each tape start + received + lost + unread == published, and received == written +
// dropped
// + disk + ignored + marks + already_recorded once an epoch is finished.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bar_sorter.hpp"
#include "block_writer.hpp"
#include "convert.hpp"
#include "orders.hpp"
#include "resume.hpp"
#include "ringside/base/result.hpp"
#include "ringside/shm/segment.hpp"
#include "stream.hpp"

namespace ringside::recorder {

struct CaptureOptions {
  std::string dir;  // the keeper's, for what an earlier run wrote
  Market market = Market::stocks;
  bool has_trades = true;
  bool has_quotes = true;
  bool has_bars_1s = true;
  bool has_bars_1m = true;
  std::uint64_t span_ns = 3'600'000'000'000;  // of one file
  std::uint64_t flush_ns = 1'000'000'000;
  std::uint64_t sync_ns = 1'000'000'000;  // 0: only when a file is closed
  std::uint64_t bar_hold_ns = 2'000'000'000;
  BlockWriter::Options buffers;
};

class Capture {
 public:
  /// Errors  memory: no buffers, no io_uring.
  [[nodiscard]] static Result<std::unique_ptr<Capture>> create(const CaptureOptions& options,
                                                               FeedLink& link);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // --- off the path ---

  /// Follows this segment from now on. The first segment of this process begins at the oldest
  /// record its tape holds, less what an earlier run has written; a later epoch at its first
  /// record; an epoch that is back continues where it was left.
  /// Shapes  is_finished().
  void begin_epoch(std::shared_ptr<const shm::SegmentView> segment);
  /// Stops reading, sends everything to the disk; is_finished() tells when it is there.
  void end_epoch(EndReason reason);
  /// service(), and waits a moment for the disk or the keeper: when is_waiting(), and for ending.
  void service_wait(std::uint64_t now_ns) noexcept;

  // --- the path ---

  /// Takes up to a batch from each tape; returns how many records. Takes none while is_waiting().
  std::size_t poll() noexcept;
  /// The buffers (or files) are on their way to the disk, and the tapes have room to keep what
  /// comes: better to leave it there than to drop it. A tape that fills up meanwhile ends the
  /// waiting.
  [[nodiscard]] bool is_waiting() const noexcept {
    const bool is_short =
        writer_->buffers_free() < streams_max || writer_->files_free() < streams_max;
    return is_open_ && is_short && ticks_.pending() < ticks_wait_max_ &&
           bars_.pending() < bars_wait_max_;
  }
  /// Moves buffers: once after each poll. `now_ns`: monotonic_ns().
  void service(std::uint64_t now_ns) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  [[nodiscard]] bool is_finished() const noexcept { return !is_open_ && !is_ending_; }
  [[nodiscard]] bool has_news() const noexcept {
    return is_open_ && (ticks_.has_news() || bars_.has_news());
  }
  [[nodiscard]] bool has_disk_work() const noexcept { return writer_->has_work(); }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

  /// Both tapes together, for the feed's table of readers.
  [[nodiscard]] std::uint64_t received() const noexcept {
    return ticks_.received() + bars_.received();
  }
  [[nodiscard]] std::uint64_t lost() const noexcept { return ticks_.lost() + bars_.lost(); }
  [[nodiscard]] std::uint64_t pending() const noexcept {
    return is_open_ ? ticks_.pending() + bars_.pending() : 0;
  }
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return writer_->bytes_written(); }

  /// What is known of the epoch now; final once it is finished.
  [[nodiscard]] ReceiptOrder receipt() const noexcept;

 private:
  static constexpr std::size_t batch = 256;
  static constexpr std::size_t bars_held_max = 16'384;
  static constexpr std::size_t streams_max = 4;  // each may need a buffer and a file at once

  /// Kinds beside data, per tape.
  struct Aside {
    std::uint64_t ignored = 0;
    std::uint64_t marks = 0;
    std::uint64_t already_recorded = 0;
    std::uint64_t lost_seen = 0;
  };
  /// One schema with what it needs beside its stream.
  struct TickOut {
    std::unique_ptr<Stream> stream;  // null: not recorded
    TickResume resume;
  };
  struct BarOut {
    std::unique_ptr<Stream> stream;
    std::unique_ptr<BarSorter> sorter;
    BarResume resume;
    dbn::Rtype rtype = dbn::Rtype::ohlcv_1s;
  };

  Capture(const CaptureOptions& options, FeedLink& link, std::unique_ptr<BlockWriter> writer);
  void look_back(const shm::SegmentView& segment);
  void start_counting() noexcept;
  void start_readers(const shm::SegmentView& segment, bool is_first);
  void mark_restart(std::uint64_t ts_start);

  void take(const shm::TickRecord& tick, std::uint64_t sequence) noexcept;
  void take_trade(const shm::TickRecord& tick, std::uint64_t sequence) noexcept;
  void take_quote(const shm::TickRecord& tick, std::uint64_t sequence) noexcept;
  void take_mark(const shm::TickRecord& tick) noexcept;
  void take_bar(const shm::BarRecord& bar, std::uint64_t sequence) noexcept;
  void write_bar(BarOut& out, const BarSorter::Held& held) noexcept;
  [[nodiscard]] bool is_recorded(TickResume& resume, std::uint64_t ts_recv,
                                 std::uint64_t sequence) noexcept;
  [[nodiscard]] std::uint64_t recv_of(const shm::TickRecord& tick) const noexcept;
  void check_down_time(const shm::TickRecord& tick) noexcept;
  void check_lapped() noexcept;
  void send_gap(const GapOrder& gap) noexcept;
  template <class Visit>
  void for_each_stream(Visit&& visit) noexcept {
    for (Stream* stream : {trades_.stream.get(), quotes_.stream.get(), bars_1s_.stream.get(),
                           bars_1m_.stream.get()}) {
      if (stream != nullptr) visit(*stream);
    }
  }
  void take_replies() noexcept;
  void take_finished() noexcept;
  void try_finish() noexcept;

  const CaptureOptions options_;
  FeedLink& link_;
  std::unique_ptr<BlockWriter> writer_;
  TickOut trades_;
  TickOut quotes_;
  BarOut bars_1s_;
  BarOut bars_1m_;

  std::shared_ptr<const shm::SegmentView> segment_;
  FeedUnits units_;
  shm::TapeReader ticks_;
  shm::BarTapeReader bars_;
  std::array<shm::TickRecord, batch> tick_batch_;
  std::array<shm::BarRecord, batch> bar_batch_;

  bool is_open_ = false;
  bool is_ending_ = false;
  EndReason reason_ = EndReason::stopped;
  std::uint64_t epoch_ = 0;
  std::uint64_t ts_begin_ = 0;
  std::uint64_t ts_end_ = 0;
  std::uint64_t ts_tick_last_ = 0;
  std::uint64_t ts_resume_ = 0;          // newest tick an earlier run has written, 0: none
  std::uint64_t resume_tick_until_ = 0;  // sequences before it may be written already
  std::uint64_t resume_bar_until_ = 0;
  std::uint64_t ticks_wait_max_ = 0;  // pending records up to which a full disk queue is waited for
  std::uint64_t bars_wait_max_ = 0;
  std::uint64_t now_ns_ = 0;
  std::uint64_t flush_due_ns_ = 0;
  std::uint64_t sync_due_ns_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t catalog_dropped_ = 0;
  Aside tick_aside_;
  Aside bar_aside_;
  ConvertCounters convert_;
  std::optional<CloseOrder> close_due_;
};

}  // namespace ringside::recorder
