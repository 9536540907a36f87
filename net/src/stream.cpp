// Implements the handle of stream.hpp over Connection.
#include "ringside/net/stream.hpp"

#include <unistd.h>

#include <utility>

#include "connection.hpp"

namespace ringside::net {

Stream::Stream(Stream&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this == &other) return *this;
  if (Connection* old = std::exchange(connection_, std::exchange(other.connection_, nullptr))) {
    old->release_handle();
  }
  return *this;
}

Stream::~Stream() {
  if (connection_ != nullptr) connection_->release_handle();
}

Result<Stream> Stream::connect(Loop& loop, const ConnectOptions& options,
                               const StreamHandlers& handlers) {
  Result<std::vector<Address>> addresses = resolve(options.host, options.port);
  if (!addresses) return addresses.error();
  Stream stream(new Connection(loop.core(), options.stream, handlers));
  if (options.tls != nullptr) {
    const std::string& host = options.tls_host.empty() ? options.host : options.tls_host;
    if (Status status = stream.connection_->init_tls(*options.tls, host); !status) {
      return status.error();
    }
  }
  stream.connection_->start_connect(std::move(addresses).value(),
                                    options.host + ":" + std::to_string(options.port));
  return stream;
}

Result<Stream> Stream::accept(Loop& loop, int fd, const TlsContext* tls,
                              const StreamOptions& options, const StreamHandlers& handlers) {
  Stream stream(new Connection(loop.core(), options, handlers));
  if (tls != nullptr) {
    if (Status status = stream.connection_->init_tls(*tls, {}); !status) {
      ::close(fd);
      return status.error();
    }
  }
  stream.connection_->start_accepted(fd);
  return stream;
}

SendResult Stream::send(std::span<const std::byte> first,
                        std::span<const std::byte> second) noexcept {
  return connection_ == nullptr ? SendResult::closed : connection_->send(first, second);
}

std::size_t Stream::backlog_bytes() const noexcept {
  return connection_ == nullptr ? 0 : connection_->backlog_bytes();
}

void Stream::close() noexcept {
  if (connection_ != nullptr) connection_->close();
}

void Stream::abort() noexcept {
  if (connection_ != nullptr) connection_->abort();
}

void Stream::set_handlers(const StreamHandlers& handlers) noexcept {
  if (connection_ != nullptr) connection_->set_handlers(handlers);
}

bool Stream::is_open() const noexcept {
  return connection_ != nullptr && connection_->is_open();
}

std::string Stream::peer() const {
  return connection_ == nullptr ? std::string() : connection_->peer();
}

std::string Stream::tls_description() const {
  return connection_ == nullptr ? std::string() : connection_->tls_description();
}

}  // namespace ringside::net
