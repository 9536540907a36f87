// Owns `ringside tail SYMBOL`: follows one symbol's rings and prints each record, and says when the
// writer lapped it or went away. Main thread; allocates.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "feeds.hpp"
#include "output.hpp"
#include "record_text.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/json_writer.hpp"
#include "ringside/base/process.hpp"
#include "verbs.hpp"

namespace ringside::cli {

namespace {

using shm::FeedEvent;
using shm::Kind;
using shm::ReadStatus;
using shm::StartAt;

bool wants(const TailOptions& options, std::string_view kind) {
  return options.kinds.empty() ||
         std::find(options.kinds.begin(), options.kinds.end(), kind) != options.kinds.end();
}

std::uint32_t want_bits_of(const TailOptions& options) {
  std::uint32_t bits = 0;
  if (wants(options, "trade")) bits |= shm::want_trades;
  if (wants(options, "quote")) bits |= shm::want_quotes;
  if (wants(options, "bar")) bits |= shm::want_bars_1s | shm::want_bars_1m;
  return bits;
}

// The feed that has the symbol already, else the one whose market it looks like.
Result<AttachedFeed> choose_feed(const Config& config, const TailOptions& options) {
  Result<std::vector<AttachedFeed>> feeds =
      attach_feeds(config.run_dir(), options.feed, "ringside tail");
  if (!feeds) return std::move(feeds).error();
  const bool is_option = options.symbol.rfind("O:", 0) == 0;
  AttachedFeed* chosen = nullptr;
  for (AttachedFeed& feed : *feeds) {
    if (options.feed.empty() && feed.name == "stats") continue;  // bars only: must be asked for
    if (feed.client->segment()->symbols().find(options.symbol)) return std::move(feed);
    const bool is_fitting = (feed.name.find("option") != std::string::npos) == is_option;
    if (chosen == nullptr || is_fitting) chosen = &feed;
  }
  if (chosen != nullptr) return std::move(*chosen);
  return Error{ErrorCode::not_found, 0,
               "no feed in " + config.run_dir() + " carries " + options.symbol};
}

// One symbol's readers in one epoch of the feed, and what they have printed.
class Follower {
 public:
  Follower(const TailOptions& options, AttachedFeed& feed) : options_(options), feed_(feed) {}

  [[nodiscard]] Status subscribe() {
    const std::string symbols[] = {options_.symbol};
    const std::vector<shm::SymbolStatus> answers =
        feed_.client->subscribe(symbols, want_bits_of(options_));
    if (!answers.empty() && answers[0].state == shm::SymbolState::refused) {
      return Error{ErrorCode::not_found, 0,
                   "feed " + feed_.name + " refused " + options_.symbol + ": " +
                       std::string(to_string(answers[0].reason))};
    }
    return {};
  }

  // Takes up the symbol's rings in the segment that is mapped now, once they are there.
  void open(StartAt start) {
    ticks_ = {};
    bars_ = {};
    is_open_ = false;
    segment_ = feed_.client->segment();
    start_ = start;
    try_open();
    if (!is_open_) start_ = StartAt::oldest;  // a symbol that comes later is new from its start
  }

  // Prints what is there; returns how many records it read.
  std::size_t print_new() {
    try_open();
    std::size_t count = 0;
    const bool wants_ticks = wants(options_, "trade") || wants(options_, "quote");
    if (wants_ticks && ticks_.is_open()) count += drain(ticks_, tick_);
    if (wants(options_, "bar") && bars_.is_open()) count += drain(bars_, bar_);
    if (count > 0) flush_output();
    return count;
  }

  [[nodiscard]] bool has_news() const noexcept {
    return (ticks_.is_open() && ticks_.has_news()) || (bars_.is_open() && bars_.has_news());
  }
  [[nodiscard]] bool is_done() const noexcept {
    return (options_.count != 0 && printed_ >= options_.count) || is_output_closed();
  }
  void report() {
    feed_.client->report(ticks_.received() + bars_.received(), ticks_.lost() + bars_.lost(),
                         ticks_.is_open() ? ticks_.pending() : 0);
  }

