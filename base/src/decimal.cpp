#include "ringside/base/decimal.hpp"

#include <limits>

#include "ringside/base/assert.hpp"

namespace ringside {

std::size_t format_decimal(std::int64_t value, unsigned digits, std::span<char> out) noexcept {
  RINGSIDE_ASSERT(out.size() >= decimal_chars_max && digits <= 18);
  // Negation through unsigned: the smallest value has no positive twin.
  std::uint64_t rest =
      value < 0 ? 0U - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  char reversed[decimal_chars_max];
  std::size_t count = 0;
  bool is_significant = false;
  for (unsigned i = 0; i < digits; ++i, rest /= 10) {
    const char digit = static_cast<char>('0' + rest % 10);
    if (digit != '0') is_significant = true;
    if (is_significant) reversed[count++] = digit;
  }
  if (is_significant) reversed[count++] = '.';
  do {
    reversed[count++] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) reversed[count++] = '-';
  for (std::size_t i = 0; i < count; ++i) out[i] = reversed[count - 1 - i];
  return count;
}

std::string decimal_text(std::int64_t value, unsigned digits) {
  char text[decimal_chars_max];
  return std::string(text, format_decimal(value, digits, text));
}

namespace {

// Digits of the mantissa with the dot taken out, and how many of them stood behind it.
struct Mantissa {
  std::uint64_t value = 0;
  int behind_dot = 0;
  bool is_exact = true;
};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool push_digit(Mantissa& mantissa, char c) noexcept {
  const auto digit = static_cast<std::uint64_t>(c - '0');
  if (mantissa.value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
  mantissa.value = mantissa.value * 10 + digit;
  return true;
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned digits) noexcept {
  std::size_t at = 0;
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) ++at;
  Mantissa mantissa;
  const std::size_t first = at;
  int zeros_pending = 0;  // zeros behind the dot count only when a digit follows
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (!push_digit(mantissa, text[at])) return std::nullopt;
  }
  if (at == first || (text[first] == '0' && at - first > 1)) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t dot = at++;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (text[at] == '0') {
        ++zeros_pending;
        continue;
      }
      for (; zeros_pending > 0; --zeros_pending, ++mantissa.behind_dot) {
        if (!push_digit(mantissa, '0')) return std::nullopt;
      }
      if (!push_digit(mantissa, text[at])) return std::nullopt;
      ++mantissa.behind_dot;
    }
    if (at == dot + 1) return std::nullopt;
  }
  int exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool is_exponent_negative = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      is_exponent_negative = text[at] == '-';
      ++at;
    }
    const std::size_t exponent_first = at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (exponent < 1000) exponent = exponent * 10 + (text[at] - '0');
    }
    if (at == exponent_first) return std::nullopt;
    if (is_exponent_negative) exponent = -exponent;
  }
  if (at != text.size()) return std::nullopt;
  if (mantissa.value == 0) return 0;
  int shift = exponent - mantissa.behind_dot + static_cast<int>(digits);
  for (; shift < 0; ++shift) {
    if (mantissa.value % 10 != 0) return std::nullopt;
    mantissa.value /= 10;
  }
  for (; shift > 0; --shift) {
    if (mantissa.value > std::numeric_limits<std::uint64_t>::max() / 10) return std::nullopt;
    mantissa.value *= 10;
  }
  const std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (mantissa.value > limit) return std::nullopt;
  const auto magnitude = static_cast<std::int64_t>(mantissa.value);
  return is_negative ? -magnitude : magnitude;
}

}  // namespace ringside
