// Owns what a segment tells about itself: counters, latency histograms, the distinct-error log and
// the table of attached readers. Every word has one writer; anybody may read at any time without
// asking.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <string_view>

#include "ringside/shm/slot.hpp"
#include "ringside/shm/units.hpp"

namespace ringside::shm {

inline constexpr std::uint32_t counter_count_max = 256;
inline constexpr std::uint32_t histogram_count_max = 8;
inline constexpr std::uint32_t error_rows = 64;
inline constexpr std::uint32_t reader_rows = 64;

/// One counter: a cache line, so that two writers never share one.
struct alignas(cache_line_bytes) CounterEntry {
  std::atomic<std::uint64_t> value;
  char name[40];  // "ticks_published"; zero padded
  char unit[8];   // "records", "bytes", "ns", ""
  std::uint64_t reserved_;
};
static_assert(sizeof(CounterEntry) == 64);
static_assert(offsetof(CounterEntry, value) == 0);
static_assert(offsetof(CounterEntry, name) == 8);
static_assert(offsetof(CounterEntry, unit) == 48);
static_assert(offsetof(CounterEntry, reserved_) == 56);

/// A counter as its one writer holds it. Copies refer to the same word.
class Counter {
 public:
  explicit Counter(std::atomic<std::uint64_t>* value = nullptr) noexcept : value_(value) {}

  void add(std::uint64_t n = 1) noexcept {
    // relaxed twice: one writer, and a counter orders nothing.
    value_->store(value_->load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) noexcept { value_->store(n, std::memory_order_relaxed); }  // as above
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_->load(std::memory_order_relaxed);  // as above
  }

 private:
  std::atomic<std::uint64_t>* value_;
};

/// Bucket arithmetic of a log-linear histogram: exact to 32, then 32 steps for each doubling, so a
/// value is known to about 3 %.
struct Buckets {
  static constexpr unsigned sub_bits = 5;
  static constexpr unsigned value_bits_max = 40;  // larger values fall into the last bucket
  static constexpr std::uint32_t count = (value_bits_max - sub_bits + 1) << sub_bits;

  [[nodiscard]] static constexpr std::uint32_t index(std::uint64_t value) noexcept {
    if (value < (1U << sub_bits)) return static_cast<std::uint32_t>(value);
    const unsigned width = static_cast<unsigned>(std::bit_width(value));
    if (width > value_bits_max) return count - 1;
    const unsigned shift = width - sub_bits - 1;
    return (shift << sub_bits) + static_cast<std::uint32_t>(value >> shift);
  }

  /// The largest value that falls into bucket `index`.
  [[nodiscard]] static constexpr std::uint64_t upper(std::uint32_t index) noexcept {
    if (index < (2U << sub_bits)) return index;
    const unsigned shift = (index >> sub_bits) - 1;
    const std::uint64_t mantissa = (index & ((1U << sub_bits) - 1)) | (1U << sub_bits);
    return ((mantissa + 1) << shift) - 1;
  }
};
static_assert(Buckets::count == 1152);

struct alignas(cache_line_bytes) HistogramEntry {
  char name[40];
  char unit[8];
  std::atomic<std::uint64_t> max;
  std::atomic<std::uint64_t> sum;
  std::atomic<std::uint64_t> buckets[Buckets::count];
};
static_assert(sizeof(HistogramEntry) == 64 + 8 * Buckets::count);
static_assert(offsetof(HistogramEntry, name) == 0);
static_assert(offsetof(HistogramEntry, unit) == 40);
static_assert(offsetof(HistogramEntry, max) == 48);
static_assert(offsetof(HistogramEntry, sum) == 56);
static_assert(offsetof(HistogramEntry, buckets) == 64);

/// A histogram as its one writer holds it.
class Histogram {
 public:
  explicit Histogram(HistogramEntry* entry = nullptr) noexcept : entry_(entry) {}

  void record(std::uint64_t value) noexcept {
    bump(entry_->buckets[Buckets::index(value)], 1);
    bump(entry_->sum, value);
    // relaxed: one writer.
    if (value > entry_->max.load(std::memory_order_relaxed)) {
      entry_->max.store(value, std::memory_order_relaxed);
    }
  }

 private:
  static void bump(std::atomic<std::uint64_t>& word, std::uint64_t n) noexcept {
    // relaxed twice: one writer, orders nothing.
    word.store(word.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  HistogramEntry* entry_;
};

/// A copy of a histogram, for percentiles.
struct HistogramSnapshot {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::uint64_t max = 0;
  std::uint64_t buckets[Buckets::count] = {};

  /// The value that `share` (0..1) of the recorded values do not exceed; 0 when empty.
  [[nodiscard]] std::uint64_t percentile(double share) const noexcept;
};

[[nodiscard]] HistogramSnapshot read_histogram(const HistogramEntry& entry) noexcept;

/// One kind of error since the segment began; the row's number is its code.
struct alignas(cache_line_bytes) ErrorRecord {
  std::uint64_t stamp;
  std::uint64_t ts_first;  // ns UTC
  std::uint64_t ts_last;
  std::uint64_t count;
  char text[32];     // what kind: "bad_json"
  char example[64];  // the latest context, cut; never a secret
};
static_assert(sizeof(ErrorRecord) == 128);
static_assert(offsetof(ErrorRecord, ts_first) == 8);
static_assert(offsetof(ErrorRecord, ts_last) == 16);
static_assert(offsetof(ErrorRecord, count) == 24);
static_assert(offsetof(ErrorRecord, text) == 32);
static_assert(offsetof(ErrorRecord, example) == 64);

/// One attached consumer, as the control thread knows it.
struct alignas(cache_line_bytes) ReaderRecord {
  std::uint64_t stamp;
  char name[32];
  std::uint32_t pid;  // for display
  std::uint32_t uid;
  std::uint32_t is_connected;   // 0: the row is free
  std::uint32_t subscriptions;  // (symbol, kind) pairs held
  std::uint64_t ts_attached;
  std::uint64_t ts_report;  // ns UTC of its latest report, 0: none
  std::uint64_t received;
  std::uint64_t lost;
  std::uint64_t pending;  // its lag in records
  std::uint64_t reserved_[4];
};
static_assert(sizeof(ReaderRecord) == 128);
static_assert(offsetof(ReaderRecord, name) == 8);
static_assert(offsetof(ReaderRecord, pid) == 40);
static_assert(offsetof(ReaderRecord, uid) == 44);
static_assert(offsetof(ReaderRecord, is_connected) == 48);
static_assert(offsetof(ReaderRecord, subscriptions) == 52);
static_assert(offsetof(ReaderRecord, ts_attached) == 56);
static_assert(offsetof(ReaderRecord, ts_report) == 64);
static_assert(offsetof(ReaderRecord, received) == 72);
static_assert(offsetof(ReaderRecord, lost) == 80);
static_assert(offsetof(ReaderRecord, pending) == 88);
static_assert(offsetof(ReaderRecord, reserved_) == 96);

/// Copies `text` into a fixed field: cut to size, zero padded.
template <std::size_t N>
constexpr void set_text(char (&field)[N], std::string_view text) noexcept {
  for (std::size_t i = 0; i < N; ++i) field[i] = i < text.size() ? text[i] : '\0';
}

template <std::size_t N>
[[nodiscard]] constexpr std::string_view get_text(const char (&field)[N]) noexcept {
  std::size_t size = 0;
  while (size < N && field[size] != '\0') ++size;
  return {field, size};
}

}  // namespace ringside::shm
