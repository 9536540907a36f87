// Implements listener.hpp: bind, listen, one multishot accept.
#include "ringside/net/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "loop_core.hpp"
#include "ringside/base/assert.hpp"

namespace ringside::net {

/// The part that lives as long as its accept operation.
struct ListenerState {
  LoopCore* core = nullptr;
  int fd = -1;
  bool has_handle = true;
  bool is_delivering = false;
  std::uint16_t port = 0;
  Operation accept_op;
  Timer retry;
  ListenHandlers handlers;

  void arm() noexcept;
  void reclaim() noexcept;
  static void complete(void* owner, Operation& self, int result, std::uint32_t flags) noexcept;
};

namespace {

constexpr std::uint64_t accept_retry_ns = 100'000'000;

struct BindAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
};

bool parse_address(const ListenOptions& options, BindAddress& out) noexcept {
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, options.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(options.port);
    std::memcpy(&out.storage, &v4, sizeof(v4));
    out.bytes = sizeof(v4);
    return true;
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, options.address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(options.port);
    std::memcpy(&out.storage, &v6, sizeof(v6));
    out.bytes = sizeof(v6);
    return true;
  }
  return false;
}

Error listen_error(const char* step, const std::string& where) {
  switch (errno) {
    case EADDRINUSE:
      return sys_error(ErrorCode::busy, where + " is taken by another process");
    case EACCES:
    case EPERM:
      return sys_error(ErrorCode::permission, where + " may not be listened on");
    case EADDRNOTAVAIL:
      return sys_error(ErrorCode::config, where + " is not an address of this machine");
    default:
      return sys_error(ErrorCode::io, where + ": " + step);
  }
}

std::uint16_t bound_port(int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return 0;
  sockaddr_in v4{};  // the port lies at the same place in both families
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  std::memcpy(&v4, &storage, sizeof(v4));
  return ntohs(v4.sin_port);
}

}  // namespace

Result<Listener> Listener::open(Loop& loop, const ListenOptions& options,
                                const ListenHandlers& handlers) {
  const std::string where =
      (options.address.find(':') == std::string::npos ? options.address
                                                      : "[" + options.address + "]") +
      ":" + std::to_string(options.port);
  BindAddress address;
  if (!parse_address(options, address)) {
    return Error{ErrorCode::config, 0,
                 "'" + options.address + "' is not an IPv4 or IPv6 address to listen on"};
  }
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return listen_error("socket", where);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));  // restarts need not wait
  if (options.reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::bind(fd, name, address.bytes) != 0 || ::listen(fd, options.backlog) != 0) {
    Error error = listen_error("bind", where);
    ::close(fd);
    return error;
  }
  auto* state = new ListenerState;
  state->core = &loop.core();
  state->fd = fd;
  state->port = bound_port(fd);
  state->handlers = handlers;
  state->accept_op = {.complete = &ListenerState::complete, .owner = state, .in_flight = false};
  ++state->core->handle_count;
  state->arm();
  return Listener(state);
}

Listener::Listener(Listener&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::exchange(other.state_, nullptr);
  }
  return *this;
}

Listener::~Listener() {
  close();
}

std::uint16_t Listener::port() const noexcept {
  return state_ == nullptr ? 0 : state_->port;
}

void Listener::close() noexcept {
  ListenerState* state = std::exchange(state_, nullptr);
  if (state == nullptr) return;
  state->has_handle = false;
  state->handlers = {};
  state->retry.cancel();
  --state->core->handle_count;
  ::shutdown(state->fd, SHUT_RDWR);  // refuses new connections at once, before the cancel is done
  state->core->cancel(state->accept_op);
  state->reclaim();
}

void ListenerState::arm() noexcept {
  io_uring_sqe* sqe = core->start(accept_op);
  io_uring_prep_multishot_accept(sqe, fd, nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data(sqe, &accept_op);
}

void ListenerState::reclaim() noexcept {
  if (has_handle || is_delivering || accept_op.in_flight) return;
  ::close(fd);
  delete this;
}

void ListenerState::complete(void* owner, Operation&, int result, std::uint32_t) noexcept {
  auto* state = static_cast<ListenerState*>(owner);
  state->is_delivering = true;
  if (!state->has_handle) {
    if (result >= 0) ::close(result);
  } else if (result >= 0) {
    const Delegate<void(int)> on_accept = state->handlers.on_accept;
    if (on_accept) {
      on_accept(result);
    } else {
      ::close(result);
    }
  } else if (result != -ECANCELED && result != -ECONNABORTED && result != -EINTR) {
    const Delegate<void(int)> on_error = state->handlers.on_error;
    on_error(-result);
  }
  state->is_delivering = false;
  if (!state->has_handle) {
    state->reclaim();
  } else if (!state->accept_op.in_flight) {
    // Out of descriptors or memory: asking again at once would only spin.
    const std::uint64_t delay = result >= 0 ? 0 : accept_retry_ns;
    state->retry.start_on(*state->core, delay, Delegate<void()>::to<&ListenerState::arm>(state));
  }
}

}  // namespace ringside::net
