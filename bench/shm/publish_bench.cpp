// What a segment costs its writer and its readers: publish (ring, last value, tape), the doorbell,
// the tape, last values, lookup, attach, waking a sleeper, memory. Each part in a file of its own;
// here are the program and publish itself. One writer's thread; nobody reads while it is measured.
#include <map>

#include "publish_parts.hpp"

namespace ringside::bench {
namespace {

enum class How : std::uint8_t { plain, prefetch, doorbell, fresh, beside, loop_only };

struct Variant {
  const char* name;
  std::uint32_t symbols;
  Spread spread;
  std::uint32_t tick_slots;
  bool is_mixed;
  How how;
};

constexpr std::uint32_t many = 10'000;
constexpr std::uint64_t batch = Publisher::batch;

constexpr Variant variants[] = {
    {"the loop alone, no publish", 1, Spread::uniform, 128, false, How::loop_only},
    {"one hot symbol", 1, Spread::uniform, 128, false, How::plain},
    {"one hot symbol", 1, Spread::uniform, 1024, false, How::plain},
    {"one hot symbol, 30 % trades 70 % quotes", 1, Spread::uniform, 128, true, How::plain},
    {"one hot symbol, ring_doorbell() each", 1, Spread::uniform, 128, false, How::doorbell},
    {"one hot symbol, id and kind stored just before", 1, Spread::uniform, 128, false, How::fresh},
    {"one hot symbol, id passed beside the record", 1, Spread::uniform, 128, false, How::beside},
    {"10,000 Zipf", many, Spread::zipf, 128, false, How::plain},
    {"10,000 Zipf, prefetch 4 ahead", many, Spread::zipf, 128, false, How::prefetch},
    {"10,000 Zipf, id and kind stored just before", many, Spread::zipf, 128, false, How::fresh},
    {"10,000 Zipf, id passed beside the record", many, Spread::zipf, 128, false, How::beside},
    {"10,000 Zipf, mixed kinds", many, Spread::zipf, 128, true, How::plain},
    {"10,000 Zipf, mixed kinds, prefetch", many, Spread::zipf, 128, true, How::prefetch},
    {"10,000 Zipf", many, Spread::zipf, 1024, false, How::plain},
    {"10,000 Zipf, prefetch 4 ahead", many, Spread::zipf, 1024, false, How::prefetch},
    {"10,000 uniform", many, Spread::uniform, 128, false, How::plain},
    {"10,000 uniform, prefetch 4 ahead", many, Spread::uniform, 128, false, How::prefetch},
    {"10,000 uniform, mixed kinds, prefetch", many, Spread::uniform, 128, true, How::prefetch},
    {"10,000 uniform", many, Spread::uniform, 1024, false, How::plain},
    {"10,000 uniform, prefetch 4 ahead", many, Spread::uniform, 1024, false, How::prefetch},
};

// Time of each batch, into `ticks`.
template <How how>
void run(Publisher& publisher, std::uint64_t at, std::vector<std::uint64_t>& ticks) {
  shm::SegmentWriter& segment = publisher.segment();
  shm::TickRecord fresh = test::numbered_trade(1);
  for (std::uint64_t& of_batch : ticks) {
    publisher.prepare(at);
    const std::uint64_t begin = tsc_end();
    if constexpr (how == How::plain) publisher.publish_batch();
    if constexpr (how == How::prefetch) publisher.publish_batch<4>();
    for (std::uint64_t i = 0; i < batch; ++i) {
      if constexpr (how == How::doorbell) {
        segment.publish(publisher.record(i));
        segment.ring_doorbell();
      } else if constexpr (how == How::fresh) {
        publisher.fill(fresh, at + i);
        segment.publish(fresh);
      } else if constexpr (how == How::beside) {
        segment.publish(publisher.record(i), publisher.id_at(at + i), 0);
      } else if constexpr (how == How::loop_only) {
        keep(publisher.record(i));
      }
    }
    of_batch = tsc_end() - begin;
    at += batch;
  }
}

struct State {
  std::vector<Event> events;
  std::uint64_t at = 0;
  Rounds mean, p50, p99;
};

void run_round(const Variant& variant, State& state, shm::SegmentWriter& segment,
               std::uint64_t records, const Tsc& tsc) {
  Publisher publisher(segment, state.events);
  const auto runner = variant.how == How::prefetch    ? run<How::prefetch>
                      : variant.how == How::doorbell  ? run<How::doorbell>
                      : variant.how == How::fresh     ? run<How::fresh>
                      : variant.how == How::beside    ? run<How::beside>
                      : variant.how == How::loop_only ? run<How::loop_only>
                                                      : run<How::plain>;
  std::vector<std::uint64_t> ticks(records / batch);
  const std::uint64_t published = segment.ticks_published();
  runner(publisher, state.at, ticks);
  state.at += ticks.size() * batch;
  RINGSIDE_ASSERT(variant.how == How::loop_only ||
                  segment.ticks_published() - published == ticks.size() * batch);
  std::uint64_t sum = 0;
  for (const std::uint64_t value : ticks) sum += value;
  state.mean.add(tsc.ns(sum) / static_cast<double>(ticks.size() * batch));
  const Percentiles of_batches = percentiles_of(ticks, tsc);
  state.p50.add(of_batches.p50 / static_cast<double>(batch));
  state.p99.add(of_batches.p99 / static_cast<double>(batch));
}

}  // namespace

void bench_publish(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  const std::uint32_t symbols_max = options.is_small ? 100 : many;
  const std::uint64_t records = options.is_small ? 8192 : 1U << 21;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::unique_ptr<shm::SegmentWriter>> segments;
  std::vector<State> states;
  for (const Variant& variant : variants) {
    const std::uint32_t symbols = std::min(variant.symbols, symbols_max);
    auto& segment = segments[{symbols, variant.tick_slots}];
    if (segment == nullptr) {
      segment = make_segment({.symbols = symbols, .tick_slots = variant.tick_slots});
    }
    states.push_back(
        {make_events(variant.spread, symbols, variant.is_mixed, 1U << 18), 0, {}, {}, {}});
  }
  for (int round = -1; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      const Variant& variant = variants[i];
      auto& segment = *segments[{std::min(variant.symbols, symbols_max), variant.tick_slots}];
      run_round(variant, states[i], segment, records, tsc);
      if (round < 0) states[i].mean = states[i].p50 = states[i].p99 = {};  // warming up
    }
  }
  Table table("publish = ring + last value + tape, nobody reading; ns an event, batches of 256",
              {"events", "tick slots", "mean", "p50 of batches", "p99 of batches"});
  for (std::size_t i = 0; i < states.size(); ++i) {
    table.row({variants[i].name, std::to_string(variants[i].tick_slots), states[i].mean.text(),
               states[i].p50.short_text(), states[i].p99.short_text()});
  }
  table.print();
  std::printf("\nring_doorbell() with nobody asleep: %.2f ns (the difference of two rows)\n",
              states[4].mean.median() - states[1].mean.median());
  std::uint64_t hash = 0;
  for (const auto& [size, segment] : segments) hash = hash * 31 + hash_of_tape(*segment);
  std::printf("\nhash %016llx\n", static_cast<unsigned long long>(hash));
}

}  // namespace ringside::bench

int main(int argc, char** argv) {
  using namespace ringside::bench;
  const Options options = parse_options(
      argc, argv,
      "What a segment costs. NAME: publish, tape, set, last, lookup, attach, wake or memory.");
  print_place("publish_bench");
  (void)pin_to(options.writer_cpu);
  const Tsc tsc = Tsc::calibrate();
  std::printf("# %d rounds, median (least..most)\n", options.rounds);
  if (options.wants("publish")) bench_publish(options, tsc);
  if (options.wants("tape")) bench_tape(options, tsc);
  if (options.wants("set")) bench_set(options, tsc);
  if (options.wants("last")) bench_last(options, tsc);
  if (options.wants("lookup")) bench_lookup(options, tsc);
  if (options.wants("attach")) bench_attach(options, tsc);
  if (options.wants("wake")) bench_wake(options, tsc);
  if (options.wants("memory")) bench_memory(options, tsc);
  return 0;
}
