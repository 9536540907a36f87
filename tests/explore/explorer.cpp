#include "explorer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <span>
#include <utility>

namespace ringside::explore {

namespace {

using shm::ReadStatus;

// What a reader is about. The first four while the writer may live; the others when the reader has
// been told that it is gone (its socket closed), which makes everything visible that it stored.
enum class Phase : std::uint8_t {
  joining,     // the constructor that looks where the ring stands
  reading,     // the operation of its style
  looking,     // counts: is a record that was counted there?
  draining,    // the operation once more, to its end
  settling,    // settle_torn()
  settled,     // settle_torn() again: nothing more to settle
  accounting,  // receipt()
  leaving,     // a last poll()
  ended,
};

constexpr bool knows_end(Phase phase) noexcept {
  return phase >= Phase::draining;
}

constexpr std::size_t loads_max = 24;

// What one operation has loaded so far.
struct Log {
  StoreId ids[loads_max] = {};
  std::uint8_t size = 0;
};

// Everything a reader is at one moment.
struct Reader {
  shm::RingReader<Small> ring;
  View view{};
  Log log;
  Phase phase = Phase::reading;
  std::uint64_t counted = 0;  // counts: the last answer
  std::uint64_t known = 0;    // counts: what it knew when the operation began
  StoreId begun_at = 0;       // counts: stores there were then; only without stale loads
};

constexpr std::size_t reader_count_max = 2;

struct State {
  StoreId so_far = 0;  // stores the writer has made
  bool is_killed = false;
  Reader readers[reader_count_max];
};

// Stands for a state: 128 bits of hash over everything in which two states can differ. Of the few
// million states of a run, two share one with a chance of about 1 to 2^86.
class Fingerprint {
 public:
  void add(std::uint64_t value) noexcept {
    low_ = (low_ ^ value) * 0x9E3779B97F4A7C15ULL;
    low_ ^= low_ >> 29;
    high_ = std::rotl((high_ ^ value) * 0xC2B2AE3D27D4EB4FULL, 31);
  }
  [[nodiscard]] bool operator==(const Fingerprint&) const = default;
  [[nodiscard]] std::uint64_t low() const noexcept { return low_ ^ (high_ >> 32); }

 private:
  std::uint64_t low_ = 1;
  std::uint64_t high_ = 2;
};

// A set of them: open addressing, at most half full.
class Seen {
 public:
  // Was it new?
  bool insert(const Fingerprint& key) {
    if (2 * (count_ + 1) > cells_.size()) grow();
    const bool is_new = put(key);
    count_ += is_new ? 1 : 0;
    return is_new;
  }
  void clear() {
    cells_.assign(cells_.size(), Fingerprint{});
    count_ = 0;
  }

 private:
  bool put(const Fingerprint& key) noexcept {
    std::size_t at = key.low() & (cells_.size() - 1);
    for (; cells_[at] != Fingerprint{}; at = (at + 1) & (cells_.size() - 1)) {
      if (cells_[at] == key) return false;
    }
    cells_[at] = key;
    return true;
  }
  void grow() {
    const std::vector<Fingerprint> old = std::exchange(cells_, {});
    cells_.resize(std::max<std::size_t>(2 * old.size(), 1024));
    for (const Fingerprint& key : old) {
      if (key != Fingerprint{}) put(key);
    }
  }

  std::vector<Fingerprint> cells_;  // a default one is a free cell
  std::size_t count_ = 0;
};

// What came out of an operation.
struct Outcome {
  shm::RingReader<Small> ring;
  ReadStatus status = ReadStatus::empty;
  Small records[2] = {};
  std::size_t count = 0;
  bool flag = false;  // has_news(), settle_torn()
  std::uint64_t published = 0;
  shm::Receipt receipt;
};

class Explorer {
 public:
  explicit Explorer(const Plan& plan)
      : plan_(plan), ring_(plan.record_count, plan.fault), trace_(ring_.trace()) {
    RINGSIDE_ASSERT(!plan.readers.empty() && plan.readers.size() <= reader_count_max);
  }

