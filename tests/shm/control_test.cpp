// Both ends of the control socket, over a real socket, in one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "../support/records.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/feed_client.hpp"

namespace ringside::shm {
namespace {

using testing::ElementsAre;

// What the feed handler was told to do upstream, in order.
class Upstream {
 public:
  void add(std::string line) {
    const std::lock_guard guard(mutex_);
    lines_.push_back(std::move(line));
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard guard(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// Waits, without sleeping blindly, until `condition` holds or 5 s have passed.
template <class Condition>
bool eventually(Condition&& condition) {
  const std::uint64_t deadline = monotonic_ns() + 5'000'000'000U;
  while (!condition()) {
    if (monotonic_ns() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

class Control : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ringside-control-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/feed.sock";
    start();
  }
  void TearDown() override {
    server_.reset();
    segment_.reset();
    ::rmdir(folder_.c_str());
  }
  void start() {
    SegmentShape shape;
    shape.feed = "test";
    shape.symbol_capacity = 4;
    shape.tick_tape_slots = 64;
    shape.bar_tape_slots = 64;
    shape.arena_bytes = 1 << 20;
    auto segment = SegmentWriter::create(shape);
    ASSERT_TRUE(segment.ok());
    segment_ = std::move(*segment);
    segment_->mark_ready();
    ControlServer::Hooks hooks;
    hooks.want = [this](std::string_view symbol, std::uint32_t kinds) {
      if (symbol == "NOPE")
        return SymbolAnswer{instrument_none, SymbolState::refused, RefuseReason::not_authorized};
      if (symbol == "LATER" && is_later_gone_.load(std::memory_order_relaxed)) {
        return SymbolAnswer{instrument_none, SymbolState::refused, RefuseReason::feed_gone};
      }
      if (kinds != 0) upstream_.add("+" + std::string(symbol) + ":" + std::to_string(kinds));
      const auto added = segment_->add_symbol(symbol, {16, 16}, 0, SymbolState::live);
      return SymbolAnswer{added.instrument_id,
                          added.ok() ? SymbolState::live : SymbolState::refused, added.refused};
    };
    hooks.unwant = [this](std::string_view symbol, std::uint32_t kinds) {
      upstream_.add("-" + std::string(symbol) + ":" + std::to_string(kinds));
    };
    hooks.idle = [this] { segment_->beat(monotonic_ns()); };
    ControlServer::Options options;
    options.path = path_;
    options.linger_ms = 0;
    auto server = ControlServer::start(*segment_, options, std::move(hooks));
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(*server);
  }
  [[nodiscard]] FeedClient client(const std::string& name = "test") const {
    FeedClient::Options options;
    options.path = path_;
    options.name = name;
    options.retry_ns = 1'000'000;
    return FeedClient(options);
  }

  std::string folder_;
  std::string path_;
  std::unique_ptr<SegmentWriter> segment_;
  std::unique_ptr<ControlServer> server_;
  Upstream upstream_;
  std::atomic<bool> is_later_gone_{false};
};

TEST_F(Control, hands_over_a_segment_that_can_be_read) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  ASSERT_NE(consumer.segment(), nullptr);
  EXPECT_EQ(consumer.segment()->epoch(), segment_->epoch());
  EXPECT_EQ(consumer.segment()->feed(), "test");
}

TEST_F(Control, socket_is_for_its_owner_only) {
  struct stat file {};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600U);
}

TEST_F(Control, subscribes_upstream_once_for_all_consumers) {
  FeedClient first = client("first");
  FeedClient second = client("second");
  ASSERT_TRUE(first.attach());
  ASSERT_TRUE(second.attach());
  const std::vector<std::string> symbols = {"AAPL", "SPY"};
  const auto answers = first.subscribe(symbols, want_trades);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].symbol, "SPY");
  EXPECT_EQ(answers[1].state, SymbolState::live);
  EXPECT_EQ(second.subscribe(symbols, want_trades | want_quotes).size(), 2U);
  EXPECT_THAT(upstream_.lines(), ElementsAre("+AAPL:1", "+SPY:1", "+AAPL:2", "+SPY:2"));
}

TEST_F(Control, releases_what_a_closed_consumer_held) {
  FeedClient stays = client("stays");
  ASSERT_TRUE(stays.attach());
  const std::vector<std::string> symbol = {"AAPL"};
  (void)stays.subscribe(symbol, want_trades);
  {
    FeedClient leaves = client("leaves");
    ASSERT_TRUE(leaves.attach());
    (void)leaves.subscribe(symbol, want_trades | want_quotes);
  }
  EXPECT_TRUE(eventually([this] { return upstream_.lines().size() == 3; }));
  EXPECT_THAT(upstream_.lines(), ElementsAre("+AAPL:1", "+AAPL:2", "-AAPL:2"));
}

TEST_F(Control, tells_why_a_symbol_is_refused_and_serves_the_others) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  const std::vector<std::string> symbols = {"NOPE", "A B", "AAPL"};
  const auto answers = consumer.subscribe(symbols, want_all);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].reason, RefuseReason::not_authorized);
  EXPECT_EQ(answers[1].reason, RefuseReason::bad_symbol);
  EXPECT_EQ(answers[2].state, SymbolState::live);
}

