#include "feed_source.hpp"

#include <algorithm>

#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"

namespace ringside::stats {

namespace {

// Batches of one poll, so that the other feeds and the heartbeat get their turn.
constexpr int batches_per_poll = 16;
constexpr int bar_batches_per_poll = 64;

// A dead feed handler is noticed this long after its death at most: then its heartbeat is stale.
constexpr std::uint64_t notice_ns_max = ns_per_s;

// In these states events flow, or there are none to flow.
bool is_flowing(shm::FeedState state) noexcept {
  return state == shm::FeedState::live || state == shm::FeedState::delayed ||
         state == shm::FeedState::closed;
}

}  // namespace

FeedSource::FeedSource(const Options& options, shm::SegmentWriter& segment, SymbolBook& book)
    : options_(options),
      segment_(segment),
      book_(book),
      client_({.path = options.path, .name = "stats", .stale_ns = notice_ns_max}),
      engine_(options.bars) {}

// --- the attachment ------------------------------------------------------------------------------

std::size_t FeedSource::poll() {
  const std::uint64_t now = monotonic_ns();
  follow(client_.poll(now), now);
  if (!ticks_.is_open()) return 0;
  // Bars first: a vendor's bar then waits for our window instead of coming too late for it.
  read_bars();
  std::size_t total = 0;
  for (int i = 0; i < batches_per_poll; ++i) {
    total += read_ticks(monotonic_ns());
    if (!ticks_.has_news()) break;
  }
  // A batch that only told of a loss read nothing and is not the end.
  if (total != 0 || ticks_.has_news()) return total + 1;
  look_at_state(now);
  engine_.close_idle(monotonic_ns(), wall_ns());
  engine_.publish_revised(now);
  publish();
  return 0;
}

void FeedSource::follow(shm::FeedEvent event, std::uint64_t now) {
  switch (event) {
    case shm::FeedEvent::none:
      return;
    case shm::FeedEvent::lost:
      drain_old();
      was_flowing_ = false;
      may_be_alive_ = true;
      engine_.begin_gap(now, notice_ns_max);
      log::warn("feed {}: gone ({})", options_.name, client_.last_error());
      return;
    case shm::FeedEvent::resumed:
      // The same memory: what was published meanwhile is still to be read, and if it is not, the
      // reader will say so.
      was_flowing_ = true;
      if (may_be_alive_) engine_.cancel_gap();
      may_be_alive_ = false;
      log::info("feed {}: back", options_.name);
      return;
    case shm::FeedEvent::attached:
      drain_old();
      attach_readers();
      log::info("feed {}: attached, epoch {}", options_.name, feed_->epoch());
      return;
  }
}

// What a dead feed handler left on its tapes is as good as any other record.
void FeedSource::drain_old() {
  if (!ticks_.is_open()) return;
  read_bars();
  const std::uint64_t end = ticks_.head();
  while (ticks_.next_sequence() < end) {
    const std::uint64_t before = ticks_.next_sequence();
    (void)read_ticks(monotonic_ns());
    if (ticks_.next_sequence() == before) return;  // its writer died inside this one
  }
}

void FeedSource::attach_readers() {
  lost_before_ += ticks_.lost() + bars_.lost();
  if (feed_ != nullptr && !engine_.has_open_gap()) engine_.begin_gap(monotonic_ns(), notice_ns_max);
  feed_ = client_.segment();
  // The oldest: a feed that was there first has told something already.
  ticks_ = shm::TapeReader(feed_->tick_tape(), shm::StartAt::oldest);
  bars_ = shm::BarTapeReader(feed_->bar_tape(), shm::StartAt::oldest);
  lost_told_ = 0;
  was_flowing_ = false;
  may_be_alive_ = false;
  by_instrument_.assign(feed_->facts().symbol_capacity, not_known);
  ++counts_.epochs;
}

shm::FeedState FeedSource::state() const noexcept {
  return is_attached() ? feed_->state() : shm::FeedState::connecting;
}

// Asked with the tape read to its end, so that the state is not ahead of the records.
void FeedSource::look_at_state(std::uint64_t now) {
  if (!is_attached()) return;
  const bool flows = is_flowing(feed_->state());
  if (was_flowing_ && !flows) engine_.begin_gap(now, 0);
  if (flows) engine_.end_gap(now, wall_ns());
  was_flowing_ = flows;
}

// --- reading -------------------------------------------------------------------------------------

std::size_t FeedSource::read_ticks(std::uint64_t now) {
  const std::size_t count = ticks_.poll_batch(tick_batch_);
  if (count != 0 && may_be_alive_) {
    // A writer that was taken for dead goes on where it was: nothing is missing.
    may_be_alive_ = false;
    engine_.cancel_gap();
  }
  for (std::size_t i = 0; i < count; ++i) take(tick_batch_[i], now);
  counts_.records_read += count;
  if (ticks_.lost() != lost_told_) {
    lost_told_ = ticks_.lost();
    engine_.begin_gap();
  }
  engine_.publish_revised(now);
  publish();
  return count;
}

void FeedSource::take(const shm::TickRecord& record, std::uint64_t now) {
  if ((record.flags & shm::flag_snapshot) != 0) return;  // a last value, no event
  if (record.kind == shm::Kind::gap) return take_gap(record);
  if (record.kind != shm::Kind::trade && record.kind != shm::Kind::quote) return;
  const std::uint64_t ts_recv = record.ts_recv == shm::ts_absent ? record.ts_event : record.ts_recv;
  if (record.ts_event != shm::ts_absent) engine_.see(record.ts_event, ts_recv);
  was_flowing_ = true;  // whatever the state's word says by now
  if (record.kind == shm::Kind::quote) return;
  const std::uint32_t symbol = symbol_of(record.instrument_id, record.ts_event, ts_recv);
  if (symbol >= not_listed) return;
  book_.set_state(instrument_ids_[symbol], shm::SymbolState::live);
  const std::uint32_t venue = record.venue == shm::venue_absent
                                  ? shm::venue_absent
                                  : record.venue + feed_->facts().venue_base;
  engine_.add_trade(symbol, record, venue, now);
}

void FeedSource::take_gap(const shm::TickRecord& record) {
  if (record.instrument_id == shm::instrument_none) {
    engine_.add_gap(std::nullopt, record.gap.ts_begin, record.gap.ts_end);
    return;
  }
  // A symbol that never traded has no bars, and a gap is no reason to make room for it.
  const auto known = by_text_.find(std::string(feed_->symbols().text(record.instrument_id)));
  if (known == by_text_.end() || known->second >= not_listed) return;
  engine_.add_gap(known->second, record.gap.ts_begin, record.gap.ts_end);
}

void FeedSource::read_bars() {
  for (int batch = 0; batch < bar_batches_per_poll; ++batch) {
    const std::uint64_t lost = bars_.lost();
    const std::size_t count = bars_.poll_batch(bar_batch_);
    for (std::size_t i = 0; i < count; ++i) {
      const shm::BarRecord& bar = bar_batch_[i];
      if (bar.kind != shm::Kind::bar_1m || (bar.flags & shm::flag_snapshot) != 0) continue;
      const std::uint32_t symbol = symbol_of(bar.instrument_id, bar.ts_event, bar.ts_event);
      if (symbol < not_listed) engine_.add_vendor_bar(symbol, bar);
    }
    counts_.records_read += count;
    if (count == 0 && bars_.lost() == lost) return;
  }
}

// The engine's number of a feed's instrument, or not_known / not_listed, counted.
std::uint32_t FeedSource::symbol_of(std::uint32_t instrument_id, std::uint64_t ts_event,
                                    std::uint64_t ts_recv) {
  if (instrument_id >= by_instrument_.size()) {
    ++counts_.records_strange;
    return not_known;
  }
  std::uint32_t& symbol = by_instrument_[instrument_id];
  if (symbol == not_known) symbol = make_symbol(instrument_id, ts_event, ts_recv);
  if (symbol == not_known) ++counts_.records_strange;
  if (symbol == not_listed) ++counts_.records_unlisted;
  return symbol;
}

std::uint32_t FeedSource::make_symbol(std::uint32_t instrument_id, std::uint64_t ts_event,
                                      std::uint64_t ts_recv) {
  const shm::SymbolEntry* entry = feed_->symbols().entry(instrument_id);
  if (entry == nullptr) return not_known;
  std::string text(feed_->symbols().text(instrument_id));
  if (const auto found = by_text_.find(text); found != by_text_.end()) return found->second;
  const shm::SymbolResult made =
      book_.open(text, options_.number, shm::SymbolState::live, wall_ns());
  if (!made.ok()) {
    ++counts_.symbols_refused;
    segment_.log_error(static_cast<std::uint32_t>(made.refused), shm::to_string(made.refused), text,
                       wall_ns());
    return not_listed;
  }
  // A symbol that was subscribed to later than the feed began was not seen before; in event time,
  // as far behind the receive time as this first event is.
  std::uint64_t ts_seen_from = 0;
  // relaxed: published with the entry.
  const std::uint64_t ts_created = entry->ts_created.load(std::memory_order_relaxed);
  if (!options_.is_wildcard && ts_created < ts_recv && ts_event <= ts_recv) {
    const std::uint64_t waited = ts_recv - ts_created;
    ts_seen_from = ts_event - std::min(ts_event, waited);
  }
  const std::uint32_t symbol = engine_.add_symbol(made.instrument_id, ts_seen_from);
  by_text_.emplace(std::move(text), symbol);
  instrument_ids_.push_back(made.instrument_id);
  return symbol;
}

// --- giving out ----------------------------------------------------------------------------------

void FeedSource::publish() {
  if (engine_.out().empty()) return;
  for (const shm::BarRecord& bar : engine_.out()) segment_.publish(bar);
  engine_.out().clear();
  segment_.ring_doorbell();
}

void FeedSource::publish_days() {
  engine_.publish_days(monotonic_ns());
  publish();
}

void FeedSource::finish() {
  drain_old();
  engine_.finish(monotonic_ns());
  publish();
  report();
}

void FeedSource::report() noexcept {
  if (!ticks_.is_open()) return;
  client_.report(ticks_.received() + bars_.received(), ticks_.lost() + bars_.lost(),
                 ticks_.pending() + bars_.pending());
}

SourceCounts FeedSource::counts() const noexcept {
  SourceCounts counts = counts_;
  counts.records_lost = lost_before_ + ticks_.lost() + bars_.lost();
  return counts;
}

// --- wishes --------------------------------------------------------------------------------------

shm::SymbolAnswer FeedSource::want(const std::string& symbol) {
  const std::vector<shm::SymbolStatus> answers =
      client_.subscribe(std::span<const std::string>(&symbol, 1), shm::want_trades);
  shm::SymbolAnswer answer;  // pending, until the feed says more
  if (!answers.empty()) {
    answer.state = answers[0].state;
    answer.reason = answers[0].reason;
  }
  if (answer.state == shm::SymbolState::refused) return answer;
  const shm::SymbolResult made = book_.open(symbol, options_.number, answer.state, wall_ns());
  if (!made.ok()) {
    unwant(symbol);
    return {shm::instrument_none, shm::SymbolState::refused, made.refused};
  }
  answer.instrument_id = made.instrument_id;
  answer.state = segment_.symbol_state(made.instrument_id);
  return answer;
}

void FeedSource::unwant(const std::string& symbol) {
  client_.unsubscribe(std::span<const std::string>(&symbol, 1), shm::want_trades);
  if (const auto id = segment_.find_symbol(symbol)) book_.set_state(*id, shm::SymbolState::idle);
}

}  // namespace ringside::stats
