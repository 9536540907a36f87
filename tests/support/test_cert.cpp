// Implements test_cert.hpp with libcrypto.
#include "support/test_cert.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ringside/base/assert.hpp"

namespace ringside::test {
namespace {

void set_name(X509_NAME* name, const std::string& common_name) {
  RINGSIDE_ASSERT(X509_NAME_add_entry_by_txt(
                      name, "CN", MBSTRING_UTF8,
                      reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  RINGSIDE_ASSERT(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const CertOptions& options) {
  std::string text;
  for (const std::string& name : options.dns_names) text += ",DNS:" + name;
  for (const std::string& address : options.addresses) text += ",IP:" + address;
  return text.empty() ? text : text.substr(1);
}

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(bytes));
  BIO_free(bio);
  return text;
}

}  // namespace

void TestCert::Free::operator()(EVP_PKEY* key) const noexcept {
  EVP_PKEY_free(key);
}
void TestCert::Free::operator()(X509* certificate) const noexcept {
  X509_free(certificate);
}

TestCert TestCert::authority(const std::string& common_name) {
  CertOptions options;
  options.common_name = common_name;
  return make(options, nullptr, true);
}

TestCert TestCert::self_signed(const CertOptions& options) {
  return make(options, nullptr, false);
}

TestCert TestCert::issue(const CertOptions& options) const {
  return make(options, this, false);
}

TestCert TestCert::make(const CertOptions& options, const TestCert* issuer, bool is_authority) {
  TestCert made;
  made.key_.reset(EVP_EC_gen("P-256"));
  made.certificate_.reset(X509_new());
  X509* certificate = made.certificate_.get();
  RINGSIDE_ASSERT(made.key_ != nullptr && certificate != nullptr);
  X509_set_version(certificate, X509_VERSION_3);
  unsigned char serial[8];
  RINGSIDE_ASSERT(RAND_bytes(serial, sizeof(serial)) == 1);
  serial[0] &= 0x7F;  // positive
  BIGNUM* number = BN_bin2bn(serial, sizeof(serial), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.valid_to_s);
  X509_set_pubkey(certificate, made.key_.get());
  set_name(X509_get_subject_name(certificate), options.common_name);
  X509* parent = issuer != nullptr ? issuer->certificate_.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(parent));
  add_extension(certificate, parent, NID_basic_constraints,
                is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, parent, NID_key_usage,
                is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  add_extension(certificate, parent, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) add_extension(certificate, parent, NID_authority_key_identifier, "keyid");
  const std::string names = alternative_names(options);
  if (!names.empty()) add_extension(certificate, parent, NID_subject_alt_name, names);
  EVP_PKEY* signing_key = issuer != nullptr ? issuer->key_.get() : made.key_.get();
  RINGSIDE_ASSERT(X509_sign(certificate, signing_key, EVP_sha256()) > 0);
  return made;
}

std::string TestCert::certificate_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  RINGSIDE_ASSERT(PEM_write_bio_X509(bio, certificate_.get()) == 1);
  return bio_text(bio);
}

std::string TestCert::key_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  RINGSIDE_ASSERT(
      PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return bio_text(bio);
}

}  // namespace ringside::test
