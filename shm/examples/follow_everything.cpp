// Follows everything a feed publishes, by its tape, over restarts of the feed handler. Prints at
// the end how many of each kind there were, what it received and what it lost. One thread.
//
//   g++ -std=c++20 follow_everything.cpp $(pkg-config --cflags --libs ringside-shm) -o everything
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <limits>
#include <string_view>

#include <ringside/base/clock.hpp>
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

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view("--help")) {
    return std::printf("follow_everything SOCKET [COUNT [SECONDS]]\n") < 0;
  }
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "follow_everything: see --help\n");
    return 2;
  }
  std::uint64_t wanted = argc > 2 ? number_of(argv[2]) : 0;
  if (wanted == 0) wanted = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t seconds = argc > 3 ? number_of(argv[3]) : 0;
  const std::uint64_t end_ns = ringside::monotonic_ns() + seconds * 1'000'000'000;
  std::signal(SIGINT, stop);

  FollowOptions options;  // no symbols: everything
  options.client.path = argv[1];
  options.client.name = "everything";
  TickFollower follower(std::move(options));
  if (const auto status = follower.client().attach(); !status) {
    std::fprintf(stderr, "follow_everything: %s\n", status.error().message().c_str());
    return ringside::exit_code(status.error().code);
  }
  std::array<std::uint64_t, 256> kinds{};
  TickRecord tick;
  while (wanted != 0 && !stopped.load(std::memory_order_relaxed)) {  // relaxed: as in stop()
    const std::uint64_t now = ringside::monotonic_ns();
    if (seconds != 0 && now >= end_ns) break;
    const ReadStatus status = follower.poll(now, tick);
    if (status == ReadStatus::ok) {
      ++kinds[static_cast<std::size_t>(tick.kind)];
      --wanted;
    } else if (status == ReadStatus::empty) {
      follower.sleep(5'000'000);  // or spin
    }                             // lapped: the receipt counts it
  }
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    if (kinds[kind] == 0) continue;
    std::printf("%s %lu\n", to_string(static_cast<Kind>(kind)).data(), kinds[kind]);
  }
  const Receipt sum = follower.receipt();
  std::printf("receipt: received %lu lost %lu pending %lu of %lu\n", sum.received, sum.lost,
              sum.pending, sum.published - sum.start);
  return 0;
}
