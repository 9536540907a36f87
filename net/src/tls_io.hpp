// Owns what tls_context.cpp and tls_session.cpp share: wolfSSL's I/O callbacks over memory, and
// words for its errors. Include after <wolfssl/ssl.h>.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "ringside/net/buffer.hpp"

namespace ringside::net {

/// What wolfSSL takes for its socket.
struct TlsWire {
  std::span<const std::byte> input;  // lent by feed()
  ByteBuffer output;
};

/// wolfSSL's receive and send; `wire` is a TlsWire.
int tls_receive(WOLFSSL* ssl, char* out, int bytes, void* wire) noexcept;
int tls_send(WOLFSSL* ssl, char* in, int bytes, void* wire) noexcept;

/// What a wolfSSL error means to somebody who runs the program: "the certificate has expired".
[[nodiscard]] std::string tls_reason(long code);

}  // namespace ringside::net
