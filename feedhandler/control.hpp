// Owns consumers' wishes on their way in, and descriptors, symbol states and log lines on their way
// out: the control thread's side of a feed. Off the path; allocates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "link.hpp"
#include "loop.hpp"
#include "ringside/base/result.hpp"
#include "ringside/shm/control_server.hpp"

namespace ringside::feed {

class FeedControl {
 public:
  struct Options {
    std::string feed;         // for log lines
    std::string socket_path;  // its folder exists
    std::uint32_t linger_ms = 5000;
    std::uint64_t answer_ns_max = 10'000'000'000;  // for the feed's thread to answer
  };

  /// Binds the socket and starts the control thread. All three outlive the object.
  /// Errors  as shm::ControlServer::start.
  [[nodiscard]] static Result<std::unique_ptr<FeedControl>> start(shm::SegmentWriter& segment,
                                                                  FeedLink& link, FeedLoop& loop,
                                                                  const Options& options);
  FeedControl(const FeedControl&) = delete;
  FeedControl& operator=(const FeedControl&) = delete;
  /// Stops the thread; writes out what log lines are left.
  ~FeedControl();

 private:
  FeedControl(FeedLink& link, FeedLoop& loop, const Options& options);

  [[nodiscard]] shm::SymbolAnswer want(std::string_view symbol, std::uint32_t kinds_new);
  void unwant(std::string_view symbol, std::uint32_t kinds_gone);
  [[nodiscard]] bool push(const Command& command);
  void write_notices();

  FeedLink& link_;
  FeedLoop& loop_;
  Options options_;
  std::uint32_t token_ = 0;
  std::unique_ptr<shm::ControlServer> server_;  // last: its thread uses all of the above
};

}  // namespace ringside::feed
