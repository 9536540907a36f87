// A writer that means harm: it changes every part of a segment at random while readers read. They
// may get nonsense; they never crash, never hang, never read outside their map.
//
// The mutator has a map of its own, so the thread sanitizer does not see the two sides as one
// memory. What keeps a reader right is that it takes each word once; the pages around its map are
// inaccessible, so that a read outside of it ends the test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../support/records.hpp"
#include "../support/seed.hpp"
#include "ringside/shm/merge.hpp"
#include "ringside/shm/ring_set.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

constexpr std::uint64_t mutation_count = 10'000'000;
constexpr std::uint64_t burst = 8192;  // mutations between two looks at whether readers move on
constexpr std::size_t reader_count = 2;
constexpr std::uint32_t symbol_count = 8;
constexpr std::size_t page = 4096;

std::string symbol_name(std::uint32_t i) {
  return "SYM" + std::to_string(i * 1000);
}

std::unique_ptr<SegmentWriter> make_segment() {
  SegmentShape shape;
  shape.feed = "hostile";
  shape.symbol_capacity = symbol_count;
  shape.tick_tape_slots = 64;
  shape.bar_tape_slots = 16;
  shape.arena_bytes = 2 << 20;  // large enough for a place of its own (Mapping)
  auto made = SegmentWriter::create(shape);
  EXPECT_TRUE(made.ok()) << made.error().message();
  std::unique_ptr<SegmentWriter> writer = std::move(*made);
  for (int i = 0; i < 20; ++i)
    writer->add_counter("counter_" + std::to_string(i), "records").set(7);
  Histogram histogram = writer->add_histogram("latency", "ns");
  for (std::uint64_t i = 0; i < 1000; ++i) histogram.record(i * i);
  writer->mark_ready();
  for (std::uint32_t i = 0; i < symbol_count; ++i) {
    const SymbolResult added = writer->add_symbol(symbol_name(i), {32, 16}, 1, SymbolState::live);
    EXPECT_TRUE(added.ok());
    for (std::uint64_t n = 0; n < 50; ++n) {
      writer->publish(test::numbered_trade(n, added.instrument_id));
      writer->publish(test::numbered_bar(n, added.instrument_id));
    }
  }
  writer->log_error(3, "bad_json", "{", 1);
  ReaderRecord reader{};
  reader.is_connected = 1;
  set_text(reader.name, "somebody");
  writer->write_reader(2, reader);
  return writer;
}

// The same bytes in memory that nothing protects, and a writable map of them.
class OpenCopy {
 public:
  explicit OpenCopy(const SegmentWriter& writer)
      : bytes_(writer.facts().segment_bytes),
        facts_(writer.facts()),
        fd_(::memfd_create("hostile", MFD_CLOEXEC)) {
    EXPECT_EQ(::ftruncate(fd_.get(), static_cast<off_t>(bytes_)), 0);
    pristine_.resize(bytes_ / 8);
    EXPECT_EQ(::pread(writer.segment_fd(), pristine_.data(), bytes_, 0),
              static_cast<ssize_t>(bytes_));
    EXPECT_EQ(::pwrite(fd_.get(), pristine_.data(), bytes_, 0), static_cast<ssize_t>(bytes_));
    memory_ = static_cast<char*>(
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0));
    EXPECT_NE(memory_, MAP_FAILED);
  }
  OpenCopy(const OpenCopy&) = delete;
  OpenCopy& operator=(const OpenCopy&) = delete;
  ~OpenCopy() { ::munmap(memory_, bytes_); }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const SegmentFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] std::uint64_t pristine(std::uint64_t offset) const noexcept {
    return pristine_[offset / 8];
  }

  void put_word(std::uint64_t offset, std::uint64_t value) noexcept {
    // relaxed: the harm needs no order.
    std::atomic_ref(*reinterpret_cast<std::uint64_t*>(memory_ + offset / 8 * 8))
        .store(value, std::memory_order_relaxed);
  }
  void put_byte(std::uint64_t offset, std::uint8_t value) noexcept {
    std::atomic_ref(*reinterpret_cast<std::uint8_t*>(memory_ + offset))
        .store(value, std::memory_order_relaxed);  // as above
  }
  void restore_header() noexcept {
    for (std::uint64_t at = 0; at < sizeof(SegmentHeader); at += 8) put_word(at, pristine(at));
  }

 private:
  std::uint64_t bytes_;
  SegmentFacts facts_;
  UniqueFd fd_;
  std::vector<std::uint64_t> pristine_;
  char* memory_ = nullptr;
};