TEST_F(Control, a_text_too_long_to_be_a_symbol_asks_for_no_other_symbol) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  const std::vector<std::string> symbols = {"AAPL", std::string(30, 'X'), "SPY"};
  const auto answers = consumer.subscribe(symbols, want_trades);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].state, SymbolState::live);
  EXPECT_EQ(answers[1].symbol, symbols[1]);
  EXPECT_EQ(answers[1].reason, RefuseReason::bad_symbol);
  EXPECT_EQ(answers[2].state, SymbolState::live);
  EXPECT_EQ(SegmentView::map(segment_->segment_fd())->symbols().size(), 2U);
}

TEST_F(Control, refuses_beyond_the_capacity_and_says_so) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  const std::vector<std::string> symbols = {"A", "B", "C", "D", "E"};
  const auto answers = consumer.subscribe(symbols, want_all);
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[3].reason, RefuseReason::none);
  EXPECT_EQ(answers[4].reason, RefuseReason::symbols_full);
}

TEST_F(Control, shows_readers_and_their_reports_until_they_leave) {
  const auto readers = [this] { return SegmentView::map(segment_->segment_fd())->readers(); };
  {
    FeedClient consumer = client("strategy");
    ASSERT_TRUE(consumer.attach());
    consumer.report(10, 2, 5);
    ASSERT_TRUE(eventually([&] { return !readers().empty() && readers()[0].pending == 5; }));
    EXPECT_EQ(get_text(readers()[0].name), "strategy");
    EXPECT_EQ(readers()[0].received, 10U);
    EXPECT_EQ(readers()[0].lost, 2U);
    EXPECT_EQ(readers()[0].pid, static_cast<std::uint32_t>(::getpid()));
  }
  EXPECT_TRUE(eventually([&] { return readers().empty(); }));
}

TEST_F(Control, a_consumer_attaches_to_the_next_epoch_and_asks_again) {
  FeedClient consumer = client();
  ASSERT_TRUE(eventually([&] { return consumer.poll(monotonic_ns()) == FeedEvent::attached; }));
  const std::vector<std::string> symbol = {"AAPL"};
  (void)consumer.subscribe(symbol, want_trades);
  const std::uint64_t epoch = segment_->epoch();
  const auto old_segment = consumer.segment();
  server_.reset();
  ASSERT_TRUE(eventually([&] { return consumer.poll(monotonic_ns()) == FeedEvent::lost; }));
  EXPECT_FALSE(consumer.is_attached());
  EXPECT_EQ(old_segment->symbols().find("AAPL"), 0U);  // still readable
  segment_.reset();
  start();
  ASSERT_TRUE(eventually([&] { return consumer.poll(monotonic_ns()) == FeedEvent::attached; }));
  EXPECT_GT(consumer.segment()->epoch(), epoch);
  EXPECT_THAT(upstream_.lines(), ElementsAre("+AAPL:1", "+AAPL:1"));
}

TEST_F(Control, a_feed_that_is_not_there_is_a_clear_error) {
  FeedClient::Options options;
  options.path = folder_ + "/nobody.sock";
  FeedClient consumer(options);
  const Status status = consumer.attach();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::not_found);
  EXPECT_THAT(status.error().message(), testing::HasSubstr("nobody.sock"));
}

// Sends raw bytes as a consumer would not.
int raw_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

