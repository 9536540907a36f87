// Owns how the vendor writes numbers: plain integers, floats in Go's shortest 'g' form, decimal
// strings. Any thread; no allocation, no double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringside::sim {

/// The longest text any function here writes.
inline constexpr std::size_t number_chars_max = 32;

/// Each function writes at `out` (room: number_chars_max) and returns the first byte after the
/// text.
[[nodiscard]] char* write_unsigned(char* out, std::uint64_t value) noexcept;

/// Integer field: "1250", "-7".
[[nodiscard]] char* write_integer(char* out, std::int64_t value) noexcept;

/// Float field with nine decimals of scale: "225.6", "46", "0.0001", "1.234e-05", "1.234567e+06".
/// Plain while the decimal exponent is -4..5, otherwise exponent with a sign and two digits or
/// more.
[[nodiscard]] char* write_float_nanos(char* out, std::int64_t nanos) noexcept;

/// Float field that holds a whole number: "41", "999999", "1e+06".
[[nodiscard]] char* write_float_integer(char* out, std::int64_t value) noexcept;

/// Decimal string without its quotes, at least one decimal: "40.0", "0.740474".
[[nodiscard]] char* write_decimal_micros(char* out, std::int64_t micros) noexcept;

}  // namespace ringside::sim
