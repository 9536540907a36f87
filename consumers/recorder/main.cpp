// The program ringside-recorder: flags, configuration and exit codes are run_program's.
#include "recorder.hpp"
#include "ringside/base/cli.hpp"

int main(int argc, char** argv) {
  return ringside::run_program(
      argc, argv,
      {.name = "ringside-recorder",
       .summary = "Records feeds to DBN files, with a catalog and a receipt of every record.",
       .example = "ringside-recorder --config ringside.toml --set recorder.dir=/srv/recordings"},
      ringside::recorder::run);
}
