// Owns the simulator's certificate authority and server certificate: made at the first start, used
// again later, made anew when damaged or near their end. Off the path; allocates.
#pragma once

#include <cstdint>
#include <string>

#include "ringside/base/result.hpp"

namespace ringside::sim {

struct CertificateFiles {
  std::string ca;           // ca.pem: what a client trusts
  std::string certificate;  // server.pem: localhost, 127.0.0.1 and ::1
  std::string key;          // server.key, mode 0600
};

/// How long made certificates hold, and how long before their end they are replaced.
inline constexpr std::int64_t certificate_days = 365;
inline constexpr std::int64_t certificate_renew_days = 30;

/// Makes sure that `dir` (which exists) holds a matching set. EC P-256. The authority's own key is
/// forgotten once it has signed: nothing else can ever be signed by it.
/// Errors  io: a file cannot be written; tls: the library refused.
[[nodiscard]] Result<CertificateFiles> ensure_certificates(const std::string& dir,
                                                           std::int64_t now_s);

}  // namespace ringside::sim
