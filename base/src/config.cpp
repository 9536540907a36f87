// Owns how a Config comes to be: file, environment and flags laid over the table's defaults, each
// value checked where it is read so that the message can name its place. toml++ is compiled without
// exceptions, so nothing is thrown here. Any thread; allocates; never on the path.
#include "ringside/base/config.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "config_check.hpp"

// toml++ 3.3 asserts, or under NDEBUG assumes, what a header like "[[[a]]]" breaks; without either
// its own check behind reports a plain error (tests/base/config_mutation_test.cpp).
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(condition) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace ringside {

using config_detail::check_value;
using config_detail::instance_of;
using config_detail::is_instance_name;
using config_detail::key_matches;
using config_detail::quoted_text;

namespace {

constexpr std::size_t file_bytes_max = 4U << 20;

Error config_error(std::string what) {
  return Error{ErrorCode::config, 0, std::move(what)};
}

Result<std::string> read_whole_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (!file) {
    const ErrorCode code = errno == ENOENT   ? ErrorCode::not_found
                           : errno == EACCES ? ErrorCode::permission
                                             : ErrorCode::io;
    return sys_error(code, "configuration file " + quoted_text(path));
  }
  std::string text;
  char chunk[16384];
  while (true) {
    const std::size_t got = std::fread(chunk, 1, sizeof chunk, file.get());
    text.append(chunk, got);
    if (text.size() > file_bytes_max) {
      return config_error(path + ": larger than the " + std::to_string(file_bytes_max) +
                          " bytes a configuration may have");
    }
    if (got < sizeof chunk) break;
  }
  if (std::ferror(file.get()) != 0) {
    return sys_error(ErrorCode::io, "configuration file " + quoted_text(path));
  }
  return text;
}

std::string_view type_text(const toml::node& node) noexcept {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

std::string default_run_dir() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') return std::string(runtime) + "/ringside";
  return "/tmp/ringside-" + std::to_string(::getuid());
}

}  // namespace

const Knob* find_knob(std::string_view key) noexcept {
  for (const Knob& knob : knobs()) {
    if (key_matches(knob.key, key)) return &knob;
  }
  return nullptr;
}

