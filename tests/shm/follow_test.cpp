// A follower over restarts of its feed, over a real control socket, in one process.
#include "ringside/shm/follow.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "../support/records.hpp"
#include "../support/temp_dir.hpp"
#include "../support/wait_until.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/control_server.hpp"

namespace ringside::shm {
namespace {

// A feed that can be started anew: another segment, another epoch.
class Feed {
 public:
  explicit Feed(std::string path) : path_(std::move(path)) { start(); }

  void start() {
    SegmentShape shape;
    shape.feed = "test";
    shape.symbol_capacity = 8;
    shape.tick_tape_slots = 256;
    shape.bar_tape_slots = 64;
    shape.arena_bytes = 1 << 20;
    auto segment = SegmentWriter::create(shape);
    ASSERT_TRUE(segment.ok());
    segment_ = std::move(*segment);
    segment_->mark_ready();
    ControlServer::Hooks hooks;
    hooks.want = [this](std::string_view symbol, std::uint32_t) {
      if (symbol == "NOPE") {
        return SymbolAnswer{instrument_none, SymbolState::refused, RefuseReason::not_authorized};
      }
      // relaxed: the flag stands alone.
      if (cannot_say_.load(std::memory_order_relaxed)) {
        return SymbolAnswer{instrument_none, SymbolState::refused, RefuseReason::feed_gone};
      }
      const auto added = segment_->add_symbol(symbol, {64, 16}, 0, SymbolState::live);
      return SymbolAnswer{added.instrument_id, SymbolState::live, added.refused};
    };
    hooks.unwant = [](std::string_view, std::uint32_t) {};
    hooks.idle = [this] { segment_->beat(monotonic_ns()); };
    auto server = ControlServer::start(*segment_, {.path = path_}, std::move(hooks));
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(*server);
  }
  void stop() {
    server_.reset();
    segment_.reset();
  }
  void publish(std::string_view symbol, std::uint64_t number) {
    const auto id = segment_->find_symbol(symbol);
    ASSERT_TRUE(id.has_value());
    (void)segment_->publish(test::numbered_trade(number, *id));
    ++published_;
  }
  [[nodiscard]] SegmentWriter& segment() { return *segment_; }
  [[nodiscard]] std::uint64_t published() const { return published_; }
  void set_cannot_say(bool value) {
    cannot_say_.store(value, std::memory_order_relaxed);  // relaxed: the flag stands alone
  }

 private:
  std::string path_;
  std::unique_ptr<SegmentWriter> segment_;
  std::unique_ptr<ControlServer> server_;
  std::uint64_t published_ = 0;
  std::atomic<bool> cannot_say_{false};
};

class FollowerTest : public testing::Test {
 protected:
  [[nodiscard]] FollowOptions options(std::vector<std::string> symbols) const {
    FollowOptions made;
    made.client.path = path_;
    made.client.name = "follower";
    made.client.retry_ns = 1'000'000;
    made.symbols = std::move(symbols);
    made.look_ns = 0;  // each poll looks at the socket
    return made;
  }
  template <class Condition>
  bool poll_until(TickFollower& follower, Condition&& condition) {
    return test::wait_until([&] {
      TickRecord record;
      if (follower.poll(monotonic_ns(), record) == ReadStatus::ok) {
        got_.push_back(record.ts_event);
      }
      return condition();
    });
  }

  test::TempDir dir_;
  std::string path_ = dir_.path() + "/feed.sock";
  std::vector<std::uint64_t> got_;
};

TEST_F(FollowerTest, reads_the_symbols_it_asked_for_and_no_others) {
  Feed feed(path_);
  TickFollower follower(options({"AAPL", "NOPE", "SPY"}));
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 1; }));
  ASSERT_EQ(follower.answers().size(), 3U);
  EXPECT_EQ(follower.answers()[1].state, SymbolState::refused);
  (void)feed.segment().add_symbol("MSFT", {64, 16}, 0, SymbolState::live);
  feed.publish("AAPL", 1);
  feed.publish("MSFT", 2);
  feed.publish("SPY", 3);
  ASSERT_TRUE(poll_until(follower, [&] { return got_.size() == 2; }));
  EXPECT_EQ(follower.receipt().published, 2U);
  EXPECT_TRUE(follower.receipt().is_balanced());
}

