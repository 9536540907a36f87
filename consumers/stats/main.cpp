// The statistics program: flags and configuration in, one exit code out.
#include "ringside/base/cli.hpp"
#include "service.hpp"

int main(int argc, char** argv) {
  return ringside::run_program(
      argc, argv,
      {.name = "ringside-stats",
       .summary = "Makes bars and day statistics from the feeds' trades and publishes them like a "
                  "feed of their own.",
       .example = "ringside-stats --config ringside.toml --set stats.bars=1s,1m,5m"},
      ringside::stats::run);
}
