// Owns JSON text that is written front to back into one string: commas, escaping, exact decimals.
// Not shared between threads. Allocates only when its string grows: clear() keeps the room.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringside {

/// Appends JSON to a string of its own. The caller keeps the order right (a key before each value
/// of an object, every begin closed); what is wrong with that is our bug and asserts in debug
/// builds.
///
/// Cost  O(text); no allocation once the string has grown to the largest message.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);

  /// Text; bytes that are not UTF-8 become U+FFFD.
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::integral auto number) {
    if constexpr (std::same_as<decltype(number), bool>) {
      return raw(number ? "true" : "false");
    } else if constexpr (std::signed_integral<decltype(number)>) {
      return integer(static_cast<std::int64_t>(number));
    } else {
      return unsigned_integer(static_cast<std::uint64_t>(number));
    }
  }
  JsonWriter& null() { return raw("null"); }

  /// number x 10^-digits, exactly: decimal(150'250'000'000, 9) -> 150.25.
  JsonWriter& decimal(std::int64_t number, unsigned digits);

  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  /// key and value in one.
  template <class T>
  JsonWriter& member(std::string_view name, const T& item) {
    return key(name).value(item);
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }
  void clear() noexcept {
    text_.clear();
    is_first_ = true;
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& integer(std::int64_t number);
  JsonWriter& unsigned_integer(std::uint64_t number);
  void separate();

  std::string text_;
  bool is_first_ = true;  // nothing stands before the next item in its object or array
};

/// Appends `text` escaped and quoted.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ringside
