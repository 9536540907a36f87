// Owns the figures of the vendor simulator: what making an event costs, what its text costs, and
// how many a second reach a client over TLS on loopback. Threads: the simulator's, and one client.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "harness.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/net/ws_client.hpp"
#include "sim/event_stream.hpp"
#include "sim/format.hpp"
#include "sim/simulator.hpp"

namespace ringside::sim {
namespace {

constexpr std::uint64_t start_ns = 1'772'461'800U * ns_per_s;  // a Monday, 09:30 New York

MarketOptions market_options() {
  return {.seed = 1,
          .rate = 100'000,
          .stock_count = 300,
          .option_count = 1'000,
          .hours = Hours::always,
          .ts_start_ns = start_ns};
}

// A hash of all bytes, so that nothing is optimised away and two runs can be compared.
struct Hash {
  std::uint64_t value = 14'695'981'039'346'656'037U;
  void add(const char* text, std::size_t bytes) noexcept {
    for (; bytes >= 8; text += 8, bytes -= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text, 8);
      value = (value ^ word) * 1'099'511'628'211U;
    }
  }
};

// Both clocks: on a machine that others use too, only the thread's own time says what it costs.
class Watch {
 public:
  void print(const char* what, std::uint64_t events, std::uint64_t hash) const {
    const auto count = static_cast<double>(events);
    const auto wall = static_cast<double>(monotonic_ns() - wall_from_ns_);
    const auto own = static_cast<double>(thread_ns() - thread_from_ns_);
    std::printf(
        "%-30s n=%llu wall %.1f ns/event, %.2f M/s; thread %.1f ns/event, %.2f M/s; %016llx\n",
        what, static_cast<unsigned long long>(events), wall / count, count * 1e3 / wall,
        own / count, count * 1e3 / own, static_cast<unsigned long long>(hash));
  }

 private:
  static std::uint64_t thread_ns() noexcept {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    const auto us = [](const timeval& time) {
      return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000U +
             static_cast<std::uint64_t>(time.tv_usec);
    };
    return (us(usage.ru_utime) + us(usage.ru_stime)) * 1000;
  }

  std::uint64_t wall_from_ns_ = monotonic_ns();
  std::uint64_t thread_from_ns_ = thread_ns();
};

void bench_making_and_formatting(std::size_t count) {
  MarketInstruments instruments;
  EventStream stream(SyntheticMarket(market_options(), instruments), true);
  std::vector<Event> events(count);
  const Watch making;
  for (Event& event : events) {
    if (!stream.take(EventStream::ts_none - 1, event)) return;
  }
  making.print("make (market and aggregates)", count, 0);
  Hash hash;
  std::array<char, event_chars_max> room{};
  std::uint64_t bytes = 0;
  const Watch formatting;
  for (const Event& event : events) {
    const auto& of = instruments[static_cast<std::size_t>(event.market)];
    const auto size = static_cast<std::size_t>(
        format_event(room.data(), event, of[event.instrument].symbol) - room.data());
    bytes += size;
    hash.value += static_cast<unsigned char>(room[size / 2]);
  }
  formatting.print("format", count, hash.value);
  for (const Event& event : events) {
    const auto& of = instruments[static_cast<std::size_t>(event.market)];
    const char* const end = format_event(room.data(), event, of[event.instrument].symbol);
    hash.add(room.data(), static_cast<std::size_t>(end - room.data()));
  }
  std::printf("%-30s %.1f bytes, all texts %016llx\n", "mean text of an event",
              static_cast<double>(bytes) / static_cast<double>(count),
              static_cast<unsigned long long>(hash.value));
}

// One client on a thread of its own: authenticates, subscribes to everything, counts bytes.
class Client {
 public:
  Client(std::uint16_t port, std::string ca, std::string target)
      : thread_([this, port, ca = std::move(ca), target = std::move(target)] {
          run(port, ca, target);
        }) {}
  ~Client() {
    is_over_.store(true, std::memory_order_relaxed);  // relaxed: only asks the thread to end
    thread_.join();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

 private:
  void run(std::uint16_t port, const std::string& ca, const std::string& target) {
    auto loop = net::Loop::create();
    auto tls = net::TlsContext::client({.ca_file = ca});
    if (!loop || !tls) std::abort();
    net::WsClientOptions options;
    options.host = "localhost";
    options.port = port;
    options.target = target;
    options.tls = &*tls;
    net::WsClientHandlers handlers;
    handlers.on_open = net::Delegate<void()>::to<&Client::on_open>(this);
    handlers.on_message = net::Delegate<void(net::WsOpcode, std::span<const std::byte>,
                                             std::uint64_t)>::to<&Client::on_message>(this);
    auto socket = net::WsClient::connect(*loop, options, handlers);
    if (!socket) std::abort();
    socket_ = &*socket;
    // relaxed: nothing else is handed over with it.
    while (!is_over_.load(std::memory_order_relaxed)) loop->poll(1'000'000);
  }
  void on_open() noexcept {
    static_cast<void>(socket_->send_text(R"({"action":"auth","params":"bench"})"));
    static_cast<void>(socket_->send_text(R"({"action":"subscribe","params":"T.*,Q.*,A.*,AM.*"})"));
  }
  void on_message(net::WsOpcode, std::span<const std::byte> payload, std::uint64_t) noexcept {
    bytes_ += payload.size();
  }

  net::WsClient* socket_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

void bench_over_tls(std::uint64_t count) {
  SimOptions options;
  options.run_dir =
      std::filesystem::temp_directory_path() / ("ringside-sim-bench-" + std::to_string(::getpid()));
  options.key = "bench";
  options.market = market_options();
  options.pump.pace = Pace::max;
  options.pump.waits_for_slow = true;
  options.pump.wait_for_pairs = 4;
  options.pump.events_max = count;
  options.server.wire.frame_sizes_random = true;
  // One market, so that every event made is also sent.
  options.market.option_count = 0;
  {
    auto simulator = Simulator::create(options);
    if (!simulator) {
      std::fprintf(stderr, "sim_bench: %s\n", simulator.error().message().c_str());
      std::exit(1);
    }
    const Client client((*simulator)->port(), (*simulator)->paths().ca, "/stocks");
    while (!(*simulator)->has_started()) (*simulator)->turn(1'000'000);
    const Watch sending;
    while (!(*simulator)->is_finished()) (*simulator)->turn(1'000'000);
    sending.print("over TLS to one client", count, 0);
  }
  std::error_code ignored;  // a folder that stays behind is no reason to fail
  std::filesystem::remove_all(options.run_dir, ignored);
}

}  // namespace
}  // namespace ringside::sim

int main(int argc, char** argv) {
  const bool is_small = ringside::bench::is_small(argc, argv);
  ringside::bench::print_place("the vendor simulator");
  ringside::sim::bench_making_and_formatting(is_small ? 20'000 : 2'000'000);
  ringside::sim::bench_over_tls(is_small ? 50'000 : 10'000'000);
  return 0;
}
