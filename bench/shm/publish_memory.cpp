// The part of publish_bench about memory: bytes a symbol, small pages against huge ones, and how
// many pages a publish touches. Misses of the translation buffers are counted where the kernel and
// the machine have counters for them.
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <unordered_set>

#include "publish_parts.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::bench {
namespace {

// Counts misses of the data translation buffer of this thread, if the machine can.
class MissCounter {
 public:
  explicit MissCounter(std::uint64_t operation) noexcept {
    perf_event_attr what{};
    what.size = sizeof(what);
    what.type = PERF_TYPE_HW_CACHE;
    what.config = PERF_COUNT_HW_CACHE_DTLB | (operation << 8) |
                  (std::uint64_t{PERF_COUNT_HW_CACHE_RESULT_MISS} << 16);
    what.exclude_kernel = 1;
    what.exclude_hv = 1;
    fd_ = UniqueFd(
        static_cast<int>(::syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  }
  /// "not countable here", or misses an event since `before`.
  [[nodiscard]] std::string text_since(std::uint64_t before, std::uint64_t events) const {
    if (!fd_) return "not countable here";
    return number(static_cast<double>(value() - before) / static_cast<double>(events), 3);
  }
  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t count = 0;
    if (fd_ && ::read(fd_.get(), &count, sizeof(count)) != sizeof(count)) return 0;
    return count;
  }

 private:
  UniqueFd fd_;
};

// Every address that a publish of `events` touches in the segment, as a page number.
class PageCount {
 public:
  explicit PageCount(const shm::SegmentWriter& segment)
      : view_(map_segment(segment)), next_(view_.symbols().size(), 0) {}

  void add(Event event) {
    const std::uint32_t id = id_of(event);
    const shm::SymbolEntry& entry = *view_.symbols().entry(id);
    // relaxed twice: nobody writes.
    const std::uint64_t ring = entry.ring_offset.load(std::memory_order_relaxed);
    const std::uint64_t slots = entry.ring_slots.load(std::memory_order_relaxed);
    touch(ring + (next_[id]++ & (slots - 1)) * sizeof(shm::TickRecord));
    const bool is_quote = (event & event_is_quote) != 0;
    touch(view_.facts().last_offset + id * sizeof(shm::LastValues) +
          (is_quote ? offsetof(shm::LastValues, quote) : 0));
    touch(view_.facts().tick_tape_offset +
          (at_++ & (view_.facts().tick_tape_slots - 1)) * sizeof(shm::TickRecord));
  }
  [[nodiscard]] std::size_t small() const { return small_.size(); }
  [[nodiscard]] std::size_t huge() const { return huge_.size(); }
  void begin_window() {
    small_.clear();
    huge_.clear();
  }

