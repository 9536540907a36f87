// Owns the shared flags, read with CLI11, and the frame of every main. The only place of this room
// where an exception may appear: CLI11's are caught here. Main thread; allocates.
#include "ringside/base/cli.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "ringside/base/flags.hpp"
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

}  // namespace

void CommonFlags::add_to(CLI::App& app) {
  app.add_option("--config", file, "TOML file (also: RINGSIDE_CONFIG)")->type_name("FILE");
  app.add_option("--set", sets, "One value, over file and environment; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--run-dir", run_dir, "Folder of sockets and locks")->type_name("DIR");
  app.add_option("--log-level", log_level, "trace, debug, info, warn or error")->type_name("LEVEL");
}

Result<Config::Options> CommonFlags::options() const {
  Config::Options out{.file = file};
  for (const std::string& flag : sets) {
    const std::size_t equals = flag.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::usage, 0, "--set " + one_line(flag) + ": needs key=value"};
    }
    out.overrides.emplace_back(flag.substr(0, equals), flag.substr(equals + 1));
  }
  if (!run_dir.empty()) out.overrides.emplace_back("run_dir", run_dir);
  if (!log_level.empty()) out.overrides.emplace_back("log.level", log_level);
  if (const char* const name = std::getenv("RINGSIDE_CONFIG"); file.empty() && name != nullptr) {
    out.file = name;
  }
  return out;
}

Result<bool> parse_flags(CLI::App& app, int argc, const char* const* argv) {
  try {
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& wanted) {  // --help, --version
      app.exit(wanted);
      return true;
    }
  } catch (const CLI::Error& error) {
    // The verb that was being read, so that the hint names a help that exists.
    const CLI::App* named = &app;
    std::string name = app.get_name();
    while (!named->get_subcommands().empty()) {
      named = named->get_subcommands().front();
      name += " " + named->get_name();
    }
    return Error{ErrorCode::usage, 0, one_line(error.what()) + " (see " + name + " --help)"};
  }
  return false;
}

Result<ProgramOptions> parse_program(int argc, const char* const* argv, const ProgramInfo& info) {
  CommonFlags flags;
  CLI::App app{std::string(info.summary), std::string(info.name)};
  app.footer("Example:\n  " + std::string(info.example));
  app.set_version_flag("--version", std::string(info.name) + " " + std::string(version_text()) +
                                        " (" + std::string(commit_text()) + ")");
  flags.add_to(app);
  const Result<bool> parsed = parse_flags(app, argc, argv);
  if (!parsed) return parsed.error();
  if (*parsed) return ProgramOptions{.is_done = true};
  Result<Config::Options> options = flags.options();
  if (!options) return std::move(options).error();
  return ProgramOptions{.config = std::move(*options)};
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
