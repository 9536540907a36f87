// Owns following a feed over its restarts: attach, subscribe, read, notice the end of an epoch,
// read it to its end, go on with the next. What a strategy would otherwise write by hand around
// FeedClient. One thread; attaching allocates, poll() between two attachments does not.
//
// Invariant: over all epochs, received + lost + pending == published - start of every ring read.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ringside/shm/feed_client.hpp"
#include "ringside/shm/ring_set.hpp"
#include "ringside/shm/tape.hpp"

namespace ringside::shm {

/// What a follower reads.
struct FollowOptions {
  FeedClient::Options client;
  std::vector<std::string> symbols;  // empty: everything, by the tape
  std::uint32_t kinds = want_all;    // asked of the feed for each of `symbols`
  StartAt start = StartAt::newest;   // of the first epoch; later ones are read from their beginning
  std::uint64_t look_ns = 1'000'000;  // how often the socket is looked at
};

template <SlotRecord Record>
class Follower {
 public:
  explicit Follower(FollowOptions options)
      : options_(std::move(options)), client_(options_.client) {}

  /// Copies the next record. `now`: monotonic_ns().
  /// Returns as RingReader::poll; `empty` also while there is no feed. instrument_id is of the
  /// epoch now read (segment()).
  /// Cost  as the rings'; every look_ns one system call, and an attach when it is time.
  [[nodiscard]] ReadStatus poll(std::uint64_t now, Record& out) {
    if (now >= look_due_ns_) look(now);
    const ReadStatus status = rings_.poll(out);
    if (status == ReadStatus::empty && is_ending_) [[unlikely]]
      return end_epoch(out);
    return status;
  }

  [[nodiscard]] bool has_news() const noexcept { return rings_.has_news() || is_ending_; }

  /// Sleeps until there is news or `timeout_ns` passed.
  void sleep(std::uint64_t timeout_ns) {
    client_.sleep(std::min(timeout_ns, options_.look_ns), [this] { return has_news(); });
  }

  [[nodiscard]] bool is_attached() const noexcept { return client_.is_attached(); }
  /// The feed's own word on what it does. While nobody is there to say: what it said last if that
  /// was final (ended, offline), else `reconnecting`.
  [[nodiscard]] FeedState state() const noexcept {
    if (segment_ == nullptr) return FeedState::reconnecting;
    const FeedState said = segment_->state();
    const bool is_final = said == FeedState::ended || said == FeedState::offline;
    return client_.is_attached() || is_final ? said : FeedState::reconnecting;
  }
  /// The segment that records come from; nullptr before the first attachment.
  [[nodiscard]] const std::shared_ptr<const SegmentView>& segment() const noexcept {
    return segment_;
  }
  [[nodiscard]] FeedClient& client() noexcept { return client_; }
  /// What the feed answered for each symbol, newest attachment.
  [[nodiscard]] const std::vector<SymbolStatus>& answers() const noexcept { return answers_; }
  [[nodiscard]] std::uint64_t epochs() const noexcept { return epochs_; }
  /// Records that a dying writer left unfinished; part of the receipt's lost. Counted when the next
  /// epoch is there: before, a writer that only stood still may go on.
  [[nodiscard]] std::uint64_t torn() const noexcept { return torn_; }

  /// Everything read so far, over all epochs.
  [[nodiscard]] Receipt receipt() const noexcept {
    Receipt sum = ended_;
    sum += rings_.receipt();
    return sum;
  }
  /// Tells the feed how this reader stands (`ringside top` shows it). Never waits.
  void report() noexcept {
    const Receipt sum = receipt();
    client_.report(sum.received, sum.lost, sum.pending);
  }

 private:
  static constexpr bool is_ticks = std::is_same_v<Record, TickRecord>;
  static constexpr std::uint64_t ask_again_ns = 200'000'000;

  void look(std::uint64_t now) {
    look_due_ns_ = now + options_.look_ns;
    if (is_ending_) return;  // first the old epoch's end
    const FeedEvent event = client_.poll(now);
    if (event == FeedEvent::attached) {
      is_ending_ = segment_ != nullptr;
      if (!is_ending_) attach();
      return;
    }
    const bool is_current = client_.is_attached() && client_.segment() == segment_;
    if (!missing_.empty() && is_current && now >= ask_due_ns_) {
      ask_due_ns_ = now + ask_again_ns;
      subscribe(std::exchange(missing_, {}));
    }
  }

  // The old rings are empty and their writer is gone.
  ReadStatus end_epoch(Record& out) {
    if (rings_.settle_torn()) {
      ++torn_;
      return ReadStatus::lapped;
    }
    ended_ += rings_.receipt();
    is_ending_ = false;
    attach();
    return rings_.poll(out);
  }

  void attach() {
    rings_ = RingSet<Record>();
    segment_ = client_.segment();
    ++epochs_;
    if (options_.symbols.empty()) {
      if constexpr (is_ticks) add_ring(segment_->tick_tape());
      if constexpr (!is_ticks) add_ring(segment_->bar_tape());
      return;
    }
    answers_.clear();
    missing_.clear();
    subscribe(options_.symbols);
  }

  // A feed that cannot say now is asked again; one that refuses is believed.
  void subscribe(const std::vector<std::string>& symbols) {
    const std::vector<SymbolStatus> answers = client_.subscribe(symbols, options_.kinds);
    missing_.assign(symbols.begin() + static_cast<std::ptrdiff_t>(answers.size()), symbols.end());
    for (const SymbolStatus& answer : answers) {
      if (answer.reason == RefuseReason::feed_gone) {
        missing_.push_back(answer.symbol);
        continue;
      }
      answers_.push_back(answer);
      if (answer.state != SymbolState::refused) add_ring(ring_of(answer.instrument_id));
    }
  }

  [[nodiscard]] RingView<Record> ring_of(std::uint32_t instrument_id) const noexcept {
    if constexpr (is_ticks) return segment_->tick_ring(instrument_id);
    if constexpr (!is_ticks) return segment_->bar_ring(instrument_id);
  }

  // A later epoch is read from its first record: what is overwritten already counts as lost.
  void add_ring(const RingView<Record>& ring) {
    if (!ring.is_open()) return;
    (void)segment_->prefault(ring);
    rings_.add(epochs_ == 1 ? RingReader<Record>(ring, options_.start)
                            : RingReader<Record>(ring, std::uint64_t{0}));
  }

  FollowOptions options_;
  FeedClient client_;
  std::shared_ptr<const SegmentView> segment_;
  RingSet<Record> rings_;
  std::vector<SymbolStatus> answers_;
  std::vector<std::string> missing_;  // asked for, not answered yet
  Receipt ended_;
  std::uint64_t look_due_ns_ = 0;
  std::uint64_t ask_due_ns_ = 0;
  std::uint64_t epochs_ = 0;
  std::uint64_t torn_ = 0;
  bool is_ending_ = false;  // a newer epoch waits until the old one is read
};

using TickFollower = Follower<TickRecord>;
using BarFollower = Follower<BarRecord>;

}  // namespace ringside::shm
