// Owns the scalar twin of the UTF-8 validator: one code point at a time, by the table of RFC 3629
// section 4. Any thread; allocates nothing.
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringside/net/ws.hpp"

namespace ringside::net {
namespace {

struct Form {
  std::size_t bytes = 0;  // 0: no lead byte
  std::uint8_t second_min = 0x80;
  std::uint8_t second_max = 0xBF;
};

Form form_of(std::uint8_t lead) noexcept {
  if (lead < 0x80) return {1};
  if (lead < 0xC2) return {};
  if (lead < 0xE0) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

}  // namespace

bool is_utf8_scalar(std::span<const std::byte> bytes) noexcept {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const Form form = form_of(std::to_integer<std::uint8_t>(bytes[i]));
    if (form.bytes == 0 || bytes.size() - i < form.bytes) return false;
    for (std::size_t k = 1; k < form.bytes; ++k) {
      const auto byte = std::to_integer<std::uint8_t>(bytes[i + k]);
      const std::uint8_t least = k == 1 ? form.second_min : std::uint8_t{0x80};
      const std::uint8_t most = k == 1 ? form.second_max : std::uint8_t{0xBF};
      if (byte < least || byte > most) return false;
    }
    i += form.bytes;
  }
  return true;
}

}  // namespace ringside::net
