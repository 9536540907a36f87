// Conservation at full speed: one writer process, eight reader processes, one of them a hundred
// times slower than the others. Every record is received or counted as lost, by each, and none is
// torn. The long form takes some twenty minutes: RINGSIDE_LONG=1 bin/shm_conservation_test.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <random>

#include "../support/seed.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {
namespace {

constexpr std::uint64_t records_default = 200'000'000;
constexpr std::uint64_t records_long = 20'000'000'000;  // RINGSIDE_LONG=1
constexpr std::uint32_t tape_slots = 1U << 16;
constexpr std::uint64_t laps_min = 50;
constexpr std::size_t reader_count = 8;
constexpr std::size_t slow_reader = reader_count - 1;

// The payload: each word depends on the record's number, its place, and a secret of this run that
// no code under test knows.
constexpr std::uint64_t word_of(std::uint64_t secret, std::uint64_t n, std::uint64_t place) {
  std::uint64_t mixed = (n + place * 0x9E3779B97F4A7C15ULL) ^ secret;
  mixed *= 0xC2B2AE3D27D4EB4FULL;
  return mixed ^ (mixed >> 29);
}

TickRecord make_record(std::uint64_t secret, std::uint64_t n) {
  TickRecord record{};
  record.ts_event = n;
  record.ts_recv = word_of(secret, n, 1);
  record.instrument_id = instrument_none;  // the tape alone
  record.kind = Kind::trade;
  record.trade.price = static_cast<std::int64_t>(word_of(secret, n, 2));
  record.trade.size = static_cast<std::int64_t>(word_of(secret, n, 3));
  record.trade.trade_id = word_of(secret, n, 4);
  record.trade.sequence = static_cast<std::uint32_t>(n);
  return record;
}

// What a reader process says of itself, in memory that its parent sees.
struct alignas(cache_line_bytes) Result {
  Receipt receipt;
  std::uint64_t torn = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t lapped = 0;  // times it was told of a loss
  std::uint64_t work = 0;    // what it computed, so that the work is done
};

struct Shared {
  std::atomic<std::uint32_t> ready{0};     // readers that are attached
  std::atomic<std::uint32_t> is_ended{0};  // the writer is gone, and was waited for
  Result results[reader_count];
};

class Follower {
 public:
  Follower(const SegmentView& view, std::uint64_t secret)
      : reader_(view.tick_tape(), std::uint64_t{0}), secret_(secret) {}

  // Reads until nothing is left of a writer that has ended. `index` decides how.
  Result run(std::size_t index, const Shared& shared) {
    while (true) {
      const bool has_ended = shared.is_ended.load(std::memory_order_acquire) != 0;  // [ended]
      const std::uint64_t lost = reader_.lost();
      const std::size_t count = index % 3 == 2 ? visit() : read_batch(index);
      if (reader_.lost() != lost) ++result_.lapped;
      if (index == slow_reader) work(100 * count);
      if (count != 0 || reader_.lost() != lost) continue;
      if (has_ended) break;
      ::sched_yield();
    }
    result_.receipt = reader_.receipt();
    return result_;
  }

 private:
  std::size_t read_batch(std::size_t index) {
    const std::size_t batch = index % 3 == 0 ? records_.size() : 1;
    const std::size_t count = reader_.poll_batch({records_.data(), batch});
    for (std::size_t i = 0; i < count; ++i) {
      const TickRecord& record = records_[i];
      check(record.stamp / 2 - 1, record.ts_event, record.ts_recv, record.trade.price,
            record.trade.size, record.trade.trade_id);
    }
    return count;
  }

  std::size_t visit() {
    Visit<TickRecord> at;
    if (reader_.visit(at) != ReadStatus::ok) return 0;
    const std::uint64_t n = at.field(&TickRecord::ts_event);
    const std::uint64_t ts_recv = at.field(&TickRecord::ts_recv);
    const std::int64_t price = at.field(&TickRecord::trade, &TradeBody::price);
    const std::int64_t size = at.field(&TickRecord::trade, &TradeBody::size);
    const std::uint64_t trade_id = at.field(&TickRecord::trade, &TradeBody::trade_id);
    if (!reader_.take(at)) return 0;
    check(at.sequence(), n, ts_recv, price, size, trade_id);
    return 1;
  }