// Chooses where and what.
class Mutator {
 public:
  Mutator(OpenCopy& copy, std::uint64_t seed) : copy_(copy), random_(seed) {
    const SegmentFacts& facts = copy.facts();
    areas_ = {{
        {0, sizeof(SegmentFacts)},
        {offsetof(SegmentHeader, heartbeat_ns),
         sizeof(SegmentHeader) - offsetof(SegmentHeader, heartbeat_ns)},
        {facts.symbols_offset, symbol_count * sizeof(SymbolEntry)},
        {facts.index_offset, facts.index_slots * sizeof(std::uint32_t)},
        {facts.last_offset, symbol_count * sizeof(LastValues)},
        {facts.counters_offset, 24 * sizeof(CounterEntry)},
        {facts.histograms_offset, sizeof(HistogramEntry)},
        {facts.errors_offset, 8 * sizeof(ErrorRecord)},
        {facts.readers_offset, 8 * sizeof(ReaderRecord)},
        {facts.tick_tape_offset, facts.tick_tape_slots * sizeof(TickRecord)},
        {facts.bar_tape_offset, facts.bar_tape_slots * sizeof(BarRecord)},
        {facts.arena_offset, symbol_count * (32 * sizeof(TickRecord) + 16 * sizeof(BarRecord))},
        {0, copy.bytes()},
    }};
  }

  void mutate() {
    const std::uint64_t dice = random_();
    if (dice % 64 == 0) return copy_.restore_header();
    // Facts seldom: with one of them spoilt no new map comes about.
    const std::size_t area = dice % 256 == 1 ? 0 : 1 + (dice >> 8) % (areas_.size() - 1);
    std::uint64_t offset = areas_[area].offset + (dice >> 16) % areas_[area].bytes;
    // Often a slot's stamp.
    if (dice % 4 == 2) offset = offset / cache_line_bytes * cache_line_bytes;
    if (dice % 4 == 3) {
      copy_.put_byte(offset, static_cast<std::uint8_t>(random_()));
    } else {
      copy_.put_word(offset, value(offset));
    }
  }

 private:
  struct Area {
    std::uint64_t offset;
    std::uint64_t bytes;
  };

  std::uint64_t value(std::uint64_t offset) {
    const std::uint64_t dice = random_();
    switch (dice % 10) {
      case 0:
        return random_();
      case 1:
        return dice >> 32;  // small
      case 2:
        return (dice >> 8) % 300;
      case 3:
        return std::uint64_t{1} << (dice >> 8) % 64;
      case 4:
        return (std::uint64_t{1} << (dice >> 8) % 64) - 1;
      case 5:
        return ~((dice >> 8) % 200);
      case 6:  // an offset that a check may let pass
        return (dice >> 8) % (copy_.bytes() + 4 * page) / cache_line_bytes * cache_line_bytes;
      case 7:  // two small words: slot counts, text lengths
        return ((dice >> 8) % 128) << 32 | std::uint64_t{1} << (dice >> 16) % 8;
      case 8:  // as it was elsewhere
        return copy_.pristine((dice >> 8) % copy_.bytes());
      default:  // as it was here
        return copy_.pristine(offset);
    }
  }

  OpenCopy& copy_;
  std::mt19937_64 random_;
  std::array<Area, 13> areas_;
};

// Inaccessible pages right before and behind a view's map.
class Guard {
 public:
  explicit Guard(const SegmentView& view) {
    const auto* tape = reinterpret_cast<const char*>(view.tick_tape().slots);
    begin_ = const_cast<char*>(tape) - view.facts().tick_tape_offset;
    end_ = begin_ + view.facts().segment_bytes;
    before_ = place(begin_ - page);
    behind_ = place(end_);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() {
    if (before_ != MAP_FAILED) ::munmap(before_, page);
    if (behind_ != MAP_FAILED) ::munmap(behind_, page);
  }

  [[nodiscard]] bool is_whole() const noexcept {
    return before_ != MAP_FAILED && behind_ != MAP_FAILED;
  }
  [[nodiscard]] bool holds(const void* first, std::uint64_t bytes) const noexcept {
    const auto* at = static_cast<const char*>(first);
    return at >= begin_ && at <= end_ && bytes <= static_cast<std::uint64_t>(end_ - at);
  }

 private:
  static void* place(char* address) noexcept {
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    return ::mmap(address, page, PROT_NONE, flags, -1, 0);
  }

  char* begin_ = nullptr;
  char* end_ = nullptr;
  void* before_ = nullptr;
  void* behind_ = nullptr;
};

// Every way to read a segment, once.
class Victim {
 public:
  explicit Victim(SegmentView view) : view_(std::move(view)), guard_(view_) {
    tape_ = TapeReader(view_.tick_tape(), StartAt::oldest);
    bars_ = BarTapeReader(view_.bar_tape(), std::uint64_t{0});
    merged_.add(tape_);
  }

