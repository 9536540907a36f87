// Bytes as a person writes them down: hexadecimal text with blanks, numbers and padded text. For
// the golden tests of the recorder; knows nothing of its layouts. Allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::recorder::test {

/// "44 42 4E 03" -> four bytes. Blanks and line ends are ignored.
inline std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  int high = -1;
  for (const char c : text) {
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

/// The same text for bytes, 16 a line, so that a failing comparison shows where it differs.
inline std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto value = std::to_integer<unsigned>(bytes[i]);
    if (i != 0) text += i % 16 == 0 ? '\n' : ' ';
    text += digits[value / 16];
    text += digits[value % 16];
  }
  return text;
}

/// The bytes of a record as they lie in memory.
template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// Appends; little-endian numbers, text padded with NUL.
class Bytes {
 public:
  template <class T>
  Bytes& number(T value) {
    for (const std::byte b : bytes_of(value)) bytes_.push_back(b);
    return *this;
  }
  Bytes& text(std::string_view value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      bytes_.push_back(i < value.size() ? static_cast<std::byte>(value[i]) : std::byte{0});
    }
    return *this;
  }
  Bytes& zeros(std::size_t count) { return text({}, count); }
  Bytes& add(std::span<const std::byte> more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  [[nodiscard]] const std::vector<std::byte>& get() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace ringside::recorder::test
