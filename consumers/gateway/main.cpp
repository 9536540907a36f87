// ringside-gateway: serves browsers from the feeds' shared memory.
#include "gateway.hpp"
#include "ringside/base/cli.hpp"

int main(int argc, char** argv) {
  return ringside::run_program(
      argc, argv,
      {.name = "ringside-gateway",
       .summary = "Serves quotes, trades and bars from shared memory over HTTP and WebSocket.",
       .example = "ringside-gateway --config ringside.toml --set gateway.port=8080"},
      ringside::gateway::run_gateway);
}
