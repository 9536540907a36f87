// Owns `ringside up`: decides whether the vendor is the real one or the simulator, says what to
// start with which arguments and secrets, and announces the dashboard. Main thread; allocates.
#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "http_probe.hpp"
#include "output.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"
#include "supervisor.hpp"
#include "verbs.hpp"

namespace ringside::cli {

namespace {

constexpr std::int64_t step_ms = 200;
constexpr std::uint64_t sim_patience_ns = 30'000'000'000;
constexpr std::uint64_t ready_patience_ns = 20'000'000'000;  // then we say what it waits for
constexpr std::int64_t probe_ms = 500;

// Folder of this program: the others lie beside it.
Result<std::string> program_folder() {
  std::error_code fault;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", fault);
  if (fault) return Error{ErrorCode::internal, fault.value(), "/proc/self/exe"};
  return self.parent_path().string();
}

Result<std::string> random_key() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return sys_error(ErrorCode::internal, "getrandom");
  }
  std::string key;
  for (const unsigned char byte : bytes) key += fmt::format("{:02x}", byte);
  return key;
}

// The variables a vendor key may come in; nobody but the feed handler gets them.
std::vector<std::string> key_variables(const Config& config) {
  std::set<std::string> names = {"CREDENTIALS_DIRECTORY"};
  for (const std::string& feed : config.instances("feed")) {
    names.insert(environment_name("feed." + feed + ".key"));
    names.insert(environment_name(config.text("feed." + feed + ".vendor") + ".key"));
  }
  return {names.begin(), names.end()};
}

// Is the built-in simulator the vendor? Only when no feed has a key; some with and some without is
// a mistake that a start would hide.
Result<bool> needs_simulator(const Config& config, const UpOptions& options) {
  const std::vector<std::string> feeds = config.enabled_feeds();
  if (feeds.empty()) {
    return Error{ErrorCode::config, 0, "no feed is enabled (feed.<name>.enabled)"};
  }
  if (options.is_sim_forced) return true;
  std::size_t with_key = 0;
  std::optional<Error> missing;
  for (const std::string& feed : feeds) {
    const Result<std::string> key = read_feed_key(config, feed);
    if (!key && (key.error().code != ErrorCode::not_found ||
                 !config.text("feed." + feed + ".key_file").empty())) {
      return key.error();
    }
    if (key) {
      ++with_key;
    } else if (!missing) {
      missing = key.error();
    }
  }
  if (missing && (with_key > 0 || options.is_sim_forbidden)) return std::move(*missing);
  return missing.has_value();
}

std::optional<std::uint16_t> read_port(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::uint16_t port = 0;
  if (!std::getline(file, text)) return {};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc{} || port == 0) return {};
  return port;
}

class Launcher {
 public:
  Launcher(const Config& config, const UpOptions& options, std::string folder)
      : config_(config), options_(options), folder_(std::move(folder)) {}

  Status run() {
    const Result<bool> is_simulated = needs_simulator(config_, options_);
    if (!is_simulated) return is_simulated.error();
    Status status = *is_simulated ? start_simulator() : Status();
    if (status && !is_over()) status = start_rest(*is_simulated);
    if (status) status = watch();
    // A second Ctrl-C ends us at once, and the kernel ends the children.
    std::signal(SIGINT, SIG_DFL);
    supervisor_.stop_all();
    return status;
  }

 private:
  // What every child is told: the same configuration, wherever it came from.
  std::vector<std::string> common_arguments() const {
    std::vector<std::string> out;
    if (!options_.config_file.empty()) out.insert(out.end(), {"--config", options_.config_file});
    for (const auto& [key, value] : options_.overrides) {
      if (key == "run_dir") continue;  // the resolved one is passed below
      out.insert(out.end(), {"--set", fmt::format("{}={}", key, value)});
    }
    out.insert(out.end(), {"--run-dir", config_.run_dir()});
    return out;
  }

  ChildSpec spec(const std::string& role, std::vector<std::string> argv) const {
    const std::vector<std::string> common = common_arguments();
    argv.insert(argv.end(), common.begin(), common.end());
    ChildSpec out{.role = role, .argv = std::move(argv)};
    if (role != "feedhandler") out.environment_removed = key_variables(config_);
    return out;
  }

