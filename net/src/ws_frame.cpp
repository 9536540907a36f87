// Owns what a WebSocket endpoint writes: frame headers, close payloads, masks' randomness. Any
// thread; allocates nothing.
#include <sys/random.h>

#include <algorithm>
#include <cstring>

#include "ringside/base/assert.hpp"
#include "ringside/net/ws.hpp"

namespace ringside::net {

bool is_sendable_close_code(std::uint16_t code) noexcept {
  if (code >= 3000 && code <= 4999) return true;  // registered and private use
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::size_t write_ws_header(std::span<std::byte, ws_header_bytes_max> out, WsOpcode opcode,
                            std::uint64_t payload_bytes, bool is_final,
                            const WsMask* mask) noexcept {
  const unsigned mask_bit = mask != nullptr ? 0x80U : 0U;
  const auto store = [&out](std::size_t at, std::uint64_t value) {
    out[at] = static_cast<std::byte>(value & 0xFFU);
  };
  store(0, (is_final ? 0x80U : 0U) | static_cast<unsigned>(opcode));
  std::size_t bytes = 2;
  if (payload_bytes <= 125) {
    store(1, mask_bit | payload_bytes);
  } else if (payload_bytes <= 0xFFFF) {
    store(1, mask_bit | 126U);
    store(2, payload_bytes >> 8U);
    store(3, payload_bytes);
    bytes = 4;
  } else {
    store(1, mask_bit | 127U);
    for (unsigned i = 0; i < 8; ++i) store(2 + i, payload_bytes >> (56U - 8U * i));
    bytes = 10;
  }
  if (mask != nullptr) {
    std::copy(mask->begin(), mask->end(), out.begin() + static_cast<std::ptrdiff_t>(bytes));
    bytes += mask->size();
  }
  return bytes;
}

std::size_t write_ws_close_payload(std::span<std::byte, ws_control_bytes_max> out, WsCloseCode code,
                                   std::string_view reason) noexcept {
  if (code == WsCloseCode::none_received || code == WsCloseCode::abnormal) return 0;
  const auto value = static_cast<std::uint16_t>(code);
  out[0] = static_cast<std::byte>(value >> 8U);
  out[1] = static_cast<std::byte>(value & 0xFFU);
  std::size_t bytes = std::min(reason.size(), ws_control_bytes_max - 2);
  if (bytes < reason.size()) {  // step back to the start of the code point that is cut
    while (bytes > 0 && (static_cast<unsigned char>(reason[bytes]) & 0xC0U) == 0x80U) --bytes;
  }
  if (bytes != 0) std::memcpy(out.data() + 2, reason.data(), bytes);
  return 2 + bytes;
}

WsMask next_mask() noexcept {
  struct Pool {
    std::array<std::byte, 4096> bytes;
    std::size_t used = sizeof(bytes);
  };
  thread_local Pool pool;
  if (pool.used + sizeof(WsMask) > pool.bytes.size()) {
    std::size_t filled = 0;
    while (filled < pool.bytes.size()) {
      const ssize_t got = ::getrandom(pool.bytes.data() + filled, pool.bytes.size() - filled, 0);
      if (got > 0) filled += static_cast<std::size_t>(got);
    }
    pool.used = 0;
  }
  WsMask mask;
  std::memcpy(mask.data(), pool.bytes.data() + pool.used, mask.size());
  pool.used += mask.size();
  return mask;
}

}  // namespace ringside::net
