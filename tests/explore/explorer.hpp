// Owns the exploration: every interleaving of one writer and its readers, every store that a load
// may return, and the writer's end after each of its stores. Store by store, and depth first among
// the states that have as many; a state that was seen is not entered again. One thread, allocates.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "small_ring.hpp"

namespace ringside::explore {

/// What a reader does, again and again.
enum class Style : std::uint8_t {
  polls,    // poll()
  batches,  // poll_batch() of two
  visits,   // visit(), the fields, take()
  asks,     // has_news(), then poll()
  counts,   // RingView::published(), then a look at a record that it counted
};

/// Where a reader begins.
enum class Start : std::uint8_t { at_zero, oldest, newest };

struct ReaderPlan {
  Style style = Style::polls;
  Start start = Start::at_zero;
};

struct Plan {
  std::uint8_t record_count = 6;
  std::vector<ReaderPlan> readers;  // one or two
  WriterFault fault = WriterFault::none;
  LoadRules loads;
  /// False: a load returns the newest store, as on a machine that runs one step at a time.
  bool has_stale_loads = true;
};

struct Report {
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::uint64_t stops = 0;   // places where the writer ended and every reader came to its end too
  bool is_complete = false;  // no failure, and `stops` are all that there are
  std::map<std::string, std::uint64_t> failures;  // what went wrong, in how many steps
};

[[nodiscard]] Report explore(const Plan& plan);

}  // namespace ringside::explore
