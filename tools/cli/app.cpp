// Owns the verbs' flags and which verb runs. Main thread; allocates.
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "output.hpp"
#include "ringside/base/cli.hpp"
#include "ringside/base/flags.hpp"
#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"
#include "ringside/base/version.hpp"
#include "verbs.hpp"

namespace ringside::cli {

namespace {

// The command line as it was written: one of the verbs' options is filled.
struct Command {
  CommonFlags flags;
  LsOptions ls;
  TailOptions tail;
  TopOptions top;
  UpOptions up;
  std::string format = "text";
  std::string from = "newest";
};

struct Verb {
  CLI::App* app;
  std::function<Status(Command&, const Config&)> run;
};

void add_example(CLI::App& app, const std::string& example) {
  app.footer("Example:\n  " + example);
}

void add_format(CLI::App& app, Command& command) {
  app.add_option("--format", command.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
}

CLI::App& add_verb(CLI::App& app, Command& command, const char* name, const char* summary,
                   const std::string& example) {
  CLI::App& verb = *app.add_subcommand(name, summary);
  command.flags.add_to(verb);
  add_example(verb, example);
  return verb;
}

Verb add_up(CLI::App& app, Command& command) {
  CLI::App& verb = add_verb(
      app, command, "up", "Run everything: feed handler, recorder, statistics, gateway",
      "ringside up                      with the built-in simulator when there is no vendor key\n"
      "  RINGSIDE_MASSIVE_KEY=... ringside up --config ringside.toml\n"
      "  ringside up --set gateway.port=9090 --for 60");
  CLI::Option* const forbid =
      verb.add_flag("--no-sim", command.up.is_sim_forbidden, "Never start the simulator");
  verb.add_flag("--sim", command.up.is_sim_forced, "Start the simulator even if there is a key")
      ->excludes(forbid);
  verb.add_option("--for", command.up.run_s, "Stop after that many seconds")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}))
      ->type_name("SECONDS");
  return {&verb, [](Command& given, const Config& config) {
            given.up.config_file = config.file();
            const Result<Config::Options> options = given.flags.options();
            if (!options) return Status(options.error());
            given.up.overrides = options->overrides;
            return run_up(config, given.up);
          }};
}