  // Says something that is no record: `kind` to a program, `text` to a person.
  void note(std::string_view kind, std::string_view text, std::uint64_t count = 0) {
    if (options_.is_json) {
      json_.clear();
      json_.begin_object().member("feed", feed_.name).member("symbol", options_.symbol);
      json_.member("kind", kind).member("count", count).end_object();
      put_line(json_.text());
    } else {
      put_line(fmt::format("-- {}: {}{}", feed_.name, count == 0 ? "" : fmt::format("{} ", count),
                           text));
    }
    flush_output();
  }

 private:
  void try_open() {
    if (is_open_) return;
    const std::optional<std::uint32_t> id = segment_->symbols().find(options_.symbol);
    if (!id) return;
    if (const auto view = segment_->tick_ring(*id); view.is_open()) {
      ticks_ = shm::TickRingReader(view, start_);
    }
    if (const auto view = segment_->bar_ring(*id); view.is_open()) {
      bars_ = shm::BarRingReader(view, start_);
    }
    is_open_ = true;
  }

  template <class Reader, class Record>
  std::size_t drain(Reader& reader, Record& record) {
    constexpr std::size_t batch = 4096;  // then the other ring has its turn
    std::size_t count = 0;
    while (count < batch && !is_done()) {
      const std::uint64_t lost_before = reader.lost();
      const ReadStatus status = reader.poll(record);
      if (status == ReadStatus::empty) break;
      if (status == ReadStatus::lapped) {
        note("lost", "records lost: this reader was lapped", reader.lost() - lost_before);
        continue;
      }
      ++count;
      print(record, reader.next_sequence() - 1);
    }
    return count;
  }

  template <class Record>
  void print(const Record& record, std::uint64_t sequence) {
    if (record.kind == Kind::trade && !wants(options_, "trade")) return;
    if (record.kind == Kind::quote && !wants(options_, "quote")) return;
    const RecordContext context{
        .feed = feed_.name,
        .symbol = options_.symbol,
        .sequence = sequence,
        .venue_base = segment_->facts().venue_base,
        .size_digits = static_cast<unsigned>(-segment_->facts().size_exponent)};
    if (options_.is_json) {
      json_.clear();
      write_record(json_, record, context);
      put_line(json_.text());
    } else {
      put_line(record_text(record, context));
    }
    // What was not asked for (a gap, a state) is shown, for loss is never silent, but not counted.
    const bool is_asked_for =
        record.kind == Kind::trade || record.kind == Kind::quote || shm::is_bar(record.kind);
    if (is_asked_for) ++printed_;
  }

  const TailOptions& options_;
  AttachedFeed& feed_;
  std::shared_ptr<const shm::SegmentView> segment_;  // keeps what the readers point into
  shm::TickRingReader ticks_;
  shm::BarRingReader bars_;
  shm::TickRecord tick_ = shm::empty_tick();
  shm::BarRecord bar_ = shm::empty_bar();
  JsonWriter json_;
  StartAt start_ = StartAt::newest;
  bool is_open_ = false;
  std::uint64_t printed_ = 0;
};

}  // namespace

Status run_tail(const Config& config, const TailOptions& options) {
  constexpr std::uint64_t sleep_ns = 50'000'000;
  constexpr std::uint64_t report_ns = 1'000'000'000;
  Result<AttachedFeed> feed = choose_feed(config, options);
  if (!feed) return std::move(feed).error();
  Follower follower(options, *feed);
  // Where the rings stand before the wish, so that nothing that the wish brings is skipped.
  follower.open(options.is_from_oldest ? StartAt::oldest : StartAt::newest);
  if (Status status = follower.subscribe(); !status) return status;
  std::uint64_t ts_report_ns = 0;
  bool is_first = true;
  while (!stop_requested() && !follower.is_done()) {
    const std::uint64_t now = monotonic_ns();
    const FeedEvent event = feed->client->poll(now);
    if (event == FeedEvent::lost)
      follower.note("feed_gone", "the feed handler is gone, waiting for it");
    if (event == FeedEvent::resumed)
      follower.note("feed_resumed", "the feed handler answers again");
    if (event == FeedEvent::attached && !is_first) {
      follower.note("feed_restarted", "the feed handler was restarted");
      follower.open(StartAt::oldest);  // a new epoch: all of it is new
    }
    is_first = false;
    const std::size_t count = follower.print_new();
    if (now - ts_report_ns >= report_ns) {
      follower.report();
      ts_report_ns = now;
    }
    if (count == 0) feed->client->sleep(sleep_ns, [&] { return follower.has_news(); });
  }
  return {};
}

}  // namespace ringside::cli
