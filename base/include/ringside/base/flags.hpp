// Owns the flags that every program and verb shares, for those that add flags of their own with
// CLI11. Off the path; allocates. Programs without flags of their own include cli.hpp only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"

namespace ringside {

/// --config, --set, --run-dir and --log-level as they were written.
struct CommonFlags {
  std::string file = {};
  std::vector<std::string> sets = {};
  std::string run_dir = {};
  std::string log_level = {};

  /// Declares them; `app` must not outlive this object.
  void add_to(CLI::App& app);

  /// What they ask of Config::load. --config falls back to the environment's RINGSIDE_CONFIG.
  /// Errors  usage: a --set without key=value.
  [[nodiscard]] Result<Config::Options> options() const;
};

/// Parses without letting CLI11's exceptions out.
/// Returns true when --help or --version was asked for and printed: end with exit code 0.
/// Errors  usage: one line that names the flag.
[[nodiscard]] Result<bool> parse_flags(CLI::App& app, int argc, const char* const* argv);

}  // namespace ringside
