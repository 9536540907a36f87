// What a recorded tick costs the capture thread, and how many bytes a second it sends to the disk
// of the temporary folder. Ticks are published between two timed stretches of reading, so the
// figure is the recorder's alone; the files are read back and their sums hashed.
#include <filesystem>

#include "../tests/support/temp_dir.hpp"
#include "capture.hpp"
#include "dbn_reader.hpp"
#include "harness.hpp"
#include "keeper.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"

namespace ringside::recorder {
namespace {

constexpr std::uint32_t symbols = 300;
constexpr std::size_t per_round = 16'384;
constexpr std::uint64_t noon = 1'767'355'200'000'000'000;

std::unique_ptr<shm::SegmentWriter> make_segment() {
  shm::SegmentShape shape;
  shape.symbol_capacity = symbols;
  shape.tick_tape_slots = 1U << 16;
  shape.arena_bytes = 64U << 20;
  auto segment = shm::SegmentWriter::create(shape);
  RINGSIDE_ASSERT(segment.ok());
  for (std::uint32_t i = 0; i < symbols; ++i) {
    RINGSIDE_ASSERT(
        (*segment)
            ->add_symbol("S" + std::to_string(i), {64, 16}, noon, shm::SymbolState::live)
            .ok());
  }
  (*segment)->mark_ready();
  return std::move(*segment);
}

/// One trade to two quotes, as a busy feed has them or worse.
void publish_round(shm::SegmentWriter& segment, std::uint64_t& n) {
  shm::TickRecord tick = shm::empty_tick();
  for (std::size_t i = 0; i < per_round; ++i, ++n) {
    tick.instrument_id = static_cast<std::uint32_t>(n * 2654435761U >> 7) % symbols;
    tick.ts_event = noon + n * 1000;
    tick.ts_recv = tick.ts_event + 500;
    tick.venue = static_cast<std::uint8_t>(1 + n % 21);
    if (n % 3 == 0) {
      tick.kind = shm::Kind::trade;
      tick.trade.price = static_cast<std::int64_t>(10'000'000'000 + n);
      tick.trade.size = static_cast<std::int64_t>(n % 1000) * shm::size_one_equities;
      tick.trade.sequence = static_cast<std::uint32_t>(n);
    } else {
      tick.kind = shm::Kind::quote;
      tick.quote = {.bid_px = static_cast<std::int64_t>(n),
                    .ask_px = static_cast<std::int64_t>(n + 1),
                    .bid_sz = 100,
                    .ask_sz = 200,
                    .sequence = static_cast<std::uint32_t>(n),
                    .ask_venue = 12,
                    .condition = shm::condition_absent,
                    .indicators = {shm::indicator_absent, shm::indicator_absent}};
    }
    segment.publish(tick);
  }
}

/// A hash over every data record below `dir`, in the order of the files' names.
std::uint64_t hash_of(const std::string& dir, std::uint64_t& records) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (entry.path().extension() == ".dbn") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::uint64_t hash = 14695981039346656037ULL;
  for (const std::string& path : paths) {
    auto reader = dbn::DbnReader::open(path);
    RINGSIDE_ASSERT(reader.ok());
    dbn::RecordView view;
    for (;;) {
      const auto next = reader->next(view);
      RINGSIDE_ASSERT(next.ok());
      if (*next != dbn::NextRecord::record) break;
      if (view.header.rtype == dbn::Rtype::symbol_mapping) continue;
      ++records;
      for (const std::byte b : view.bytes) {
        hash = (hash ^ std::to_integer<std::uint64_t>(b)) * 1099511628211ULL;
      }
    }
  }
  return hash;
}

int run(bool is_small) {
  bench::print_place("recorder");
  log::init("recorder-bench", log::Level::warn);
  const test::TempDir dir;
  auto keeper = Keeper::open(dir.path());
  RINGSIDE_ASSERT(keeper.ok());
  FeedLink& link = (*keeper)->add_feed("stocks", "MASSIVE.STOCKS");
  CaptureOptions options;
  options.dir = dir.path();
  auto capture = Capture::create(options, link);
  RINGSIDE_ASSERT(capture.ok());
  (*keeper)->start();
  auto segment = make_segment();
  auto view = shm::SegmentView::map(segment->segment_fd());
  RINGSIDE_ASSERT(view.ok());
  (*capture)->begin_epoch(std::make_shared<const shm::SegmentView>(std::move(*view)));

  std::vector<std::uint64_t> batches;  // ns of one poll and service, a batch of up to 256 ticks
  std::uint64_t n = 0;
  std::uint64_t busy_ns = 0;
  const int rounds = is_small ? 4 : 400;
  const std::uint64_t began_ns = monotonic_ns();
  for (int round = 0; round < rounds; ++round) {
    publish_round(*segment, n);
    while ((*capture)->has_news()) {
      const std::uint64_t from = monotonic_ns();
      (*capture)->poll();
      (*capture)->service(from);
      batches.push_back(monotonic_ns() - from);
      busy_ns += batches.back();
    }
    // What a feed's pauses are for; without it the bench would measure its own drops.
    while ((*capture)->has_disk_work()) (*capture)->service_wait(monotonic_ns());
  }
  (*capture)->end_epoch(EndReason::stopped);
  while (!(*capture)->is_finished()) (*capture)->service_wait(monotonic_ns());
  const std::uint64_t all_ns = monotonic_ns() - began_ns;
  (*keeper)->stop();

  const ReceiptOrder receipt = (*capture)->receipt();
  const double mb = static_cast<double>(receipt.bytes_written) / 1e6;
  std::uint64_t records = 0;
  const std::uint64_t hash = hash_of(dir.path(), records);
  RINGSIDE_ASSERT(receipt.ticks.written == records);
  bench::print_percentiles("batch of 256 ticks, poll and service", batches);
  std::printf(
      "%llu ticks: %.1f ns a tick on the capture thread, %.0f MB/s of its time; "
      "%.0f MB/s with publishing and sync; dropped %llu; hash %llx\n",
      static_cast<unsigned long long>(n), static_cast<double>(busy_ns) / static_cast<double>(n),
      mb * 1e9 / static_cast<double>(busy_ns), mb * 1e9 / static_cast<double>(all_ns),
      static_cast<unsigned long long>(receipt.ticks.dropped),
      static_cast<unsigned long long>(hash));
  return receipt.ticks.lost == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringside::recorder

int main(int argc, char** argv) {
  return ringside::recorder::run(ringside::bench::is_small(argc, argv));
}
