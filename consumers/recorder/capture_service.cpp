// Owns the part of Capture that is not per record: beginning and ending an epoch, moving buffers,
// and the receipt. On the capture thread; beginning and ending allocate, service() does not.
#include <poll.h>

#include <algorithm>

#include "capture.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"

namespace ringside::recorder {
namespace {

constexpr std::uint64_t disk_wait_ns = 2'000'000;
constexpr int keeper_wait_ms = 1;

/// One share or contract in units of 10^exponent; exponents beyond -18 cannot be.
std::int64_t size_one_of(std::int32_t exponent) noexcept {
  std::int64_t one = 1;
  for (std::int32_t i = 0; i > std::max(exponent, -18); --i) one *= 10;
  return one;
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::create(const CaptureOptions& options, FeedLink& link) {
  auto writer = BlockWriter::create(options.buffers);
  if (!writer) return writer.error();
  return std::unique_ptr<Capture>(new Capture(options, link, std::move(*writer)));
}

Capture::Capture(const CaptureOptions& options, FeedLink& link, std::unique_ptr<BlockWriter> writer)
    : options_(options), link_(link), writer_(std::move(writer)) {
  const auto stream_of = [this](bool is_wanted, dbn::Schema schema) {
    return is_wanted ? std::make_unique<Stream>(*writer_, link_, schema, options_.span_ns)
                     : nullptr;
  };
  const auto sorter = [this] {
    return std::make_unique<BarSorter>(bars_held_max, options_.bar_hold_ns);
  };
  trades_.stream = stream_of(options.has_trades, dbn::Schema::trades);
  quotes_.stream = stream_of(options.has_quotes, dbn::Schema::cmbp_1);
  bars_1s_ = {
      stream_of(options.has_bars_1s, dbn::Schema::ohlcv_1s), sorter(), {}, dbn::Rtype::ohlcv_1s};
  bars_1m_ = {
      stream_of(options.has_bars_1m, dbn::Schema::ohlcv_1m), sorter(), {}, dbn::Rtype::ohlcv_1m};
}

void Capture::begin_epoch(std::shared_ptr<const shm::SegmentView> segment) {
  RINGSIDE_ASSERT(is_finished());
  const bool is_first = epoch_ == 0;
  const bool is_back = !is_first && segment->epoch() == epoch_;
  const shm::SegmentFacts& facts = segment->facts();
  epoch_ = facts.epoch;
  units_ = {options_.market, facts.venue_base, size_one_of(facts.size_exponent)};
  now_ns_ = monotonic_ns();
  const shm::SegmentView& view = is_back ? *segment_ : *segment;
  for_each_stream([this, &view, &facts](Stream& stream) {
    stream.begin_epoch(epoch_, &view.symbols(), facts.symbol_capacity);
  });
  // An epoch that is back goes on with its readers and counts: its next receipt covers all of it.
  if (!is_back) start_counting();
  if (is_first) look_back(*segment);
  if (!is_first && !is_back) mark_restart(facts.ts_start);
  if (!is_back) start_readers(*segment, is_first);
  // Readers of an epoch that is back look into the mapping they began with.
  if (!is_back) segment_ = std::move(segment);
  is_open_ = true;
}

void Capture::start_counting() noexcept {
  tick_aside_ = {};
  bar_aside_ = {};
  convert_ = {};
  catalog_dropped_ = 0;
  bytes_before_ = writer_->bytes_written();
  ts_begin_ = wall_ns();
  for_each_stream([](Stream& stream) { stream.reset_counters(); });
}

/// What an earlier run has written of this epoch. A folder that cannot be read costs repeated
/// records, never lost ones.
void Capture::look_back(const shm::SegmentView& segment) {
  ResumeQuery query{.dir = options_.dir,
                    .dataset = link_.dataset,
                    .feed = link_.feed,
                    .epoch = segment.epoch(),
                    .schema = dbn::Schema::trades};
  for (TickOut* out : {&trades_, &quotes_}) {
    if (out->stream == nullptr) continue;
    query.schema = out->stream->schema();
    auto resume = find_tick_resume(query);
    if (resume) out->resume = *resume;
    if (!resume) log::warn("{}", resume.error().message());
    ts_resume_ = std::max(ts_resume_, out->resume.ts_last);
  }
  for (BarOut* out : {&bars_1s_, &bars_1m_}) {
    if (out->stream == nullptr) continue;
    query.schema = out->stream->schema();
    auto resume = find_bar_resume(query);
    if (resume) out->resume = std::move(*resume);
    if (!resume) log::warn("{}", resume.error().message());
  }
}

void Capture::start_readers(const shm::SegmentView& segment, bool is_first) {
  ticks_wait_max_ = segment.facts().tick_tape_slots / 2;
  bars_wait_max_ = segment.facts().bar_tape_slots / 2;
  resume_tick_until_ = resume_bar_until_ = 0;
  if (!is_first) {  // a new epoch is ours from its first record on
    ticks_ = shm::TapeReader(segment.tick_tape(), 0);
    bars_ = shm::BarTapeReader(segment.bar_tape(), 0);
    return;
  }
  ticks_ = shm::TapeReader(segment.tick_tape(), shm::StartAt::oldest);
  bars_ = shm::BarTapeReader(segment.bar_tape(), shm::StartAt::oldest);
  resume_tick_until_ = ticks_.head();
  resume_bar_until_ = bars_.head();
}

void Capture::mark_restart(std::uint64_t ts_start) {
  send_gap({.kind = GapKind::restart,
            .epoch = epoch_,
            .ts_begin = ts_tick_last_ == 0 ? ts_start : ts_tick_last_,
            .ts_end = ts_start});
  const std::string text = "feed: the feed handler was restarted; records between " +
                           std::to_string(ts_tick_last_) + " and " + std::to_string(ts_start) +
                           " are missing";
  for_each_stream([&text](Stream& stream) { stream.mark(text, true); });
}

void Capture::end_epoch(EndReason reason) {
  if (!is_open_) return;
  is_open_ = false;
  is_ending_ = true;
  reason_ = reason;
  ts_end_ = wall_ns();
  for (BarOut* out : {&bars_1s_, &bars_1m_}) {
    while (!out->sorter->is_empty()) write_bar(*out, out->sorter->pop());
    out->resume.keys = {};
  }
  for_each_stream([](Stream& stream) { stream.end_file(); });
}

void Capture::take_replies() noexcept {
  OpenReply reply;
  while (link_.replies.try_pop(reply)) {
    if (reply.fd >= 0) {
      writer_->open_done(reply.slot, reply.fd);
    } else {
      writer_->open_failed(reply.slot, reply.sys_errno);
    }
  }
}

/// Files whose last byte is written go to the keeper. One that it has no room for waits here, and
/// the next ones in the writer.
void Capture::take_finished() noexcept {
  if (close_due_ && link_.send(*close_due_)) close_due_.reset();
  FileDone done;
  while (!close_due_ && writer_->take_done(done)) {
    for_each_stream([this, &done](Stream& stream) {
      if (stream.owns(done.slot)) close_due_ = stream.on_done(done);
    });
    if (close_due_ && link_.send(*close_due_)) close_due_.reset();
  }
}

void Capture::service(std::uint64_t now_ns) noexcept {
  now_ns_ = now_ns;
  take_replies();
  writer_->poll();
  take_finished();
  for_each_stream([now_ns](Stream& stream) { stream.serve(now_ns); });
  for (BarOut* out : {&bars_1s_, &bars_1m_}) {
    out->sorter->release(now_ns,
                         [this, out](const BarSorter::Held& held) { write_bar(*out, held); });
  }
  if (now_ns >= flush_due_ns_) {
    flush_due_ns_ = now_ns + options_.flush_ns;
    const bool is_sync = options_.sync_ns != 0 && now_ns >= sync_due_ns_;
    if (is_sync) sync_due_ns_ = now_ns + options_.sync_ns;
    for_each_stream([is_sync](Stream& stream) { stream.flush(is_sync); });
  }
  if (is_ending_) try_finish();
}

void Capture::service_wait(std::uint64_t now_ns) noexcept {
  service(now_ns);
  if (is_finished()) return;
  if (writer_->has_work()) {
    writer_->poll_wait(disk_wait_ns);
  } else {
    ::poll(nullptr, 0, keeper_wait_ms);  // it is the keeper's turn
  }
}

void Capture::try_finish() noexcept {
  bool is_quiet = !close_due_.has_value();
  for_each_stream([&is_quiet](Stream& stream) { is_quiet = is_quiet && stream.is_quiet(); });
  if (is_quiet && link_.send(receipt())) is_ending_ = false;
}

ReceiptOrder Capture::receipt() const noexcept {
  ReceiptOrder out;
  out.epoch = epoch_;
  out.reason = reason_;
  out.ts_begin = ts_begin_;
  out.ts_end = ts_end_;
  const auto read = [](const auto& reader, const Aside& aside, TapeReceipt& tape) {
    const shm::Receipt at = reader.receipt();
    tape.start = at.start;
    tape.published = at.published;
    tape.received = at.received;
    tape.lost = at.lost;
    tape.unread = at.pending;
    tape.ignored = aside.ignored;
    tape.marks = aside.marks;
    tape.already_recorded = aside.already_recorded;
  };
  read(ticks_, tick_aside_, out.ticks);
  read(bars_, bar_aside_, out.bars);
  const auto add = [&out](const Stream* stream, TapeReceipt& tape) {
    if (stream == nullptr) return;
    const StreamCounters& counters = stream->counters();
    tape.written += counters.written;
    tape.dropped += counters.dropped;
    tape.disk += counters.disk;
    out.ts_clamped += counters.ts_clamped;
    out.unmapped += counters.unmapped;
    out.catalog_dropped += counters.catalog_dropped;
  };
  add(trades_.stream.get(), out.ticks);
  add(quotes_.stream.get(), out.ticks);
  add(bars_1s_.stream.get(), out.bars);
  add(bars_1m_.stream.get(), out.bars);
  for (const BarOut* bar : {&bars_1s_, &bars_1m_}) {
    if (bar->stream != nullptr) out.bars_out_of_order += bar->stream->counters().out_of_order;
  }
  out.bytes_written = writer_->bytes_written() - bytes_before_;
  out.size_cut = convert_.size_cut;
  out.size_clipped = convert_.size_clipped;
  out.publisher_unknown = convert_.publisher_unknown;
  out.delta_clipped = convert_.delta_clipped;
  out.catalog_dropped += catalog_dropped_;
  return out;
}

}  // namespace ringside::recorder
