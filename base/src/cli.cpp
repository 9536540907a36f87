// Owns the shared flags, read with CLI11, and the frame of every main. The only place of this room
// where an exception may appear: CLI11's are caught here. Main thread; allocates.
#include "ringside/base/cli.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"
#include "ringside/base/version.hpp"

namespace ringside {

namespace {

std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

Error usage_error(const ProgramInfo& info, const std::string& what) {
  return Error{ErrorCode::usage, 0,
               one_line(what) + " (see " + std::string(info.name) + " --help)"};
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_overrides(
    const std::vector<std::string>& flags) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::usage, 0, "--set " + one_line(flag) + ": needs key=value"};
    }
    out.emplace_back(flag.substr(0, equals), flag.substr(equals + 1));
  }
  return out;
}

Result<ProgramOptions> parse_program(int argc, const char* const* argv, const ProgramInfo& info) {
  ProgramOptions options;
  std::vector<std::string> sets;
  std::string run_dir;
  std::string log_level;
  try {
    CLI::App app{std::string(info.summary), std::string(info.name)};
    app.footer("Example:\n  " + std::string(info.example));
    app.set_version_flag("--version", std::string(info.name) + " " + std::string(version_text()) +
                                          " (" + std::string(commit_text()) + ")");
    app.add_option("--config", options.config.file, "TOML file (also: RINGSIDE_CONFIG)")
        ->type_name("FILE");
    app.add_option("--set", sets, "One value, over file and environment; repeatable")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--run-dir", run_dir, "Folder of sockets and locks")->type_name("DIR");
    app.add_option("--log-level", log_level, "trace, debug, info, warn or error")
        ->type_name("LEVEL");
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& wanted) {  // --help, --version
      app.exit(wanted);
      options.is_done = true;
      return options;
    }
  } catch (const CLI::Error& error) {
    return usage_error(info, error.what());
  }
  Result<std::vector<std::pair<std::string, std::string>>> overrides = parse_overrides(sets);
  if (!overrides) return std::move(overrides).error();
  options.config.overrides = std::move(*overrides);
  if (!run_dir.empty()) options.config.overrides.emplace_back("run_dir", run_dir);
  if (!log_level.empty()) options.config.overrides.emplace_back("log.level", log_level);
  if (const char* const file = std::getenv("RINGSIDE_CONFIG");
      options.config.file.empty() && file != nullptr) {
    options.config.file = file;
  }
  return options;
}

int report(std::string_view name, const Error& error) noexcept {
  const std::string line = one_line(error.message());
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), line.c_str());
  return exit_code(error.code);
}

int run_program(int argc, char** argv, const ProgramInfo& info,
                Status (*run)(const Config& config)) {
  const Result<ProgramOptions> options = parse_program(argc, argv, info);
  if (!options) return report(info.name, options.error());
  if (options->is_done) return 0;
  const Result<Config> config = Config::load(options->config);
  if (!config) return report(info.name, config.error());
  log::init(info.name, log::parse_level(config->text("log.level")).value_or(log::Level::info));
  if (const Status installed = install_stop_handler(); !installed) {
    return report(info.name, installed.error());
  }
  const Status done = run(*config);
  return done ? 0 : report(info.name, done.error());
}

}  // namespace ringside
