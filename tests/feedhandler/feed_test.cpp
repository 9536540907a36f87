// One whole feed - TLS, session, decoder, rings, control socket - against a vendor made for the
// test; readers attach like any consumer.
#include "feed.hpp"

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "fake_vendor.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/feed_client.hpp"

namespace ringside::feed {
namespace {

using shm::Kind;
using test::eventually;
using test::FakeVendor;

std::string trade(std::string_view symbol, int sequence) {
  return R"({"ev":"T","sym":")" + std::string(symbol) +
         R"(","p":1.5,"s":2,"c":[37],"t":1767366000123,"q":)" + std::to_string(sequence) + "}";
}

std::string frame(std::initializer_list<std::string> events) {
  std::string text = "[";
  for (const std::string& event : events) text += (text.size() == 1 ? "" : ",") + event;
  return text + "]";
}

// A consumer that follows the tick tape from its beginning.
class Follower {
 public:
  Follower(const std::string& path, const std::string& name)
      : client_({.path = path, .name = name}) {
    EXPECT_TRUE(eventually([&] { return client_.attach().ok(); })) << client_.last_error();
    segment_ = client_.segment();
    tape_ = shm::TapeReader(segment_->tick_tape(), shm::StartAt::oldest);
  }

  shm::FeedClient& client() { return client_; }
  const shm::SegmentView& segment() { return *segment_; }

  // Waits for `count` records of one kind and returns all of that kind so far.
  std::vector<shm::TickRecord> wait_for(Kind kind, std::size_t count) {
    EXPECT_TRUE(eventually([&] {
      shm::TickRecord record;
      while (tape_.poll(record) == shm::ReadStatus::ok) records_.push_back(record);
      return select(kind).size() >= count;
    })) << "have "
        << select(kind).size() << " of " << count;
    return select(kind);
  }
  [[nodiscard]] std::vector<shm::TickRecord> all() const { return records_; }