// What the dead feed left is read before the new one's first record, and the sum adds up.
TEST_F(FollowerTest, reads_an_epoch_to_its_end_and_goes_on_with_the_next) {
  Feed feed(path_);
  TickFollower follower(options({"AAPL"}));
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 1; }));
  for (std::uint64_t n = 0; n < 40; ++n) feed.publish("AAPL", n);
  feed.stop();
  feed.start();
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 2; }));
  EXPECT_EQ(got_.size(), 40U);
  for (std::uint64_t n = 40; n < 45; ++n) feed.publish("AAPL", n);
  ASSERT_TRUE(poll_until(follower, [&] { return got_.size() == 45; }));
  for (std::uint64_t n = 0; n < 45; ++n) EXPECT_EQ(got_[n], n);
  EXPECT_EQ(follower.receipt().received, 45U);
  EXPECT_EQ(follower.receipt().published, feed.published());
  EXPECT_TRUE(follower.receipt().is_balanced());
  EXPECT_EQ(follower.torn(), 0U);
}

TEST_F(FollowerTest, follows_everything_when_no_symbol_is_named) {
  Feed feed(path_);
  TickFollower follower(options({}));
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 1; }));
  (void)feed.segment().add_symbol("A", {64, 16}, 0, SymbolState::live);
  (void)feed.segment().add_symbol("B", {64, 16}, 0, SymbolState::live);
  for (std::uint64_t n = 0; n < 10; ++n) feed.publish(n % 2 == 0 ? "A" : "B", n);
  ASSERT_TRUE(poll_until(follower, [&] { return got_.size() == 10; }));
  for (std::uint64_t n = 0; n < 10; ++n) EXPECT_EQ(got_[n], n);
}

TEST_F(FollowerTest, asks_again_what_the_feed_could_not_say) {
  Feed feed(path_);
  feed.set_cannot_say(true);
  TickFollower follower(options({"AAPL"}));
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 1; }));
  EXPECT_TRUE(follower.answers().empty());
  feed.set_cannot_say(false);
  ASSERT_TRUE(poll_until(follower, [&] { return !follower.answers().empty(); }));
  feed.publish("AAPL", 7);
  EXPECT_TRUE(poll_until(follower, [&] { return got_.size() == 1; }));
}

// The answer comes from another epoch than the one that could not say: its ids are not mixed up.
TEST_F(FollowerTest, asks_the_next_epoch_what_the_last_could_not_say) {
  Feed feed(path_);
  (void)feed.segment().add_symbol("OTHER", {64, 16}, 0, SymbolState::live);
  feed.set_cannot_say(true);
  TickFollower follower(options({"AAPL"}));
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 1; }));
  feed.publish("OTHER", 1);
  feed.stop();
  feed.start();
  feed.set_cannot_say(false);
  ASSERT_TRUE(poll_until(follower, [&] { return !follower.answers().empty(); }));
  feed.publish("AAPL", 2);
  ASSERT_TRUE(poll_until(follower, [&] { return !got_.empty(); }));
  EXPECT_EQ(got_, std::vector<std::uint64_t>{2});
}

// What was overwritten before the follower came to the new epoch is lost, not forgotten.
TEST_F(FollowerTest, counts_what_a_new_epoch_lost_before_it_was_attached) {
  Feed feed(path_);
  TickFollower follower(options({}));
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 1; }));
  feed.stop();
  feed.start();
  (void)feed.segment().add_symbol("A", {64, 16}, 0, SymbolState::live);
  for (std::uint64_t n = 0; n < 1000; ++n) feed.publish("A", n);  // the tape holds 256
  ASSERT_TRUE(poll_until(follower, [&] { return follower.epochs() == 2; }));
  ASSERT_TRUE(poll_until(follower, [&] { return !got_.empty() && got_.back() == 999; }));
  EXPECT_EQ(follower.receipt().published, 1000U);
  EXPECT_EQ(follower.receipt().lost, 1000U - got_.size());
  EXPECT_TRUE(follower.receipt().is_balanced());
}

TEST_F(FollowerTest, waits_for_a_feed_that_is_not_there_yet) {
  TickFollower follower(options({"AAPL"}));
  TickRecord record;
  EXPECT_EQ(follower.poll(monotonic_ns(), record), ReadStatus::empty);
  EXPECT_EQ(follower.state(), FeedState::reconnecting);
  Feed feed(path_);
  EXPECT_TRUE(poll_until(follower, [&] { return follower.is_attached(); }));
}

}  // namespace
}  // namespace ringside::shm
