#include "loop.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "ringside/base/clock.hpp"
#include "vendor/massive/messages.hpp"

namespace ringside::feed {

namespace {

// A closing handshake that takes longer is cut off.
constexpr std::uint64_t stop_ns_max = 2'000'000'000;

}  // namespace

Result<std::unique_ptr<FeedLoop>> FeedLoop::create(shm::SegmentWriter& segment, FeedLink& link,
                                                   const Options& options) {
  Result<net::Loop> loop = net::Loop::create();
  if (!loop) return loop.error();
  std::unique_ptr<FeedLoop> feed(new FeedLoop(segment, link, options, std::move(*loop)));
  Result<std::unique_ptr<Line>> line =
      Line::create(options.line, *feed->loop_, feed->publisher_, feed->counters_, segment, link);
  if (!line) return line.error();
  feed->line_ = std::move(*line);
  feed->options_.line.session.key.clear();
  feed->subscribe_configured();
  segment.mark_ready();
  return feed;
}

FeedLoop::FeedLoop(shm::SegmentWriter& segment, FeedLink& link, const Options& options,
                   net::Loop loop)
    : segment_(segment),
      link_(link),
      options_(options),
      loop_(std::move(loop)),
      counters_(segment),
      publisher_(segment, counters_, options.publisher) {}

// The configured symbols have their rings before the first consumer asks.
void FeedLoop::subscribe_configured() {
  for (const std::string& symbol : options_.symbols) {
    const std::uint32_t kinds = options_.channels & massive::kinds_offered(options_.market, symbol);
    if (symbol != wildcard) {
      const shm::SymbolAnswer answer = publisher_.add(symbol, wall_ns());
      if (answer.reason != shm::RefuseReason::none) {
        notice(log::Level::warn,
               "symbol " + symbol + " is refused: " + std::string(to_string(answer.reason)));
        continue;
      }
    }
    (void)line_->session().subscriptions().want(symbol, kinds, true);
  }
}

void FeedLoop::pin() noexcept {
  (void)::pthread_setname_np(::pthread_self(), ("rs-" + options_.feed).substr(0, 15).c_str());
  if (options_.cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(options_.cpu), &set);
  if (::pthread_setaffinity_np(::pthread_self(), sizeof(set), &set) == 0) return;
  notice(log::Level::warn,
         "cannot pin to core " + std::to_string(options_.cpu) + ": it is not there or not allowed");
}

void FeedLoop::run() noexcept {
  pin();
  std::uint64_t now = monotonic_ns();
  while (true) {
    turn(now);
    const std::uint64_t wait = choose_wait(now);
    const std::size_t delivered = loop_->poll(wait);
    if (publisher_.take_news()) segment_.ring_doorbell();
    const std::uint64_t before = now;
    now = monotonic_ns();
    if (delivered != 0) {
      last_work_ns_ = now;
      if (wait == 0 && now - before > cycle_ns_max_) {
        cycle_ns_max_ = now - before;
        counters_.cycle_ns_max.set(cycle_ns_max_);
      }
    }
    // relaxed: the flag stands alone.
    if (stop_since_ns_ == 0 || !is_quitting_.load(std::memory_order_relaxed)) continue;
    if (!line_->is_connected() || now - stop_since_ns_ > stop_ns_max) break;
  }
  line_.reset();  // its sockets belong to the loop, and the loop to this thread
  loop_.reset();
}

void FeedLoop::turn(std::uint64_t now) noexcept {
  drain_commands();
  if (stop_since_ns_ == 0 && is_stopping_.load(std::memory_order_relaxed)) {  // relaxed: as above
    stop_since_ns_ = now;
    line_->stop();
    publisher_.set_feed_state(shm::FeedState::ended, wall_ns());
  }
  line_->step(now);
  if (line_->session().state() == SessionState::finished &&
      !is_final_.load(std::memory_order_relaxed)) {  // relaxed: own word
    final_error_ = line_->session().last_error();
    final_error_.what = options_.feed + ": " + final_error_.what;
    is_final_.store(true, std::memory_order_release);  // [final]
  }
  if (publisher_.take_news()) segment_.ring_doorbell();
  if (now - last_beat_ns_ >= options_.beat_ns) {
    last_beat_ns_ = now;
    segment_.beat(now);
  }
}

std::uint64_t FeedLoop::choose_wait(std::uint64_t now) const noexcept {
  if (options_.wait == WaitMode::spin) return 0;
  if (options_.wait == WaitMode::adaptive && now - last_work_ns_ < options_.spin_ns) return 0;
  const std::uint64_t due = std::min(line_->next_deadline(), last_beat_ns_ + options_.beat_ns);
  return due > now ? due - now : 0;
}

void FeedLoop::drain_commands() {
  Command command;
  while (link_.commands.pop(command)) {
    if (!command.is_want) {
      unwant(command);
      continue;
    }
    const Answer answer{want(command), command.token};
    // The control thread asks one thing at a time: there is always room.
    (void)link_.answers.push(answer);
  }
}

shm::SymbolAnswer FeedLoop::want(const Command& command) {
  if (stop_since_ns_ != 0) {
    return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::feed_gone};
  }
  const std::string_view symbol = command.symbol.view();
  Subscriptions& subscriptions = line_->session().subscriptions();
  const std::uint32_t kinds =
      command.kinds & options_.channels & massive::kinds_offered(options_.market, symbol);
  shm::SymbolAnswer answer;
  if (symbol != wildcard) answer = publisher_.add(symbol, wall_ns());
  if (answer.reason != shm::RefuseReason::none) return answer;
  if (kinds != 0 && !subscriptions.want(symbol, kinds)) {
    return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::symbols_full};
  }
  // Held already, or covered by the wildcard: no acknowledgement will come.
  if (line_->session().state() == SessionState::streaming && subscriptions.acked(symbol) != 0) {
    publisher_.on_ack(symbol, wall_ns());
    answer.state = shm::SymbolState::live;
  }
  return answer;
}

void FeedLoop::unwant(const Command& command) {
  const std::string_view symbol = command.symbol.view();
  Subscriptions& subscriptions = line_->session().subscriptions();
  subscriptions.unwant(symbol, command.kinds);
  if (symbol != wildcard) {
    if (subscriptions.wanted(symbol) == 0) publisher_.set_idle(symbol, wall_ns());
    return;
  }
  // What only the wildcard brought is idle from now on; its next event follows a gap.
  for (std::uint32_t id = 0; id < segment_.symbol_count(); ++id) {
    const std::string_view text = segment_.symbol_text(id);
    if (subscriptions.wanted(text) == 0) publisher_.set_idle(text, wall_ns());
  }
}

void FeedLoop::begin_stop() noexcept {
  is_stopping_.store(true, std::memory_order_relaxed);  // relaxed: stands alone, the wake orders
  loop_->wake();
}

void FeedLoop::quit() noexcept {
  // No wake: the loop may be gone as soon as this is seen, and it looks at every beat.
  is_quitting_.store(true, std::memory_order_relaxed);  // relaxed: stands alone
}

void FeedLoop::notice(log::Level level, std::string_view text) noexcept {
  Notice line;
  line.level = level;
  line.length = static_cast<std::uint8_t>(std::min(text.size(), sizeof(line.text)));
  std::memcpy(line.text, text.data(), line.length);
  if (!link_.notices.push(line)) counters_.notices_dropped.add();
}

}  // namespace ringside::feed