  bool wait_for_state(shm::FeedState state) {
    return eventually([&] { return segment_->state() == state; });
  }
  std::uint64_t counter(std::string_view name) { return segment_->counter(name).value_or(999'999); }
  bool wait_for_counter(std::string_view name, std::uint64_t value) {
    return eventually([&] { return counter(name) == value; });
  }
  shm::SymbolState state(std::string_view symbol) {
    const auto id = segment_->symbols().find(symbol);
    return id ? segment_->symbols().state(*id) : shm::SymbolState::none;
  }
  bool wait_for_symbol(std::string_view symbol, shm::SymbolState wanted) {
    return eventually([&] { return state(symbol) == wanted; });
  }

 private:
  [[nodiscard]] std::vector<shm::TickRecord> select(Kind kind) const {
    std::vector<shm::TickRecord> found;
    for (const shm::TickRecord& record : records_) {
      if (record.kind == kind) found.push_back(record);
    }
    return found;
  }

  shm::FeedClient client_;
  std::shared_ptr<const shm::SegmentView> segment_;
  shm::TapeReader tape_;
  std::vector<shm::TickRecord> records_;
};

class FeedTest : public ::testing::Test {
 protected:
  FeedConfig config(FakeVendor& vendor, const std::string& name = "stocks") {
    FeedConfig made;
    made.name = name;
    made.socket_path = dir_.file(name + ".sock");
    made.lock_path = dir_.file(name + ".lock");
    made.ca_file = vendor.ca_file();
    made.linger_ms = 0;
    made.shape.symbol_capacity = 16;
    made.shape.arena_bytes = 8 << 20;
    made.shape.tick_tape_slots = 1 << 14;
    made.loop.feed = name;
    made.loop.symbols = {"AAPL"};
    made.loop.publisher.rings = RingClasses({.ticks = 1024, .bars = 64});
    made.loop.line.host = "localhost";
    made.loop.line.port = vendor.port();
    made.loop.line.target = "/" + name;
    made.loop.line.session.key = "the-key";
    made.loop.line.session.backoff_ns_min = 10'000'000;
    made.loop.line.session.backoff_ns_max = 20'000'000;
    return made;
  }
  std::unique_ptr<Feed> start(FeedConfig made) {
    Result<std::unique_ptr<Feed>> feed = Feed::start(std::move(made));
    EXPECT_TRUE(feed.ok()) << feed.error().message();
    return feed.ok() ? std::move(*feed) : nullptr;
  }
  Follower follow(const std::string& name = "stocks") {
    return Follower(dir_.file(name + ".sock"), "test");
  }

  test::TempDir dir_;
};

TEST_F(FeedTest, carries_a_trade_from_the_vendors_socket_into_the_ring) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(vendor.wait_for("T.AAPL,Q.AAPL,A.AAPL,AM.AAPL"));
  EXPECT_EQ(vendor.target(), "/stocks");
  EXPECT_EQ(vendor.host(), "localhost:" + std::to_string(vendor.port()));
  EXPECT_EQ(vendor.received().at(0), R"({"action":"auth","params":"the-key"})");
  EXPECT_TRUE(follower.wait_for_state(shm::FeedState::live));
  EXPECT_TRUE(follower.wait_for_symbol("AAPL", shm::SymbolState::live));

  const std::uint64_t before = wall_ns();
  vendor.send(frame({trade("AAPL", 1), trade("AAPL", 2)}));
  const std::vector<shm::TickRecord> trades = follower.wait_for(Kind::trade, 2);
  ASSERT_EQ(trades.size(), 2U);
  EXPECT_EQ(trades[0].trade.price, 1'500'000'000);
  EXPECT_EQ(trades[0].trade.size, 2'000'000);
  EXPECT_EQ(trades[0].instrument_id, follower.segment().symbols().find("AAPL"));
  EXPECT_GE(trades[0].ts_recv, before);
  EXPECT_LE(trades[0].ts_recv, wall_ns());
  EXPECT_EQ(trades[0].flags, 0);
  EXPECT_EQ(trades[1].flags, shm::flag_last_of_frame);

  shm::RingReader<shm::TickRecord> ring(follower.segment().tick_ring(trades[0].instrument_id),
                                        shm::StartAt::oldest);
  shm::TickRecord record;
  ASSERT_EQ(ring.poll(record), shm::ReadStatus::ok);
  EXPECT_EQ(record.trade.sequence, 1U);
  EXPECT_TRUE(follower.wait_for_counter("events_trades", 2));
  EXPECT_EQ(follower.counter("ticks_published"), follower.all().size());
}

TEST_F(FeedTest, publishes_bars_quotes_and_last_values) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(follower.wait_for_symbol("AAPL", shm::SymbolState::live));
  vendor.send(R"([{"ev":"AM","sym":"AAPL","v":5,"o":1,"h":4,"l":1,"c":3,)"
              R"("s":1767366000000,"e":1767366060000},)"
              R"({"ev":"Q","sym":"AAPL","bp":9.5,"bs":3,"ap":9.75,"as":4,"t":1767366000123}])");
  EXPECT_EQ(follower.wait_for(Kind::quote, 1).at(0).quote.bid_px, 9'500'000'000);
  const std::uint32_t id = *follower.segment().symbols().find("AAPL");
  shm::BarTapeReader bars(follower.segment().bar_tape(), shm::StartAt::oldest);
  shm::BarRecord bar;
  ASSERT_EQ(bars.poll(bar), shm::ReadStatus::ok);
  EXPECT_EQ(bar.kind, Kind::bar_1m);
  EXPECT_EQ(bar.close, 3'000'000'000);
  EXPECT_EQ(bar.instrument_id, id);
  shm::TickRecord last;
  EXPECT_EQ(follower.segment().last(id).quote(last), shm::ReadStatus::ok);
  EXPECT_EQ(last.quote.ask_px, 9'750'000'000);
}

TEST_F(FeedTest, says_where_data_is_missing_after_a_reconnect_and_subscribes_again) {
  FakeVendor vendor(dir_);
  FeedConfig made = config(vendor);
  made.loop.symbols = {"AAPL", "TSLA"};
  const auto feed = start(std::move(made));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(follower.wait_for_symbol("TSLA", shm::SymbolState::live));
  vendor.send(frame({trade("AAPL", 1), trade("TSLA", 2)}));
  const std::uint64_t ts_last = follower.wait_for(Kind::trade, 2)[1].ts_recv;
  vendor.drop();
  ASSERT_TRUE(eventually([&] { return vendor.connections() == 2; }));
  const std::vector<shm::TickRecord> gaps = follower.wait_for(Kind::gap, 2);
  ASSERT_EQ(gaps.size(), 2U);
  for (const shm::TickRecord& gap : gaps) {
    EXPECT_GE(gap.gap.ts_begin, ts_last);
    EXPECT_GT(gap.gap.ts_end, gap.gap.ts_begin);
    EXPECT_EQ(gap.gap.count, shm::count_unknown);
    EXPECT_EQ(gap.gap.reason, static_cast<std::uint32_t>(shm::GapReason::disconnected));
  }
  EXPECT_NE(gaps[0].instrument_id, gaps[1].instrument_id);
  EXPECT_EQ(vendor.received().back(),
            R"({"action":"subscribe","params":)"
            R"("T.AAPL,Q.AAPL,A.AAPL,AM.AAPL,T.TSLA,Q.TSLA,A.TSLA,AM.TSLA"})");
  vendor.send(frame({trade("AAPL", 7), trade("AAPL", 8)}));
  const std::vector<shm::TickRecord> trades = follower.wait_for(Kind::trade, 4);
  EXPECT_EQ(trades[2].flags, shm::flag_maybe_bad);
  EXPECT_EQ(trades[3].flags, shm::flag_last_of_frame);
  EXPECT_EQ(follower.counter("gaps"), 2U);
  EXPECT_EQ(follower.counter("disconnects"), 1U);

  std::vector<std::uint32_t> states;
  for (const shm::TickRecord& status : follower.wait_for(Kind::status, 4)) {
    EXPECT_EQ(status.instrument_id, shm::instrument_none);
    states.push_back(status.status.state);
  }
  const auto number = [](shm::FeedState state) { return static_cast<std::uint32_t>(state); };
  EXPECT_EQ(states, (std::vector<std::uint32_t>{
                        number(shm::FeedState::connecting), number(shm::FeedState::live),
                        number(shm::FeedState::reconnecting), number(shm::FeedState::live)}));
}

TEST_F(FeedTest, publishes_a_gap_before_data_that_comes_without_an_acknowledgement) {
  FakeVendor vendor(dir_, {.acks = false});
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(vendor.wait_for("T.AAPL"));
  EXPECT_EQ(follower.state("AAPL"), shm::SymbolState::pending);
  vendor.send(frame({trade("AAPL", 1)}));
  ASSERT_EQ(follower.wait_for(Kind::trade, 1).size(), 1U);
  EXPECT_EQ(follower.state("AAPL"), shm::SymbolState::live);
  vendor.drop();
  ASSERT_TRUE(eventually([&] { return vendor.received().size() == 4; }));
  vendor.send(frame({trade("AAPL", 2)}));
  ASSERT_EQ(follower.wait_for(Kind::trade, 2).size(), 2U);
  std::vector<Kind> kinds;
  for (const shm::TickRecord& record : follower.all()) {
    if (record.kind != Kind::status) kinds.push_back(record.kind);
  }
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::trade, Kind::gap, Kind::trade}));
}

TEST_F(FeedTest, subscribes_for_consumers_and_lets_go_after_the_last) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower first = follow();
  ASSERT_TRUE(first.wait_for_symbol("AAPL", shm::SymbolState::live));
  {
    Follower second = follow();
    const std::vector<std::string> symbols{"TSLA"};
    const auto answers = first.client().subscribe(symbols, shm::want_trades);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].reason, shm::RefuseReason::none);
    EXPECT_EQ(first.segment().symbols().find("TSLA"), answers[0].instrument_id);
    ASSERT_TRUE(vendor.wait_for(R"("subscribe","params":"T.TSLA")"));
    ASSERT_TRUE(first.wait_for_symbol("TSLA", shm::SymbolState::live));
    EXPECT_EQ(second.client().subscribe(symbols, shm::want_trades | shm::want_quotes)[0].state,
              shm::SymbolState::live);
    ASSERT_TRUE(vendor.wait_for(R"("subscribe","params":"Q.TSLA")"));
    // Its own subscription and a configured one: neither is let go.
    first.client().unsubscribe(symbols, shm::want_trades);
    first.client().unsubscribe(std::vector<std::string>{"AAPL"}, shm::want_all);
  }  // the second consumer is gone
  // In one message or two: the server may see the second's end before the first's message.
  ASSERT_TRUE(eventually([&] {
    std::string dropped;
    for (const std::string& message : vendor.received()) {
      if (message.find("unsubscribe") != std::string::npos) dropped += message;
    }
    return dropped.find("T.TSLA") != std::string::npos &&
           dropped.find("Q.TSLA") != std::string::npos;
  }));
  EXPECT_TRUE(first.wait_for_symbol("TSLA", shm::SymbolState::idle));
  EXPECT_EQ(first.state("AAPL"), shm::SymbolState::live);
  // What was under way changes nothing: an acknowledgement, data of a symbol let go or unheard of.
  vendor.send(R"([{"ev":"status","status":"success","message":"subscribed to: T.TSLA"}])");
  vendor.send(frame({trade("NVDA", 1), trade("TSLA", 2), trade("AAPL", 3)}));
  EXPECT_EQ(first.wait_for(Kind::trade, 1).at(0).trade.sequence, 3U);
  EXPECT_EQ(first.counter("events_unwanted"), 2U);
  EXPECT_EQ(first.state("TSLA"), shm::SymbolState::idle);
}

