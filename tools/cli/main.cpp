// The `ringside` command: hands `ringside sim` to the simulator and everything else to the verbs.
// Main thread.
#include <string_view>

#if __has_include("sim/sim.hpp")
#include "sim/sim.hpp"
#endif
#include "verbs.hpp"

int main(int argc, char** argv) {
#if __has_include("sim/sim.hpp")
  if (argc >= 2 && std::string_view(argv[1]) == "sim") {
    return ringside::sim::sim_main(argc - 1, argv + 1);
  }
#endif
  return ringside::cli::cli_main(argc, argv);
}
