// Owns the statistics process: the feeds it follows, the segment it publishes, and the duty cycle.
// One thread runs the loop; the control server's thread serves consumers and says that the loop
// lives.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "feed_source.hpp"
#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/segment.hpp"
#include "show.hpp"
#include "symbol_book.hpp"
#include "wish_queue.hpp"

namespace ringside::stats {

class Service {
 public:
  struct Feed {
    std::string name;
    bool is_options = false;
    bool is_wildcard = false;
  };
  struct Options {
    std::string run_dir;
    std::vector<Feed> feeds;
    BarOptions bars;
    std::uint32_t bar_slots = 512;  // a symbol's ring
    std::uint32_t bar_tape_slots = 1U << 16;
    std::uint32_t symbol_count_max = 8192;
    std::uint64_t arena_bytes = 256ULL << 20;
    std::uint64_t day_ns = ns_per_s;  // between publications of a running day
    std::uint32_t linger_ms = 5000;
  };

  /// Errors  config: a value that no knob's bounds can catch.
  [[nodiscard]] static Result<Options> read_options(const Config& config);

  /// Makes the segment and serves it at <run_dir>/stats.sock. The feeds need not be there yet.
  /// Errors  memory: what is needed and available; config, permission, io.
  [[nodiscard]] static Result<std::unique_ptr<Service>> start(const Options& options);

  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

  /// Runs until `should_stop` says so, then publishes what is left. Never spins: with nothing to
  /// read it naps a millisecond, so that bursts come in batches, then sleeps until a feed rings.
  void run(const std::function<bool()>& should_stop);

  /// One round over feeds, wishes and timers; true: there is more to do at once.
  bool step();

  [[nodiscard]] const shm::SegmentWriter& segment() const noexcept { return *segment_; }

 private:
  Service() = default;
  [[nodiscard]] Status serve(const Options& options);
  void rest();
  void serve_wishes();
  [[nodiscard]] shm::SymbolAnswer grant(const WishQueue::Wish& wish);
  void withdraw(const WishQueue::Wish& wish);
  [[nodiscard]] FeedSource* source_of(std::string_view symbol) noexcept;
  void work_timers(std::uint64_t now);
  void show_state();
  void show_counters();
  void finish();

  Options options_;
  std::unique_ptr<shm::SegmentWriter> segment_;
  std::unique_ptr<ShownCounters> counters_;
  std::unique_ptr<SymbolBook> book_;
  std::vector<std::unique_ptr<FeedSource>> sources_;
  std::map<std::string, std::uint32_t, std::less<>> wished_;  // symbol -> Want bits
  WishQueue wishes_;
  std::size_t busy_source_ = 0;  // the last that had something to read
  bool has_napped_ = false;
  std::uint64_t next_day_ns_ = 0;
  std::uint64_t next_report_ns_ = 0;
  std::uint64_t next_show_ns_ = 0;
  std::atomic<std::uint64_t> loop_ns_{0};       // monotonic time of the loop's latest round
  std::unique_ptr<shm::ControlServer> server_;  // last: its thread uses the rest
};

/// The program: one statistics process per run-time folder (stats.lock), until a stop is asked for.
[[nodiscard]] Status run(const Config& config);

}  // namespace ringside::stats
