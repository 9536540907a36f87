// Capture and keeper in a test's hands: no thread but the keeper's, the test decides when to poll.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "capture.hpp"
#include "keeper.hpp"
#include "market_fixture.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::recorder::test {

inline constexpr std::uint64_t hour = 3'600'000'000'000;
inline constexpr int steps_max = 100'000;  // a hang's bound: each step waits a millisecond at most

/// One feed's recorder without its thread: the test decides when it polls.
class Rig {
 public:
  explicit Rig(const std::string& dir) : Rig(dir, CaptureOptions{}) {}
  Rig(const std::string& dir, CaptureOptions options) {
    auto keeper = Keeper::open(dir);
    EXPECT_TRUE(keeper.ok()) << keeper.error().message();
    keeper_ = std::move(*keeper);
    link_ = &keeper_->add_feed("stocks", "MASSIVE.STOCKS");
    options.dir = dir;
    options.bar_hold_ns = 0;
    auto capture = Capture::create(options, *link_);
    EXPECT_TRUE(capture.ok());
    capture_ = std::move(*capture);
  }

  void start_keeper() {
    keeper_->start();
    has_keeper_ = true;
  }
  Capture& capture() { return *capture_; }
  Keeper& keeper() { return *keeper_; }

  /// Reads until the tapes are empty; without a keeper, until the recorder waits for it.
  void read_all() {
    for (int waits = 0; capture_->has_news();) {
      if (capture_->is_waiting()) {
        ASSERT_LT(waits++, steps_max) << "the disk does not take what was read";
        if (!has_keeper_) return;
        capture_->service_wait(monotonic_ns());
      } else {
        capture_->poll();
        capture_->service(monotonic_ns());
      }
    }
  }
  /// Ends the epoch and waits until the files are closed.
  void finish(EndReason reason = EndReason::stopped) {
    capture_->end_epoch(reason);
    for (int i = 0; !capture_->is_finished(); ++i) {
      ASSERT_LT(i, steps_max) << "the recorder does not come to an end";
      capture_->service_wait(monotonic_ns());
    }
  }
  void stop() {
    finish();
    keeper_->stop();
  }

 private:
  std::unique_ptr<Keeper> keeper_;
  bool has_keeper_ = false;
  FeedLink* link_ = nullptr;
  std::unique_ptr<Capture> capture_;
};

/// The rows of a query, columns joined by '|'.
inline std::vector<std::string> query(const std::string& dir, const char* sql) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open((dir + "/catalog.sqlite").c_str(), &db), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  std::vector<std::string> rows;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (i != 0) row += '|';
      const unsigned char* const text = sqlite3_column_text(statement, i);
      for (const unsigned char* c = text; c != nullptr && *c != 0; ++c) {
        row += static_cast<char>(*c);
      }
    }
    rows.push_back(row);
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return rows;
}

}  // namespace ringside::recorder::test
