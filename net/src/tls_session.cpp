// Implements TlsSession over wolfSSL, and the words for what goes wrong.
#include <wolfssl/options.h>
// options.h first: it decides what the others declare.
#include <arpa/inet.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <algorithm>
#include <cstring>

#include "cert_check.hpp"
#include "ringside/base/assert.hpp"
#include "ringside/net/tls.hpp"
#include "tls_device.hpp"
#include "tls_io.hpp"

namespace ringside::net {

namespace {

/// Who the peer must be, for the verification callback.
struct TlsPeer {
  std::string host;
  bool is_other_host = false;
};

}  // namespace

struct TlsSession::State {
  WOLFSSL* ssl = nullptr;
  TlsWire wire;
  AesGcmCache keys;
  TlsPeer peer;
  bool is_server = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    const TlsDeviceScope scope(keys);
    wolfSSL_free(ssl);
  }
};

namespace {

bool is_address(const std::string& host) noexcept {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

// wolfSSL asks for each certificate of the chain, after its own checks; 0 refuses.
int verify_address(int is_good, WOLFSSL_X509_STORE_CTX* store) noexcept {
  if (is_good == 0 || store->error_depth != 0) return is_good;  // depth 0 is the peer's own
  if (store->totalCerts < 1 || store->certs == nullptr) return 0;
  auto* peer = static_cast<TlsPeer*>(store->userCtx);
  const std::span<const unsigned char> der(store->certs[0].buffer, store->certs[0].length);
  peer->is_other_host = !is_certificate_for_address(std::as_bytes(der), peer->host);
  return peer->is_other_host ? 0 : 1;
}

// The peer's name to check: as a name in the certificate's DNS entries, sent as SNI too; as an
// address in its IP entries.
bool set_peer_name(WOLFSSL* ssl, TlsPeer& peer) noexcept {
  const std::string& host = peer.host;
  if (is_address(host)) {
    wolfSSL_set_verify(ssl, WOLFSSL_VERIFY_PEER, verify_address);
    wolfSSL_SetCertCbCtx(ssl, &peer);
    return true;
  }
  return wolfSSL_check_domain_name(ssl, host.c_str()) == WOLFSSL_SUCCESS &&
         wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, host.c_str(),
                        static_cast<unsigned short>(host.size())) == WOLFSSL_SUCCESS;
}

const char* alert_text(int description) noexcept {
  switch (description) {
    case handshake_failure:
      return "no common cipher suite or parameters";
    case bad_certificate:
      return "it refuses our certificate or its own trust is broken";
    case certificate_expired:
      return "it finds the certificate expired";
    case unknown_ca:
      return "it does not know the certificate's authority";
    case wolfssl_alert_protocol_version:
      return "it speaks no TLS version we accept (1.2 or 1.3)";
    case unrecognized_name:
      return "it does not serve this name";
    default:
      return nullptr;
  }
}

}  // namespace