  Report run() {
    State first;
    for (std::size_t i = 0; i < plan_.readers.size(); ++i) {
      first.readers[i].ring = shm::RingReader<Small>(ring_.view(), std::uint64_t{0});
      if (plan_.readers[i].start != Start::at_zero) first.readers[i].phase = Phase::joining;
    }
    next_.push_back(first);
    while (!next_.empty()) {
      seen_.clear();
      for (const State& state : std::exchange(next_, {})) push(state);
      while (!open_.empty()) {
        const State state = open_.back();
        open_.pop_back();
        expand(state);
      }
    }
    report_.stops = ended_at_.size();
    report_.is_complete = report_.failures.empty() && report_.stops == trace_.size() + 1U;
    return report_;
  }

 private:
  [[nodiscard]] bool is_writer_gone(const State& state) const noexcept {
    return state.is_killed || state.so_far == trace_.size();
  }

  void push(const State& state) {
    if (!seen_.insert(key_of(state))) return;
    ++report_.states;
    open_.push_back(state);
  }

  void expand(const State& state) {
    if (!is_writer_gone(state)) {
      report_.steps += 2;
      State killed = state;
      killed.is_killed = true;
      push(killed);
      next_.push_back(state);
      ++next_.back().so_far;
    }
    bool has_ended = is_writer_gone(state);
    for (std::size_t i = 0; i < plan_.readers.size(); ++i) {
      has_ended = has_ended && state.readers[i].phase == Phase::ended;
      if (state.readers[i].phase != Phase::ended) load_each(state, i);
    }
    if (has_ended) ended_at_.insert(state.so_far);
  }

  // The next load of reader `index`, once for each store that it may return.
  void load_each(const State& state, std::size_t index) {
    Outcome outcome;
    const bool is_complete = replay(state, index, outcome);
    RINGSIDE_ASSERT(!is_complete);  // every operation loads something
    const Machine::Pending pending = ring_.machine().pending();
    const View& view = state.readers[index].view;
    const StoreId oldest = plan_.has_stale_loads ? view[pending.location]
                                                 : trace_.latest(state.so_far)[pending.location];
    for (unsigned id = oldest; id <= state.so_far; ++id) {
      if (!trace_.may_load(static_cast<StoreId>(id), pending.location, state.so_far, view))
        continue;
      ++report_.steps;
      State next = state;
      Reader& reader = next.readers[index];
      if (reader.log.size == 0) {
        reader.known = ring_.known(reader.view);
        reader.begun_at = state.so_far;
      }
      RINGSIDE_ASSERT(reader.log.size < loads_max);
      reader.log.ids[reader.log.size++] = static_cast<StoreId>(id);
      trace_.see(static_cast<StoreId>(id), pending.location, pending.order, reader.view);
      if (replay(next, index, outcome)) {
        if (const char* failure = finish(next, index, outcome); failure != nullptr) {
          ++report_.failures[failure];
          continue;
        }
        reader.log = Log{};
        reader.known = 0;
        reader.begun_at = 0;
      }
      push(next);
    }
  }

  // Runs the reader's operation as far as its loads are known; true: to its end.
  bool replay(const State& state, std::size_t index, Outcome& outcome) {
    const Reader& reader = state.readers[index];
    const ReaderPlan& plan = plan_.readers[index];
    outcome = Outcome{};
    outcome.ring = reader.ring;
    return ring_.machine().replay(
        trace_, plan_.loads, {reader.log.ids, reader.log.size},
        shm::whole_stamp(reader.ring.next_sequence()), [&] {
          switch (reader.phase) {
            case Phase::joining:
              outcome.ring = shm::RingReader<Small>(ring_.view(), plan.start == Start::oldest
                                                                      ? shm::StartAt::oldest
                                                                      : shm::StartAt::newest);
              break;
            case Phase::reading:
            case Phase::draining:
              operate(plan.style, reader, outcome);
              break;
            case Phase::looking:
              outcome.status =
                  read_slot(ring_.slot(looked_at(reader)), looked_at(reader), outcome.records[0]);
              break;
            case Phase::settling:
            case Phase::settled:
              outcome.flag = outcome.ring.settle_torn();
              break;
            case Phase::accounting:
              outcome.receipt = outcome.ring.receipt();
              break;
            case Phase::leaving:
              outcome.status = outcome.ring.poll(outcome.records[0]);
              break;
            case Phase::ended:
              break;
          }
        });
  }

