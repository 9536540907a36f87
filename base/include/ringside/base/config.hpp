// Owns the one configuration: a table of knobs (key, type, unit, bounds, default), and the values
// that a TOML file, the environment and flags give them. Off the path; allocates.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"

namespace ringside {

enum class KnobType : std::uint8_t { text, integer, boolean, list };

/// One setting. `key` is dotted; a `*` segment stands for any name ("feed.*.market").
struct Knob {
  std::string_view key;
  KnobType type = KnobType::text;
  std::string_view value_default;  // as TOML text without quotes; list: comma separated
  std::int64_t value_min = 0;      // integers only
  std::int64_t value_max = 0;
  std::string_view unit;     // "bytes", "ms", "" ...
  std::string_view choices;  // text only: "a|b|c", empty for any
  std::string_view doc;      // one sentence
  bool is_secret = false;    // never in a file's plain value, never shown
};

/// Every knob of every role, in the order `ringside config generate` prints them.
[[nodiscard]] std::span<const Knob> knobs() noexcept;

/// Where a value came from, for `ringside config show`.
enum class ConfigSource : std::uint8_t { default_value, file, environment, flag };

/// The whole configuration, checked: every value is within its knob's bounds.
///
/// Precedence  flag > environment > file > default. The environment name of a key is RINGSIDE_ and
///             the key in capitals with '_' for '.' ("gateway.port": RINGSIDE_GATEWAY_PORT).
/// Errors      config: unknown key, wrong type, out of range (file, line, key, value, allowed);
///             not_found: the named file does not exist.
class Config {
 public:
  struct Options {
    std::string file;                                            // empty: no file
    std::vector<std::pair<std::string, std::string>> overrides;  // key, value; from flags
  };

  [[nodiscard]] static Result<Config> load(const Options& options);

  /// The value of `key`; asserts that the key is a knob of that type (or matches a `*` knob).
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view key) const;
  [[nodiscard]] ConfigSource source(std::string_view key) const;

  /// Names under a `*` knob: instances("feed") -> {"options", "stocks"}, sorted.
  [[nodiscard]] std::vector<std::string> instances(std::string_view section) const;

  /// The run-time folder: sockets, pid files, certificates. Created 0700 by the first to need it.
  [[nodiscard]] std::string run_dir() const { return text("run_dir"); }
  [[nodiscard]] std::string file() const { return file_; }

  /// The effective configuration as TOML, secrets redacted, with each value's source as comment.
  [[nodiscard]] std::string show() const;

  /// A commented file with every knob at its default.
  [[nodiscard]] static std::string generate();

 private:
  struct Value {
    std::string text;
    ConfigSource source = ConfigSource::default_value;
  };
  std::string file_;
  std::map<std::string, Value, std::less<>> values_;
};

/// A secret from the environment variable RINGSIDE_<NAME>, else the file named by knob
/// "<section>.key_file", else $CREDENTIALS_DIRECTORY/<name>; trailing newline removed.
/// Errors  not_found: none of the three is there (names them); permission: file readable by others.
[[nodiscard]] Result<std::string> read_secret(std::string_view environment_name,
                                              const std::string& file,
                                              std::string_view credential_name);

}  // namespace ringside
