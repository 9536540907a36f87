/* Follows everything a feed publishes, by its tape, and reads each record in place. Prints at the
 * end how many of each kind there were, what it received and what it lost. One thread.
 *
 *   cc -std=c11 follow_everything.c $(pkg-config --cflags --libs ringside) -o follow_everything */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <ringside.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_int stopped;
static uint64_t kinds[256];

static void stop(int number) {
  (void)number;
  atomic_store_explicit(&stopped, 1, memory_order_relaxed); /* relaxed: only a wish to end */
}

static uint64_t number_of(const char* text) {
  uint64_t number = 0;
  while (*text >= '0' && *text <= '9') number = number * 10 + (uint64_t)(*text++ - '0');
  return number;
}

/* Reads what is there, up to *wanted records. */
static void drain(ringside_reader* tape, uint64_t* wanted) {
  const void* record = NULL;
  int status = RINGSIDE_OK;
  while (tape != NULL && *wanted != 0 && status != RINGSIDE_EMPTY) {
    status = ringside_peek(tape, &record);
    if (status != RINGSIDE_OK) continue; /* lapped: the receipt counts it */
    const uint8_t kind = (uint8_t)ringside_load(record, offsetof(ringside_tick, kind));
    /* Only now is it known that `kind` is of one whole record. */
    if (ringside_take(tape) != RINGSIDE_OK) continue;
    ++kinds[kind];
    --*wanted;
  }
}

/* The receipt of one epoch. */
static void end(ringside_reader* reader) {
  ringside_receipt sum;
  if (ringside_account(reader, &sum) != RINGSIDE_OK) return; /* there is none */
  printf("receipt: received %" PRIu64 " lost %" PRIu64 " pending %" PRIu64 " of %" PRIu64 "\n",
         sum.received, sum.lost, sum.pending, sum.published - sum.start);
  ringside_reader_close(reader);
}

int main(int argc, char** argv) {
  const int wants_help = argc == 2 && strcmp(argv[1], "--help") == 0;
  if (wants_help || argc < 2 || argc > 4) {
    fprintf(wants_help ? stdout : stderr, "follow_everything SOCKET [COUNT [SECONDS]]\n");
    return wants_help ? 0 : 2;
  }
  uint64_t wanted = argc > 2 && number_of(argv[2]) != 0 ? number_of(argv[2]) : UINT64_MAX;
  signal(SIGINT, stop);
  signal(SIGALRM, stop);
  if (argc > 3) alarm((unsigned)number_of(argv[3]));

  const ringside_options options = {.size = sizeof(options), .path = argv[1], .name = "everything"};
  ringside_feed* feed = NULL;
  int status = ringside_feed_open(&options, &feed);
  if (status == RINGSIDE_OK) status = ringside_feed_attach(feed);
  ringside_reader* tape = NULL;
  while (status >= 0 && wanted != 0 && !atomic_load_explicit(&stopped, memory_order_relaxed)) {
    status = ringside_feed_poll(feed);
    if (status == RINGSIDE_EVENT_ATTACHED) { /* a new epoch: read the old one to its end */
      const uint32_t start = tape == NULL ? RINGSIDE_START_NEWEST : RINGSIDE_START_OLDEST;
      drain(tape, &wanted);
      if (tape != NULL && wanted != 0) ringside_settle(tape);
      end(tape);
      status = ringside_reader_open(feed, RINGSIDE_TAPE_TICKS, 0, start, 0, &tape);
    }
    drain(tape, &wanted);
    if (wanted != 0) ringside_feed_sleep(feed, &tape, tape != NULL, 5000000);
  }
  if (status < 0) fprintf(stderr, "follow_everything: %s\n", ringside_error_text());
  end(tape);
  ringside_feed_close(feed);
  for (uint32_t kind = 0; kind < 256; ++kind) {
    if (kinds[kind] != 0) printf("%s %" PRIu64 "\n", ringside_kind_name(kind), kinds[kind]);
  }
  return status < 0 ? -status : 0;
}
