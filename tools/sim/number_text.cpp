#include "sim/number_text.hpp"

#include <array>
#include <cstring>

namespace ringside::sim {
namespace {

constexpr std::uint64_t nanos_scale = 1'000'000'000;
constexpr std::uint64_t micros_scale = 1'000'000;

// "00" .. "99", so that two digits cost one division and one copy.
constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> digit_pairs = make_digit_pairs();

void put_pair(char* out, std::uint64_t value) noexcept {
  std::memcpy(out, digit_pairs.data() + 2 * value, 2);
}

// Writes the digits of `value` so that they end before `end`; returns the first of them.
char* write_backwards(char* end, std::uint64_t value) noexcept {
  while (value >= 100) {
    end -= 2;
    put_pair(end, value % 100);
    value /= 100;
  }
  if (value >= 10) {
    end -= 2;
    put_pair(end, value);
    return end;
  }
  *--end = static_cast<char>('0' + value);
  return end;
}

std::uint64_t magnitude(std::int64_t value) noexcept {
  // Through unsigned: the smallest value has no positive twin.
  return value < 0 ? 0U - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// Writes `fraction` as exactly `digits` digits, then takes trailing zeros back. Returns the end.
char* write_fraction(char* out, std::uint64_t fraction, int digits) noexcept {
  char* const end = out + digits;
  char* at = end;
  int left = digits;
  for (; left >= 2; left -= 2, fraction /= 100) put_pair(at -= 2, fraction % 100);
  if (left == 1) *--at = static_cast<char>('0' + fraction % 10);
  char* last = end;
  while (last > out && last[-1] == '0') --last;
  return last;
}

// d.ddde+XX of value x 10^-scale, value not 0.
char* write_exponent(char* out, std::uint64_t value, int scale) noexcept {
  std::array<char, 24> digits;
  char* const end = digits.data() + digits.size();
  const char* const first = write_backwards(end, value);
  const char* last = end;
  while (last - 1 > first && last[-1] == '0') --last;
  int exponent = static_cast<int>(end - first) - 1 - scale;
  *out++ = *first;
  if (last - first > 1) {
    *out++ = '.';
    const auto rest = static_cast<std::size_t>(last - first - 1);
    std::memcpy(out, first + 1, rest);
    out += rest;
  }
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  if (exponent < 0) exponent = -exponent;
  put_pair(out, static_cast<std::uint64_t>(exponent));  // |exponent| < 20 for 64-bit values
  return out + 2;
}

}  // namespace

char* write_unsigned(char* out, std::uint64_t value) noexcept {
  std::array<char, 24> digits;
  char* const end = digits.data() + digits.size();
  const char* const first = write_backwards(end, value);
  const auto count = static_cast<std::size_t>(end - first);
  std::memcpy(out, first, count);
  return out + count;
}

char* write_integer(char* out, std::int64_t value) noexcept {
  if (value < 0) *out++ = '-';
  return write_unsigned(out, magnitude(value));
}

char* write_float_nanos(char* out, std::int64_t nanos) noexcept {
  if (nanos < 0) *out++ = '-';
  const std::uint64_t value = magnitude(nanos);
  const bool is_plain = value == 0 || (value >= nanos_scale / 10'000 &&
                                       value < std::uint64_t{1'000'000} * nanos_scale);
  if (!is_plain) return write_exponent(out, value, 9);
  const std::uint64_t fraction = value % nanos_scale;
  out = write_unsigned(out, value / nanos_scale);
  if (fraction == 0) return out;
  *out++ = '.';
  return write_fraction(out, fraction, 9);
}

char* write_float_integer(char* out, std::int64_t value) noexcept {
  if (value < 0) *out++ = '-';
  const std::uint64_t size = magnitude(value);
  return size < 1'000'000 ? write_unsigned(out, size) : write_exponent(out, size, 0);
}

char* write_decimal_micros(char* out, std::int64_t micros) noexcept {
  if (micros < 0) *out++ = '-';
  const std::uint64_t value = magnitude(micros);
  out = write_unsigned(out, value / micros_scale);
  *out++ = '.';
  char* const end = write_fraction(out, value % micros_scale, 6);
  if (end != out) return end;
  *out++ = '0';
  return out;
}

}  // namespace ringside::sim
