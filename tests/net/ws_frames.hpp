// Owns a WebSocket frame builder for tests, written from RFC 6455 section 5.2 and independent of
// the encoder under test: it can also build what no encoder would. Test threads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringside::test {

enum class LengthForm { shortest, as_16_bits, as_64_bits };

struct RawFrame {
  unsigned opcode = 1;
  std::string payload = {};
  bool fin = true;
  unsigned rsv = 0;  // three bits
  std::optional<std::uint32_t> mask = {};
  LengthForm form = LengthForm::shortest;
  std::optional<std::uint64_t> claimed_bytes = {};  // instead of the payload's own length
};

[[nodiscard]] inline std::string raw_frame(const RawFrame& frame) {
  std::string out;
  const auto put = [&out](std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>(value >> shift & 0xFFU));
    }
  };
  put((frame.fin ? 0x80U : 0U) | frame.rsv << 4U | frame.opcode, 1);
  const std::uint64_t bytes = frame.claimed_bytes.value_or(frame.payload.size());
  const unsigned mask_bit = frame.mask ? 0x80U : 0U;
  if (frame.form == LengthForm::as_64_bits ||
      (frame.form == LengthForm::shortest && bytes > 0xFFFF)) {
    put(mask_bit | 127U, 1);
    put(bytes, 8);
  } else if (frame.form == LengthForm::as_16_bits || bytes > 125) {
    put(mask_bit | 126U, 1);
    put(bytes, 2);
  } else {
    put(mask_bit | bytes, 1);
  }
  if (frame.mask) put(*frame.mask, 4);
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    const auto key = frame.mask ? *frame.mask >> (24U - 8U * (i % 4)) : 0U;
    out.push_back(static_cast<char>(static_cast<unsigned char>(frame.payload[i]) ^ (key & 0xFFU)));
  }
  return out;
}

[[nodiscard]] inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  std::string out = {static_cast<char>(code >> 8U & 0xFFU), static_cast<char>(code & 0xFFU)};
  out += reason;
  return out;
}

}  // namespace ringside::test
