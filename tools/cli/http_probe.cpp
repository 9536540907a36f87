// Owns one small HTTP question to a server on this machine. Main thread; allocates.
#include "http_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "ringside/base/clock.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::cli {

namespace {

constexpr std::size_t answer_bytes_max = 64U << 10;

std::string reachable(const std::string& address) {
  if (address == "0.0.0.0" || address == "localhost") return "127.0.0.1";
  if (address == "::") return "::1";
  return address;
}

struct Deadline {
  std::uint64_t end_ns;
  [[nodiscard]] int left_ms() const noexcept {
    const std::uint64_t now = monotonic_ns();
    return now >= end_ns ? 0 : static_cast<int>((end_ns - now) / 1'000'000U) + 1;
  }
};

bool wait_for(int fd, short events, const Deadline& deadline) noexcept {
  pollfd wanted{fd, events, 0};
  return deadline.left_ms() > 0 && ::poll(&wanted, 1, deadline.left_ms()) == 1;
}

UniqueFd connect_to(const std::string& address, std::uint16_t port, const Deadline& deadline) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) return {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const auto* const target =
      is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t bytes = is_v4 ? sizeof v4 : sizeof v6;
  UniqueFd socket(::socket(target->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return {};
  if (::connect(socket.get(), target, bytes) == 0) return socket;
  if (errno != EINPROGRESS || !wait_for(socket.get(), POLLOUT, deadline)) return {};
  int fault = 0;
  socklen_t fault_bytes = sizeof fault;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &fault_bytes);
  return fault == 0 ? std::move(socket) : UniqueFd();
}

std::optional<HttpAnswer> parse_answer(const std::string& text) {
  constexpr std::string_view begin = "HTTP/1.1 ";
  const std::size_t head_end = text.find("\r\n\r\n");
  if (text.compare(0, begin.size(), begin) != 0 || head_end == std::string::npos) return {};
  HttpAnswer answer;
  const char* const digits = text.data() + begin.size();
  const auto parsed = std::from_chars(digits, digits + 3, answer.status);
  if (parsed.ec != std::errc{} || parsed.ptr != digits + 3) return {};
  answer.body = text.substr(head_end + 4);
  return answer;
}

}  // namespace

std::optional<HttpAnswer> http_get(const std::string& address, std::uint16_t port,
                                   const std::string& path, std::int64_t timeout_ms) {
  const Deadline deadline{monotonic_ns() + static_cast<std::uint64_t>(timeout_ms) * 1'000'000U};
  const std::string host = reachable(address);
  const UniqueFd socket = connect_to(host, port, deadline);
  if (!socket) return {};
  const bool is_v6 = host.find(':') != std::string::npos;
  const std::string request = "GET " + path +
                              " HTTP/1.1\r\nHost: " + (is_v6 ? "[" + host + "]" : host) + ":" +
                              std::to_string(port) + "\r\nConnection: close\r\n\r\n";
  // Smaller than any socket buffer: one send takes all of it.
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return {};
  }
  std::string text;
  char chunk[4096];
  while (text.size() < answer_bytes_max && wait_for(socket.get(), POLLIN, deadline)) {
    const ssize_t got = ::recv(socket.get(), chunk, sizeof chunk, 0);
    if (got == 0) return parse_answer(text);
    if (got < 0 && errno != EINTR && errno != EAGAIN) return {};
    if (got > 0) text.append(chunk, static_cast<std::size_t>(got));
  }
  return {};
}

bool is_listening(const std::string& address, std::uint16_t port, std::int64_t timeout_ms) {
  const Deadline deadline{monotonic_ns() + static_cast<std::uint64_t>(timeout_ms) * 1'000'000U};
  return static_cast<bool>(connect_to(reachable(address), port, deadline));
}

std::string dashboard_url(const std::string& address, std::uint16_t port, bool is_tls) {
  const std::string host = reachable(address);
  const bool is_v6 = host.find(':') != std::string::npos;
  return std::string(is_tls ? "https" : "http") + "://" + (is_v6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + "/";
}

}  // namespace ringside::cli
