// Implements how a connection comes to stand: name resolution, connecting, accepting, time-outs.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "connection.hpp"
#include "ringside/base/assert.hpp"

namespace ringside::net {

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
    return std::string(host) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return {};
}

Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port) {
  constexpr std::size_t addresses_max = 8;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int rc = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
  if (rc != 0) {
    return Error{ErrorCode::connect, rc == EAI_SYSTEM ? errno : 0,
                 "host '" + host + "' does not resolve: " + ::gai_strerror(rc)};
  }
  std::vector<Address> addresses;
  for (const addrinfo* each = found; each != nullptr && addresses.size() < addresses_max;
       each = each->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.bytes = each->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

Status Connection::init_tls(const TlsContext& context, const std::string& host) {
  Result<std::unique_ptr<TlsSession>> session = TlsSession::create(context, host);
  if (!session) return session.error();
  tls_ = std::move(session).value();
  return {};
}

void Connection::start_connect(std::vector<Address> addresses, std::string name) {
  addresses_ = std::move(addresses);
  name_ = std::move(name);
  timer_.start_on(core_, options_.open_timeout_ns,
                  Delegate<void()>::to<&Connection::on_open_timer>(this));
  try_next_address();
}

void Connection::try_next_address() {
  RINGSIDE_ASSERT(address_index_ < addresses_.size());
  peer_ = addresses_[address_index_++];
  fd_ = ::socket(peer_.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd_ < 0) {
    end_later(sys_error(ErrorCode::connect, "no socket for " + name_));
    return;
  }
  io_uring_sqe* sqe = core_.start(connect_op_);
  io_uring_prep_connect(sqe, fd_, reinterpret_cast<const sockaddr*>(&peer_.storage), peer_.bytes);
  io_uring_sqe_set_data(sqe, &connect_op_);
}

void Connection::on_connected(int result) noexcept {
  const Pin pin(*this);
  if (state_ != State::connecting) return;
  if (result < 0) {
    if (address_index_ < addresses_.size()) {
      ::close(fd_);
      fd_ = -1;
      try_next_address();
      return;
    }
    fail(Error{ErrorCode::connect, -result,
               "cannot connect to " + name_ + " (" + peer_.text() + ")"});
    return;
  }
  stand();
}

void Connection::start_accepted(int fd) {
  fd_ = fd;
  peer_.bytes = sizeof(peer_.storage);
  // A peer that is gone already has no name any more: the first receive will tell.
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer_.storage), &peer_.bytes);
  name_ = peer_.text();
  if (tls_ != nullptr) {
    timer_.start_on(core_, options_.open_timeout_ns,
                    Delegate<void()>::to<&Connection::on_open_timer>(this));
    stand();
  } else {
    // on_open must not come from within accept(): the owner does not hold the handle yet.
    state_ = State::handshaking;
    notify_timer_.start_on(core_, 0, Delegate<void()>::to<&Connection::on_notify_timer>(this));
  }
}

// TCP stands: begin TLS, or be open.
void Connection::stand() noexcept {
  const int on = 1;
  // A refusal costs latency, not correctness.
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  state_ = State::handshaking;
  if (tls_ == nullptr) {
    opened();
    return;
  }
  arm_receive();
  take_tls({});  // a client speaks first
}

void Connection::opened() noexcept {
  RINGSIDE_ASSERT(state_ == State::handshaking);
  timer_.cancel();
  state_ = State::open;
  if (!receive_op_.in_flight) arm_receive();
  const Delegate<void()> on_open = handlers_.on_open;
  on_open();
}

void Connection::on_open_timer() noexcept {
  const Pin pin(*this);
  const char* what = state_ == State::connecting ? "TCP connection" : "TLS handshake";
  const std::uint64_t limit_ms = options_.open_timeout_ns / 1'000'000U;
  fail(Error{ErrorCode::timeout, 0,
             std::string(what) + " with " + name_ + " not complete within " +
                 std::to_string(limit_ms) + " ms"});
}

}  // namespace ringside::net