TEST_F(FeedTest, stays_idle_when_events_come_after_the_last_wish_has_ended) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower first = follow();
  const std::vector<std::string> symbols{"TSLA"};
  (void)first.client().subscribe(symbols, shm::want_trades);
  ASSERT_TRUE(first.wait_for_symbol("TSLA", shm::SymbolState::live));
  first.client().unsubscribe(symbols, shm::want_trades);
  ASSERT_TRUE(first.wait_for_symbol("TSLA", shm::SymbolState::idle));
  vendor.send(frame({trade("TSLA", 1), trade("AAPL", 2)}));
  EXPECT_EQ(first.wait_for(Kind::trade, 1).at(0).trade.sequence, 2U);
  EXPECT_EQ(first.state("TSLA"), shm::SymbolState::idle);
  EXPECT_EQ(first.counter("events_unwanted"), 1U);
  EXPECT_EQ(first.counter("gaps"), 0U);
  (void)first.client().subscribe(symbols, shm::want_trades);
  ASSERT_TRUE(first.wait_for_symbol("TSLA", shm::SymbolState::live));
  EXPECT_EQ(first.wait_for(Kind::gap, 1).size(), 1U);
}

TEST_F(FeedTest, creates_symbols_at_first_sight_under_the_wildcard_until_it_is_full) {
  FakeVendor vendor(dir_);
  FeedConfig made = config(vendor);
  made.loop.symbols = {"*"};
  made.loop.channels = shm::want_trades;
  made.shape.symbol_capacity = 3;
  const auto feed = start(std::move(made));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(vendor.wait_for(R"("params":"T.*")"));
  vendor.send(frame(
      {trade("A", 1), trade("B", 2), trade("C", 3), trade("D", 4), trade("D", 5), trade("A", 6)}));
  const std::vector<shm::TickRecord> trades = follower.wait_for(Kind::trade, 4);
  ASSERT_EQ(trades.size(), 4U);
  EXPECT_EQ(trades[3].trade.sequence, 6U);
  EXPECT_EQ(follower.segment().symbols().size(), 3U);
  EXPECT_TRUE(follower.wait_for_counter("events_refused", 2));
  const auto answers =
      follower.client().subscribe(std::vector<std::string>{"E", "A"}, shm::want_trades);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].reason, shm::RefuseReason::symbols_full);
  EXPECT_EQ(answers[1].state, shm::SymbolState::live);
  EXPECT_EQ(follower.counter("symbols_refused"), 1U);
}

