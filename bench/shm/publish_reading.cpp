// The readers' part of publish_bench: everything from the tape in another process, last values,
// lookup by text.
#include "publish_parts.hpp"

namespace ringside::bench {
namespace {

enum class How : std::uint8_t { poll, batch, visit };
constexpr const char* how_names[] = {"poll(), one copy", "poll_batch(), 64 copies",
                                     "visit() and take(), two fields in place"};

struct TapeShare {
  Meeting meeting;
  LineWord expected;  // of this run: records
  LineWord expected_sum;
  LineWord ticks;
  LineWord sum;
};

std::uint64_t sum_of(std::uint64_t ts_event, std::uint32_t id) noexcept {
  return ts_event ^ (std::uint64_t{id} << 40);
}

// Reads `count` records that are all there.
std::uint64_t read_all(shm::TapeReader& reader, How how, std::uint64_t count) {
  std::uint64_t sum = 0;
  const std::uint64_t end = reader.next_sequence() + count;
  static shm::TickRecord out[64];
  if (how == How::poll) {
    while (reader.next_sequence() < end && reader.poll(out[0]) == shm::ReadStatus::ok) {
      keep(out[0]);
      sum += sum_of(out[0].ts_event, out[0].instrument_id);
    }
  } else if (how == How::batch) {
    while (reader.next_sequence() < end) {
      const std::size_t got = reader.poll_batch(out);
      keep(out);
      for (std::size_t i = 0; i < got; ++i) sum += sum_of(out[i].ts_event, out[i].instrument_id);
      if (got == 0) break;
    }
  } else {
    shm::Visit<shm::TickRecord> visit;
    while (reader.next_sequence() < end && reader.visit(visit) == shm::ReadStatus::ok) {
      const std::uint64_t one = sum_of(visit.field(&shm::TickRecord::ts_event),
                                       visit.field(&shm::TickRecord::instrument_id));
      if (reader.take(visit)) sum += one;
    }
  }
  RINGSIDE_ASSERT(reader.next_sequence() == end);
  return sum;
}

void read_side(const shm::SegmentWriter& segment, TapeShare& share, int runs) {
  const Watchdog watchdog;
  const shm::SegmentView view = map_segment(segment);
  (void)view.prefault(view.tick_tape());
  shm::TapeReader reader(view.tick_tape(), shm::StartAt::newest);
  for (int run = 0; run < runs; ++run) {
    share.meeting.arrive(1);  // both are at the beginning
    share.meeting.arrive(1);  // the writer has filled the tape
    const std::uint64_t begin = tsc_end();
    const std::uint64_t sum = read_all(reader, static_cast<How>(run % 3), share.expected.get());
    share.ticks.set(tsc_end() - begin);
    share.sum.set(sum);
    share.meeting.arrive(1);
  }
  RINGSIDE_ASSERT(reader.lost() == 0);
}

// ns a call, of `calls` calls of read(i).
template <class Read>
double time_calls(std::uint64_t calls, const Tsc& tsc, Read&& read) {
  const std::uint64_t begin = tsc_end();
  for (std::uint64_t i = 0; i < calls; ++i) read(i);
  return tsc.ns(tsc_end() - begin) / static_cast<double>(calls);
}

std::string random_text(std::mt19937_64& random, bool is_option) {
  std::string text = is_option ? "O:" : "";
  const std::size_t letters = is_option ? 3 + random() % 2 : 1 + std::min(random() % 6, 4UL);
  for (std::size_t i = 0; i < letters; ++i) text += static_cast<char>('A' + random() % 26);
  if (is_option) {
    char tail[24];
    std::snprintf(tail, sizeof(tail), "26%02u%02u%c%08u", static_cast<unsigned>(1 + random() % 12),
                  static_cast<unsigned>(1 + random() % 28), random() % 2 != 0 ? 'C' : 'P',
                  static_cast<unsigned>(random() % 4000) * 500);
    text += tail;
  }
  return text;
}

void bench_lookup_of(const char* name, std::uint32_t symbols, bool is_option,
                     const Options& options, const Tsc& tsc, Table& table) {
  auto segment = make_empty_segment({.symbols = symbols, .tick_slots = 16});
  std::mt19937_64 random(17);
  std::vector<std::string> texts;
  while (texts.size() < symbols) {
    std::string text = random_text(random, is_option);
    const auto added = segment->add_symbol(text, {16, 0}, 0, shm::SymbolState::live);
    RINGSIDE_ASSERT(added.ok());
    if (added.instrument_id == texts.size()) texts.push_back(std::move(text));
  }
  segment->mark_ready();
  // In another order, close together: the caller's own texts shall not be what is measured.
  std::vector<std::uint32_t> order(symbols);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  std::string all;
  std::vector<std::uint32_t> begins;
  for (const std::uint32_t id : order) {
    begins.push_back(static_cast<std::uint32_t>(all.size()));
    all += texts[id];
  }
  begins.push_back(static_cast<std::uint32_t>(all.size()));
  const auto text_at = [&](std::uint64_t i) {
    return std::string_view(all).substr(begins[i], begins[i + 1] - begins[i]);
  };
  const shm::SegmentView view = map_segment(*segment);
  const shm::SymbolDirectory& directory = view.symbols();
  const std::uint64_t calls = options.is_small ? symbols : std::max(symbols, 1U << 20);
  Rounds apart, chained, miss;
  std::uint64_t sum = 0;
  for (int round = -1; round < options.rounds; ++round) {
    std::uint64_t at = 0;
    const double free_ns = time_calls(calls, tsc, [&](std::uint64_t) {
      sum += *directory.find(text_at(at));
      if (++at == symbols) at = 0;
    });
    at = 0;
    const double chained_ns = time_calls(calls, tsc, [&](std::uint64_t) {
      const std::uint32_t id = *directory.find(text_at(at));
      sum += id;
      at += 1 + (id >> 31);  // id < 2^31: the next text waits for this answer
      if (at >= symbols) at = 0;
    });
    const double miss_ns = time_calls(calls, tsc, [&](std::uint64_t i) {
      char text[8] = "zz00000";
      for (int k = 0; k < 5; ++k) text[2 + k] = static_cast<char>('0' + ((i >> (3 * k)) & 7));
      sum += directory.find({text, 7}).has_value() ? 1 : 0;
    });
    if (round < 0) continue;  // warming up
    apart.add(free_ns);
    chained.add(chained_ns);
    miss.add(miss_ns);
  }
  table.row({name, std::to_string(symbols), apart.text(), chained.text(), miss.text()});
  std::printf("\nlookup %s: sum %llu\n", name, static_cast<unsigned long long>(sum));
}

}  // namespace

void bench_tape(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  const std::uint32_t symbols = options.is_small ? 100 : 10'000;
  const std::uint32_t tape_slots = options.is_small ? 1U << 12 : 1U << 18;
  auto segment = make_segment({.symbols = symbols, .tape_slots = tape_slots});
  const std::vector<Event> events = make_events(Spread::uniform, symbols, true, 1U << 18);
  Publisher publisher(*segment, events);
  const Shared<TapeShare> share;
  const int runs = 3 * (options.rounds + 1);
  Peer reader(options.reader_cpu, [&] { read_side(*segment, *share, runs); });
  const std::uint64_t window = tape_slots - tape_slots / 4;
  Rounds millions[3];
  std::uint64_t at = 0;
  std::uint64_t hash = 0;
  for (int run = 0; run < runs; ++run) {
    std::uint64_t expected = 0;
    share->meeting.arrive(0);
    for (const std::uint64_t end = at + window; at < end; at += Publisher::batch) {
      publisher.prepare(at);
      publisher.publish_batch();
      for (std::uint64_t i = 0; i < Publisher::batch; ++i) {
        expected += sum_of(at + i, publisher.id_at(at + i));
      }
    }
    share->expected.set(window);
    share->meeting.arrive(0);
    share->meeting.arrive(0);
    RINGSIDE_ASSERT(share->sum.get() == expected);
    hash = hash * 31 + expected;
    if (run < 3) continue;  // warming up
    millions[run % 3].add(static_cast<double>(window) * 1e3 / tsc.ns(share->ticks.get()));
  }
  reader.join();
  Table table("everything from the tape, " + std::to_string(symbols) +
                  " symbols, in another process after the writer filled it; none lost",
              {"how", "M records/s", "ns a record"});
  for (int how = 0; how < 3; ++how) {
    table.row({how_names[how], millions[how].text(), number(1e3 / millions[how].median())});
  }
  table.print();
  std::printf("\nhash %016llx\n", static_cast<unsigned long long>(hash));
}

void bench_last(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  Table table("last value of a symbol, read by trade(); ns",
              {"symbols read in turn", "warm", "what they take"});
  std::uint64_t sum = 0;
  for (const std::uint32_t symbols : {1U, 100U, 12'000U}) {
    auto segment = make_segment({.symbols = symbols, .tick_slots = 16});
    for (std::uint32_t id = 0; id < symbols; ++id) {
      segment->publish(test::numbered_trade(id, id));
    }
    const shm::SegmentView view = map_segment(*segment);
    const std::vector<std::uint32_t> order = make_ids(Spread::uniform, symbols, 1U << 16);
    const std::uint64_t calls = options.is_small ? 1U << 12 : 1U << 21;
    Rounds ns;
    for (int round = -1; round < options.rounds; ++round) {
      shm::TickRecord record;
      const double one = time_calls(calls, tsc, [&](std::uint64_t i) {
        const auto status = view.last(order[i & (order.size() - 1)]).trade(record);
        keep(record);
        sum += record.ts_event + static_cast<std::uint64_t>(status);
      });
      if (round >= 0) ns.add(one);
    }
    table.row({std::to_string(symbols), ns.text(), number(symbols * 64.0 / 1024, 0) + " KiB"});
  }
  table.print();
  std::printf("\nsum %llu\n", static_cast<unsigned long long>(sum));
}

void bench_lookup(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  Table table("symbol lookup by text, warm; ns",
              {"symbols", "count", "one after the other", "each waits for the last",
               "a text that is not there"});
  bench_lookup_of("stocks, 1 to 5 letters", options.is_small ? 1000 : 12'000, false, options, tsc,
                  table);
  bench_lookup_of("options, 20 and 21 characters", options.is_small ? 2000 : 200'000, true, options,
                  tsc, table);
  table.print();
}

}  // namespace ringside::bench
