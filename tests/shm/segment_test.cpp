// A segment as the kernel and as readers see it: sealed, checked, and the same bytes on both sides.
#include "ringside/shm/segment.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../support/records.hpp"

namespace ringside::shm {
namespace {

SegmentShape small_shape() {
  SegmentShape shape;
  shape.feed = "test";
  shape.symbol_capacity = 8;
  shape.tick_tape_slots = 1024;
  shape.bar_tape_slots = 64;
  shape.arena_bytes = 1 << 20;
  return shape;
}

std::unique_ptr<SegmentWriter> make_segment(const SegmentShape& shape = small_shape()) {
  auto writer = SegmentWriter::create(shape);
  EXPECT_TRUE(writer.ok()) << writer.error().message();
  return std::move(*writer);
}

TEST(Segment, carries_ticks_bars_and_last_values_to_a_reader) {
  auto writer = make_segment();
  writer->mark_ready();
  auto view = SegmentView::map(writer->segment_fd());
  ASSERT_TRUE(view.ok()) << view.error().message();
  const SymbolResult aapl = writer->add_symbol("AAPL", {64, 16}, 5, SymbolState::live);
  const SymbolResult spy = writer->add_symbol("SPY", {64, 16}, 6, SymbolState::live);
  ASSERT_TRUE(aapl.ok() && spy.ok());
  TapeReader tape(view->tick_tape(), StartAt::oldest);
  for (std::uint64_t n = 0; n < 10; ++n) {
    writer->publish(test::numbered_trade(n, n % 2 == 0 ? aapl.instrument_id : spy.instrument_id));
  }
  writer->publish(test::numbered_bar(3, spy.instrument_id));

  EXPECT_EQ(view->symbols().find("SPY"), spy.instrument_id);
  TickRecord tick;
  for (std::uint64_t n = 0; n < 10; ++n) {
    ASSERT_EQ(tape.poll(tick), ReadStatus::ok);
    EXPECT_EQ(tick.ts_event, n);
  }
  TickRingReader ring(view->tick_ring(spy.instrument_id), StartAt::oldest);
  ASSERT_EQ(ring.poll(tick), ReadStatus::ok);
  EXPECT_EQ(tick.ts_event, 1U);
  ASSERT_EQ(view->last(aapl.instrument_id).trade(tick), ReadStatus::ok);
  EXPECT_EQ(tick.ts_event, 8U);
  BarRecord bar;
  ASSERT_EQ(view->last(spy.instrument_id).bar_1m(bar), ReadStatus::ok);
  EXPECT_EQ(bar.volume, 6);
  EXPECT_EQ(view->last(spy.instrument_id).quote(tick), ReadStatus::empty);
  BarTapeReader bars(view->bar_tape(), StartAt::oldest);
  ASSERT_EQ(bars.poll(bar), ReadStatus::ok);
}

TEST(Segment, cannot_be_written_grown_or_cut_by_who_was_handed_it) {
  auto writer = make_segment();
  writer->mark_ready();
  const int fd = writer->segment_fd();
  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  EXPECT_EQ(memory, MAP_FAILED);
  EXPECT_EQ(errno, EPERM);
  EXPECT_NE(::ftruncate(fd, 0), 0);
  EXPECT_NE(::ftruncate(fd, 1 << 30), 0);
  EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
  // Not through a descriptor opened anew either, nor by asking for more rights later.
  const int again = ::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(again, 0);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0), MAP_FAILED);
  void* view = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, again, 0);
  ASSERT_NE(view, MAP_FAILED);
  EXPECT_NE(::mprotect(view, 4096, PROT_READ | PROT_WRITE), 0);
  ::munmap(view, 4096);
  ::close(again);
}

TEST(Segment, is_not_ready_before_its_last_word) {
  auto writer = make_segment();
  const auto view = SegmentView::map(writer->segment_fd());
  ASSERT_FALSE(view.ok());
  EXPECT_EQ(view.error().code, ErrorCode::timeout);
}

TEST(Segment, refuses_symbols_beyond_its_limits_and_keeps_the_others) {
  auto writer = make_segment();
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(writer->add_symbol("S" + std::to_string(i), {64, 16}, 0, SymbolState::live).ok());
  }
  EXPECT_EQ(writer->add_symbol("S8", {64, 16}, 0, SymbolState::live).refused,
            RefuseReason::symbols_full);
  EXPECT_TRUE(writer->add_symbol("S3", {64, 16}, 0, SymbolState::live).ok());
  EXPECT_EQ(writer->add_symbol("", {64, 16}, 0, SymbolState::live).refused,
            RefuseReason::bad_symbol);
  auto tight = make_segment();
  EXPECT_EQ(tight->add_symbol("BIG", {1 << 20, 16}, 0, SymbolState::live).refused,
            RefuseReason::memory_full);
  EXPECT_TRUE(tight->add_symbol("SMALL", {64, 16}, 0, SymbolState::live).ok());
}