TEST_F(FeedTest, refuses_symbols_that_cannot_be_asked_for) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  const auto answers =
      follower.client().subscribe(std::vector<std::string>{"A,B", "A B", "OK"}, shm::want_trades);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].reason, shm::RefuseReason::bad_symbol);
  EXPECT_EQ(answers[1].reason, shm::RefuseReason::bad_symbol);
  EXPECT_EQ(answers[2].reason, shm::RefuseReason::none);
}

TEST_F(FeedTest, keeps_the_connection_and_the_neighbours_when_an_event_is_malformed) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(follower.wait_for_symbol("AAPL", shm::SymbolState::live));
  vendor.send("this is no JSON");
  vendor.send("[" + trade("AAPL", 1) + R"(,{"ev":"T","sym":"AAPL","p":},)" + trade("AAPL", 2) +
              "]");
  vendor.send(frame({trade("AAPL", 3)}));
  EXPECT_EQ(follower.wait_for(Kind::trade, 3)[2].trade.sequence, 3U);
  EXPECT_TRUE(follower.wait_for_counter("events_rejected", 2));
  EXPECT_EQ(follower.counter("rejects_bad_frame"), 1U);
  EXPECT_EQ(follower.counter("rejects_bad_json"), 1U);
  bool has_row = false;
  for (const shm::ErrorRecord& row : follower.segment().errors()) {
    if (shm::get_text(row.text) != "bad_json") continue;
    has_row = true;
    EXPECT_EQ(shm::get_text(row.example).substr(0, 30), R"({"ev":"T","sym":"AAPL","p":},{)");
  }
  EXPECT_TRUE(has_row);
  EXPECT_EQ(vendor.connections(), 1);
}

