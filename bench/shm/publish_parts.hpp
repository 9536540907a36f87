// Owns what the parts of publish_bench share: their names and how events are made. Each part prints
// its own tables. Benchmarks only.
#pragma once

#include <vector>

#include "bench_segment.hpp"
#include "options.hpp"
#include "peer.hpp"
#include "table.hpp"
#include "zipf.hpp"

namespace ringside::bench {

void bench_publish(const Options& options, const Tsc& tsc);
void bench_set(const Options& options, const Tsc& tsc);
void bench_tape(const Options& options, const Tsc& tsc);
void bench_last(const Options& options, const Tsc& tsc);
void bench_lookup(const Options& options, const Tsc& tsc);
void bench_attach(const Options& options, const Tsc& tsc);
void bench_wake(const Options& options, const Tsc& tsc);
void bench_memory(const Options& options, const Tsc& tsc);

/// An event: an instrument id, and in the highest bit whether it is a quote.
using Event = std::uint32_t;
inline constexpr Event event_is_quote = 1U << 31;

[[nodiscard]] constexpr std::uint32_t id_of(Event event) noexcept {
  return event & ~event_is_quote;
}

/// Trades only, or three trades in ten with the rest quotes, as a consolidated feed has them.
[[nodiscard]] inline std::vector<Event> make_events(Spread spread, std::uint32_t symbols,
                                                    bool is_mixed, std::size_t count) {
  std::vector<Event> events = make_ids(spread, symbols, count);
  std::mt19937_64 random(29);
  for (Event& event : events) {
    if (is_mixed && random() % 10 >= 3) event |= event_is_quote;
  }
  return events;
}

/// Publishes events as records that were made a batch before: a record whose fields were stored
/// just now cannot be loaded by words before those stores have left the processor.
class Publisher {
 public:
  static constexpr std::uint64_t batch = 256;  // 16 KiB of records, in the first cache

  /// events.size() is a power of two and a multiple of `batch`.
  Publisher(shm::SegmentWriter& segment, const std::vector<Event>& events) noexcept
      : segment_(segment), events_(events), mask_(events.size() - 1) {
    records_.resize(batch, test::numbered_trade(1));
  }

  /// Makes the records of events at .. at + batch - 1.
  void prepare(std::uint64_t at) noexcept {
    begin_ = at;
    for (std::uint64_t i = 0; i < batch; ++i) fill(records_[i], at + i);
    keep(*records_.data());
  }
  [[nodiscard]] const shm::TickRecord& record(std::uint64_t i) const noexcept {
    return records_[i];
  }
  [[nodiscard]] std::uint32_t id_at(std::uint64_t at) const noexcept {
    return id_of(events_[at & mask_]);
  }
  void fill(shm::TickRecord& record, std::uint64_t at) const noexcept {
    const Event event = events_[at & mask_];
    record.instrument_id = id_of(event);
    record.kind = (event & event_is_quote) != 0 ? shm::Kind::quote : shm::Kind::trade;
    record.ts_event = at;
  }

  /// Publishes what was prepared; `ahead` != 0: prefetches the event that many later.
  template <std::uint64_t ahead = 0>
  void publish_batch() noexcept {
    shm::SegmentWriter& segment = segment_;
    for (std::uint64_t i = 0; i < batch; ++i) {
      if constexpr (ahead != 0) segment.prefetch(id_at(begin_ + i + ahead));
      segment.publish(records_[i]);
    }
  }
  [[nodiscard]] shm::SegmentWriter& segment() const noexcept { return segment_; }

 private:
  shm::SegmentWriter& segment_;
  const std::vector<Event>& events_;
  std::uint64_t mask_;
  std::uint64_t begin_ = 0;
  std::vector<shm::TickRecord> records_;
};

/// Of everything that is still on the tape, oldest first.
[[nodiscard]] inline std::uint64_t hash_of_tape(const shm::SegmentWriter& segment) {
  const shm::SegmentView view = map_segment(segment);
  shm::TapeReader reader(view.tick_tape(), shm::StartAt::oldest);
  shm::TickRecord record;
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  while (reader.poll(record) == shm::ReadStatus::ok) {
    for (const std::uint64_t word : {record.ts_event, std::uint64_t{record.instrument_id},
                                     static_cast<std::uint64_t>(record.kind)}) {
      hash = (hash ^ word) * 1'099'511'628'211U;
    }
  }
  return hash;
}

}  // namespace ringside::bench
