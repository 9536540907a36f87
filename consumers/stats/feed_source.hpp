// Owns one feed as the statistics see it: the attachment, the place on its tapes, and the bars made
// from it. Follows the feed through its restarts. The loop's thread; allocates when it attaches and
// when a symbol is new.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "bars.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/feed_client.hpp"
#include "ringside/shm/tape.hpp"
#include "symbol_book.hpp"

namespace ringside::stats {

/// What one feed read and could not place, since the start.
struct SourceCounts {
  std::uint64_t records_read = 0;
  std::uint64_t records_lost = 0;      // overwritten before we came, ticks and bars
  std::uint64_t records_strange = 0;   // of an instrument that the feed does not have
  std::uint64_t records_unlisted = 0;  // of a symbol for which there is no room here
  std::uint64_t symbols_refused = 0;
  std::uint64_t epochs = 0;
};

class FeedSource {
 public:
  struct Options {
    std::string name;          // "stocks"
    std::string path;          // of its control socket
    std::uint32_t number = 0;  // among the feeds; the symbols' owner
    bool is_options = false;   // its market
    bool is_wildcard = false;  // it carries every symbol from its start on
    BarOptions bars;
  };

  FeedSource(const Options& options, shm::SegmentWriter& segment, SymbolBook& book);
  FeedSource(const FeedSource&) = delete;
  FeedSource& operator=(const FeedSource&) = delete;

  /// Looks after the attachment and reads some of what came; publishes the bars that follow.
  /// Returns 0 when there is nothing more for now.
  std::size_t poll();
  /// Publishes the running day of every symbol that changed.
  void publish_days();
  /// Reads what is left and publishes everything.
  void finish();

  /// Tells the feed how far this reader is.
  void report() noexcept;
  /// Has something come since the last poll?
  [[nodiscard]] bool has_news() const noexcept { return ticks_.is_open() && ticks_.has_news(); }
  template <class HasNews>
  void sleep(std::uint64_t timeout_ns, HasNews&& has_more) noexcept {
    client_.sleep(timeout_ns, has_more);
  }

  /// Asks the feed for a symbol's trades, or no longer.
  [[nodiscard]] shm::SymbolAnswer want(const std::string& symbol);
  void unwant(const std::string& symbol);

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] bool is_attached() const noexcept { return client_.is_attached(); }
  /// The feed's state; connecting while it is not attached.
  [[nodiscard]] shm::FeedState state() const noexcept;
  [[nodiscard]] const BarEngine& engine() const noexcept { return engine_; }
  [[nodiscard]] SourceCounts counts() const noexcept;

 private:
  static constexpr std::size_t batch_count = 256;
  static constexpr std::uint32_t not_known = ~std::uint32_t{0};
  static constexpr std::uint32_t not_listed = not_known - 1;

  void follow(shm::FeedEvent event, std::uint64_t now);
  void attach_readers();
  void drain_old();
  std::size_t read_ticks(std::uint64_t now);
  void read_bars();
  void take(const shm::TickRecord& record, std::uint64_t now);
  void take_gap(const shm::TickRecord& record);
  void look_at_state(std::uint64_t now);
  [[nodiscard]] std::uint32_t symbol_of(std::uint32_t instrument_id, std::uint64_t ts_event,
                                        std::uint64_t ts_recv);
  [[nodiscard]] std::uint32_t make_symbol(std::uint32_t instrument_id, std::uint64_t ts_event,
                                          std::uint64_t ts_recv);
  void publish();

  Options options_;
  shm::SegmentWriter& segment_;
  SymbolBook& book_;
  shm::FeedClient client_;
  BarEngine engine_;
  std::shared_ptr<const shm::SegmentView> feed_;  // what the readers read
  shm::TapeReader ticks_;
  shm::BarTapeReader bars_;
  std::vector<std::uint32_t> by_instrument_;  // feed's id -> engine's number, this epoch
  std::unordered_map<std::string, std::uint32_t> by_text_;  // symbol -> engine's number, for ever
  std::vector<std::uint32_t> instrument_ids_;               // engine's number -> our segment's id
  std::array<shm::TickRecord, batch_count> tick_batch_{};
  std::array<shm::BarRecord, batch_count> bar_batch_{};
  std::uint64_t lost_told_ = 0;    // of ticks_, so far told to the engine
  std::uint64_t lost_before_ = 0;  // in epochs that are over
  bool was_flowing_ = false;
  bool may_be_alive_ = false;  // lost, but no new epoch yet
  SourceCounts counts_;
};

}  // namespace ringside::stats
