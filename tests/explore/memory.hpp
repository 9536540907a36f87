// Owns the memory of the explorer: atomics whose loads may return every value that the rules of
// C++ for release, acquire and relaxed allow, chosen by the explorer from outside. One thread; an
// operation that runs on it allocates nothing.
//
// There is one writer, and it loads nothing. So its stores are the same in every run: they are
// recorded once (a Trace), and the memory at one moment is a prefix of that list. A store is known
// by its place in it, 1, 2, ...; 0 is the zero that every location begins with.
//
//   stores    1:a=1  2:b=1  3:a=2 [release]  4:b=2     so far: 4
//   view      a>=0 b>=0   a load of b may return 0, 2 or 4
//   acquires 3 from a:    what came before 3 is seen from now on
//   view      a>=3 b>=2   a load of b may return 2 or 4, no longer 0
//
// Loads are made in program order. That leaves out nothing: a load that a processor or a compiler
// makes earlier returns an older store, which the view allows as well, and a load cannot depend on
// a later store, for who loads stores nothing here.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ringside/base/assert.hpp"

namespace ringside::explore {

inline constexpr std::size_t location_count_max = 12;

using StoreId = std::uint8_t;
/// The oldest store of each location that a thread may still load (coherence).
using View = std::array<StoreId, location_count_max>;

struct Store {
  std::uint8_t location = 0;
  std::memory_order order = std::memory_order_relaxed;
  std::uint64_t value = 0;
  std::uint8_t record = 0;  // which record it belongs to; for the one who checks
};

/// The writer's stores in their order.
class Trace {
 public:
  Trace() = default;
  explicit Trace(std::vector<Store> stores) : stores_(std::move(stores)) {
    RINGSIDE_ASSERT(stores_.size() < 255);
    latest_.resize(stores_.size() + 1);
    for (std::size_t id = 1; id <= stores_.size(); ++id) {
      latest_[id] = latest_[id - 1];
      latest_[id][stores_[id - 1].location] = static_cast<StoreId>(id);
    }
  }

  [[nodiscard]] StoreId size() const noexcept { return static_cast<StoreId>(stores_.size()); }
  [[nodiscard]] const Store& store(StoreId id) const noexcept { return stores_[id - 1U]; }
  [[nodiscard]] std::uint64_t value(StoreId id) const noexcept {
    return id == 0 ? 0 : store(id).value;
  }
  /// The newest store of each location among the first `id`.
  [[nodiscard]] const View& latest(StoreId id) const noexcept { return latest_[id]; }

  /// May a thread with `view` load store `id` from `location`, when there are `so_far` stores?
  [[nodiscard]] bool may_load(StoreId id, std::uint8_t location, StoreId so_far,
                              const View& view) const noexcept {
    if (id > so_far || id < view[location]) return false;
    return id == 0 || store(id).location == location;
  }

  /// What a load of `id` from `location` does to a thread's view.
  void see(StoreId id, std::uint8_t location, std::memory_order order, View& view) const noexcept {
    view[location] = std::max(view[location], id);
    if (id == 0 || order != std::memory_order_acquire) return;
    if (store(id).order == std::memory_order_release) join(view, latest(id));
  }

  static void join(View& view, const View& other) noexcept {
    for (std::size_t i = 0; i < view.size(); ++i) view[i] = std::max(view[i], other[i]);
  }

 private:
  std::vector<Store> stores_;
  std::vector<View> latest_;  // [id]
};

class Atomic;

/// What a reader does wrong: a broken protocol.
struct LoadRules {
  bool stamp_acquires = true;
  bool words_acquire = true;
  bool has_second_look = true;    // false: a location's second load repeats its first
  bool newer_is_as_good = false;  // a stamp beyond the expected one reads as the expected one
};

/// Runs operations on the atomics: records the writer's stores, and answers a reader's loads from
/// the stores that the explorer chose. Behind the last answer an operation runs idle: it loads
/// zeros, which it must bear, and its outcome is forgotten.
class Machine {
 public:
  struct Pending {
    std::uint8_t location = 0;
    std::memory_order order = std::memory_order_relaxed;
  };

