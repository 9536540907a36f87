// Implements TlsContext: trust, certificates, versions and cipher suites.
#include <wolfssl/options.h>
// options.h first: it decides what the others declare.
#include <unistd.h>
#include <wolfssl/ssl.h>

#include <cerrno>

#include "cert_check.hpp"
#include "ringside/net/tls.hpp"
#include "tls_device.hpp"
#include "tls_io.hpp"

namespace ringside::net {
namespace {

constexpr const char* system_ca_file = "/etc/ssl/certs/ca-certificates.crt";

// AES-GCM first (libcrypto does it), forward secrecy only, no CBC, no RSA key exchange.
constexpr const char* cipher_suites =
    "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

Status check_readable(const char* what, const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0) return {};
  const ErrorCode code = errno == EACCES ? ErrorCode::permission : ErrorCode::not_found;
  return sys_error(code, std::string("TLS ") + what + " file '" + file + "'");
}

Error file_error(const char* what, const std::string& file, long code) {
  return {ErrorCode::tls, 0,
          std::string("TLS ") + what + " file '" + file + "' is not usable: " + tls_reason(code)};
}

// What both sides share. False: wolfSSL was built without something we need.
bool configure(WOLFSSL_CTX* context) noexcept {
  wolfSSL_CTX_SetIORecv(context, tls_receive);
  wolfSSL_CTX_SetIOSend(context, tls_send);
  return wolfSSL_CTX_SetMinVersion(context, WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS &&
         wolfSSL_CTX_set_cipher_list(context, cipher_suites) == WOLFSSL_SUCCESS;
}

}  // namespace

void TlsContext::Deleter::operator()(WOLFSSL_CTX* context) const noexcept {
  wolfSSL_CTX_free(context);
}

Result<TlsContext> TlsContext::client(const ClientOptions& options) {
  init_tls_library();
  TlsContext context(wolfSSL_CTX_new(wolfSSLv23_client_method()), false);
  if (context.context_ == nullptr || !configure(context.context_.get())) {
    return Error{ErrorCode::internal, 0, "wolfSSL refused to set up a TLS client"};
  }
  // Named outright: this build's own default is not to verify.
  wolfSSL_CTX_set_verify(context.context_.get(), WOLFSSL_VERIFY_PEER, nullptr);
  const std::string file = options.ca_file.empty() ? system_ca_file : options.ca_file;
  if (Status status = check_readable("CA", file); !status) return status.error();
  const int rc = wolfSSL_CTX_load_verify_locations(context.context_.get(), file.c_str(), nullptr);
  if (rc != WOLFSSL_SUCCESS) return file_error("CA", file, rc);
  wolfSSL_CTX_SetDevId(context.context_.get(), tls_device_id());
  return context;
}

Result<TlsContext> TlsContext::server(const ServerOptions& options) {
  init_tls_library();
  TlsContext context(wolfSSL_CTX_new(wolfSSLv23_server_method()), true);
  if (context.context_ == nullptr || !configure(context.context_.get())) {
    return Error{ErrorCode::internal, 0, "wolfSSL refused to set up a TLS server"};
  }
  wolfSSL_CTX_set_verify(context.context_.get(), WOLFSSL_VERIFY_NONE, nullptr);  // of clients
  if (Status s = check_readable("certificate", options.certificate_file); !s) return s.error();
  if (Status s = check_readable("key", options.key_file); !s) return s.error();
  int rc = wolfSSL_CTX_use_certificate_chain_file(context.context_.get(),
                                                  options.certificate_file.c_str());
  if (rc != WOLFSSL_SUCCESS) return file_error("certificate", options.certificate_file, rc);
  rc = wolfSSL_CTX_use_PrivateKey_file(context.context_.get(), options.key_file.c_str(),
                                       WOLFSSL_FILETYPE_PEM);
  if (rc != WOLFSSL_SUCCESS) return file_error("key", options.key_file, rc);
  if (!do_files_belong_together(options.certificate_file, options.key_file)) {
    return Error{ErrorCode::tls, 0,
                 "TLS key file '" + options.key_file + "' does not belong to certificate '" +
                     options.certificate_file + "'"};
  }
  wolfSSL_CTX_SetDevId(context.context_.get(), tls_device_id());
  return context;
}

}  // namespace ringside::net
