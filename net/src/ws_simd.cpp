// Owns the byte loops of the WebSocket codec, unmasking and UTF-8 validation, compiled by Highway
// for each instruction set and chosen at the first call. Any thread; allocates nothing. Source: the
// validation follows J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per
// Byte" (2020): three 16-entry tables, looked up by the nibbles of neighbouring bytes, name the
// errors that each nibble allows; what all three allow is an error.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ws_simd.cpp"
#include <hwy/foreach_target.h>
// Order matters: foreach_target.h includes this file once for each target.
#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "ringside/net/ws.hpp"
#include "utf8_tables.hpp"

HWY_BEFORE_NAMESPACE();
namespace ringside::net::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void mask_kernel(const std::uint8_t* in, std::size_t bytes, std::uint8_t* out,
                 std::uint32_t rotated_mask) {
  const hn::ScalableTag<std::uint8_t> d;
  const hn::Repartition<std::uint32_t, decltype(d)> d32;
  const std::size_t lanes = hn::Lanes(d);  // a multiple of 4: the mask's phase never changes
  const auto mask = hn::BitCast(d, hn::Set(d32, rotated_mask));
  std::size_t i = 0;
  for (; i + lanes <= bytes; i += lanes) {
    hn::StoreU(hn::Xor(hn::LoadU(d, in + i), mask), d, out + i);
  }
  for (; i < bytes; ++i) {
    out[i] = static_cast<std::uint8_t>(in[i] ^ (rotated_mask >> (8U * (i & 3U))));
  }
}

// The errors in one vector of bytes that begins at `at`; the three bytes before it are read too.
template <class D>
HWY_INLINE hn::Vec<D> utf8_errors(D d, const std::uint8_t* at) noexcept {
  const auto low_nibbles = hn::Set(d, std::uint8_t{0x0F});
  const auto high = [&](auto bytes) HWY_ATTR {
    return hn::And(
        hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(hn::Repartition<std::uint16_t, D>(), bytes))),
        low_nibbles);
  };
  const auto here = hn::LoadU(d, at);
  const auto one_back = hn::LoadU(d, at - 1);
  const auto by_lead =
      hn::TableLookupBytes(hn::LoadDup128(d, utf8_lead_high.data()), high(one_back));
  const auto by_lead_low =
      hn::TableLookupBytes(hn::LoadDup128(d, utf8_lead_low.data()), hn::And(one_back, low_nibbles));
  const auto by_next = hn::TableLookupBytes(hn::LoadDup128(d, utf8_next_high.data()), high(here));
  const auto pair_errors = hn::And(hn::And(by_lead, by_lead_low), by_next);
  // The third byte of a three-byte form and the third and fourth of a four-byte form must be the
  // second of two continuations in a row, and nothing else may be: bit 7 of both must agree.
  const auto third = hn::SaturatedSub(hn::LoadU(d, at - 2), hn::Set(d, std::uint8_t{0xE0 - 0x80}));
  const auto fourth = hn::SaturatedSub(hn::LoadU(d, at - 3), hn::Set(d, std::uint8_t{0xF0 - 0x80}));
  const auto must_continue = hn::And(hn::Or(third, fourth), hn::Set(d, std::uint8_t{0x80}));
  return hn::Xor(must_continue, pair_errors);
}

template <class D>
HWY_INLINE bool is_ascii(D d, const std::uint8_t* at) {
  return hn::AllTrue(d, hn::Lt(hn::LoadU(d, at), hn::Set(d, std::uint8_t{0x80})));
}

bool utf8_kernel(const std::uint8_t* in, std::size_t bytes) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  while (i + lanes <= bytes && is_ascii(d, in + i)) i += lanes;
  if (bytes >= lanes && i + lanes > bytes && is_ascii(d, in + bytes - lanes)) return true;

  constexpr std::size_t before = 64;  // room for the 3 bytes looked back at, without a bent copy
  auto errors = hn::Zero(d);
  if (i == 0 && bytes >= lanes) {
    HWY_ALIGN std::uint8_t head[before + HWY_MAX_BYTES] = {};  // nothing stands before the first
    std::memcpy(head + before, in, lanes);
    errors = utf8_errors(d, head + before);
    i = lanes;
  }
  for (; i + lanes <= bytes; i += lanes) {
    // A vector without a high bit has nothing to check unless one of the three bytes before it
    // begins a form that it should continue.
    if (is_ascii(d, in + i) && is_ascii(d, in + i - 3)) continue;
    errors = hn::Or(errors, utf8_errors(d, in + i));
  }
  // The rest, with zeros behind: a form that is cut off meets a zero and is an error.
  HWY_ALIGN std::uint8_t tail[before + HWY_MAX_BYTES] = {};
  const std::size_t back = i < 3 ? i : 3;
  std::memcpy(tail + before - back, in + i - back, bytes - i + back);
  errors = hn::Or(errors, utf8_errors(d, tail + before));
  return hn::AllTrue(d, hn::Eq(errors, hn::Zero(d)));
}

}  // namespace ringside::net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ringside::net {

HWY_EXPORT(mask_kernel);
HWY_EXPORT(utf8_kernel);

namespace {

const std::uint8_t* as_u8(const std::byte* bytes) noexcept {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}

}  // namespace

void mask_bytes(std::span<const std::byte> in, std::byte* out, const WsMask& mask,
                std::size_t offset) noexcept {
  std::uint32_t rotated = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    rotated |= std::to_integer<std::uint32_t>(mask[(offset + i) & 3U]) << (8U * i);
  }
  HWY_DYNAMIC_DISPATCH(mask_kernel)
  (as_u8(in.data()), in.size(), reinterpret_cast<std::uint8_t*>(out), rotated);
}

void mask_bytes_scalar(std::span<const std::byte> in, std::byte* out, const WsMask& mask,
                       std::size_t offset) noexcept {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] ^ mask[(offset + i) & 3U];
}

bool is_utf8(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return true;
  return HWY_DYNAMIC_DISPATCH(utf8_kernel)(as_u8(bytes.data()), bytes.size());
}

}  // namespace ringside::net
#endif  // HWY_ONCE