  // Who counts a record also sees it, and those before it: the newest but one is the harder case,
  // for its "yes" may have been the odd stamp of a later lap.
  [[nodiscard]] static std::uint64_t looked_at(const Reader& reader) noexcept {
    return reader.counted < 2 ? reader.counted - 1 : reader.counted - 2;
  }

  void operate(Style style, const Reader& reader, Outcome& outcome) const {
    switch (style) {
      case Style::asks:
        outcome.flag = outcome.ring.has_news();
        [[fallthrough]];
      case Style::polls:
        outcome.status = outcome.ring.poll(outcome.records[0]);
        outcome.count = outcome.status == ReadStatus::ok ? 1 : 0;
        break;
      case Style::batches: {
        const std::uint64_t lost = outcome.ring.lost();
        outcome.count = outcome.ring.poll_batch(outcome.records);
        outcome.status = outcome.count > 0            ? ReadStatus::ok
                         : outcome.ring.lost() > lost ? ReadStatus::lapped
                                                      : ReadStatus::empty;
        break;
      }
      case Style::visits: {
        shm::Visit<Small> visit(&ring_.slot(0), 0);
        outcome.status = outcome.ring.visit(visit);
        if (outcome.status != ReadStatus::ok) break;
        outcome.records[0] = {shm::whole_stamp(visit.sequence()), visit.field(&Small::first),
                              visit.field(&Small::second)};
        if (outcome.ring.take(visit)) {
          outcome.count = 1;
        } else {
          outcome.status = ReadStatus::lapped;
        }
        break;
      }
      case Style::counts:
        outcome.published = ring_.view().published(reader.counted);
        break;
    }
  }

  // Checks what came out and moves the reader on. Returns what is wrong, or nullptr.
  const char* finish(State& state, std::size_t index, const Outcome& outcome) const {
    Reader& reader = state.readers[index];
    const Style style = plan_.readers[index].style;
    switch (reader.phase) {
      case Phase::joining:
        return finish_join(state, reader, outcome);
      case Phase::reading:
      case Phase::draining:
        return style == Style::counts ? finish_count(state, reader, outcome)
                                      : finish_read(state, reader, outcome);
      case Phase::looking:
        reader.phase = is_writer_gone(state) ? tell_end(state, reader) : Phase::reading;
        if (outcome.status == ReadStatus::empty) return "a record that was counted is not there";
        if (outcome.status == ReadStatus::ok && !is_record(outcome.records[0], looked_at(reader)))
          return "a torn record was accepted";
        return nullptr;
      case Phase::settling:
        if (outcome.flag != ring_.is_torn(state.so_far))
          return "an unfinished record is miscounted";
        reader.ring = outcome.ring;
        reader.phase = Phase::settled;
        return nullptr;
      case Phase::settled:
        reader.phase = Phase::accounting;
        return outcome.flag ? "an unfinished record was counted twice" : nullptr;
      case Phase::accounting:
        reader.phase = Phase::leaving;
        return check_receipt(state, reader, outcome.receipt);
      case Phase::leaving:
        reader.phase = Phase::ended;
        return outcome.status == ReadStatus::empty ? nullptr : "something came after the end";
      case Phase::ended:
        break;
    }
    return "an operation after the end";
  }

  // The reader learns that the writer is gone, and with it of everything it stored.
  Phase tell_end(const State& state, Reader& reader) const {
    Trace::join(reader.view, trace_.latest(state.so_far));
    return Phase::draining;
  }

  const char* finish_join(const State& state, Reader& reader, const Outcome& outcome) const {
    reader.ring = outcome.ring;
    reader.phase = Phase::reading;
    return outcome.ring.next_sequence() > ring_.published(state.so_far)
               ? "a reader began beyond what is published"
               : nullptr;
  }

