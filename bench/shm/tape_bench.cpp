// What the tape should hold: whole records, references into the rings, or both. For the writer
// alone, for a reader that comes after the writer (its lines lie in the other processor's cache or
// beyond), and for both at once without loss; over 1 to 12,000 active symbols. Two processes.
#include "options.hpp"
#include "table.hpp"
#include "tape_parts.hpp"
#include "zipf.hpp"

namespace ringside::bench {
namespace {

struct Case {
  std::uint32_t symbols;
  Spread spread;
  std::uint32_t ring_slots;
};

struct Sizes {
  std::uint32_t tape_slots = 1U << 16;
  std::uint64_t window = 3U << 14;   // records of the reader that comes after
  std::uint64_t records = 1U << 19;  // of the other two
};

struct TapeShare {
  Meeting meeting;
  LineWord writer_ticks;
  LineWord told;  // the reader's place in this run
};

// Records that may be under way without loss: with references the smallest ring decides as well.
std::uint64_t room_of(TapeKind kind, const TapeMemory& memory) {
  const std::uint32_t tape = memory.tape_slots();
  return kind == TapeKind::references || kind == TapeKind::references_ahead
             ? std::min(tape, memory.ring_slots())
             : tape;
}

// --- the writer's process

template <TapeKind kind>
void write_round(TapeWriters& writers, const TapeMemory& memory, TapeShare& share,
                 const std::vector<std::uint32_t>& ids, const Sizes& sizes, std::uint64_t& at) {
  const std::uint64_t mask = ids.size() - 1;
  // Nobody reads.
  share.meeting.arrive(0);
  const std::uint64_t begin = tsc_end();
  for (const std::uint64_t end = at + sizes.records; at < end; ++at) {
    writers.publish<kind>(ids[at & mask], at);
  }
  share.writer_ticks.set(tsc_end() - begin);
  share.meeting.arrive(0);
  share.meeting.arrive(0);  // the reader has found the end
  for (const std::uint64_t end = at + sizes.window; at < end; ++at) {
    writers.publish<kind>(ids[at & mask], at);
  }
  share.meeting.arrive(0);  // the reader reads the window
  share.meeting.arrive(0);
  // Both at once; the reader's place is looked at when the room known of is used up.
  const std::uint64_t room = room_of(kind, memory);
  std::uint64_t told = 0;
  for (std::uint64_t n = 0; n < sizes.records; ++n, ++at) {
    while (n - told >= room) told = share.told.get();
    writers.publish<kind>(ids[at & mask], at);
  }
  share.meeting.arrive(0);
}

// --- the reader's process

struct Figures {
  Rounds writer, reader, together;
  std::uint64_t read = 0;
  std::uint64_t lapped = 0;
  std::uint64_t hash = 0;
};

// Reads `count` records numbered from `first`; returns how many were gone.
template <class Reader, class Told>
std::uint64_t read_numbers(Reader& reader, std::uint64_t first, std::uint64_t count, Told&& told) {
  shm::TickRecord record;
  std::uint64_t lapped = 0;
  for (std::uint64_t n = 0; n < count;) {
    const shm::ReadStatus status = reader.poll(record);
    if (status == shm::ReadStatus::empty) continue;
    if (status == shm::ReadStatus::ok) {
      keep(record);
      RINGSIDE_ASSERT(record.ts_event == first + n);
    } else {
      ++lapped;
    }
    told(++n);
  }
  RINGSIDE_ASSERT(reader.lost() == 0);
  return lapped;
}

template <class Reader>
void read_round(TapeKind kind, const TapeMemory& memory, TapeShare& share, const Sizes& sizes,
                const Tsc& tsc, std::uint64_t& at, Figures& figures, bool counts) {
  share.told.set(0);
  share.meeting.arrive(1);
  share.meeting.arrive(1);
  const double writer = tsc.ns(share.writer_ticks.get()) / static_cast<double>(sizes.records);
  at += sizes.records;
  Reader reader(memory);
  share.meeting.arrive(1);
  share.meeting.arrive(1);  // the window is written
  std::uint64_t begin = tsc_end();
  const std::uint64_t lapped = read_numbers(reader, at, sizes.window, [](std::uint64_t) {});
  const double cold = tsc.ns(tsc_end() - begin) / static_cast<double>(sizes.window);
  at += sizes.window;
  const std::uint64_t step = room_of(kind, memory) / 8;
  share.meeting.arrive(1);
  begin = tsc_end();
  const std::uint64_t none = read_numbers(reader, at, sizes.records, [&](std::uint64_t n) {
    if (n % step == 0) share.told.set(n);
  });
  const double together = tsc.ns(tsc_end() - begin) / static_cast<double>(sizes.records);
  at += sizes.records;
  RINGSIDE_ASSERT(none == 0);
  share.meeting.arrive(1);
  figures.hash = (figures.hash ^ at) * 1'099'511'628'211U;
  if (!counts) return;
  figures.writer.add(writer);
  figures.reader.add(cold);
  figures.together.add(together);
  figures.read += sizes.window;
  figures.lapped += lapped;
}

constexpr TapeKind kinds[] = {TapeKind::whole, TapeKind::references, TapeKind::references_ahead,
                              TapeKind::both};

std::uint64_t run_case(const Case& of, const Options& options, const Sizes& sizes, const Tsc& tsc,
                       Table& table) {
  const TapeMemory memory(of.symbols, of.ring_slots, sizes.tape_slots);
  const std::vector<std::uint32_t> ids = make_ids(of.spread, of.symbols, 1U << 16);
  const Shared<TapeShare> share;
  const int rounds = options.rounds + 1;  // the first one warms up
  Peer peer(options.writer_cpu, [&] {
    TapeWriters writers(memory);
    std::uint64_t at = 0;
    for (int round = 0; round < rounds; ++round) {
      const Watchdog watchdog;
      write_round<TapeKind::whole>(writers, memory, *share, ids, sizes, at);
      write_round<TapeKind::references>(writers, memory, *share, ids, sizes, at);
      write_round<TapeKind::references_ahead>(writers, memory, *share, ids, sizes, at);
      write_round<TapeKind::both>(writers, memory, *share, ids, sizes, at);
    }
  });
  Figures figures[std::size(kinds)];
  std::uint64_t at = 0;
  for (int round = 0; round < rounds; ++round) {
    const Watchdog watchdog;
    for (const TapeKind kind : kinds) {
      const auto reader = kind == TapeKind::references         ? read_round<ReferenceReader<0>>
                          : kind == TapeKind::references_ahead ? read_round<ReferenceReader<16>>
                                                               : read_round<WholeReader>;
      reader(kind, memory, *share, sizes, tsc, at, figures[static_cast<int>(kind)], round != 0);
    }
  }
  peer.join();
  std::uint64_t hash = 0;
  for (const TapeKind kind : kinds) {
    const Figures& got = figures[static_cast<int>(kind)];
    const double share_lapped =
        100.0 * static_cast<double>(got.lapped) / static_cast<double>(got.read);
    table.row({std::to_string(of.symbols) + " " + std::string(to_string(of.spread)),
               std::to_string(of.ring_slots), to_string(kind), std::to_string(bytes_written(kind)),
               got.writer.text(), got.reader.text(), number(share_lapped) + " %",
               got.together.text(), std::to_string(room_of(kind, memory))});
    hash = hash * 31 + got.hash;
  }
  return hash;
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
  using namespace ringside::bench;
  const Options options = parse_options(
      argc, argv, "Tapes of whole records, of references, and both. NAME: Zipf or uniform.");
  print_place("tape_bench");
  const Tsc tsc = Tsc::calibrate();
  (void)pin_to(options.reader_cpu);
  Sizes sizes;
  if (options.is_small) sizes = {1U << 12, 3U << 10, 1U << 13};
  std::printf("# writer on processor %d, reader on %d; %d rounds, median (least..most)\n",
              options.writer_cpu, options.reader_cpu, options.rounds);
  std::printf("# tape of %u slots; the reader comes after a window of %llu records\n",
              sizes.tape_slots, static_cast<unsigned long long>(sizes.window));
  Table table("ns a record; lapped: gone from its ring while its reference was still on the tape",
              {"active symbols", "ring slots", "tape", "bytes written", "writer alone",
               "reader after it", "lapped", "both at once, lossless", "room"});
  std::uint64_t hash = 0;
  for (const std::uint32_t symbols : {1U, 100U, 1000U, 12'000U}) {
    if (options.is_small && symbols > 100) break;
    for (const Spread spread : {Spread::zipf, Spread::uniform}) {
      if (symbols == 1 && spread == Spread::zipf) continue;
      if (!options.wants(to_string(spread))) continue;
      for (const std::uint32_t ring_slots : {128U, 1024U}) {
        hash = hash * 31 + run_case({symbols, spread, ring_slots}, options, sizes, tsc, table);
      }
    }
  }
  table.print();
  std::printf("\nhash %016llx: every record came in its place, or is among the lapped\n",
              static_cast<unsigned long long>(hash));
  return 0;
}
