// Owns the ring that is explored: four slots of a small record. The code that runs on it is the
// real one, write_slot, read_slot, Visit, RingView and RingReader of shm, over the explorer's
// memory: Slot is specialised for the small record alone. One thread.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "memory.hpp"
#include "ringside/shm/ring.hpp"

namespace ringside::explore {

/// A stamp and a payload of two words.
struct Small {
  std::uint64_t stamp;
  std::uint64_t first;
  std::uint64_t second;
};

}  // namespace ringside::explore

template <>
struct ringside::shm::Slot<ringside::explore::Small> {
  static constexpr std::size_t word_count = 3;
  ringside::explore::Atomic words[word_count];
};

namespace ringside::explore {

inline constexpr std::uint32_t slot_count = 4;
inline constexpr std::size_t slot_words = shm::Slot<Small>::word_count;
static_assert(slot_count * slot_words == location_count_max);
static_assert(sizeof(shm::Slot<Small>) == slot_words * sizeof(Atomic));

/// Record `sequence`; no word of it is in another one.
[[nodiscard]] constexpr Small numbered(std::uint64_t sequence) noexcept {
  return {0, 100 + sequence, 200 + sequence};
}
[[nodiscard]] constexpr bool is_record(const Small& record, std::uint64_t sequence) noexcept {
  return record.stamp == shm::whole_stamp(sequence) && record.first == 100 + sequence &&
         record.second == 200 + sequence;
}

/// How the writer departs from write_slot_by_words; all but `none` and `words_in_pairs` are wrong.
enum class WriterFault : std::uint8_t {
  none,
  words_in_pairs,  // as write_slot_by_pairs: the halves of a store are seen in either order
  odd_stamp_omitted,
  odd_stamp_behind_words,
  odd_stamp_in_the_midst,  // between the two words
  odd_stamp_is_even,
  odd_stamp_relaxed,
  words_relaxed,
  publish_relaxed,
  publish_before_last_word,
};

/// The ring's memory: what the writer stores into it, and which records a prefix of that holds.
class SmallRing {
 public:
  SmallRing(std::uint8_t record_count, WriterFault fault)
      : machine_(&slots_[0].words[0], slot_words), record_count_(record_count) {
    std::vector<Store> all;
    for (std::uint8_t sequence = 0; sequence < record_count; ++sequence) {
      // As RingWriter::publish, which wants a ring of sixteen slots at least.
      std::vector<Store> stores = machine_.record(
          [&] { write_slot(slots_[sequence % slot_count], sequence, numbered(sequence)); });
      for (Store& store : stores) store.record = sequence;
      spoil(stores, fault, sequence);
      begin_.push_back(static_cast<StoreId>(all.size() + 1));
      all.insert(all.end(), stores.begin(), stores.end());
      end_.push_back(static_cast<StoreId>(all.size()));
    }
    trace_ = Trace(std::move(all));
  }
  SmallRing(const SmallRing&) = delete;
  SmallRing& operator=(const SmallRing&) = delete;

  [[nodiscard]] Machine& machine() noexcept { return machine_; }
  [[nodiscard]] const Trace& trace() const noexcept { return trace_; }
  [[nodiscard]] shm::RingView<Small> view() const noexcept { return {slots_, slot_count}; }
  [[nodiscard]] const shm::Slot<Small>& slot(std::uint64_t sequence) const noexcept {
    return slots_[sequence % slot_count];
  }
  [[nodiscard]] std::uint8_t record_count() const noexcept { return record_count_; }

  /// Was anything of that record stored among the first `so_far` stores?
  [[nodiscard]] bool is_begun(std::uint64_t sequence, StoreId so_far) const noexcept {
    return sequence < record_count_ && begin_[sequence] <= so_far;
  }
  /// Records that are finished after `so_far` stores.
  [[nodiscard]] std::uint64_t published(StoreId so_far) const noexcept {
    return static_cast<std::uint64_t>(std::upper_bound(end_.begin(), end_.end(), so_far) -
                                      end_.begin());
  }
  /// Does a writer that stops there leave an unfinished record?
  [[nodiscard]] bool is_torn(StoreId so_far) const noexcept {
    return is_begun(published(so_far), so_far);
  }
  /// Records that a thread with this view must see as published: all that led to them is in it.
  [[nodiscard]] std::uint64_t known(const View& view) const noexcept {
    std::uint64_t count = 0;
    while (count < record_count_ && covers(view, trace_.latest(end_[count]))) ++count;
    return count;
  }

 private:
  [[nodiscard]] static bool covers(const View& view, const View& other) noexcept {
    return std::equal(view.begin(), view.end(), other.begin(), std::greater_equal<>());
  }

  // The stores of one record: odd stamp, first word, second word, [publish].
  static void spoil(std::vector<Store>& stores, WriterFault fault, std::uint64_t sequence) {
    RINGSIDE_ASSERT(stores.size() == slot_words + 1);
    switch (fault) {
      case WriterFault::none:
        break;
      case WriterFault::words_in_pairs:  // now this half first, now the other
        stores[1].order = stores[2].order = std::memory_order_relaxed;
        if ((sequence / slot_count + sequence) % 2 == 1) std::swap(stores[1], stores[2]);
        break;
      case WriterFault::odd_stamp_omitted:
        stores.erase(stores.begin());
        break;
      case WriterFault::odd_stamp_behind_words:
        std::rotate(stores.begin(), stores.begin() + 1, stores.end() - 1);
        break;
      case WriterFault::odd_stamp_in_the_midst:
        std::swap(stores[0], stores[1]);
        break;
      case WriterFault::odd_stamp_is_even:
        --stores[0].value;
        break;
      case WriterFault::odd_stamp_relaxed:
        stores[0].order = std::memory_order_relaxed;
        break;
      case WriterFault::words_relaxed:
        stores[1].order = stores[2].order = std::memory_order_relaxed;
        break;
      case WriterFault::publish_relaxed:
        stores[3].order = std::memory_order_relaxed;
        break;
      case WriterFault::publish_before_last_word:
        std::swap(stores[2], stores[3]);
        break;
    }
  }

  shm::Slot<Small> slots_[slot_count];
  Machine machine_;
  std::uint8_t record_count_;
  Trace trace_;
  std::vector<StoreId> begin_;  // [record] its first store
  std::vector<StoreId> end_;    // [record] its last store
};

}  // namespace ringside::explore
