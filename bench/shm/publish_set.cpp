// The part of publish_bench that follows 50 symbols: with nobody else in the segment, and beside
// 9,950 others that publish as fast as they can. Writer and reader are two processes.
#include "publish_parts.hpp"
#include "ringside/shm/ring_set.hpp"

namespace ringside::bench {
namespace {

constexpr std::uint32_t followed = 50;

struct SetShare {
  Meeting meeting;
  LineWord published;  // of the others, when the reader was done
  LineWord done;
};

struct SetSample {
  double ns_per_poll = 0;  // looks at 50 rings, hardly ever with news
  Percentiles one_way;
  std::uint64_t lost = 0;
};

// One of the 50 each microsecond; in between, the others.
void write_beside(shm::SegmentWriter& segment, SetShare& share, std::uint64_t count,
                  const Tsc& tsc) {
  shm::TickRecord record = test::numbered_trade(1);
  const std::uint32_t others = segment.symbol_count() - followed;
  std::uint32_t other = 0;
  std::uint64_t sent = 0;
  std::uint64_t beside = 0;
  share.meeting.arrive(0);
  const std::uint64_t interval = tsc.ticks(1000);
  for (std::uint64_t due = tsc_begin() + tsc.ticks(100'000); share.done.get() == 0;) {
    if (tsc_begin() < due) {
      if (others == 0) continue;
      segment.publish(record, followed + (other = (other * 5 + 1) % others), 0);
      ++beside;
      continue;
    }
    if (sent == count) continue;
    due += interval;
    record.ts_event = sent++;
    record.ts_recv = tsc_begin();
    segment.publish(record, static_cast<std::uint32_t>(sent * 7 % followed), 0);
  }
  share.published.set(beside);
  share.meeting.arrive(0);
}

SetSample read_set(const shm::SegmentView& view, SetShare& share, std::uint64_t count,
                   const Tsc& tsc) {
  shm::TickRingSet set;
  for (std::uint32_t id = 0; id < followed; ++id) {
    const auto ring = view.tick_ring(id);
    (void)view.prefault(ring);
    set.add(ring, shm::StartAt::newest);
  }
  std::vector<std::uint64_t> ways;
  ways.reserve(count);
  shm::TickRecord record;
  std::uint64_t polls = 0;
  std::uint64_t sum = 0;
  share.meeting.arrive(1);
  const std::uint64_t begin = tsc_end();
  SetSample sample;
  while (ways.size() + sample.lost < count) {
    ++polls;
    const shm::ReadStatus status = set.poll(record);
    if (status == shm::ReadStatus::empty) continue;
    if (status == shm::ReadStatus::lapped) {
      sample.lost = set.receipt().lost;
      continue;
    }
    ways.push_back(tsc_end() - record.ts_recv);
    sum += record.ts_event;
  }
  sample.ns_per_poll = tsc.ns(tsc_end() - begin) / static_cast<double>(polls);
  share.done.set(1);
  share.meeting.arrive(1);
  RINGSIDE_ASSERT(sample.lost != 0 || sum == count * (count - 1) / 2);
  sample.one_way = percentiles_of(ways, tsc);
  return sample;
}

}  // namespace

void bench_set(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  const std::uint64_t count = options.is_small ? 500 : 200'000;
  Table table("50 symbols followed by a RingSet, one record each microsecond; ns",
              {"symbols in the segment", "others publish, M/s", "a poll of 50 rings", "one way p50",
               "p99", "lost"});
  for (const std::uint32_t symbols : {followed, options.is_small ? 200U : 10'000U}) {
    Rounds poll, p50, p99, beside, lost;
    for (int round = 0; round < options.rounds; ++round) {
      // A new one each time: the writer is a fork, and this process' count would stand still.
      const auto segment = make_segment({.symbols = symbols, .tick_slots = 1024});
      const shm::SegmentView view = map_segment(*segment);
      Shared<SetShare> share;
      Peer writer(options.writer_cpu, [&] { write_beside(*segment, *share, count, tsc); });
      (void)pin_to(options.reader_cpu);
      const std::uint64_t begin = tsc_end();
      const SetSample sample = read_set(view, *share, count, tsc);
      const double seconds = tsc.ns(tsc_end() - begin) / 1e9;
      writer.join();
      (void)pin_to(options.writer_cpu);
      poll.add(sample.ns_per_poll);
      p50.add(sample.one_way.p50);
      p99.add(sample.one_way.p99);
      lost.add(static_cast<double>(sample.lost));
      beside.add(static_cast<double>(share->published.get()) / seconds / 1e6);
    }
    table.row({std::to_string(symbols), beside.text(), poll.text(), p50.text(0), p99.text(0),
               lost.text(0)});
  }
  table.print();
}

}  // namespace ringside::bench
