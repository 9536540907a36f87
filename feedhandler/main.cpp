// Owns the entry of ringside-feedhandler: flags and configuration in, one exit code out.
#include "feed.hpp"
#include "ringside/base/cli.hpp"

int main(int argc, char** argv) {
  return ringside::run_program(
      argc, argv,
      {.name = "ringside-feedhandler",
       .summary = "Takes the vendor's market data into shared memory, one segment a feed.",
       .example = "RINGSIDE_MASSIVE_KEY=... ringside-feedhandler --config ringside.toml"},
      ringside::feed::run_feedhandler);
}
