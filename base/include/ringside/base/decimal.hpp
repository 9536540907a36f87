// Owns exact decimal text for integers with a power-of-ten scale. No double, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ringside {

/// Longest text format_decimal writes: sign, 19 digits, dot and up to 18 leading zeros.
inline constexpr std::size_t decimal_chars_max = 48;

/// Writes value x 10^-digits without trailing zeros ("225.6", "46", "-0.0001") to `out`.
/// Shapes  out: at least decimal_chars_max; digits: 0..18. Returns the number of characters.
[[nodiscard]] std::size_t format_decimal(std::int64_t value, unsigned digits,
                                         std::span<char> out) noexcept;

[[nodiscard]] std::string decimal_text(std::int64_t value, unsigned digits);

/// Reads plain or exponent decimal text ("1.25", "-3", "1.2e+06") as value x 10^digits, exactly.
/// Errors  nullopt: not a number, more digits than the scale holds, or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_decimal(std::string_view text,
                                                        unsigned digits) noexcept;

}  // namespace ringside
