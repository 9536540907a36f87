// Owns the command line every program shares, and the frame of their main functions. Off the path;
// allocates. CLI11 throws; what it throws ends in cli.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"

namespace ringside {

/// What a program says about itself under --help.
struct ProgramInfo {
  std::string_view name = {};     // "ringside-gateway"
  std::string_view summary = {};  // one sentence
  std::string_view example = {};  // one or more command lines
};

/// What --config, --set, --run-dir and --log-level said.
struct ProgramOptions {
  Config::Options config = {};
  bool is_done = false;  // --help or --version was asked for and printed: end with exit code 0
};

/// Reads the flags every program has (flags.hpp).
/// Errors  usage: one line that names the flag.
[[nodiscard]] Result<ProgramOptions> parse_program(int argc, const char* const* argv,
                                                   const ProgramInfo& info);

/// Writes "name: message" to standard error on one line and returns the error's exit code.
[[nodiscard]] int report(std::string_view name, const Error& error) noexcept;

/// A whole main: flags, configuration, log, stop handler, `run`, one line and the exit code.
///
///   int main(int argc, char** argv) {
///     return ringside::run_program(argc, argv, {.name = "ringside-x", ...}, ringside::x::run);
///   }
[[nodiscard]] int run_program(int argc, char** argv, const ProgramInfo& info,
                              Status (*run)(const Config& config));

}  // namespace ringside
