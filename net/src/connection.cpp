// Implements bytes in, bytes out and the end of a connection.
#include "connection.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ringside/base/assert.hpp"

namespace ringside::net {

namespace {

constexpr std::size_t tls_answer_bytes_max = 64 * 1024;

}  // namespace

Connection::Connection(LoopCore& core, const StreamOptions& options, const StreamHandlers& handlers)
    : core_(core), options_(options), handlers_(handlers) {
  ++core_.handle_count;
  connect_op_.owner = receive_op_.owner = send_op_.owner = flushable_.owner = this;
  connect_op_.complete = [](void* self, Operation&, int result, std::uint32_t) noexcept {
    static_cast<Connection*>(self)->on_connected(result);
  };
  receive_op_.complete = [](void* self, Operation&, int result, std::uint32_t flags) noexcept {
    static_cast<Connection*>(self)->on_received(result, flags);
  };
  send_op_.complete = [](void* self, Operation&, int result, std::uint32_t) noexcept {
    static_cast<Connection*>(self)->on_sent(result);
  };
  flushable_.flush = [](void* self) noexcept { static_cast<Connection*>(self)->flush(); };
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

// --- bytes in ---------------------------------------------------------------------------------

void Connection::arm_receive() noexcept {
  io_uring_sqe* sqe = core_.start(receive_op_);
  io_uring_prep_recv_multishot(sqe, fd_, nullptr, 0, 0);
  sqe->buf_group = BufferRing::group;
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  io_uring_sqe_set_data(sqe, &receive_op_);
}

void Connection::on_received(int result, std::uint32_t flags) noexcept {
  const Pin pin(*this);
  if (result > 0) take_wire(core_.buffers().filled(flags, static_cast<std::size_t>(result)));
  if ((flags & IORING_CQE_F_BUFFER) != 0) core_.buffers().recycle(flags);
  if (state_ == State::ended) return;
  if (result == 0) {
    on_end_of_stream();
    return;
  }
  if (result == -ENOBUFS) {
    ++core_.counts().buffers_exhausted;  // those in use come back within this turn: just ask again
  } else if (result < 0 && result != -EINTR && result != -EAGAIN) {
    // Also while closing: who resets may not have read what we sent.
    fail(Error{ErrorCode::connect, -result, "connection with " + name_ + " lost"});
    return;
  }
  if (!receive_op_.in_flight) arm_receive();
}

void Connection::take_wire(std::span<const std::byte> wire) noexcept {
  if (state_ != State::open && state_ != State::handshaking) return;  // closing: of no interest
  if (tls_ != nullptr) {
    take_tls(wire);
    return;
  }
  const auto on_data = handlers_.on_data;
  on_data(wire, core_.ts_recv_ns());
}

void Connection::take_tls(std::span<const std::byte> wire) noexcept {
  tls_->feed(wire);
  if (state_ == State::handshaking) {
    const TlsProgress progress = tls_->handshake();
    if (!tls_->output().empty()) want_flush();
    if (progress == TlsProgress::want_read) return;
    if (progress == TlsProgress::closed) {
      on_end_of_stream();
      return;
    }
    if (progress == TlsProgress::failed) {
      fail(tls_->error());
      return;
    }
    opened();
  }
  const std::span<std::byte> plain = core_.plain_buffer();
  while (state_ == State::open) {
    std::size_t bytes = 0;
    const TlsProgress progress = tls_->read(plain, bytes);
    if (bytes != 0) {
      const auto on_data = handlers_.on_data;
      on_data(plain.first(bytes), core_.ts_recv_ns());
      if (state_ != State::open) return;
    }
    if (progress == TlsProgress::done) continue;
    if (!tls_->output().empty()) want_flush();  // key update, alerts
    // What TLS answers by itself counts too: a peer that asks and never reads has to go.
    if (backlog_bytes() > options_.backlog_bytes_max + tls_answer_bytes_max) {
      fail(Error{ErrorCode::protocol, 0, "the peer makes TLS answer and reads nothing"});
      return;
    }
    if (progress == TlsProgress::closed) {
      has_peer_end_ = true;
      close();
    } else if (progress == TlsProgress::failed) {
      fail(tls_->error());
    }
    return;
  }
}

void Connection::on_end_of_stream() noexcept {
  if (state_ == State::handshaking && tls_ != nullptr) {
    fail(Error{ErrorCode::connect, 0, name_ + " closed the connection during the TLS handshake"});
  } else if (state_ == State::open && tls_ != nullptr) {
    fail(Error{ErrorCode::connect, 0,
               "connection with " + name_ + " was cut off without TLS close_notify"});
  } else if (state_ == State::closing) {
    has_peer_end_ = true;
    if (has_sent_fin_) finish_close();
  } else {
    has_peer_end_ = true;
    close();  // what was queued still leaves; then on_close
  }
}

// --- bytes out --------------------------------------------------------------------------------

SendResult Connection::send(std::span<const std::byte> first,
                            std::span<const std::byte> second) noexcept {
  if (state_ != State::open) return SendResult::closed;
  if (backlog_bytes() + first.size() + second.size() > options_.backlog_bytes_max) {
    wants_drain_ = true;
    return SendResult::backlog_full;
  }
  pending_.append(first);
  pending_.append(second);
  want_flush();
  return SendResult::ok;
}

std::size_t Connection::backlog_bytes() const noexcept {
  const std::size_t encrypted = tls_ != nullptr ? tls_->output().size() : 0;
  return pending_.size() + wire_.size() + encrypted;
}

void Connection::want_flush() noexcept {
  core_.queue_flush(flushable_);
}

void Connection::flush() noexcept {
  const Pin pin(*this);
  if (state_ == State::connecting || state_ == State::ended) return;
  if (send_op_.in_flight) {
    wants_drain_ = true;  // on_sent() flushes again
    return;
  }
  if (tls_ != nullptr) {
    if (!encrypt_pending()) return;
    tls_->take_output(wire_);
  } else {
    wire_.swap(pending_);
  }
  if (!wire_.empty()) {
    submit_send();
  } else if (state_ == State::closing) {
    after_all_sent();
  }
}

bool Connection::encrypt_pending() noexcept {
  if (pending_.empty() || !tls_->is_established()) return true;
  const TlsProgress progress = tls_->write(pending_.span());
  pending_.clear();
  if (progress == TlsProgress::done) return true;
  end_later(tls_->error());
  return false;
}

void Connection::submit_send() noexcept {
  io_uring_sqe* sqe = core_.start(send_op_);
  // MSG_WAITALL: the kernel itself goes on after a short send.
  io_uring_prep_send(sqe, fd_, wire_.data(), wire_.size(), MSG_NOSIGNAL | MSG_WAITALL);
  io_uring_sqe_set_data(sqe, &send_op_);
}

void Connection::on_sent(int result) noexcept {
  const Pin pin(*this);
  if (state_ == State::ended) return;
  if (result < 0 && result != -EINTR && result != -EAGAIN) {
    fail(Error{ErrorCode::connect, -result, "connection with " + name_ + " lost"});
    return;
  }
  if (result > 0) wire_.consume(static_cast<std::size_t>(result));
  if (!wire_.empty()) {
    submit_send();
  } else if (backlog_bytes() != 0) {
    want_flush();  // with whatever else this turn brings
  } else {
    after_all_sent();
  }
}

void Connection::after_all_sent() noexcept {
  if (state_ == State::closing) {
    if (tls_ != nullptr && tls_->is_established() && !has_sent_notify_) {
      has_sent_notify_ = true;
      tls_->close_notify();
      want_flush();
    } else if (!has_sent_fin_) {
      has_sent_fin_ = true;
      ::shutdown(fd_, SHUT_WR);  // fails only if the peer is gone, which the receive reports
      if (has_peer_end_) finish_close();
    }
  } else if (state_ == State::open && wants_drain_) {
    wants_drain_ = false;
    const Delegate<void()> on_drain = handlers_.on_drain;
    on_drain();
  }
}

// --- the end ----------------------------------------------------------------------------------

void Connection::close() noexcept {
  if (state_ == State::closing || state_ == State::ended) return;
  const bool stood = state_ == State::open;
  state_ = State::closing;
  if (!stood) {
    timer_.cancel();
    notify_timer_.cancel();
    end_later(Error{ErrorCode::ok, 0, {}});
    return;
  }
  timer_.start_on(core_, options_.close_timeout_ns,
                  Delegate<void()>::to<&Connection::on_close_timer>(this));
  want_flush();
}

void Connection::abort() noexcept {
  wants_reset_ = true;
  tear_down();
  reclaim();
}

void Connection::release_handle() noexcept {
  has_handle_ = false;
  handlers_ = {};
  --core_.handle_count;
  if (state_ == State::closing) {
    reclaim();
  } else {
    abort();
  }
}

void Connection::on_close_timer() noexcept {
  const Pin pin(*this);
  const std::size_t left = backlog_bytes();
  if (left == 0) {
    end(Error{ErrorCode::ok, 0, {}});
    return;
  }
  wants_reset_ = true;
  end(Error{ErrorCode::timeout, 0,
            name_ + " did not take the last " + std::to_string(left) + " bytes in time"});
}

void Connection::finish_close() noexcept {
  end_later(Error{ErrorCode::ok, 0, {}});
}

void Connection::fail(const Error& error) noexcept {
  if (tls_ != nullptr && !send_op_.in_flight && !tls_->output().empty()) {
    // An alert that tells the peer why; if the socket is full it stays untold.
    const std::span<const std::byte> alert = tls_->output();
    [[maybe_unused]] const ssize_t sent =
        ::send(fd_, alert.data(), alert.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  end(error);
}

void Connection::end(const Error& error) noexcept {
  if (state_ == State::ended) return;
  tear_down();
  const auto on_close = handlers_.on_close;
  on_close(error);
}

void Connection::end_later(Error error) noexcept {
  if (has_pending_error_) return;
  pending_error_ = std::move(error);
  has_pending_error_ = true;
  notify_timer_.start_on(core_, 0, Delegate<void()>::to<&Connection::on_notify_timer>(this));
}

void Connection::on_notify_timer() noexcept {
  const Pin pin(*this);
  if (has_pending_error_) {
    end(pending_error_);
  } else if (state_ == State::handshaking) {
    stand();
  }
}

void Connection::tear_down() noexcept {
  if (state_ == State::ended) return;
  state_ = State::ended;
  timer_.cancel();
  notify_timer_.cancel();
  core_.cancel(connect_op_);
  core_.cancel(receive_op_);
  core_.cancel(send_op_);
}

void Connection::reclaim() noexcept {
  if (core_.is_ending() && !has_handle_) tear_down();  // a close that nobody will finish
  if (pins_ != 0 || state_ != State::ended || connect_op_.in_flight || receive_op_.in_flight ||
      send_op_.in_flight) {
    return;
  }
  if (fd_ >= 0) {
    if (wants_reset_) {
      const linger reset{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    ::close(fd_);
    fd_ = -1;
    pending_.release();
    wire_.release();
  }
  if (!has_handle_ && !flushable_.is_queued) delete this;
}

std::string Connection::peer() const {
  return state_ == State::connecting ? std::string() : peer_.text();
}

std::string Connection::tls_description() const {
  if (tls_ == nullptr || !tls_->is_established()) return {};
  return std::string(tls_->version()) + " " + tls_->cipher();
}

}  // namespace ringside::net
