// Implements tls_device.hpp.
#include "tls_device.hpp"

#include <wolfssl/options.h>
// options.h first: it decides what the others declare.
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <mutex>
#include <utility>

#include "ringside/base/assert.hpp"
#include "tls_memory.hpp"

namespace ringside::net {
namespace {

constexpr int device_id = 0x52494E47;  // any number but INVALID_DEVID

thread_local AesGcmCache* active_cache = nullptr;
thread_local bool is_enabled = true;

std::span<const std::byte> bytes_of(const byte* data, word32 bytes) noexcept {
  return {reinterpret_cast<const std::byte*>(data), bytes};
}

std::span<const std::byte> key_of(const Aes* aes) noexcept {
  return {reinterpret_cast<const std::byte*>(aes->devKey), static_cast<std::size_t>(aes->keylen)};
}

int seal(AesGcmCache& cache, wc_CryptoInfo& info) noexcept {
  const auto& request = info.cipher.aesgcm_enc;
  AesGcm* gcm = cache.find(request.aes, AesDirection::seal, key_of(request.aes));
  if (gcm == nullptr) return CRYPTOCB_UNAVAILABLE;
  const bool sealed =
      gcm->seal(bytes_of(request.iv, request.ivSz), bytes_of(request.authIn, request.authInSz),
                bytes_of(request.in, request.sz), reinterpret_cast<std::byte*>(request.out),
                {reinterpret_cast<std::byte*>(request.authTag), request.authTagSz});
  return sealed ? 0 : WC_HW_E;
}

int open(AesGcmCache& cache, wc_CryptoInfo& info) noexcept {
  const auto& request = info.cipher.aesgcm_dec;
  AesGcm* gcm = cache.find(request.aes, AesDirection::open, key_of(request.aes));
  if (gcm == nullptr) return CRYPTOCB_UNAVAILABLE;
  const bool opened =
      gcm->open(bytes_of(request.iv, request.ivSz), bytes_of(request.authIn, request.authInSz),
                bytes_of(request.in, request.sz), reinterpret_cast<std::byte*>(request.out),
                bytes_of(request.authTag, request.authTagSz));
  return opened ? 0 : AES_GCM_AUTH_E;
}

// Everything we do not answer, wolfSSL does itself.
int on_crypto(int, wc_CryptoInfo* info, void*) noexcept {
  if (active_cache == nullptr || info->algo_type != WC_ALGO_TYPE_CIPHER ||
      info->cipher.type != WC_CIPHER_AES_GCM) {
    return CRYPTOCB_UNAVAILABLE;
  }
  return info->cipher.enc != 0 ? seal(*active_cache, *info) : open(*active_cache, *info);
}

}  // namespace

void init_tls_library() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    install_tls_memory();
    RINGSIDE_ASSERT(wolfSSL_Init() == WOLFSSL_SUCCESS);
    RINGSIDE_ASSERT(wc_CryptoCb_RegisterDevice(device_id, on_crypto, nullptr) == 0);
  });
}

int tls_device_id() noexcept {
  return is_enabled ? device_id : INVALID_DEVID;
}

void set_tls_device_enabled(bool enabled) noexcept {
  is_enabled = enabled;
}

TlsDeviceScope::TlsDeviceScope(AesGcmCache& cache) noexcept
    : outer_(std::exchange(active_cache, &cache)) {}

TlsDeviceScope::~TlsDeviceScope() {
  active_cache = outer_;
}

}  // namespace ringside::net