  [[nodiscard]] bool is_guarded() const noexcept { return guard_.is_whole(); }
  [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }

  void read_everything() {
    read_header();
    read_symbols();
    read_tables();
    read_ring(tape_);
    read_ring(bars_);
    for (std::uint32_t id = 0; id <= symbol_count; ++id) read_instrument(id);
    read_together();
  }

 private:
  void expect(bool claim) noexcept { wrong_ += claim ? 0 : 1; }

  // Loads every byte.
  void expect_readable(std::string_view text, std::size_t bytes_max) {
    expect(text.size() <= bytes_max && guard_.holds(text.data(), text.size()));
    for (const char c : text) seen_ += static_cast<unsigned char>(c);
  }

  void read_header() {
    seen_ += view_.heartbeat_age_ns() + view_.arena_used() + view_.epoch();
    seen_ += view_.wake_word().load(std::memory_order_relaxed);  // relaxed: only looked at
    expect(view_.state() <= FeedState::ended);
    expect(view_.feed().size() < sizeof(SegmentFacts::feed));
  }

  void read_symbols() {
    const SymbolDirectory& symbols = view_.symbols();
    expect(symbols.size() <= view_.facts().symbol_capacity);
    for (std::uint32_t i = 0; i <= symbol_count; ++i) {
      if (const auto id = symbols.find(symbol_name(i))) {
        expect(*id < view_.facts().symbol_capacity);
      }
      const std::string_view text = symbols.text(i);
      if (!text.empty()) expect_readable(text, symbol_bytes_max);
      expect(symbols.state(i) <= SymbolState::refused);
      const SymbolEntry* const entry = symbols.entry(i);
      expect(entry == nullptr || guard_.holds(entry, sizeof(*entry)));
    }
    expect(symbols.entry(instrument_none) == nullptr);
  }

  void read_tables() {
    const auto counters = view_.counters();
    expect(counters.size() <= counter_count_max);
    for (const CounterValue& counter : counters) {
      expect_readable(counter.name, sizeof(CounterEntry::name));
      expect_readable(counter.unit, sizeof(CounterEntry::unit));
    }
    seen_ += view_.counter("counter_19").value_or(0);
    const auto histograms = view_.histograms();
    expect(histograms.size() <= histogram_count_max);
    for (const auto& histogram : histograms) {
      expect_readable(histogram.name, sizeof(HistogramEntry::name));
      for (const double share : {0.0, 0.5, 0.999, 1.0})
        seen_ += histogram.snapshot.percentile(share);
    }
    const auto errors = view_.errors();
    expect(errors.size() <= error_rows);
    for (const ErrorRecord& row : errors) {
      seen_ += get_text(row.text).size() + get_text(row.example).size();
    }
    const auto readers = view_.readers();
    expect(readers.size() <= reader_rows);
    for (const ReaderRecord& row : readers) seen_ += get_text(row.name).size();
  }

  // Each call comes back, moves on if it says so, and the sums hold whatever the stamps say.
  template <class Record>
  void read_ring(RingReader<Record>& reader) {
    const std::uint64_t next = reader.next_sequence();
    Record records[4];
    switch (++turn_ % 4) {
      case 0:
        expect((reader.poll(records[0]) == ReadStatus::empty) == (reader.next_sequence() == next));
        break;
      case 1:
        expect(reader.poll_batch(records) <= std::size(records));
        break;
      case 2: {
        Visit<Record> at;
        if (reader.visit(at) != ReadStatus::ok) break;
        seen_ += at.field(&Record::ts_event) + at.word(Slot<Record>::word_count - 1);
        (void)reader.take(at);
        expect(reader.next_sequence() > next);
        break;
      }
      default:
        seen_ += reader.settle_torn() ? 1 : 0;
    }
    seen_ += reader.has_news() ? 1 : 0;
    expect(reader.next_sequence() >= next);
    expect(reader.head() >= next);
    expect(reader.receipt().is_balanced());
  }

  template <class Record>
  void read_view(const RingView<Record>& view) {
    if (!view.is_open()) return;
    expect(is_ring_size(view.slot_count));
    expect(guard_.holds(view.slots, ring_bytes<Record>(view.slot_count)));
    if (!guard_.holds(view.slots, ring_bytes<Record>(view.slot_count))) return;
    seen_ += view.published() + view.published(turn_ % 100);
    for (const StartAt start : {StartAt::oldest, StartAt::newest}) {
      RingReader<Record> reader(view, start);
      read_ring(reader);
    }
    RingReader<Record> reader(view, seen_ % 64);
    for (int i = 0; i < 4; ++i) read_ring(reader);
  }

