// Owns the rules a single configuration value must pass. Any thread; allocates; never on the path.
#include "config_check.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

namespace ringside::config_detail {

namespace {

bool is_power_of_two(std::int64_t value) noexcept {
  return value > 0 && std::has_single_bit(static_cast<std::uint64_t>(value));
}

// Digits with TOML's '_' between them ("1_000_000").
std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_between =
        i > 0 && i + 1 < text.size() && text[i - 1] != '_' && text[i - 1] != '-';
    if (text[i] == '_' && is_between) continue;
    digits.push_back(text[i]);
  }
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, value);
  if (fault != std::errc{} || stop != end) return std::nullopt;
  return value;
}

Error broken(std::string rule) {
  return Error{ErrorCode::config, 0, std::move(rule)};
}

bool is_choice(std::string_view choices, std::string_view text) noexcept {
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

Result<std::string> check_integer(const Knob& knob, std::string_view text) {
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value) return broken("not an integer, needs " + allowed_text(knob));
  if (*value < knob.value_min || *value > knob.value_max) {
    return broken("out of range, allowed " + allowed_text(knob));
  }
  if (knob.form == KnobForm::power_of_two && !is_power_of_two(*value)) {
    return broken("not a power of two, allowed " + allowed_text(knob));
  }
  return std::to_string(*value);
}

bool is_symbol_slots(const Knob& knob, std::string_view element) {
  const std::size_t equals = element.rfind('=');
  if (equals == std::string_view::npos || equals == 0 || equals > 24) return false;
  // A star ends the beginning of names; anywhere else it would be a name that nobody has.
  if (element.substr(0, equals).find('*') < equals - 1) return false;
  const auto is_length = [&knob](std::string_view text) {
    const std::optional<std::int64_t> slots = parse_integer(text);
    return slots && *slots >= knob.value_min && *slots <= knob.value_max && is_power_of_two(*slots);
  };
  const std::string_view sizes = element.substr(equals + 1);
  const std::size_t colon = sizes.find(':');
  return is_length(sizes.substr(0, colon)) &&
         (colon == std::string_view::npos || is_length(sizes.substr(colon + 1)));
}

Result<std::string> check_list(const Knob& knob, std::string_view text) {
  std::string joined;
  for (const std::string& element : split_list(text)) {
    if (element.empty()) return broken("has an empty element, allowed " + allowed_text(knob));
    const bool is_wrong = (!knob.choices.empty() && !is_choice(knob.choices, element)) ||
                          (knob.form == KnobForm::symbol_slots && !is_symbol_slots(knob, element));
    if (is_wrong)
      return broken("element " + quoted_text(element) + ", allowed " + allowed_text(knob));
    if (!joined.empty()) joined.push_back(',');
    joined += element;
  }
  return joined;
}

// Levenshtein distance; keys are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({row[j - 1] + 1, above + 1, change});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// The pattern with its `*` replaced by what `key` has in the same segment.
std::string filled_in(std::string_view pattern, std::string_view key) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t end = std::min(pattern.find('.'), pattern.size());
    const std::size_t key_end = std::min(key.find('.'), key.size());
    const std::string_view segment = pattern.substr(0, end);
    if (!out.empty()) out.push_back('.');
    out += segment == "*" && key_end > 0 ? key.substr(0, key_end) : segment;
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
    key.remove_prefix(std::min(key_end + 1, key.size()));
  }
  return out;
}

}  // namespace

bool key_matches(std::string_view pattern, std::string_view key) noexcept {
  while (true) {
    const std::size_t end = std::min(pattern.find('.'), pattern.size());
    const std::size_t key_end = std::min(key.find('.'), key.size());
    const std::string_view segment = pattern.substr(0, end);
    if (key_end == 0 || (segment != "*" && segment != key.substr(0, key_end))) return false;
    const bool is_last = end == pattern.size();
    if (is_last != (key_end == key.size())) return false;
    if (is_last) return true;
    pattern.remove_prefix(end + 1);
    key.remove_prefix(key_end + 1);
  }
}

std::string_view instance_of(std::string_view pattern, std::string_view key) noexcept {
  const std::size_t star = pattern.find('*');  // what stands before it is the same in both
  if (star == std::string_view::npos || star >= key.size()) return {};
  const std::string_view rest = key.substr(star);
  return rest.substr(0, std::min(rest.find('.'), rest.size()));
}

bool is_instance_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 15 || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<std::string> check_value(const Knob& knob, std::string_view text) {
  if (has_control(text)) return broken("holds a control character");
  switch (knob.type) {
    case KnobType::integer:
      return check_integer(knob, text);
    case KnobType::boolean:
      if (text == "true" || text == "false") return std::string(text);
      return broken("not a boolean, allowed true or false");
    case KnobType::list:
      return check_list(knob, text);
    case KnobType::text:
      break;
  }
  if (!knob.choices.empty() && !is_choice(knob.choices, text)) {
    return broken("allowed " + allowed_text(knob));
  }
  return std::string(text);
}

std::string allowed_text(const Knob& knob) {
  const std::string range = std::to_string(knob.value_min) + ".." + std::to_string(knob.value_max) +
                            (knob.unit.empty() ? std::string() : " " + std::string(knob.unit));
  switch (knob.type) {
    case KnobType::integer:
      return knob.form == KnobForm::power_of_two ? "a power of two " + range
                                                 : "an integer " + range;
    case KnobType::boolean:
      return "true or false";
    case KnobType::list:
      if (knob.form == KnobForm::symbol_slots) {
        return "a list of \"SYMBOL=ticks\" or \"SYMBOL=ticks:bars\", SYMBOL may end with *, each a "
               "power of "
               "two " +
               range;
      }
      return knob.choices.empty() ? "a list of texts" : "a list of " + std::string(knob.choices);
    case KnobType::text:
      break;
  }
  return knob.choices.empty() ? "a text" : "one of " + std::string(knob.choices);
}

std::string nearest_key(std::string_view key) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const Knob& knob : knobs()) {
    const std::string candidate = filled_in(knob.key, key);
    const std::size_t away = distance(key, candidate);
    if (away < best_distance) {
      best_distance = away;
      best = candidate;
    }
  }
  return best;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  const auto trim = [](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    return part;
  };
  if (trim(text).empty()) return out;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    out.emplace_back(trim(text.substr(0, comma)));
    if (comma == text.size()) return out;
    text.remove_prefix(comma + 1);
  }
}

std::string quoted_text(std::string_view text) {
  constexpr std::size_t chars_max = 80;
  std::string out = "\"";
  for (const char c : text.substr(0, chars_max)) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(byte < 0x20 || byte == 0x7f ? '?' : c);
  }
  out += text.size() > chars_max ? "...\"" : "\"";
  return out;
}

}  // namespace ringside::config_detail
