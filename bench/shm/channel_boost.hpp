// Owns Boost as a contestant: Boost.Lockfree's queue of one writer and one reader, in memory both
// processes share, and Boost.Interprocess's message queue. Benchmarks only.
#pragma once

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <string>

#include "channel.hpp"

namespace ringside::bench {

/// spsc_queue of a fixed capacity, so that it holds no pointers.
template <class Record, bool reads_in_place = false>
class SpscChannel {
  using Queue = boost::lockfree::spsc_queue<Record, boost::lockfree::capacity<channel_slots>>;

 public:
  struct Writer {
    Queue* queue;
    bool try_write(const Record& record) { return queue->push(record); }
  };
  struct Reader {
    Queue* queue;
    bool try_read(Record& out) { return queue->pop(out); }
    void drain(Sum& sum) {
      if constexpr (reads_in_place) {
        queue->consume_all([&sum](const Record& record) { sum.add(record); });
      } else {
        Record out;
        if (!queue->pop(out)) return;
        keep(out);
        sum.add(out);
      }
    }
  };

  Writer make_writer() { return {queue_.get()}; }
  Reader make_reader() { return {queue_.get()}; }

 private:
  Shared<Queue> queue_;
};

/// A message queue under a lock; the name goes at once, the forked process inherits the mapping.
template <class Record>
class MessageQueueChannel {
  using Queue = boost::interprocess::message_queue;

 public:
  struct Writer {
    Queue* queue;
    bool try_write(const Record& record) { return queue->try_send(&record, sizeof(record), 0); }
  };
  struct Reader {
    Queue* queue;
    bool try_read(Record& out) {
      Queue::size_type size = 0;
      unsigned priority = 0;
      return queue->try_receive(&out, sizeof(out), size, priority) && size == sizeof(out);
    }
  };

  MessageQueueChannel() {
    static int made = 0;
    const std::string name =
        "ringside-bench-" + std::to_string(::getpid()) + "-" + std::to_string(made++);
    Queue::remove(name.c_str());
    queue_ = std::make_unique<Queue>(boost::interprocess::create_only, name.c_str(), channel_slots,
                                     sizeof(Record));
    Queue::remove(name.c_str());
  }
  Writer make_writer() { return {queue_.get()}; }
  Reader make_reader() { return {queue_.get()}; }

 private:
  std::unique_ptr<Queue> queue_;
};

}  // namespace ringside::bench