  /// `first`: the atomic at location 0; the others lie behind it. `words_each`: locations of one
  /// slot, whose first is its stamp.
  Machine(const Atomic* first, std::uint8_t words_each) noexcept
      : first_(first), words_each_(words_each) {}

  /// The stores of `operation`, in their order.
  template <class Operation>
  [[nodiscard]] std::vector<Store> record(Operation&& operation) {
    stores_.clear();
    is_recording_ = true;
    running_ = this;
    operation();
    is_recording_ = false;
    return std::move(stores_);
  }

  /// Runs `operation`; its loads are answered by `chosen`. Returns whether that was enough; if not,
  /// pending() is the load that it wants answered next.
  template <class Operation>
  [[nodiscard]] bool replay(const Trace& trace, const LoadRules& rules,
                            std::span<const StoreId> chosen, std::uint64_t expected_stamp,
                            Operation&& operation) {
    trace_ = &trace;
    rules_ = rules;
    chosen_ = chosen;
    expected_stamp_ = expected_stamp;
    at_ = 0;
    is_idle_ = false;
    first_loads_.fill(unknown);
    running_ = this;
    operation();
    return !is_idle_;
  }
  [[nodiscard]] const Pending& pending() const noexcept { return pending_; }

 private:
  friend class Atomic;
  static constexpr std::uint64_t unknown = ~std::uint64_t{0};

  [[nodiscard]] std::uint8_t location(const Atomic* atomic) const noexcept;
  [[nodiscard]] bool is_stamp(std::uint8_t at) const noexcept { return at % words_each_ == 0; }

  void store(const Atomic* atomic, std::uint64_t value, std::memory_order order) noexcept {
    RINGSIDE_ASSERT(is_recording_);  // a reader stores nothing
    stores_.push_back({location(atomic), order, value, 0});
  }

  std::uint64_t load(const Atomic* atomic, std::memory_order order) noexcept {
    RINGSIDE_ASSERT(!is_recording_);  // the writer loads nothing
    if (is_idle_) return 0;
    const std::uint8_t at = location(atomic);
    std::uint64_t& first_load = first_loads_[at];
    if (!rules_.has_second_look && first_load != unknown && is_stamp(at)) return first_load;
    const bool may_acquire = is_stamp(at) ? rules_.stamp_acquires : rules_.words_acquire;
    if (at_ == chosen_.size()) {
      is_idle_ = true;
      pending_ = {at, may_acquire ? order : std::memory_order_relaxed};
      return 0;
    }
    std::uint64_t value = trace_->value(chosen_[at_++]);
    if (rules_.newer_is_as_good && is_stamp(at)) value = std::min(value, expected_stamp_);
    if (first_load == unknown) first_load = value;
    return value;
  }

  static inline Machine* running_ = nullptr;

  const Atomic* first_;
  std::uint8_t words_each_;
  bool is_recording_ = false;
  bool is_idle_ = false;
  std::vector<Store> stores_;
  const Trace* trace_ = nullptr;
  LoadRules rules_;
  std::span<const StoreId> chosen_;
  std::size_t at_ = 0;
  std::uint64_t expected_stamp_ = 0;
  std::array<std::uint64_t, location_count_max> first_loads_{};
  Pending pending_;
};

/// Stands where std::atomic<std::uint64_t> stands in the code under test. Holds nothing itself.
class Atomic {
 public:
  std::uint64_t load(std::memory_order order) const noexcept {
    return Machine::running_->load(this, order);
  }
  void store(std::uint64_t value, std::memory_order order) noexcept {
    Machine::running_->store(this, value, order);
  }
};

inline std::uint8_t Machine::location(const Atomic* atomic) const noexcept {
  const auto at = atomic - first_;
  RINGSIDE_ASSERT(at >= 0 && static_cast<std::size_t>(at) < location_count_max);
  return static_cast<std::uint8_t>(at);
}

}  // namespace ringside::explore
