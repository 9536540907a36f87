// The statistics service on real segments and sockets: a feed's trades in, bars out.
#include "service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feed_rig.hpp"

namespace ringside::stats {
namespace {

using shm::Kind;
using test::eventually;
using test::HandFeed;
using test::minute;
using test::ms;
using test::open_ts;
using test::second;
using test::trade_at;

constexpr std::int64_t dollar = shm::price_one;
constexpr std::int64_t share = shm::size_one_equities;

class StatsService : public test::ServiceRig {};

TEST_F(StatsService, makes_bars_of_a_feeds_trades_under_the_feeds_symbols) {
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("MSFT", open_ts, 1, 1);
  feed.trade("AAPL", open_ts + 1 * second, 10, 100);
  feed.trade("AAPL", open_ts + 2 * second, 12, 50);
  feed.trade("AAPL", open_ts + 3 * second, 99, 7, {37});
  feed.trade("MSFT", open_ts + minute, 2, 1);
  ASSERT_TRUE(wait_bars(Kind::bar_1m, 2));
  const auto id = view->symbols().find("AAPL");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(view->symbols().state(*id), shm::SymbolState::live);
  shm::BarRecord bar;
  ASSERT_EQ(view->last(*id).bar_1m(bar), shm::ReadStatus::ok);
  EXPECT_EQ(bar.instrument_id, *id);
  EXPECT_EQ(bar.ts_event, open_ts);
  EXPECT_EQ(bar.open, 10 * dollar);
  EXPECT_EQ(bar.high, 12 * dollar);
  EXPECT_EQ(bar.volume, 157 * share);
  EXPECT_EQ(bar.trades, 3U);
  ASSERT_TRUE(wait_counter("trades", 5));
  EXPECT_EQ(counter("trades_volume_only"), 1U);
  EXPECT_EQ(counter("records_read"), 5U);
  EXPECT_EQ(counter("records_lost"), 0U);
  EXPECT_EQ(counter("feeds_attached"), 1U);
  EXPECT_TRUE(eventually([&] { return view->state() == shm::FeedState::live; }));

  // The symbol's own ring has the three seconds, the minute and the running day.
  const auto in_ring = [&](Kind kind) {
    shm::BarRingReader ring(view->bar_ring(*id), shm::StartAt::oldest);
    int count = 0;
    while (ring.poll(bar) == shm::ReadStatus::ok) count += bar.kind == kind ? 1 : 0;
    return count;
  };
  EXPECT_EQ(in_ring(Kind::bar_1s), 2);  // the odd lot's second has no bar
  EXPECT_EQ(in_ring(Kind::bar_1m), 1);
  EXPECT_TRUE(eventually([&] { return in_ring(Kind::bar_1d) >= 1; }));
}

TEST_F(StatsService, waits_for_a_feed_that_is_not_there_yet_and_tells_it_how_far_it_is) {
  start();
  EXPECT_EQ(view->state(), shm::FeedState::connecting);
  HandFeed feed(dir.path(), "stocks");
  for (std::uint64_t i = 0; i < 10; ++i) feed.trade("AAPL", open_ts + i * second, 10, 1);
  ASSERT_TRUE(wait_bars(Kind::bar_1s, 10));
  const auto directory = shm::SegmentView::map(feed.segment->segment_fd());
  ASSERT_TRUE(directory.ok());
  EXPECT_TRUE(eventually([&] {
    const auto readers = directory->readers();
    return readers.size() == 1 && shm::get_text(readers[0].name) == "stats" &&
           readers[0].received == 10 && readers[0].lost == 0 && readers[0].pending == 0;
  }));
}

TEST_F(StatsService, a_replay_that_falls_silent_has_all_its_bars) {
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("AAPL", open_ts + 1 * second, 10, 1);
  ASSERT_TRUE(wait_bars(Kind::bar_1m, 1));
  const auto bars_1d = [&] { return bars(Kind::bar_1d); };
  ASSERT_TRUE(eventually([&] { return !bars_1d().empty(); }));
  EXPECT_EQ(bars_1d().back().close, 10 * dollar);
}

// The tape holds 64 records; 200 come while nobody reads.
TEST_F(StatsService, what_was_overwritten_is_counted_and_marks_the_bars) {
  HandFeed feed(dir.path(), "stocks", 64);
  start_by_hand();
  const auto read_all = [&] {
    while (service->step()) {
    }
  };
  feed.trade("A", open_ts - minute, 10, 1);
  feed.trade("A", open_ts, 10, 1);
  ASSERT_TRUE(eventually([&] {
    read_all();
    return counter("trades") == 2;
  }));
  for (std::uint64_t i = 1; i <= 200; ++i) feed.trade("A", open_ts + i * 100 * ms, 10, 1);
  feed.trade("A", open_ts + minute, 10, 1);
  ASSERT_TRUE(eventually([&] {
    read_all();
    return counter("records_read") + counter("records_lost") == 203;
  }));
  // 8 of the 64 are given up as well: a reader that starts at the very oldest would lose again.
  EXPECT_EQ(counter("records_lost"), 203U - 2U - 56U);
  EXPECT_EQ(counter("trades"), 2U + 56U);
  const auto minutes = bars(Kind::bar_1m);
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_NE(minutes[1].flags & shm::flag_partial, 0);
  // Lost between the open and the 146th trade after it.
  EXPECT_EQ(minutes[1].coverage, 1'000'000U * 454 / 600);
}

// The clock of a live feed moves on without trades.
TEST_F(StatsService, a_live_feed_that_falls_silent_closes_its_second) {
  options.bars.grace_ns = 50 * ms;
  HandFeed feed(dir.path(), "stocks");
  start();
  const std::uint64_t now = wall_ns();
  feed.trade("A", now - 20 * ms, 10, 1);
  ASSERT_TRUE(wait_bars(Kind::bar_1s, 1));
  EXPECT_EQ(bars(Kind::bar_1s)[0].ts_event, (now - 20 * ms) / second * second);
  EXPECT_GE(wall_ns(), bars(Kind::bar_1s)[0].ts_end);
}

TEST_F(StatsService, a_restarted_feed_is_followed_and_the_hole_is_in_the_coverage) {
  auto feed = std::make_unique<HandFeed>(dir.path(), "stocks");
  start();
  feed->trade("SPY", open_ts - 10 * minute, 1, 1);
  feed->trade("AAPL", open_ts + 10 * second, 10, 1);
  feed->trade("SPY", open_ts + 12 * second, 1, 1);
  ASSERT_TRUE(wait_counter("trades", 3));
  feed.reset();
  ASSERT_TRUE(eventually([&] { return view->state() == shm::FeedState::connecting; }));
  feed = std::make_unique<HandFeed>(dir.path(), "stocks");
  // Other numbers for the same symbols.
  feed->trade("AAPL", open_ts + 30 * second, 20, 1);
  feed->trade("SPY", open_ts + 60 * second, 1, 1);
  ASSERT_TRUE(wait_counter("feed_epochs", 2));
  ASSERT_TRUE(wait_counter("trades", 5));
  const auto id = view->symbols().find("AAPL");
  ASSERT_TRUE(id.has_value());
  shm::BarRecord bar;
  ASSERT_TRUE(eventually(
      [&] { return view->last(*id).bar_1m(bar) == shm::ReadStatus::ok && bar.trades == 2; }));
  EXPECT_EQ(bar.open, 10 * dollar);
  EXPECT_EQ(bar.close, 20 * dollar);
  EXPECT_NE(bar.flags & shm::flag_partial, 0);
  // Seen to second 12, and a little that passed while the feed was quiet; again from second 30.
  EXPECT_GE(bar.coverage, 700'000U);
  EXPECT_LT(bar.coverage, shm::coverage_whole);
  EXPECT_EQ(view->symbols().size(), 2U);
}

TEST_F(StatsService, a_gap_record_marks_its_windows) {
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("SPY", open_ts - minute, 1, 1);
  feed.trade("AAPL", open_ts + 1 * second, 10, 1);
  shm::TickRecord gap = shm::empty_tick();
  gap.kind = Kind::gap;
  gap.ts_event = gap.ts_recv = open_ts + 40 * second;
  gap.gap = {open_ts + 10 * second, open_ts + 40 * second, shm::count_unknown,
             static_cast<std::uint32_t>(shm::GapReason::disconnected), 0};
  feed.segment->publish(gap);
  feed.trade("SPY", open_ts + minute, 1, 1);
  ASSERT_TRUE(wait_bars(Kind::bar_1m, 2));
  const shm::BarRecord bar = bars(Kind::bar_1m).at(1);
  EXPECT_EQ(bar.ts_event, open_ts);
  EXPECT_EQ(bar.coverage, 500'000U);
  EXPECT_NE(bar.flags & shm::flag_partial, 0);
  EXPECT_TRUE(wait_counter("gaps", 1));
}

TEST_F(StatsService, a_feed_that_reconnects_upstream_is_a_gap_while_it_does) {
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("SPY", open_ts - minute, 1, 1);
  feed.trade("AAPL", open_ts + 1 * second, 10, 1);
  ASSERT_TRUE(eventually([&] { return view->state() == shm::FeedState::live; }));
  feed.segment->set_state(shm::FeedState::reconnecting);
  ASSERT_TRUE(eventually([&] { return view->state() == shm::FeedState::reconnecting; }));
  ASSERT_TRUE(wait_counter("gaps", 1));
  feed.segment->set_state(shm::FeedState::live);
  ASSERT_TRUE(eventually([&] { return view->state() == shm::FeedState::live; }));
  feed.trade("SPY", open_ts + minute, 1, 1);
  ASSERT_TRUE(eventually([&] {
    const auto all = bars(Kind::bar_1m);
    return !all.empty() && all.back().ts_event == open_ts &&
           (all.back().flags & shm::flag_partial) != 0;
  }));
}

TEST_F(StatsService, the_vendors_minute_bars_are_compared_with_ours) {
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("SPY", open_ts - minute, 1, 1);
  for (int i = 0; i < 2; ++i) {
    feed.trade("AAPL", open_ts + static_cast<std::uint64_t>(i) * minute, 10 + i, 5);
  }
  shm::BarRecord bar = shm::empty_bar();
  bar.kind = Kind::bar_1m;
  bar.ts_event = open_ts;
  bar.ts_end = open_ts + minute;
  bar.open = bar.high = bar.low = bar.close = 10 * dollar;
  bar.volume = 5 * share;
  feed.publish("AAPL", bar);
  bar.ts_event += minute;
  feed.publish("AAPL", bar);  // one dollar off in every price
  feed.trade("SPY", open_ts + 5 * minute, 1, 1);
  EXPECT_TRUE(wait_counter("vendor_bars_agreed", 1));
  EXPECT_TRUE(wait_counter("vendor_bars_disagreed", 1));
  EXPECT_EQ(counter("vendor_differ_close"), 1U);
  EXPECT_EQ(counter("vendor_differ_volume"), 0U);
}

TEST_F(StatsService, a_consumers_wish_goes_on_to_the_feed_of_that_market) {
  options.feeds = {{.name = "options", .is_options = true}, {.name = "stocks"}};
  HandFeed stocks(dir.path(), "stocks");
  HandFeed contracts(dir.path(), "options");
  start();
  ASSERT_TRUE(wait_counter("feeds_attached", 2));
  const std::vector<std::string> symbols = {"AAPL", "O:SPY260102C00684000", "NOPE"};
  const auto answers = consumer->subscribe(symbols, shm::want_bars_1m);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].state, shm::SymbolState::pending);
  EXPECT_EQ(view->symbols().text(answers[0].instrument_id), "AAPL");
  EXPECT_EQ(view->symbols().text(answers[1].instrument_id), "O:SPY260102C00684000");
  EXPECT_EQ(answers[2].state, shm::SymbolState::refused);
  EXPECT_EQ(answers[2].reason, shm::RefuseReason::not_authorized);
  EXPECT_THAT(stocks.wishes(), testing::ElementsAre("+AAPL:1", "+NOPE:1"));
  EXPECT_THAT(contracts.wishes(), testing::ElementsAre("+O:SPY260102C00684000:1"));

  // A second kind is no second wish; the last consumer's death ends it.
  (void)consumer->subscribe({symbols.data(), 1}, shm::want_bars_1s);
  contracts.trade("O:SPY260102C00684000", open_ts, 5, 1, {209});
  EXPECT_TRUE(eventually(
      [&] { return view->symbols().state(answers[1].instrument_id) == shm::SymbolState::live; }));
  consumer.reset();
  EXPECT_TRUE(eventually([&] { return stocks.wishes().back() == "-AAPL:1"; }));
  EXPECT_TRUE(eventually([&] { return contracts.wishes().back() == "-O:SPY260102C00684000:1"; }));
}

TEST_F(StatsService, a_symbol_without_room_is_refused_and_counted_and_the_others_go_on) {
  options.symbol_count_max = 2;
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("A", open_ts, 1, 1);
  feed.trade("B", open_ts, 1, 1);
  feed.trade("C", open_ts, 1, 1);
  feed.trade("C", open_ts, 1, 1);
  feed.trade("A", open_ts + 2 * second, 1, 1);
  ASSERT_TRUE(wait_bars(Kind::bar_1s, 2));
  ASSERT_TRUE(wait_counter("records_unlisted", 2));
  EXPECT_EQ(counter("symbols_refused"), 1U);
  EXPECT_EQ(view->symbols().size(), 2U);
  ASSERT_EQ(view->errors().size(), 1U);
  EXPECT_EQ(shm::get_text(view->errors()[0].example), "C");
}

TEST_F(StatsService, two_feeds_never_share_a_symbol) {
  options.feeds = {{.name = "stocks"}, {.name = "other"}};
  HandFeed stocks(dir.path(), "stocks");
  HandFeed other(dir.path(), "other");
  start();
  stocks.trade("A", open_ts, 1, 1);
  ASSERT_TRUE(wait_counter("trades", 1));
  other.trade("A", open_ts, 2, 1);
  ASSERT_TRUE(wait_counter("symbols_refused", 1));
  EXPECT_EQ(counter("trades"), 1U);
}

TEST_F(StatsService, last_values_and_quotes_are_no_trades) {
  HandFeed feed(dir.path(), "stocks");
  start();
  shm::TickRecord snapshot = trade_at(open_ts, 10, 1);
  snapshot.flags = shm::flag_snapshot;
  feed.publish("A", snapshot);
  shm::TickRecord quote = shm::empty_tick();
  quote.kind = Kind::quote;
  quote.ts_event = quote.ts_recv = open_ts;
  quote.quote = {10 * dollar, 11 * dollar, 1, 1, 1, 1, 0, {255, 255}};
  feed.publish("A", quote);
  feed.trade("A", open_ts, 10, 1);
  ASSERT_TRUE(wait_counter("records_read", 3));
  ASSERT_TRUE(wait_counter("trades", 1));
  EXPECT_EQ(counter("trades"), 1U);
}

TEST_F(StatsService, a_clean_stop_publishes_what_has_not_ended) {
  options.bars.idle_ns = 600 * second;
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("A", open_ts + 1 * second, 10, 1);
  feed.trade("A", open_ts + 2 * second, 11, 1);
  ASSERT_TRUE(wait_counter("trades", 2));
  EXPECT_TRUE(bars(Kind::bar_1m).empty());
  stop();
  const auto minutes = bars(Kind::bar_1m);
  ASSERT_EQ(minutes.size(), 1U);
  EXPECT_EQ(minutes[0].close, 11 * dollar);
  EXPECT_NE(minutes[0].flags & shm::flag_partial, 0);
  EXPECT_EQ(view->state(), shm::FeedState::ended);
  EXPECT_EQ(counter("bars_1m"), 1U);
}

TEST_F(StatsService, its_heart_beats_while_nothing_happens) {
  start();
  const auto beat = [&] { return monotonic_ns() - view->heartbeat_age_ns(); };
  const std::uint64_t before = beat();
  EXPECT_TRUE(eventually([&] { return beat() > before + 30 * ms; }));
}

// A feed handler that hung and goes on has lost nothing: its memory is the same.
TEST_F(StatsService, a_feed_that_only_hung_leaves_no_gap) {
  HandFeed feed(dir.path(), "stocks");
  start();
  feed.trade("SPY", open_ts - minute, 1, 1);
  feed.trade("AAPL", open_ts + 1 * second, 10, 1);
  ASSERT_TRUE(wait_counter("trades", 2));
  // relaxed: as where it is read.
  feed.is_beating.store(false, std::memory_order_relaxed);
  ASSERT_TRUE(eventually([&] { return view->state() == shm::FeedState::connecting; }));
  feed.is_beating.store(true, std::memory_order_relaxed);
  feed.trade("AAPL", open_ts + 2 * second, 11, 1);
  ASSERT_TRUE(wait_counter("trades", 3));
  ASSERT_TRUE(eventually([&] { return view->state() == shm::FeedState::live; }));
  feed.trade("SPY", open_ts + minute, 1, 1);
  ASSERT_TRUE(eventually([&] {
    const auto all = bars(Kind::bar_1m);
    return !all.empty() && all.back().ts_event == open_ts && all.back().trades == 2 &&
           all.back().coverage == shm::coverage_whole;
  }));
  EXPECT_EQ(counter("feed_epochs"), 1U);
}

TEST(CombinedState, is_that_of_the_feed_that_is_best_off) {
  using enum shm::FeedState;
  const auto of = [](std::vector<shm::FeedState> states) { return combine_states(states); };
  EXPECT_EQ(of({}), connecting);
  EXPECT_EQ(of({offline, live}), live);
  EXPECT_EQ(of({reconnecting, delayed}), delayed);
  EXPECT_EQ(of({offline, reconnecting}), reconnecting);
  EXPECT_EQ(of({ended}), ended);
}

TEST(WishQueue, answers_for_the_loop_and_refuses_once_closed) {
  WishQueue queue;
  std::thread loop([&] {
    std::shared_ptr<WishQueue::Wish> wish;
    while ((wish = queue.take(10)) == nullptr) {
    }
    queue.answer(*wish, {7, shm::SymbolState::live, shm::RefuseReason::none});
  });
  EXPECT_EQ(queue.want("A", 1).instrument_id, 7U);
  loop.join();
  queue.unwant("A", 1);
  const auto gone = queue.take(0);
  ASSERT_NE(gone, nullptr);
  EXPECT_FALSE(gone->is_want);
  // Nobody serves it: pending, and kept.
  EXPECT_EQ(queue.want("B", 1).state, shm::SymbolState::pending);
  EXPECT_FALSE(queue.is_empty());
  queue.close();
  EXPECT_EQ(queue.want("C", 1).reason, shm::RefuseReason::feed_gone);
}

}  // namespace
}  // namespace ringside::stats