TEST_F(FeedTest, ends_cleanly_with_a_close_frame_and_says_so) {
  FakeVendor vendor(dir_);
  auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(follower.wait_for_state(shm::FeedState::live));
  feed.reset();
  EXPECT_EQ(follower.segment().state(), shm::FeedState::ended);
  EXPECT_TRUE(eventually([&] { return vendor.close_codes() == std::vector<int>{1000}; }));
  EXPECT_FALSE(std::filesystem::exists(dir_.file("stocks.sock")));
  EXPECT_NE(start(config(vendor)), nullptr) << "the lock is free again";
}

TEST_F(FeedTest, is_final_when_the_key_is_refused_and_goes_on_answering_consumers) {
  FakeVendor vendor(dir_, {.key = "another-key"});
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  EXPECT_TRUE(follower.wait_for_state(shm::FeedState::offline));
  ASSERT_TRUE(eventually([&] { return feed->final_error() != nullptr; }));
  EXPECT_EQ(feed->final_error()->code, ErrorCode::auth);
  EXPECT_EQ(feed->final_error()->what, "stocks: the vendor refused the key: authentication failed");
  EXPECT_EQ(follower.client().subscribe(std::vector<std::string>{"TSLA"}, shm::want_trades).size(),
            1U);
  EXPECT_EQ(vendor.connections(), 1);
}

TEST_F(FeedTest, is_final_when_the_certificate_names_another_host) {
  FakeVendor vendor(dir_, {.certificate_name = "elsewhere.example"});
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  ASSERT_TRUE(eventually([&] { return feed->final_error() != nullptr; }));
  EXPECT_EQ(feed->final_error()->code, ErrorCode::tls) << feed->final_error()->message();
  EXPECT_TRUE(vendor.received().empty());
}

TEST_F(FeedTest, beats_and_answers_while_nobody_can_be_reached) {
  FakeVendor vendor(dir_);
  vendor.stop_listening();
  FeedConfig made = config(vendor);
  made.loop.line.session.backoff_ns_min = made.loop.line.session.backoff_ns_max = 3'600'000'000'000;
  const auto feed = start(std::move(made));
  ASSERT_NE(feed, nullptr);
  Follower follower = follow();
  ASSERT_TRUE(follower.wait_for_counter("connects_failed", 1));
  EXPECT_TRUE(follower.wait_for_state(shm::FeedState::connecting));
  for (int i = 0; i < 20; ++i) {
    EXPECT_LT(follower.segment().heartbeat_age_ns(), 5'000'000'000U);
    const auto answers =
        follower.client().subscribe(std::vector<std::string>{"S" + std::to_string(i)}, 1);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_NE(answers[0].reason, shm::RefuseReason::feed_gone);
  }
}

TEST_F(FeedTest, refuses_a_second_feed_handler_for_the_same_feed) {
  FakeVendor vendor(dir_);
  const auto feed = start(config(vendor));
  ASSERT_NE(feed, nullptr);
  Result<std::unique_ptr<Feed>> second = Feed::start(config(vendor));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_NE(second.error().what.find(dir_.file("stocks.lock")), std::string::npos);
}

TEST_F(FeedTest, names_the_bytes_when_memory_does_not_suffice) {
  FakeVendor vendor(dir_);
  FeedConfig made = config(vendor);
  made.shape.arena_bytes = 1ULL << 50;
  Result<std::unique_ptr<Feed>> feed = Feed::start(std::move(made));
  ASSERT_FALSE(feed.ok());
  EXPECT_EQ(feed.error().code, ErrorCode::memory);
  EXPECT_NE(feed.error().what.find("needs 11258"), std::string::npos) << feed.error().what;
}

TEST_F(FeedTest, runs_in_every_wait_mode) {
  for (const WaitMode mode : {WaitMode::spin, WaitMode::adaptive, WaitMode::block}) {
    FakeVendor vendor(dir_);
    FeedConfig made = config(vendor);
    made.loop.wait = mode;
    const auto feed = start(std::move(made));
    ASSERT_NE(feed, nullptr);
    Follower follower = follow();
    ASSERT_TRUE(follower.wait_for_symbol("AAPL", shm::SymbolState::live));
    vendor.send(frame({trade("AAPL", 1)}));
    EXPECT_EQ(follower.wait_for(Kind::trade, 1).size(), 1U);
  }
}

}  // namespace
}  // namespace ringside::feed
