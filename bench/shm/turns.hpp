// Owns the order of a measure: in each round every contestant in turn, the bare hand-over just
// before and just after each, all between the same two processes. Benchmarks only.
#pragma once

#include <functional>

#include "handover.hpp"
#include "options.hpp"

namespace ringside::bench {

/// One contestant of one measure: its two halves, and what the rounds came to.
struct Entry {
  std::string name;
  std::string at;                         // how fast it was driven, if not as the measure says
  std::function<void()> make_writer_end;  // in the writer's process, once a round, cheap if there
  std::function<void()> make_reader_end;
  std::function<void()> write;            // the writer's half
  std::function<Sample()> read;           // the reader's half
  std::vector<Sample> samples{};          // one a round
  std::vector<Sample> before{}, after{};  // the bare hand-over of the same minute
};

/// Runs every entry options.rounds times. `bare` is the bare hand-over.
inline void run_turns(std::vector<Entry>& entries, Entry& bare, const Options& options) {
  const Shared<Meeting> meeting;
  const auto visit_all = [&](int side, auto&& one) {
    for (int round = 0; round < options.rounds; ++round) {
      one(bare, round, nullptr);
      for (Entry& entry : entries) {
        one(entry, round, &entry);
        one(bare, round, nullptr);
      }
    }
    meeting->arrive(side);
  };
  Peer peer(options.writer_cpu, [&] {
    visit_all(0, [&](Entry& entry, int, Entry*) {
      const Watchdog watchdog;
      meeting->arrive(0);
      entry.make_writer_end();
      meeting->arrive(0);
      entry.write();
    });
  });
  (void)pin_to(options.reader_cpu);
  Entry* last = nullptr;
  Sample last_bare;
  visit_all(1, [&](Entry& entry, int, Entry* contestant) {
    const Watchdog watchdog;
    meeting->arrive(1);
    entry.make_reader_end();
    meeting->arrive(1);
    const Sample sample = entry.read();
    if (contestant != nullptr) {
      contestant->samples.push_back(sample);
      contestant->before.push_back(last_bare);
    } else {
      if (last != nullptr) last->after.push_back(sample);
      last_bare = sample;
      bare.samples.push_back(sample);
    }
    last = contestant;
  });
  peer.join();
}

/// Median over the rounds of what `of` says of each.
template <class Of>
[[nodiscard]] Rounds rounds_of(const std::vector<Sample>& samples, Of&& of) {
  Rounds rounds;
  for (const Sample& sample : samples) rounds.add(of(sample));
  return rounds;
}

/// Each round's figure over the mean of the bare hand-overs around it.
template <class Of>
[[nodiscard]] Rounds to_bare(const Entry& entry, Of&& of) {
  Rounds rounds;
  for (std::size_t i = 0; i < entry.samples.size(); ++i) {
    rounds.add(of(entry.samples[i]) * 2 / (of(entry.before[i]) + of(entry.after[i])));
  }
  return rounds;
}

/// Each round's figure over another contestant's of the same round.
template <class Of>
[[nodiscard]] Rounds to_rival(const Entry& entry, const Entry* rival, Of&& of) {
  Rounds rounds;
  if (rival == nullptr) return rounds;
  for (std::size_t i = 0; i < entry.samples.size(); ++i) {
    rounds.add(of(entry.samples[i]) / of(rival->samples[i]));
  }
  return rounds;
}

}  // namespace ringside::bench