std::string environment_name(std::string_view key) {
  std::string name = "RINGSIDE_";
  for (const char c : key) {
    const bool is_lower = c >= 'a' && c <= 'z';
    name.push_back(c == '.' || c == '-' ? '_' : is_lower ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return name;
}

std::string_view to_string(ConfigSource source) noexcept {
  switch (source) {
    case ConfigSource::default_value:
      return "default";
    case ConfigSource::file:
      return "file";
    case ConfigSource::environment:
      return "environment";
    case ConfigSource::flag:
      return "flag";
  }
  return "unknown";
}

// Lays one source after the other over `config_`; later calls win.
class ConfigLoader {
 public:
  [[nodiscard]] Status add_file(const std::string& path) {
    Result<std::string> text = read_whole_file(path);
    if (!text) return std::move(text).error();
    config_.file_ = path;
    const toml::parse_result parsed = toml::parse(*text, path);
    if (!parsed) {
      const toml::source_position at = parsed.error().source().begin;
      return config_error(path + ":" + std::to_string(at.line) +
                          ": not valid TOML: " + std::string(parsed.error().description()));
    }
    return add_table(parsed.table(), {});
  }

  [[nodiscard]] Status add_environment() {
    for (const Knob& knob : knobs()) {
      const std::size_t star = knob.key.find('*');
      if (star == std::string_view::npos) {
        if (Status added = add_variable(knob, std::string(knob.key)); !added) return added;
        continue;
      }
      for (const std::string& name : config_.instances(knob.key.substr(0, star - 1))) {
        std::string key(knob.key);
        key.replace(star, 1, name);
        if (Status added = add_variable(knob, key); !added) return added;
      }
    }
    return {};
  }

  [[nodiscard]] Status add_flag(const std::string& key, const std::string& text) {
    const Result<const Knob*> knob = known("--set", key);
    if (!knob) return knob.error();
    if ((*knob)->is_secret) {
      return config_error("--set " + key +
                          ": a secret, which other users could read in the process "
                          "list; set the environment variable " +
                          environment_name(key));
    }
    return put(**knob, key, text, ConfigSource::flag, "--set");
  }

  // Rules over more than one value.
  [[nodiscard]] Status finish() {
    if (Status status = finish_run_dir(); !status) return status;
    for (const std::string& feed : config_.instances("feed")) {
      const std::string prefix = "feed." + feed + ".";
      const std::string low = prefix + "backoff_ms_min";
      const std::string high = prefix + "backoff_ms_max";
      if (config_.integer(low) > config_.integer(high)) {
        return config_error(fmt::format("{}: {} = {}: above {} = {}", place(low, high), low,
                                        config_.integer(low), high, config_.integer(high)));
      }
    }
    if (config_.text("gateway.tls_cert").empty() != config_.text("gateway.tls_key").empty()) {
      return config_error(place("gateway.tls_cert", "gateway.tls_key") +
                          ": gateway.tls_cert and gateway.tls_key: one without the other");
    }
    for (const char* key : {"gateway.feeds", "recorder.feeds", "stats.feeds"}) {
      if (Status status = check_feeds(key); !status) return status;
    }
    return {};
  }

  [[nodiscard]] Config take() { return std::move(config_); }

 private:
  [[nodiscard]] Status add_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key =
          prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      const std::string where = place_of(node);
      const bool is_section = node.is_table() && find_knob(key) == nullptr;
      Status added = is_section ? add_table(*node.as_table(), key) : add_node(key, node, where);
      if (!added) return added;
      if (is_section && node.as_table()->empty()) {
        if (Status known_section = check_empty_section(key, where); !known_section)
          return known_section;
      }
    }
    return {};
  }

  [[nodiscard]] std::string place_of(const toml::node& node) const {
    return config_.file_ + ":" + std::to_string(node.source().begin.line);
  }

  // An empty [feed.mine] makes the feed exist; an empty [gatway] is a mistake.
  [[nodiscard]] Status check_empty_section(const std::string& key, const std::string& where) {
    for (const Knob& knob : knobs()) {
      if (knob.key.substr(0, key.size() + 1) == key + ".") return {};
      const std::size_t dot = knob.key.rfind('.');
      if (dot != std::string_view::npos && key_matches(knob.key.substr(0, dot), key)) {
        const std::string first = key + std::string(knob.key.substr(dot));
        const Result<const Knob*> found = known(where, first);
        if (!found) return found.error();
        return put(**found, first, std::string((*found)->value_default), ConfigSource::file, where);
      }
    }
    return config_error(where + ": [" + key + "]: unknown section");
  }

  [[nodiscard]] Status add_node(const std::string& key, const toml::node& node,
                                const std::string& where) {
    const Result<const Knob*> knob = known(where, key);
    if (!knob) return knob.error();
    if ((*knob)->is_secret) {
      return config_error(where + ": " + key +
                          ": a secret, which does not belong in this file; set "
                          "the environment variable " +
                          environment_name(key));
    }
    const auto wrong_type = [&, this_knob = *knob](const toml::node& found) {
      return config_error(where + ": " + key + ": is " + std::string(type_text(found)) +
                          ", needs " + config_detail::allowed_text(*this_knob));
    };
    std::string text;
    switch ((*knob)->type) {
      case KnobType::text:
        if (!node.is_string()) return wrong_type(node);
        text = node.as_string()->get();
        break;
      case KnobType::integer:
        if (!node.is_integer()) return wrong_type(node);
        text = std::to_string(node.as_integer()->get());
        break;
      case KnobType::boolean:
        if (!node.is_boolean()) return wrong_type(node);
        text = node.as_boolean()->get() ? "true" : "false";
        break;
      case KnobType::list:
        if (!node.is_array()) return wrong_type(node);
        for (const toml::node& element : *node.as_array()) {
          if (!element.is_string()) return wrong_type(element);
          const std::string& part = element.as_string()->get();
          if (part.empty() || part.find(',') != std::string::npos) {
            return config_error(fmt::format("{}: {}: element {}: empty or with a comma", where, key,
                                            quoted_text(part)));
          }
          text += text.empty() ? part : "," + part;
        }
        break;
    }
    return put(**knob, key, text, ConfigSource::file, where);
  }

  [[nodiscard]] Status add_variable(const Knob& knob, const std::string& key) {
    const std::string name = environment_name(key);
    const char* const text = std::getenv(name.c_str());
    if (text == nullptr) return {};
    return put(knob, key, text, ConfigSource::environment, name);
  }

  [[nodiscard]] Result<const Knob*> known(const std::string& where, const std::string& key) const {
    const Knob* const knob = find_knob(key);
    if (knob == nullptr && key.starts_with("feed.") && key.ends_with(".key")) {
      return config_error(where + ": " + key +
                          ": a secret never stands in the configuration; use " + key +
                          "_file or the environment variable " + environment_name(key));
    }
    if (knob == nullptr) {
      const std::string near = config_detail::nearest_key(key);
      return config_error(
          where + ": " + key + ": unknown key" +
          (near.empty() ? ", see ringside config generate" : ", did you mean " + near + "?"));
    }
    const std::string_view name = instance_of(knob->key, key);
    if (!name.empty() && !is_instance_name(name)) {
      return config_error(where + ": " + key + ": " + quoted_text(name) +
                          ": a feed's name is a lower-case letter and up to 14 of a-z 0-9 _ -");
    }
    if (name == "stats") {
      return config_error(where + ": " + key +
                          ": the feed name \"stats\" is taken by the statistics");
    }
    return knob;
  }

  [[nodiscard]] Status put(const Knob& knob, const std::string& key, const std::string& text,
                           ConfigSource source, const std::string& where) {
    Result<std::string> value = check_value(knob, text);
    if (!value) {
      const std::string shown = knob.is_secret ? "(hidden)"
                                : knob.type == KnobType::text || knob.type == KnobType::list
                                    ? quoted_text(text)
                                    : quoted_text(text).substr(1, quoted_text(text).size() - 2);
      return config_error(where + ": " + key + " = " + shown + ": " + value.error().what);
    }
    config_.values_.insert_or_assign(key, Config::Value{std::move(*value), source, where});
    return {};
  }

  [[nodiscard]] Status finish_run_dir() {
    constexpr std::size_t path_chars_max = 72;  // a socket's path holds 107 with "/<feed>.sock"
    Config::Value& value = config_.values_["run_dir"];
    if (value.text.empty()) value = {default_run_dir(), ConfigSource::default_value, "default"};
    std::error_code fault;
    const std::filesystem::path absolute = std::filesystem::absolute(value.text, fault);
    if (fault)
      return Error{ErrorCode::config, fault.value(), "run_dir = " + quoted_text(value.text)};
    value.text = absolute.lexically_normal().string();
    while (value.text.size() > 1 && value.text.back() == '/') value.text.pop_back();
    if (value.text.size() > path_chars_max) {
      return config_error(value.where + ": run_dir = " + quoted_text(value.text) + ": " +
                          std::to_string(value.text.size()) + " characters, allowed up to " +
                          std::to_string(path_chars_max) + " (unix socket paths are short)");
    }
    return {};
  }

  [[nodiscard]] Status check_feeds(const std::string& key) {
    const std::vector<std::string> names = config_.instances("feed");
    for (const std::string& feed : config_.list(key)) {
      if (std::find(names.begin(), names.end(), feed) != names.end()) continue;
      std::string known_names;
      for (const std::string& name : names) {
        known_names += known_names.empty() ? "" : ", ";
        known_names += name;
      }
      return config_error(fmt::format("{}: {}: no feed {}, there are {}", place(key, key), key,
                                      quoted_text(feed), known_names));
    }
    return {};
  }

  // Where one of two keys was given.
  [[nodiscard]] std::string place(const std::string& key, const std::string& other) const {
    for (const std::string& each : {key, other}) {
      if (const auto at = config_.values_.find(each); at != config_.values_.end())
        return at->second.where;
    }
    return "default";
  }

  Config config_;
};

