#include "sim/certs.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <optional>

#include "sim/files.hpp"

namespace ringside::sim {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { ::BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { ::X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const noexcept { ::X509_EXTENSION_free(extension); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

Error tls_error(const std::string& doing) {
  char text[256] = "unknown";
  ::ERR_error_string_n(::ERR_get_error(), text, sizeof text);
  return Error{ErrorCode::tls, 0, doing + ": " + text};
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      ::X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && ::X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Serial, names and dates; the caller adds extensions and signs.
Certificate make_blank(EVP_PKEY* key, X509* issuer, const char* name, std::int64_t now_s) {
  Certificate certificate(::X509_new());
  unsigned char serial[16];
  if (certificate == nullptr || ::RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] &= 0x7f;  // positive
  BIGNUM* const number = ::BN_bin2bn(serial, sizeof serial, nullptr);
  const bool is_numbered =
      number != nullptr &&
      ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(certificate.get())) != nullptr;
  ::BN_free(number);
  X509_NAME* const subject = ::X509_get_subject_name(certificate.get());
  const auto* const text = reinterpret_cast<const unsigned char*>(name);
  auto from = static_cast<std::time_t>(now_s);
  const bool is_filled =
      is_numbered && ::X509_set_version(certificate.get(), 2) == 1 &&
      ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
      ::X509_set_issuer_name(certificate.get(),
                             issuer == nullptr ? subject : ::X509_get_subject_name(issuer)) == 1 &&
      ::X509_set_pubkey(certificate.get(), key) == 1 &&
      // A day of grace for clocks that disagree.
      ::X509_time_adj_ex(::X509_getm_notBefore(certificate.get()), -1, 0, &from) != nullptr &&
      ::X509_time_adj_ex(::X509_getm_notAfter(certificate.get()),
                         static_cast<int>(certificate_days), 0, &from) != nullptr;
  return is_filled ? std::move(certificate) : nullptr;
}

Certificate make_authority(EVP_PKEY* key, std::int64_t now_s) {
  Certificate ca = make_blank(key, nullptr, "Ringside simulator authority", now_s);
  if (ca == nullptr) return nullptr;
  const bool is_signed =
      add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
      ::X509_sign(ca.get(), key, ::EVP_sha256()) != 0;
  return is_signed ? std::move(ca) : nullptr;
}

Certificate make_server(EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key, std::int64_t now_s) {
  Certificate server = make_blank(key, ca, "localhost", now_s);
  if (server == nullptr) return nullptr;
  const bool is_signed =
      add_extension(server.get(), ca, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(server.get(), ca, NID_key_usage, "critical,digitalSignature") &&
      add_extension(server.get(), ca, NID_ext_key_usage, "serverAuth") &&
      add_extension(server.get(), ca, NID_subject_alt_name,
                    "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1") &&
      add_extension(server.get(), ca, NID_subject_key_identifier, "hash") &&
      add_extension(server.get(), ca, NID_authority_key_identifier, "keyid") &&
      ::X509_sign(server.get(), ca_key, ::EVP_sha256()) != 0;
  return is_signed ? std::move(server) : nullptr;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string();
}

std::string pem_of(X509* certificate) {
  const Bio bio(::BIO_new(::BIO_s_mem()));
  if (bio == nullptr || ::PEM_write_bio_X509(bio.get(), certificate) != 1) return {};
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(::BIO_new(::BIO_s_mem()));
  if (bio == nullptr ||
      ::PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  return text_of(bio.get());
}

Bio bio_of(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return nullptr;
  Bio bio(::BIO_new(::BIO_s_mem()));
  if (bio == nullptr || ::BIO_write(bio.get(), text->data(), static_cast<int>(text->size())) < 0) {
    return nullptr;
  }
  return bio;
}

Certificate read_certificate(const std::string& path) {
  const Bio bio = bio_of(path);
  return Certificate(bio == nullptr ? nullptr
                                    : ::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

bool holds_long_enough(X509* certificate, std::int64_t now_s) {
  auto from = static_cast<std::time_t>(now_s);
  auto until = static_cast<std::time_t>(now_s + certificate_renew_days * 86'400);
  return ::X509_cmp_time(::X509_get0_notBefore(certificate), &from) < 0 &&
         ::X509_cmp_time(::X509_get0_notAfter(certificate), &until) > 0;
}

// What is there belongs together and holds for a while.
bool is_usable(const CertificateFiles& files, std::int64_t now_s) {
  const Certificate ca = read_certificate(files.ca);
  const Certificate server = read_certificate(files.certificate);
  const Bio key_bio = bio_of(files.key);
  if (ca == nullptr || server == nullptr || key_bio == nullptr) return false;
  const Key key(::PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  return key != nullptr && ::X509_check_private_key(server.get(), key.get()) == 1 &&
         ::X509_verify(server.get(), ::X509_get0_pubkey(ca.get())) == 1 &&
         ::X509_check_host(server.get(), "localhost", 0, 0, nullptr) == 1 &&
         holds_long_enough(ca.get(), now_s) && holds_long_enough(server.get(), now_s);
}

}  // namespace

Result<CertificateFiles> ensure_certificates(const std::string& dir, std::int64_t now_s) {
  CertificateFiles files{dir + "/ca.pem", dir + "/server.pem", dir + "/server.key"};
  const bool is_there = is_usable(files, now_s);
  ::ERR_clear_error();
  if (is_there) return files;
  const Key ca_key(EVP_EC_gen("P-256"));
  const Key key(EVP_EC_gen("P-256"));
  if (ca_key == nullptr || key == nullptr) return tls_error("cannot make an EC P-256 key");
  const Certificate ca = make_authority(ca_key.get(), now_s);
  if (ca == nullptr) return tls_error("cannot make the simulator's authority");
  const Certificate server = make_server(key.get(), ca.get(), ca_key.get(), now_s);
  if (server == nullptr) return tls_error("cannot make the simulator's certificate");
  const std::string key_pem = pem_of(key.get());
  const std::string ca_pem = pem_of(ca.get());
  const std::string server_pem = pem_of(server.get());
  if (key_pem.empty() || ca_pem.empty() || server_pem.empty()) {
    return tls_error("cannot write the simulator's certificate as PEM");
  }
  for (const auto& [path, text, mode] :
       {std::tuple(files.key, key_pem, 0600U), std::tuple(files.certificate, server_pem, 0644U),
        std::tuple(files.ca, ca_pem, 0644U)}) {
    const Status written = write_file(path, text, mode);
    if (!written) return written.error();
  }
  return files;
}

}  // namespace ringside::sim
