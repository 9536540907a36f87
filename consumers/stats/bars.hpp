// Owns the bars and day statistics of one feed: takes its trades and gaps in, gives bar records
// out. Knows no clock, no socket and no shared memory, so that tests drive it by hand. One thread.
// Allocates when a symbol is new and while its windows grow to their steady number.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "gaps.hpp"
#include "ringside/shm/record.hpp"
#include "spans.hpp"
#include "vendor_check.hpp"
#include "window.hpp"

namespace ringside::stats {

struct BarOptions {
  /// Which of bar_kinds are published besides the day.
  std::vector<std::size_t> kinds = {index_1s, index_1m};
  /// A trade may still change a window that ended at most this long before the newest event.
  std::uint64_t lookback_ns = 60 * ns_per_s;
  /// How much longer than its end a window stays open while no later trade comes.
  std::uint64_t grace_ns = 500 * ns_per_ms;
  /// A feed whose events are long past closes all windows after this time without a trade.
  std::uint64_t idle_ns = 2 * ns_per_s;
};

/// An event this far from its receive time is no live event: a replay.
inline constexpr std::uint64_t replay_distance_ns = 3600 * ns_per_s;

/// What became of the trades and bars, since the start.
struct BarCounts {
  std::uint64_t trades = 0;              // all that came: the sum of the next six
  std::uint64_t trades_priced = 0;       // moved a price
  std::uint64_t trades_volume_only = 0;  // their conditions let them move volume, but no price
  std::uint64_t trades_excluded = 0;     // their conditions let them move nothing
  std::uint64_t trades_bad = 0;          // no price, no time, or a negative size
  std::uint64_t trades_future = 0;       // dated later than any look-back after they came
  std::uint64_t trades_late = 0;         // older than every window of theirs that is still kept
  std::uint64_t trades_partly_late = 0;  // of those used: too old for at least one window
  std::uint64_t trades_unknown_condition = 0;  // of those used: with an id that no table names
  std::uint64_t gaps = 0;
  std::array<std::uint64_t, bar_kind_count> bars{};  // published, by kind
  std::uint64_t bars_revised = 0;                    // of them: flag_revised
  std::uint64_t bars_partial = 0;                    // of them: flag_partial
};

/// The bars of one feed. Symbols have numbers of their own, in the order of add_symbol.
///
/// Event time is what windows follow: it moves with the newest trade and, while none comes, with
/// the monotonic clock. `now` is monotonic_ns() throughout.
class BarEngine {
 public:
  explicit BarEngine(const BarOptions& options);

  /// A new symbol, published as `instrument_id`. If it was not seen from the feed's start,
  /// `ts_seen_from` is since when it is (ns UTC), else 0.
  std::uint32_t add_symbol(std::uint32_t instrument_id, std::uint64_t ts_seen_from = 0);
  [[nodiscard]] std::uint32_t symbol_count() const noexcept {
    return static_cast<std::uint32_t>(symbols_.size());
  }

  /// Any event of the feed (quotes too): proof that it is seen up to here. Before add_trade.
  void see(std::uint64_t ts_event, std::uint64_t ts_recv) {
    if (ts_event > ts_recv + options_.lookback_ns) [[unlikely]]
      return;  // a wrong clock proves nothing
    seen_ts_ = ts_event;
    seen_lag_ = static_cast<std::int64_t>(ts_recv - ts_event);
    if (open_gap_) [[unlikely]]
      end_gap_at(ts_event);
  }

  /// A trade of `symbol`. `venue`: the vendor's exchange id. Closes what it proves to be over.
  void add_trade(std::uint32_t symbol, const shm::TickRecord& trade, std::uint32_t venue,
                 std::uint64_t now);

  /// The vendor's own minute bar, for comparison.
  void add_vendor_bar(std::uint32_t symbol, const shm::BarRecord& bar);

  // --- what was not seen ---

