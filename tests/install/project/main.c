/* A user's program in C: prints what it linked, and what attaching to nobody answers. */
#include <ringside.h>
#include <stdio.h>

int main(void) {
  const ringside_options options = {.size = sizeof(options), .path = "nobody.sock"};
  ringside_feed* feed = NULL;
  if (ringside_feed_open(&options, &feed) != RINGSIDE_OK) return 1;
  const int status = ringside_feed_attach(feed);
  printf("c %s layout %u attach %d\n", ringside_version(), ringside_layout_version(), status);
  ringside_feed_close(feed);
  return 0;
}
