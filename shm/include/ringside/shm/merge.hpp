// Owns reading several feeds as one stream in time order: stocks beside options, one line beside
// another. One thread; add() allocates, the rest does not.
//
// Invariant: a record is given out when no source can still bring an earlier one: every source has
// its next record at hand, or the record has waited hold_ns. What comes later all the same is given
// out at once and counted (late()).
#pragma once

#include <vector>

#include "ringside/shm/ring.hpp"

namespace ringside::shm {

/// The time that orders a merge.
enum class MergeBy : std::uint8_t {
  ts_recv,   // when this machine got it: grows within a feed, so the order is exact
  ts_event,  // the exchange's clock: feeds repeat and correct themselves, so some come late
};

template <SlotRecord Record>
class MergedReader {
 public:
  struct Options {
    MergeBy by = MergeBy::ts_recv;
    /// How long a record waits for sources that are silent. Longer than what lies between a
    /// record's time and its publishing: a millisecond for ts_recv.
    std::uint64_t hold_ns = 1'000'000;
  };

  MergedReader() : MergedReader(Options{}) {}
  explicit MergedReader(const Options& options) noexcept : options_(options) {}

  /// Adds a source (a feed's tape, a symbol's ring); returns its number, counted from 0.
  std::size_t add(const RingReader<Record>& reader) {
    RINGSIDE_ASSERT(reader.is_open());
    sources_.push_back({.reader = reader});
    return sources_.size() - 1;
  }

  /// Gives the earliest record. `ts_now`: ns UTC by the clock of the times (wall_ns()); with
  /// ~0 nothing waits, which is right when the feeds have ended.
  /// Returns ok; empty: none, or the earliest still waits; lapped: source() was overtaken, and its
  /// lost() grew. source() says whose it was.
  /// Cost  a copy of the record in, one out, and one compare a source.
  [[nodiscard]] ReadStatus poll(std::uint64_t ts_now, Record& out) noexcept {
    std::size_t earliest = sources_.size();
    bool is_complete = true;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      Source& source = sources_[i];
      if (!source.is_held) {
        const ReadStatus status = source.reader.poll(source.held);
        if (status == ReadStatus::lapped) {
          at_ = i;
          return status;
        }
        source.is_held = status == ReadStatus::ok;
        // A time that lies ahead, or none at all, counts as now: it must not hold others up.
        source.ts = source.is_held ? std::min(time_of(source.held), ts_now) : 0;
      }
      if (!source.is_held) {
        is_complete = false;
      } else if (earliest == sources_.size() || source.ts < sources_[earliest].ts) {
        earliest = i;
      }
    }
    if (earliest == sources_.size()) return ReadStatus::empty;
    Source& source = sources_[earliest];
    const bool has_waited = ts_now >= options_.hold_ns && source.ts <= ts_now - options_.hold_ns;
    if (!is_complete && !has_waited && source.ts >= ts_last_) return ReadStatus::empty;
    out = source.held;
    source.is_held = false;
    at_ = earliest;
    if (source.ts < ts_last_) ++late_;
    ts_last_ = std::max(ts_last_, source.ts);
    return ReadStatus::ok;
  }

  [[nodiscard]] std::size_t source() const noexcept { return at_; }
  [[nodiscard]] std::size_t size() const noexcept { return sources_.size(); }
  [[nodiscard]] const RingReader<Record>& reader(std::size_t source) const noexcept {
    return sources_[source].reader;
  }
  /// Records given out although a later one had been: the price of not waiting for ever.
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  /// Records taken from their rings that still wait here.
  [[nodiscard]] std::size_t held() const noexcept {
    std::size_t count = 0;
    for (const Source& source : sources_) count += source.is_held ? 1 : 0;
    return count;
  }

 private:
  struct Source {
    RingReader<Record> reader;
    Record held{};
    std::uint64_t ts = 0;
    bool is_held = false;
  };

  [[nodiscard]] std::uint64_t time_of(const Record& record) const noexcept {
    return options_.by == MergeBy::ts_recv ? record.ts_recv : record.ts_event;
  }

  Options options_;
  std::vector<Source> sources_;
  std::uint64_t ts_last_ = 0;
  std::uint64_t late_ = 0;
  std::size_t at_ = 0;
};

using MergedTicks = MergedReader<TickRecord>;
using MergedBars = MergedReader<BarRecord>;

}  // namespace ringside::shm