  /// A gap record of the feed; `symbol` absent: of the whole feed. Its times may be event times or
  /// receive times: the nearer to the newest event counts.
  void add_gap(std::optional<std::uint32_t> symbol, std::uint64_t ts_begin, std::uint64_t ts_end);
  /// From here on nothing is seen: records were lost right after the newest one seen.
  void begin_gap();
  /// From about now on nothing is seen: the connection is gone. `age_ns`: how long ago at most.
  void begin_gap(std::uint64_t now, std::uint64_t age_ns);
  /// The feed is back, though no event came yet. `ts_wall`: ns UTC.
  void end_gap(std::uint64_t now, std::uint64_t ts_wall);
  /// Nothing was lost after all since the latest begin_gap.
  void cancel_gap();
  [[nodiscard]] bool has_open_gap() const noexcept { return open_gap_.has_value(); }

  // --- giving bars out: each fills `out()` ---

  /// After every batch of trades: bars that changed after they were published.
  void publish_revised(std::uint64_t now);
  /// Now and then, when the feed has nothing more to read: what ends because time passes.
  void close_idle(std::uint64_t now, std::uint64_t ts_wall);
  /// At most every second or so: the running day of every symbol that changed.
  void publish_days(std::uint64_t now);
  /// At the end: everything; windows that have not ended are marked as partial.
  void finish(std::uint64_t now);

  /// Bars to publish, in order; the caller clears it.
  [[nodiscard]] std::vector<shm::BarRecord>& out() noexcept { return out_; }

  [[nodiscard]] const BarCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const VendorCounts& vendor_counts() const noexcept { return vendor_.counts(); }
  /// Newest event time of a trade; 0: none came.
  [[nodiscard]] std::uint64_t event_ts() const noexcept { return event_ts_; }

 private:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  struct Symbol {
    std::uint32_t instrument_id = shm::instrument_none;
    bool is_day_dirty = false;
    std::array<std::vector<Window>, bar_kind_count> windows;  // by begin, newest last
    GapSet gaps;
  };
  struct WindowRef {
    std::uint32_t symbol;
    std::uint32_t kind;  // index into bar_kinds
    Span span;
  };
  /// Who waits for the end of the window of one kind that event time is in: trades are never
  /// newer than event time, so no other window can be open.
  struct OpenWindows {
    Span span;
    std::vector<std::uint32_t> symbols;
  };

  [[nodiscard]] bool is_usable(const shm::TickRecord& trade);
  [[nodiscard]] Span span_of(std::size_t kind, std::uint64_t ts) noexcept;
  [[nodiscard]] std::uint64_t event_now(std::uint64_t now) const noexcept;
  [[nodiscard]] Window* find(std::uint32_t symbol, std::size_t kind, std::uint64_t begin) noexcept;
  [[nodiscard]] Window* find_or_add(std::uint32_t symbol, std::size_t kind, Span span);
  void forget_old(std::uint32_t symbol, std::size_t kind);
  void queue(std::uint32_t symbol, std::size_t kind, Window& window);
  void close_until(std::size_t kind, std::uint64_t ts, std::uint64_t now);
  void close_all_until(std::uint64_t ts, std::uint64_t now);
  void publish(const WindowRef& ref, Window& window, std::uint64_t now);
  void requeue_overlapping(std::optional<std::uint32_t> symbol, std::uint64_t ts_begin,
                           std::uint64_t ts_end);
  void end_gap_at(std::uint64_t ts);
  void check_vendor(std::uint64_t ts);
  void rewind(std::uint64_t ts_event, std::uint64_t now);

  BarOptions options_;
  std::vector<std::size_t> kinds_;  // those published, then the day
  std::vector<Symbol> symbols_;
  std::array<OpenWindows, bar_kind_count> open_;
  std::vector<WindowRef> revised_;
  std::vector<std::uint32_t> dirty_days_;
  std::vector<shm::BarRecord> out_;
  DayCache day_;
  VendorCheck vendor_;

  std::uint64_t event_ts_ = 0;   // newest trade
  std::uint64_t event_now_ = 0;  // `now` when it came
  std::uint64_t seen_ts_ = 0;    // newest event of any kind
  std::int64_t seen_lag_ = 0;    // its receive time less its event time
  GapSet gaps_;
  std::optional<std::uint64_t> open_gap_ = 0;  // before the first event nothing was seen
  std::uint64_t seen_from_wall_ = 0;           // end_gap before the first event, ns UTC
  bool is_finished_ = false;
  bool may_rewind_ = false;  // the connection was gone since the last trade
  BarCounts counts_;
};

}  // namespace ringside::stats
