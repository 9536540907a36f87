// Owns the three tables of the UTF-8 validator (ws_simd.cpp), built from the rules they stand for.
// Constants only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringside::net {

using NibbleTable = std::array<std::uint8_t, 16>;

/// What can be wrong with a pair of neighbouring bytes. A bit is in a table's entry if that nibble
/// does not exclude it; bit 7 is no error by itself (see utf8_errors).
enum Utf8Fault : std::uint8_t {
  fault_cut_off = 1U << 0U,       // a lead byte, then no continuation
  fault_stray = 1U << 1U,         // ASCII, then a continuation
  fault_overlong_3 = 1U << 2U,    // E0 80..9F
  fault_too_large = 1U << 3U,     // F4 90..BF, F5 and above with 90..BF
  fault_surrogate = 1U << 4U,     // ED A0..BF
  fault_overlong_2 = 1U << 5U,    // C0 and C1
  fault_edge_of_4 = 1U << 6U,     // F0 80..8F (overlong), F5 and above with 80..8F (too large)
  fault_two_in_a_row = 1U << 7U,  // two continuations
};

constexpr std::uint8_t all_of(auto... faults) noexcept {
  return static_cast<std::uint8_t>((0U | ... | static_cast<unsigned>(faults)));
}

/// By the high nibble of the first byte of the pair.
alignas(16) inline constexpr NibbleTable utf8_lead_high = [] {
  NibbleTable table{};
  for (std::size_t n = 0x0; n <= 0x7; ++n) table[n] = fault_stray;
  for (std::size_t n = 0x8; n <= 0xB; ++n) table[n] = fault_two_in_a_row;
  table[0xC] = all_of(fault_cut_off, fault_overlong_2);
  table[0xD] = fault_cut_off;
  table[0xE] = all_of(fault_cut_off, fault_overlong_3, fault_surrogate);
  table[0xF] = all_of(fault_cut_off, fault_too_large, fault_edge_of_4);
  return table;
}();

/// By the low nibble of the first byte. Three faults do not depend on it.
alignas(16) inline constexpr NibbleTable utf8_lead_low = [] {
  NibbleTable table{};
  for (std::size_t n = 0; n < 16; ++n) {
    unsigned faults = all_of(fault_cut_off, fault_stray, fault_two_in_a_row);
    if (n <= 0x1) faults |= fault_overlong_2;
    if (n == 0x0) faults |= all_of(fault_overlong_3, fault_edge_of_4);
    if (n >= 0x4) faults |= fault_too_large;
    if (n >= 0x5) faults |= fault_edge_of_4;
    if (n == 0xD) faults |= fault_surrogate;
    table[n] = static_cast<std::uint8_t>(faults);
  }
  return table;
}();

/// By the high nibble of the second byte.
alignas(16) inline constexpr NibbleTable utf8_next_high = [] {
  NibbleTable table{};
  for (std::size_t n = 0; n < 16; ++n) {
    if (n < 0x8 || n > 0xB) {
      table[n] = fault_cut_off;
      continue;
    }
    unsigned faults = all_of(fault_stray, fault_overlong_2, fault_two_in_a_row);
    if (n <= 0x9) faults |= fault_overlong_3;
    if (n == 0x8) faults |= fault_edge_of_4;
    if (n >= 0x9) faults |= fault_too_large;
    if (n >= 0xA) faults |= fault_surrogate;
    table[n] = static_cast<std::uint8_t>(faults);
  }
  return table;
}();

}  // namespace ringside::net
