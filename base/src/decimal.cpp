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

// A decimal number as value x 10^power, the mantissa without the zeros at its end.
struct Mantissa {
  std::uint64_t value = 0;
  int power = 0;
  int zeros_pending = 0;  // zeros count only when another digit follows
};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool times_ten_plus(std::uint64_t& value, std::uint64_t digit) noexcept {
  if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
  value = value * 10 + digit;
  return true;
}

bool push_digit(Mantissa& mantissa, char c) noexcept {
  if (c == '0') {
    ++mantissa.zeros_pending;
    return true;
  }
  for (; mantissa.zeros_pending > 0; --mantissa.zeros_pending) {
    if (!times_ten_plus(mantissa.value, 0)) return false;
  }
  return times_ten_plus(mantissa.value, static_cast<std::uint64_t>(c - '0'));
}

// The run of digits at `at`; false: none there, or more of them than fit.
bool read_digits(std::string_view text, std::size_t& at, Mantissa& mantissa) noexcept {
  const std::size_t first = at;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (!push_digit(mantissa, text[at])) return false;
  }
  return at != first;
}

// "e+06" at `at`, if there is one; false: an 'e' without digits.
bool read_exponent(std::string_view text, std::size_t& at, int& power) noexcept {
  constexpr int power_max = 100'000;  // beyond it nothing but zero is in range
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return true;
  ++at;
  const bool is_negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const std::size_t first = at;
  int exponent = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (exponent < power_max) exponent = exponent * 10 + (text[at] - '0');
  }
  power += is_negative ? -exponent : exponent;
  return at != first;
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned digits) noexcept {
  std::size_t at = 0;
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) ++at;
  const std::size_t first = at;
  Mantissa mantissa;
  if (!read_digits(text, at, mantissa)) return std::nullopt;
  if (text[first] == '0' && at - first > 1) return std::nullopt;  // "007" is no JSON number
  if (at < text.size() && text[at] == '.') {
    const std::size_t dot = at++;
    if (!read_digits(text, at, mantissa)) return std::nullopt;
    mantissa.power -= static_cast<int>(at - dot - 1);
  }
  if (!read_exponent(text, at, mantissa.power) || at != text.size()) return std::nullopt;
  if (mantissa.value == 0) return 0;
  int shift = mantissa.power + mantissa.zeros_pending + static_cast<int>(digits);
  for (; shift < 0; ++shift) {
    if (mantissa.value % 10 != 0) return std::nullopt;
    mantissa.value /= 10;
  }
  for (; shift > 0; --shift) {
    if (!times_ten_plus(mantissa.value, 0)) return std::nullopt;
  }
  // The negative side reaches one further than the positive one.
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (mantissa.value > limit + (is_negative ? 1U : 0U)) return std::nullopt;
  return static_cast<std::int64_t>(is_negative ? 0U - mantissa.value : mantissa.value);
}

}  // namespace ringside