  Status start_simulator() {
    Result<std::string> key = config_.source("sim.key") == ConfigSource::environment
                                  ? Result<std::string>(config_.text("sim.key"))
                                  : random_key();
    if (!key) return key.error();
    sim_key_ = std::move(*key);
    const std::string port_file = config_.run_dir() + "/sim/port";
    std::error_code ignored;  // not there: nothing to remove
    std::filesystem::remove(port_file, ignored);
    ChildSpec child = spec("sim", {folder_ + "/ringside", "sim"});
    child.environment_set.emplace_back("RINGSIDE_SIM_KEY", sim_key_);
    if (Status started = supervisor_.start(std::move(child)); !started) return started;
    const std::uint64_t end_ns = monotonic_ns() + sim_patience_ns;
    while (!is_over()) {
      if (Status status = supervisor_.step(20); !status) return status;
      if (const auto port = read_port(port_file); port) {
        sim_port_ = *port;
        // A simulator that is started again must be found where the feed handler looks for it.
        supervisor_.append_arguments("sim", {"--set", fmt::format("sim.port={}", sim_port_)});
        put_line(fmt::format("{}the built-in simulator is the vendor (127.0.0.1:{})",
                             options_.is_sim_forced ? "" : "no vendor key, so ", sim_port_));
        flush_output();
        return {};
      }
      if (monotonic_ns() >= end_ns) {
        return Error{ErrorCode::timeout, 0, "the simulator did not write " + port_file};
      }
    }
    return {};
  }

  Status start_rest(bool is_simulated) {
    ChildSpec handler = spec("feedhandler", {folder_ + "/ringside-feedhandler"});
    if (is_simulated) aim_at_simulator(handler);
    if (Status started = supervisor_.start(std::move(handler)); !started) return started;
    for (const char* role : {"recorder", "stats", "gateway"}) {
      Status started = supervisor_.start(spec(role, {folder_ + "/ringside-" + role}));
      if (!started) return started;
    }
    return {};
  }

  void aim_at_simulator(ChildSpec& handler) const {
    handler.environment_removed = key_variables(config_);
    std::set<std::string> variables;
    for (const std::string& feed : config_.enabled_feeds()) {
      const std::string prefix = "feed." + feed + ".";
      for (const std::string& setting :
           {prefix + "host=127.0.0.1", fmt::format("{}port={}", prefix, sim_port_),
            prefix + "ca_file=" + config_.run_dir() + "/sim/ca.pem"}) {
        handler.argv.insert(handler.argv.end(), {"--set", setting});
      }
      variables.insert(environment_name(config_.text(prefix + "vendor") + ".key"));
    }
    for (const std::string& name : variables) handler.environment_set.emplace_back(name, sim_key_);
  }

  // A stop was asked for, or the time of --for has passed.
  bool is_over() const noexcept {
    const std::uint64_t run_ns = static_cast<std::uint64_t>(options_.run_s) * 1'000'000'000U;
    return stop_requested() || (run_ns > 0 && monotonic_ns() - start_ns_ >= run_ns);
  }

  Status watch() {
    while (!is_over()) {
      if (Status status = supervisor_.step(step_ms); !status) return status;
      if (!is_announced_) announce(monotonic_ns() - start_ns_);
    }
    return {};
  }

  std::optional<std::uint16_t> gateway_port() const {
    const auto port = static_cast<std::uint16_t>(config_.integer("gateway.port"));
    if (port != 0) return port;
    return read_port(config_.run_dir() + "/gateway.port");
  }

  // Prints the dashboard's address once the gateway can serve it.
  void announce(std::uint64_t passed_ns) {
    const std::optional<std::uint16_t> port = gateway_port();
    if (!port || supervisor_.find("gateway") == nullptr) return;
    const std::string address = config_.text("gateway.address");
    const bool is_tls = !config_.text("gateway.tls_cert").empty();
    bool is_ready = false;
    std::string reason = "it does not answer";
    if (is_tls) {
      is_ready = is_listening(address, *port, probe_ms);
    } else if (const auto answer = http_get(address, *port, "/ready", probe_ms); answer) {
      is_ready = answer->status == 200;
      reason = answer->body.substr(0, 200);
    }
    if (is_ready) {
      put_line("dashboard: " + dashboard_url(address, *port, is_tls));
      flush_output();
      is_announced_ = true;
    } else if (passed_ns >= ready_patience_ns && !has_complained_) {
      log::warn("the gateway is not ready yet: {}", reason);
      has_complained_ = true;
    }
  }

  const Config& config_;
  const UpOptions& options_;
  std::string folder_;
  std::uint64_t start_ns_ = monotonic_ns();
  Supervisor supervisor_;
  std::string sim_key_;
  std::uint16_t sim_port_ = 0;
  bool is_announced_ = false;
  bool has_complained_ = false;
};

}  // namespace

Status run_up(const Config& config, const UpOptions& options) {
  if (Status made = make_private_dir(config.run_dir()); !made) return made;
  const Result<LockFile> lock = LockFile::acquire(config.run_dir() + "/up.lock");
  if (!lock) return lock.error();
  Result<std::string> folder = program_folder();
  if (!folder) return folder.error();
  return Launcher(config, options, std::move(*folder)).run();
}

}  // namespace ringside::cli
