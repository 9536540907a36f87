// From the wire to the ring, through the real ringside-feedhandler in a process of its own.
//
//   latency     a vendor's frame is handed to the kernel at a scheduled instant; the clock stops
//   when
//               its last record can be read in this process. So it holds the vendor's TLS and send,
//               the loopback, the feed handler's receive, TLS, WebSocket, JSON and publish.
//   throughput  frames as fast as the feed handler takes them; events per second, from TLS to ring.
//
// This process (vendor and reader in one thread) has processor 1, the feed handler processor 0.
#include <cstdlib>
#include <deque>
#include <string>

#include "../tests/support/run_process.hpp"
#include "../tests/support/temp_dir.hpp"
#include "../tests/support/test_cert.hpp"
#include "harness.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/net/listener.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/tls.hpp"
#include "ringside/net/ws_channel.hpp"
#include "ringside/net/ws_handshake.hpp"
#include "ringside/shm/feed_client.hpp"

namespace ringside::bench {
namespace {

constexpr std::uint64_t patience_ns = 20'000'000'000;

/// The vendor's side of one connection: accepts the upgrade, any key and any subscription.
class Vendor {
 public:
  Vendor(net::Loop& loop, const net::TlsContext& tls) : loop_(loop), tls_(tls) {
    net::ListenHandlers handlers;
    handlers.on_accept = net::Delegate<void(int)>::to<&Vendor::on_accept>(this);
    auto listener = net::Listener::open(loop, {}, handlers);
    RINGSIDE_ASSERT(listener.ok());
    listener_ = std::move(*listener);
  }

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  [[nodiscard]] bool is_subscribed() const { return is_subscribed_; }
  [[nodiscard]] std::size_t backlog_bytes() const { return stream_.backlog_bytes(); }
  bool send(std::string_view text) { return channel_.send_text(text) == net::SendResult::ok; }

 private:
  void on_accept(int fd) noexcept {
    net::StreamHandlers handlers;
    handlers.on_data =
        net::Delegate<void(std::span<const std::byte>, std::uint64_t)>::to<&Vendor::on_data>(this);
    net::StreamOptions options;
    options.backlog_bytes_max = 4U << 20;
    auto stream = net::Stream::accept(loop_, fd, &tls_, options, handlers);
    RINGSIDE_ASSERT(stream.ok());
    stream_ = std::move(*stream);
    channel_.set_stream(&stream_);
  }

  void on_data(std::span<const std::byte> bytes, std::uint64_t ts_recv) noexcept {
    if (is_upgraded_) return channel_.on_bytes(bytes, ts_recv);
    request_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (request_.find("\r\n\r\n") == std::string::npos) return;
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const std::size_t key = request_.find(name) + name.size();
    std::string answer;
    net::write_ws_accept(answer, {.key = request_.substr(key, request_.find('\r', key) - key)});
    RINGSIDE_ASSERT(stream_.send(answer) == net::SendResult::ok);
    is_upgraded_ = true;
    (void)send(R"([{"ev":"status","status":"connected","message":"Connected Successfully"}])");
  }

  void on_message(net::WsOpcode, std::span<const std::byte> bytes, std::uint64_t) noexcept {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.find("\"auth\"") != std::string_view::npos) {
      (void)send(R"([{"ev":"status","status":"auth_success","message":"authenticated"}])");
    } else if (text.find("\"subscribe\"") != std::string_view::npos) {
      (void)send(R"([{"ev":"status","status":"success","message":"subscribed to: T.*"}])");
      is_subscribed_ = true;
    }
  }

