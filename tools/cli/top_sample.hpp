// Owns what `ringside top` knows: a private copy of what a segment tells about itself at one
// instant, and the difference of two. One thread; allocates.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ringside/shm/feed_client.hpp"

namespace ringside::cli {

/// One segment at one instant. Nothing here points into shared memory.
struct FeedSample {
  std::string feed = {};
  std::string fault = {};   // not attached: why; everything below is then empty
  std::uint64_t ts_ns = 0;  // monotonic
  std::uint64_t epoch = 0;
  std::uint64_t ts_start = 0;  // ns UTC
  std::uint32_t writer_pid = 0;
  shm::FeedState state = shm::FeedState::starting;
  std::uint64_t heartbeat_age_ns = 0;
  std::uint32_t symbol_count = 0;
  std::uint32_t symbol_capacity = 0;
  std::uint32_t live_count = 0;
  std::uint32_t pending_count = 0;
  std::uint32_t refused_count = 0;
  std::uint64_t ticks = 0;  // published, by the tape
  std::uint64_t bars = 0;
  std::uint64_t arena_used = 0;
  std::uint64_t arena_bytes = 0;

  struct Number {
    std::string name;
    std::string unit;
    std::uint64_t value = 0;
  };
  std::vector<Number> counters = {};

  struct Latency {
    std::string name;
    std::string unit;
    shm::HistogramSnapshot total;
  };
  std::vector<Latency> latencies = {};

  std::vector<shm::ReaderRecord> readers = {};
  std::vector<shm::ErrorRecord> errors = {};

  struct Symbol {
    std::string text;
    std::uint64_t records = 0;  // ticks and bars
  };
  std::vector<Symbol> symbols = {};  // by instrument id
};

[[nodiscard]] FeedSample take_sample(const std::string& feed, const shm::SegmentView& segment,
                                     std::uint64_t now_ns);

/// Per second between two samples of one epoch; 0 when `before` is of another one.
[[nodiscard]] std::uint64_t rate_of(const FeedSample& before, const FeedSample& now,
                                    std::uint64_t count_before, std::uint64_t count_now) noexcept;

/// What was recorded between two snapshots. `max` is then known to a bucket (3 %).
[[nodiscard]] shm::HistogramSnapshot difference(const shm::HistogramSnapshot& before,
                                                const shm::HistogramSnapshot& now) noexcept;

/// A symbol and how fast it moves.
struct SymbolRate {
  std::string symbol;
  std::uint64_t records_per_s = 0;
};
/// The `count_max` busiest symbols, busiest first.
[[nodiscard]] std::vector<SymbolRate> busiest(const FeedSample& before, const FeedSample& now,
                                              std::size_t count_max);

/// Two looks at one feed; `before` is the same look when there is none earlier.
struct FeedPair {
  FeedSample before;
  FeedSample now;
};

/// Attaches to whatever runs in a folder and takes the samples. Feeds that come later are found.
class TopWatch {
 public:
  explicit TopWatch(std::string run_dir) : run_dir_(std::move(run_dir)) {}

  /// Looks at every feed there is; the previous look becomes each pair's `before`.
  void look();
  /// Keeps the attachments alive; call it some times a second between looks.
  void keep_attached();
  [[nodiscard]] const std::vector<FeedPair>& pairs() const noexcept { return pairs_; }
  [[nodiscard]] const std::string& run_dir() const noexcept { return run_dir_; }

 private:
  std::string run_dir_;
  std::map<std::string, shm::FeedClient> clients_;
  std::vector<FeedPair> pairs_;
};

}  // namespace ringside::cli
