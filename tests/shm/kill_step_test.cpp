// The writer killed after each single instruction of a publish: whoever reads then gets whole
// records only, comes to an end, and counts the record it died inside as lost exactly once.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <optional>

#include "../support/records.hpp"
#include "../support/single_step.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

constexpr std::uint32_t tape_slots = 16;
constexpr std::uint64_t polls_max = std::uint64_t{4} * tape_slots;

// Is every byte of `record` that of one number? The stamp is the reader's business.
template <class Record>
bool is_numbered(const Record& record, Record expected) {
  expected.stamp = record.stamp;
  return std::memcmp(&record, &expected, sizeof(record)) == 0;
}

template <class Record>
using Make = Record (*)(std::uint64_t n, std::uint32_t instrument_id);

// A segment of one symbol, and a reader's view of it.
struct Stage {
  std::unique_ptr<SegmentWriter> writer;
  std::optional<SegmentView> view;
  std::uint32_t instrument_id = instrument_none;
};

Stage make_stage() {
  SegmentShape shape;
  shape.symbol_capacity = 2;
  shape.tick_tape_slots = tape_slots;
  shape.bar_tape_slots = tape_slots;
  shape.arena_bytes = 1 << 16;
  shape.ready_bytes_ahead = 1 << 16;
  Stage stage;
  auto writer = SegmentWriter::create(shape);
  EXPECT_TRUE(writer.ok()) << writer.error().message();
  stage.writer = std::move(*writer);
  stage.instrument_id =
      stage.writer->add_symbol("AAPL", {tape_slots, tape_slots}, 0, SymbolState::live)
          .instrument_id;
  stage.writer->mark_ready();
  auto view = SegmentView::map(stage.writer->segment_fd());
  EXPECT_TRUE(view.ok());
  stage.view.emplace(std::move(*view));
  return stage;
}

// Reads a ring to its end after the writer's death. Returns whether a record was torn in it.
template <class Record>
bool read_to_the_end(const RingView<Record>& view, std::uint64_t before, Make<Record> make) {
  RingReader<Record> reader(view, StartAt::oldest);
  const std::uint64_t start = reader.next_sequence();
  Record record;
  for (std::uint64_t polls = 0;; ++polls) {
    EXPECT_LT(polls, polls_max) << "the reader does not come to an end";
    if (polls == polls_max) return false;
    const std::uint64_t expected = reader.next_sequence();
    const ReadStatus status = reader.poll(record);
    if (status == ReadStatus::empty) break;
    if (status == ReadStatus::lapped) continue;
    EXPECT_TRUE(is_numbered(record, make(expected, 0)));
  }
  const bool is_torn = reader.settle_torn();
  EXPECT_FALSE(reader.settle_torn()) << "counted twice";
  EXPECT_EQ(reader.poll(record), ReadStatus::empty);
  const Receipt receipt = reader.receipt();
  EXPECT_EQ(receipt.pending, 0U);
  EXPECT_EQ(receipt.received + receipt.lost, receipt.published - start);
  EXPECT_EQ(reader.torn(), is_torn ? 1U : 0U);
  // What was there before is not lost by the death; the one record was published, torn, or not yet
  // begun.
  EXPECT_GE(receipt.published, before);
  EXPECT_LE(receipt.published, before + 1);
  return is_torn;
}

// A last value: the one before, the new one, or none while it is being replaced. Returns whether it
// is torn.
template <class Record, class Read>
bool read_last(Read&& read, std::uint64_t before, Make<Record> make) {
  Record record;
  const ReadStatus status = read(record);
  EXPECT_NE(status, ReadStatus::lapped);  // nobody writes any more
  if (status != ReadStatus::ok) return before != 0;
  EXPECT_TRUE(is_numbered(record, make(before, 0)) ||
              (before != 0 && is_numbered(record, make(before - 1, 0))));
  return false;
}

struct Torn {
  std::uint64_t ring = 0;
  std::uint64_t last = 0;
  std::uint64_t tape = 0;
};

