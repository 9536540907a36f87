// The verbs that look at feeds (ls, tail, top): the real program against a real segment.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include <csignal>

#include "fake_feed.hpp"
#include "ringside/shm/feed_client.hpp"
#include "support/run_process.hpp"
#include "support/temp_dir.hpp"
#include "support/wait_until.hpp"

namespace ringside {
namespace {

using test::Ended;
using test::FakeFeed;
using test::Process;

class Look : public testing::Test {
 protected:
  std::vector<std::string> words(std::vector<std::string> given) const {
    given.insert(given.begin(), "ringside");
    given.insert(given.end(), {"--run-dir", dir_.path()});
    return given;
  }
  Ended run(const std::vector<std::string>& given) const { return test::run(words(given)); }

  test::TempDir dir_;
};

TEST_F(Look, says_that_no_feed_runs) {
  const std::vector<std::vector<std::string>> verbs = {{"ls"}, {"top", "--once"}, {"tail", "AAPL"}};
  for (const std::vector<std::string>& verb : verbs) {
    const Ended ended = run(verb);
    EXPECT_EQ(ended.exit_code, 8) << verb[0];
    EXPECT_EQ(ended.err,
              "ringside: no feed runs in " + dir_.path() + " (ringside up starts them)\n");
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(Look, says_which_feed_does_not_run) {
  const Ended ended = run({"ls", "--feed", "stocks"});
  EXPECT_EQ(ended.exit_code, 8);
  EXPECT_NE(ended.err.find(dir_.path() + "/stocks.sock"), std::string::npos) << ended.err;
}

TEST_F(Look, lists_symbols_with_counts_and_last_values) {
  FakeFeed stocks(dir_.path(), "stocks");
  FakeFeed options(dir_.path(), "options");
  const std::uint32_t msft = stocks.add_symbol("MSFT");
  const std::uint32_t aapl = stocks.add_symbol("AAPL");
  options.add_symbol("O:SPY261218C00650000");
  stocks.trade(aapl, 150'250'000'000, 100'500'000, 1);
  stocks.quote(aapl, 150'240'000'000, 150'260'000'000, 2);
  stocks.bar(msft, 10'200'000'000);
  const Ended text = run({"ls"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.out,
            "FEED     SYMBOL                   STATE         TICKS     BARS         LAST       SIZE"
            "  BID / ASK\n"
            "options  O:SPY261218C00650000     live              0        0            -          -"
            "  -\n"
            "stocks   AAPL                     live              2        0       150.25      100.5"
            "  150.24 / 150.26\n"
            "stocks   MSFT                     live              0        1         10.2          -"
            "  -\n");
  const Ended json = run({"ls", "--feed", "stocks", "--format", "json"});
  EXPECT_NE(json.out.find(R"({"feed":"stocks","symbol":"AAPL","state":"live","ticks":2,"bars":0,)"
                          R"("trade":{"feed":"stocks","symbol":"AAPL","kind":"trade",)"),
            std::string::npos)
      << json.out;
  EXPECT_NE(
      json.out.find(R"("price":150.25,"size":100.5,"venue":4,"tape":3,)"
                    R"("trade_id":"52983525029461","vendor_sequence":1,"conditions":[14,37]})"),
      std::string::npos)
      << json.out;
  EXPECT_NE(json.out.find(R"("quote":null,"bar":{"feed":"stocks","symbol":"MSFT","kind":"bar_1m")"),
            std::string::npos)
      << json.out;
}

TEST_F(Look, follows_a_symbol_from_the_oldest_record) {
  FakeFeed stocks(dir_.path(), "stocks");
  const std::uint32_t id = stocks.add_symbol("AAPL");
  stocks.trade(id, 150'250'000'000, 100'000'000, 1);
  stocks.quote(id, 150'240'000'000, 150'260'000'000, 2);
  stocks.bar(id, 10'200'000'000);
  const Ended ended = run({"tail", "AAPL", "--from", "oldest", "--count", "3"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out,
            "2025-01-02T14:30:00.123456789Z AAPL     trade  150.25 x 100  venue=4 tape=3 "
            "id=52983525029461 seq=1 cond=14,37\n"
            "2025-01-02T14:30:00.000000000Z AAPL     quote  150.24 x 300 / 150.26 x 500  "
            "venue=12/11 tape=- seq=2 cond=1\n"
            "2025-01-02T14:30:00.000000000Z AAPL     bar_1m o=10 h=10.2 l=10 c=10.2 v=1.5 "
            "vwap=10.1 trades=3\n");
}

TEST_F(Look, follows_only_the_kinds_asked_for_as_they_come) {
  FakeFeed stocks(dir_.path(), "stocks");
  const std::uint32_t id = stocks.add_symbol("AAPL");
  stocks.trade(id, 1'000'000'000, 1'000'000, 1);  // before: not shown
  Process tail(words({"tail", "AAPL", "--kind", "trade", "--format", "json", "--count", "2"}));
  // It has attached once the segment knows a reader.
  shm::FeedClient watch({.path = dir_.path() + "/stocks.sock", .name = "watch"});
  ASSERT_TRUE(watch.attach().ok());
  const auto is_subscribed = [&] {
    for (const shm::ReaderRecord& reader : watch.segment()->readers()) {
      if (shm::get_text(reader.name) == "ringside tail" && reader.subscriptions > 0) return true;
    }
    return false;
  };
  ASSERT_TRUE(test::wait_until(is_subscribed));
  stocks.trade(id, 2'000'000'000, 1'000'000, 2);
  stocks.quote(id, 1, 2, 3);
  stocks.trade(id, 3'000'000'001, 500'000, 4);
  const Ended ended = tail.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out.find("\"price\":1,"), std::string::npos);
  EXPECT_NE(ended.out.find("\"price\":2,\"size\":1,"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("\"price\":3.000000001,\"size\":0.5,"), std::string::npos) << ended.out;
  EXPECT_EQ(ended.out.find("quote"), std::string::npos) << ended.out;
}

// A ring of 64 slots, published 1000 times before the reader gets its turn again.
TEST_F(Look, says_how_many_records_a_lapped_tail_lost) {
  FakeFeed stocks(dir_.path(), "stocks");
  const std::uint32_t id = stocks.add_symbol("AAPL");
  for (std::uint32_t i = 0; i < 10; ++i) stocks.trade(id, 1'000'000'000, 1'000'000, i);
  Process tail(words({"tail", "AAPL", "--from", "oldest", "--format", "json"}));
  ASSERT_TRUE(tail.wait_for_text("\"sequence\":9,"));
  tail.signal(SIGSTOP);
  for (std::uint32_t i = 10; i < 1010; ++i) stocks.trade(id, 1'000'000'000, 1'000'000, i);
  tail.signal(SIGCONT);
  ASSERT_TRUE(tail.wait_for_text("\"sequence\":1009,"));
  tail.signal(SIGINT);
  const Ended ended = tail.wait();
  EXPECT_EQ(ended.exit_code, 0);
  long records = 0;
  for (std::size_t at = 0; (at = ended.out.find("\"kind\":\"trade\"", at)) != std::string::npos;
       ++at) {
    ++records;
  }
  const std::size_t lost_at = ended.out.find("\"kind\":\"lost\",\"count\":");
  ASSERT_NE(lost_at, std::string::npos) << ended.out;
  const long lost = test::number_in(ended.out.substr(lost_at + 22));
  EXPECT_EQ(records + lost, 1010);
}

TEST_F(Look, says_why_a_symbol_was_refused) {
  FakeFeed stocks(dir_.path(), "stocks");
  const Ended ended = run({"tail", "NOPE"});
  EXPECT_EQ(ended.exit_code, 8);
  EXPECT_EQ(ended.err, "ringside: feed stocks refused NOPE: not_authorized\n");
}

TEST_F(Look, keeps_following_when_the_feed_handler_is_restarted) {
  auto stocks = std::make_unique<FakeFeed>(dir_.path(), "stocks");
  stocks->trade(stocks->add_symbol("AAPL"), 1'000'000'000, 1'000'000, 1);
  Process tail(words({"tail", "AAPL", "--from", "oldest"}));
  ASSERT_TRUE(tail.wait_for_text(" seq=1 "));
  stocks.reset();
  ASSERT_TRUE(tail.wait_for_text("-- stocks: the feed handler is gone")) << tail.out();
  stocks = std::make_unique<FakeFeed>(dir_.path(), "stocks");
  ASSERT_TRUE(tail.wait_for_text("-- stocks: the feed handler was restarted")) << tail.out();
  stocks->trade(stocks->add_symbol("AAPL"), 2'000'000'000, 1'000'000, 7);
  ASSERT_TRUE(tail.wait_for_text(" seq=7 ")) << tail.out();
  tail.signal(SIGTERM);
  EXPECT_EQ(tail.wait().exit_code, 0);
}

TEST_F(Look, measures_rates_latency_and_readers_once) {
  FakeFeed stocks(dir_.path(), "stocks");
  const std::uint32_t id = stocks.add_symbol("AAPL");
  stocks.counter().add(7);
  for (std::uint64_t ns = 1; ns <= 100; ++ns) stocks.latency().record(ns * 1000);
  stocks.writer().log_error(3, "bad_json", "{\"ev\":\x1b[31m", wall_ns());
  Process tail(words({"tail", "AAPL"}));
  std::atomic<bool> is_done{false};
  std::thread market([&] {
    for (std::uint32_t i = 0; !is_done.load(std::memory_order_relaxed); ++i) {  // only ends it
      stocks.trade(id, 1'000'000'000, 1'000'000, i);
      ::poll(nullptr, 0, 2);  // a pace, not a wait for something
    }
  });
  ASSERT_TRUE(tail.wait_for_text("AAPL"));
  const Ended json = run({"top", "--once", "--format", "json", "--interval", "300"});
  const Ended text = run({"top", "--once", "--interval", "100"});
  is_done.store(true, std::memory_order_relaxed);  // as above
  market.join();
  ASSERT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(json.out.find('\n'), json.out.size() - 1);
  for (const char* part :
       {R"("feed":"stocks","state":"live")", R"("symbols":1,"symbol_capacity":16,"symbols_live":1)",
        R"("socket_to_record":{"unit":"ns","total":{"count":100,"p50":)",
        R"("name":"ringside tail")", R"("busiest":[{"symbol":"AAPL","records_per_s":)",
        R"("kind":"bad_json","count":1,)", R"("frames":{"value":7,"unit":"","per_s":0})"}) {
    EXPECT_NE(json.out.find(part), std::string::npos) << part << " in " << json.out;
  }
  EXPECT_EQ(json.out.find("\"ticks_per_s\":0,"), std::string::npos) << json.out;
  ASSERT_EQ(text.exit_code, 0) << text.err;
  for (const char* part : {"FEED", "LATENCY", "READERS", "ringside tail", "BUSIEST", "AAPL",
                           "ERRORS", "bad_json", "COUNTERS", "frames"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part << " in " << text.out;
  }
  EXPECT_EQ(text.out.find('\x1b'), std::string::npos);
}

// On a terminal: redrawn in place on the other screen, gone without a trace after 'q'.
TEST_F(Look, draws_in_place_on_a_terminal_until_q) {
  FakeFeed stocks(dir_.path(), "stocks");
  stocks.add_symbol("AAPL");
  winsize size{};
  size.ws_row = 12;
  size.ws_col = 60;
  int terminal = -1;
  const std::string program = RINGSIDE_BIN_DIR "/ringside";
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::execl(program.c_str(), "ringside", "top", "--run-dir", dir_.path().c_str(), "--interval",
            "50", nullptr);
    ::_exit(127);
  }
  const UniqueFd owner(terminal);
  std::string out;
  const auto read_some = [&] {
    pollfd wanted{terminal, POLLIN, 0};
    char chunk[4096];
    if (::poll(&wanted, 1, 0) != 1) return true;
    const ssize_t got = ::read(terminal, chunk, sizeof chunk);
    if (got > 0) out.append(chunk, static_cast<std::size_t>(got));
    return got > 0;
  };
  const auto frames = [&] {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = out.find("\x1b[H", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_TRUE(test::wait_until([&] { return read_some() && frames() >= 3; })) << out;
  EXPECT_EQ(::write(terminal, "q", 1), 1);
  int status = -1;
  EXPECT_TRUE(test::wait_until([&] {
    read_some();
    return ::waitpid(pid, &status, WNOHANG) == pid;
  }));
  while (out.find("\x1b[?1049l") == std::string::npos && read_some()) {
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(out.find("\x1b[?1049h"), 0U);
  EXPECT_NE(out.find("\x1b[?25h\x1b[?1049l"), std::string::npos);
  EXPECT_NE(out.find("stocks"), std::string::npos);
  // Between two frames stand at most the screen's rows of at most its columns.
  const std::size_t first = out.find("\x1b[H") + 3;
  std::istringstream frame(out.substr(first, out.find("\x1b[H", first) - first));
  int rows = 0;
  for (std::string line; std::getline(frame, line); ++rows) {
    EXPECT_LE(std::min(line.find("\x1b["), line.size()), 60U) << line;
  }
  EXPECT_LE(rows, 12);
}

}  // namespace
}  // namespace ringside
