// Owns certificates made at run time for tests: an authority, and leaves with the names and dates a
// test wants. Test threads only; allocates.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace ringside::test {

struct CertOptions {
  std::string common_name = "ringside test";
  std::vector<std::string> dns_names = {};
  std::vector<std::string> addresses = {};  // "127.0.0.1", "::1"
  long valid_from_s = -3600;                // seconds from now
  long valid_to_s = 86'400;
};

/// A certificate and its key, P-256 with SHA-256.
class TestCert {
 public:
  [[nodiscard]] static TestCert authority(const std::string& common_name = "ringside test CA");
  [[nodiscard]] static TestCert self_signed(const CertOptions& options);
  [[nodiscard]] TestCert issue(const CertOptions& options) const;

  [[nodiscard]] std::string certificate_pem() const;
  [[nodiscard]] std::string key_pem() const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
    void operator()(x509_st* certificate) const noexcept;
  };
  [[nodiscard]] static TestCert make(const CertOptions& options, const TestCert* issuer,
                                     bool is_authority);

  std::unique_ptr<evp_pkey_st, Free> key_;
  std::unique_ptr<x509_st, Free> certificate_;
};

}  // namespace ringside::test
