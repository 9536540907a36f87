// Owns what every contestant of handover_bench looks like: a channel made before the fork, whose
// two ends are made after it, each in its own process; and the message, one record of ours, whose
// number and times all contestants carry. Benchmarks only.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>

#include "peer.hpp"
#include "ringside/shm/record.hpp"
#include "tsc.hpp"

namespace ringside::bench {

/// Messages that a channel holds before it is full, where that can be chosen.
inline constexpr std::uint32_t channel_slots = 1024;

/// A channel for records: try_write says false when there is no room, try_read when there is
/// nothing. Some wait a little inside; see each.
template <class C, class Record>
concept Channel = requires(C& channel, const Record& in, Record& out) {
  { channel.make_writer().try_write(in) } -> std::same_as<bool>;
  { channel.make_reader().try_read(out) } -> std::same_as<bool>;
};

// --- the message: ts_event is when it was due, ts_recv when it was written, in ticks of the
// counter

inline void set_number(shm::TickRecord& record, std::uint64_t n) noexcept {
  record.trade.trade_id = n;
  record.trade.price = static_cast<std::int64_t>(n * 3);
  record.trade.size = static_cast<std::int64_t>(n * 5);
}
inline void set_number(shm::BarRecord& record, std::uint64_t n) noexcept {
  record.ts_end = n;
  record.open = static_cast<std::int64_t>(n * 3);
  record.vwap = static_cast<std::int64_t>(n * 5);
}
[[nodiscard]] inline std::uint64_t number_of(const shm::TickRecord& record) noexcept {
  return record.trade.trade_id;
}
[[nodiscard]] inline std::uint64_t number_of(const shm::BarRecord& record) noexcept {
  return record.ts_end;
}
[[nodiscard]] inline bool is_whole(const shm::TickRecord& record) noexcept {
  const std::uint64_t n = number_of(record);
  return record.trade.price == static_cast<std::int64_t>(n * 3) &&
         record.trade.size == static_cast<std::int64_t>(n * 5);
}
[[nodiscard]] inline bool is_whole(const shm::BarRecord& record) noexcept {
  const std::uint64_t n = number_of(record);
  return record.open == static_cast<std::int64_t>(n * 3) &&
         record.vwap == static_cast<std::int64_t>(n * 5);
}

/// What was received, to be compared with what was sent.
struct Sum {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::uint64_t number, std::int64_t three_times) noexcept {
    ++count;
    sum += number ^ static_cast<std::uint64_t>(three_times);
  }
  void add(const shm::TickRecord& record) noexcept {
    add(record.trade.trade_id, record.trade.price);
  }
  void add(const shm::BarRecord& record) noexcept { add(record.ts_end, record.open); }
};

/// A channel with the ends that this process has made of it.
template <class C>
class Ends {
 public:
  template <class... Args>
  explicit Ends(Args&&... args) : channel_(std::forward<Args>(args)...) {}

  auto& writer() {
    if (!writer_) writer_.emplace(channel_.make_writer());
    return *writer_;
  }
  auto& reader() {
    if (!reader_) reader_.emplace(channel_.make_reader());
    return *reader_;
  }

 private:
  C channel_;
  std::optional<decltype(std::declval<C&>().make_writer())> writer_;
  std::optional<decltype(std::declval<C&>().make_reader())> reader_;
};

/// How many records a reader lost so far; 0 where the channel cannot lose.
template <class Reader>
[[nodiscard]] std::uint64_t lost_by(const Reader& reader) noexcept {
  if constexpr (requires { reader.lost(); }) {
    return reader.lost();
  } else {
    return 0;
  }
}

}  // namespace ringside::bench
