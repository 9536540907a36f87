// Owns what the verbs of `ringside` are called with. Each runs on the main thread, prints to
// standard output and returns; what failed is one line, which cli_main writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"

namespace ringside::cli {

/// The whole command; returns the exit code.
[[nodiscard]] int cli_main(int argc, char** argv);

struct LsOptions {
  std::string feed = {};  // empty: all
  bool is_json = false;
};
/// Errors  not_found: no feed runs.
[[nodiscard]] Status run_ls(const Config& config, const LsOptions& options);

struct TailOptions {
  std::string symbol = {};
  std::string feed = {};                // empty: the one that has the symbol
  std::vector<std::string> kinds = {};  // trade, quote, bar; empty: all
  std::uint64_t count = 0;              // records to print; 0: no end
  bool is_json = false;
  bool is_from_oldest = false;
};
/// Errors  not_found: no feed runs, or the symbol was refused (says why).
[[nodiscard]] Status run_tail(const Config& config, const TailOptions& options);

struct TopOptions {
  bool is_once = false;
  bool is_json = false;
  std::int64_t interval_ms = 1000;
};
/// Errors  not_found: with --once, no feed runs.
[[nodiscard]] Status run_top(const Config& config, const TopOptions& options);

struct UpOptions {
  std::string config_file = {};                                     // passed on to the children
  std::vector<std::pair<std::string, std::string>> overrides = {};  // the same
  bool is_sim_forbidden = false;
  bool is_sim_forced = false;
  std::int64_t run_s = 0;  // stop after that long; 0: run until a signal comes
};
/// Errors  whatever made a child's end final, with the child's exit code.
[[nodiscard]] Status run_up(const Config& config, const UpOptions& options);

[[nodiscard]] Status run_config_check(const Config& config);
[[nodiscard]] Status run_version(bool is_json);

}  // namespace ringside::cli
