/* Follows one symbol's trades and quotes, over restarts of the feed handler, and prints what each
 * epoch received and lost. One thread.
 *   cc -std=c11 follow_symbol.c $(pkg-config --cflags --libs ringside) -o follow_symbol */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <ringside.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_int stopped;
static void stop(int number) {
  (void)number;
  atomic_store_explicit(&stopped, 1, memory_order_relaxed); /* relaxed: only a wish to end */
}

static uint64_t number_of(const char* text) {
  uint64_t number = 0;
  while (*text >= '0' && *text <= '9') number = number * 10 + (uint64_t)(*text++ - '0');
  return number;
}

static void print_tick(const char* symbol, const ringside_tick* tick) {
  const int64_t px = tick->kind == RINGSIDE_KIND_QUOTE ? tick->quote.bid_px : tick->trade.price;
  printf("%s %s %" PRId64 ".%09" PRId64 "\n", symbol, ringside_kind_name(tick->kind),
         px / RINGSIDE_PRICE_ONE, px % RINGSIDE_PRICE_ONE);
}

/* Prints what is there, up to *wanted records; what is lost the receipt counts. */
static void drain(ringside_reader* reader, const char* symbol, uint64_t* wanted) {
  ringside_tick ticks[64];
  size_t count = 0;
  int status = RINGSIDE_OK;
  while (reader != NULL && *wanted != 0 && status != RINGSIDE_EMPTY) {
    status = ringside_poll_ticks(reader, ticks, *wanted < 64 ? *wanted : 64, &count);
    for (size_t i = 0; i < count; ++i) {
      if (ticks[i].kind <= RINGSIDE_KIND_QUOTE) print_tick(symbol, &ticks[i]);
    }
    *wanted -= count;
  }
}

/* Subscribes and opens the symbol's ring. EMPTY: the feed cannot say now, ask again. */
static int begin(ringside_feed* feed, const char* symbol, uint32_t start, ringside_reader** out) {
  ringside_answer answer;
  const uint32_t kinds = RINGSIDE_WANT_TRADES | RINGSIDE_WANT_QUOTES;
  const int status = ringside_feed_subscribe(feed, &symbol, 1, kinds, &answer);
  if (status != RINGSIDE_OK || answer.reason == RINGSIDE_REFUSED_FEED_GONE) return RINGSIDE_EMPTY;
  if (answer.state == RINGSIDE_SYMBOL_REFUSED) {
    fprintf(stderr, "refused: %s\n", ringside_refused_name(answer.reason));
    return RINGSIDE_E_NOT_FOUND;
  }
  return ringside_reader_open(feed, RINGSIDE_RING_TICKS, answer.instrument_id, start, 0, out);
}

static void print_receipt_and_close(ringside_reader* reader) {
  ringside_receipt sum;
  if (ringside_account(reader, &sum) != RINGSIDE_OK) return; /* there is none */
  printf("receipt: received %" PRIu64 " lost %" PRIu64 " pending %" PRIu64 " of %" PRIu64 "\n",
         sum.received, sum.lost, sum.pending, sum.published - sum.start);
  ringside_reader_close(reader);
}

int main(int argc, char** argv) {
  const int wants_help = argc == 2 && strcmp(argv[1], "--help") == 0;
  if (wants_help || argc < 3 || argc > 5) {
    fprintf(wants_help ? stdout : stderr, "follow_symbol SOCKET SYMBOL [COUNT [SECONDS]]\n");
    return wants_help ? 0 : 2;
  }
  uint64_t wanted = argc > 3 && number_of(argv[3]) != 0 ? number_of(argv[3]) : UINT64_MAX;
  signal(SIGINT, stop);
  signal(SIGALRM, stop);
  if (argc > 4) alarm((unsigned)number_of(argv[4]));
  const ringside_options options = {.size = sizeof(options), .path = argv[1], .name = "follow"};
  ringside_feed* feed = NULL;
  int status = ringside_feed_open(&options, &feed);
  if (status == RINGSIDE_OK) status = ringside_feed_attach(feed);
  ringside_reader* reader = NULL;
  uint32_t start = RINGSIDE_START_NEWEST;
  while (status >= 0 && wanted != 0 && !atomic_load_explicit(&stopped, memory_order_relaxed)) {
    status = ringside_feed_poll(feed);
    if (status == RINGSIDE_EVENT_ATTACHED && reader != NULL) { /* a new epoch: end the old one */
      drain(reader, argv[2], &wanted);
      if (wanted != 0) ringside_settle(reader);
      print_receipt_and_close(reader);
      reader = NULL;
      start = RINGSIDE_START_OLDEST;
    }
    if (reader == NULL && status >= 0) status = begin(feed, argv[2], start, &reader);
    drain(reader, argv[2], &wanted);
    if (wanted != 0) ringside_feed_sleep(feed, &reader, reader != NULL, 5000000);
  }
  if (status < 0) fprintf(stderr, "follow_symbol: %s\n", ringside_error_text());
  print_receipt_and_close(reader);
  ringside_feed_close(feed);
  return status < 0 ? -status : 0;
}
