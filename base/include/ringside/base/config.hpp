// Owns the one configuration: a table of knobs (key, type, unit, bounds, default), and the values
// that a TOML file, the environment and flags give them. Off the path; allocates. A loaded Config
// never changes, so any thread may read it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringside/base/result.hpp"

namespace ringside {

enum class KnobType : std::uint8_t { text, integer, boolean, list };

/// What a value must look like beyond its type.
enum class KnobForm : std::uint8_t {
  any,
  power_of_two,  // integer
  symbol_slots,  // list of "SYMBOL=ticks[:bars]", powers of two within value_min..value_max
};

/// One setting. `key` is dotted; a `*` segment stands for any name ("feed.*.market").
struct Knob {
  std::string_view key = {};
  KnobType type = KnobType::text;
  std::string_view value_default = {};  // as TOML text without quotes; list: comma separated
  std::int64_t value_min = 0;           // integers only
  std::int64_t value_max = 0;
  KnobForm form = KnobForm::any;
  std::string_view unit = {};     // "bytes", "ms", "" ...
  std::string_view choices = {};  // text and list elements: "a|b|c", empty for any
  std::string_view doc = {};      // one sentence
  bool is_secret = false;         // only from the environment, never shown
};

/// A value that one name under a `*` knob has instead of the knob's default; such a name exists
/// without being written anywhere ("feed.options.path": "/options").
struct BuiltInValue {
  std::string_view key = {};
  std::string_view value = {};
};

/// Every knob of every role, in the order `ringside config generate` prints them.
[[nodiscard]] std::span<const Knob> knobs() noexcept;
[[nodiscard]] std::span<const BuiltInValue> built_in_values() noexcept;

/// The knob `key` belongs to, `*` knobs included; nullptr: no such key.
[[nodiscard]] const Knob* find_knob(std::string_view key) noexcept;

/// "gateway.port" -> "RINGSIDE_GATEWAY_PORT".
[[nodiscard]] std::string environment_name(std::string_view key);

/// Where a value came from, for `ringside config show`.
enum class ConfigSource : std::uint8_t { default_value, file, environment, flag };

[[nodiscard]] std::string_view to_string(ConfigSource source) noexcept;

/// The whole configuration, checked: every value is within its knob's bounds.
///
/// Precedence  flag > environment > file > default. The environment name of a key is RINGSIDE_ and
///             the key in capitals with '_' for '.' ("gateway.port": RINGSIDE_GATEWAY_PORT); a list
///             is comma separated there and in flags.
/// Errors      config: unknown key, wrong type, out of range (file, line, key, value, allowed);
///             not_found: the named file does not exist; permission: it cannot be read.
class Config {
 public:
  struct Options {
    std::string file = {};                                            // empty: no file
    std::vector<std::pair<std::string, std::string>> overrides = {};  // key, value; from flags
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

  /// Feeds whose feed.<name>.enabled is true, sorted.
  [[nodiscard]] std::vector<std::string> enabled_feeds() const;

  /// The feeds a consumer follows: the list at `key` ("recorder.feeds"), or when that is empty
  /// every enabled feed.
  [[nodiscard]] std::vector<std::string> feeds(std::string_view key) const;

  /// The run-time folder: sockets, pid files, certificates. Created 0700 by the first to need it
  /// (make_run_dir in process.hpp). Absolute.
  [[nodiscard]] std::string run_dir() const { return text("run_dir"); }
  [[nodiscard]] std::string file() const { return file_; }

  /// The effective configuration as TOML, secrets redacted, with each value's source as comment.
  [[nodiscard]] std::string show() const;

  /// A commented file with every knob at its default.
  [[nodiscard]] static std::string generate();

 private:
  friend class ConfigLoader;
  struct Value {
    std::string text;
    ConfigSource source = ConfigSource::default_value;
    std::string where;  // "ringside.toml:12", "--set", "RINGSIDE_GATEWAY_PORT"
  };
  [[nodiscard]] std::string value_of(std::string_view key, KnobType type) const;

  std::string file_;
  std::map<std::string, Value, std::less<>>
      values_;  // only what was given; defaults are the table's
};

/// A secret from the environment variable `environment_name`, else the file `file` (empty:
/// skipped), else $CREDENTIALS_DIRECTORY/<credential_name>; trailing newline removed. Errors
/// not_found: none of the three is there (names them); permission: file readable by others;
///         config: empty, longer than 4096 bytes, or not printable ASCII.
[[nodiscard]] Result<std::string> read_secret(std::string_view environment_name,
                                              const std::string& file,
                                              std::string_view credential_name);

/// The vendor key of one feed: RINGSIDE_FEED_<FEED>_KEY, else RINGSIDE_<VENDOR>_KEY, else the file
/// feed.<feed>.key_file, else $CREDENTIALS_DIRECTORY/<vendor>-key. Errors as read_secret.
[[nodiscard]] Result<std::string> read_feed_key(const Config& config, std::string_view feed);

}  // namespace ringside
