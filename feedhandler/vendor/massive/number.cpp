#include "vendor/massive/number.hpp"

#include <array>
#include <cstddef>
#include <limits>

#include "ringside/base/assert.hpp"

namespace ringside::feed::massive {

namespace {

constexpr std::array<std::uint64_t, 20> make_powers() {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;  // wraps after the last entry, which nobody reads
  }
  return powers;
}
constexpr std::array<std::uint64_t, 20> powers_of_ten = make_powers();

// Nineteen digits always fit 64 bits; a value whose 20th digit matters does not fit a record.
constexpr int digits_kept_max = 19;
constexpr std::uint64_t value_max = std::numeric_limits<std::int64_t>::max() - 1;
constexpr int exponent_limit = 100'000;

bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') < 10;
}

struct Mantissa {
  std::uint64_t value = 0;
  int kept = 0;         // significant digits in value
  int exponent = 0;     // value x 10^exponent is the number
  bool is_cut = false;  // a digit that is not 0 was left out

  void push(char c, bool is_fraction) noexcept {
    const auto digit = static_cast<unsigned>(c - '0');
    if (kept == digits_kept_max) {
      is_cut |= digit != 0;
      if (!is_fraction) ++exponent;
      return;
    }
    value = value * 10 + digit;
    if (value != 0) ++kept;
    if (is_fraction) --exponent;
  }
};

// Reads [+-]digits at `at`; false when there is no digit.
bool read_exponent(std::string_view text, std::size_t& at, int& exponent) noexcept {
  bool is_negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) is_negative = text[at++] == '-';
  const std::size_t first = at;
  int magnitude = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (magnitude < exponent_limit) magnitude = magnitude * 10 + (text[at] - '0');
  }
  exponent += is_negative ? -magnitude : magnitude;
  return at != first;
}

Scaled scale(const Mantissa& mantissa, int shift, bool is_negative) noexcept {
  std::uint64_t value = mantissa.value;
  bool is_cut = mantissa.is_cut;
  if (value != 0 && shift < 0) {
    const int down = -shift;
    const std::uint64_t divisor = down < 20 ? powers_of_ten[static_cast<std::size_t>(down)] : 0;
    is_cut |= divisor == 0 || value % divisor != 0;
    value = divisor == 0 ? 0 : value / divisor;
  } else if (value != 0 && shift > 0) {
    if (shift >= 20) return {0, NumberStatus::overflow};
    const std::uint64_t factor = powers_of_ten[static_cast<std::size_t>(shift)];
    if (value > value_max / factor) return {0, NumberStatus::overflow};
    value *= factor;
  }
  if (value > value_max) return {0, NumberStatus::overflow};
  const auto magnitude = static_cast<std::int64_t>(value);
  return {is_negative ? -magnitude : magnitude, is_cut ? NumberStatus::cut : NumberStatus::ok};
}

// "1767366000123" or "225.6": what nearly every number of the vendor looks like. False: not of that
// form, or not surely exact; nothing is said about the text then.
bool parse_plain(std::string_view text, unsigned digits, std::int64_t& value) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::uint64_t whole = 0;
  for (; at != end && is_digit(*at); ++at) whole = whole * 10 + static_cast<unsigned>(*at - '0');
  const auto whole_digits = static_cast<std::size_t>(at - text.data());
  // Eighteen digits in all fit 64 bits, and so they do after scaling.
  if (whole_digits == 0 || whole_digits + digits > 18 || (text[0] == '0' && whole_digits != 1)) {
    return false;
  }
  std::uint64_t fraction = 0;
  std::size_t fraction_digits = 0;
  if (at != end) {
    if (*at != '.') return false;
    const char* const first = ++at;
    for (; at != end && is_digit(*at); ++at) {
      fraction = fraction * 10 + static_cast<unsigned>(*at - '0');
    }
    fraction_digits = static_cast<std::size_t>(at - first);
    if (at != end || fraction_digits == 0 || fraction_digits > digits) return false;
  }
  value = static_cast<std::int64_t>(whole * powers_of_ten[digits] +
                                    fraction * powers_of_ten[digits - fraction_digits]);
  return true;
}

Scaled parse_any(std::string_view text, unsigned digits) noexcept {
  std::size_t at = 0;
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) ++at;
  Mantissa mantissa;
  const std::size_t first = at;
  for (; at < text.size() && is_digit(text[at]); ++at) mantissa.push(text[at], false);
  if (at == first || (text[first] == '0' && at - first > 1)) return {};
  if (at < text.size() && text[at] == '.') {
    const std::size_t dot = at++;
    for (; at < text.size() && is_digit(text[at]); ++at) mantissa.push(text[at], true);
    if (at == dot + 1) return {};
  }
  int exponent = 0;
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    if (!read_exponent(text, at, exponent)) return {};
  }
  if (at != text.size()) return {};
  return scale(mantissa, mantissa.exponent + exponent + static_cast<int>(digits), is_negative);
}

}  // namespace

Scaled parse_scaled(std::string_view text, unsigned digits) noexcept {
  RINGSIDE_DASSERT(digits <= 18);
  std::int64_t value = 0;
  if (parse_plain(text, digits, value)) [[likely]]
    return {value, NumberStatus::ok};
  return parse_any(text, digits);
}

Instant parse_instant(std::string_view text) noexcept {
  const Scaled number = parse_scaled(text, 0);
  if (number.status == NumberStatus::bad) return {};
  if (number.status == NumberStatus::overflow || number.value <= 0) {
    return {0, NumberStatus::overflow};
  }
  const auto value = static_cast<std::uint64_t>(number.value);
  std::uint64_t factor = 1;
  if (value < 100'000'000'000) {
    factor = 1'000'000'000;
  } else if (value < 100'000'000'000'000) {
    factor = 1'000'000;
  } else if (value < 100'000'000'000'000'000) {
    factor = 1'000;
  }
  if (value > value_max / factor) return {0, NumberStatus::overflow};
  return {value * factor, number.status};
}

}  // namespace ringside::feed::massive