// Publishes `before` records, then kills a child after each instruction of the next publish.
template <class Record>
void kill_at_each_instruction(std::uint64_t before, Make<Record> make) {
  constexpr bool is_tick = std::is_same_v<Record, TickRecord>;
  if (const auto reason = test::why_not_stepping()) GTEST_SKIP() << *reason;
  Torn torn;
  std::uint64_t instructions = 0;
  for (bool has_ended = false; !has_ended; ++instructions) {
    Stage stage = make_stage();
    for (std::uint64_t n = 0; n < before; ++n) {
      stage.writer->publish(make(n, stage.instrument_id));
    }
    ASSERT_EQ(stage.instrument_id, 0U);
    const Record next = make(before, stage.instrument_id);
    test::SteppedChild child([&] { stage.writer->publish(next); });
    ASSERT_TRUE(child.is_inside());
    has_ended = child.step(instructions) < instructions;
    child.kill();

    const SegmentView& view = *stage.view;
    const LastReader last = view.last(stage.instrument_id);
    bool is_ring_torn = false;
    bool is_tape_torn = false;
    bool is_last_torn = false;
    if constexpr (is_tick) {
      is_ring_torn = read_to_the_end(view.tick_ring(stage.instrument_id), before, make);
      is_tape_torn = read_to_the_end(view.tick_tape(), before, make);
      is_last_torn = read_last<Record>([&](Record& out) { return last.trade(out); }, before, make);
    } else {
      is_ring_torn = read_to_the_end(view.bar_ring(stage.instrument_id), before, make);
      is_tape_torn = read_to_the_end(view.bar_tape(), before, make);
      is_last_torn = read_last<Record>([&](Record& out) { return last.bar_1m(out); }, before, make);
    }
    // Ring, last value, tape, one after the other: it can die in one of them only.
    ASSERT_LE(int{is_ring_torn} + int{is_last_torn} + int{is_tape_torn}, 1) << instructions;
    torn.ring += is_ring_torn;
    torn.last += is_last_torn;
    torn.tape += is_tape_torn;
    ASSERT_FALSE(testing::Test::HasFailure()) << "killed after instruction " << instructions;
  }
  std::printf(
      "%llu instructions; torn ring %llu, last value %llu, tape %llu times\n",
      static_cast<unsigned long long>(instructions - 1), static_cast<unsigned long long>(torn.ring),
      static_cast<unsigned long long>(torn.last), static_cast<unsigned long long>(torn.tape));
  // Each place was hit: at least once for each pair of the record's words.
  constexpr std::uint64_t pairs = sizeof(Record) / 16;
  EXPECT_GE(torn.ring, pairs);
  EXPECT_GE(torn.tape, pairs);
  EXPECT_TRUE(before == 0 || torn.last >= pairs);
}

TEST(WriterKilledAtEachStep, of_the_first_tick) {
  kill_at_each_instruction<TickRecord>(0, test::numbered_trade);
}

TEST(WriterKilledAtEachStep, of_a_tick_that_overwrites_another) {
  kill_at_each_instruction<TickRecord>(3 * tape_slots + 5, test::numbered_trade);
}

TEST(WriterKilledAtEachStep, of_the_first_bar) {
  kill_at_each_instruction<BarRecord>(0, test::numbered_bar);
}

TEST(WriterKilledAtEachStep, of_a_bar_that_overwrites_another) {
  kill_at_each_instruction<BarRecord>(3 * tape_slots + 5, test::numbered_bar);
}

TEST(CountInstructions, counts_the_same_every_time_and_more_for_more) {
  if (const auto reason = test::why_not_stepping()) GTEST_SKIP() << *reason;
  Stage stage = make_stage();
  const TickRecord record = test::numbered_trade(1, stage.instrument_id);
  const auto publish = [&](int count) {
    for (int i = 0; i < count; ++i) stage.writer->publish(record);
  };
  EXPECT_EQ(test::count_instructions([] {}), 0U);
  const std::uint64_t one = test::count_instructions([&] { publish(1); });
  const std::uint64_t ten = test::count_instructions([&] { publish(10); });
  std::printf("a publish of a tick: %llu instructions\n",
              static_cast<unsigned long long>((ten - one) / 9));
  EXPECT_EQ(one, test::count_instructions([&] { publish(1); }));
  constexpr std::uint64_t stores_min = 3 * (2 + sizeof(TickRecord) / 16);  // three slots
  EXPECT_GE(one, stores_min);
  EXPECT_GE(ten - one, 9 * stores_min);
}

}  // namespace
}  // namespace ringside::shm
