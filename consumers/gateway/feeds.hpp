// Owns the gateway's attachments: one FeedClient per feed and one for the statistics, the readers
// on their tapes, what each feed's state means to a browser, and the accounting of what was read.
// The gateway's thread; attaching allocates, reading does not.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanout.hpp"
#include "ringside/base/json_writer.hpp"
#include "ringside/shm/feed_client.hpp"
#include "ringside/shm/tape.hpp"

namespace ringside::gateway {

/// What a browser is told of a feed.
enum class LiveState : std::uint8_t { live, delayed, closed, reconnecting, offline };

[[nodiscard]] std::string_view to_string(LiveState state) noexcept;

/// One attached segment.
class Feed {
 public:
  Feed(std::string name, const std::string& run_dir, std::uint64_t retry_ns);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] LiveState state() const noexcept { return state_; }
  [[nodiscard]] bool is_attached() const noexcept { return client_.is_attached(); }
  [[nodiscard]] shm::FeedClient& client() noexcept { return client_; }
  [[nodiscard]] SegmentPtr segment() const noexcept { return client_.segment(); }
  [[nodiscard]] const std::string& last_error() const noexcept { return client_.last_error(); }
  /// Where the live stream goes on: everything before it has been given out.
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return ticks_.next_sequence(); }

  [[nodiscard]] std::uint64_t next_bar_sequence() const noexcept { return bars_.next_sequence(); }

  /// Looks at the attachment; true: a new epoch, `segment()` is another one.
  [[nodiscard]] bool poll(std::uint64_t now);

  /// Records read, lost and waiting, of both tapes, over all epochs.
  struct Account {
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t pending = 0;
  };
  [[nodiscard]] Account account() const noexcept;
  void report() noexcept;

  /// Reads both tapes while go_on(): on_ticks(span), on_bars(span), on_loss(count).
  /// True: both are read to their end.
  template <class OnTicks, class OnBars, class OnLoss, class GoOn>
  [[nodiscard]] bool read(OnTicks&& on_ticks, OnBars&& on_bars, OnLoss&& on_loss, GoOn&& go_on) {
    return read_tape(ticks_, tick_batch_, on_ticks, on_loss, go_on) &&
           read_tape(bars_, bar_batch_, on_bars, on_loss, go_on);
  }

 private:
  static constexpr std::size_t batch_records = 16;  // so much is given out at least

  template <class Record, class OnRecords, class OnLoss, class GoOn>
  static bool read_tape(shm::RingReader<Record>& tape, std::vector<Record>& batch,
                        OnRecords&& on_records, OnLoss&& on_loss, GoOn&& go_on) {
    while (tape.is_open()) {
      if (!go_on()) return false;
      const std::uint64_t lost_before = tape.lost();
      const std::size_t count = tape.poll_batch(batch);
      if (tape.lost() != lost_before) {
        on_loss(tape.lost() - lost_before);
      } else if (count == 0) {
        break;
      }
      if (count != 0) on_records(std::span<const Record>(batch.data(), count));
    }
    return true;
  }
  void attach(bool is_first);

  std::string name_;
  shm::FeedClient client_;
  shm::TapeReader ticks_;
  shm::BarTapeReader bars_;
  std::vector<shm::TickRecord> tick_batch_ = std::vector<shm::TickRecord>(batch_records);
  std::vector<shm::BarRecord> bar_batch_ = std::vector<shm::BarRecord>(batch_records);
  LiveState state_ = LiveState::offline;
  Account earlier_;  // of epochs that ended
  bool was_attached_ = false;
  std::uint64_t poll_next_ns_ = 0;
};

class Feeds {
 public:
  Feeds(const Settings& settings, Topics& topics, Fanout& fanout, Shared& shared);
  Feeds(const Feeds&) = delete;
  Feeds& operator=(const Feeds&) = delete;

  /// Gives out what lies on the tapes, a bounded amount. True: there is more.
  bool pump();

  /// Looks at every attachment; call it every few ms. True: what browsers are told has changed.
  [[nodiscard]] bool watch(std::uint64_t now);

  /// Tells every feed how far this reader is.
  void report();

  /// Asks the feeds for what clients now want, and tells clients what was refused.
  void settle_wishes();

  [[nodiscard]] std::size_t count() const noexcept { return feeds_.size(); }
  [[nodiscard]] const Feed& feed(std::size_t index) const noexcept { return *feeds_[index]; }
  [[nodiscard]] const Feed& stats() const noexcept { return *stats_; }
  [[nodiscard]] bool is_options(std::size_t index) const noexcept {
    return topics_.is_options(static_cast<std::uint32_t>(index));
  }

  /// The worst of the feeds, leaving out those that are offline or closed while another is not.
  [[nodiscard]] LiveState state() const noexcept;
  [[nodiscard]] bool is_ready() const noexcept;  // at least one feed is attached

  /// {"state":...,"feeds":[...]} members of a `status` message, without the braces.
  void append_status(JsonWriter& json) const;

 private:
  void give(std::uint32_t feed, std::span<const shm::TickRecord> records);
  void refuse(std::uint32_t feed, const shm::SymbolStatus& status);

  std::vector<std::unique_ptr<Feed>> feeds_;
  std::unique_ptr<Feed> stats_;
  Topics& topics_;
  Fanout& fanout_;
  Shared& shared_;
};

}  // namespace ringside::gateway
