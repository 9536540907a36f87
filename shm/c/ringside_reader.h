/* Owns the part of the C interface that reads rings; ringside.h includes it, include that one.
 * Invariant of every reader, at any instant: received + lost + pending == published - start. */
#ifndef RINGSIDE_READER_H
#define RINGSIDE_READER_H

#ifndef RINGSIDE_H
#error "include ringside.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A ringside_reader is a place in one ring; the writer does not know of it. Which ring. */
enum {
  RINGSIDE_RING_TICKS = 1, /* of one instrument */
  RINGSIDE_RING_BARS = 2,  /* of one instrument */
  RINGSIDE_TAPE_TICKS = 3, /* everything of the feed, in publish order; instrument_id is not used */
  RINGSIDE_TAPE_BARS = 4
};

/* Where to begin. */
enum {
  RINGSIDE_START_NEWEST = 0,  /* only what comes from now on */
  RINGSIDE_START_OLDEST = 1,  /* what the ring still holds, less an eighth if it was lapped */
  RINGSIDE_START_SEQUENCE = 2 /* at `sequence`; what is overwritten already counts as lost */
};

/* Makes a reader of the attached epoch. EMPTY, and *reader NULL: not attached yet, or the
 * instrument has no such ring. Allocates. The thread of the feed. */
RINGSIDE_API int ringside_reader_open(ringside_feed* feed, uint32_t ring, uint32_t instrument_id,
                                      uint32_t start, uint64_t sequence,
                                      ringside_reader** reader) RINGSIDE_NOEXCEPT;

/* What was peeked at, and ringside_ring_memory(), end with it. NULL is allowed. */
RINGSIDE_API void ringside_reader_close(ringside_reader* reader) RINGSIDE_NOEXCEPT;

/* Copies the next record. OK; EMPTY: nothing new; LAPPED: the writer overtook this reader, `lost`
 * grew by exactly what is gone, and the next call goes on with the oldest record still there.
 * Cost  OK: the record's cache lines. EMPTY: one load, usually from this core's cache. */
RINGSIDE_API int ringside_poll_tick(ringside_reader* reader, ringside_tick* out) RINGSIDE_NOEXCEPT;
RINGSIDE_API int ringside_poll_bar(ringside_reader* reader, ringside_bar* out) RINGSIDE_NOEXCEPT;

/* Copies up to `room` records to `out`; *count says how many, whatever is returned. OK: at least
 * one; EMPTY: none; LAPPED: the *count records end before a loss, which is counted already. */
RINGSIDE_API int ringside_poll_ticks(ringside_reader* reader, ringside_tick* out, size_t room,
                                     size_t* count) RINGSIDE_NOEXCEPT;
RINGSIDE_API int ringside_poll_bars(ringside_reader* reader, ringside_bar* out, size_t room,
                                    size_t* count) RINGSIDE_NOEXCEPT;

/* The next record in place, without copying it and without moving on. Returns as poll. *record is a
 * ringside_tick or ringside_bar that the writer may replace at any instant: take its fields with
 * ringside_load(), believe none before ringside_take() or ringside_still_valid() said OK. Good
 * until the reader is closed. */
RINGSIDE_API int ringside_peek(ringside_reader* reader, const void** record) RINGSIDE_NOEXCEPT;

/* Was everything loaded since the peek of that one record? OK or LAPPED; does not move on. */
RINGSIDE_API int ringside_still_valid(const ringside_reader* reader) RINGSIDE_NOEXCEPT;

/* Ends a peek: OK, and the record counts as received; LAPPED: the writer came in between, `lost`
 * grew, forget what was loaded. Errors  usage: nothing was peeked at. */
RINGSIDE_API int ringside_take(ringside_reader* reader) RINGSIDE_NOEXCEPT;

/* Loads a field of a peeked record; cast the result to the field's type (up to 8 bytes):
 *   int64_t price = (int64_t)ringside_load(record, offsetof(ringside_tick, trade.price));
 *   uint8_t kind = (uint8_t)ringside_load(record, offsetof(ringside_tick, kind)); */
static inline uint64_t ringside_load(const void* record, size_t offset) {
#ifdef __cplusplus
  const uint64_t* const words = static_cast<const uint64_t*>(record);
#else
  const uint64_t* const words = record;
#endif
  /* acquire: pairs with the writer's release of that word in a later lap. */
  return __atomic_load_n(words + offset / 8, __ATOMIC_ACQUIRE) >> (8 * (offset % 8));
}

/* Is there anything to poll, a record or a loss? 1 or 0. Cost: as an empty poll. */
RINGSIDE_API int ringside_has_news(const ringside_reader* reader) RINGSIDE_NOEXCEPT;

/* After RINGSIDE_EVENT_LOST, when polling says EMPTY: a record that the writer died inside is
 * counted as lost, once. Returns OK if there was such a record, else EMPTY. */
RINGSIDE_API int ringside_settle(ringside_reader* reader) RINGSIDE_NOEXCEPT;

typedef struct ringside_receipt {
  uint64_t start; /* sequence of the first record asked for */
  uint64_t received;
  uint64_t lost;      /* overwritten before this reader came */
  uint64_t pending;   /* published, not read yet */
  uint64_t published; /* by the writer, since the ring began */
  uint64_t torn;      /* left unfinished by a dead writer; part of lost */
} ringside_receipt;

/* What this reader can account for. Cost: about log2(slots) slots. */
RINGSIDE_API int ringside_account(const ringside_reader* reader,
                                  ringside_receipt* receipt) RINGSIDE_NOEXCEPT;

/* The ring's own bytes, for languages that view memory: record s lies in slot s mod slot_count,
 * whole while its stamp is 2 * s + 2. Read-only, and replaced by the writer at any instant: look
 * at the stamp before and after. Good until the reader is closed. */
RINGSIDE_API int ringside_ring_memory(const ringside_reader* reader, const void** memory,
                                      uint64_t* slot_count,
                                      uint32_t* record_bytes) RINGSIDE_NOEXCEPT;

/* Maps the ring's pages into this process now, so that no read takes a page fault later. EMPTY: the
 * kernel does not know how (before Linux 5.14). */
RINGSIDE_API int ringside_prefault(const ringside_reader* reader) RINGSIDE_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* RINGSIDE_READER_H */
