#include "sim/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>

#include "ringside/base/clock.hpp"
#include "ringside/base/decimal.hpp"
#include "ringside/base/flags.hpp"
#include "ringside/base/log.hpp"
#include "sim/control.hpp"
#include "sim/ny_time.hpp"

namespace ringside::sim {
namespace {

constexpr std::string_view default_start = "2026-03-02T09:30:00";

// The flags as they were written.
struct Flags {
  CommonFlags common;
  std::vector<std::pair<std::string, std::string>> knobs;  // key, value
  std::vector<std::vector<std::string>> taq;
  std::string speed;
  std::string start;
  std::string format = "text";
  std::string slow;
  std::int64_t wait_for = -1;
  std::uint64_t events = 0;
  bool no_bars = false;
  bool exits_at_end = false;
};

std::string footer() {
  return "Examples:\n"
         "  ringside sim                                  # a market that moves, in real time\n"
         "  ringside sim --port 8443 --rate 50000 --seed 7\n"
         "  ringside sim --speed max --events 5000000 --wait-for 1 --exit-at-end --format json\n"
         "  ringside sim --taq trades.csv.gz quotes.csv.gz --speed 60\n"
         "  ringside sim --taq t.csv.gz q.csv.gz symbol=AAA \\\n"
         "               --taq t.csv.gz q.csv.gz symbol=O:AAA180119C00155000 market=options \\\n"
         "               --speed max --wait-for 8\n"
         "\n"
         "It serves wss://localhost:PORT/stocks and /options with a certificate of its own.\n"
         "In RUN_DIR/sim: ca.pem (what clients trust), key (the API key), port, control.\n"
         "Commands, one a line, to the unix socket RUN_DIR/sim/control:\n" +
         std::string(command_help());
}

void declare(CLI::App& app, Flags& flags) {
  flags.common.add_to(app);
  const auto knob = [&app, &flags](const std::string& name, const std::string& key,
                                   const std::string& type, const std::string& text) {
    app.add_option_function<std::string>(
           name, [&flags, key](const std::string& value) { flags.knobs.emplace_back(key, value); },
           text + " (knob " + key + ")")
        ->type_name(type);
  };
  knob("--port", "sim.port", "PORT", "TCP port on loopback; 0: any");
  knob("--seed", "sim.seed", "N", "The same seed makes the same market");
  knob("--rate", "sim.rate", "N", "Events a second outside bursts");
  knob("--stocks", "sim.stocks", "N", "Number of stocks");
  knob("--options", "sim.options", "N", "Number of option contracts; 0: none");
  knob("--hours", "sim.hours", "always|exchange", "Open at once, or New York's hours");
  app.add_option("--taq", flags.taq,
                 "Replay TAQ files: TRADES QUOTES [symbol=NAME] [market=stocks|options] "
                 "[tape=A|B|C]; repeatable")
      ->type_name("FILE FILE [WORD]...");
  app.add_option("--speed", flags.speed,
                 "live (synthetic default), a factor (TAQ default: 1), or max: as fast as clients "
                 "read")
      ->type_name("live|N|max");
  app.add_option("--start", flags.start,
                 "New York time at which a synthetic market that is not live begins (default " +
                     std::string(default_start) + ")")
      ->type_name("TIME");
  app.add_option("--wait-for", flags.wait_for,
                 "Start when clients hold N different subscriptions (default: 0 live, else 1)")
      ->type_name("N");
  app.add_option("--events", flags.events, "End the stream after N events; 0: never")
      ->type_name("N");
  app.add_option("--slow", flags.slow,
                 "A client that does not keep up: cut (default), or wait (default with max)")
      ->type_name("cut|wait");
  app.add_flag("--no-bars", flags.no_bars, "No A and AM events");
  app.add_flag("--exit-at-end", flags.exits_at_end,
               "End when the stream has ended and every byte is delivered");
  app.add_option("--format", flags.format, "What is printed on standard output")
      ->type_name("text|json");
}

Error usage(std::string what) {
  return Error{ErrorCode::usage, 0, std::move(what)};
}

QuotaPolicy quota_of(const std::string& text) {
  if (text == "refuse_new") return QuotaPolicy::refuse_new;
  return text == "random" ? QuotaPolicy::random : QuotaPolicy::evict_oldest;
}

// The knobs, checked by Config already.
void read_knobs(const Config& config, SimOptions& options) {
  options.run_dir = config.run_dir();
  options.key = config.text("sim.key");
  options.market.seed = static_cast<std::uint64_t>(config.integer("sim.seed"));
  options.market.rate = static_cast<std::uint64_t>(config.integer("sim.rate"));
  options.market.stock_count = static_cast<std::size_t>(config.integer("sim.stocks"));
  options.market.option_count = static_cast<std::size_t>(config.integer("sim.options"));
  options.market.hours = config.text("sim.hours") == "exchange" ? Hours::exchange : Hours::always;
  ServerOptions& server = options.server;
  server.port = static_cast<std::uint16_t>(config.integer("sim.port"));
  server.connections_max = static_cast<std::size_t>(config.integer("sim.connections_max"));
  server.quota = quota_of(config.text("sim.quota"));
  server.wire.seed = options.market.seed;
  server.wire.buffer_bytes = static_cast<std::size_t>(config.integer("sim.buffer_bytes"));
  server.wire.frame_events_max = static_cast<std::size_t>(config.integer("sim.frame_events_max"));
  options.pump.frame_interval_ns =
      static_cast<std::uint64_t>(config.integer("sim.frame_interval_us")) * 1000;
  const std::vector<std::string> plan = config.list("sim.markets");
  for (std::size_t m = 0; m < market_count; ++m) {
    SessionOptions& session = server.wire.sessions[m];
    session.market = static_cast<Market>(m);
    session.is_in_plan =
        std::find(plan.begin(), plan.end(), market_name(session.market)) != plan.end();
    session.topics_refused = config.list("sim.topics_refused");
    session.acks_batched = config.boolean("sim.acks_batched");
    session.auth_timeout_ns =
        static_cast<std::uint64_t>(config.integer("sim.auth_timeout_ms")) * ns_per_ms;
    session.option_quotes_max = static_cast<std::size_t>(config.integer("sim.option_quotes_max"));
  }
}

// What only flags say, and what follows from several of them.
Status read_flags(const Flags& flags, SimOptions& options) {
  for (const std::vector<std::string>& words : flags.taq) {
    auto set = parse_taq_set(words);
    if (!set) return set.error();
    options.taq.push_back(std::move(*set));
  }
  const bool is_replay = !options.taq.empty();
  std::string speed = flags.speed;
  if (speed.empty()) speed = is_replay ? "1" : "live";
  if (Status read = parse_speed(speed, options.pump); !read) return read;
  const bool is_live = options.pump.pace == Pace::live;
  if (is_live && is_replay) return usage("--speed live: a replay has its own times; say 1");
  if (!flags.start.empty() && (is_live || is_replay)) {
    return usage("--start needs a synthetic market and --speed N or max");
  }
  if (is_live) {
    options.market.ts_start_ns = wall_ns();
  } else {
    const auto start = parse_start(flags.start.empty() ? std::string(default_start) : flags.start);
    if (!start) return start.error();
    options.market.ts_start_ns = *start;
  }
  if (flags.wait_for < -1) return usage("--wait-for: a number of subscriptions, 0 or more");
  options.pump.wait_for_pairs =
      flags.wait_for >= 0 ? static_cast<std::size_t>(flags.wait_for) : (is_live ? 0U : 1U);
  if (!flags.slow.empty() && flags.slow != "cut" && flags.slow != "wait") {
    return usage("--slow: cut or wait, not '" + flags.slow + "'");
  }
  options.pump.waits_for_slow =
      flags.slow == "wait" || (flags.slow.empty() && options.pump.pace == Pace::max);
  options.server.wire.frame_sizes_random = options.pump.pace == Pace::max;
  options.pump.events_max = flags.events;
  if (flags.format != "text" && flags.format != "json") {
    return usage("--format: text or json, not '" + flags.format + "'");
  }
  options.is_json = flags.format == "json";
  options.with_bars = !flags.no_bars;
  options.exits_at_end = flags.exits_at_end;
  return {};
}

// `digits` digits at `at`, or -1.
int number_at(const std::string& text, std::size_t at, std::size_t digits) {
  int value = -1;
  const char* const first = text.data() + at;
  const auto read = std::from_chars(first, first + digits, value);
  return read.ec == std::errc{} && read.ptr == first + digits && *first != '-' ? value : -1;
}

}  // namespace

Status parse_speed(const std::string& text, PumpOptions& pump) {
  if (text == "live" || text == "max") {
    pump.pace = text == "live" ? Pace::live : Pace::max;
    return {};
  }
  const auto milli = parse_decimal(text, 3);
  if (!milli || *milli < 1 || *milli > 1'000'000'000) {
    return usage("--speed: live, max or a factor from 0.001 to 1000000, not '" + text + "'");
  }
  pump.pace = Pace::scaled;
  pump.speed_milli = static_cast<std::uint64_t>(*milli);
  return {};
}

Result<std::uint64_t> parse_start(const std::string& text) {
  const auto refused = [&text] {
    return usage("--start: a New York time as 2026-03-02T09:29:00, not '" + text + "'");
  };
  if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':') {
    return refused();
  }
  const std::chrono::year_month_day date{
      std::chrono::year{number_at(text, 0, 4)},
      std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
      std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if (!date.ok() || date.year() < std::chrono::year{2007} || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59) {
    return refused();
  }
  const std::int64_t day = std::chrono::sys_days{date}.time_since_epoch().count();
  return static_cast<std::uint64_t>(ny_instant_s(day, hour * 3600 + minute * 60 + second)) *
         ns_per_s;
}

Result<SimOptions> parse_sim_options(int argc, const char* const* argv) {
  Flags flags;
  CLI::App app{"A stock and option market that speaks the vendor's WebSocket protocol over TLS",
               "ringside sim"};
  app.footer(footer());
  declare(app, flags);
  const Result<bool> parsed = parse_flags(app, argc, argv);
  if (!parsed) return parsed.error();
  SimOptions options;
  options.is_done = *parsed;
  if (options.is_done) return options;
  Result<Config::Options> wanted = flags.common.options();
  if (!wanted) return wanted.error();
  for (auto& knob : flags.knobs) wanted->overrides.push_back(std::move(knob));
  const Result<Config> config = Config::load(*wanted);
  if (!config) return config.error();
  log::init("ringside-sim", log::parse_level(config->text("log.level")).value_or(log::Level::info));
  read_knobs(*config, options);
  if (const Status read = read_flags(flags, options); !read) return read.error();
  return options;
}

}  // namespace ringside::sim
