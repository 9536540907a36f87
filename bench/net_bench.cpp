// What a TLS record and a WebSocket message cost, in memory, without a socket: decryption through
// libcrypto against wolfSSL's own AES, decoding, unmasking, UTF-8. Prints medians; the figures of
// one run may be compared with one another.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "harness.hpp"
#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/tls.hpp"
#include "ringside/net/ws.hpp"
#include "support/temp_dir.hpp"
#include "support/test_cert.hpp"
#include "tls_device.hpp"
#include "tls_memory.hpp"

namespace ringside::bench {
namespace {

using net::ByteBuffer;
using net::TlsContext;
using net::TlsProgress;
using net::TlsSession;

struct Pair {
  std::unique_ptr<TlsSession> client;
  std::unique_ptr<TlsSession> server;
};

std::span<const std::byte> moved(TlsSession& from, ByteBuffer& wire) {
  from.take_output(wire);
  return wire.span();
}

Pair handshaken(const TlsContext& client, const TlsContext& server) {
  Pair pair{TlsSession::create(client, "bench.test").value(),
            TlsSession::create(server, "").value()};
  ByteBuffer to_server;
  ByteBuffer to_client;
  for (int round = 0; round < 10; ++round) {
    const bool client_done = pair.client->handshake() == TlsProgress::done;
    pair.server->feed(moved(*pair.client, to_server));
    const bool server_done = pair.server->handshake() == TlsProgress::done;
    pair.client->feed(moved(*pair.server, to_client));
    if (client_done && server_done) break;
  }
  std::array<std::byte, 1024> nothing{};
  std::size_t bytes = 0;
  RINGSIDE_ASSERT(pair.client->read(nothing, bytes) == TlsProgress::want_read);  // the tickets
  RINGSIDE_ASSERT(pair.client->is_established() && pair.server->is_established());
  return pair;
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Median ns of `body` over `rounds`, each of `count` calls.
template <class Body>
double median_ns(int rounds, int count, Body body) {
  std::vector<double> per_call;
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t before = monotonic_ns();
    for (int i = 0; i < count; ++i) body();
    per_call.push_back(static_cast<double>(monotonic_ns() - before) / count);
  }
  return median(per_call);
}

void bench_records(const char* name, const TlsContext& client, const TlsContext& server,
                   int rounds) {
  for (const std::size_t bytes : {300U, 1'400U, 16'384U}) {
    const Pair pair = handshaken(client, server);
    const std::vector<std::byte> plain(bytes, std::byte{'x'});
    std::vector<std::byte> out(bytes + 64);
    ByteBuffer wire;
    std::uint64_t sum = 0;
    std::vector<double> seal_ns;
    std::vector<double> open_ns;
    const int batch = bytes > 4'096 ? 2 : 32;  // short: another process may take the core between
    std::uint64_t allocations = 0;
    for (int round = 0; round < rounds; ++round) {
      const std::uint64_t seal_before = monotonic_ns();
      for (int i = 0; i < batch; ++i) {
        RINGSIDE_ASSERT(pair.server->write(plain) == TlsProgress::done);
      }
      seal_ns.push_back(static_cast<double>(monotonic_ns() - seal_before) / batch);
      pair.client->feed(moved(*pair.server, wire));
      const std::uint64_t allocations_before = net::tls_heap_allocations();
      const std::uint64_t before = monotonic_ns();
      for (int i = 0; i < batch; ++i) {
        std::size_t got = 0;
        RINGSIDE_ASSERT(pair.client->read(std::span(out).first(bytes), got) == TlsProgress::done);
        sum += std::to_integer<unsigned>(out[got - 1]);
      }
      open_ns.push_back(static_cast<double>(monotonic_ns() - before) / batch);
      allocations =
          (net::tls_heap_allocations() - allocations_before) / static_cast<unsigned>(batch);
    }
    std::printf("tls record %-22s %6zu B  open %9.0f ns  seal %9.0f ns  %llu allocations  [%llx]\n",
                name, bytes, median(open_ns), median(seal_ns),
                static_cast<unsigned long long>(allocations), static_cast<unsigned long long>(sum));
  }
}

void bench_tls(int rounds) {
  const test::TestCert ca = test::TestCert::authority();
  const test::TestCert leaf = ca.issue({.dns_names = {"bench.test"}});
  const test::TempDir dir;
  const std::string ca_file = dir.write("ca.pem", ca.certificate_pem());
  const std::string leaf_file = dir.write("leaf.pem", leaf.certificate_pem());
  const std::string key_file = dir.write("leaf.key", leaf.key_pem());
  for (const bool enabled : {true, false}) {
    net::set_tls_device_enabled(enabled);
    const TlsContext client = TlsContext::client({.ca_file = ca_file}).value();
    const TlsContext server =
        TlsContext::server({.certificate_file = leaf_file, .key_file = key_file}).value();
    bench_records(enabled ? "AES-GCM by libcrypto" : "AES-GCM by wolfSSL", client, server, rounds);
  }
  net::set_tls_device_enabled(true);
}

void bench_decoder(net::WsRole role, std::size_t bytes, int rounds) {
  const net::WsMask mask = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  const bool is_masked = role == net::WsRole::server;
  std::array<std::byte, net::ws_header_bytes_max> header{};
  const std::size_t header_bytes =
      net::write_ws_header(header, net::WsOpcode::text, bytes, true, is_masked ? &mask : nullptr);
  std::vector<std::byte> wire(net::padding_front_bytes + header_bytes + bytes +
                              net::padding_back_bytes);
  std::memcpy(wire.data() + net::padding_front_bytes, header.data(), header_bytes);
  const std::vector<std::byte> payload(bytes, std::byte{'x'});
  std::byte* at = wire.data() + net::padding_front_bytes + header_bytes;
  if (is_masked) {
    net::mask_bytes(payload, at, mask);
  } else {
    std::copy(payload.begin(), payload.end(), at);
  }
  net::WsDecoder decoder(role);
  std::uint64_t sum = 0;
  const double ns = median_ns(rounds, 1'000, [&] {
    std::span<const std::byte> input(wire.data() + net::padding_front_bytes, header_bytes + bytes);
    net::WsMessage message;
    RINGSIDE_ASSERT(decoder.next(input, message) == net::WsEvent::message);
    sum += message.payload.size() + std::to_integer<unsigned>(message.payload.back());
  });
  std::printf("ws message %-22s %6zu B  %7.1f ns  [%llx]\n",
              is_masked ? "masked, text" : "unmasked, text", bytes, ns,
              static_cast<unsigned long long>(sum));
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
  using namespace ringside::bench;
  const int rounds = is_small(argc, argv) ? 3 : 301;
  print_place("net_bench");
  bench_tls(rounds);
  for (const std::size_t bytes : {300U, 1'400U, 16'384U}) {
    bench_decoder(ringside::net::WsRole::client, bytes, rounds);
    bench_decoder(ringside::net::WsRole::server, bytes, rounds);
  }
  return 0;
}
