// Owns Stream: one TCP connection with or without TLS, on a Loop. The loop's thread. Allocates when
// it connects or accepts and when an output buffer grows past its largest size so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ringside/base/result.hpp"
#include "ringside/net/delegate.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/tls.hpp"

namespace ringside::net {

enum class [[nodiscard]] SendResult : std::uint8_t{
    ok,            // taken; leaves at the start of the next turn
    backlog_full,  // nothing taken: it would exceed backlog_bytes_max; on_drain says when to go on
    closed,        // nothing taken: not open, closing or closed
};

/// What a stream tells its owner, always from within Loop::poll, never from within a call to the
/// stream. Every callback may send, close, abort, move or destroy the stream, also its own.
struct StreamHandlers {
  /// Connected, and the TLS handshake is over. Once.
  Delegate<void()> on_open = {};
  /// Bytes from the peer (plaintext). Good until the callback returns; padding_front_bytes in front
  /// and padding_back_bytes behind are readable. `ts_recv_ns`: wall clock when the bytes left the
  /// socket, before decryption.
  Delegate<void(std::span<const std::byte>, std::uint64_t)> on_data = {};
  /// The end, once: after it the stream does nothing. code ok: the peer closed cleanly or close()
  /// is complete; connect: refused, unreachable, reset, or cut off without TLS close_notify;
  /// timeout; tls: certificate, name or protocol refused. Not called after abort() or destruction.
  Delegate<void(const Error&)> on_close = {};
  /// Everything given to send() is in the kernel, after a backlog was seen (send() said
  /// backlog_full, or a flush found the socket still busy with the last one).
  Delegate<void()> on_drain = {};
};

struct StreamOptions {
  std::size_t backlog_bytes_max = 1U << 20;        // unsent bytes that send() takes at most
  std::uint64_t open_timeout_ns = 10'000'000'000;  // TCP connect + TLS handshake together
  std::uint64_t close_timeout_ns = 1'000'000'000;  // close(): flush and wait for the peer
};

struct ConnectOptions {
  std::string host = {};  // name or address
  std::uint16_t port = 0;
  const TlsContext* tls = nullptr;  // nullptr: plain TCP
  std::string tls_host = {};        // name to verify and send as SNI; empty: `host`
  StreamOptions stream = {};
};

/// A movable handle. Destroying it at any time is safe and ends the connection: after close() what
/// was begun is finished in the background, otherwise as abort() does. Operations still in the
/// kernel keep their memory until they complete, and no callback comes any more. When the peer ends
/// its direction, what is queued still leaves and the stream closes. The loop must outlive the
/// handle.
class Stream {
 public:
  Stream() noexcept = default;
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;

  /// Starts to connect; tries every address of the host in turn.
  /// Errors  connect: the name does not resolve. Everything later arrives at on_close.
  /// Cost    getaddrinfo may block for seconds on a name; an address does not block.
  [[nodiscard]] static Result<Stream> connect(Loop& loop, const ConnectOptions& options,
                                              const StreamHandlers& handlers);

  /// Takes over an accepted socket (Listener). on_open comes in a later turn.
  [[nodiscard]] static Result<Stream> accept(Loop& loop, int fd, const TlsContext* tls,
                                             const StreamOptions& options,
                                             const StreamHandlers& handlers);

  /// Queues bytes: all or nothing. Everything queued in a turn leaves as one send.
  SendResult send(std::span<const std::byte> bytes) noexcept { return send(bytes, {}); }
  SendResult send(std::string_view text) noexcept {
    return send(std::as_bytes(std::span(text)), {});
  }
  /// Two pieces as one, for instance a frame header and a payload that several clients share.
  SendResult send(std::span<const std::byte> first, std::span<const std::byte> second) noexcept;

  /// Bytes taken by send() that the kernel has not (TLS overhead included once encrypted).
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;

  /// Sends what is queued, then close_notify and FIN, waits for the peer's end up to
  /// close_timeout_ns, then on_close(ok). No on_data comes any more.
  void close() noexcept;

  /// Ends at once with RST, dropping what is queued. No callback comes any more.
  void abort() noexcept;

  /// New callbacks, for example when HTTP becomes WebSocket.
  void set_handlers(const StreamHandlers& handlers) noexcept;

  [[nodiscard]] bool is_open() const noexcept;  // between on_open and close()/on_close
  [[nodiscard]] bool is_valid() const noexcept { return connection_ != nullptr; }

  /// "127.0.0.1:8080", of the peer; empty before the connection stands.
  [[nodiscard]] std::string peer() const;
  /// "TLSv1.3 TLS_AES_128_GCM_SHA256", or empty for plain TCP.
  [[nodiscard]] std::string tls_description() const;

 private:
  explicit Stream(class Connection* connection) noexcept : connection_(connection) {}
  class Connection* connection_ = nullptr;
};

}  // namespace ringside::net
