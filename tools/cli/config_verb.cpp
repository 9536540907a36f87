// Owns `ringside config check`. Main thread; allocates.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "output.hpp"
#include "ringside/base/process.hpp"
#include "verbs.hpp"

extern char** environ;  // NOLINT: POSIX gives no header for it

namespace ringside::cli {

namespace {

// RINGSIDE_ variables that are not a knob's.
constexpr std::string_view other_variables[] = {"RINGSIDE_CONFIG", "RINGSIDE_SEED",
                                                "RINGSIDE_BIN_DIR", "RINGSIDE_SOURCE_DIR"};

bool is_known_variable(const Config& config, std::string_view name) {
  for (const std::string_view other : other_variables) {
    if (name == other) return true;
  }
  for (const Knob& knob : knobs()) {
    const std::size_t star = knob.key.find('*');
    if (star == std::string_view::npos) {
      if (environment_name(knob.key) == name) return true;
      continue;
    }
    for (const std::string& feed : config.instances(knob.key.substr(0, star - 1))) {
      std::string key(knob.key);
      if (environment_name(key.replace(star, 1, feed)) == name) return true;
      const bool is_key =
          name == environment_name("feed." + feed + ".key") ||
          name == environment_name(config.text("feed." + feed + ".vendor") + ".key");
      if (is_key) return true;
    }
  }
  return false;
}

// A variable that looks like ours and is not is most likely misspelt; only its name is shown.
void warn_about_variables(const Config& config) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view name(*entry);
    name = name.substr(0, name.find('='));
    if (name.substr(0, 9) == "RINGSIDE_" && !is_known_variable(config, name)) {
      put_line(
          fmt::format("warning: environment variable {} is no key of the configuration", name));
    }
  }
}

}  // namespace

Status run_config_check(const Config& config) {
  const std::string address = config.text("gateway.address");
  if (!is_loopback(address) && config.text("gateway.tokens_file").empty()) {
    return Error{ErrorCode::config, 0,
                 "gateway.address = \"" + address +
                     "\": beyond loopback needs gateway.tokens_file, for anybody could read"};
  }
  warn_about_variables(config);
  std::string feeds;
  for (const std::string& feed : config.enabled_feeds())
    feeds += (feeds.empty() ? "" : ", ") + feed;
  put_line(fmt::format("ok: {}, feeds {}, run_dir {}",
                       config.file().empty() ? "no file, all defaults" : config.file(),
                       feeds.empty() ? "none" : feeds, config.run_dir()));
  return {};
}

}  // namespace ringside::cli
