// Messages a second from memory to local WebSocket clients, and how late they come. A real segment,
// a real gateway, plain sockets that count frames. Each part checks that every message came.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <optional>
#include <thread>

#include "../tests/gateway/feed_fixture.hpp"
#include "../tests/gateway/http_client.hpp"
#include "../tests/support/temp_dir.hpp"
#include "gateway.hpp"
#include "harness.hpp"

namespace ringside::gateway {
namespace {

using test::TestFeed;

constexpr std::int64_t dollar = shm::price_one;

/// A socket that subscribes and then only counts.
class CountingClient {
 public:
  CountingClient(std::uint16_t port, std::string_view subscribe) : socket_(port) {
    test::Headers headers = {{"Upgrade", "websocket"},
                             {"Connection", "Upgrade"},
                             {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                             {"Sec-WebSocket-Version", "13"}};
    RINGSIDE_ASSERT(socket_.send(test::request_text("GET", "/ws", headers)));
    RINGSIDE_ASSERT(test::read_answer(socket_, buffer_).status == 101);
    std::string frame("\x81\xFE", 2);
    frame += static_cast<char>(subscribe.size() >> 8);
    frame += static_cast<char>(subscribe.size() & 0xFF);
    frame.append(4, '\0');  // a mask of zeros changes nothing
    RINGSIDE_ASSERT(socket_.send(frame.append(subscribe)));
    while (!is_subscribed_) {
      RINGSIDE_ASSERT(socket_.receive(buffer_));
      count_frames(nullptr);
    }
  }

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// Takes what is there; appends the age of each message to `ages` if there is one.
  void drain(std::vector<std::uint64_t>* ages) {
    const std::size_t before = buffer_.size();
    RINGSIDE_ASSERT(socket_.receive(buffer_, 0));
    bytes_ += buffer_.size() - before;
    count_frames(ages);
  }

 private:
  void count_frames(std::vector<std::uint64_t>* ages) {
    std::size_t at = 0;
    const std::uint64_t now = ages == nullptr ? 0 : wall_ns();
    while (buffer_.size() - at >= 4) {
      std::size_t head = 2;
      std::size_t size = static_cast<unsigned char>(buffer_[at + 1]);
      if (size == 126) {
        size = static_cast<std::size_t>(static_cast<unsigned char>(buffer_[at + 2])) << 8 |
               static_cast<unsigned char>(buffer_[at + 3]);
        head = 4;
      }
      if (buffer_.size() - at < head + size) break;
      take(std::string_view(buffer_).substr(at + head, size), now, ages);
      at += head + size;
    }
    buffer_.erase(0, at);
  }

  void take(std::string_view text, std::uint64_t now, std::vector<std::uint64_t>* ages) {
    if (text.starts_with(R"({"type":"market-data")")) {
      ++messages_;
      const std::size_t at = ages == nullptr ? text.npos : text.find("\"recv_ns\":");
      if (at == text.npos) return;
      std::uint64_t published = 0;
      std::from_chars(text.data() + at + 10, text.data() + text.size(), published);
      ages->push_back(now - published);
    } else if (text.starts_with(R"({"type":"lag")")) {
      ++lost_;
    } else if (text.starts_with(R"({"type":"subscribed")")) {
      is_subscribed_ = true;
    }
  }

  test::Socket socket_;
  std::string buffer_;
  std::uint64_t messages_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t bytes_ = 0;
  bool is_subscribed_ = false;
};

/// All clients on one thread.
class Crowd {
 public:
  Crowd(std::uint16_t port, std::size_t count, std::string_view subscribe)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<CountingClient>(port, subscribe));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = clients_.back().get();
      RINGSIDE_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, clients_.back()->fd(), &event) == 0);
    }
  }
  void drain(int wait_ms, std::vector<std::uint64_t>* ages = nullptr) {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_.get(), events, 64, wait_ms);
    for (int i = 0; i < count; ++i) {
      static_cast<CountingClient*>(events[i].data.ptr)->drain(ages);
    }
  }
  [[nodiscard]] std::uint64_t least() const {
    std::uint64_t out = UINT64_MAX;
    for (const auto& client : clients_) out = std::min(out, client->messages());
    return out;
  }
  template <class Of>
  [[nodiscard]] std::uint64_t sum(Of of) const {
    std::uint64_t out = 0;
    for (const auto& client : clients_) out += (client.get()->*of)();
    return out;
  }

 private:
  UniqueFd epoll_;
  std::vector<std::unique_ptr<CountingClient>> clients_;
};

