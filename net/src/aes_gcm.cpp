// Implements aes_gcm.hpp. The only file that includes both nothing of wolfSSL and all of EVP: their
// headers do not mix.
#include "aes_gcm.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>

namespace ringside::net {
namespace {

const unsigned char* in_bytes(std::span<const std::byte> bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* out_bytes(std::byte* bytes) noexcept {
  return reinterpret_cast<unsigned char*>(bytes);
}

const EVP_CIPHER* cipher_for(std::size_t key_bytes) noexcept {
  switch (key_bytes) {
    case 16:
      return EVP_aes_128_gcm();
    case 24:
      return EVP_aes_192_gcm();
    case 32:
      return EVP_aes_256_gcm();
    default:
      return nullptr;
  }
}

}  // namespace

AesGcm::~AesGcm() {
  EVP_CIPHER_CTX_free(context_);  // wipes the schedule; accepts nullptr
  OPENSSL_cleanse(key_.data(), key_.size());
}

bool AesGcm::holds(AesDirection direction, std::span<const std::byte> key) const noexcept {
  return key_bytes_ == key.size() && direction_ == direction &&
         CRYPTO_memcmp(key_.data(), key.data(), key.size()) == 0;
}

bool AesGcm::set_key(AesDirection direction, std::span<const std::byte> key) noexcept {
  const EVP_CIPHER* cipher = cipher_for(key.size());
  key_bytes_ = 0;
  if (cipher == nullptr) return false;
  if (context_ == nullptr) context_ = EVP_CIPHER_CTX_new();
  if (context_ == nullptr || EVP_CIPHER_CTX_reset(context_) != 1) return false;
  const int encrypt = direction == AesDirection::seal ? 1 : 0;
  if (EVP_CipherInit_ex(context_, cipher, nullptr, in_bytes(key), nullptr, encrypt) != 1) {
    return false;
  }
  OPENSSL_cleanse(key_.data(), key_.size());
  std::memcpy(key_.data(), key.data(), key.size());
  key_bytes_ = key.size();
  iv_bytes_ = 12;  // EVP's default
  direction_ = direction;
  return true;
}

bool AesGcm::begin(std::span<const std::byte> iv, std::span<const std::byte> aad) noexcept {
  if (key_bytes_ == 0 || iv.empty()) return false;
  if (iv.size() != iv_bytes_) {
    const int bytes = static_cast<int>(iv.size());
    if (EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_IVLEN, bytes, nullptr) != 1) return false;
    iv_bytes_ = iv.size();
  }
  if (EVP_CipherInit_ex(context_, nullptr, nullptr, nullptr, in_bytes(iv), -1) != 1) return false;
  int written = 0;
  return aad.empty() || EVP_CipherUpdate(context_, nullptr, &written, in_bytes(aad),
                                         static_cast<int>(aad.size())) == 1;
}

bool AesGcm::seal(std::span<const std::byte> iv, std::span<const std::byte> aad,
                  std::span<const std::byte> in, std::byte* out,
                  std::span<std::byte> tag) noexcept {
  if (direction_ != AesDirection::seal || !begin(iv, aad)) return false;
  int written = 0;
  if (!in.empty() && EVP_EncryptUpdate(context_, out_bytes(out), &written, in_bytes(in),
                                       static_cast<int>(in.size())) != 1) {
    return false;
  }
  unsigned char nothing[16];
  if (EVP_EncryptFinal_ex(context_, nothing, &written) != 1) return false;
  return EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                             tag.data()) == 1;
}

bool AesGcm::open(std::span<const std::byte> iv, std::span<const std::byte> aad,
                  std::span<const std::byte> in, std::byte* out,
                  std::span<const std::byte> tag) noexcept {
  if (direction_ != AesDirection::open || tag.size() > aes_gcm_tag_bytes || !begin(iv, aad)) {
    return false;
  }
  std::array<std::byte, aes_gcm_tag_bytes> expected{};
  std::memcpy(expected.data(), tag.data(), tag.size());
  int written = 0;
  unsigned char nothing[16];
  const bool is_whole =
      EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                          expected.data()) == 1 &&
      (in.empty() || EVP_DecryptUpdate(context_, out_bytes(out), &written, in_bytes(in),
                                       static_cast<int>(in.size())) == 1) &&
      EVP_DecryptFinal_ex(context_, nothing, &written) == 1;
  if (!is_whole && !in.empty()) OPENSSL_cleanse(out, in.size());
  return is_whole;
}

AesGcm* AesGcmCache::find(const void* cipher, AesDirection direction,
                          std::span<const std::byte> key) noexcept {
  Slot* chosen = nullptr;
  for (Slot& slot : slots_) {
    if (slot.cipher == cipher && slot.direction == direction) chosen = &slot;
  }
  if (chosen != nullptr && chosen->gcm.holds(direction, key)) return &chosen->gcm;
  if (chosen == nullptr) {
    chosen = &slots_[next_];
    next_ = (next_ + 1) % slots_.size();
  }
  chosen->cipher = nullptr;
  if (!chosen->gcm.set_key(direction, key)) return nullptr;
  chosen->cipher = cipher;
  chosen->direction = direction;
  return &chosen->gcm;
}

}  // namespace ringside::net
