// Owns the door of the simulator: what the verb `ringside sim` calls.
#pragma once

namespace ringside::sim {

/// The whole program: flags (argv[0] is skipped), run until SIGINT or SIGTERM or the end of the
/// stream, one line per error on standard error. Returns the exit code.
[[nodiscard]] int sim_main(int argc, char** argv);

}  // namespace ringside::sim
