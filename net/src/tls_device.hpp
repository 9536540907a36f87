// Owns the bridge that lets wolfSSL do AES-GCM through libcrypto: Debian's wolfSSL is built without
// AES instructions and takes 72 us for a record of 16 KiB where libcrypto takes 3.
#pragma once

#include "aes_gcm.hpp"

namespace ringside::net {

/// wolfSSL initialised and the device registered, once per process.
void init_tls_library() noexcept;

/// The device id for wolfSSL_CTX_SetDevId; call init_tls_library() first.
[[nodiscard]] int tls_device_id() noexcept;

/// For benchmarks and tests that compare: contexts made later on this thread use wolfSSL's own AES.
void set_tls_device_enabled(bool enabled) noexcept;

/// While it lives, AES-GCM that wolfSSL does on this thread uses `cache`. wolfSSL gives the device
/// no session, so every call into wolfSSL is wrapped in one.
class TlsDeviceScope {
 public:
  explicit TlsDeviceScope(AesGcmCache& cache) noexcept;
  ~TlsDeviceScope();
  TlsDeviceScope(const TlsDeviceScope&) = delete;
  TlsDeviceScope& operator=(const TlsDeviceScope&) = delete;

 private:
  AesGcmCache* outer_;
};

}  // namespace ringside::net
