// Owns the vendor's key names and the place where one event's values wait until all of them are
// known: text only, nothing converted yet, so that the order of keys does not matter. No
// allocation; a feed's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside::feed::massive {

/// Every key of the events we read, in the vendor's spelling (docs/vendor.md says what each means
/// in which event). The last one marks what is not in the list.
enum class Key : std::uint8_t {
  ev,
  sym,
  i,
  x,
  p,
  s,
  ds,
  c,
  t,
  pt,
  q,
  z,
  trfi,
  trft,
  bx,
  ax,
  bp,
  ap,
  bs,
  as,
  v,
  av,
  op,
  vw,
  o,
  h,
  l,
  a,
  e,
  otc,
  dv,
  dav,
  status,
  message,
  unknown,
};
inline constexpr std::size_t key_count = static_cast<std::size_t>(Key::unknown);

/// The longest key in the list.
inline constexpr std::size_t key_bytes_max = 7;

/// A key's bytes as one little-endian word, zeros behind.
[[nodiscard]] constexpr std::uint64_t key_word(std::string_view text) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return word;
}

inline constexpr std::array<std::string_view, key_count> key_names = {
    "ev",   "sym",  "i",  "x",  "p",  "s",   "ds", "c",   "t",      "pt",     "q",  "z",
    "trfi", "trft", "bx", "ax", "bp", "ap",  "bs", "as",  "v",      "av",     "op", "vw",
    "o",    "h",    "l",  "a",  "e",  "otc", "dv", "dav", "status", "message"};

/// Finds a key by its word: a table in which no two keys fall into one place.
class KeyTable {
 public:
  consteval KeyTable() {
    for (std::size_t i = 0; i < key_count; ++i) {
      const std::uint64_t word = key_word(key_names[i]);
      Place& place = places_[index_of(word)];
      if (place.word != 0) is_whole_ = false;
      place = {word, static_cast<Key>(i)};
    }
  }

  [[nodiscard]] constexpr bool is_whole() const noexcept { return is_whole_; }

  /// Unknown when it is none of ours.
  [[nodiscard]] Key find(std::uint64_t word) const noexcept {
    const Place& place = places_[index_of(word)];
    return place.word == word ? place.key : Key::unknown;
  }

 private:
  struct Place {
    std::uint64_t word = 0;  // no key's: a key is never empty
    Key key = Key::unknown;
  };
  static constexpr unsigned place_bits = 7;

  // Found by search: it sends the keys' words to different places. A new key may need another.
  static constexpr std::uint64_t multiplier = 0x4A44'AA6C'D3ED'20D9U;

  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t word) noexcept {
    return static_cast<std::size_t>(word * multiplier >> (64 - place_bits));
  }

  std::array<Place, std::size_t{1} << place_bits> places_{};
  bool is_whole_ = true;
};
inline constexpr KeyTable key_table;
static_assert(key_table.is_whole(), "two keys fall into one place: search another multiplier");

/// What kind of JSON value stands at a key.
enum class Shape : std::uint8_t {
  number,   // also where it is not one: the reader of the number says so
  string,   // text without its quotes, escapes resolved
  array,    // text with its brackets, checked
  boolean,  // true or false
  object,
};

struct Field {
  std::string_view text;
  Shape shape = Shape::number;
};

/// One event's values. A null counts as absent, but its key as seen.
class Fields {
 public:
  void clear() noexcept { seen_ = present_ = numbers_ = 0; }

  /// False: the key came before.
  [[nodiscard]] bool see(Key key) noexcept {
    const std::uint64_t bit = bit_of(key);
    const bool is_new = (seen_ & bit) == 0;
    seen_ |= bit;
    return is_new;
  }
  void put(Key key, Field field) noexcept {
    present_ |= bit_of(key);
    if (field.shape == Shape::number) numbers_ |= bit_of(key);
    fields_[static_cast<std::size_t>(key)] = field;
  }

  /// Bit i: key i holds what should be a number.
  [[nodiscard]] std::uint64_t numbers() const noexcept { return numbers_; }

  [[nodiscard]] bool has(Key key) const noexcept { return (present_ & bit_of(key)) != 0; }

  /// The value at `key`, nullptr when it is absent; good until clear().
  [[nodiscard]] const Field* find(Key key) const noexcept {
    return has(key) ? &fields_[static_cast<std::size_t>(key)] : nullptr;
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t bit_of(Key key) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(key);
  }
  std::array<Field, key_count> fields_;
  std::uint64_t seen_ = 0;
  std::uint64_t present_ = 0;
  std::uint64_t numbers_ = 0;
};
static_assert(key_count <= 64, "one bit a key");

}  // namespace ringside::feed::massive
