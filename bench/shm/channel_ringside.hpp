// Owns Ringside as a contestant: the ring by itself, in memory like the rivals', and a whole
// segment whose writer publishes ring, last value and tape. Benchmarks only.
//
// Lossless: the ring never waits for a reader, so what waits here is the benchmark's: the reader
// tells its place in a word of its own every eighth of the ring, the writer looks at that word when
// it would overwrite what was not told yet.
#pragma once

#include "bench_segment.hpp"
#include "channel.hpp"

namespace ringside::bench {

enum class Flow : std::uint8_t { free, lossless };
enum class ReadBy : std::uint8_t { poll, poll_batch, visit };

/// The reader's end; View is kept for what it maps.
template <class Record, ReadBy by, Flow flow, class View>
class RingsideReader {
 public:
  RingsideReader(std::shared_ptr<View> view, const shm::RingView<Record>& ring,
                 LineWord& position) noexcept
      : view_(std::move(view)),
        ring_(ring, shm::StartAt::newest),
        position_(&position),
        step_(ring.slot_count / 8) {}

  bool try_read(Record& out) noexcept {
    if (ring_.poll(out) != shm::ReadStatus::ok) return false;
    tell();
    return true;
  }

  /// Takes what is there, at most 64 records.
  void drain(Sum& sum) noexcept {
    if constexpr (by == ReadBy::poll) {
      Record out;
      if (ring_.poll(out) != shm::ReadStatus::ok) return;
      keep(out);
      sum.add(out);
    } else if constexpr (by == ReadBy::poll_batch) {
      Record out[64];
      const std::size_t count = ring_.poll_batch(out);
      keep(out);
      for (std::size_t i = 0; i < count; ++i) sum.add(out[i]);
    } else {
      shm::Visit<Record> visit;
      if (ring_.visit(visit) != shm::ReadStatus::ok) return;
      Sum one;
      if constexpr (std::same_as<Record, shm::TickRecord>) {
        one.add(visit.field(&Record::trade, &shm::TradeBody::trade_id),
                visit.field(&Record::trade, &shm::TradeBody::price));
      } else {
        one.add(visit.field(&Record::ts_end), visit.field(&Record::open));
      }
      if (!ring_.take(visit)) return;
      ++sum.count;
      sum.sum += one.sum;
    }
    tell();
  }

  [[nodiscard]] std::uint64_t lost() const noexcept { return ring_.lost(); }

 private:
  void tell() noexcept {
    if constexpr (flow == Flow::lossless) {
      if (ring_.next_sequence() - told_ < step_) return;
      told_ = ring_.next_sequence();
      position_->set(told_);
    }
  }

  std::shared_ptr<View> view_;
  shm::RingReader<Record> ring_;
  LineWord* position_;
  std::uint64_t step_;
  std::uint64_t told_ = 0;
};

/// Holds a writer back until the reader has told that there is room.
template <Flow flow>
class Room {
 public:
  explicit Room(const LineWord& position) noexcept : position_(&position) {}
  [[nodiscard]] bool is_there(std::uint64_t published, std::uint32_t slots) noexcept {
    if constexpr (flow == Flow::free) return true;
    if (published - told_ < slots) [[likely]]
      return true;
    told_ = position_->get();
    return published - told_ < slots;
  }

 private:
  const LineWord* position_;
  std::uint64_t told_ = 0;
};

template <class Record, ReadBy by = ReadBy::poll, Flow flow = Flow::free>
class RingChannel {
  struct Head {
    LineWord position;
  };

 public:
  static constexpr std::uint32_t slots = channel_slots;

  class Writer {
   public:
    Writer(void* ring, const LineWord& position) noexcept : ring_(ring, slots), room_(position) {}
    bool try_write(const Record& record) noexcept {
      if (!room_.is_there(ring_.published(), slots)) return false;
      ring_.publish(record);
      return true;
    }

   private:
    shm::RingWriter<Record> ring_;
    Room<flow> room_;
  };

  RingChannel()
      : memory_(std::make_shared<Shared<Head>>(sizeof(Head) + shm::ring_bytes<Record>(slots))) {}
  Writer make_writer() { return {ring(), (*memory_)->position}; }
  auto make_reader() {
    const shm::RingView<Record> view{static_cast<const shm::Slot<Record>*>(ring()), slots};
    return RingsideReader<Record, by, flow, Shared<Head>>(memory_, view, (*memory_)->position);
  }

 private:
  [[nodiscard]] void* ring() const noexcept { return memory_->get() + 1; }
  std::shared_ptr<Shared<Head>> memory_;
};

/// publish() of a real segment; the reader follows the symbol's ring.
template <ReadBy by = ReadBy::poll, Flow flow = Flow::free>
class SegmentChannel {
  struct Head {
    LineWord position;
  };

 public:
  static constexpr std::uint32_t slots = channel_slots;

  class Writer {
   public:
    Writer(shm::SegmentWriter& segment, const LineWord& position) noexcept
        : segment_(&segment), room_(position) {}
    bool try_write(const shm::TickRecord& record) noexcept {
      if (!room_.is_there(segment_->ticks_published(), slots)) return false;
      segment_->publish(record);
      segment_->ring_doorbell();
      return true;
    }

   private:
    shm::SegmentWriter* segment_;
    Room<flow> room_;
  };

  SegmentChannel() : segment_(make_segment({.tick_slots = slots, .tape_slots = 1U << 16})) {}
  Writer make_writer() { return {*segment_, head_->position}; }
  auto make_reader() {
    auto view = std::make_shared<shm::SegmentView>(map_segment(*segment_));
    const shm::RingView<shm::TickRecord> ring = view->tick_ring(0);
    (void)view->prefault(ring);
    return RingsideReader<shm::TickRecord, by, flow, shm::SegmentView>(std::move(view), ring,
                                                                       head_->position);
  }

 private:
  std::unique_ptr<shm::SegmentWriter> segment_;
  Shared<Head> head_;
};

}  // namespace ringside::bench
