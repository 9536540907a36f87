// Owns AES-GCM through libcrypto (AES and carry-less multiply instructions where the processor has
// them), with the key schedule kept between records. One thread. Allocates when a key is new.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

struct evp_cipher_ctx_st;

namespace ringside::net {

inline constexpr std::size_t aes_gcm_tag_bytes = 16;

enum class AesDirection : std::uint8_t { seal, open };

/// One key in one direction. The key's copy and libcrypto's schedule are wiped when it ends.
class AesGcm {
 public:
  AesGcm() noexcept = default;
  ~AesGcm();
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;

  /// Shapes  key: 16, 24 or 32 bytes. False: libcrypto refused it.
  [[nodiscard]] bool set_key(AesDirection direction, std::span<const std::byte> key) noexcept;
  [[nodiscard]] bool holds(AesDirection direction, std::span<const std::byte> key) const noexcept;

  /// Encrypts and writes a tag of tag.size() bytes (4 to 16). `out` may be in.data().
  [[nodiscard]] bool seal(std::span<const std::byte> iv, std::span<const std::byte> aad,
                          std::span<const std::byte> in, std::byte* out,
                          std::span<std::byte> tag) noexcept;

  /// Decrypts; false if the tag does not fit, and `out` is wiped then.
  [[nodiscard]] bool open(std::span<const std::byte> iv, std::span<const std::byte> aad,
                          std::span<const std::byte> in, std::byte* out,
                          std::span<const std::byte> tag) noexcept;

 private:
  [[nodiscard]] bool begin(std::span<const std::byte> iv, std::span<const std::byte> aad) noexcept;

  evp_cipher_ctx_st* context_ = nullptr;
  std::array<std::byte, 32> key_{};
  std::size_t key_bytes_ = 0;
  std::size_t iv_bytes_ = 0;
  AesDirection direction_ = AesDirection::seal;
};

/// The few keys of one TLS session, found by the cipher object that asks and the key it holds. A
/// key update replaces its slot; when all are taken, the oldest goes.
class AesGcmCache {
 public:
  [[nodiscard]] AesGcm* find(const void* cipher, AesDirection direction,
                             std::span<const std::byte> key) noexcept;

 private:
  struct Slot {
    const void* cipher = nullptr;
    AesDirection direction = AesDirection::seal;
    AesGcm gcm;
  };
  std::array<Slot, 4> slots_;
  std::size_t next_ = 0;
};

}  // namespace ringside::net
