// Owns what `ringside sim` can be told: flags over the sim.* knobs. Off the path; allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"
#include "sim/market.hpp"
#include "sim/pump.hpp"
#include "sim/server.hpp"
#include "sim/taq_replay.hpp"

namespace ringside::sim {

/// Everything a simulator is made from.
struct SimOptions {
  std::string run_dir = {};
  std::string key = {};  // empty: the one in <run_dir>/sim/key, made at the first start
  MarketOptions market{};
  std::vector<TaqSet> taq = {};  // not empty: replay instead of a synthetic market
  bool with_bars = true;
  PumpOptions pump{};
  ServerOptions server{};
  bool is_json = false;  // what is printed
  bool exits_at_end = false;
  bool is_done = false;  // --help was asked for and printed
};

/// Reads flags, environment, file and defaults.
/// Errors  usage: a flag; config: a value or the file; not_found: the file. One line each.
[[nodiscard]] Result<SimOptions> parse_sim_options(int argc, const char* const* argv);

/// "live", "max", "2", "0.5", "60x" is refused. Errors  usage.
[[nodiscard]] Status parse_speed(const std::string& text, PumpOptions& pump);

/// "2026-03-02T09:29:00", New York time -> ns UTC. Errors  usage.
[[nodiscard]] Result<std::uint64_t> parse_start(const std::string& text);

}  // namespace ringside::sim
