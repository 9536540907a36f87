// Every operation of a ring's reader, in random order, against a plain reference that knows what
// was published and nothing of slots: ticks and bars, to the writer's death inside a slot.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "../support/records.hpp"
#include "../support/ring_memory.hpp"
#include "../support/sanitized.hpp"
#include "../support/seed.hpp"

namespace ringside::shm {
namespace {

TickRecord make_record(const TickRecord&, std::uint64_t n) {
  return test::numbered_trade(n);
}
BarRecord make_record(const BarRecord&, std::uint64_t n) {
  return test::numbered_bar(n);
}

// What docs/layout.md says of a ring, as arithmetic.
struct Reference {
  std::uint64_t slots = 0;
  std::uint64_t published = 0;
  bool is_torn = false;  // the writer died inside the record behind `published`

  [[nodiscard]] bool is_gone(std::uint64_t sequence) const {
    return sequence + slots < published + (is_torn ? 1 : 0);
  }
  [[nodiscard]] std::uint64_t oldest() const {
    return published <= slots ? 0 : published - slots + slots / 8;
  }
  [[nodiscard]] std::uint64_t resume(std::uint64_t next) const {
    return std::max(oldest(), next + 1);
  }
};

template <class Record>
struct Modelled {
  RingReader<Record> reader;
  std::uint64_t start = 0;
  std::uint64_t next = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;

  void lose(const Reference& truth) {
    const std::uint64_t resume = truth.resume(next);
    lost += resume - next;
    next = resume;
  }
};

template <class Record>
class RingOperations : public testing::Test {
 protected:
  using Reader = Modelled<Record>;

  RingOperations() : random_(test::seeded_random()) {}

  [[nodiscard]] std::uint64_t pick(std::uint64_t bound) { return random_() % bound; }

  void begin(std::uint32_t slots) {
    ring_.emplace(slots);
    truth_ = Reference{slots, 0, false};
    readers_.clear();
    readers_.resize(4);
    for (Reader& at : readers_) attach(at);
  }

  void publish(std::uint64_t count) {
    for (; count > 0; --count) {
      ASSERT_EQ(ring_->writer.publish(make_record(Record{}, truth_.published)), truth_.published);
      ++truth_.published;
    }
    ASSERT_EQ(ring_->writer.published(), truth_.published);
  }

  // A reader that begins anew: at the oldest, at the newest, or at a number.
  void attach(Reader& at) {
    at = Reader{};
    switch (pick(3)) {
      case 0:
        at.reader = RingReader<Record>(ring_->view, StartAt::oldest);
        at.start = truth_.oldest();
        break;
      case 1:
        at.reader = RingReader<Record>(ring_->view, StartAt::newest);
        at.start = truth_.published;
        break;
      default:
        at.start = pick(truth_.published + 1);
        at.reader = RingReader<Record>(ring_->view, at.start);
    }
    at.next = at.start;
  }

  [[nodiscard]] ReadStatus expected(const Reader& at) const {
    if (truth_.is_gone(at.next)) return ReadStatus::lapped;
    return at.next < truth_.published ? ReadStatus::ok : ReadStatus::empty;
  }

  void check(const Record& record, std::uint64_t sequence) {
    std::uint64_t n = 0;
    ASSERT_TRUE(test::is_whole(record, n));
    ASSERT_EQ(n, sequence);
    ASSERT_EQ(record.stamp, whole_stamp(sequence));
  }

  void poll(Reader& at) {
    Record record{};
    const ReadStatus status = at.reader.poll(record);
    ASSERT_EQ(status, expected(at));
    if (status == ReadStatus::ok) {
      check(record, at.next++);
      ++at.received;
    } else if (status == ReadStatus::lapped) {
      at.lose(truth_);
    }
  }

  void poll_batch(Reader& at) {
    std::vector<Record> records(1 + pick(12));
    const ReadStatus status = expected(at);
    const std::size_t count = at.reader.poll_batch(records);
    if (status == ReadStatus::lapped) at.lose(truth_);
    if (status != ReadStatus::ok) {
      ASSERT_EQ(count, 0U);
      return;
    }
    ASSERT_EQ(count, std::min<std::uint64_t>(records.size(), truth_.published - at.next));
    for (std::size_t i = 0; i < count; ++i) check(records[i], at.next++);
    at.received += count;
  }

