// The program as users start it, against `ringside sim`: a whole day of TAQ on both feeds at once,
// a refused key beside a good one, the end by SIGTERM.
#include <gtest/gtest.h>
#include <signal.h>

#include "eventually.hpp"
#include "ringside/shm/feed_client.hpp"
#include "support/run_process.hpp"
#include "support/temp_dir.hpp"

namespace ringside::feed {
namespace {

using test::Ended;
using test::eventually;
using test::Process;

constexpr const char* key = "program-test-key";

// The simulator and a feed handler pointed at it, in a run-time folder of their own.
class ProgramTest : public ::testing::Test {
 protected:
  void start_sim(std::vector<std::string> flags) {
    std::vector<std::string> argv{"ringside", "sim", "--run-dir", dir_.path()};
    argv.insert(argv.end(), flags.begin(), flags.end());
    sim_ = std::make_unique<Process>(argv, Process::Environment{{"RINGSIDE_SIM_KEY", key}});
    ASSERT_TRUE(sim_->wait_for_text("listening")) << sim_->err();
    port_ = dir_.read("sim/port");
    port_.resize(port_.find_last_not_of(" \n") + 1);
  }

  std::vector<std::string> handler_argv(const std::vector<std::string>& sets) {
    std::vector<std::string> argv{"ringside-feedhandler", "--run-dir", dir_.path()};
    for (const std::string feed : {"stocks", "options"}) {
      const std::string prefix = "feed." + feed + ".";
      for (const std::string& set :
           {std::string("host=localhost"), "port=" + port_, "ca_file=" + dir_.file("sim/ca.pem"),
            std::string("memory_mib=64"), std::string("symbol_count_max=64")}) {
        argv.insert(argv.end(), {"--set", prefix + set});
      }
    }
    for (const std::string& set : sets) argv.insert(argv.end(), {"--set", set});
    return argv;
  }

  shm::FeedClient attach(const std::string& feed) {
    shm::FeedClient client({.path = dir_.file(feed + ".sock"), .name = "program_test"});
    EXPECT_TRUE(eventually([&] { return client.attach().ok(); })) << client.last_error();
    return client;
  }