/// A feed and a gateway on a thread of its own.
class Bench {
 public:
  Bench() : feed_(dir_.path(), {.tape_slots = 1U << 18, .ring_slots = 64}) {
    Settings settings;
    settings.run_dir = dir_.path();
    settings.port = 0;
    settings.feeds = {{.name = "stocks", .vendor = "massive", .is_options = false}};
    settings.limits.client_count_max = 65'536;
    auto made = Gateway::create(settings);
    RINGSIDE_ASSERT(made.ok());
    gateway_ = made->get();
    port = gateway_->port();
    thread_ = std::thread([this, owned = std::move(*made)]() mutable {
      clockid_t clock{};
      RINGSIDE_ASSERT(::pthread_getcpuclockid(::pthread_self(), &clock) == 0);
      cpu_clock_.store(clock, std::memory_order_release);  // pairs with the acquire of cpu_ns
      owned->run();
      owned.reset();
    });
    while (feed_.attached() == 0 || test::http(port, "/ready").status != 200) {
    }
  }
  ~Bench() {
    gateway_->stop();
    thread_.join();
  }
  [[nodiscard]] std::uint64_t cpu_ns() const {
    return read_clock_ns(cpu_clock_.load(std::memory_order_acquire));
  }
  [[nodiscard]] TestFeed& feed() { return feed_; }

  std::uint16_t port = 0;

 private:
  ringside::test::TempDir dir_;
  TestFeed feed_;
  Gateway* gateway_ = nullptr;
  std::atomic<clockid_t> cpu_clock_{0};
  std::thread thread_;
};

void trade(TestFeed& feed, std::uint64_t ts_recv) {
  shm::TickRecord record = shm::empty_tick();
  record.kind = shm::Kind::trade;
  record.ts_event = record.ts_recv = ts_recv;
  record.venue = 4;
  record.trade.price = 150 * dollar + 250'000'000;
  record.trade.size = 100 * shm::size_one_equities;
  record.trade.sequence = 1;
  feed.publish("AAPL", record);
}

constexpr std::string_view all_trades =
    R"({"type":"subscribe","policy":"all","channel":"trades","symbols":["AAPL"],)"
    R"("id":"a text that makes the frame longer than 125 bytes, so that its head is 4 bytes"})";

/// Every trade to every client, as fast as the slowest reads: nothing may be lost.
void throughput(std::size_t client_count, std::uint64_t message_count) {
  Bench bench;
  Crowd crowd(bench.port, client_count, all_trades);
  const std::uint64_t trades = std::max<std::uint64_t>(message_count / client_count, 50);
  constexpr std::uint64_t ahead_max = 400;  // within anybody's backlog
  const std::uint64_t cpu_before = bench.cpu_ns();
  const std::uint64_t begin = monotonic_ns();
  std::uint64_t published = 0;
  while (crowd.least() < trades) {
    const std::uint64_t end = std::min(trades, crowd.least() + ahead_max);
    for (; published < end; ++published) trade(bench.feed(), wall_ns());
    crowd.drain(100);
  }
  const double seconds = static_cast<double>(monotonic_ns() - begin) * 1e-9;
  const std::uint64_t messages = crowd.sum(&CountingClient::messages);
  RINGSIDE_ASSERT(messages == trades * client_count);
  RINGSIDE_ASSERT(crowd.sum(&CountingClient::lost) == 0);
  std::printf(
      "%4zu clients: %9.0f messages/s %6.1f MB/s %6.0f ns of the gateway's CPU each, "
      "%llu messages, none lost\n",
      client_count, static_cast<double>(messages) / seconds,
      static_cast<double>(crowd.sum(&CountingClient::bytes)) / seconds * 1e-6,
      static_cast<double>(bench.cpu_ns() - cpu_before) / static_cast<double>(messages),
      static_cast<unsigned long long>(messages));
}

/// Trades on a schedule; the age of each when a client has read it. A late send counts as late.
void latency(std::size_t client_count, std::uint64_t per_second, double seconds) {
  Bench bench;
  Crowd crowd(bench.port, client_count, all_trades);
  const auto total = static_cast<std::uint64_t>(static_cast<double>(per_second) * seconds);
  std::vector<std::uint64_t> ages;
  ages.reserve(total * client_count);
  const std::uint64_t cpu_before = bench.cpu_ns();
  const std::uint64_t begin = wall_ns();
  std::uint64_t published = 0;
  while (crowd.least() < total) {
    const std::uint64_t now = wall_ns();
    while (published < total && begin + published * 1'000'000'000 / per_second <= now) {
      trade(bench.feed(), begin + published * 1'000'000'000 / per_second);
      ++published;
    }
    crowd.drain(0, &ages);
  }
  const double elapsed = static_cast<double>(wall_ns() - begin) * 1e-9;
  char name[64];
  std::snprintf(name, sizeof name, "%zu clients, %llu trades/s, memory to client", client_count,
                static_cast<unsigned long long>(per_second));
  bench::print_percentiles(name, ages);
  std::printf("     the gateway's CPU: %.1f %% of a core\n",
              static_cast<double>(bench.cpu_ns() - cpu_before) * 1e-7 / elapsed);
}

int run(bool is_small) {
  bench::print_place("gateway: WebSocket fan-out");
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);  // as many as we may
  }
  const std::uint64_t messages = is_small ? 2'000 : 1'000'000;
  for (const std::size_t clients : {1U, 10U, 100U, 500U}) {
    if (is_small && clients > 10) break;
    throughput(clients, messages);
  }
  latency(1, 2'000, is_small ? 0.1 : 5);
  if (!is_small) latency(20, 2'000, 5);
  return 0;
}

}  // namespace
}  // namespace ringside::gateway

int main(int argc, char** argv) {
  return ringside::gateway::run(ringside::bench::is_small(argc, argv));
}
