// Owns how one value of an event is read: units, sentinels, what is clipped and what is refused.
// No allocation; a feed's thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "decoded.hpp"
#include "vendor/massive/event.hpp"
#include "vendor/massive/fields.hpp"
#include "vendor/massive/number.hpp"

namespace ringside::feed::massive {

inline constexpr unsigned price_digits = 9;
inline constexpr unsigned size_digits = 6;
static_assert(-shm::price_exponent == price_digits && -shm::size_exponent_equities == size_digits);

inline bool is_json_number(std::string_view text) noexcept {
  return parse_scaled(text, 0).status != NumberStatus::bad;
}

// FNV-1a, 64 bits: ids that are no plain number become this.
inline std::uint64_t hash_id(std::string_view text) noexcept {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  }
  return hash == shm::trade_id_absent ? hash - 1 : hash;
}

// The number that `text` spells, if printing it gives `text` again.
inline std::optional<std::uint64_t> plain_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 20 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return std::nullopt;
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value == shm::trade_id_absent) return std::nullopt;
  return value;
}

// Numbers of a checked array "[1, 2]", one at a time.
class ArrayReader {
 public:
  explicit ArrayReader(std::string_view text) noexcept : rest_(text.substr(1)) {}

  [[nodiscard]] std::optional<std::string_view> next() noexcept {
    while (!rest_.empty() && is_between(rest_.front())) rest_.remove_prefix(1);
    std::size_t size = 0;
    while (size < rest_.size() && !is_between(rest_[size]) && rest_[size] != ']') ++size;
    if (size == 0) return std::nullopt;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

 private:
  [[nodiscard]] static bool is_between(char c) noexcept {
    return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
  std::string_view rest_;
};

// Reads values of one event; remembers the first fault and whether anything did not fit.
class ValueReader {
 public:
  ValueReader(const Fields& fields, const EventOptions& options) noexcept
      : fields_(fields), options_(options) {}

  [[nodiscard]] bool is_clipped() const noexcept { return is_clipped_; }
  [[nodiscard]] std::optional<RejectReason> fault() const noexcept { return fault_; }

  void fail(RejectReason reason) noexcept {
    if (!fault_) fault_ = reason;
  }
  void need(Key key) noexcept {
    if (!fields_.has(key)) fail(RejectReason::missing_field);
  }

  void symbol(SymbolText& out) noexcept {
    const Field* field = find(Key::sym);
    if (field == nullptr) return fail(RejectReason::missing_field);
    if (field->shape != Shape::string) return fail(RejectReason::wrong_type);
    if (field->text.empty() || field->text.size() > shm::symbol_bytes_max) {
      return fail(RejectReason::bad_symbol);
    }
    for (const char c : field->text) {
      if (c <= ' ' || c > '~') return fail(RejectReason::bad_symbol);
    }
    out.assign(field->text);
  }

  [[nodiscard]] std::int64_t price(Key key) noexcept {
    return scaled(key, price_digits, shm::px_absent);
  }

  // The decimal string wins over the number, which is its integer part.
  [[nodiscard]] std::int64_t size(Key decimal, Key whole) noexcept {
    const Key key = fields_.has(decimal) ? decimal : whole;
    const std::int64_t value = scaled(key, size_digits, shm::size_absent);
    if (value < 0) fail(RejectReason::bad_number);
    return value;
  }

  [[nodiscard]] std::uint64_t instant(Key key) noexcept {
    const std::optional<std::string_view> text = number_text(key);
    if (!text) return shm::ts_absent;
    const Instant instant = parse_instant(*text);
    if (instant.status == NumberStatus::bad) fail(RejectReason::bad_number);
    if (instant.status == NumberStatus::overflow) fail(RejectReason::bad_time);
    if (instant.status == NumberStatus::cut) is_clipped_ = true;
    return instant.ts_ns;
  }

  // A whole number 0..value_max; what does not fit becomes `absent`, clipped.
  template <class T>
  [[nodiscard]] T whole(Key key, T absent) noexcept {
    const std::optional<std::string_view> text = number_text(key);
    if (!text) return absent;
    const std::optional<std::int64_t> value = id_of(*text);
    return value ? fit(*value, 0, absent) : absent;
  }

  [[nodiscard]] std::uint32_t quote_size(Key key) noexcept {
    const std::optional<std::string_view> text = number_text(key);
    if (!text) return shm::quote_size_absent;
    const Scaled number = parse_scaled(*text, 0);
    if (number.status == NumberStatus::bad || number.value < 0) {
      fail(RejectReason::bad_number);
      return shm::quote_size_absent;
    }
    constexpr std::int64_t limit = shm::quote_size_absent - 1;
    const std::int64_t per_unit = options_.quote_size_multiplier;
    if (number.status == NumberStatus::overflow || number.value > limit / per_unit) {
      is_clipped_ = true;
      return static_cast<std::uint32_t>(limit);
    }
    is_clipped_ |= number.status == NumberStatus::cut;
    return static_cast<std::uint32_t>(number.value * per_unit);
  }

  [[nodiscard]] std::uint8_t venue(Key key) noexcept {
    const std::optional<std::string_view> text = number_text(key);
    if (!text) return shm::venue_absent;
    std::optional<std::int64_t> id = id_of(*text);
    if (!id) return shm::venue_absent;
    const std::uint32_t base = venue_base(options_.market);
    // An old sample of an option trade carries the exchange's letter instead of its id.
    if (base != 0 && *id >= 'A' && *id <= 'Z') return static_cast<std::uint8_t>(*id - 'A');
    return fit(*id, base, shm::venue_absent);
  }

  // One number or an array of them, each less `base`, to `out`; what is too many is clipped.
  void ids(Key key, std::uint32_t base, std::uint8_t absent, std::uint8_t* out,
           std::size_t count) noexcept {
    const Field* field = find(key);
    if (field == nullptr) return;
    if (field->shape != Shape::array) {
      const std::optional<std::string_view> text = number_text(key);
      if (text) push_id(*text, base, absent, out, 0, count);
      return;
    }
    ArrayReader array(field->text);
    std::size_t index = 0;
    while (const std::optional<std::string_view> token = array.next()) {
      push_id(*token, base, absent, out, index++, count);
    }
  }

  [[nodiscard]] std::uint64_t trade_id(std::uint8_t& flags) noexcept {
    const Field* field = find(Key::i);
    if (field == nullptr || field->text.empty()) return shm::trade_id_absent;
    if (field->shape != Shape::string && field->shape != Shape::number) {
      fail(RejectReason::wrong_type);
      return shm::trade_id_absent;
    }
    if (field->shape == Shape::number && !is_json_number(field->text)) {
      fail(RejectReason::bad_number);
      return shm::trade_id_absent;
    }
    if (const std::optional<std::uint64_t> id = plain_id(field->text)) return *id;
    flags |= shm::flag_id_is_hash;
    return hash_id(field->text);
  }

  // Values that this event has no use for must still be JSON.
  void check_unread() noexcept {
    for (std::uint64_t rest = fields_.numbers() & ~read_; rest != 0; rest &= rest - 1) {
      const Field* field = fields_.find(static_cast<Key>(std::countr_zero(rest)));
      if (!is_json_number(field->text)) fail(RejectReason::bad_number);
    }
  }

 private:
  [[nodiscard]] const Field* find(Key key) noexcept {
    read_ |= std::uint64_t{1} << static_cast<unsigned>(key);
    return fields_.find(key);
  }

  // The text of a number, also where the vendor put it in quotes.
  [[nodiscard]] std::optional<std::string_view> number_text(Key key) noexcept {
    const Field* field = find(key);
    if (field == nullptr) return std::nullopt;
    if (field->shape != Shape::number && field->shape != Shape::string) {
      fail(RejectReason::wrong_type);
      return std::nullopt;
    }
    return field->text;
  }

  [[nodiscard]] std::int64_t scaled(Key key, unsigned digits, std::int64_t absent) noexcept {
    const std::optional<std::string_view> text = number_text(key);
    if (!text) return absent;
    const Scaled number = parse_scaled(*text, digits);
    switch (number.status) {
      case NumberStatus::ok:
        return number.value;
      case NumberStatus::cut:
        is_clipped_ = true;
        return number.value;
      case NumberStatus::overflow:
        is_clipped_ = true;
        return absent;
      case NumberStatus::bad:
        break;
    }
    fail(RejectReason::bad_number);
    return absent;
  }

  // A whole number; an id or a sequence with a fraction is no id.
  [[nodiscard]] std::optional<std::int64_t> id_of(std::string_view text) noexcept {
    const Scaled number = parse_scaled(text, 0);
    if (number.status == NumberStatus::bad || number.status == NumberStatus::cut) {
      fail(RejectReason::bad_number);
      return std::nullopt;
    }
    if (number.status == NumberStatus::overflow) return std::numeric_limits<std::int64_t>::max();
    return number.value;
  }

  // `value` less `base`, if it fits below the sentinel.
  template <class T>
  [[nodiscard]] T fit(std::int64_t value, std::uint32_t base, T absent) noexcept {
    if (value < base || value - base >= static_cast<std::int64_t>(absent)) {
      is_clipped_ = true;
      return absent;
    }
    return static_cast<T>(value - base);
  }

  void push_id(std::string_view text, std::uint32_t base, std::uint8_t absent, std::uint8_t* out,
               std::size_t index, std::size_t count) noexcept {
    if (text == "null") return;
    const std::optional<std::int64_t> id = id_of(text);
    if (!id) return;
    if (index >= count) {
      is_clipped_ = true;
      return;
    }
    out[index] = fit(*id, base, absent);
  }

  const Fields& fields_;
  const EventOptions& options_;
  std::uint64_t read_ = 0;
  bool is_clipped_ = false;
  std::optional<RejectReason> fault_;
};

}  // namespace ringside::feed::massive