  void read_instrument(std::uint32_t id) {
    read_view(view_.tick_ring(id));
    read_view(view_.bar_ring(id));
    const LastReader last = view_.last(id);
    if (!last.is_open()) return;
    TickRecord tick{};
    BarRecord bar{};
    if (last.trade(tick) == ReadStatus::ok) seen_ += LastReader::ring_sequence(tick);
    if (last.quote(tick) == ReadStatus::ok) seen_ += tick.ts_event;
    if (last.bar_1s(bar) == ReadStatus::ok) seen_ += bar.ts_event;
    if (last.bar_1m(bar) == ReadStatus::ok) seen_ += bar.ts_event;
  }

  void read_together() {
    TickRecord records[16];
    TickRingSet rings;
    for (std::uint32_t id = 0; id < symbol_count; ++id) {
      if (const auto view = view_.tick_ring(id); view.is_open()) rings.add(view, StartAt::oldest);
    }
    seen_ += rings.has_news() ? 1 : 0;
    (void)rings.poll(records[0]);
    expect(rings.poll_batch(records) <= std::size(records));
    expect(rings.receipt().is_balanced());
    (void)merged_.poll(~std::uint64_t{0}, records[0]);
    expect(merged_.reader(0).receipt().is_balanced());
  }

  SegmentView view_;
  Guard guard_;
  TapeReader tape_;
  BarTapeReader bars_;
  MergedTicks merged_;
  std::uint64_t turn_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t wrong_ = 0;
};

struct Tally {
  std::atomic<std::uint64_t> rounds{0};
  std::uint64_t maps = 0;
  std::uint64_t refused = 0;
  std::uint64_t guarded = 0;
  std::uint64_t wrong = 0;
};

// Maps anew in each round if the facts allow it, and reads an old map on, as a consumer does.
void suffer(const OpenCopy& copy, const std::atomic<bool>& is_done, Victim& kept, Tally& tally) {
  while (!is_done.load(std::memory_order_acquire)) {  // pairs with the mutator's store
    kept.read_everything();
    if (auto view = SegmentView::map(copy.fd()); view.ok()) {
      Victim victim(std::move(*view));
      victim.read_everything();
      ++tally.maps;
      tally.guarded += victim.is_guarded() ? 1 : 0;
      tally.wrong += victim.wrong();
    } else {
      ++tally.refused;
    }
    tally.rounds.fetch_add(1, std::memory_order_relaxed);  // a count
  }
  tally.wrong += kept.wrong();
}

TEST(HostileWriter, makes_no_reader_crash_hang_or_read_outside_its_map) {
  auto random = test::seeded_random();
  const auto segment = make_segment();
  OpenCopy copy(*segment);
  Mutator mutator(copy, random());
  std::vector<std::unique_ptr<Victim>> kept;
  for (std::size_t i = 0; i < reader_count; ++i) {
    auto view = SegmentView::map(copy.fd());
    ASSERT_TRUE(view.ok()) << view.error().message();
    kept.push_back(std::make_unique<Victim>(std::move(*view)));
    ASSERT_TRUE(kept.back()->is_guarded());
  }
  std::atomic<bool> is_done{false};
  std::array<Tally, reader_count> tallies;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < reader_count; ++i) {
    threads.emplace_back([&, i] { suffer(copy, is_done, *kept[i], tallies[i]); });
  }
  const auto rounds = [&] {
    // relaxed: counts.
    return tallies[0].rounds.load(std::memory_order_relaxed) +
           tallies[1].rounds.load(std::memory_order_relaxed);
  };
  for (std::uint64_t done = 0; done < mutation_count; done += burst) {
    const std::uint64_t before = rounds();
    for (std::uint64_t i = 0; i < burst; ++i) mutator.mutate();
    // The readers' share: at least one of them goes through everything meanwhile.
    while (rounds() == before) ::sched_yield();
  }
  is_done.store(true, std::memory_order_release);  // pairs with the readers' acquire
  for (std::thread& thread : threads) thread.join();

  Tally sum;
  for (const Tally& tally : tallies) {
    sum.maps += tally.maps;
    sum.refused += tally.refused;
    sum.guarded += tally.guarded;
    sum.wrong += tally.wrong;
  }
  std::printf("%llu mutations; %llu rounds, %llu new maps (%llu between guards), %llu refused\n",
              static_cast<unsigned long long>(mutation_count),
              static_cast<unsigned long long>(rounds()), static_cast<unsigned long long>(sum.maps),
              static_cast<unsigned long long>(sum.guarded),
              static_cast<unsigned long long>(sum.refused));
  EXPECT_EQ(sum.wrong, 0U);
  EXPECT_GT(sum.guarded, 0U);
  EXPECT_GT(sum.refused, 0U);
}

}  // namespace
}  // namespace ringside::shm
