// Follows one symbol's trades and quotes, over restarts of the feed handler, and prints at the end
// what it received and what it lost. One thread; allocates only when it attaches.
//
//   g++ -std=c++20 follow_symbol.cpp $(pkg-config --cflags --libs ringside-shm) -o follow_symbol
#include <charconv>
#include <csignal>
#include <cstdio>
#include <limits>
#include <string_view>

#include <ringside/base/clock.hpp>
#include <ringside/base/decimal.hpp>
#include <ringside/shm/follow.hpp>

using namespace ringside::shm;

namespace {

std::atomic<bool> stopped{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler stores it");

void stop(int) {
  stopped.store(true, std::memory_order_relaxed);  // relaxed: only a wish to end
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void print(const char* symbol, const TickRecord& tick) {
  if (tick.kind == Kind::trade) {
    std::printf("%s trade %s\n", symbol, ringside::decimal_text(tick.trade.price, 9).c_str());
  } else if (tick.kind == Kind::quote) {
    std::printf("%s quote %u x %u\n", symbol, tick.quote.bid_sz, tick.quote.ask_sz);
  } else {
    std::printf("%s %s\n", symbol, to_string(tick.kind).data());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view("--help")) {
    return std::printf("follow_symbol SOCKET SYMBOL [COUNT [SECONDS]]\n") < 0;
  }
  if (argc < 3 || argc > 5) {
    std::fprintf(stderr, "follow_symbol: see --help\n");
    return 2;
  }
  std::uint64_t wanted = argc > 3 ? number_of(argv[3]) : 0;
  if (wanted == 0) wanted = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t seconds = argc > 4 ? number_of(argv[4]) : 0;
  const std::uint64_t end_ns = ringside::monotonic_ns() + seconds * 1'000'000'000;
  std::signal(SIGINT, stop);

  FollowOptions options{.client = {.path = argv[1], .name = "follow"},
                        .symbols = {argv[2]},
                        .kinds = want_trades | want_quotes};
  TickFollower follower(std::move(options));
  if (const auto status = follower.client().attach(); !status) {
    std::fprintf(stderr, "follow_symbol: %s\n", status.error().message().c_str());
    return ringside::exit_code(status.error().code);
  }
  TickRecord tick;
  while (wanted != 0 && !stopped.load(std::memory_order_relaxed)) {  // relaxed: as in stop()
    const std::uint64_t now = ringside::monotonic_ns();
    if (seconds != 0 && now >= end_ns) break;
    const ReadStatus status = follower.poll(now, tick);
    if (status == ReadStatus::ok) {
      print(argv[2], tick);
      --wanted;
    } else if (status == ReadStatus::lapped) {
      std::printf("%s lost records\n", argv[2]);
    } else if (!follower.answers().empty() && follower.answers()[0].state == SymbolState::refused) {
      std::fprintf(stderr, "%s: %s\n", argv[2], to_string(follower.answers()[0].reason).data());
      return 8;
    } else {
      follower.sleep(5'000'000);  // or spin
    }
  }
  const Receipt sum = follower.receipt();
  std::printf("receipt: received %lu lost %lu pending %lu of %lu\n", sum.received, sum.lost,
              sum.pending, sum.published - sum.start);
  return 0;
}
