// Threads: one writer at full speed, readers of different paces. Nothing torn, everything
// accounted.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "../support/records.hpp"
#include "../support/ring_memory.hpp"
#include "../support/sanitized.hpp"
#include "ringside/shm/last.hpp"
#include "ringside/shm/ring.hpp"

namespace ringside::shm {
namespace {

struct Outcome {
  std::uint64_t torn = 0;
  std::uint64_t out_of_order = 0;
  Receipt receipt;
};

// Reads until the writer is done and nothing is pending; `pause` spins between records.
Outcome follow(const RingView<TickRecord>& view, const std::atomic<bool>& is_done, int pause) {
  Outcome outcome;
  TickRingReader reader(view, std::uint64_t{0});  // what went before this thread counts as lost
  std::uint64_t next = 0;
  while (true) {
    const bool was_done = is_done.load(std::memory_order_acquire);  // pairs with the writer's store
    TickRecord record;
    const ReadStatus status = reader.poll(record);
    if (status == ReadStatus::ok) {
      std::uint64_t n = 0;
      if (!test::is_whole(record, n)) ++outcome.torn;
      if (n < next) ++outcome.out_of_order;
      next = n + 1;
      for (int i = 0; i < pause; ++i) (void)reader.pending();
    } else if (status == ReadStatus::empty) {
      if (was_done) break;
      std::this_thread::yield();
    }
  }
  outcome.receipt = reader.receipt();
  return outcome;
}

TEST(RingStress, received_plus_lost_is_published_for_readers_of_every_pace) {
  constexpr std::uint32_t slots = 256;
  constexpr std::uint64_t records = 200'000;
  test::RingMemory<TickRecord> ring(slots);
  std::atomic<bool> is_done{false};
  std::vector<Outcome> outcomes(3);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    threads.emplace_back(
        [&, i] { outcomes[i] = follow(ring.view, is_done, static_cast<int>(i * 50)); });
  }
  for (std::uint64_t n = 0; n < records; ++n) {
    (void)ring.writer.publish(test::numbered_trade(n));
    if (n % 64 == 0) std::this_thread::yield();
  }
  is_done.store(true, std::memory_order_release);  // pairs with the readers' acquire
  for (std::thread& thread : threads) thread.join();
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.torn, 0U);
    EXPECT_EQ(outcome.out_of_order, 0U);
    EXPECT_EQ(outcome.receipt.received + outcome.receipt.lost, records);
    EXPECT_EQ(outcome.receipt.pending, 0U);
  }
}

// Reads in place until the writer is done and nothing is pending. Now and then the writer gets its
// turn between two fields; `overtaken` counts what became void by that.
Outcome visit(const RingView<TickRecord>& view, const std::atomic<bool>& is_done,
              std::atomic<std::uint64_t>& overtaken) {
  Outcome outcome;
  TickRingReader reader(view, std::uint64_t{0});
  while (true) {
    const bool was_done = is_done.load(std::memory_order_acquire);  // pairs with the writer's store
    Visit<TickRecord> visited;
    const ReadStatus status = reader.visit(visited);
    if (status == ReadStatus::ok) {
      const std::uint64_t n = visited.field(&TickRecord::ts_event);
      if (n % 4 == 0) std::this_thread::yield();
      const bool is_whole = visited.field(&TickRecord::ts_recv) == ~n &&
                            visited.field(&TickRecord::trade, &TradeBody::price) ==
                                static_cast<std::int64_t>(n * 3) &&
                            visited.field(&TickRecord::trade, &TradeBody::trade_id) == n * 7;
      if (!reader.take(visited)) {
        overtaken.fetch_add(1, std::memory_order_relaxed);  // a count
        continue;                                           // what was loaded means nothing
      }
      if (!is_whole) ++outcome.torn;
      if (n != visited.sequence()) ++outcome.out_of_order;
    } else if (status == ReadStatus::empty) {
      if (was_done) break;
      std::this_thread::yield();
    }
  }
  outcome.receipt = reader.receipt();
  return outcome;
}

TEST(RingStress, what_a_visit_took_is_whole) {
  constexpr std::uint64_t records_min = test::is_sanitized ? 100'000 : 500'000;
  constexpr std::uint64_t records_max = 20'000'000;
  constexpr std::uint64_t overtaken_min = 100;
  test::RingMemory<TickRecord> ring(16);
  std::atomic<bool> is_done{false};
  std::atomic<std::uint64_t> overtaken{0};
  std::vector<Outcome> outcomes(2);
  std::vector<std::thread> threads;
  threads.reserve(outcomes.size());
  for (Outcome& outcome : outcomes) {
    threads.emplace_back([&] { outcome = visit(ring.view, is_done, overtaken); });
  }
  std::uint64_t records = 0;
  const auto was_overtaken_enough = [&] {
    return overtaken.load(std::memory_order_relaxed) >= overtaken_min;  // a count
  };
  while (records < records_min || (!was_overtaken_enough() && records < records_max)) {
    (void)ring.writer.publish(test::numbered_trade(records++));
    if (records % 32 == 0) std::this_thread::yield();
  }
  is_done.store(true, std::memory_order_release);  // pairs with the readers' acquire
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(was_overtaken_enough());
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.torn, 0U);
    EXPECT_EQ(outcome.out_of_order, 0U);
    EXPECT_EQ(outcome.receipt.received + outcome.receipt.lost, records);
  }
}