 private:
  void touch(std::uint64_t offset) {
    small_.insert(offset / 4096);
    huge_.insert(offset / shm::huge_page_bytes);
  }
  shm::SegmentView view_;
  std::vector<std::uint64_t> next_;
  std::uint64_t at_ = 0;
  std::unordered_set<std::uint64_t> small_, huge_;
};

void print_bytes_per_symbol() {
  Table table(
      "bytes a symbol; the tape and the tables of counters come once a segment",
      {"kind", "entry", "index", "last values", "tick ring", "bar ring", "all", "how many", "MiB"});
  struct Class {
    const char* name;
    std::uint32_t capacity, ticks, bars;
  };
  for (const Class& of : {Class{"stock by default: 128 ticks, 64 bars", 12'000, 128, 64},
                          Class{"a busy one: 1,024 ticks, 64 bars", 12'000, 1024, 64},
                          Class{"the six busiest: 8,192 ticks, 64 bars", 6, 8192, 64},
                          Class{"option: 64 ticks, 16 bars", 200'000, 64, 16},
                          Class{"option: 16 ticks, no bars", 200'000, 16, 0}}) {
    shm::SegmentShape shape;
    shape.symbol_capacity = of.capacity;
    const shm::SegmentFacts facts = shm::plan_segment(shape);
    const double index = 4.0 * facts.index_slots / of.capacity;
    const double ticks = static_cast<double>(shm::ring_bytes<shm::TickRecord>(of.ticks));
    const double bars = static_cast<double>(shm::ring_bytes<shm::BarRecord>(of.bars));
    const double all = sizeof(shm::SymbolEntry) + index + sizeof(shm::LastValues) + ticks + bars;
    table.row({of.name, std::to_string(sizeof(shm::SymbolEntry)), number(index),
               std::to_string(sizeof(shm::LastValues)), number(ticks, 0), number(bars, 0),
               number(all, 0), std::to_string(of.capacity), number(all * of.capacity / 1048576)});
  }
  table.print();
}

struct Pages {
  const char* name;
  bool wants_huge;
  std::unique_ptr<shm::SegmentWriter> segment;
  Rounds plain, prefetched;
  std::string load_misses, store_misses;
};

// ns a publish over uniform events.
template <std::uint64_t ahead>
double time_publish(Publisher& publisher, std::uint64_t at, std::uint64_t count, const Tsc& tsc) {
  std::uint64_t ticks = 0;
  for (const std::uint64_t end = at + count; at < end; at += Publisher::batch) {
    publisher.prepare(at);
    const std::uint64_t begin = tsc_end();
    publisher.publish_batch<ahead>();
    ticks += tsc_end() - begin;
  }
  return tsc.ns(ticks) / static_cast<double>(count);
}

}  // namespace

void bench_memory(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  print_bytes_per_symbol();
  const std::uint32_t symbols = options.is_small ? 100 : 12'000;
  const std::uint64_t count = options.is_small ? 8192 : 1U << 21;
  const std::vector<Event> events = make_events(Spread::uniform, symbols, false, 1U << 18);
  Pages kinds[] = {{"4 KiB", false, nullptr, {}, {}, {}, {}},
                   {"2 MiB", true, nullptr, {}, {}, {}, {}}};
  for (Pages& pages : kinds) {
    pages.segment = make_segment({.symbols = symbols, .wants_huge_pages = pages.wants_huge});
  }
  std::uint64_t at = 0;
  for (int round = -1; round < options.rounds; ++round) {
    for (Pages& pages : kinds) {
      Publisher publisher(*pages.segment, events);
      const MissCounter loads(PERF_COUNT_HW_CACHE_OP_READ);
      const MissCounter stores(PERF_COUNT_HW_CACHE_OP_WRITE);
      const std::uint64_t loads_before = loads.value();
      const std::uint64_t stores_before = stores.value();
      const double plain = time_publish<0>(publisher, at, count, tsc);
      pages.load_misses = loads.text_since(loads_before, count);
      pages.store_misses = stores.text_since(stores_before, count);
      const double prefetched = time_publish<4>(publisher, at + count, count, tsc);
      if (round < 0) continue;  // warming up
      pages.plain.add(plain);
      pages.prefetched.add(prefetched);
    }
    at += 2 * count;
  }
  PageCount touched(*kinds[0].segment);
  Rounds small, huge;
  for (int window = 0; window < 32; ++window) {
    touched.begin_window();
    for (int i = 0; i < 1000; ++i) touched.add(events[(window * 1000 + i) % events.size()]);
    small.add(static_cast<double>(touched.small()));
    huge.add(static_cast<double>(touched.huge()));
  }
  Table table(
      "publish over " + std::to_string(symbols) + " symbols, uniform, rings of 128; by page size",
      {"pages asked for", "ns an event", "with prefetch", "mapped, MiB", "of it huge, MiB",
       "load misses", "store misses", "pages touched by 1,000"});
  for (const Pages& pages : kinds) {
    const shm::SegmentView view = map_segment(*pages.segment);
    const auto mib = [&](std::string_view counter) {
      return number(static_cast<double>(view.counter(counter).value_or(0)) / 1048576);
    };
    table.row({pages.name, pages.plain.text(), pages.prefetched.text(), mib("memory_ready"),
               mib("memory_huge"), pages.load_misses, pages.store_misses,
               (pages.wants_huge ? huge : small).short_text(0)});
  }
  table.print();
  std::printf("\nhash %016llx %016llx\n",
              static_cast<unsigned long long>(hash_of_tape(*kinds[0].segment)),
              static_cast<unsigned long long>(hash_of_tape(*kinds[1].segment)));
}

}  // namespace ringside::bench