Verb add_top(CLI::App& app, Command& command) {
  CLI::App& verb = add_verb(app, command, "top", "Watch feeds, rates, readers and latency",
                            "ringside top                     q quits\n"
                            "  ringside top --once --format json");
  verb.add_flag("--once", command.top.is_once, "Measure one interval, print, end");
  verb.add_option("--interval", command.top.interval_ms, "Time between two looks, in ms")
      ->check(CLI::Range(std::int64_t{50}, std::int64_t{60'000}))
      ->type_name("MS");
  add_format(verb, command);
  return {&verb, [](Command& given, const Config& config) {
            given.top.is_json = given.format == "json";
            return run_top(config, given.top);
          }};
}

Verb add_tail(CLI::App& app, Command& command) {
  CLI::App& verb = add_verb(app, command, "tail", "Follow one symbol's records",
                            "ringside tail AAPL --kind trade --count 10\n"
                            "  ringside tail O:SPY261218C00650000 --format json --from oldest");
  verb.add_option("symbol", command.tail.symbol, "What to follow")->required()->type_name("SYMBOL");
  verb.add_option("--feed", command.tail.feed, "Feed to follow it in, if several have it")
      ->type_name("FEED");
  verb.add_option("--kind", command.tail.kinds, "trade, quote, bar; comma separated")
      ->delimiter(',')
      ->check(CLI::IsMember({"trade", "quote", "bar"}))
      ->type_name("KINDS");
  verb.add_option("--count", command.tail.count, "End after that many records of those kinds")
      ->type_name("N");
  verb.add_option("--from", command.from, "Begin at the oldest or newest record")
      ->check(CLI::IsMember({"oldest", "newest"}))
      ->type_name("WHERE");
  add_format(verb, command);
  return {&verb, [](Command& given, const Config& config) {
            given.tail.is_json = given.format == "json";
            given.tail.is_from_oldest = given.from == "oldest";
            return run_tail(config, given.tail);
          }};
}

Verb add_ls(CLI::App& app, Command& command) {
  CLI::App& verb = add_verb(app, command, "ls", "List symbols with state, counts, last values",
                            "ringside ls --feed stocks");
  verb.add_option("--feed", command.ls.feed, "Only that feed")->type_name("FEED");
  add_format(verb, command);
  return {&verb, [](Command& given, const Config& config) {
            given.ls.is_json = given.format == "json";
            return run_ls(config, given.ls);
          }};
}

void add_config(CLI::App& app, Command& command, std::vector<Verb>& verbs) {
  CLI::App& parent = *app.add_subcommand("config", "Check, show or generate the configuration");
  add_example(
      parent,
      "ringside config generate > ringside.toml\n  ringside config check --config ringside.toml");
  parent.require_subcommand(1);
  verbs.push_back({&add_verb(parent, command, "check", "Say whether the configuration is right",
                             "ringside config check --config ringside.toml"),
                   [](Command&, const Config& config) { return run_config_check(config); }});
  verbs.push_back({&add_verb(parent, command, "show", "Print every value in force and its source",
                             "ringside config show --set gateway.port=9090"),
                   [](Command&, const Config& config) {
                     put(config.show());
                     return Status();
                   }});
  verbs.push_back({&add_verb(parent, command, "generate", "Print a commented file of all defaults",
                             "ringside config generate > ringside.toml"),
                   [](Command&, const Config&) {
                     put(Config::generate());
                     return Status();
                   }});
}

Verb add_version(CLI::App& app, Command& command) {
  CLI::App& verb = *app.add_subcommand("version", "Print this build and its libraries");
  add_format(verb, command);
  add_example(verb, "ringside version --format json");
  return {&verb, [](Command& given, const Config&) { return run_version(given.format == "json"); }};
}

Status run_verb(const Verb& verb, Command& command) {
  const Result<Config::Options> options = command.flags.options();
  if (!options) return options.error();
  const Result<Config> config = Config::load(*options);
  if (!config) return config.error();
  log::init("ringside", log::parse_level(config->text("log.level")).value_or(log::Level::info));
  if (Status installed = install_stop_handler(); !installed) return installed;
  Status done = verb.run(command, *config);
  flush_output();
  return done;
}

// A word that is no verb, with those that are; CLI11 would only say that one is missing.
Status check_verb(const CLI::App& app, const std::string& given) {
  std::string known;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() == given) return {};
    known += (known.empty() ? "" : ", ") + verb->get_name();
  }
  return Error{ErrorCode::usage, 0, plain("no verb \"" + given + "\", there are " + known)};
}

}  // namespace

int cli_main(int argc, char** argv) {
  Command command;
  CLI::App app{"Ringside, a low-latency shared-memory feed handler", "ringside"};
  app.set_version_flag("--version", "ringside " + std::string(version_text()) + " (" +
                                        std::string(commit_text()) + ")");
  add_example(app, "ringside up\n  ringside <verb> --help");
  app.require_subcommand(1);
  std::vector<Verb> verbs = {add_up(app, command), add_top(app, command), add_tail(app, command),
                             add_ls(app, command)};
  // Listed here for --help; main hands it over before this runs.
  app.add_subcommand("sim", "Run the vendor simulator")->allow_extras();
  add_config(app, command, verbs);
  verbs.push_back(add_version(app, command));
  if (argc >= 2 && argv[1][0] != '-') {
    if (const Status known = check_verb(app, argv[1]); !known) {
      return report("ringside", known.error());
    }
  }
  const Result<bool> parsed = parse_flags(app, argc, argv);
  if (!parsed) return report("ringside", parsed.error());
  if (*parsed) return 0;
  for (const Verb& verb : verbs) {
    if (!verb.app->parsed()) continue;
    const Status done = run_verb(verb, command);
    return done ? 0 : report("ringside", done.error());
  }
  return report("ringside", Error{ErrorCode::internal, 0, "a verb without a program"});
}

}  // namespace ringside::cli
