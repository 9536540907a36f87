// Owns TLS: contexts (trust, certificates, protocol versions) and sessions that turn bytes into
// bytes without touching a socket. A session belongs to one thread; a context may be shared once it
// is built. Allocates while building and in handshakes; records reuse their buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ringside/base/result.hpp"
#include "ringside/net/buffer.hpp"

struct WOLFSSL_CTX;  // wolfSSL's own names; its headers stay out of ours
struct WOLFSSL;

namespace ringside::net {

/// What a session trusts or shows. TLS 1.2 and 1.3 only. A client always verifies the server's
/// chain and its name; there is no switch to turn that off.
class TlsContext {
 public:
  struct ClientOptions {
    std::string ca_file = {};  // PEM; empty: the system store, /etc/ssl/certs/ca-certificates.crt
  };
  struct ServerOptions {
    std::string certificate_file = {};  // PEM, leaf first
    std::string key_file = {};          // PEM
  };

  /// Errors  not_found: file missing; tls: file unusable (names the file and what is wrong).
  [[nodiscard]] static Result<TlsContext> client(const ClientOptions& options);
  [[nodiscard]] static Result<TlsContext> server(const ServerOptions& options);

  TlsContext(TlsContext&&) noexcept = default;
  TlsContext& operator=(TlsContext&&) noexcept = default;
  ~TlsContext() = default;

  [[nodiscard]] bool is_server() const noexcept { return is_server_; }

 private:
  friend class TlsSession;
  struct Deleter {
    void operator()(WOLFSSL_CTX* context) const noexcept;
  };
  TlsContext(WOLFSSL_CTX* context, bool is_server) noexcept
      : context_(context), is_server_(is_server) {}
  std::unique_ptr<WOLFSSL_CTX, Deleter> context_;
  bool is_server_ = false;
};

/// How far a TLS call came.
enum class TlsProgress : std::uint8_t {
  done,       // handshake: finished; read: bytes were delivered
  want_read,  // needs more bytes from the peer
  closed,     // the peer said close_notify: a clean end
  failed,     // error() says why; output() may hold an alert to send
};

/// One TLS connection without a socket: give it the peer's bytes, take its output.
///
/// feed() lends the session a span until the next handshake() or read() returned want_read; call
/// those until they do. What the session wants sent lies in output().
class TlsSession {
 public:
  /// `host`: client: the name or address that the certificate must carry; also sent as SNI (names
  /// only). Server: ignored.
  [[nodiscard]] static Result<std::unique_ptr<TlsSession>> create(const TlsContext& context,
                                                                  const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  void feed(std::span<const std::byte> wire) noexcept;
  [[nodiscard]] TlsProgress handshake() noexcept;

  /// Decrypts into `out` until it is full or the fed bytes are used up; `bytes` says how many.
  /// `done` means that there may be more: take these and call again.
  [[nodiscard]] TlsProgress read(std::span<std::byte> out, std::size_t& bytes) noexcept;

  /// Encrypts `plain`, in records of at most 16 KiB, onto the end of output().
  [[nodiscard]] TlsProgress write(std::span<const std::byte> plain) noexcept;

  /// Appends close_notify to output().
  void close_notify() noexcept;

  /// Bytes to send. take_output swaps them into `buffer` (cleared first), reusing its capacity.
  [[nodiscard]] std::span<const std::byte> output() const noexcept;
  void take_output(ByteBuffer& buffer) noexcept;

  [[nodiscard]] bool is_established() const noexcept { return is_established_; }
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const char* version() const noexcept;  // "TLSv1.3"
  [[nodiscard]] const char* cipher() const noexcept;

 private:
  struct State;
  TlsSession() noexcept;
  [[nodiscard]] TlsProgress progress_of(int rc, const char* phase) noexcept;
  [[nodiscard]] TlsProgress fail(long code, const char* phase) noexcept;
  std::unique_ptr<State> state_;
  Error error_{ErrorCode::ok, 0, {}};
  bool is_established_ = false;
};

}  // namespace ringside::net
