// Owns what the statistics tell about themselves in their segment: counters over all feeds, and one
// state made of the feeds' states. The loop's thread; allocates at start.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "feed_source.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::stats {

/// One state for all feeds: that of the feed that is best off, because one that is missing for
/// good (a market that the plan does not cover) must not hide that the others work. What each feed
/// lacks is in its own segment and in the coverage of its bars.
[[nodiscard]] shm::FeedState combine_states(std::span<const shm::FeedState> states) noexcept;

/// The counters of the segment, added up over the feeds.
class ShownCounters {
 public:
  /// Adds them to the segment, which is not marked ready yet.
  explicit ShownCounters(shm::SegmentWriter& segment);

  void show(std::span<const FeedSource* const> sources) noexcept;

 private:
  std::vector<shm::Counter> counters_;  // in the order of the rows in show.cpp
};

}  // namespace ringside::stats
