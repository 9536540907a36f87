// What readers cost the writer: one ring, a writer on a schedule in bursts, and 0, 1, 4 and 8
// reader processes that follow it. All readers share the second processor: with two processors
// eight of them take turns there, and no more than one looks at the ring at an instant.
#include <array>

#include "bench_segment.hpp"
#include "channel.hpp"
#include "options.hpp"
#include "table.hpp"

namespace ringside::bench {
namespace {

constexpr std::uint32_t ring_slots = 4096;
constexpr std::uint64_t batch = 16;  // records a stamp: two stamps cost more than a publish
constexpr int readers_max = 8;

struct Share {
  LineWord end;  // number of the last record, plus 1: readers stop there
  struct Receipt {
    LineWord received, lost;
  } receipts[readers_max];
  alignas(128) std::atomic<std::uint64_t> arrived{0};
};

using Ring = shm::RingWriter<shm::TickRecord>;
using Slots = std::array<shm::Slot<shm::TickRecord>, ring_slots>;

void follow(const Slots& slots, Share& share, int reader_index) {
  const Watchdog watchdog;
  shm::TickRingReader reader({slots.data(), ring_slots}, shm::StartAt::oldest);
  // release: pairs with the writer's acquire, who waits for all readers.
  share.arrived.fetch_add(1, std::memory_order_release);
  shm::TickRecord record;
  std::uint64_t spins = 0;
  for (;;) {
    const shm::ReadStatus status = reader.poll(record);
    if (status == shm::ReadStatus::ok) {
      RINGSIDE_ASSERT(is_whole(record));
      continue;
    }
    const std::uint64_t end = ++spins % 64 == 0 ? share.end.get() : 0;
    if (end != 0 && reader.next_sequence() >= end) break;
  }
  share.receipts[reader_index].received.set(reader.received());
  share.receipts[reader_index].lost.set(reader.lost());
}

struct Figures {
  Rounds mean, p50, p99;
  std::uint64_t received = 0, lost = 0, published = 0;
};

// Publishes bursts of `batch` on a schedule; the time of each burst is in `ticks`.
void publish_bursts(Ring& ring, std::uint64_t interval, std::vector<std::uint64_t>& ticks) {
  shm::TickRecord record = test::numbered_trade(1);
  std::uint64_t due = tsc_begin();
  std::uint64_t at = 0;
  for (std::uint64_t& of_batch : ticks) {
    while (tsc_begin() < due) {
    }
    due += interval;
    const std::uint64_t begin = tsc_end();
    for (std::uint64_t i = 0; i < batch; ++i, ++at) {
      set_number(record, at);
      ring.publish(record);
    }
    of_batch = tsc_end() - begin;
  }
}

void run(int reader_count, const Options& options, const Tsc& tsc, Figures& figures, bool counts) {
  const std::uint64_t bursts = options.is_small ? 200 : 20'000;
  const Shared<Share> share;
  const Shared<Slots> slots;
  std::vector<Peer> readers;
  readers.reserve(static_cast<std::size_t>(reader_count));
  for (int i = 0; i < reader_count; ++i) {
    readers.emplace_back(options.reader_cpu, [&, i] { follow(*slots, *share, i); });
  }
  // acquire: see follow().
  while (share->arrived.load(std::memory_order_acquire) !=
         static_cast<std::uint64_t>(reader_count)) {
    _mm_pause();
  }
  Ring ring(slots.get(), ring_slots);
  std::vector<std::uint64_t> ticks(bursts);
  publish_bursts(ring, tsc.ticks(1e3 * batch), ticks);  // 1 M/s on the whole
  share->end.set(ring.published());
  for (Peer& reader : readers) reader.join();
  for (int i = 0; i < reader_count; ++i) {
    const Share::Receipt& receipt = share->receipts[i];
    RINGSIDE_ASSERT(receipt.received.get() + receipt.lost.get() == ring.published());
    figures.received += receipt.received.get();
    figures.lost += receipt.lost.get();
    figures.published += ring.published();
  }
  if (!counts) return;
  std::uint64_t sum = 0;
  for (std::uint64_t& of_batch : ticks) {
    of_batch -= std::min(of_batch, tsc.stamp_ticks());
    sum += of_batch;
  }
  figures.mean.add(tsc.ns(sum) / static_cast<double>(bursts * batch));
  const Percentiles of_bursts = percentiles_of(ticks, tsc);
  figures.p50.add(of_bursts.p50 / batch);
  figures.p99.add(of_bursts.p99 / batch);
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
  using namespace ringside::bench;
  const Options options = parse_options(
      argc, argv, "What attached readers cost a writer on a schedule. NAME: how many of them.");
  print_place("readers_bench");
  (void)pin_to(options.writer_cpu);
  const Tsc tsc = Tsc::calibrate();
  std::printf("# writer alone on processor %d, all readers together on %d: they take turns\n",
              options.writer_cpu, options.reader_cpu);
  std::printf(
      "# bursts of %llu records every %llu us, 1 M records/s; ring of %u slots; %d rounds\n",
      static_cast<unsigned long long>(batch), static_cast<unsigned long long>(batch), ring_slots,
      options.rounds);
  std::printf("# the time of two stamps, %.1f ns a burst, is taken off\n",
              tsc.ns(tsc.stamp_ticks()));
  constexpr int counts[] = {0, 1, 4, 8};
  Figures figures[std::size(counts)];
  const Watchdog watchdog(300);
  for (int round = -1; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < std::size(counts); ++i) {
      if (!options.wants(std::to_string(counts[i]))) continue;
      run(counts[i], options, tsc, figures[i], round >= 0);
    }
  }
  Table table(
      "RingWriter::publish() of one ring; ns a record within a burst",
      {"readers", "mean", "p50 of bursts", "p99 of bursts", "received", "lost", "received + lost"});
  for (std::size_t i = 0; i < std::size(counts); ++i) {
    const Figures& got = figures[i];
    if (got.mean.empty()) continue;
    table.row({std::to_string(counts[i]), got.mean.text(2), got.p50.text(2), got.p99.text(2),
               std::to_string(got.received), std::to_string(got.lost),
               got.received + got.lost == got.published ? "= published" : "WRONG"});
  }
  table.print();
  std::uint64_t hash = 0;
  for (const Figures& got : figures) hash = (hash ^ got.published) * 1'099'511'628'211U;
  std::printf("\nhash %016llx\n", static_cast<unsigned long long>(hash));
  return 0;
}
