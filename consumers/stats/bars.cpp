#include "bars.hpp"

#include <algorithm>

#include "conditions.hpp"
#include "ringside/base/assert.hpp"

namespace ringside::stats {

namespace {

// Times beyond this (the year 2262) are garbage, and sums of two times stay in range.
constexpr std::uint64_t ts_max = std::numeric_limits<std::int64_t>::max();

// Event and receive time closer than this are one time: a live feed.
constexpr std::uint64_t clocks_apart_ns = 5 * ns_per_s;

constexpr std::uint64_t distance(std::uint64_t a, std::uint64_t b) noexcept {
  return a > b ? a - b : b - a;
}

}  // namespace

BarEngine::BarEngine(const BarOptions& options) : options_(options), kinds_(options.kinds) {
  for (const std::size_t kind : kinds_) RINGSIDE_ASSERT(kind < index_day);
  std::sort(kinds_.begin(), kinds_.end());
  kinds_.erase(std::unique(kinds_.begin(), kinds_.end()), kinds_.end());
  kinds_.push_back(index_day);
}

std::uint32_t BarEngine::add_symbol(std::uint32_t instrument_id, std::uint64_t ts_seen_from) {
  Symbol& symbol = symbols_.emplace_back();
  symbol.instrument_id = instrument_id;
  if (ts_seen_from != 0) symbol.gaps.add(0, ts_seen_from);
  return static_cast<std::uint32_t>(symbols_.size() - 1);
}

// --- windows -------------------------------------------------------------------------------------

Span BarEngine::span_of(std::size_t kind, std::uint64_t ts) noexcept {
  return kind == index_day ? day_.of(ts) : fixed_span(ts, span_ns[kind]);
}

std::uint64_t BarEngine::event_now(std::uint64_t now) const noexcept {
  return event_ts_ == 0 ? 0 : event_ts_ + (now - std::min(now, event_now_));
}

Window* BarEngine::find(std::uint32_t symbol, std::size_t kind, std::uint64_t begin) noexcept {
  std::vector<Window>& windows = symbols_[symbol].windows[kind];
  for (auto it = windows.rbegin(); it != windows.rend() && it->span.begin >= begin; ++it) {
    if (it->span.begin == begin) return &*it;
  }
  return nullptr;
}

// The window, made if it is not there; nullptr when it is too old to change. The pointer is good
// until the next call.
Window* BarEngine::find_or_add(std::uint32_t symbol, std::size_t kind, Span span) {
  if (span.end + options_.lookback_ns <= event_ts_) return nullptr;
  std::vector<Window>& windows = symbols_[symbol].windows[kind];
  auto it = windows.end();
  while (it != windows.begin() && std::prev(it)->span.begin >= span.begin) {
    --it;
    if (it->span.begin == span.begin) return &*it;
  }
  Window window;
  window.span = span;
  if (it != windows.end()) return &*windows.insert(it, window);
  forget_old(symbol, kind);
  return &windows.emplace_back(window);
}

// Drops windows that nothing can change any more, once they are half of what is kept.
void BarEngine::forget_old(std::uint32_t symbol, std::size_t kind) {
  std::vector<Window>& windows = symbols_[symbol].windows[kind];
  const auto first_kept = std::find_if(windows.begin(), windows.end(), [this](const Window& w) {
    return w.is_queued || w.span.end + options_.lookback_ns > event_ts_;
  });
  const auto old = first_kept - windows.begin();
  if (old < 4 || 2 * old < std::ssize(windows)) return;
  for (auto it = windows.begin(); kind == index_1m && it != first_kept; ++it) {
    if (const auto bar = vendor_.take({symbol, it->span.begin})) {
      vendor_.judge(*bar, &*it,
                    coverage_of(it->span, gaps_, symbols_[symbol].gaps, open_gap_).is_partial);
    }
  }
  windows.erase(windows.begin(), first_kept);
}

// A window that has not ended waits for its end; one that has waits for publish_revised.
void BarEngine::queue(std::uint32_t symbol, std::size_t kind, Window& window) {
  if (window.is_queued) return;
  window.is_queued = true;
  if (window.span.end <= event_ts_) {
    revised_.push_back({symbol, static_cast<std::uint32_t>(kind), window.span});
    return;
  }
  OpenWindows& open = open_[kind];
  RINGSIDE_DASSERT(open.symbols.empty() || open.span == window.span);
  open.span = window.span;
  open.symbols.push_back(symbol);
}

void BarEngine::close_until(std::size_t kind, std::uint64_t ts, std::uint64_t now) {
  OpenWindows& open = open_[kind];
  if (open.symbols.empty() || ts < open.span.end) return;
  for (const std::uint32_t symbol : open.symbols) {
    Window* window = find(symbol, kind, open.span.begin);
    RINGSIDE_ASSERT(window != nullptr);  // queued windows are not forgotten
    window->is_queued = false;
    if (kind == index_day) symbols_[symbol].is_day_dirty = false;
    publish({symbol, static_cast<std::uint32_t>(kind), open.span}, *window, now);
  }
  open.symbols.clear();
}

void BarEngine::close_all_until(std::uint64_t ts, std::uint64_t now) {
  for (const std::size_t kind : kinds_) close_until(kind, ts, now);
}

// --- trades --------------------------------------------------------------------------------------

bool BarEngine::is_usable(const shm::TickRecord& trade) {
  if (trade.trade.price == shm::px_absent || trade.trade.size < 0 || trade.ts_event == 0 ||
      trade.ts_event > ts_max) {
    ++counts_.trades_bad;
    return false;
  }
  if (trade.ts_recv <= ts_max && trade.ts_event > trade.ts_recv + options_.lookback_ns) {
    ++counts_.trades_future;
    return false;
  }
  return true;
}

void BarEngine::add_trade(std::uint32_t symbol, const shm::TickRecord& trade, std::uint32_t venue,
                          std::uint64_t now) {
  RINGSIDE_DASSERT(symbol < symbols_.size());
  ++counts_.trades;
  if (!is_usable(trade)) return;
  if (may_rewind_ && trade.ts_event + replay_distance_ns < event_ts_) [[unlikely]] {
    rewind(trade.ts_event, now);
  }
  may_rewind_ = false;
  if (trade.ts_event > event_ts_) {
    event_ts_ = trade.ts_event;
    event_now_ = now;
    close_all_until(event_ts_, now);  // before the trade: it belongs to what comes after
  }
  const std::uint8_t allowed = allowed_moves(trade.trade.conditions);
  const auto moves = static_cast<std::uint8_t>(allowed & move_all);
  const std::uint8_t rank = official_open_rank(trade.trade.conditions, venue, trade.tape);
  if (moves == move_nothing) ++counts_.trades_excluded;
  if (moves == move_nothing && rank == 0) return;
  bool is_used = false;
  bool is_late = false;
  for (const std::size_t kind : kinds_) {
    if (moves == move_nothing && kind != index_day) continue;
    Window* window = find_or_add(symbol, kind, span_of(kind, trade.ts_event));
    if (window == nullptr) {
      is_late = true;
      continue;
    }
    is_used = true;
    window->add(trade, moves);
    if (kind == index_day) {
      if (rank > window->official_open_rank) {
        window->official_open_rank = rank;
        window->official_open = trade.trade.price;
      }
      if (window->span.end > event_ts_ && !symbols_[symbol].is_day_dirty) {
        symbols_[symbol].is_day_dirty = true;
        dirty_days_.push_back(symbol);
      }
    }
    queue(symbol, kind, *window);
  }
  if (moves == move_nothing) return;
  if (!is_used) {
    ++counts_.trades_late;
    return;
  }
  counts_.trades_partly_late += is_late ? 1 : 0;
  counts_.trades_unknown_condition += (allowed & condition_is_unknown) != 0 ? 1 : 0;
  ++((moves & move_prices) != 0 ? counts_.trades_priced : counts_.trades_volume_only);
}

// After a reconnect the feed tells of a time long past: a replay begins again. Everything is
// published as it stands and forgotten; the day is told anew.
void BarEngine::rewind(std::uint64_t ts_event, std::uint64_t now) {
  publish_revised(now);
  publish_days(now);
  check_vendor(never);
  for (OpenWindows& open : open_) open.symbols.clear();
  for (Symbol& symbol : symbols_) {
    for (std::vector<Window>& windows : symbol.windows) windows.clear();
    symbol.gaps = {};
  }
  gaps_ = {};
  gaps_.add(0, ts_event);
  open_gap_.reset();
  event_ts_ = 0;
}

// --- what was not seen ---------------------------------------------------------------------------

void BarEngine::add_gap(std::optional<std::uint32_t> symbol, std::uint64_t ts_begin,
                        std::uint64_t ts_end) {
  ++counts_.gaps;
  ts_end = std::min(ts_end, ts_max);
  ts_begin = std::min(ts_begin, ts_end);
  // A gap begins or ends near the newest event: near its event time, or near its receive time.
  const auto seen_at = static_cast<std::uint64_t>(static_cast<std::int64_t>(seen_ts_) + seen_lag_);
  const auto reach = [&](std::uint64_t ts) {
    return std::min(distance(ts_begin, ts), distance(ts_end, ts));
  };
  const bool is_apart = distance(seen_at, seen_ts_) > clocks_apart_ns;
  if (seen_ts_ != 0 && is_apart && reach(seen_at) < reach(seen_ts_)) {
    const auto to_event = [this](std::uint64_t ts) {
      return static_cast<std::uint64_t>(
          std::max<std::int64_t>(0, static_cast<std::int64_t>(ts) - seen_lag_));
    };
    ts_begin = to_event(ts_begin);
    ts_end = to_event(ts_end);
  }
  (symbol ? symbols_[*symbol].gaps : gaps_).add(ts_begin, ts_end);
  requeue_overlapping(symbol, ts_begin, ts_end);
}

void BarEngine::begin_gap() {
  ++counts_.gaps;
  open_gap_ = std::min(open_gap_.value_or(never), seen_ts_);
  requeue_overlapping(std::nullopt, *open_gap_, never);
}

void BarEngine::begin_gap(std::uint64_t now, std::uint64_t age_ns) {
  ++counts_.gaps;
  may_rewind_ = true;
  seen_from_wall_ = 0;
  const std::uint64_t at = event_now(now);
  const std::uint64_t begin = std::max(seen_ts_, at - std::min(at, age_ns));
  open_gap_ = std::min(open_gap_.value_or(never), begin);
  requeue_overlapping(std::nullopt, *open_gap_, never);
}

void BarEngine::end_gap(std::uint64_t now, std::uint64_t ts_wall) {
  if (!open_gap_) return;
  if (event_ts_ == 0) {
    // No event yet, so nobody knows what time it is for this feed: the first one will tell.
    if (seen_from_wall_ == 0) seen_from_wall_ = ts_wall;
    return;
  }
  end_gap_at(event_now(now));
}

void BarEngine::end_gap_at(std::uint64_t ts) {
  const std::uint64_t begin = *open_gap_;
  if (seen_from_wall_ != 0) ts = std::min(ts, seen_from_wall_);
  seen_from_wall_ = 0;
  const std::uint64_t end = std::max(begin, ts);
  gaps_.add(begin, end);
  open_gap_.reset();
  requeue_overlapping(std::nullopt, begin, never);
}

void BarEngine::cancel_gap() {
  if (!open_gap_ || seen_ts_ == 0) return;  // before the first event nothing was seen anyway
  const std::uint64_t begin = *open_gap_;
  open_gap_.reset();
  requeue_overlapping(std::nullopt, begin, never);
}

// What was published about this stretch says the wrong coverage now.
void BarEngine::requeue_overlapping(std::optional<std::uint32_t> only, std::uint64_t ts_begin,
                                    std::uint64_t ts_end) {
  const std::uint32_t first = only.value_or(0);
  const std::uint32_t last = only ? *only + 1 : symbol_count();
  for (std::uint32_t symbol = first; symbol < last; ++symbol) {
    for (const std::size_t kind : kinds_) {
      std::vector<Window>& windows = symbols_[symbol].windows[kind];
      for (auto it = windows.rbegin(); it != windows.rend() && it->span.end > ts_begin; ++it) {
        if (it->span.begin > ts_end || !it->is_published) continue;
        if (kind == index_day && it->span.end > event_ts_ && !symbols_[symbol].is_day_dirty) {
          symbols_[symbol].is_day_dirty = true;
          dirty_days_.push_back(symbol);
        }
        queue(symbol, kind, *it);
      }
    }
  }
}

// --- giving bars out -----------------------------------------------------------------------------

void BarEngine::publish(const WindowRef& ref, Window& window, std::uint64_t now) {
  if (!window.has_price()) return;  // no bar is invented
  const Symbol& symbol = symbols_[ref.symbol];
  shm::BarRecord& bar = out_.emplace_back(shm::empty_bar());
  bar.ts_event = window.span.begin;
  bar.ts_end = window.span.end;
  bar.ts_recv = window.ts_recv;
  bar.instrument_id = symbol.instrument_id;
  bar.kind = bar_kinds[ref.kind];
  bar.open = window.open;
  bar.high = window.high;
  bar.low = window.low;
  bar.close = window.close;
  bar.volume = window.volume;
  bar.vwap = window.vwap();
  bar.trade_size_avg = window.trade_size_avg();
  bar.trades = window.trades;
  const Window* day = ref.kind == index_day
                          ? &window
                          : find(ref.symbol, index_day, day_.of(window.span.begin).begin);
  if (day != nullptr) {
    bar.day_volume = day->volume;
    bar.day_vwap = day->vwap();
    bar.official_open = day->official_open;
  }
  // Of a day that still runs only the part up to now can have been seen.
  Span seen = window.span;
  if (!is_finished_) {
    seen.end = std::clamp(event_now(now), seen.begin + 1, seen.end);
  }
  const Coverage coverage = coverage_of(seen, gaps_, symbol.gaps, open_gap_);
  bar.coverage = coverage.ppm;
  bar.flags = window.flags;
  if (coverage.is_partial) bar.flags |= shm::flag_partial;
  const bool is_newest = &window == &symbol.windows[ref.kind].back();
  const bool is_revised = window.is_published || !is_newest;
  if (is_revised) bar.flags |= shm::flag_revised;
  ++counts_.bars[ref.kind];
  counts_.bars_partial += coverage.is_partial ? 1 : 0;
  counts_.bars_revised += is_revised ? 1 : 0;
  window.is_published = true;
}

void BarEngine::publish_revised(std::uint64_t now) {
  for (const WindowRef& ref : revised_) {
    Window* window = find(ref.symbol, ref.kind, ref.span.begin);
    RINGSIDE_ASSERT(window != nullptr);  // queued windows are not forgotten
    window->is_queued = false;
    publish(ref, *window, now);
  }
  revised_.clear();
}

void BarEngine::close_idle(std::uint64_t now, std::uint64_t ts_wall) {
  if (event_ts_ == 0) return;
  const std::uint64_t idle = now - std::min(now, event_now_);
  const bool is_replay = distance(ts_wall - idle, event_ts_) > replay_distance_ns;
  if (is_replay && idle >= options_.idle_ns) {
    for (const std::size_t kind : kinds_) {
      if (kind != index_day) close_until(kind, never - 1, now);
    }
    check_vendor(never);
    return;
  }
  const std::uint64_t at = event_ts_ + idle;
  if (at > options_.grace_ns) close_all_until(at - options_.grace_ns, now);
}

void BarEngine::publish_days(std::uint64_t now) {
  for (const std::uint32_t symbol : dirty_days_) {
    if (!symbols_[symbol].is_day_dirty) continue;  // its day has ended meanwhile
    symbols_[symbol].is_day_dirty = false;
    Window& day = symbols_[symbol].windows[index_day].back();
    publish({symbol, static_cast<std::uint32_t>(index_day), day.span}, day, now);
  }
  dirty_days_.clear();
  check_vendor(event_now(now));
}

void BarEngine::finish(std::uint64_t now) {
  publish_revised(now);
  if (event_ts_ == 0) return;
  publish_days(now);
  is_finished_ = true;
  open_gap_ = std::min(open_gap_.value_or(never), event_now(now));  // what is to come is not seen
  for (const std::size_t kind : kinds_) {
    if (kind != index_day) close_until(kind, never - 1, now);
  }
  check_vendor(never);
}

// --- the vendor's minute bars --------------------------------------------------------------------

void BarEngine::add_vendor_bar(std::uint32_t symbol, const shm::BarRecord& bar) {
  const Span span = fixed_span(bar.ts_event, span_ns[index_1m]);
  const bool is_minute = bar.ts_event <= ts_max && span.begin == bar.ts_event;
  const bool is_compared = std::find(kinds_.begin(), kinds_.end(), index_1m) != kinds_.end();
  if (!is_minute || !is_compared || span.end + options_.lookback_ns <= event_ts_) {
    vendor_.add_unchecked();
    return;
  }
  vendor_.add({symbol, span.begin}, {bar.open, bar.high, bar.low, bar.close, bar.volume});
}

// Judges what waits for windows that ended a look-back before `ts` or are forgotten.
void BarEngine::check_vendor(std::uint64_t ts) {
  const std::uint64_t reach = span_ns[index_1m] + options_.lookback_ns;
  if (vendor_.waiting() == 0 || ts < reach) return;
  for (const VendorCheck::Key& key : vendor_.due(ts == never ? never : ts - reach)) {
    const auto bar = vendor_.take(key);
    const Window* own = find(key.symbol, index_1m, key.begin);
    const Span span = fixed_span(key.begin, span_ns[index_1m]);
    vendor_.judge(*bar, own,
                  coverage_of(span, gaps_, symbols_[key.symbol].gaps, open_gap_).is_partial);
  }
}

}  // namespace ringside::stats
