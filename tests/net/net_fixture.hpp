// Owns what the net tests share: a loop driven until something holds, and both ends of a loopback
// connection with all that happened to them written down. Test threads only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringside/base/clock.hpp"
#include "ringside/base/unique_fd.hpp"
#include "ringside/net/listener.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/stream.hpp"

namespace ringside::test {

inline constexpr std::uint64_t patience_ns = 20'000'000'000;

[[nodiscard]] inline net::Loop make_loop() {
  Result<net::Loop> loop = net::Loop::create(
      {.entries = 256, .receive_buffer_bytes = 16'384, .receive_buffer_count = 16});
  if (!loop) ADD_FAILURE() << loop.error().message();
  return std::move(loop).value();
}

/// Polls until `done()`; false when patience ends first.
template <class Done>
[[nodiscard]] bool run_until(net::Loop& loop, Done done) {
  const std::uint64_t deadline = monotonic_ns() + patience_ns;
  while (!done()) {
    if (monotonic_ns() > deadline) return false;
    loop.poll(10'000'000);
  }
  return true;
}

/// One end of a connection and everything its callbacks said.
struct End {
  net::Stream stream;
  std::string received;
  std::vector<std::uint64_t> stamps;
  std::optional<Error> closed;
  int open_count = 0;
  int close_count = 0;
  int drain_count = 0;
  std::function<void()> when_open;
  std::function<void(std::string_view)> when_data;
  std::function<void()> when_closed;

  void on_open() noexcept {
    ++open_count;
    if (when_open) when_open();
  }
  void on_data(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    received += text;
    stamps.push_back(ts_recv_ns);
    if (when_data) when_data(text);
  }
  void on_close(const Error& error) noexcept {
    closed = error;
    ++close_count;
    if (when_closed) when_closed();
  }
  void on_drain() noexcept { ++drain_count; }

  [[nodiscard]] net::StreamHandlers handlers() {
    return {.on_open = Delegate<void()>::to<&End::on_open>(this),
            .on_data = DataDelegate::to<&End::on_data>(this),
            .on_close = CloseDelegate::to<&End::on_close>(this),
            .on_drain = Delegate<void()>::to<&End::on_drain>(this)};
  }

 private:
  template <class F>
  using Delegate = net::Delegate<F>;
  using DataDelegate = net::Delegate<void(std::span<const std::byte>, std::uint64_t)>;
  using CloseDelegate = net::Delegate<void(const Error&)>;
};

/// A blocking socket without a loop, connected to a port of this machine: a peer that does nothing
/// by itself.
struct BareSocket {
  UniqueFd fd;

  explicit BareSocket(std::uint16_t port) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
};

/// A listener whose first connection becomes `server`.
struct Acceptor {
  net::Loop& loop;
  const net::TlsContext* tls = nullptr;
  net::StreamOptions options = {};
  End server = {};
  net::Listener listener = {};
  int accept_count = 0;

  void on_accept(int fd) noexcept {
    ++accept_count;
    Result<net::Stream> stream = net::Stream::accept(loop, fd, tls, options, server.handlers());
    if (!stream) {
      ADD_FAILURE() << stream.error().message();
      return;
    }
    server.stream = std::move(stream).value();
  }

  [[nodiscard]] std::uint16_t open() {
    Result<net::Listener> opened = net::Listener::open(
        loop, {},
        {.on_accept = net::Delegate<void(int)>::to<&Acceptor::on_accept>(this), .on_error = {}});
    if (!opened) {
      ADD_FAILURE() << opened.error().message();
      return 0;
    }
    listener = std::move(opened).value();
    return listener.port();
  }
};

}  // namespace ringside::test