  void check(std::uint64_t sequence, std::uint64_t n, std::uint64_t ts_recv, std::int64_t price,
             std::int64_t size, std::uint64_t trade_id) {
    const bool is_whole = ts_recv == word_of(secret_, n, 1) &&
                          price == static_cast<std::int64_t>(word_of(secret_, n, 2)) &&
                          size == static_cast<std::int64_t>(word_of(secret_, n, 3)) &&
                          trade_id == word_of(secret_, n, 4);
    if (!is_whole) ++result_.torn;
    if (n != sequence || n < next_) ++result_.out_of_order;
    next_ = n + 1;
  }

  // As much again as `count` records cost to check.
  void work(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::uint64_t place = 1; place <= 4; ++place) {
        result_.work += word_of(secret_, result_.work, place);
      }
    }
  }

  TapeReader reader_;
  std::uint64_t secret_;
  std::uint64_t next_ = 0;
  Result result_;
  std::array<TickRecord, 64> records_{};
};

[[noreturn]] void follow(const SegmentWriter& segment, std::uint64_t secret, std::size_t index,
                         Shared& shared) {
  const auto view = SegmentView::map(segment.segment_fd());
  if (!view.ok()) ::_exit(1);
  Follower follower(*view, secret);
  shared.ready.fetch_add(1, std::memory_order_release);  // pairs with the writer's acquire
  shared.results[index] = follower.run(index, shared);   // seen by the parent when it has waited
  ::_exit(0);
}

[[noreturn]] void publish(SegmentWriter& segment, std::uint64_t secret, std::uint64_t records,
                          const Shared& shared) {
  // pairs with each reader's release: nobody misses the beginning.
  while (shared.ready.load(std::memory_order_acquire) != reader_count) ::sched_yield();
  for (std::uint64_t n = 0; n < records; ++n) segment.publish(make_record(secret, n));
  ::_exit(0);
}

bool has_exited_well(pid_t pid) {
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Conservation, received_plus_lost_is_published_for_eight_processes) {
  auto random = test::seeded_random();
  const std::uint64_t secret = random();
  const std::uint64_t records =
      std::getenv("RINGSIDE_LONG") != nullptr ? records_long : records_default;
  SegmentShape shape;
  shape.symbol_capacity = 1;
  shape.tick_tape_slots = tape_slots;
  shape.bar_tape_slots = 16;
  shape.arena_bytes = 1 << 16;
  auto segment = SegmentWriter::create(shape);
  ASSERT_TRUE(segment.ok()) << segment.error().message();
  (*segment)->mark_ready();
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& shared = *new (memory) Shared;

  const std::uint64_t begin_ns = monotonic_ns();
  std::array<pid_t, reader_count> readers{};
  for (std::size_t i = 0; i < reader_count; ++i) {
    readers[i] = ::fork();
    ASSERT_GE(readers[i], 0);
    if (readers[i] == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not beyond this test, however it ends
      follow(**segment, secret, i, shared);
    }
  }
  const pid_t writer = ::fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    publish(**segment, secret, records, shared);
  }
  EXPECT_TRUE(has_exited_well(writer));
  shared.is_ended.store(1, std::memory_order_release);  // [ended] behind all that it published
  for (const pid_t reader : readers) EXPECT_TRUE(has_exited_well(reader));

  for (std::size_t i = 0; i < reader_count; ++i) {
    const Result& result = shared.results[i];
    std::printf("reader %zu: %llu received, %llu lost, lapped %llu times\n", i,
                static_cast<unsigned long long>(result.receipt.received),
                static_cast<unsigned long long>(result.receipt.lost),
                static_cast<unsigned long long>(result.lapped));
    EXPECT_EQ(result.torn, 0U) << i;
    EXPECT_EQ(result.out_of_order, 0U) << i;
    EXPECT_EQ(result.receipt.received + result.receipt.lost, records) << i;
    EXPECT_EQ(result.receipt.published, records) << i;
    EXPECT_GT(result.receipt.received, 0U) << i;
  }
  EXPECT_GE(shared.results[slow_reader].lapped, laps_min);
  std::printf("%llu records, %llu laps, %.1f s\n", static_cast<unsigned long long>(records),
              static_cast<unsigned long long>(records / tape_slots),
              static_cast<double>(monotonic_ns() - begin_ns) / 1e9);
  ::munmap(memory, sizeof(Shared));
}

}  // namespace
}  // namespace ringside::shm
