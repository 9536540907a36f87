// Owns the recorder's folder: one thread that opens, finishes and lists files for every capture
// thread, writes the catalog and the receipts. It may wait for the disk as long as it likes; the
// capture threads only leave orders.
//
// Layout  <dir>/<dataset>/<schema>/<YYYYMMDD>/<feed>-<HHMMSS>-<epoch>-<nnn>.dbn
//         <dir>/receipts/<feed>-<epoch>-<nnn>.json, <dir>/catalog.sqlite, <dir>/recorder.lock
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catalog.hpp"
#include "orders.hpp"
#include "ringside/base/process.hpp"
#include "ringside/base/result.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::recorder {

/// "20260102" and "143000" of an instant in ns UTC.
struct UtcText {
  char date[9];
  char time[7];
};
[[nodiscard]] UtcText utc_text(std::uint64_t ts) noexcept;

class Keeper {
 public:
  /// Creates the folder, locks it and opens the catalog.
  /// Errors  busy: another recorder writes there; io, permission: names the path.
  [[nodiscard]] static Result<std::unique_ptr<Keeper>> open(const std::string& dir);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  /// Before start. Good as long as the keeper.
  [[nodiscard]] FeedLink& add_feed(std::string feed, std::string dataset);

  void start();
  /// Carries out what is ordered, then ends the thread. The capture threads have ended.
  void stop();

  [[nodiscard]] const std::string& dir() const noexcept { return dir_; }
  /// What went wrong off the path so far (each was logged). Any thread.
  [[nodiscard]] std::uint64_t errors() const noexcept {
    return errors_.load(std::memory_order_relaxed);  // relaxed: a counter orders nothing
  }

 private:
  struct OpenFile {
    std::string path;  // below dir_
    std::string schema;
    std::uint64_t epoch = 0;
    std::uint64_t sequence_first = 0;
  };
  /// A finished file, for the receipt.
  struct DoneFile {
    OpenFile file;
    CloseOrder facts;
  };
  struct Feed {
    std::unique_ptr<FeedLink> link;
    std::vector<DoneFile> done;  // of the epoch that is not over, or may come back
  };

  Keeper(std::string dir, LockFile lock, Catalog catalog, UniqueFd wake);
  void run();
  [[nodiscard]] bool serve(Feed& feed);
  void on_order(Feed& feed, const OpenOrder& order);
  void on_order(Feed& feed, const CloseOrder& order);
  void on_order(Feed& feed, const GapOrder& order);
  void on_order(Feed& feed, const ReceiptOrder& order);
  [[nodiscard]] Status finish(const OpenFile& file, const CloseOrder& order);
  void check(const Status& status);

  const std::string dir_;
  LockFile lock_;
  Catalog catalog_;
  UniqueFd wake_;
  std::vector<Feed> feeds_;
  std::map<int, OpenFile> open_;  // by descriptor
  std::thread thread_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> errors_{0};
};

}  // namespace ringside::recorder