  const char* finish_read(const State& state, Reader& reader, const Outcome& outcome) const {
    const std::uint64_t before = reader.ring.next_sequence();
    const std::uint64_t after = outcome.ring.next_sequence();
    if (outcome.flag && outcome.status == ReadStatus::empty) return "news that were none";
    for (std::size_t i = 0; i < outcome.count; ++i) {
      if (outcome.records[i].stamp != shm::whole_stamp(before + i)) return "a wrong sequence";
      if (!is_record(outcome.records[i], before + i)) return "a torn record was accepted";
    }
    const std::uint64_t got = outcome.ring.received() - reader.ring.received();
    const std::uint64_t lost = outcome.ring.lost() - reader.ring.lost();
    if (got != outcome.count || after != before + got + lost) return "the sums are wrong";
    if (after > ring_.published(state.so_far)) return "a reader is beyond what is published";
    for (std::uint64_t s = before + got; s < after; ++s) {
      // What is lost is being overwritten, if it was not before.
      if (!ring_.is_begun(s + slot_count, state.so_far))
        return "a record that is there was skipped";
    }
    const bool is_end = outcome.status == ReadStatus::empty && knows_end(reader.phase);
    if (is_end && after != ring_.published(state.so_far)) return "a published record is not there";
    // Otherwise it would go on for ever.
    if (outcome.status != ReadStatus::empty && after == before) return "no progress";
    reader.ring = outcome.ring;
    if (is_end) {
      reader.phase = Phase::settling;
    } else if (outcome.status == ReadStatus::empty && is_writer_gone(state)) {
      reader.phase = tell_end(state, reader);
    }
    return nullptr;
  }

  const char* finish_count(const State& state, Reader& reader, const Outcome& outcome) const {
    const std::uint64_t count = outcome.published;
    const bool is_end = knows_end(reader.phase);
    // Every number between the two was true at an instant.
    if (count > ring_.published(state.so_far)) return "more was counted than is published";
    if (count < reader.known) return "less was counted than the reader knew";
    if (count < reader.counted) return "the count went back";
    if (!plan_.has_stale_loads && count < ring_.published(reader.begun_at))
      return "the count was never true during the call";
    if (is_end && count != ring_.published(state.so_far)) return "the last count is wrong";
    reader.counted = count;
    reader.phase = is_end                  ? Phase::ended
                   : count > 0             ? Phase::looking
                   : is_writer_gone(state) ? tell_end(state, reader)
                                           : Phase::reading;
    return nullptr;
  }

  const char* check_receipt(const State& state, const Reader& reader,
                            const shm::Receipt& receipt) const {
    const std::uint64_t torn = ring_.is_torn(state.so_far) ? 1 : 0;
    if (!receipt.is_balanced() || receipt.pending != 0) return "the receipt does not add up";
    if (receipt.published != ring_.published(state.so_far) + torn) return "the receipt is wrong";
    return reader.ring.torn() == torn ? nullptr : "an unfinished record is miscounted";
  }

  [[nodiscard]] Fingerprint key_of(const State& state) const noexcept {
    Fingerprint key;
    key.add(state.so_far);
    key.add(state.is_killed ? 1 : 0);
    for (std::size_t i = 0; i < plan_.readers.size(); ++i) {
      const Reader& reader = state.readers[i];
      key.add(static_cast<std::uint64_t>(reader.phase));
      key.add(reader.ring.next_sequence() | reader.ring.received() << 16 |
              reader.ring.lost() << 32 | reader.ring.torn() << 48);
      if (plan_.readers[i].style == Style::counts) {
        key.add(reader.counted);
        key.add(reader.known);
        if (!plan_.has_stale_loads) key.add(reader.begun_at);
      }
      key.add(reader.log.size);
      add_bytes(key, {reader.log.ids, reader.log.size});
      add_bytes(key, reader.view);
    }
    return key;
  }
  static void add_bytes(Fingerprint& key, std::span<const StoreId> bytes) noexcept {
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, &bytes[at], std::min<std::size_t>(8, bytes.size() - at));
      key.add(word);
    }
  }

  const Plan& plan_;
  SmallRing ring_;
  const Trace& trace_;
  Seen seen_;                // with as many stores as now
  std::vector<State> open_;  // the same, not entered yet
  std::vector<State> next_;  // with one store more: no state comes twice, none is met again
  std::set<StoreId> ended_at_;
  Report report_;
};

}  // namespace

Report explore(const Plan& plan) {
  return Explorer(plan).run();
}

}  // namespace ringside::explore
