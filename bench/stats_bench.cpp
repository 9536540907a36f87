// What a trade costs the statistics: bars of 1 s and 1 m and the day, from the trade's record to
// the published bar, over a market whose clock runs at a given rate. One thread, no feed.
#include <random>

#include "bars.hpp"
#include "harness.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::stats {
namespace {

constexpr std::uint64_t open_ts = 1'514'903'400 * ns_per_s;
constexpr std::size_t batch = 256;

// A market of `symbols` that makes `rate` trades a second of its own time; one in five an odd lot.
std::vector<shm::TickRecord> make_trades(std::uint32_t symbols, std::uint64_t rate,
                                         std::size_t count) {
  std::mt19937_64 random(17);
  std::vector<shm::TickRecord> trades(count, shm::empty_tick());
  for (std::size_t i = 0; i < count; ++i) {
    shm::TickRecord& trade = trades[i];
    trade.kind = shm::Kind::trade;
    trade.instrument_id = static_cast<std::uint32_t>(random() % symbols);
    trade.ts_event = (open_ts + i * ns_per_s / rate) / ns_per_ms * ns_per_ms;
    trade.ts_recv = trade.ts_event + 20 * ns_per_ms;
    trade.trade.price = static_cast<std::int64_t>(10'000 + random() % 100) * 10'000'000;
    trade.trade.size = static_cast<std::int64_t>(1 + random() % 1000) * shm::size_one_equities;
    if (random() % 5 == 0) trade.trade.conditions[0] = 37;
  }
  return trades;
}

void bench_engine(std::uint32_t symbols, std::uint64_t rate, std::size_t count) {
  const std::vector<shm::TickRecord> trades = make_trades(symbols, rate, count);
  shm::SegmentShape shape;
  shape.feed = "bench";
  shape.symbol_capacity = symbols;
  shape.arena_bytes =
      symbols * (shm::ring_bytes<shm::TickRecord>(16) + shm::ring_bytes<shm::BarRecord>(64));
  auto segment = shm::SegmentWriter::create(shape);
  RINGSIDE_ASSERT(segment.ok());
  BarEngine engine{BarOptions{}};
  for (std::uint32_t i = 0; i < symbols; ++i) {
    const auto added = (*segment)->add_symbol("S" + std::to_string(i), {.ticks = 16, .bars = 64}, 0,
                                              shm::SymbolState::live);
    RINGSIDE_ASSERT(added.ok());
    (void)engine.add_symbol(added.instrument_id);
  }
  std::vector<std::uint64_t> batch_ns;
  batch_ns.reserve(count / batch + 1);
  std::uint64_t hash = 0;
  const std::uint64_t begin = monotonic_ns();
  for (std::size_t first = 0; first < count; first += batch) {
    const std::uint64_t from = monotonic_ns();
    for (std::size_t i = first; i < std::min(first + batch, count); ++i) {
      engine.see(trades[i].ts_event, trades[i].ts_recv);
      engine.add_trade(trades[i].instrument_id, trades[i], 11, trades[i].ts_recv);
    }
    engine.publish_revised(from);
    for (const shm::BarRecord& bar : engine.out()) {
      (*segment)->publish(bar);
      hash = hash * 31 + static_cast<std::uint64_t>(bar.vwap);
    }
    engine.out().clear();
    batch_ns.push_back(monotonic_ns() - from);
  }
  const auto total_ns = static_cast<double>(monotonic_ns() - begin);
  const BarCounts& counts = engine.counts();
  std::printf(
      "%5u symbols, %7llu trades/s of market time: %.1f ns a trade, %.2f M trades/s, "
      "%llu bars; hash %llx\n",
      symbols, static_cast<unsigned long long>(rate), total_ns / static_cast<double>(count),
      static_cast<double>(count) * 1e3 / total_ns,
      static_cast<unsigned long long>(counts.bars[index_1s] + counts.bars[index_1m]),
      static_cast<unsigned long long>(hash));
  bench::print_percentiles("  a batch of 256 trades", batch_ns);
}

}  // namespace
}  // namespace ringside::stats

int main(int argc, char** argv) {
  using ringside::stats::bench_engine;
  const bool is_small = ringside::bench::is_small(argc, argv);
  ringside::bench::print_place("stats_bench");
  const std::size_t count = is_small ? 20'000 : 4'000'000;
  bench_engine(6, 2'000, count);
  bench_engine(300, 50'000, count);
  bench_engine(4'000, 100'000, count);
  return 0;
}