// The writer says what it is about to publish and what it has published; a count lies between what
// was said before and what is said afterwards.
TEST(RingStress, a_count_was_true_at_an_instant_of_the_call) {
  constexpr std::uint64_t records = 300'000;
  constexpr std::uint64_t counts_min = 1000;
  test::RingMemory<TickRecord> ring(64);
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint64_t> counts{0};
  std::atomic<bool> is_done{false};
  std::uint64_t wrong = 0;
  std::thread counter([&] {
    std::uint64_t last = 0;
    while (!is_done.load(std::memory_order_acquire)) {  // pairs with the writer's store
      const std::uint64_t least = ended.load(std::memory_order_acquire);      // pairs with [ended]
      const bool is_fresh = counts.load(std::memory_order_relaxed) % 2 == 0;  // own word
      const std::uint64_t count = ring.view.published(is_fresh ? 0 : last);
      const std::uint64_t most = begun.load(std::memory_order_acquire);  // pairs with [begun]
      if (count < least || count > most || count < last) ++wrong;
      last = count;
      counts.fetch_add(1, std::memory_order_relaxed);  // a count
    }
  });
  for (std::uint64_t n = 0; n < records || counts.load(std::memory_order_relaxed) < counts_min;
       ++n) {
    begun.store(n + 1, std::memory_order_release);  // [begun] before the record
    (void)ring.writer.publish(test::numbered_trade(n));
    ended.store(n + 1, std::memory_order_release);  // [ended] behind the record
    if (n % 256 == 0) std::this_thread::yield();
  }
  is_done.store(true, std::memory_order_release);  // pairs with the counter's acquire
  counter.join();
  EXPECT_EQ(wrong, 0U);
}

// The default writes pairs of words except under the thread sanitizer; here each way is named.
template <bool by_pairs>
void expect_whole_under_load() {
  test::RingMemory<BarRecord> ring(16);
  std::atomic<bool> is_done{false};
  std::uint64_t torn_count = 0;
  std::uint64_t received = 0;
  std::thread thread([&] {
    BarRingReader reader(ring.view, std::uint64_t{0});
    BarRecord record;
    while (true) {
      const bool was_done = is_done.load(std::memory_order_acquire);  // pairs with the store below
      const ReadStatus status = reader.poll(record);
      if (status == ReadStatus::ok) {
        ++received;
        if (record.volume != static_cast<std::int64_t>(2 * record.ts_event)) ++torn_count;
      } else if (status == ReadStatus::empty && was_done) {
        return;
      }
    }
  });
  for (std::uint64_t n = 0; n < 200'000; ++n) {
    const Words<BarRecord> words = to_words(test::numbered_bar(n));
    Slot<BarRecord>& slot = ring.slots[n % 16];
    if constexpr (by_pairs) write_slot_by_pairs(slot, n, words);
    if constexpr (!by_pairs) write_slot_by_words(slot, n, words);
    if (n % 8 == 0) std::this_thread::yield();
  }
  is_done.store(true, std::memory_order_release);  // pairs with the reader's acquire
  thread.join();
  EXPECT_EQ(torn_count, 0U);
  EXPECT_GT(received, 0U);
}

TEST(SlotStress, a_record_written_by_words_is_never_torn) {
  expect_whole_under_load<false>();
}

TEST(SlotStress, a_record_written_by_pairs_is_never_torn) {
  if constexpr (!writes_pairs) GTEST_SKIP() << "the thread sanitizer does not see x86's order";
  if constexpr (writes_pairs) expect_whole_under_load<true>();
}

TEST(CellStress, a_last_value_is_never_torn) {
  LastValues last{};
  std::atomic<bool> is_done{false};
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> read{0};
  std::thread reader([&] {
    const LastReader values(&last);
    TickRecord record;
    while (!is_done.load(std::memory_order_acquire)) {  // pairs with the writer's store
      if (values.trade(record) != ReadStatus::ok) continue;
      std::uint64_t n = 0;
      if (!test::is_whole(record, n)) torn.fetch_add(1, std::memory_order_relaxed);  // a count
      read.fetch_add(1, std::memory_order_relaxed);                                  // a count
    }
  });
  for (std::uint64_t n = 0; n < 200'000 || read.load(std::memory_order_relaxed) < 100; ++n) {
    write_last(last, Kind::trade, n, to_words(test::numbered_trade(n)));
    if (n % 16 == 0) std::this_thread::yield();
  }
  is_done.store(true, std::memory_order_release);  // pairs with the reader's acquire
  reader.join();
  EXPECT_EQ(torn.load(std::memory_order_relaxed), 0U);  // threads are joined
  EXPECT_GE(read.load(std::memory_order_relaxed), 100U);
}

}  // namespace
}  // namespace ringside::shm
