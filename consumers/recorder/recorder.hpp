// Owns the recorder as a whole: its options from the configuration, one keeper, one follower per
// feed. Off the path.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "follower.hpp"
#include "keeper.hpp"
#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"

namespace ringside::recorder {

struct RecorderOptions {
  struct Feed {
    std::string name;
    Market market = Market::stocks;
  };
  std::string dir;
  std::string run_dir;
  std::vector<Feed> feeds;
  CaptureOptions capture;  // dir and market are filled in per feed
};

/// Errors  config: no feed to record, a feed named twice or not fit for a file name.
[[nodiscard]] Result<RecorderOptions> recorder_options(const Config& config);

class Recorder {
 public:
  /// Opens the folder and begins to follow every feed, also those that are not there yet.
  /// Errors  busy, io, permission: the folder; memory: buffers.
  [[nodiscard]] static Result<std::unique_ptr<Recorder>> start(const RecorderOptions& options);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder();

  /// Drains, closes every file, writes the receipts. Idempotent.
  void stop();
  [[nodiscard]] const Follower& follower(std::size_t feed) const { return *followers_[feed]; }

 private:
  explicit Recorder(std::unique_ptr<Keeper> keeper) : keeper_(std::move(keeper)) {}
  std::unique_ptr<Keeper> keeper_;
  std::vector<std::unique_ptr<Follower>> followers_;  // end before the keeper
};

/// The program: records until a stop is asked for.
[[nodiscard]] Status run(const Config& config);

}  // namespace ringside::recorder
