// Every execution of the slot protocol that C++ allows, on a small ring: one writer, stopped after
// each of its stores, with one or two readers. And the same of protocols that are broken in one
// place, each of which must be found out.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "../support/sanitized.hpp"
#include "explorer.hpp"

namespace ringside::explore {
namespace {

void print(const std::string& name, const Report& report) {
  std::printf("%s: %llu states, %llu steps, %llu stops\n", name.c_str(),
              static_cast<unsigned long long>(report.states),
              static_cast<unsigned long long>(report.steps),
              static_cast<unsigned long long>(report.stops));
  for (const auto& [what, count] : report.failures) {
    std::printf("  %s, in %llu steps\n", what.c_str(), static_cast<unsigned long long>(count));
  }
}

constexpr Style styles[] = {Style::polls, Style::batches, Style::visits, Style::asks,
                            Style::counts};

std::string name_of(const ReaderPlan& reader) {
  constexpr const char* names[] = {"polls", "batches", "visits", "asks", "counts"};
  constexpr const char* starts[] = {"", " from the oldest", " from the newest"};
  return names[static_cast<std::size_t>(reader.style)] +
         std::string(starts[static_cast<std::size_t>(reader.start)]);
}

// Nine records in four slots: the first slot is overwritten twice.
TEST(Explorer, finds_nothing_wrong_with_one_reader_over_two_laps) {
  std::uint64_t states = 0;
  for (const Style style : styles) {
    for (const Start start : {Start::at_zero, Start::oldest, Start::newest}) {
      if (style != Style::polls && start == Start::newest) continue;
      if (style == Style::counts && start != Start::at_zero) continue;
      Plan plan;
      plan.record_count = test::is_sanitized ? 7 : 9;
      plan.readers = {{style, start}};
      const Report report = explore(plan);
      print(name_of(plan.readers[0]), report);
      EXPECT_TRUE(report.is_complete);
      states += report.states;
    }
  }
  std::printf("in all: %llu states\n", static_cast<unsigned long long>(states));
}

// One writer, two readers, four slots. The readers share nothing but the ring.
TEST(Explorer, finds_nothing_wrong_with_two_readers) {
  const std::vector<ReaderPlan> pairs[] = {
      {{Style::polls, Start::at_zero}, {Style::polls, Start::at_zero}},
      {{Style::polls, Start::at_zero}, {Style::visits, Start::at_zero}},
      {{Style::counts, Start::at_zero}, {Style::polls, Start::at_zero}},
  };
  std::uint64_t states = 0;
  for (const std::vector<ReaderPlan>& readers : pairs) {
    Plan plan;
    const bool is_long = readers[0].style == readers[1].style && !test::is_sanitized;
    plan.record_count = is_long ? 6 : 5;
    plan.readers = readers;
    const Report report = explore(plan);
    print(name_of(readers[0]) + " beside one that " + name_of(readers[1]), report);
    EXPECT_TRUE(report.is_complete);
    states += report.states;
  }
  std::printf("in all: %llu states\n", static_cast<unsigned long long>(states));
}

// Where a load returns the newest store, as on one core after another, a count must have been true
// at an instant of the call itself.
TEST(Explorer, finds_every_count_true_at_an_instant_of_the_call) {
  Plan plan;
  plan.record_count = test::is_sanitized ? 9 : 14;
  plan.readers = {{Style::counts, Start::at_zero}};
  plan.has_stale_loads = false;
  const Report report = explore(plan);
  print("counts, newest loads only", report);
  EXPECT_TRUE(report.is_complete);
}

// write_slot_by_pairs is right by x86's rules, not by those of C++: stores are seen in program
// order and a load returns the newest; of a store of two words either half may be seen first. Its
// stores are no std::atomic's, so this one order of stores is written down here (SmallRing).
TEST(Explorer, finds_nothing_wrong_with_pairs_of_words_on_x86) {
  for (const Style style : styles) {
    Plan plan;
    plan.record_count = test::is_sanitized ? 9 : 12;
    plan.readers = {{style, Start::at_zero}};
    plan.fault = WriterFault::words_in_pairs;
    plan.has_stale_loads = false;
    const Report report = explore(plan);
    print(name_of(plan.readers[0]) + ", pairs on x86", report);
    EXPECT_TRUE(report.is_complete);
  }
}

struct Mutant {
  const char* name;
  WriterFault fault;
  LoadRules loads;
  Style style;
  const char* failure;  // what must be among that which is found
};

constexpr const char* torn = "a torn record was accepted";

const Mutant mutants[] = {
    {"the odd stamp is omitted", WriterFault::odd_stamp_omitted, {}, Style::polls, torn},
    {"the odd stamp is omitted, visits", WriterFault::odd_stamp_omitted, {}, Style::visits, torn},
    {"the odd stamp is stored behind the words",
     WriterFault::odd_stamp_behind_words,
     {},
     Style::polls,
     torn},
    {"the odd stamp is stored between the words",
     WriterFault::odd_stamp_in_the_midst,
     {},
     Style::polls,
     torn},
    {"the odd stamp is even",
     WriterFault::odd_stamp_is_even,
     {},
     Style::polls,
     "an unfinished record is miscounted"},
    {"the odd stamp is relaxed, counts",
     WriterFault::odd_stamp_relaxed,
     {},
     Style::counts,
     "a record that was counted is not there"},
    {"the writer's words are relaxed", WriterFault::words_relaxed, {}, Style::polls, torn},
    {"the writer's words are relaxed, visits", WriterFault::words_relaxed, {}, Style::visits, torn},
    {"publish is relaxed", WriterFault::publish_relaxed, {}, Style::polls, torn},
    {"publish is relaxed, counts", WriterFault::publish_relaxed, {}, Style::counts, torn},
    {"publish comes before the last word",
     WriterFault::publish_before_last_word,
     {},
     Style::polls,
     torn},
    {"the reader's words are relaxed",
     WriterFault::none,
     {.words_acquire = false},
     Style::polls,
     torn},
    {"the reader's words are relaxed, batches",
     WriterFault::none,
     {.words_acquire = false},
     Style::batches,
     torn},
    {"the reader's words are relaxed, visits",
     WriterFault::none,
     {.words_acquire = false},
     Style::visits,
     torn},
    {"the first look is relaxed", WriterFault::none, {.stamp_acquires = false}, Style::polls, torn},
    {"the first look is relaxed, visits",
     WriterFault::none,
     {.stamp_acquires = false},
     Style::visits,
     torn},
    {"the looks of a count are relaxed",
     WriterFault::none,
     {.stamp_acquires = false},
     Style::counts,
     torn},
    {"the second look is omitted",
     WriterFault::none,
     {.has_second_look = false},
     Style::polls,
     torn},
    {"the second look is omitted, visits",
     WriterFault::none,
     {.has_second_look = false},
     Style::visits,
     torn},
    {"a newer stamp is as good", WriterFault::none, {.newer_is_as_good = true}, Style::polls, torn},
};

Report explore_mutant(const Mutant& mutant, bool has_stale_loads) {
  Plan plan;
  plan.record_count = 7;
  plan.readers = {{mutant.style, Start::at_zero}};
  plan.fault = mutant.fault;
  plan.loads = mutant.loads;
  plan.has_stale_loads = has_stale_loads;
  return explore(plan);
}

TEST(Explorer, finds_out_every_broken_protocol) {
  for (const Mutant& mutant : mutants) {
    const Report report = explore_mutant(mutant, true);
    print(mutant.name, report);
    EXPECT_TRUE(report.failures.contains(mutant.failure)) << mutant.name;
  }
  std::printf("%zu broken protocols, all found out\n", std::size(mutants));
}

// What is only too relaxed does no harm on x86, if the compiler leaves it in its place; whatever
// else is wrong shows there too.
TEST(Explorer, finds_out_on_x86_what_is_in_the_wrong_place) {
  std::size_t count = 0;
  for (const Mutant& mutant : mutants) {
    const bool is_only_relaxed = mutant.fault == WriterFault::odd_stamp_relaxed ||
                                 mutant.fault == WriterFault::words_relaxed ||
                                 mutant.fault == WriterFault::publish_relaxed ||
                                 !mutant.loads.words_acquire || !mutant.loads.stamp_acquires;
    const Report report = explore_mutant(mutant, false);
    EXPECT_EQ(report.failures.contains(mutant.failure), !is_only_relaxed) << mutant.name;
    count += is_only_relaxed ? 0 : 1;
  }
  std::printf("%zu broken protocols found out by the newest loads alone\n", count);
}

}  // namespace
}  // namespace ringside::explore
