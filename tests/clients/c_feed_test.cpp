// The feed half of the C interface against a real segment and control socket in this process.
#include <gtest/gtest.h>

#include <thread>

#include "../support/records.hpp"
#include "ringside.h"
#include "small_feed.hpp"
#include "support/wait_until.hpp"

extern "C" int header_compiles_as_c(void);  // header_c11.c

namespace ringside::test {
namespace {

class CFeed : public testing::Test {
 protected:
  void SetUp() override { feed_ = open(); }
  void TearDown() override { ringside_feed_close(feed_); }

  [[nodiscard]] ringside_feed* open() const {
    ringside_options options{};
    options.size = sizeof(options);
    options.path = writer_.path().c_str();
    options.name = "c test";
    options.retry_ns = 1'000'000;
    ringside_feed* feed = nullptr;
    EXPECT_EQ(ringside_feed_open(&options, &feed), RINGSIDE_OK) << ringside_error_text();
    return feed;
  }
  [[nodiscard]] bool comes(int event) const {
    return wait_until([&] { return ringside_feed_poll(feed_) == event; });
  }

  TempDir dir_;
  SmallFeed writer_{dir_.file("small.sock")};
  ringside_feed* feed_ = nullptr;
};

TEST(CHeader, is_one_for_c_and_cpp) {
  EXPECT_EQ(header_compiles_as_c(), 64 + 128);
  EXPECT_EQ(ringside_tick_bytes(), sizeof(ringside_tick));
  EXPECT_EQ(ringside_bar_bytes(), sizeof(ringside_bar));
  EXPECT_EQ(ringside_layout_version(), shm::layout_version);
  EXPECT_STRNE(ringside_version(), "");
}

TEST(CHeader, names_what_numbers_mean) {
  EXPECT_STREQ(ringside_kind_name(RINGSIDE_KIND_BAR_1M), "bar_1m");
  EXPECT_STREQ(ringside_kind_name(257), "unknown");
  EXPECT_STREQ(ringside_state_name(RINGSIDE_STATE_RECONNECTING), "reconnecting");
  EXPECT_STREQ(ringside_state_name(99), "unknown");
  EXPECT_STREQ(ringside_refused_name(RINGSIDE_REFUSED_NOT_AUTHORIZED), "not_authorized");
}

TEST_F(CFeed, tells_before_and_after_the_attach) {
  ringside_info info{};
  info.size = sizeof(info);
  EXPECT_EQ(ringside_feed_info(feed_, &info), RINGSIDE_EMPTY);
  EXPECT_EQ(ringside_symbol_count(feed_), 0U);
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  EXPECT_EQ(ringside_feed_info(feed_, &info), RINGSIDE_OK);
  EXPECT_STREQ(info.feed, "small");
  EXPECT_EQ(info.size, sizeof(info));
  EXPECT_EQ(info.is_attached, 1U);
  EXPECT_EQ(info.state, std::uint32_t{RINGSIDE_STATE_LIVE});
  EXPECT_EQ(info.epoch, writer_.segment().epoch());
  EXPECT_EQ(info.layout_version, shm::layout_version);
  EXPECT_EQ(info.price_exponent, -9);
  EXPECT_EQ(info.size_exponent, -6);
  EXPECT_EQ(info.venue_base, 300U);
  EXPECT_EQ(info.symbol_count, 2U);
  EXPECT_EQ(info.symbol_capacity, 4U);
}

TEST_F(CFeed, attaches_at_once_when_asked) {
  ASSERT_EQ(ringside_feed_attach(feed_), RINGSIDE_OK) << ringside_error_text();
  EXPECT_EQ(ringside_feed_attach(feed_), RINGSIDE_OK);
  EXPECT_EQ(ringside_feed_poll(feed_), RINGSIDE_EVENT_ATTACHED);
  EXPECT_EQ(ringside_feed_poll(feed_), RINGSIDE_EVENT_NONE);
}

TEST_F(CFeed, says_that_nobody_is_there) {
  writer_.stop();
  EXPECT_EQ(ringside_feed_attach(feed_), RINGSIDE_E_NOT_FOUND);
  EXPECT_NE(std::string_view(ringside_error_text()).find("small.sock"), std::string_view::npos);
  EXPECT_EQ(ringside_feed_poll(feed_), RINGSIDE_EVENT_NONE);
  EXPECT_STRNE(ringside_feed_trouble(feed_), "");
}

TEST_F(CFeed, error_text_belongs_to_the_thread) {
  EXPECT_EQ(ringside_feed_poll(nullptr), RINGSIDE_E_USAGE);
  EXPECT_STRNE(ringside_error_text(), "");
  std::string other = "not empty";
  std::thread([&] { other = ringside_error_text(); }).join();
  EXPECT_EQ(other, "");
}

TEST_F(CFeed, tells_of_a_loss_and_of_the_next_epoch) {
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  ringside_info before{};
  before.size = sizeof(before);
  ASSERT_EQ(ringside_feed_info(feed_, &before), RINGSIDE_OK);
  writer_.stop();
  ASSERT_TRUE(comes(RINGSIDE_EVENT_LOST));
  ringside_info lost = before;
  EXPECT_EQ(ringside_feed_info(feed_, &lost), RINGSIDE_OK);
  EXPECT_EQ(lost.is_attached, 0U);
  writer_.restart();
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  ringside_info after = before;
  ASSERT_EQ(ringside_feed_info(feed_, &after), RINGSIDE_OK);
  EXPECT_GT(after.epoch, before.epoch);
}

TEST_F(CFeed, answers_each_symbol_in_its_place) {
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  const char* const symbols[] = {"MSFT", "NOPE", "", "A-SYMBOL-OF-MORE-THAN-24-BYTES", "AAPL"};
  ringside_answer answers[5];
  ASSERT_EQ(ringside_feed_subscribe(feed_, symbols, 5, RINGSIDE_WANT_ALL, answers), RINGSIDE_OK);
  EXPECT_EQ(answers[0].instrument_id, 1U);
  EXPECT_EQ(answers[0].state, std::uint32_t{RINGSIDE_SYMBOL_LIVE});
  EXPECT_EQ(answers[1].state, std::uint32_t{RINGSIDE_SYMBOL_REFUSED});
  EXPECT_EQ(answers[1].reason, std::uint32_t{RINGSIDE_REFUSED_NOT_AUTHORIZED});
  EXPECT_EQ(answers[1].instrument_id, RINGSIDE_INSTRUMENT_NONE);
  EXPECT_EQ(answers[2].reason, std::uint32_t{RINGSIDE_REFUSED_BAD_SYMBOL});
  EXPECT_EQ(answers[3].reason, std::uint32_t{RINGSIDE_REFUSED_BAD_SYMBOL});
  EXPECT_EQ(answers[4].instrument_id, 0U);
  EXPECT_EQ(ringside_feed_unsubscribe(feed_, symbols, 5, RINGSIDE_WANT_ALL), RINGSIDE_OK);
  EXPECT_EQ(ringside_feed_report(feed_, 1, 2, 3), RINGSIDE_OK);
}

TEST_F(CFeed, keeps_a_wish_until_it_is_attached) {
  const char* const symbols[] = {"AAPL"};
  ringside_answer answer{};
  EXPECT_EQ(ringside_feed_subscribe(feed_, symbols, 1, RINGSIDE_WANT_TRADES, &answer),
            RINGSIDE_EMPTY);
  EXPECT_EQ(answer.state, std::uint32_t{RINGSIDE_SYMBOL_NONE});
  EXPECT_EQ(answer.instrument_id, RINGSIDE_INSTRUMENT_NONE);
}

TEST_F(CFeed, finds_symbols_both_ways) {
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  std::uint32_t id = 7;
  EXPECT_EQ(ringside_symbol_id(feed_, "MSFT", &id), RINGSIDE_OK);
  EXPECT_EQ(id, 1U);
  EXPECT_EQ(ringside_symbol_id(feed_, "IBM", &id), RINGSIDE_EMPTY);
  EXPECT_EQ(id, RINGSIDE_INSTRUMENT_NONE);
  char text[RINGSIDE_SYMBOL_BYTES];
  EXPECT_EQ(ringside_symbol_text(feed_, 0, text), RINGSIDE_OK);
  EXPECT_STREQ(text, "AAPL");
  EXPECT_EQ(ringside_symbol_text(feed_, 2, text), RINGSIDE_EMPTY);
  EXPECT_STREQ(text, "");
  EXPECT_EQ(ringside_symbol_count(feed_), 2U);
  EXPECT_EQ(ringside_symbol_state(feed_, 1), RINGSIDE_SYMBOL_LIVE);
  EXPECT_EQ(ringside_symbol_state(feed_, 2), RINGSIDE_SYMBOL_NONE);
}

TEST_F(CFeed, reads_last_values) {
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  ringside_tick tick{};
  ringside_bar bar{};
  EXPECT_EQ(ringside_last_tick(feed_, 0, RINGSIDE_KIND_TRADE, &tick), RINGSIDE_EMPTY);
  EXPECT_EQ(ringside_last_tick(feed_, 99, RINGSIDE_KIND_TRADE, &tick), RINGSIDE_EMPTY);
  writer_.segment().publish(numbered_trade(11));
  writer_.segment().publish(numbered_trade(12));
  writer_.segment().publish(numbered_bar(60));
  ASSERT_EQ(ringside_last_tick(feed_, 0, RINGSIDE_KIND_TRADE, &tick), RINGSIDE_OK);
  EXPECT_EQ(tick.trade.price, 36);
  EXPECT_EQ(ringside_sequence(tick.stamp), 1U);
  EXPECT_EQ(ringside_last_tick(feed_, 0, RINGSIDE_KIND_QUOTE, &tick), RINGSIDE_EMPTY);
  ASSERT_EQ(ringside_last_bar(feed_, 0, RINGSIDE_KIND_BAR_1M, &bar), RINGSIDE_OK);
  EXPECT_EQ(bar.close, 60);
  EXPECT_EQ(ringside_last_bar(feed_, 0, RINGSIDE_KIND_BAR_1S, &bar), RINGSIDE_EMPTY);
  EXPECT_EQ(ringside_last_tick(feed_, 0, RINGSIDE_KIND_BAR_1M, &tick), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_last_bar(feed_, 0, RINGSIDE_KIND_TRADE, &bar), RINGSIDE_E_USAGE);
}

TEST_F(CFeed, sleep_ends_with_news_or_time) {
  EXPECT_EQ(ringside_feed_sleep(feed_, nullptr, 0, 1000), RINGSIDE_EMPTY);  // not attached
  ASSERT_TRUE(comes(RINGSIDE_EVENT_ATTACHED));
  ringside_reader* reader = nullptr;
  ASSERT_EQ(ringside_reader_open(feed_, RINGSIDE_TAPE_TICKS, 0, RINGSIDE_START_NEWEST, 0, &reader),
            RINGSIDE_OK);
  EXPECT_EQ(ringside_feed_sleep(feed_, &reader, 1, 1000), RINGSIDE_EMPTY);
  std::thread writer([&] {
    writer_.segment().publish(numbered_trade(1));
    writer_.segment().ring_doorbell();
  });
  while (ringside_feed_sleep(feed_, &reader, 1, 30'000'000'000U) == RINGSIDE_EMPTY) continue;
  writer.join();
  EXPECT_EQ(ringside_has_news(reader), 1);
  ringside_reader_close(reader);
}

TEST(COptions, grow_without_breaking_callers) {
  ringside_feed* feed = nullptr;
  EXPECT_EQ(ringside_feed_open(nullptr, &feed), RINGSIDE_E_USAGE);
  ringside_options options{};
  EXPECT_EQ(ringside_feed_open(&options, &feed), RINGSIDE_E_USAGE);  // no size
  options.size = sizeof(options);
  EXPECT_EQ(ringside_feed_open(&options, &feed), RINGSIDE_E_USAGE);  // no path
  const std::string long_path(200, 'x');
  options.path = long_path.c_str();
  EXPECT_EQ(ringside_feed_open(&options, &feed), RINGSIDE_E_CONFIG);
  struct {
    ringside_options known;
    std::uint64_t later;
  } newer{options, 0};
  newer.known.size = sizeof(newer);
  newer.known.path = "x.sock";
  ASSERT_EQ(ringside_feed_open(&newer.known, &feed), RINGSIDE_OK);  // knows more, asks for nothing
  ringside_feed_close(feed);
  newer.later = 1;
  EXPECT_EQ(ringside_feed_open(&newer.known, &feed), RINGSIDE_E_USAGE);
  EXPECT_EQ(feed, nullptr);
  ringside_feed_close(nullptr);
}

// A later library fills what an earlier caller has room for, and no more.
TEST_F(CFeed, refuses_an_info_without_its_size) {
  ringside_info info{};
  EXPECT_EQ(ringside_feed_info(feed_, &info), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_info(feed_, nullptr), RINGSIDE_E_USAGE);
}

TEST_F(CFeed, survives_every_null) {
  std::uint32_t id = 0;
  char text[RINGSIDE_SYMBOL_BYTES];
  EXPECT_EQ(ringside_feed_open(nullptr, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_attach(nullptr), RINGSIDE_E_USAGE);
  EXPECT_STREQ(ringside_feed_trouble(nullptr), "");
  EXPECT_EQ(ringside_feed_sleep(nullptr, nullptr, 0, 0), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_sleep(feed_, nullptr, 1, 0), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_report(nullptr, 0, 0, 0), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_subscribe(feed_, nullptr, 1, 1, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_unsubscribe(nullptr, nullptr, 0, 1), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_symbol_count(nullptr), 0U);
  EXPECT_EQ(ringside_symbol_id(feed_, nullptr, &id), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_symbol_text(nullptr, 0, text), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_symbol_state(nullptr, 0), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_last_tick(feed_, 0, RINGSIDE_KIND_TRADE, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_last_bar(nullptr, 0, RINGSIDE_KIND_BAR_1M, nullptr), RINGSIDE_E_USAGE);
  const char* const symbols[] = {"AAPL"};
  EXPECT_EQ(ringside_feed_subscribe(feed_, symbols, 1, 0, nullptr), RINGSIDE_E_USAGE);
  EXPECT_EQ(ringside_feed_subscribe(feed_, symbols, 1, 16, nullptr), RINGSIDE_E_USAGE);
}

}  // namespace
}  // namespace ringside::test
