// Owns Connection, the part of a Stream that lives as long as the kernel works on it: socket,
// buffers, TLS session, operations. The loop's thread. Allocates when created and when a buffer
// grows past its largest size so far.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "loop_core.hpp"
#include "ringside/net/buffer.hpp"
#include "ringside/net/stream.hpp"

namespace ringside::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  [[nodiscard]] std::string text() const;  // "127.0.0.1:80", "[::1]:80"
};

/// Every address of host:port, at most 8.  Errors  connect: does not resolve.
[[nodiscard]] Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port);

/// States, forward only: connecting -> handshaking (TLS) -> open -> closing -> ended.
/// It deletes itself when nobody holds it: no handle, no operation, no flush queued, no call on the
/// stack (pins).
class Connection {
 public:
  Connection(LoopCore& core, const StreamOptions& options, const StreamHandlers& handlers);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Status init_tls(const TlsContext& context, const std::string& host);
  void start_connect(std::vector<Address> addresses, std::string name);
  void start_accepted(int fd);

  SendResult send(std::span<const std::byte> first, std::span<const std::byte> second) noexcept;
  void close() noexcept;
  void abort() noexcept;

  /// The handle is gone: no callback any more; finishes a close() that has begun, else aborts.
  void release_handle() noexcept;

  void set_handlers(const StreamHandlers& handlers) noexcept { handlers_ = handlers; }
  [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  [[nodiscard]] std::string peer() const;
  [[nodiscard]] std::string tls_description() const;

 private:
  enum class State : std::uint8_t { connecting, handshaking, open, closing, ended };

  /// Keeps the connection alive while one of its functions runs callbacks.
  class Pin {
   public:
    explicit Pin(Connection& connection) noexcept : connection_(connection) { ++connection_.pins_; }
    ~Pin() {
      --connection_.pins_;
      connection_.reclaim();
    }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    Connection& connection_;
  };

  ~Connection();
  void reclaim() noexcept;

  // opening: connection_open.cpp
  void try_next_address();
  void on_connected(int result) noexcept;
  void stand() noexcept;
  void opened() noexcept;
  void on_open_timer() noexcept;

  // bytes in
  void arm_receive() noexcept;
  void on_received(int result, std::uint32_t flags) noexcept;
  void take_wire(std::span<const std::byte> wire) noexcept;
  void take_tls(std::span<const std::byte> wire) noexcept;
  void on_end_of_stream() noexcept;

  // bytes out
  void want_flush() noexcept;
  void flush() noexcept;
  void on_sent(int result) noexcept;
  void submit_send() noexcept;
  void after_all_sent() noexcept;
  [[nodiscard]] bool encrypt_pending() noexcept;

  // the end
  void fail(const Error& error) noexcept;
  void end(const Error& error) noexcept;
  void end_later(Error error) noexcept;
  void tear_down() noexcept;
  void on_notify_timer() noexcept;
  void on_close_timer() noexcept;
  void finish_close() noexcept;

  LoopCore& core_;
  StreamOptions options_;
  StreamHandlers handlers_;
  State state_ = State::connecting;
  int fd_ = -1;
  std::uint32_t pins_ = 0;
  bool has_handle_ = true;
  bool is_cancelled_ = false;
  bool wants_reset_ = false;  // close with RST
  bool has_sent_fin_ = false;
  bool has_sent_notify_ = false;    // TLS close_notify
  bool has_peer_end_ = false;       // FIN or close_notify seen
  bool wants_drain_ = false;        // on_drain is owed
  bool has_pending_error_ = false;  // end_later() has one for the notify timer

  Operation connect_op_;
  Operation receive_op_;
  Operation send_op_;
  Flushable flushable_;
  Timer timer_;         // open timeout, then close timeout
  Timer notify_timer_;  // what must not be told from within a call of the owner

  ByteBuffer pending_;  // given to send(), plain
  ByteBuffer wire_;     // being sent: must not move while send_op_ is in flight
  std::unique_ptr<TlsSession> tls_;

  std::vector<Address> addresses_;
  std::size_t address_index_ = 0;
  Address peer_;
  std::string name_;  // "host:port" as asked for, for errors
  Error pending_error_;
};

}  // namespace ringside::net
