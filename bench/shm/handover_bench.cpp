// Ringside against its rivals between two processes: one way on a schedule, round trip, lossless
// throughput. Every contestant in turn, in the same run, between the same two processes, with the
// bare hand-over of one atomic word just before and after each.
#include "channel_boost.hpp"
#include "channel_kernel.hpp"
#include "channel_ringside.hpp"
#include "channel_servers.hpp"
#include "turns.hpp"

namespace ringside::bench {
namespace {

using shm::BarRecord;
using shm::TickRecord;

constexpr const char* spsc_name = "Boost SPSC";

struct Bench {
  const Options& options;
  const Tsc& tsc;
  const RedisServer* redis;  // nullptr: none
};

// --- one way

template <class C, class... Args>
void add_one_way(std::vector<Entry>& entries, const Bench& bench, const char* name, Pace pace,
                 double per_second_max, Args&&... args) {
  static_assert(Channel<C, TickRecord>);
  if (!bench.options.wants(name) && name != std::string_view(spsc_name)) return;
  std::string at;
  if (pace.per_second > per_second_max) {
    pace.count =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(static_cast<double>(pace.count) *
                                                           per_second_max / pace.per_second),
                                std::min<std::uint64_t>(pace.count, 2000));
    pace.per_second = per_second_max;
    at = number(per_second_max / 1e3, 0) + " k/s";
  }
  auto ends = std::make_shared<Ends<C>>(std::forward<Args>(args)...);
  const Tsc tsc = bench.tsc;
  entries.push_back(
      {name, at, [ends] { ends->writer(); }, [ends] { ends->reader(); },
       [ends, pace, tsc] { write_paced<TickRecord>(ends->writer(), pace, tsc); },
       [ends, pace, tsc] { return read_paced<TickRecord>(ends->reader(), pace, tsc); }});
}

void print_one_way(const char* title, const std::vector<Entry>& entries, const Entry& bare,
                   Percentiles Sample::*which) {
  const auto p50 = [which](const Sample& s) { return (s.*which).p50; };
  const auto p99 = [which](const Sample& s) { return (s.*which).p99; };
  const auto p999 = [which](const Sample& s) { return (s.*which).p999; };
  const auto max = [which](const Sample& s) { return (s.*which).max; };
  const Entry* spsc = nullptr;
  for (const Entry& entry : entries) spsc = entry.name == spsc_name ? &entry : spsc;
  Table table(title, {"contestant", "slower, at", "p50", "p99", "p99.9", "max", "p50 to bare",
                      "p99 to bare", "p50 to Boost SPSC", "lost"});
  table.row({bare.name, "", rounds_of(bare.samples, p50).text(0),
             rounds_of(bare.samples, p99).text(0), rounds_of(bare.samples, p999).short_text(0),
             rounds_of(bare.samples, max).short_text(0), "1", "1", "", ""});
  for (const Entry& entry : entries) {
    std::uint64_t lost = 0;
    for (const Sample& sample : entry.samples) lost += sample.lost;
    table.row({entry.name, entry.at, rounds_of(entry.samples, p50).text(0),
               rounds_of(entry.samples, p99).text(0), rounds_of(entry.samples, p999).short_text(0),
               rounds_of(entry.samples, max).short_text(0), to_bare(entry, p50).text(2),
               to_bare(entry, p99).text(2), to_rival(entry, spsc, p50).short_text(2),
               std::to_string(lost)});
  }
  table.print();
}

std::uint64_t hash_of(const std::vector<Entry>& entries) {
  std::uint64_t hash = 0;
  for (const Entry& entry : entries) {
    for (const Sample& sample : entry.samples) hash = (hash ^ sample.hash) * 1'099'511'628'211U;
  }
  return hash;
}

void bench_one_way(const Bench& bench, double per_second) {
  const double seconds = bench.options.is_small ? 0.003 : 0.2;
  const Pace pace{per_second, static_cast<std::uint64_t>(per_second * seconds)};
  std::vector<Entry> entries;
  add_one_way<RingChannel<TickRecord>>(entries, bench, "Ringside, ring", pace, 1e6);
  add_one_way<SegmentChannel<>>(entries, bench, "Ringside, segment", pace, 1e6);
  add_one_way<SpscChannel<TickRecord>>(entries, bench, spsc_name, pace, 1e6);
  add_one_way<MessageQueueChannel<TickRecord>>(entries, bench, "Boost message_queue", pace, 4e5);
  add_one_way<PipeChannel<TickRecord>>(entries, bench, "pipe", pace, 4e5);
  add_one_way<PacketChannel<TickRecord>>(entries, bench, "unix SEQPACKET", pace, 2e5);
  add_one_way<ZeroMqChannel<TickRecord>>(entries, bench, "ZeroMQ ipc", pace, 1e4);
  if (bench.redis != nullptr) {
    add_one_way<RedisChannel<TickRecord>>(entries, bench, "Redis pub/sub", pace, 4e3,
                                          bench.redis->socket());
  }
  const Shared<BareWords> words;
  const Tsc tsc = bench.tsc;
  Entry bare{"bare hand-over",
             "",
             [] {},
             [] {},
             [&] { write_bare(*words, pace, tsc); },
             [&] { return read_bare(*words, pace, tsc); }};
  run_turns(entries, bare, bench.options);
  const std::string rate = number(per_second / 1e3, 0) + " k/s, 64 bytes; ns";
  print_one_way(("one way from the moment of writing, " + rate).c_str(), entries, bare,
                &Sample::from_write);
  print_one_way(("one way from the schedule, " + rate).c_str(), entries, bare, &Sample::from_due);
  std::printf("\nhash %016llx: every number came, or is among the lost\n",
              static_cast<unsigned long long>(hash_of(entries)));
}

// --- round trip

template <class C, class... Args>
void add_round_trip(std::vector<Entry>& entries, const Bench& bench, const char* name,
                    std::uint64_t count, const Args&... args) {
  if (!bench.options.wants(name) && name != std::string_view(spsc_name)) return;
  if (bench.options.is_small) count = std::min<std::uint64_t>(count / 50, 500);
  auto there = std::make_shared<Ends<C>>(args...);
  auto back = std::make_shared<Ends<C>>(args...);
  const Tsc tsc = bench.tsc;
  entries.push_back(
      {name, "",
       [there, back] {
         there->reader();
         back->writer();
       },
       [there, back] {
         there->writer();
         back->reader();
       },
       [there, back, count] { answer<TickRecord>(back->writer(), there->reader(), count); },
       [there, back, count, tsc] {
         return ask<TickRecord>(there->writer(), back->reader(), count, tsc);
       }});
}

void bench_round_trip(const Bench& bench) {
  std::vector<Entry> entries;
  constexpr std::uint64_t many = 100'000;
  add_round_trip<RingChannel<TickRecord>>(entries, bench, "Ringside, ring", many);
  add_round_trip<SegmentChannel<>>(entries, bench, "Ringside, segment", many);
  add_round_trip<SpscChannel<TickRecord>>(entries, bench, spsc_name, many);
  add_round_trip<MessageQueueChannel<TickRecord>>(entries, bench, "Boost message_queue", many);
  add_round_trip<PipeChannel<TickRecord>>(entries, bench, "pipe", many);
  add_round_trip<PacketChannel<TickRecord>>(entries, bench, "unix SEQPACKET", many);
  add_round_trip<ZeroMqChannel<TickRecord>>(entries, bench, "ZeroMQ ipc", many / 20);
  if (bench.redis != nullptr) {
    add_round_trip<RedisChannel<TickRecord>>(entries, bench, "Redis pub/sub", many / 20,
                                             bench.redis->socket());
  }
  const Shared<BareWords> words;
  const std::uint64_t count = bench.options.is_small ? 500 : many;
  Entry bare{"bare hand-over",
             "",
             [] {},
             [] {},
             [&] { answer_bare(*words, count); },
             [&] { return ask_bare(*words, count, bench.tsc); }};
  run_turns(entries, bare, bench.options);
  print_one_way("round trip, there and back, 64 bytes; ns", entries, bare, &Sample::from_due);
  std::printf("\nhash %016llx: every number came back\n",
              static_cast<unsigned long long>(hash_of(entries)));
}

// --- throughput

template <class C, class Record, class... Args>
void add_throughput(std::vector<Entry>& entries, const Bench& bench, const char* name,
                    std::uint64_t count, Args&&... args) {
  static_assert(Channel<C, Record>);
  if (!bench.options.wants(name) && name != std::string_view(spsc_name)) return;
  if (bench.options.is_small) count = std::min<std::uint64_t>(count / 50, 20'000);
  auto ends = std::make_shared<Ends<C>>(std::forward<Args>(args)...);
  const Tsc tsc = bench.tsc;
  entries.push_back({name, "", [ends] { ends->writer(); }, [ends] { ends->reader(); },
                     [ends, count] { write_all<Record>(ends->writer(), count); },
                     [ends, count, tsc] { return read_all<Record>(ends->reader(), count, tsc); }});
}

template <class Record>
void bench_throughput(const Bench& bench) {
  std::vector<Entry> entries;
  constexpr std::uint64_t many = 20'000'000;
  constexpr Flow lossless = Flow::lossless;
  add_throughput<RingChannel<Record, ReadBy::poll, lossless>, Record>(
      entries, bench, "Ringside, ring, poll()", many);
  add_throughput<RingChannel<Record, ReadBy::poll_batch, lossless>, Record>(
      entries, bench, "Ringside, ring, poll_batch()", many);
  add_throughput<RingChannel<Record, ReadBy::visit, lossless>, Record>(
      entries, bench, "Ringside, ring, visit()", many);
  if constexpr (std::same_as<Record, TickRecord>) {
    add_throughput<SegmentChannel<ReadBy::poll, lossless>, Record>(
        entries, bench, "Ringside, segment, poll()", many / 2);
  }
  add_throughput<SpscChannel<Record>, Record>(entries, bench, spsc_name, many / 2);
  add_throughput<SpscChannel<Record, true>, Record>(entries, bench, "Boost SPSC, consume_all()",
                                                    many / 2);
  add_throughput<MessageQueueChannel<Record>, Record>(entries, bench, "Boost message_queue",
                                                      many / 20);
  add_throughput<PipeChannel<Record>, Record>(entries, bench, "pipe", many / 20);
  add_throughput<PacketChannel<Record>, Record>(entries, bench, "unix SEQPACKET", many / 50);
  add_throughput<ZeroMqChannel<Record>, Record>(entries, bench, "ZeroMQ ipc", many / 50);
  if (bench.redis != nullptr) {
    add_throughput<RedisChannel<Record, 64>, Record>(entries, bench, "Redis pub/sub, 64 in flight",
                                                     many / 400, bench.redis->socket());
  }
  const Shared<BareWords> words;
  const Tsc tsc = bench.tsc;
  const Pace pace{1e6, bench.options.is_small ? 1000U : 20'000U};
  Entry bare{"bare hand-over",
             "",
             [] {},
             [] {},
             [&] { write_bare(*words, pace, tsc); },
             [&] { return read_bare(*words, pace, tsc); }};
  run_turns(entries, bare, bench.options);
  const auto millions = [](const Sample& s) { return s.millions; };
  const auto p50 = [](const Sample& s) { return s.from_write.p50; };
  const Entry* spsc = nullptr;
  for (const Entry& entry : entries) spsc = entry.name == spsc_name ? &entry : spsc;
  Table table("lossless throughput, one reader, " + std::to_string(sizeof(Record)) + " bytes, " +
                  std::to_string(channel_slots) + " slots",
              {"contestant", "M records/s", "GB/s", "to Boost SPSC", "bare p50 before", "after"});
  for (const Entry& entry : entries) {
    const Rounds rate = rounds_of(entry.samples, millions);
    table.row({entry.name, rate.text(2), number(rate.median() * sizeof(Record) / 1e3, 2),
               to_rival(entry, spsc, millions).text(2), rounds_of(entry.before, p50).short_text(0),
               rounds_of(entry.after, p50).short_text(0)});
  }
  table.print();
  std::printf("\nhash %016llx: every sum is that of what was sent, none lost\n",
              static_cast<unsigned long long>(hash_of(entries)));
}

void print_vectors() {
#ifdef __AVX__
  const char* compiled = "on";
#else
  const char* compiled = "off";
#endif
  std::printf("# AVX in this build: %s; the processor has:%s%s%s\n", compiled,
              __builtin_cpu_supports("avx") != 0 ? " avx" : "",
              __builtin_cpu_supports("avx2") != 0 ? " avx2" : "",
              __builtin_cpu_supports("avx512f") != 0 ? " avx512f" : "");
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
  using namespace ringside::bench;
  const Options options = parse_options(
      argc, argv, "Ringside against its rivals. NAME: part of a contestant's, \"Ringside\" say.");
  print_place("handover_bench");
  print_vectors();
  (void)pin_to(options.reader_cpu);
  const Tsc tsc = Tsc::calibrate();
  std::printf("# writer on processor %d, reader on %d; %d rounds, median (least..most)\n",
              options.writer_cpu, options.reader_cpu, options.rounds);
  std::printf("# the counter goes in steps of %.1f ns (percentiles lie between them by count)\n",
              tsc.ns(tsc.step_ticks()));
  std::printf("# readers spin; those of ZeroMQ and Redis sleep\n");
  std::unique_ptr<RedisServer> redis;
  if (options.wants("Redis pub/sub"))
    redis = unpinned([] { return std::make_unique<RedisServer>(); });
  if (redis != nullptr && !redis->is_up()) {
    std::printf("# no redis-server here: Redis is left out\n");
    redis.reset();
  }
  const Bench bench{options, tsc, redis.get()};
  bench_one_way(bench, 1e6);
  bench_one_way(bench, 1e5);
  bench_round_trip(bench);
  bench_throughput<ringside::shm::TickRecord>(bench);
  bench_throughput<ringside::shm::BarRecord>(bench);
  return 0;
}