int tls_receive(WOLFSSL*, char* out, int bytes, void* context) noexcept {
  auto* wire = static_cast<TlsWire*>(context);
  if (wire->input.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
  const std::size_t count = std::min(static_cast<std::size_t>(bytes), wire->input.size());
  std::memcpy(out, wire->input.data(), count);
  wire->input = wire->input.subspan(count);
  return static_cast<int>(count);
}

int tls_send(WOLFSSL*, char* in, int bytes, void* context) noexcept {
  auto* wire = static_cast<TlsWire*>(context);
  wire->output.append(std::as_bytes(std::span(in, static_cast<std::size_t>(bytes))));
  return bytes;
}

std::string tls_reason(long code) {
  switch (code) {
    case ASN_AFTER_DATE_E:
      return "the certificate has expired";
    case ASN_BEFORE_DATE_E:
      return "the certificate is not valid yet";
    case ASN_NO_SIGNER_E:
      return "the certificate is signed by an unknown authority";
    case ASN_SELF_SIGNED_E:
      return "the certificate is self-signed and not trusted";
    case ASN_SIG_CONFIRM_E:
      return "the certificate's signature is wrong";
    case DOMAIN_NAME_MISMATCH:
    case IPADDR_MISMATCH:
      return "the certificate is for another host";
    case VERSION_ERROR:
      return "no common TLS version (1.2 or 1.3)";
    case MATCH_SUITE_ERROR:
      return "no common cipher suite";
    case AES_GCM_AUTH_E:
    case MAC_CMP_FAILED_E:
    case VERIFY_MAC_ERROR:
    case DECRYPT_ERROR:
      return "a record was altered on the way";
    default: {
      char text[WOLFSSL_MAX_ERROR_SZ] = "";
      wolfSSL_ERR_error_string_n(static_cast<unsigned long>(code), text, sizeof(text));
      return std::string(text) + " (wolfSSL " + std::to_string(code) + ")";
    }
  }
}

TlsSession::TlsSession() noexcept : state_(std::make_unique<State>()) {}
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::create(const TlsContext& context,
                                                       const std::string& host) {
  std::unique_ptr<TlsSession> session(new TlsSession);
  State& state = *session->state_;
  state.peer.host = host;
  state.is_server = context.is_server();
  const TlsDeviceScope scope(state.keys);
  state.ssl = wolfSSL_new(context.context_.get());
  if (state.ssl == nullptr) return Error{ErrorCode::memory, 0, "no memory for a TLS session"};
  wolfSSL_SetIOReadCtx(state.ssl, &state.wire);
  wolfSSL_SetIOWriteCtx(state.ssl, &state.wire);
  if (!state.is_server && !set_peer_name(state.ssl, state.peer)) {
    return Error{ErrorCode::tls, 0, "'" + host + "' is not a name that TLS can verify"};
  }
  return session;
}

void TlsSession::feed(std::span<const std::byte> wire) noexcept {
  state_->wire.input = wire;
}

TlsProgress TlsSession::handshake() noexcept {
  const TlsDeviceScope scope(state_->keys);
  const int rc = state_->is_server ? wolfSSL_accept(state_->ssl) : wolfSSL_connect(state_->ssl);
  if (rc == WOLFSSL_SUCCESS) {
    is_established_ = true;
    return TlsProgress::done;
  }
  return progress_of(rc, "handshake");
}

TlsProgress TlsSession::read(std::span<std::byte> out, std::size_t& bytes) noexcept {
  const TlsDeviceScope scope(state_->keys);
  bytes = 0;
  while (bytes < out.size()) {
    const std::size_t room = std::min<std::size_t>(out.size() - bytes, 1U << 30);
    const int rc = wolfSSL_read(state_->ssl, out.data() + bytes, static_cast<int>(room));
    if (rc <= 0) return progress_of(rc, "connection");
    bytes += static_cast<std::size_t>(rc);
  }
  return TlsProgress::done;
}

TlsProgress TlsSession::write(std::span<const std::byte> plain) noexcept {
  const TlsDeviceScope scope(state_->keys);
  while (!plain.empty()) {
    const std::size_t piece = std::min<std::size_t>(plain.size(), 1U << 30);
    const int rc = wolfSSL_write(state_->ssl, plain.data(), static_cast<int>(piece));
    if (rc <= 0) {
      const TlsProgress progress = progress_of(rc, "connection");
      // Our send never blocks, so that only renegotiation could want bytes; we do not offer it.
      return progress == TlsProgress::want_read ? fail(rc, "connection") : progress;
    }
    plain = plain.subspan(static_cast<std::size_t>(rc));
  }
  return TlsProgress::done;
}

void TlsSession::close_notify() noexcept {
  const TlsDeviceScope scope(state_->keys);
  wolfSSL_shutdown(state_->ssl);  // its answer only says whether the peer's came already
}

TlsProgress TlsSession::progress_of(int rc, const char* phase) noexcept {
  const int code = wolfSSL_get_error(state_->ssl, rc);
  switch (code) {
    case WOLFSSL_ERROR_WANT_READ:
    case WOLFSSL_ERROR_WANT_WRITE:
      return TlsProgress::want_read;
    case WOLFSSL_ERROR_ZERO_RETURN:
      return TlsProgress::closed;
    default:
      return fail(code, phase);
  }
}

TlsProgress TlsSession::fail(long code, const char* phase) noexcept {
  std::string reason = tls_reason(state_->peer.is_other_host ? long{DOMAIN_NAME_MISMATCH} : code);
  WOLFSSL_ALERT_HISTORY alerts{};
  if (code == FATAL_ERROR && wolfSSL_get_alert_history(state_->ssl, &alerts) == WOLFSSL_SUCCESS) {
    const char* text = alert_text(alerts.last_rx.code);
    reason = "the peer ended it: " +
             (text != nullptr ? std::string(text) : "alert " + std::to_string(alerts.last_rx.code));
  }
  const std::string with = state_->is_server ? "a client" : "'" + state_->peer.host + "'";
  error_ = Error{ErrorCode::tls, 0, "TLS " + std::string(phase) + " with " + with + ": " + reason};
  return TlsProgress::failed;
}

std::span<const std::byte> TlsSession::output() const noexcept {
  return state_->wire.output.span();
}

void TlsSession::take_output(ByteBuffer& buffer) noexcept {
  buffer.clear();
  buffer.swap(state_->wire.output);
}

const char* TlsSession::version() const noexcept {
  return wolfSSL_get_version(state_->ssl);
}
const char* TlsSession::cipher() const noexcept {
  return wolfSSL_get_cipher(state_->ssl);
}

}  // namespace ringside::net
