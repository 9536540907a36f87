// Owns what is measured of a channel: one way on a schedule, round trip, lossless throughput, and
// the bare hand-over that stands beside each. The writer's and the reader's half of a measure run
// in two processes. Benchmarks only.
#pragma once

#include <string>
#include <vector>

#include "channel.hpp"
#include "table.hpp"

namespace ringside::bench {

/// What one run came to.
struct Sample {
  Percentiles from_due;    // one way, from the schedule; round trip
  Percentiles from_write;  // one way
  double millions = 0;     // throughput, M records/s
  std::uint64_t lost = 0;
  std::uint64_t hash = 0;
};

struct Pace {
  double per_second = 1e6;
  std::uint64_t count = 0;

  [[nodiscard]] std::uint64_t interval(const Tsc& tsc) const noexcept {
    return tsc.ticks(1e9 / per_second);
  }
};

// A time that lies a little in the future is a clock's rounding, not a hand-over into the past.
[[nodiscard]] inline std::uint64_t since(std::uint64_t then, std::uint64_t now) noexcept {
  return now > then ? now - then : 0;
}

/// One record ahead of a run, so that what connects late has connected.
inline constexpr std::uint64_t first_number = ~std::uint64_t{0};

template <class Record, class Writer>
void send_first(Writer& writer) {
  Record record{};
  record.kind = shm::Kind::trade;
  set_number(record, first_number);
  while (!writer.try_write(record)) {
  }
}
template <class Record, class Reader>
void take_first(Reader& reader) {
  Record record;
  while (!reader.try_read(record)) {
  }
}

// --- one way

template <class Record, class Writer>
void write_paced(Writer& writer, const Pace& pace, const Tsc& tsc) {
  send_first<Record>(writer);
  Record record{};
  record.kind = shm::Kind::trade;
  const std::uint64_t interval = pace.interval(tsc);
  std::uint64_t due = tsc_begin() + tsc.ticks(100'000);
  for (std::uint64_t n = 0; n < pace.count; ++n, due += interval) {
    while (tsc_begin() < due) {
    }
    set_number(record, n);
    record.ts_event = due;
    do {
      record.ts_recv = tsc_begin();
    } while (!writer.try_write(record));
  }
}

// What a reader lost counts, as with the bare word, with the time until the next one was seen.
template <class Record, class Reader>
Sample read_paced(Reader& reader, const Pace& pace, const Tsc& tsc) {
  std::vector<std::uint64_t> from_due, from_write;
  from_due.reserve(pace.count);
  from_write.reserve(pace.count);
  const std::uint64_t lost_before = lost_by(reader);
  const std::uint64_t sent = pace.count + 1;  // with the one ahead
  Sample sample;
  Record record;
  const std::uint64_t interval = pace.interval(tsc);
  std::uint64_t next = 0;
  std::uint64_t received = 0;
  while (next < pace.count) {
    if (!reader.try_read(record)) {
      // Lost at the very end of a run: nothing comes after it.
      const std::uint64_t lost = lost_by(reader) - lost_before;
      if (lost != 0 && received + lost >= sent) break;
      continue;
    }
    const std::uint64_t now = tsc_end();
    const std::uint64_t number = number_of(record);
    ++received;
    if (number == first_number) continue;
    for (; next < number; ++next) {
      const std::uint64_t late = since(record.ts_event - (number - next) * interval, now);
      from_due.push_back(late);
      from_write.push_back(late);
    }
    from_due.push_back(since(record.ts_event, now));
    from_write.push_back(since(record.ts_recv, now));
    RINGSIDE_ASSERT(is_whole(record) && number == next);
    ++next;
    sample.hash = (sample.hash ^ number) * 1'099'511'628'211U;
  }
  sample.lost = lost_by(reader) - lost_before;
  RINGSIDE_ASSERT(received + sample.lost == sent);
  sample.from_due = percentiles_of(from_due, tsc);
  sample.from_write = percentiles_of(from_write, tsc);
  return sample;
}

// --- the bare hand-over: one atomic word in a line of its own
//
//     63      40 39                     0
//     number + 1 | ticks when it was written
//
// A value that was overwritten before the reader came counts with the time until the next one was
// seen; when it was written is not known any more, so its due time stands for that.

struct BareWords {
  LineWord there;
  LineWord back;  // the reader's: what it saw last
  LineWord start_ticks;
};
inline constexpr std::uint64_t bare_ticks_mask = (std::uint64_t{1} << 40) - 1;

inline void write_bare(BareWords& words, const Pace& pace, const Tsc& tsc) {
  const std::uint64_t interval = pace.interval(tsc);
  std::uint64_t due = tsc_begin() + tsc.ticks(100'000);
  words.start_ticks.set(due);
  for (std::uint64_t n = 0; n < pace.count; ++n, due += interval) {
    while (tsc_begin() < due) {
    }
    words.there.set((n + 1) << 40 | (tsc_begin() & bare_ticks_mask));
  }
}

inline Sample read_bare(BareWords& words, const Pace& pace, const Tsc& tsc) {
  std::vector<std::uint64_t> from_due, from_write;
  from_due.reserve(pace.count);
  from_write.reserve(pace.count);
  const std::uint64_t interval = pace.interval(tsc);
  std::uint64_t seen = words.back.get();
  std::uint64_t next = 0;
  while (next < pace.count) {
    const std::uint64_t value = words.there.get();
    if (value == seen) continue;
    const std::uint64_t now = tsc_end();
    seen = value;
    const std::uint64_t start = words.start_ticks.get();
    for (const std::uint64_t end = value >> 40; next < end; ++next) {
      const std::uint64_t late = since(start + next * interval, now);
      from_due.push_back(late);
      from_write.push_back(next + 1 < end ? late : (now - value) & bare_ticks_mask);
    }
  }
  words.back.set(seen);
  Sample sample;
  sample.from_due = percentiles_of(from_due, tsc);
  sample.from_write = percentiles_of(from_write, tsc);
  return sample;
}

// --- round trip: the reader's process asks, the writer's answers

template <class Record, class Writer, class Reader>
void answer(Writer& writer, Reader& reader, std::uint64_t count) {
  take_first<Record>(reader);
  send_first<Record>(writer);
  Record record;
  for (std::uint64_t n = 0; n < count; ++n) {
    while (!reader.try_read(record)) {
    }
    while (!writer.try_write(record)) {
    }
  }
}

template <class Record, class Writer, class Reader>
Sample ask(Writer& writer, Reader& reader, std::uint64_t count, const Tsc& tsc) {
  std::vector<std::uint64_t> ticks;
  ticks.reserve(count);
  send_first<Record>(writer);
  take_first<Record>(reader);
  Record record{};
  record.kind = shm::Kind::trade;
  Record echo;
  Sample sample;
  for (std::uint64_t n = 0; n < count; ++n) {
    set_number(record, n);
    record.ts_recv = tsc_begin();
    while (!writer.try_write(record)) {
    }
    while (!reader.try_read(echo)) {
    }
    ticks.push_back(tsc_end() - record.ts_recv);
    RINGSIDE_ASSERT(is_whole(echo) && number_of(echo) == n);
    sample.hash = (sample.hash ^ n) * 1'099'511'628'211U;
  }
  sample.from_due = percentiles_of(ticks, tsc);
  return sample;
}

inline void answer_bare(BareWords& words, std::uint64_t count) {
  std::uint64_t seen = words.back.get();
  for (std::uint64_t n = 0; n < count; ++n) {
    std::uint64_t value = seen;
    while ((value = words.there.get()) == seen) {
    }
    seen = value;
    words.back.set(value);
  }
}

inline Sample ask_bare(BareWords& words, std::uint64_t count, const Tsc& tsc) {
  std::vector<std::uint64_t> ticks;
  ticks.reserve(count);
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::uint64_t begin = tsc_begin();
    words.there.set(begin);
    while (words.back.get() != begin) {
    }
    ticks.push_back(tsc_end() - begin);
  }
  Sample sample;
  sample.from_due = percentiles_of(ticks, tsc);
  return sample;
}

// --- lossless throughput

// An end lies on the stack meanwhile, as in a consumer's own loop: what it counts stays in
// registers.

template <class Record, class Writer>
void write_all(Writer& kept, std::uint64_t count) {
  Writer writer = std::move(kept);
  Record record{};
  record.kind = shm::Kind::trade;
  for (std::uint64_t n = 0; n < count; ++n) {
    set_number(record, n);
    while (!writer.try_write(record)) {
    }
  }
  if constexpr (requires { writer.flush(); }) writer.flush();
  kept = std::move(writer);
}

template <class Record, class Reader>
Sample read_all(Reader& kept, std::uint64_t count, const Tsc& tsc) {
  Reader reader = std::move(kept);
  Sum sum;
  const std::uint64_t lost_before = lost_by(reader);
  const auto drain = [&] {
    if constexpr (requires { reader.drain(sum); }) {
      reader.drain(sum);
    } else {
      Record record;
      if (!reader.try_read(record)) return;
      keep(record);
      sum.add(record);
    }
  };
  while (sum.count == 0) drain();  // the clock starts when the writer has begun
  const std::uint64_t begin = tsc_end();
  const std::uint64_t first = sum.count;
  while (sum.count < count) drain();
  const double ns = tsc.ns(tsc_end() - begin);
  std::uint64_t expected = 0;
  for (std::uint64_t n = 0; n < count; ++n) expected += n ^ (n * 3);
  Sample sample;
  sample.millions = static_cast<double>(count - first) * 1e3 / ns;
  sample.lost = lost_by(reader) - lost_before;
  sample.hash = sum.sum;
  kept = std::move(reader);
  RINGSIDE_ASSERT(sum.count == count && sum.sum == expected && sample.lost == 0);
  return sample;
}

}  // namespace ringside::bench