TEST(Segment, says_how_much_memory_is_missing) {
  SegmentShape shape = small_shape();
  shape.arena_bytes = 1ULL << 50;
  const auto writer = SegmentWriter::create(shape);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().code, ErrorCode::memory);
  EXPECT_THAT(writer.error().message(), testing::HasSubstr("1125899"));
  EXPECT_THAT(writer.error().message(), testing::HasSubstr("available"));
}

// A copy of a good segment's bytes in an unsealed memfd, to be spoilt.
UniqueFd copy_of(const SegmentWriter& writer) {
  UniqueFd fd(::memfd_create("spoilt", MFD_CLOEXEC));
  const std::uint64_t bytes = writer.facts().segment_bytes;
  EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(bytes)), 0);
  std::vector<char> buffer(bytes);
  EXPECT_EQ(::pread(writer.segment_fd(), buffer.data(), bytes, 0), static_cast<ssize_t>(bytes));
  EXPECT_EQ(::pwrite(fd.get(), buffer.data(), bytes, 0), static_cast<ssize_t>(bytes));
  return fd;
}

template <class T>
void spoil(const UniqueFd& fd, std::size_t offset, T value) {
  EXPECT_EQ(::pwrite(fd.get(), &value, sizeof(value), static_cast<off_t>(offset)),
            static_cast<ssize_t>(sizeof(value)));
}

TEST(Segment, of_another_version_is_refused_with_both_versions) {
  auto writer = make_segment();
  writer->mark_ready();
  const UniqueFd fd = copy_of(*writer);
  ASSERT_TRUE(SegmentView::map(fd.get()).ok());
  spoil<std::uint32_t>(fd, offsetof(SegmentFacts, layout_version), 77);
  const auto view = SegmentView::map(fd.get());
  ASSERT_FALSE(view.ok());
  EXPECT_EQ(view.error().code, ErrorCode::version);
  EXPECT_THAT(view.error().what, testing::HasSubstr("77"));
  EXPECT_THAT(view.error().what,
              testing::HasSubstr("reads " + std::to_string(layout_version) + " "));
}

TEST(Segment, with_any_fact_out_of_range_is_refused) {
  auto writer = make_segment();
  writer->mark_ready();
  for (const std::size_t offset :
       {offsetof(SegmentFacts, symbols_offset), offsetof(SegmentFacts, index_offset),
        offsetof(SegmentFacts, last_offset), offsetof(SegmentFacts, counters_offset),
        offsetof(SegmentFacts, histograms_offset), offsetof(SegmentFacts, errors_offset),
        offsetof(SegmentFacts, readers_offset), offsetof(SegmentFacts, tick_tape_offset),
        offsetof(SegmentFacts, bar_tape_offset), offsetof(SegmentFacts, arena_offset),
        offsetof(SegmentFacts, arena_bytes), offsetof(SegmentFacts, segment_bytes)}) {
    for (const std::uint64_t value :
         {std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{63}}) {
      if (offset == offsetof(SegmentFacts, arena_bytes) && value == 1)
        continue;  // small, not wrong
      const UniqueFd fd = copy_of(*writer);
      spoil(fd, offset, value);
      EXPECT_FALSE(SegmentView::map(fd.get()).ok()) << offset << " = " << value;
    }
  }
}

TEST(Segment, an_entry_that_points_outside_gives_no_ring) {
  auto writer = make_segment();
  writer->mark_ready();
  ASSERT_TRUE(writer->add_symbol("AAPL", {64, 16}, 0, SymbolState::live).ok());
  const UniqueFd fd = copy_of(*writer);
  spoil<std::uint64_t>(fd, writer->facts().symbols_offset + offsetof(SymbolEntry, ring_offset),
                       1ULL << 60);
  const auto view = SegmentView::map(fd.get());
  ASSERT_TRUE(view.ok());
  EXPECT_FALSE(view->tick_ring(0).is_open());
  EXPECT_TRUE(view->bar_ring(0).is_open());
}

TEST(Segment, shows_counters_histograms_and_errors) {
  auto writer = make_segment();
  Counter frames = writer->add_counter("frames", "frames");
  Histogram latency = writer->add_histogram("socket_to_record", "ns");
  writer->mark_ready();
  frames.add(3);
  latency.record(100);
  writer->log_error(5, "bad_json", "[{\"ev\"", 10);
  writer->log_error(5, "bad_json", "[{\"ev\":", 20);
  const auto view = SegmentView::map(writer->segment_fd());
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->counter("frames"), 3U);
  EXPECT_EQ(view->counter("nothing"), std::nullopt);
  ASSERT_EQ(view->histograms().size(), 1U);
  EXPECT_EQ(view->histograms()[0].snapshot.max, 100U);
  ASSERT_EQ(view->errors().size(), 1U);
  EXPECT_EQ(view->errors()[0].count, 2U);
  EXPECT_EQ(view->errors()[0].ts_first, 10U);
  EXPECT_EQ(view->errors()[0].ts_last, 20U);
}

}  // namespace
}  // namespace ringside::shm