  net::Loop& loop_;
  const net::TlsContext& tls_;
  net::Listener listener_;
  net::Stream stream_;
  net::WsChannel channel_{
      net::WsRole::server,
      {},
      {.on_message = net::Delegate<void(net::WsOpcode, std::span<const std::byte>,
                                        std::uint64_t)>::to<&Vendor::on_message>(this)}};
  std::string request_;
  bool is_upgraded_ = false;
  bool is_subscribed_ = false;
};

/// `count` events in the vendor's form, 55 % quotes, 45 % trades, over `symbols` symbols.
std::string make_frame(std::uint64_t first, std::uint32_t count, std::uint32_t symbols) {
  std::string text = "[";
  for (std::uint64_t n = first; n < first + count; ++n) {
    const std::string symbol = "S" + std::to_string(n * 7919 % symbols);
    const std::string cents = std::to_string(10 + n % 80);
    const std::string time = std::to_string(1'767'366'000'000 + n / 8);
    if (text.size() > 1) text += ',';
    if (n % 20 < 11) {
      text += R"({"ev":"Q","sym":")" + symbol + R"(","bx":19,"ax":12,"bp":150.)" + cents +
              R"(,"ap":151.)" + cents + R"(,"bs":300,"as":100,"t":)" + time + R"(,"pt":)" + time +
              R"(,"q":)" + std::to_string(n) + R"(,"z":3})";
    } else {
      text += R"({"ev":"T","sym":")" + symbol + R"(","i":")" + std::to_string(90'000 + n) +
              R"(","x":11,"p":150.)" + cents + R"(,"s":100,"c":[14,41],"t":)" + time + R"(,"pt":)" +
              time + R"(,"q":)" + std::to_string(n) + R"(,"z":3,"ds":"100.0"})";
    }
  }
  return text + "]";
}

struct Rig {
  explicit Rig(std::uint32_t symbols)
      : loop(std::move(net::Loop::create()).value()), tls(make_tls()), vendor(loop, tls) {
    process.emplace(
        std::vector<std::string>{"ringside-feedhandler",
                                 "--run-dir",
                                 folder.path() + "/run",
                                 "--log-level",
                                 "warn",
                                 "--set",
                                 "feed.options.enabled=false",
                                 "--set",
                                 "feed.stocks.host=127.0.0.1",
                                 "--set",
                                 "feed.stocks.port=" + std::to_string(vendor.port()),
                                 "--set",
                                 "feed.stocks.ca_file=" + folder.path() + "/ca.pem",
                                 "--set",
                                 "feed.stocks.symbols=*",
                                 "--set",
                                 "feed.stocks.default_slots=1024",
                                 "--set",
                                 "feed.stocks.tape_slots=1048576",
                                 "--set",
                                 "feed.stocks.symbol_count_max=" + std::to_string(symbols),
                                 "--set",
                                 "feed.stocks.wait=spin",
                                 "--set",
                                 "feed.stocks.cpu=0"},
        test::Process::Environment{{"RINGSIDE_FEED_STOCKS_KEY", "bench"}});
    shm::FeedClient::Options options;
    options.path = folder.path() + "/run/stocks.sock";
    options.name = "wire_bench";
    options.stale_ns = patience_ns;
    client.emplace(options);
    const std::uint64_t deadline = monotonic_ns() + patience_ns;
    while (!vendor.is_subscribed() || !client->is_attached()) {
      RINGSIDE_ASSERT(monotonic_ns() < deadline);
      (void)loop.poll(1'000'000);
      if (!client->is_attached()) (void)client->poll(monotonic_ns());
    }
    tape = shm::TapeReader(client->segment()->tick_tape(), shm::StartAt::oldest);
    (void)pin_to(1);
  }

  net::TlsContext make_tls() {
    const test::TestCert authority = test::TestCert::authority();
    const test::TestCert leaf = authority.issue({.addresses = {"127.0.0.1"}});
    folder.write("ca.pem", authority.certificate_pem());
    return std::move(net::TlsContext::server(
                         {.certificate_file = folder.write("leaf.pem", leaf.certificate_pem()),
                          .key_file = folder.write("leaf.key", leaf.key_pem())}))
        .value();
  }

  test::TempDir folder;
  net::Loop loop;
  net::TlsContext tls;
  Vendor vendor;
  std::optional<test::Process> process;
  std::optional<shm::FeedClient> client;
  shm::TapeReader tape;
  std::uint64_t events = 0;  // trades and quotes read from the tape, or lost there

  /// Reads one record, if there is one; status records do not count as events.
  bool read_one(shm::TickRecord& record) {
    const std::uint64_t lost_before = tape.lost();
    const bool is_read = tape.poll(record) == shm::ReadStatus::ok;
    events += tape.lost() - lost_before;
    if (is_read && (record.kind == shm::Kind::trade || record.kind == shm::Kind::quote)) ++events;
    return is_read;
  }
};

