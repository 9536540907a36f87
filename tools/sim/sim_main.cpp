// Owns the simulator's standard output: where it listens, and the totals at the end. Main thread.
#include <cstdio>
#include <string>

#include "ringside/base/cli.hpp"
#include "ringside/base/json_writer.hpp"
#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"
#include "sim/options.hpp"
#include "sim/sim.hpp"
#include "sim/simulator.hpp"

namespace ringside::sim {
namespace {

constexpr std::string_view program = "ringside sim";

void print_line(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);  // whoever waits for the line reads a pipe
}

void print_listening(const Simulator& simulator, bool is_json) {
  const std::string port = std::to_string(simulator.port());
  if (!is_json) {
    return print_line("listening on wss://localhost:" + port + "/stocks and /options, authority " +
                      simulator.paths().ca + ", key in " + simulator.paths().key);
  }
  JsonWriter json;
  json.begin_object();
  json.member("type", "listening");
  json.member("port", simulator.port());
  json.member("ca", simulator.paths().ca);
  json.member("key", simulator.paths().key);
  json.member("control", simulator.paths().control);
  json.end_object();
  print_line(json.text());
}

void print_end(Simulator& simulator, bool is_json) {
  const std::string report = simulator.report_json();
  print_line(is_json ? R"({"type":"end","totals":)" + report + "}" : "end of stream: " + report);
}

// Bad rows go to the log, one line each for the first ones.
Status check_rows(const TaqReport* report) {
  if (report == nullptr) return {};
  for (const std::string& note : report->notes) log::warn("{}", note);
  if (report->rows_refused != 0) log::warn("{} rows were refused", report->rows_refused);
  if (report->files_failed == 0) return {};
  return Error{ErrorCode::io, 0,
               std::to_string(report->files_failed) +
                   " TAQ files could not be read to their end: " + report->notes.back()};
}

}  // namespace

int sim_main(int argc, char** argv) {
  const auto options = parse_sim_options(argc, argv);
  if (!options) return report(program, options.error());
  if (options->is_done) return 0;
  if (const Status installed = install_stop_handler(); !installed) {
    return report(program, installed.error());
  }
  auto simulator = Simulator::create(*options);
  if (!simulator) return report(program, simulator.error());
  print_listening(**simulator, options->is_json);
  (*simulator)->run([&] { print_end(**simulator, options->is_json); });
  const Status rows = check_rows((*simulator)->taq_report());
  return rows ? 0 : report(program, rows.error());
}

}  // namespace ringside::sim