  // In place; now and then the writer comes in between, sometimes so far that the visit is void.
  void visit(Reader& at, bool may_publish) {
    Visit<Record> visited;
    const ReadStatus status = at.reader.visit(visited);
    ASSERT_EQ(status, expected(at));
    if (status == ReadStatus::lapped) at.lose(truth_);
    if (status != ReadStatus::ok) return;
    ASSERT_EQ(visited.sequence(), at.next);
    ASSERT_EQ(visited.field(&Record::ts_event), at.next);
    if (pick(4) == 0) return;  // looked at and left
    if (may_publish && pick(3) == 0) publish(pick(2 * truth_.slots));
    const bool is_valid = !truth_.is_gone(at.next);
    ASSERT_EQ(visited.still_valid(), is_valid);
    ASSERT_EQ(at.reader.take(visited), is_valid);
    if (is_valid) {
      ++at.next;
      ++at.received;
    } else {
      at.lose(truth_);
    }
  }

  // What does not move the reader.
  void ask(Reader& at) {
    ASSERT_EQ(at.reader.has_news(), expected(at) != ReadStatus::empty);
    ASSERT_EQ(ring_->view.published(pick(truth_.published + 1)), truth_.published);
    ASSERT_EQ(ring_->view.published(), truth_.published);
    const std::uint64_t head = std::max(at.next, truth_.published);
    ASSERT_EQ(at.reader.head(), head);
    ASSERT_EQ(at.reader.pending(), head - at.next);
    ASSERT_EQ(at.reader.next_sequence(), at.next);
    const Receipt receipt = at.reader.receipt();
    ASSERT_EQ(receipt.start, at.start);
    ASSERT_EQ(receipt.received, at.received);
    ASSERT_EQ(receipt.lost, at.lost);
    ASSERT_EQ(receipt.pending, head - at.next);
    ASSERT_EQ(receipt.published, head);
    ASSERT_TRUE(receipt.is_balanced());
  }

  void operate(Reader& at, bool may_publish) {
    switch (pick(may_publish ? 9 : 6)) {
      case 0:
      case 1:
        poll(at);
        break;
      case 2:
        poll_batch(at);
        break;
      case 3:
      case 4:
        visit(at, may_publish);
        break;
      case 5:
        ask(at);
        break;
      case 6:
        ASSERT_FALSE(at.reader.settle_torn());  // nobody died
        break;
      case 7:
        publish(pick(8) == 0 ? pick(3 * truth_.slots) : pick(6));
        break;
      default:
        if (pick(16) == 0) attach(at);
    }
  }

  // The writer dies inside its next record, after any number of its words.
  void die_inside_a_slot() {
    Slot<Record>& slot = ring_->slots[truth_.published % truth_.slots];
    // relaxed: one thread in this test.
    slot.words[0].store(whole_stamp(truth_.published) - 1, std::memory_order_relaxed);
    for (std::uint64_t i = 1 + pick(Slot<Record>::word_count); i-- > 1;) {
      slot.words[i].store(random_(), std::memory_order_relaxed);  // as above
    }
    truth_.is_torn = true;
  }

  void settle(Reader& at) {
    for (std::uint64_t polls = 0; at.next < truth_.published; ++polls) {
      ASSERT_LT(polls, truth_.slots + 2) << "the reader does not come to an end";
      operate(at, false);
      if (testing::Test::HasFatalFailure()) return;
      if (at.next < truth_.published) poll(at);
    }
    poll(at);
    ASSERT_EQ(at.next, truth_.published);
    ASSERT_TRUE(at.reader.settle_torn());
    ++at.next;
    ++at.lost;
    ASSERT_FALSE(at.reader.settle_torn()) << "counted twice";
    ASSERT_EQ(at.reader.torn(), 1U);
    const Receipt receipt = at.reader.receipt();
    ASSERT_EQ(receipt.published, truth_.published + 1);
    ASSERT_EQ(receipt.lost, at.lost);
    ASSERT_EQ(receipt.received + receipt.lost, receipt.published - receipt.start);
  }

  std::mt19937_64 random_;
  std::optional<test::RingMemory<Record>> ring_;
  Reference truth_;
  std::vector<Reader> readers_;
};

using Records = testing::Types<TickRecord, BarRecord>;
TYPED_TEST_SUITE(RingOperations, Records);

TYPED_TEST(RingOperations, agree_with_plain_arithmetic_until_the_writer_dies) {
  constexpr int rounds = test::is_sanitized ? 300 : 2000;
  for (int round = 0; round < rounds; ++round) {
    this->begin(16U << this->pick(3));
    this->publish(this->pick(4 * this->truth_.slots));
    for (int step = 0; step < 400; ++step) {
      this->operate(this->readers_[this->pick(4)], true);
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "round " << round << " step " << step;
    }
    this->die_inside_a_slot();
    for (auto& at : this->readers_) {
      this->settle(at);
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace ringside::shm
