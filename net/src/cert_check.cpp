// Implements cert_check.hpp. libcrypto's headers do not mix with wolfSSL's: hence its own file.
#include "cert_check.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace ringside::net {

bool is_certificate_for_address(std::span<const std::byte> der,
                                const std::string& address) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  if (certificate == nullptr) return false;
  const bool is_for = X509_check_ip_asc(certificate, address.c_str(), 0) == 1;
  X509_free(certificate);
  return is_for;
}

bool do_files_belong_together(const std::string& certificate_file,
                              const std::string& key_file) noexcept {
  BIO* certificate_bio = BIO_new_file(certificate_file.c_str(), "r");
  BIO* key_bio = BIO_new_file(key_file.c_str(), "r");
  X509* certificate = certificate_bio != nullptr
                          ? PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr)
                          : nullptr;
  EVP_PKEY* key =
      key_bio != nullptr ? PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr) : nullptr;
  const bool fits =
      certificate != nullptr && key != nullptr && X509_check_private_key(certificate, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  ERR_clear_error();
  return fits;
}

}  // namespace ringside::net