Result<Config> Config::load(const Options& options) {
  ConfigLoader loader;
  if (!options.file.empty()) {
    if (Status status = loader.add_file(options.file); !status) return status.error();
  }
  // Flags first say which feeds exist, so that the environment can be read for them; then they win.
  for (const auto& [key, text] : options.overrides) {
    if (Status status = loader.add_flag(key, text); !status) return status.error();
  }
  if (Status status = loader.add_environment(); !status) return status.error();
  for (const auto& [key, text] : options.overrides) {
    if (Status status = loader.add_flag(key, text); !status) return status.error();
  }
  if (Status status = loader.finish(); !status) return status.error();
  return loader.take();
}

std::string Config::value_of(std::string_view key, KnobType type) const {
  const Knob* const knob = find_knob(key);
  RINGSIDE_ASSERT(knob != nullptr && knob->type == type);
  if (const auto at = values_.find(key); at != values_.end()) return at->second.text;
  for (const BuiltInValue& built_in : built_in_values()) {
    if (built_in.key == key) return std::string(built_in.value);
  }
  return std::string(knob->value_default);
}

std::string Config::text(std::string_view key) const {
  return value_of(key, KnobType::text);
}

std::int64_t Config::integer(std::string_view key) const {
  const std::string text = value_of(key, KnobType::integer);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);  // canonical since check_value
  return value;
}

bool Config::boolean(std::string_view key) const {
  return value_of(key, KnobType::boolean) == "true";
}

std::vector<std::string> Config::list(std::string_view key) const {
  return config_detail::split_list(value_of(key, KnobType::list));
}

ConfigSource Config::source(std::string_view key) const {
  RINGSIDE_ASSERT(find_knob(key) != nullptr);
  const auto at = values_.find(key);
  return at == values_.end() ? ConfigSource::default_value : at->second.source;
}

std::vector<std::string> Config::instances(std::string_view section) const {
  const std::string prefix = std::string(section) + ".";
  std::set<std::string> names;
  const auto add = [&](std::string_view key) {
    if (key.substr(0, prefix.size()) != prefix) return;
    const std::string_view rest = key.substr(prefix.size());
    if (const std::size_t dot = rest.find('.'); dot != std::string_view::npos) {
      names.emplace(rest.substr(0, dot));
    }
  };
  for (const BuiltInValue& built_in : built_in_values()) add(built_in.key);
  for (const auto& entry : values_) add(entry.first);
  return {names.begin(), names.end()};
}

std::vector<std::string> Config::enabled_feeds() const {
  std::vector<std::string> out;
  for (const std::string& feed : instances("feed")) {
    if (boolean("feed." + feed + ".enabled")) out.push_back(feed);
  }
  return out;
}

std::vector<std::string> Config::feeds(std::string_view key) const {
  std::vector<std::string> out = list(key);
  return out.empty() ? enabled_feeds() : out;
}

}  // namespace ringside