TEST_F(Control, garbage_is_refused_and_others_are_not_disturbed) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  for (const std::string& bytes :
       {std::string("x"), std::string(16, '\0'), std::string(20'000, 'G'),
        std::string(reinterpret_cast<const char*>(&control_magic), 4) + std::string(12, '\x7f')}) {
    const int fd = raw_socket(path_);
    (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    char answer[256];
    ssize_t got = 0;
    while ((got = ::recv(fd, answer, sizeof(answer), 0)) > 0) {
    }
    ::close(fd);
  }
  EXPECT_EQ(server_->stats().bad_messages, 4U);
  const std::vector<std::string> symbol = {"AAPL"};
  EXPECT_EQ(consumer.subscribe(symbol, want_trades).size(), 1U);
}

TEST_F(Control, one_that_never_stops_talking_does_not_keep_the_others_waiting) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  std::atomic<bool> is_done{false};
  FeedClient other = client("talker");
  ASSERT_TRUE(other.attach());
  std::thread talker([&] {
    // relaxed: the flag stands alone.
    while (!is_done.load(std::memory_order_relaxed)) other.report(1, 2, 3);
  });
  const std::vector<std::string> symbol = {"AAPL"};
  EXPECT_EQ(consumer.subscribe(symbol, want_trades).size(), 1U);
  server_.reset();                                 // and it can still be stopped
  is_done.store(true, std::memory_order_relaxed);  // relaxed: the flag stands alone
  talker.join();
}

TEST_F(Control, a_passing_refusal_is_asked_again_in_the_next_epoch) {
  FeedClient consumer = client();
  ASSERT_TRUE(eventually([&] { return consumer.poll(monotonic_ns()) == FeedEvent::attached; }));
  const std::vector<std::string> symbols = {"AAPL", "LATER", "NOPE"};
  is_later_gone_.store(true, std::memory_order_relaxed);  // the answer follows the request
  (void)consumer.subscribe(symbols, want_trades);
  is_later_gone_.store(false, std::memory_order_relaxed);  // as above
  server_.reset();
  segment_.reset();
  ASSERT_TRUE(eventually([&] { return consumer.poll(monotonic_ns()) == FeedEvent::lost; }));
  start();
  ASSERT_TRUE(eventually([&] { return consumer.poll(monotonic_ns()) == FeedEvent::attached; }));
  EXPECT_THAT(upstream_.lines(), ElementsAre("+AAPL:1", "+AAPL:1", "+LATER:1"));
}

TEST_F(Control, of_another_layout_is_refused_with_both_versions) {
  const int fd = raw_socket(path_);
  HelloMessage hello{};
  hello.header = control_header(ControlType::hello);
  hello.version = control_version;
  hello.layout_version = 99;
  ASSERT_EQ(::send(fd, &hello, sizeof(hello), 0), static_cast<ssize_t>(sizeof(hello)));
  RefusedMessage answer{};
  ASSERT_EQ(::recv(fd, &answer, sizeof(answer), 0), static_cast<ssize_t>(sizeof(answer)));
  EXPECT_EQ(answer.code, static_cast<std::uint32_t>(ErrorCode::version));
  EXPECT_THAT(std::string(get_text(answer.text)), testing::HasSubstr("99"));
  ::close(fd);
}

TEST_F(Control, a_sleeping_reader_is_woken_by_the_next_record) {
  FeedClient consumer = client();
  ASSERT_TRUE(consumer.attach());
  const auto added = segment_->add_symbol("AAPL", {16, 16}, 0, SymbolState::live);
  TapeReader tape(consumer.segment()->tick_tape(), StartAt::oldest);
  std::atomic<int> woken{0};
  std::thread reader([&] {
    TickRecord record;
    for (int got = 0; got < 200;) {
      if (tape.poll(record) == ReadStatus::ok) {
        ++got;
        woken.store(got, std::memory_order_release);  // pairs with the loop below
      } else {
        // Far longer than the test may take: only the doorbell can end it.
        consumer.sleep(60'000'000'000U, [&] { return tape.has_news(); });
      }
    }
  });
  for (int n = 0; n < 200; ++n) {
    segment_->publish(test::numbered_trade(static_cast<std::uint64_t>(n), added.instrument_id));
    segment_->ring_doorbell();
    if (n % 3 != 0) continue;
    EXPECT_TRUE(eventually(
        [&] { return woken.load(std::memory_order_acquire) == n + 1; }));  // pairs with the store
  }
  reader.join();
}

}  // namespace
}  // namespace ringside::shm
