#include "vendor/massive/walk.hpp"

#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "vendor/massive/number.hpp"
#include "vendor/massive/resync.hpp"

namespace ringside::feed::massive {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::SUCCESS;

constexpr std::uint64_t low_bits = 0x0101'0101'0101'0101U;
constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;

// The lowest set high bit marks the first byte of `word` that equals `byte`.
constexpr std::uint64_t matches(std::uint64_t word, char byte) noexcept {
  const std::uint64_t x = word ^ low_bits * static_cast<unsigned char>(byte);
  return (x - low_bits) & ~x & high_bits;
}

// The key as one word; 0 when it is longer than any of ours or has an escape.
std::uint64_t read_key_word(const char* text, bool& is_escaped) noexcept {
  std::uint64_t word;
  std::memcpy(&word, text, sizeof word);  // eight bytes are there: the frame's padding
  const std::uint64_t quotes = matches(word, '"');
  const std::uint64_t escapes = matches(word, '\\');
  is_escaped =
      escapes != 0 && (quotes == 0 || std::countr_zero(escapes) < std::countr_zero(quotes));
  if (quotes == 0 || is_escaped) return 0;
  const int bits = std::countr_zero(quotes) & ~7;
  return bits == 0 ? 0 : word & ~std::uint64_t{0} >> (64 - bits);
}

// An unknown or escaped key is unescaped, which also checks its escapes.
error_code read_key(ondemand::field& field, Key& key) noexcept {
  bool is_escaped = false;
  key = key_table.find(read_key_word(field.key().raw(), is_escaped));
  if (key != Key::unknown) return SUCCESS;
  std::string_view text;
  if (const error_code error = field.unescaped_key().get(text)) return error;
  if (text.size() <= key_bytes_max) key = key_table.find(key_word(text));
  return SUCCESS;
}

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trim(std::string_view token) noexcept {
  while (!token.empty() && is_blank(token.back())) token.remove_suffix(1);
  return token;
}

// Eight bytes at a time; up to seven behind the text are read too: the frame's padding.
bool has_backslash(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t found = matches(word, '\\');
    if (found == 0) continue;
    return at + static_cast<std::size_t>(std::countr_zero(found)) / 8 < text.size();
  }
  return false;
}

error_code read_string(ondemand::value& value, std::string_view token, Field& out) noexcept {
  out.shape = Shape::string;
  if (token.size() < 2 || token.back() != '"') return simdjson::TAPE_ERROR;
  out.text = token.substr(1, token.size() - 2);
  if (!has_backslash(out.text)) return SUCCESS;
  return value.get_string().get(out.text);
}

struct Walker {
  // Reads one value. `is_nested`: nobody reads the number later, so it is checked here.
  error_code value(ondemand::value value, int depth, bool is_nested, Field& out,
                   bool& is_null) noexcept {
    const std::string_view token = value.raw_json_token();
    if (token.empty()) return simdjson::TAPE_ERROR;
    const char first = token.front();
    if (first == '{') return object_value(value, depth, out);
    if (first == '[') return array_value(value, depth, token.data(), out);
    // On-Demand, skipping the scalar later, would take it for a key and lose its place.
    if (*(token.data() + token.size()) == ':') return simdjson::TAPE_ERROR;
    const std::string_view text = trim(token);
    if (first == '"') return read_string(value, text, out);
    out.text = text;
    if (first == '-' || (first >= '0' && first <= '9')) {
      out.shape = Shape::number;
      const bool is_good = !is_nested || parse_scaled(text, 0).status != NumberStatus::bad;
      return is_good ? SUCCESS : simdjson::NUMBER_ERROR;
    }
    out.shape = Shape::boolean;
    is_null = text == "null";
    return is_null || text == "true" || text == "false" ? SUCCESS : simdjson::TAPE_ERROR;
  }

  error_code object_value(ondemand::value& value, int depth, Field& out) noexcept {
    if (depth == nesting_max) return simdjson::DEPTH_ERROR;
    out.shape = Shape::object;
    ondemand::object object;
    if (const error_code error = value.get_object().get(object)) return error;
    for (auto result : object) {
      ondemand::field field;
      if (const error_code error = std::move(result).get(field)) return error;
      std::string_view key;
      if (const error_code error = field.unescaped_key().get(key)) return error;
      Field ignored;
      bool is_null = false;
      const error_code error = this->value(field.value(), depth + 1, true, ignored, is_null);
      if (error) return error;
    }
    return SUCCESS;
  }

  error_code array_value(ondemand::value& value, int depth, const char* first,
                         Field& out) noexcept {
    if (depth == nesting_max) return simdjson::DEPTH_ERROR;
    out.shape = Shape::array;
    ondemand::array array;
    if (const error_code error = value.get_array().get(array)) return error;
    for (auto result : array) {
      ondemand::value element;
      // NOLINTNEXTLINE(performance-move-const-arg): get() wants an rvalue
      if (const error_code error = std::move(result).get(element)) return error;
      Field ignored;
      bool is_null = false;
      const error_code error = this->value(element, depth + 1, true, ignored, is_null);
      if (error) return error;
    }
    const char* behind = nullptr;
    if (const error_code error = value.current_location().get(behind)) return error;
    out.text = {first, static_cast<std::size_t>(behind - first)};
    return SUCCESS;
  }
};

}  // namespace

WalkResult walk_event(ondemand::object& object, Fields& fields, DecodeCounts& counts,
                      error_code& error) noexcept {
  fields.clear();
  bool is_duplicate = false;
  for (auto result : object) {
    ondemand::field field;
    if ((error = std::move(result).get(field))) return WalkResult::bad;
    Key key = Key::unknown;
    if ((error = read_key(field, key))) return WalkResult::bad;
    Field value;
    bool is_null = false;
    const bool is_known = key != Key::unknown;
    if ((error = Walker{}.value(field.value(), 1, !is_known, value, is_null))) {
      return WalkResult::bad;
    }
    if (!is_known) {
      ++counts.keys_unknown;
      continue;
    }
    is_duplicate |= !fields.see(key);
    if (!is_null) fields.put(key, value);
  }
  return is_duplicate ? WalkResult::duplicate : WalkResult::whole;
}

}  // namespace ringside::feed::massive