  test::TempDir dir_;
  std::unique_ptr<Process> sim_;
  std::string port_;
};

struct Totals {
  std::uint64_t trades = 0;
  std::uint64_t quotes = 0;
  std::uint64_t others = 0;
  std::int64_t money = 0;  // of price x shares, nanos; TAQ has whole shares only
  std::int64_t last_price = 0;
};

void add(Totals& totals, const shm::TickRecord& record) {
  if (record.kind == shm::Kind::trade) {
    ++totals.trades;
    totals.money += record.trade.price * (record.trade.size / shm::size_one_equities);
    totals.last_price = record.trade.price;
  } else if (record.kind == shm::Kind::quote) {
    ++totals.quotes;
  } else if (record.kind != shm::Kind::status) {
    ++totals.others;
  }
}

TEST_F(ProgramTest, loses_nothing_of_a_day_of_taq_on_both_feeds_at_once) {
  const std::string data = std::string(RINGSIDE_SOURCE_DIR) + "/tests/data/taq/";
  const std::string trades = data + "trades_XXX_2018-01-02.csv.gz";
  const std::string quotes = data + "quotes_XXX_2018-01-02.csv.gz";
  start_sim({"--taq", trades, quotes, "symbol=XXX", "--taq", trades, quotes,
             "symbol=O:XXX180119C00155000", "market=options", "--speed", "max", "--wait-for", "6"});
  Process handler(
      handler_argv({"feed.stocks.symbols=XXX", "feed.stocks.channels=T,Q,AM",
                    "feed.options.symbols=O:XXX180119C00155000", "feed.options.channels=T,Q,AM"}),
      {{"RINGSIDE_MASSIVE_KEY", key}});
  for (const std::string feed : {"stocks", "options"}) {
    const shm::FeedClient client = attach(feed);
    const std::shared_ptr<const shm::SegmentView> segment = client.segment();
    // The tape is longer than the day, so its oldest record is the first.
    shm::TapeReader tape(segment->tick_tape(), shm::StartAt::oldest);
    Totals totals;
    EXPECT_TRUE(eventually(
        [&] {
          shm::TickRecord record;
          while (tape.poll(record) == shm::ReadStatus::ok) add(totals, record);
          return totals.trades + totals.quotes >= 106'155;
        },
        60'000))
        << handler.err();
    // Rows and sums of the files, by a script over the CSV.
    EXPECT_EQ(totals.trades, 39'462U) << feed;
    EXPECT_EQ(totals.quotes, 66'693U) << feed;
    EXPECT_EQ(totals.others, 0U) << "no gap";
    EXPECT_EQ(totals.money, 872'447'452'652'900'000) << feed;
    EXPECT_EQ(totals.last_price, 157'450'000'000) << feed;
    EXPECT_EQ(tape.lost(), 0U);
    EXPECT_EQ(segment->counter("events_rejected"), 0U);
    EXPECT_EQ(segment->counter("events_clipped"), 0U);
  }
  handler.signal(SIGTERM);
  const Ended ended = handler.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.err.find(key), std::string::npos) << "the key is in the log";
  EXPECT_FALSE(std::filesystem::exists(dir_.file("stocks.sock")));
}

TEST_F(ProgramTest, goes_on_with_one_feed_when_the_other_is_refused) {
  start_sim({"--rate", "500"});
  Process handler(handler_argv({}),
                  {{"RINGSIDE_FEED_STOCKS_KEY", "wrong"}, {"RINGSIDE_FEED_OPTIONS_KEY", key}});
  const shm::FeedClient stocks = attach("stocks");
  const shm::FeedClient options = attach("options");
  EXPECT_TRUE(eventually([&] { return stocks.segment()->state() == shm::FeedState::offline; }));
  EXPECT_TRUE(eventually([&] { return options.segment()->state() == shm::FeedState::live; }));
  EXPECT_TRUE(handler.is_running());
  handler.signal(SIGINT);
  EXPECT_EQ(handler.wait().exit_code, 0);
}

TEST_F(ProgramTest, ends_with_the_keys_exit_code_when_every_feed_is_refused) {
  start_sim({});
  const Ended ended = test::run(handler_argv({}), {{"RINGSIDE_MASSIVE_KEY", "wrong"}});
  EXPECT_EQ(ended.exit_code, exit_code(ErrorCode::auth)) << ended.err;
  EXPECT_NE(ended.err.find("the vendor refused the key"), std::string::npos) << ended.err;
}

TEST_F(ProgramTest, finds_the_simulator_again_after_it_dropped_everybody) {
  start_sim({"--rate", "2000"});
  Process handler(handler_argv({"feed.options.enabled=false", "feed.stocks.backoff_ms_min=10",
                                "feed.stocks.backoff_ms_max=100", "feed.stocks.symbols=*"}),
                  {{"RINGSIDE_MASSIVE_KEY", key}});
  const shm::FeedClient client = attach("stocks");
  const shm::SegmentView& segment = *client.segment();
  const auto counter = [&](const char* name) { return segment.counter(name).value_or(0); };
  ASSERT_TRUE(eventually([&] { return counter("ticks_published") > 100; }));
  sim_->signal(SIGKILL);
  ASSERT_TRUE(eventually([&] { return segment.state() == shm::FeedState::reconnecting; }));
  (void)sim_->wait();
  const std::uint64_t before = counter("events_trades");
  start_sim({"--rate", "2000", "--port", port_});
  ASSERT_TRUE(eventually([&] { return counter("events_trades") > before + 100; })) << handler.err();
  EXPECT_EQ(segment.state(), shm::FeedState::live);
  EXPECT_GT(counter("gaps"), 0U);
  // One stream ended, one stands, and what was tried meanwhile never streamed.
  EXPECT_EQ(counter("disconnects"), 1U);
  EXPECT_EQ(counter("connects"), 2 + counter("connects_failed"));
}

}  // namespace
}  // namespace ringside::feed
