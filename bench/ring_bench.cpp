// What a record costs the writer and the reader of a segment, and how long it takes from one pinned
// process to another. Latency load is sent on a schedule, so that a stall is counted.
#include <sys/wait.h>
#include <unistd.h>

#include "../tests/support/records.hpp"
#include "harness.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

std::unique_ptr<SegmentWriter> make_segment(std::uint32_t symbols) {
  SegmentShape shape;
  shape.feed = "bench";
  shape.symbol_capacity = symbols;
  shape.tick_tape_slots = 1U << 16;
  shape.arena_bytes = symbols * ring_bytes<TickRecord>(1024);
  auto segment = SegmentWriter::create(shape);
  RINGSIDE_ASSERT(segment.ok());
  for (std::uint32_t i = 0; i < symbols; ++i) {
    RINGSIDE_ASSERT(
        (*segment)->add_symbol("S" + std::to_string(i), {1024, 0}, 0, SymbolState::live).ok());
  }
  (*segment)->mark_ready();
  return std::move(*segment);
}

void bench_publish(std::uint32_t symbols, std::uint64_t records) {
  auto segment = make_segment(symbols);
  TickRecord record = test::numbered_trade(1);
  const std::uint64_t begin = monotonic_ns();
  for (std::uint64_t n = 0; n < records; ++n) {
    record.instrument_id = static_cast<std::uint32_t>(n * 2654435761U >> 7) % symbols;
    record.ts_event = n;
    segment->publish(record);
  }
  const std::uint64_t publish_ns = monotonic_ns() - begin;

  const auto view = SegmentView::map(segment->segment_fd());
  RINGSIDE_ASSERT(view.ok());
  TapeReader tape(view->tick_tape(), StartAt::oldest);
  std::uint64_t read = 0;
  std::uint64_t sum = 0;
  TickRecord out;
  const std::uint64_t read_begin = monotonic_ns();
  while (tape.poll(out) == ReadStatus::ok) {
    sum += out.ts_event;
    ++read;
  }
  const std::uint64_t read_ns = monotonic_ns() - read_begin;
  std::printf(
      "publish, %5u symbols: %.1f ns a record (ring, last value, tape); "
      "tape read: %.1f ns a record; hash %llx\n",
      symbols, static_cast<double>(publish_ns) / static_cast<double>(records),
      static_cast<double>(read_ns) / static_cast<double>(read),
      static_cast<unsigned long long>(sum));
}

// The child publishes the monotonic clock on a schedule; the parent, on the other processor, reads.
void bench_one_way(std::uint64_t records, std::uint64_t interval_ns) {
  auto segment = make_segment(1);
  const auto view = SegmentView::map(segment->segment_fd());
  RINGSIDE_ASSERT(view.ok());
  const pid_t writer = ::fork();
  if (writer == 0) {
    (void)bench::pin_to(0);
    TickRecord record = test::numbered_trade(1);
    std::uint64_t due = monotonic_ns() + 1'000'000;
    for (std::uint64_t n = 0; n < records; ++n, due += interval_ns) {
      while (monotonic_ns() < due) {
      }
      record.ts_event = due;            // when it should have left
      record.ts_recv = monotonic_ns();  // when it did
      segment->publish(record);
    }
    ::_exit(0);
  }
  (void)bench::pin_to(1);
  TickRingReader reader(view->tick_ring(0), StartAt::oldest);
  std::vector<std::uint64_t> hop;
  std::vector<std::uint64_t> scheduled;
  hop.reserve(records);
  scheduled.reserve(records);
  TickRecord record;
  while (reader.received() + reader.lost() < records) {
    if (reader.poll(record) != ReadStatus::ok) continue;
    const std::uint64_t now = monotonic_ns();
    hop.push_back(now - record.ts_recv);
    scheduled.push_back(now - record.ts_event);
  }
  (void)::waitpid(writer, nullptr, 0);
  bench::print_percentiles("one way, process to process", hop);
  bench::print_percentiles("one way, from the schedule", scheduled);
  std::printf("received %llu, lost %llu\n", static_cast<unsigned long long>(reader.received()),
              static_cast<unsigned long long>(reader.lost()));
}

}  // namespace
}  // namespace ringside::shm

int main(int argc, char** argv) {
  const bool is_small = ringside::bench::is_small(argc, argv);
  ringside::bench::print_place("ring_bench");
  for (const std::uint32_t symbols : {1U, 100U, 4000U}) {
    ringside::shm::bench_publish(symbols, is_small ? 10'000 : 10'000'000);
  }
  ringside::shm::bench_one_way(is_small ? 200 : 200'000, 5'000);
  return 0;
}
