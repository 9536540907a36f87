// Owns the topics, the attached segments' memory that they are filled from, and the way from an
// instrument id of the current epoch to its topic. The gateway's thread; allocates when a topic is
// made or a segment attached.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ringside/shm/segment.hpp"
#include "settings.hpp"
#include "topic.hpp"

namespace ringside::gateway {

using SegmentPtr = std::shared_ptr<const shm::SegmentView>;

/// A symbol's newest values as they lie in memory.
struct LastCopy {
  shm::TickRecord trade = shm::empty_tick();
  shm::TickRecord quote = shm::empty_tick();
  shm::BarRecord bar = shm::empty_bar();  // the newer of the vendor's second and minute bars
  DayFigures day = {};
  DayFigures vendor = {};

  [[nodiscard]] QuoteParts parts() const noexcept { return make_parts(trade, quote, day, vendor); }
};

/// Puts a day bar into `day`; the close of an earlier day becomes previous_close.
void update_day(DayFigures& day, const shm::BarRecord& bar) noexcept;

class Topics {
 public:
  explicit Topics(const std::vector<FeedSettings>& feeds);
  Topics(const Topics&) = delete;
  Topics& operator=(const Topics&) = delete;

  /// A feed's segment of a new epoch: instrument ids start anew.
  void attach(std::uint32_t feed, SegmentPtr segment);
  void attach_stats(SegmentPtr segment);

  [[nodiscard]] std::size_t feed_count() const noexcept { return feeds_.size(); }
  [[nodiscard]] const shm::SegmentView* segment(std::uint32_t feed) const noexcept {
    return feeds_[feed].segment.get();
  }
  [[nodiscard]] const shm::SegmentView* stats() const noexcept { return stats_.segment.get(); }
  [[nodiscard]] const FeedFacts& facts(std::uint32_t feed) const noexcept {
    return feeds_[feed].facts;
  }

  [[nodiscard]] const FeedFacts& stats_facts() const noexcept { return stats_.facts; }

  [[nodiscard]] bool is_options(std::uint32_t feed) const noexcept {
    return feeds_[feed].is_options;
  }

  /// The feed a symbol belongs to; nullopt: none of those served.
  [[nodiscard]] std::optional<std::uint32_t> feed_of(std::string_view symbol) const noexcept;

  [[nodiscard]] Topic* find(std::string_view symbol) noexcept;
  /// Finds or makes it, filled with the last values in memory.
  Topic& obtain(std::uint32_t feed, std::string_view symbol);
  /// Nobody points at it any more.
  void erase(Topic& topic);

  /// The topic of a record; nullptr: nobody listens. `make`: make it if there is none.
  /// Cost  one load once the instrument has been seen.
  [[nodiscard]] Topic* of_instrument(std::uint32_t feed, std::uint32_t instrument_id, bool make);
  [[nodiscard]] Topic* of_stats_instrument(std::uint32_t instrument_id);

  /// Last values of any symbol of a feed, listened to or not; nullopt: the feed does not carry it.
  [[nodiscard]] std::optional<LastCopy> last(std::uint32_t feed, std::string_view symbol) const;

  template <class Visit>
  void each(Visit&& visit) {
    for (auto& [symbol, topic] : topics_) visit(*topic);
  }
  [[nodiscard]] std::size_t size() const noexcept { return topics_.size(); }

 private:
  struct Source {
    SegmentPtr segment = {};
    std::vector<Topic*> by_instrument = {};  // nullptr: not looked up; &nobody_: no topic
    FeedFacts facts = {};
    bool is_options = false;
  };

  void attach_to(Source& source, SegmentPtr segment);
  void link(Source& source, Topic& topic, Topic* to) noexcept;

  std::vector<Source> feeds_;
  Source stats_;
  Topic nobody_;
  std::unordered_map<std::string_view, std::unique_ptr<Topic>> topics_;  // keys: Topic::symbol
};

}  // namespace ringside::gateway
