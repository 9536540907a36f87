// Owns the second and minute aggregates of one market: trades in, finished windows out. One thread
// (the simulator's); allocates only when an instrument is first seen.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/event.hpp"

namespace ringside::sim {

/// Builds A and AM events by the vendor's rules.
///
/// A trade's size counts in volume unless one of its conditions forbids it (15, 16, 38), whether or
/// not its price counts; high and low, open and close follow the condition table. A window in which
/// no trade could set open and close sends nothing, but its volume stays in the day's. VWAPs are
/// over the trades that count in volume, rounded to millionths of a dollar. The official open is
/// the first opening print (17, 25), until there is one a venue's official open (16), until there
/// is one the first trade at or after 09:30 New York that may set the open. Windows are bucketed by
/// the SIP time; a trade older than its open window counts only in the day's volume. The day ends
/// at New York's midnight.
class Aggregator {
 public:
  explicit Aggregator(Market market) : market_(market) {}

  /// Takes one trade into its windows.
  void add(std::uint32_t instrument, const Trade& trade);

  /// When the next open window ends (ms); `no_window` when none is open.
  [[nodiscard]] std::uint64_t next_end_ms() const noexcept;
  static constexpr std::uint64_t no_window = ~std::uint64_t{0};

  /// Appends the events of every window that has ended at `now_ms`, seconds before minutes.
  void close_until(std::uint64_t now_ms, std::vector<Event>& out);

  /// Trades that came after their window had been closed; they count in the day's volume only.
  [[nodiscard]] std::uint64_t late_count() const noexcept { return late_count_; }

 private:
  struct Window {
    std::int64_t open_nanos = 0;
    std::int64_t high_nanos = 0;
    std::int64_t low_nanos = 0;
    std::int64_t close_nanos = 0;
    __int128 notional = 0;  // nanos x micros over volume trades
    std::int64_t volume_micros = 0;
    std::int64_t trade_count = 0;
    bool has_price = false;  // open and close are set
    bool has_range = false;  // high and low are set
    bool is_listed = false;  // in the open list of its length
  };

  struct Day {
    __int128 notional = 0;
    std::int64_t volume_micros = 0;
    std::int64_t official_open_nanos = 0;
    std::uint8_t opening_rank = 0;  // of the trade it came from; only a higher one replaces it
  };

  struct State {
    Window second;
    Window minute;
    Day day;
  };

  // All open windows of one length share one start: the vendor's buckets are aligned.
  struct Length {
    EventKind kind;
    std::uint64_t length_ms;
    Window State::*window;
    std::uint64_t start_ms = 0;
    std::vector<std::uint32_t> open{};  // instruments with a window, in order of first trade
  };

  void roll_day(std::uint64_t ts_ms);
  void add_to_window(Length& length, std::uint32_t instrument, const Trade& trade,
                     std::int64_t counted_micros, bool high_low, bool open_close);
  void close(Length& length, std::vector<Event>& out);

  Market market_;
  std::vector<State> states_;
  Length seconds_{EventKind::second_bar, 1000, &State::second};
  Length minutes_{EventKind::minute_bar, 60'000, &State::minute};
  std::int64_t day_ = -1;
  std::uint64_t day_end_ms_ = 0;
  std::uint64_t day_start_ms_ = 0;
  std::uint64_t late_count_ = 0;
};

}  // namespace ringside::sim
