#include "control.hpp"

#include <time.h>

#include <utility>

#include "ringside/base/clock.hpp"

namespace ringside::feed {

namespace {

void nap() noexcept {
  constexpr timespec step{0, 20'000};
  (void)::nanosleep(&step, nullptr);
}

// A comma would end the item in the vendor's subscription list.
bool is_symbol(std::string_view symbol) noexcept {
  return shm::is_symbol_text(symbol) && symbol.find(',') == std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<FeedControl>> FeedControl::start(shm::SegmentWriter& segment, FeedLink& link,
                                                        FeedLoop& loop, const Options& options) {
  std::unique_ptr<FeedControl> control(new FeedControl(link, loop, options));
  FeedControl* raw = control.get();
  shm::ControlServer::Hooks hooks;
  hooks.want = [raw](std::string_view symbol, std::uint32_t kinds) {
    return raw->want(symbol, kinds);
  };
  hooks.unwant = [raw](std::string_view symbol, std::uint32_t kinds) {
    raw->unwant(symbol, kinds);
  };
  hooks.idle = [raw] { raw->write_notices(); };
  shm::ControlServer::Options server;
  server.path = options.socket_path;
  server.linger_ms = options.linger_ms;
  Result<std::unique_ptr<shm::ControlServer>> started =
      shm::ControlServer::start(segment, server, std::move(hooks));
  if (!started) return started.error();
  control->server_ = std::move(*started);
  return control;
}

FeedControl::FeedControl(FeedLink& link, FeedLoop& loop, const Options& options)
    : link_(link), loop_(loop), options_(options) {}

FeedControl::~FeedControl() {
  server_.reset();
  write_notices();
}

bool FeedControl::push(const Command& command) {
  const std::uint64_t until = monotonic_ns() + options_.answer_ns_max;
  while (!link_.commands.push(command)) {
    if (monotonic_ns() > until) return false;
    loop_.wake();
    nap();
  }
  loop_.wake();
  return true;
}

shm::SymbolAnswer FeedControl::want(std::string_view symbol, std::uint32_t kinds_new) {
  if (!is_symbol(symbol)) {
    return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::bad_symbol};
  }
  Command command;
  command.symbol.assign(symbol);
  command.kinds = kinds_new;
  command.token = ++token_;
  command.is_want = true;
  const std::uint64_t until = monotonic_ns() + options_.answer_ns_max;
  Answer answer;
  if (push(command)) {
    while (monotonic_ns() < until) {
      if (!link_.answers.pop(answer)) {
        nap();
      } else if (answer.token == command.token) {
        return answer.symbol;
      }
    }
    unwant(symbol, kinds_new);  // the server takes the wish back; so must the feed, when it can
  }
  return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::feed_gone};
}

void FeedControl::unwant(std::string_view symbol, std::uint32_t kinds_gone) {
  if (!is_symbol(symbol) || kinds_gone == 0) return;
  Command command;
  command.symbol.assign(symbol);
  command.kinds = kinds_gone;
  if (!push(command)) {
    log::warn("{}: the feed's thread does not answer; {} stays subscribed", options_.feed, symbol);
  }
}

void FeedControl::write_notices() {
  Notice notice;
  while (link_.notices.pop(notice)) {
    const std::string_view text = notice.view();
    log::write(notice.level, "{}: {}", fmt::make_format_args(options_.feed, text));
  }
}

}  // namespace ringside::feed
