// Owns reading several rings as one stream: "these 50 symbols". One thread; add() allocates, the
// rest does not.
//
// A look at a ring without news is one load of a line that lies in this core's own cache: the
// writer takes that line away only when it publishes to that very ring. So the cost depends on the
// rings in the set and their news, never on the feed's other symbols.
//
// Invariant: watches_[i] is where readers_[i] looks next.
#pragma once

#include <utility>
#include <vector>

#include "ringside/shm/ring.hpp"

namespace ringside::shm {

template <SlotRecord Record>
class RingSet {
 public:
  /// Records taken from one ring before the others have their turn.
  static constexpr std::uint32_t burst_max = 32;

  /// Adds a ring; returns its place, counted from 0.
  std::size_t add(const RingReader<Record>& reader) {
    RINGSIDE_ASSERT(reader.is_open());
    readers_.push_back(reader);
    watches_.push_back({});
    watch(readers_.size() - 1);
    return readers_.size() - 1;
  }
  std::size_t add(const RingView<Record>& view, StartAt start = StartAt::newest) {
    return add(RingReader<Record>(view, start));
  }

  /// Copies the next record of any ring. Within a ring they come in order; between rings in the
  /// order in which they are found.
  /// Returns as RingReader::poll; place() then says which ring it was. `empty`: none has news.
  /// Cost  one load for each ring looked at, and the record's cache line.
  [[nodiscard]] ReadStatus poll(Record& out) noexcept {
    if (!find_news()) return ReadStatus::empty;
    const ReadStatus status = readers_[at_].poll(out);
    watch(at_);
    ++burst_;
    return status;
  }

  /// Copies up to out.size() records; returns how many. Stops before a loss, as
  /// RingReader::poll_batch does.
  [[nodiscard]] std::size_t poll_batch(std::span<Record> out) noexcept {
    if (std::exchange(owes_loss_, false)) return 0;
    std::size_t count = 0;
    while (count < out.size() && find_news()) {
      const auto room = out.subspan(count, std::min<std::size_t>(out.size() - count, burst_max));
      const std::size_t got = readers_[at_].poll_batch(room);
      watch(at_);
      burst_ = burst_max;
      count += got;
      if (got != 0) continue;
      owes_loss_ = count != 0;  // a loss is told by a call that returns 0: this one, or the next
      break;
    }
    return count;
  }

  [[nodiscard]] bool has_news() const noexcept {
    for (const Watch& watch : watches_) {
      if (watch.has_news()) return true;
    }
    return false;
  }

  /// The ring that the last poll took from, or would look at first.
  [[nodiscard]] std::size_t place() const noexcept { return at_; }
  [[nodiscard]] std::size_t size() const noexcept { return readers_.size(); }
  [[nodiscard]] const RingReader<Record>& reader(std::size_t place) const noexcept {
    return readers_[place];
  }

  /// All rings together; balanced as each of them is.
  [[nodiscard]] Receipt receipt() const noexcept {
    Receipt sum;
    for (const auto& reader : readers_) sum += reader.receipt();
    return sum;
  }

  /// The writer is gone: counts the record that it died inside as lost (RingReader::settle_torn).
  [[nodiscard]] bool settle_torn() noexcept {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (!readers_[i].settle_torn()) continue;
      watch(i);
      return true;  // one writer dies inside one slot of one kind
    }
    return false;
  }

 private:
  struct Watch {
    const std::atomic<std::uint64_t>* stamp = nullptr;
    std::uint64_t whole = 0;

    [[nodiscard]] bool has_news() const noexcept {
      // relaxed: the poll that follows acquires.
      return stamp->load(std::memory_order_relaxed) >= whole;
    }
  };

  void watch(std::size_t place) noexcept {
    const RingReader<Record>& reader = readers_[place];
    watches_[place] = {&reader.next_stamp(), whole_stamp(reader.next_sequence())};
  }

  // Moves at_ to a ring with news, its own first unless it has had its burst.
  [[nodiscard]] bool find_news() noexcept {
    const std::size_t count = watches_.size();
    if (count == 0) return false;
    std::size_t place = at_;
    if (burst_ >= burst_max) {
      place = place + 1 == count ? 0 : place + 1;
      burst_ = 0;
    }
    for (std::size_t looked = 0; looked < count; ++looked) {
      if (watches_[place].has_news()) {
        if (place != at_) burst_ = 0;
        at_ = place;
        return true;
      }
      place = place + 1 == count ? 0 : place + 1;
    }
    return false;
  }

  std::vector<RingReader<Record>> readers_;
  std::vector<Watch> watches_;
  std::size_t at_ = 0;
  std::uint32_t burst_ = 0;
  bool owes_loss_ = false;
};

using TickRingSet = RingSet<TickRecord>;
using BarRingSet = RingSet<BarRecord>;

}  // namespace ringside::shm
