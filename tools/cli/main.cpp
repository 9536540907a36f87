// The `ringside` command: hands `ringside sim` to the simulator and everything else to the verbs.
// Main thread.
#include <string_view>

#include "sim/sim.hpp"
#include "verbs.hpp"

int main(int argc, char** argv) {
  if (argc >= 2 && std::string_view(argv[1]) == "sim") {
    return ringside::sim::sim_main(argc - 1, argv + 1);
  }
  return ringside::cli::cli_main(argc, argv);
}
