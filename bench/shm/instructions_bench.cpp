// How many instructions the calls of the contract execute, counted one by one in a child that the
// kernel stops after each: the same on every machine for one compiler, so that a change shows.
#include "../../tests/support/single_step.hpp"
#include "bench_segment.hpp"
#include "options.hpp"
#include "peer.hpp"
#include "table.hpp"

namespace ringside::bench {
namespace {

using shm::BarRecord;
using shm::ReadStatus;
using shm::TickRecord;

// Instructions of one call within a loop: the difference of a long loop and a short one.
template <class Call>
double per_turn(Call&& call) {
  constexpr std::uint64_t turns = 32;
  const auto count = [&call](std::uint64_t calls) {
    return test::count_instructions([&call, calls] {
      for (std::uint64_t i = 0; i < calls; ++i) call(i);
    });
  };
  return static_cast<double>(count(turns + 1) - count(1)) / static_cast<double>(turns);
}

class Counts {
 public:
  explicit Counts(const Options& options)
      : options_(options), loop_(per_turn([](std::uint64_t i) {
          asm("" : : "r"(i));
        })) {}

  /// `calls`: how many are meant by one turn of the loop.
  template <class Call>
  void add(const char* name, Call&& call, double calls = 1) {
    if (!options_.wants(name)) return;
    const double count = (per_turn(call) - loop_) / calls;
    table_.row({name, number(count)});
    hash_ = (hash_ ^ static_cast<std::uint64_t>(count * 100)) * 1'099'511'628'211U;
  }
  void print() const {
    table_.print();
    std::printf("\nhash %016llx\n", static_cast<unsigned long long>(hash_));
  }

 private:
  const Options& options_;
  double loop_;
  Table table_{"instructions a call, in a loop that it is inlined in", {"call", "instructions"}};
  std::uint64_t hash_ = 14'695'981'039'346'656'037U;
};

void count_writers(Counts& counts, shm::SegmentWriter& segment) {
  static shm::Slot<TickRecord> tick_slots[16];
  static shm::Slot<BarRecord> bar_slots[16];
  shm::TickRingWriter ticks(tick_slots, 16);
  shm::BarRingWriter bars(bar_slots, 16);
  TickRecord trade = test::numbered_trade(1);
  TickRecord quote = trade;
  quote.kind = shm::Kind::quote;
  BarRecord bar = test::numbered_bar(1);
  counts.add("publish a tick to one ring", [&](std::uint64_t i) {
    trade.ts_event = i;
    ticks.publish(trade);
  });
  counts.add("publish a bar to one ring", [&](std::uint64_t i) {
    bar.ts_event = i;
    bars.publish(bar);
  });
  counts.add("publish a trade: ring, last value, tape", [&](std::uint64_t i) {
    trade.ts_event = i;
    segment.publish(trade);
  });
  counts.add("publish a quote: ring, last value, tape", [&](std::uint64_t i) {
    quote.ts_event = i;
    segment.publish(quote);
  });
  counts.add("publish a bar: ring, last value, tape", [&](std::uint64_t i) {
    bar.ts_event = i;
    segment.publish(bar);
  });
  counts.add("prefetch a symbol's lines", [&](std::uint64_t) { segment.prefetch(0); });
  counts.add("ring_doorbell(), nobody asleep", [&](std::uint64_t) { segment.ring_doorbell(); });
}

void count_readers(Counts& counts, shm::SegmentWriter& segment, const shm::SegmentView& view) {
  for (std::uint64_t n = 0; n < 100; ++n) {
    (void)segment.publish(test::numbered_trade(n));
    (void)segment.publish(test::numbered_bar(n));
  }
  TickRecord tick;
  BarRecord bar;
  std::uint64_t sum = 0;
  shm::TickRingReader ticks(view.tick_ring(0), shm::StartAt::oldest);
  counts.add("poll() of a tick: ok", [&](std::uint64_t) {
    sum += static_cast<std::uint64_t>(ticks.poll(tick));
    keep(tick);
  });
  shm::BarRingReader bars(view.bar_ring(0), shm::StartAt::oldest);
  counts.add("poll() of a bar: ok", [&](std::uint64_t) {
    sum += static_cast<std::uint64_t>(bars.poll(bar));
    keep(bar);
  });
  shm::TickRingReader at_end(view.tick_ring(0), shm::StartAt::newest);
  counts.add("poll(): empty",
             [&](std::uint64_t) { sum += static_cast<std::uint64_t>(at_end.poll(tick)); });
  counts.add("has_news(): no", [&](std::uint64_t) { sum += at_end.has_news() ? 1 : 0; });
  static TickRecord batch[2];
  shm::TickRingReader batches(view.tick_ring(0), shm::StartAt::oldest);
  counts.add(
      "poll_batch() of 2, a record",
      [&](std::uint64_t) {
        sum += batches.poll_batch(batch);
        keep(batch);
      },
      2);
  shm::TickRingReader visits(view.tick_ring(0), shm::StartAt::oldest);
  counts.add("visit(), two fields, take()", [&](std::uint64_t) {
    shm::Visit<TickRecord> visit;
    if (visits.visit(visit) != ReadStatus::ok) return;
    const std::int64_t price = visit.field(&TickRecord::trade, &shm::TradeBody::price);
    const std::uint64_t ts_event = visit.field(&TickRecord::ts_event);
    if (visits.take(visit)) sum += static_cast<std::uint64_t>(price) ^ ts_event;
  });
  const shm::LastReader last = view.last(0);
  counts.add("last trade of a symbol", [&](std::uint64_t) {
    sum += static_cast<std::uint64_t>(last.trade(tick));
    keep(tick);
  });
  counts.add("last() and last trade, by id", [&](std::uint64_t) {
    sum += static_cast<std::uint64_t>(view.last(0).trade(tick));
    keep(tick);
  });
  const std::string stock = "S0", option = "O:SPXW260102C06840500", absent = "ZZZZ";
  for (const auto& [name, text] : {std::pair{"find a symbol of 2 letters", &stock},
                                   std::pair{"find a contract of 21 characters", &option},
                                   std::pair{"find what is not there", &absent}}) {
    counts.add(name,
               [&, text = text](std::uint64_t) { sum += view.symbols().find(*text).value_or(7); });
  }
  keep(sum);
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
  using namespace ringside::bench;
  const Options options = parse_options(
      argc, argv,
      "Instructions of each call, by single-stepping; one round. NAME: part of a call's.");
  print_place("instructions_bench");
  if (const auto why = ringside::test::why_not_stepping()) {
    std::printf("# left out: %s\n", why->c_str());
    return 0;
  }
  const Watchdog watchdog;
  auto segment = make_empty_segment({.symbols = 2, .bar_slots = 128, .tape_slots = 1024});
  for (const char* const symbol : {"S0", "O:SPXW260102C06840500"}) {
    (void)segment->add_symbol(symbol, {128, 128}, 0, ringside::shm::SymbolState::live);
  }
  segment->mark_ready();
  const ringside::shm::SegmentView view = map_segment(*segment);
  Counts counts(options);
  count_readers(counts, *segment, view);
  count_writers(counts, *segment);
  counts.print();
  return 0;
}
