#include "capture.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "ringside/base/clock.hpp"

namespace ringside::recorder {
namespace {

constexpr std::uint64_t day_ns = 86'400'000'000'000;

const char* text_of(shm::GapReason reason) noexcept {
  switch (reason) {
    case shm::GapReason::unknown:
      return "unknown";
    case shm::GapReason::disconnected:
      return "disconnected";
    case shm::GapReason::restarted:
      return "restarted";
    case shm::GapReason::lapped:
      return "lapped";
    case shm::GapReason::sequence:
      return "sequence";
  }
  return "unknown";
}

unsigned long long ull(std::uint64_t value) noexcept {
  return value;
}

}  // namespace

std::uint64_t Capture::recv_of(const shm::TickRecord& tick) const noexcept {
  return tick.ts_recv == shm::ts_absent ? ts_tick_last_ : tick.ts_recv;
}

std::size_t Capture::poll() noexcept {
  if (!is_open_ || is_waiting()) return 0;
  const std::size_t ticks = ticks_.poll_batch(tick_batch_);
  std::uint64_t sequence = ticks_.next_sequence() - ticks;
  for (std::size_t i = 0; i < ticks; ++i) take(tick_batch_[i], sequence++);
  const std::size_t bars = bars_.poll_batch(bar_batch_);
  sequence = bars_.next_sequence() - bars;
  for (std::size_t i = 0; i < bars; ++i) take_bar(bar_batch_[i], sequence++);
  if (ticks == 0 || bars == 0) check_lapped();
  return ticks + bars;
}

void Capture::take(const shm::TickRecord& tick, std::uint64_t sequence) noexcept {
  if (ts_resume_ != 0) [[unlikely]]
    check_down_time(tick);
  switch (tick.kind) {
    case shm::Kind::trade:
      take_trade(tick, sequence);
      break;
    case shm::Kind::quote:
      take_quote(tick, sequence);
      break;
    case shm::Kind::gap:
    case shm::Kind::status:
      take_mark(tick);
      break;
    default:
      ++tick_aside_.ignored;
      break;
  }
  ts_tick_last_ = recv_of(tick);
}

void Capture::take_trade(const shm::TickRecord& tick, std::uint64_t sequence) noexcept {
  if (trades_.stream == nullptr) {
    ++tick_aside_.ignored;
    return;
  }
  if (is_recorded(trades_.resume, tick.ts_recv, sequence)) return;
  Stream& stream = *trades_.stream;
  const Stream::OrderedTs ts = stream.ordered(recv_of(tick));
  const unsigned flags = stream.flags_due() | (ts.is_clamped ? dbn::flag_bad_ts_recv : 0U);
  stream.append(to_trade(tick, ts.ts, static_cast<std::uint8_t>(flags), units_, convert_), ts.ts,
                sequence);
}

void Capture::take_quote(const shm::TickRecord& tick, std::uint64_t sequence) noexcept {
  if (quotes_.stream == nullptr) {
    ++tick_aside_.ignored;
    return;
  }
  if (is_recorded(quotes_.resume, tick.ts_recv, sequence)) return;
  Stream& stream = *quotes_.stream;
  const Stream::OrderedTs ts = stream.ordered(recv_of(tick));
  const unsigned flags = stream.flags_due() | (ts.is_clamped ? dbn::flag_bad_ts_recv : 0U);
  stream.append(to_cmbp1(tick, ts.ts, static_cast<std::uint8_t>(flags), units_, convert_), ts.ts,
                sequence);
}

/// Gaps and states of the feed are not data: they become marks in every schema's file.
void Capture::take_mark(const shm::TickRecord& tick) noexcept {
  ++tick_aside_.marks;
  std::array<char, 303> text{};
  const bool is_gap = tick.kind == shm::Kind::gap;
  const std::string_view symbol = segment_->symbols().text(tick.instrument_id);
  const int chars = static_cast<int>(std::min<std::size_t>(symbol.size(), shm::symbol_bytes_max));
  if (is_gap) {
    const auto reason = static_cast<shm::GapReason>(tick.gap.reason);
    std::snprintf(
        text.data(), text.size(), "feed: gap (%s)%s%.*s from %llu to %llu, %lld records missing",
        text_of(reason), symbol.empty() ? "" : " of ", chars, symbol.data(), ull(tick.gap.ts_begin),
        ull(tick.gap.ts_end),
        tick.gap.count == shm::count_unknown ? -1LL : static_cast<long long>(tick.gap.count));
    send_gap({.kind = GapKind::vendor,
              .epoch = epoch_,
              .ts_begin = tick.gap.ts_begin,
              .ts_end = tick.gap.ts_end,
              .count = tick.gap.count});
  } else {
    const auto state = to_string(static_cast<shm::FeedState>(tick.status.state));
    std::snprintf(text.data(), text.size(), "feed: state %.*s%s%.*s",
                  static_cast<int>(state.size()), state.data(), symbol.empty() ? "" : " of ", chars,
                  symbol.data());
  }
  for_each_stream([&text, is_gap](Stream& stream) { stream.mark(text.data(), is_gap); });
}

void Capture::take_bar(const shm::BarRecord& bar, std::uint64_t sequence) noexcept {
  BarOut* const out = bar.kind == shm::Kind::bar_1s   ? &bars_1s_
                      : bar.kind == shm::Kind::bar_1m ? &bars_1m_
                                                      : nullptr;
  // A start beyond tomorrow is no window of today's feed; it would keep the file open for ever.
  if (out == nullptr || out->stream == nullptr || bar.ts_event > bar.ts_recv + day_ns ||
      bar.ts_event == shm::ts_absent) {
    ++bar_aside_.ignored;
    return;
  }
  if (sequence < resume_bar_until_ && out->resume.has({bar.ts_event, bar.instrument_id}))
      [[unlikely]] {
    ++bar_aside_.already_recorded;
    return;
  }
  if (out->sorter->is_full()) write_bar(*out, out->sorter->pop());
  out->sorter->push(bar, sequence, now_ns_);
}

void Capture::write_bar(BarOut& out, const BarSorter::Held& held) noexcept {
  out.stream->append(to_ohlcv(*held.bar, out.rtype, units_, convert_), held.bar->ts_event,
                     held.sequence);
}

/// Whether an earlier run has written this tick. Files are in tape order, so what lies before their
/// last instant is there, and as many of that instant as were counted.
bool Capture::is_recorded(TickResume& resume, std::uint64_t ts_recv,
                          std::uint64_t sequence) noexcept {
  if (resume.ts_last == 0) [[likely]]
    return false;
  const bool is_before = ts_recv < resume.ts_last;
  const bool is_last = ts_recv == resume.ts_last && resume.count_at_last > 0;
  if (sequence >= resume_tick_until_ || !(is_before || is_last)) {
    resume = {};
    return false;
  }
  if (is_last) --resume.count_at_last;
  ++tick_aside_.already_recorded;
  return true;
}

/// The first tick after a restart of ours: is there a hole between what was written and it?
void Capture::check_down_time(const shm::TickRecord& tick) noexcept {
  const std::uint64_t ts_resume = std::exchange(ts_resume_, 0);
  const bool is_whole = ticks_.receipt().start == 0 || recv_of(tick) <= ts_resume;
  if (is_whole) return;
  send_gap({.kind = GapKind::recorder_down,
            .epoch = epoch_,
            .ts_begin = ts_resume,
            .ts_end = recv_of(tick)});
  for_each_stream([](Stream& stream) {
    stream.mark("recorder: was down for longer than the feed's memory reaches", true);
  });
}

void Capture::check_lapped() noexcept {
  if (const std::uint64_t lost = ticks_.lost() - tick_aside_.lost_seen; lost != 0) {
    tick_aside_.lost_seen += lost;
    for (TickOut* out : {&trades_, &quotes_}) {
      if (out->stream != nullptr) out->stream->mark_lapped(lost);
    }
    send_gap({.kind = GapKind::lapped,
              .epoch = epoch_,
              .ts_begin = ts_tick_last_,
              .ts_end = wall_ns(),
              .count = lost});
  }
  if (const std::uint64_t lost = bars_.lost() - bar_aside_.lost_seen; lost != 0) {
    bar_aside_.lost_seen += lost;
    for (BarOut* out : {&bars_1s_, &bars_1m_}) {
      if (out->stream != nullptr) out->stream->mark_lapped(lost);
    }
    send_gap({.kind = GapKind::lapped,
              .epoch = epoch_,
              .ts_begin = ts_tick_last_,
              .ts_end = wall_ns(),
              .count = lost});
  }
}

void Capture::send_gap(const GapOrder& gap) noexcept {
  if (!link_.send(gap)) ++catalog_dropped_;
}

}  // namespace ringside::recorder