// Reads until `target` records came; says what the feed handler counted when they do not come.
void wait_for(Rig& rig, std::uint64_t target, shm::TickRecord& record) {
  const std::uint64_t begin = monotonic_ns();
  for (std::uint64_t polls = 1; rig.events < target; ++polls) {
    if (rig.read_one(record) || polls % 4096 != 0) continue;
    (void)rig.loop.poll(0);
    if (monotonic_ns() < begin + patience_ns) continue;
    std::printf("%llu of %llu records came\n", static_cast<unsigned long long>(rig.tape.received()),
                static_cast<unsigned long long>(target));
    for (const shm::CounterValue& value : rig.client->segment()->counters()) {
      if (value.value == 0) continue;
      std::printf("%.*s %llu\n", static_cast<int>(value.name.size()), value.name.data(),
                  static_cast<unsigned long long>(value.value));
    }
    std::exit(1);
  }
}

// One frame at a time, each at its scheduled instant.
void measure_latency(std::uint32_t events, std::uint64_t frames, std::uint64_t interval_ns) {
  Rig rig(500);
  std::vector<std::uint64_t> whole;
  std::vector<std::uint64_t> handler;
  whole.reserve(frames);
  handler.reserve(frames);
  shm::TickRecord record{};
  const std::uint64_t warm_up = frames / 10 + 10;
  std::uint64_t due = monotonic_ns() + interval_ns;
  for (std::uint64_t frame = 0; frame < frames + warm_up; ++frame, due += interval_ns) {
    const std::string text = make_frame(frame * events, events, 500);
    while (monotonic_ns() < due) (void)rig.loop.poll(0);
    const std::uint64_t begin = monotonic_ns();
    RINGSIDE_ASSERT(rig.vendor.send(text));
    rig.loop.flush();
    const std::uint64_t target = (frame + 1) * events;
    wait_for(rig, target, record);
    const std::uint64_t now = monotonic_ns();
    const std::uint64_t now_wall = wall_ns();
    if (frame < warm_up) continue;
    whole.push_back(now - begin);
    handler.push_back(now_wall > record.ts_recv ? now_wall - record.ts_recv : 0);
  }
  std::printf("%u events a frame, one frame each %llu us:\n", events,
              static_cast<unsigned long long>(interval_ns / 1000));
  print_percentiles("  vendor's send to visible", whole);
  print_percentiles("  socket to visible", handler);
}

void measure_throughput(std::uint32_t events, std::uint64_t total) {
  Rig rig(500);
  std::vector<std::string> frames;
  for (std::uint64_t first = 0; frames.size() < 256; first += events) {
    frames.push_back(make_frame(first, events, 500));
  }
  const std::uint64_t frame_count = total / events;
  shm::TickRecord record{};
  std::uint64_t bytes = 0;
  std::uint64_t sent = 0;
  const std::uint64_t begin = monotonic_ns();
  const std::uint64_t target = frame_count * events;
  while (rig.events < target) {
    RINGSIDE_ASSERT(monotonic_ns() < begin + 10 * patience_ns);
    while (sent < frame_count && rig.vendor.backlog_bytes() < (1U << 20)) {
      const std::string& text = frames[sent % frames.size()];
      if (!rig.vendor.send(text)) break;
      bytes += text.size();
      ++sent;
    }
    (void)rig.loop.poll(0);
    while (rig.read_one(record)) {
    }
  }
  const auto ns = static_cast<double>(monotonic_ns() - begin);
  std::printf(
      "%u events a frame: %.0f events/s, %.0f MB/s of JSON, %.0f ns an event; received %llu, "
      "lost %llu\n",
      events, static_cast<double>(target) / ns * 1e9, static_cast<double>(bytes) / ns * 1e3,
      ns / static_cast<double>(target), static_cast<unsigned long long>(rig.tape.received()),
      static_cast<unsigned long long>(rig.tape.lost()));
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
  const bool is_small = ringside::bench::is_small(argc, argv);
  ringside::bench::print_place("wire_bench");
  ringside::bench::measure_latency(1, is_small ? 20 : 50'000, 100'000);
  ringside::bench::measure_latency(16, is_small ? 20 : 20'000, 200'000);
  ringside::bench::measure_throughput(1, is_small ? 1'000 : 500'000);
  ringside::bench::measure_throughput(100, is_small ? 10'000 : 5'000'000);
  return 0;
}
