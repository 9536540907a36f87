// Owns the two texts made of a configuration: what is in force (`config show`) and a commented file
// of everything at its default (`config generate`). Both load again. Any thread; allocates.
#include <fmt/core.h>

#include "config_check.hpp"
#include "ringside/base/config.hpp"

namespace ringside {

namespace {

// TOML basic string; values hold no control characters (check_value).
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string toml_value(const Knob& knob, std::string_view value) {
  if (knob.type == KnobType::integer || knob.type == KnobType::boolean) return std::string(value);
  if (knob.type == KnobType::text) return toml_text(value);
  std::string out = "[";
  for (const std::string& element : config_detail::split_list(value)) {
    if (out.size() > 1) out += ", ";
    out += toml_text(element);
  }
  return out + "]";
}

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string_view leaf_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

// Comment lines of at most 100 columns.
void append_comment(std::string& out, std::string_view text) {
  constexpr std::size_t columns_max = 98;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > columns_max) {
      end = text.rfind(' ', columns_max);
      if (end == std::string_view::npos || end == 0) end = text.size();
    }
    out += "# " + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(end);
    if (!text.empty()) text.remove_prefix(1);
  }
}

// Calls visit(section, knob, key) for every knob, `*` ones once for each instance, sections whole.
template <class Visit>
void for_each_key(const std::vector<std::string>& instances, Visit visit) {
  const std::span<const Knob> all = knobs();
  for (std::size_t first = 0; first < all.size();) {
    const std::string_view section = section_of(all[first].key);
    std::size_t end = first;
    while (end < all.size() && section_of(all[end].key) == section) ++end;
    const std::size_t star = section.find('*');
    const std::size_t copies = star == std::string_view::npos ? 1 : instances.size();
    for (std::size_t copy = 0; copy < copies; ++copy) {
      std::string filled(section);
      if (star != std::string_view::npos) filled.replace(star, 1, instances[copy]);
      for (std::size_t i = first; i < end; ++i) {
        const std::string leaf(leaf_of(all[i].key));
        visit(filled, all[i], filled.empty() ? leaf : fmt::format("{}.{}", filled, leaf));
      }
    }
    first = end;
  }
}

}  // namespace

std::string Config::show() const {
  std::string out = "# Effective configuration" + (file_.empty() ? "" : " of " + file_) + "\n";
  std::string current;
  for_each_key(
      instances("feed"), [&](const std::string& section, const Knob& knob, const std::string& key) {
        if (section != current) out += "\n[" + section + "]\n";
        current = section;
        const auto at = values_.find(key);
        if (knob.is_secret) {
          out += "# " + std::string(leaf_of(key)) + " is a secret: " +
                 (at == values_.end() ? "default" : "set by " + at->second.where) + "\n";
          return;
        }
        out += std::string(leaf_of(key)) + " = " + toml_value(knob, value_of(key, knob.type)) +
               "  # " + (at == values_.end() ? "default" : at->second.where) + "\n";
      });
  return out;
}

std::string Config::generate() {
  const Config defaults;
  std::string out =
      "# Ringside's configuration, every value at its default. A flag (--set key=value) wins over\n"
      "# the environment (RINGSIDE_GATEWAY_PORT for gateway.port), which wins over this file.\n"
      "# Secrets are never written here: see key_file and docs/cli.md.\n\n";
  std::string current;
  for_each_key(defaults.instances("feed"), [&](const std::string& section, const Knob& knob,
                                               const std::string& key) {
    if (section != current) out += "[" + section + "]\n";
    current = section;
    append_comment(out, knob.doc);
    if (knob.is_secret) {
      append_comment(out, "A secret: set the environment variable " + environment_name(key) + ".");
      out += "\n";
      return;
    }
    const bool is_plain = knob.type == KnobType::text && knob.choices.empty();
    if (!is_plain && knob.type != KnobType::boolean) {
      append_comment(out, "Allowed: " + config_detail::allowed_text(knob) + ".");
    }
    out += std::string(leaf_of(key)) + " = " + toml_value(knob, defaults.value_of(key, knob.type)) +
           "\n\n";
  });
  return out;
}

}  // namespace ringside
