/* Owns the C interface of Ringside: attach to a feed, subscribe, read its rings. C11 or C++11 and
 * newer; link with -lringside (SONAME libringside.so.0). docs/clients.md shows it at work.
 *
 * Threads   A feed belongs to one thread at a time, and so does a reader; different handles may be
 *           used on different threads at once. A reader may leave the thread of its feed, and may
 *           outlive it: it keeps the memory mapped until ringside_reader_close().
 * Answers   int: 0 or more is an answer (RINGSIDE_OK, _EMPTY, _LAPPED), less is an error
 *           (RINGSIDE_E_*: the negative of the exit code in docs/faults.md). After an error,
 *           ringside_error_text() says what was wrong. A null pointer, a wrong kind of reader or a
 *           number out of range is RINGSIDE_E_USAGE; nothing here throws or ends the process for
 * it. Only memory that runs out ends the process, as in any program of the project. Cost      What
 * is called for each record (poll, peek, has_news, take) neither allocates nor calls the kernel.
 * Everything else may be slow. */
#ifndef RINGSIDE_H
#define RINGSIDE_H

#include "ringside_record.h"

#define RINGSIDE_API __attribute__((visibility("default")))
#ifdef __cplusplus
#define RINGSIDE_NOEXCEPT noexcept
extern "C" {
#else
#define RINGSIDE_NOEXCEPT
#endif

enum {
  RINGSIDE_OK = 0,
  RINGSIDE_EMPTY = 1,  /* nothing there, or not yet */
  RINGSIDE_LAPPED = 2, /* the writer overtook this reader; the receipt's `lost` grew */
  RINGSIDE_E_INTERNAL = -1,
  RINGSIDE_E_USAGE = -2, /* the caller's mistake */
  RINGSIDE_E_CONFIG = -3,
  RINGSIDE_E_CONNECT = -5,
  RINGSIDE_E_MEMORY = -6,
  RINGSIDE_E_BUSY = -7,
  RINGSIDE_E_NOT_FOUND = -8,
  RINGSIDE_E_VERSION = -10, /* memory of another layout version */
  RINGSIDE_E_PROTOCOL = -11,
  RINGSIDE_E_IO = -12,
  RINGSIDE_E_TIMEOUT = -13,
  RINGSIDE_E_PERMISSION = -14
};

/* What the library is: "0.1.0"; the layout of memory it reads; its records' sizes in bytes. A
 * binding compares them with what it was written for. */
RINGSIDE_API const char* ringside_version(void) RINGSIDE_NOEXCEPT;
RINGSIDE_API uint32_t ringside_layout_version(void) RINGSIDE_NOEXCEPT;
RINGSIDE_API uint32_t ringside_tick_bytes(void) RINGSIDE_NOEXCEPT;
RINGSIDE_API uint32_t ringside_bar_bytes(void) RINGSIDE_NOEXCEPT;

/* One line about this thread's last error; "" before the first. Good until this thread's next. */
RINGSIDE_API const char* ringside_error_text(void) RINGSIDE_NOEXCEPT;

/* "trade", "live", "not_authorized" for values of RINGSIDE_KIND_*, _STATE_* and _REFUSED_*;
 * "unknown" for others. Good for ever. */
RINGSIDE_API const char* ringside_kind_name(uint32_t kind) RINGSIDE_NOEXCEPT;
RINGSIDE_API const char* ringside_state_name(uint32_t state) RINGSIDE_NOEXCEPT;
RINGSIDE_API const char* ringside_refused_name(uint32_t reason) RINGSIDE_NOEXCEPT;

/* --- a feed ---------------------------------------------------------------------------------- */

typedef struct ringside_feed ringside_feed;
typedef struct ringside_reader ringside_reader; /* ringside_reader.h */

/* Fields may be added at the end: `size` says which of them the caller knows. 0: the default. */
typedef struct ringside_options {
  size_t size;            /* sizeof(ringside_options) */
  const char* path;       /* of the feed's socket, <run folder>/<feed>.sock; up to 107 bytes */
  const char* name;       /* up to 31 bytes, shown by `ringside top`; NULL: "c" */
  uint64_t retry_ns;      /* between attempts to attach; default 100 ms */
  uint64_t stale_ns;      /* a heartbeat older than this is a dead writer; default 1 s */
  uint32_t answer_ms_max; /* a feed that does not answer for so long is not there; default 2000 */
  uint32_t reserved_;     /* 0 */
} ringside_options;

/* Makes a consumer of the feed at options->path. Does not attach yet: ringside_feed_poll() does.
 * Errors  usage: no path, or options that this library does not know; config: a path too long. */
RINGSIDE_API int ringside_feed_open(const ringside_options* options,
                                    ringside_feed** feed) RINGSIDE_NOEXCEPT;

/* Lets go of the feed and of everything it subscribed to. Readers stay good. NULL is allowed. */
RINGSIDE_API void ringside_feed_close(ringside_feed* feed) RINGSIDE_NOEXCEPT;

/* What ringside_feed_poll() has seen. */
enum {
  RINGSIDE_EVENT_NONE = 0,
  RINGSIDE_EVENT_ATTACHED = 1, /* a new epoch: instrument ids and rings are new, make new readers */
  RINGSIDE_EVENT_LOST = 2,     /* the feed handler is gone; its memory stays readable */
  RINGSIDE_EVENT_RESUMED = 3   /* after LOST: the same epoch answers again, readers go on */
};

/* Looks at the socket, and attaches, also again after a loss, when it is time. Never waits longer
 * than an attach takes. Call it every few ms. Returns RINGSIDE_EVENT_*.
 * Cost  attached: a system call. */
RINGSIDE_API int ringside_feed_poll(ringside_feed* feed) RINGSIDE_NOEXCEPT;

/* Attaches now or says why not; the next poll tells RINGSIDE_EVENT_ATTACHED all the same.
 * Errors  not_found: no such socket; connect: nobody listens; version, permission, protocol. */
RINGSIDE_API int ringside_feed_attach(ringside_feed* feed) RINGSIDE_NOEXCEPT;

/* Why the feed is not attached, "" if there is nothing to say. Good until the feed's next call. */
RINGSIDE_API const char* ringside_feed_trouble(const ringside_feed* feed) RINGSIDE_NOEXCEPT;

/* What the feed is doing; ringside_info.state. */
enum {
  RINGSIDE_STATE_STARTING = 0,
  RINGSIDE_STATE_CONNECTING = 1,
  RINGSIDE_STATE_LIVE = 2,
  RINGSIDE_STATE_DELAYED = 3,
  RINGSIDE_STATE_RECONNECTING = 4,
  RINGSIDE_STATE_OFFLINE = 5, /* will not come back by itself: bad key */
  RINGSIDE_STATE_CLOSED = 6,  /* market closed */
  RINGSIDE_STATE_ENDED = 7    /* the writer left cleanly */
};

/* Fields may be added at the end: set `size` first. */
typedef struct ringside_info {
  size_t size; /* sizeof(ringside_info) */
  char feed[16];
  uint64_t epoch;            /* ns UTC at which this writer began; a later one's is larger */
  uint64_t heartbeat_age_ns; /* more than about 1 s: the writer is dead or stopped */
  uint32_t state;            /* RINGSIDE_STATE_* */
  uint32_t is_attached;      /* 0: the memory is that of a writer that is gone */
  uint32_t layout_version;
  int32_t price_exponent; /* -9 */
  int32_t size_exponent;  /* of trades and volumes; -6 */
  uint32_t venue_base;    /* add to a record's venue for the vendor's id */
  uint32_t symbol_count;
  uint32_t symbol_capacity;
  uint32_t writer_pid;
  uint32_t reserved_;
} ringside_info;

/* Fills *info. Returns EMPTY, and zeros, before the first attach. Cost: a look at the clock. */
RINGSIDE_API int ringside_feed_info(const ringside_feed* feed,
                                    ringside_info* info) RINGSIDE_NOEXCEPT;

/* Sleeps until one of `readers` has news, the feed rings or `timeout_ns` passed, whichever comes
 * first. Returns OK if one of them has news, else EMPTY. Looks at the readers once more after the
 * feed knows of the sleeper, so that nothing is slept over. `readers` may be NULL if count is 0.
 * The thread of the feed and of these readers. Cost: two system calls, and a wake-up. */
RINGSIDE_API int ringside_feed_sleep(ringside_feed* feed, ringside_reader* const* readers,
                                     size_t count, uint64_t timeout_ns) RINGSIDE_NOEXCEPT;

/* Tells the feed how this consumer stands, for `ringside top`. Never waits. */
RINGSIDE_API int ringside_feed_report(ringside_feed* feed, uint64_t received, uint64_t lost,
                                      uint64_t pending) RINGSIDE_NOEXCEPT;

/* --- symbols --------------------------------------------------------------------------------- */

/* What is wanted of a symbol; bits of `kinds`. */
enum {
  RINGSIDE_WANT_TRADES = 1,
  RINGSIDE_WANT_QUOTES = 2,
  RINGSIDE_WANT_BARS_1S = 4,
  RINGSIDE_WANT_BARS_1M = 8,
  RINGSIDE_WANT_ALL = 15
};

/* Where a symbol stands with the vendor. */
enum {
  RINGSIDE_SYMBOL_NONE = 0,
  RINGSIDE_SYMBOL_PENDING = 1, /* asked for, not acknowledged yet */
  RINGSIDE_SYMBOL_LIVE = 2,    /* acknowledged, or data came */
  RINGSIDE_SYMBOL_IDLE = 3,    /* nobody wants it any more; its ring keeps what it holds */
  RINGSIDE_SYMBOL_REFUSED = 4
};

enum {
  RINGSIDE_REFUSED_NONE = 0,
  RINGSIDE_REFUSED_SYMBOLS_FULL = 1,
  RINGSIDE_REFUSED_MEMORY_FULL = 2,
  RINGSIDE_REFUSED_BAD_SYMBOL = 3, /* empty, too long, or not printable */
  RINGSIDE_REFUSED_NOT_AUTHORIZED = 4,
  RINGSIDE_REFUSED_FEED_GONE = 5
};

typedef struct ringside_answer {
  uint32_t instrument_id; /* RINGSIDE_INSTRUMENT_NONE if there is none */
  uint32_t state;         /* RINGSIDE_SYMBOL_*; NONE: no answer came */
  uint32_t reason;        /* RINGSIDE_REFUSED_*; of a refused symbol */
  uint32_t reserved_;
} ringside_answer;

/* Bytes of a symbol's text with its end. */
#define RINGSIDE_SYMBOL_BYTES 25

/* Asks for `kinds` of `count` symbols, now and after every attach, until unsubscribe.
 * Shapes  answers: room for `count`, or NULL. A refused symbol is an answer, not an error.
 * Returns OK: all answers came; EMPTY: not attached, or lost meanwhile: what was asked for is kept
 * and sent at the next attach. Cost: waits for the feed, up to answer_ms_max per 256 symbols. */
RINGSIDE_API int ringside_feed_subscribe(ringside_feed* feed, const char* const* symbols,
                                         size_t count, uint32_t kinds,
                                         ringside_answer* answers) RINGSIDE_NOEXCEPT;
RINGSIDE_API int ringside_feed_unsubscribe(ringside_feed* feed, const char* const* symbols,
                                           size_t count, uint32_t kinds) RINGSIDE_NOEXCEPT;

/* Symbols published so far, 0 before the first attach; their instrument ids are 0 .. count - 1. */
RINGSIDE_API uint32_t ringside_symbol_count(const ringside_feed* feed) RINGSIDE_NOEXCEPT;

/* The instrument id of a text. EMPTY: the feed does not know it (yet). Cost: a hash, two lines. */
RINGSIDE_API int ringside_symbol_id(const ringside_feed* feed, const char* text,
                                    uint32_t* instrument_id) RINGSIDE_NOEXCEPT;

/* The text of an instrument id, with its end.
 * Shapes  text: room for RINGSIDE_SYMBOL_BYTES. EMPTY, and "", if there is no such instrument. */
RINGSIDE_API int ringside_symbol_text(const ringside_feed* feed, uint32_t instrument_id,
                                      char* text) RINGSIDE_NOEXCEPT;

/* RINGSIDE_SYMBOL_* of an instrument; NONE if there is no such. */
RINGSIDE_API int ringside_symbol_state(const ringside_feed* feed,
                                       uint32_t instrument_id) RINGSIDE_NOEXCEPT;

/* Copies an instrument's newest record of RINGSIDE_KIND_TRADE or _QUOTE, _BAR_1S or _BAR_1M. Its
 * stamp says its number in the symbol's ring (ticks only). EMPTY: none yet. LAPPED: it changed
 * during every try; ask again. */
RINGSIDE_API int ringside_last_tick(const ringside_feed* feed, uint32_t instrument_id,
                                    uint32_t kind, ringside_tick* out) RINGSIDE_NOEXCEPT;
RINGSIDE_API int ringside_last_bar(const ringside_feed* feed, uint32_t instrument_id, uint32_t kind,
                                   ringside_bar* out) RINGSIDE_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#include "ringside_reader.h"

#endif /* RINGSIDE_H */
