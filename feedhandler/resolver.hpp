// Owns the one thing about connecting that may block for seconds: asking for a host's addresses. It
// runs on a thread of its own for as long as it takes, so that the feed's heartbeat goes on.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringside/base/result.hpp"

namespace ringside::feed {

class Resolver {
 public:
  /// Starts to look `host` up; what an earlier start would still find is forgotten.
  void start(const std::string& host);

  /// The outcome, once: numeric addresses, in the system's order; nothing while it is not there.
  /// Errors  connect: the name does not resolve; internal: no thread.
  [[nodiscard]] std::optional<Result<std::vector<std::string>>> poll();

  void cancel() noexcept { lookup_.reset(); }

 private:
  struct Lookup {
    std::string host;
    std::vector<std::string> addresses;
    std::string error;
    std::atomic<bool> is_done{false};
  };
  static void run(Lookup& lookup);
  std::shared_ptr<Lookup> lookup_;  // shared with its thread, which outlives a cancel
};

/// Is the text an IPv4 or IPv6 address?
[[nodiscard]] bool is_address(const std::string& host) noexcept;

}  // namespace ringside::feed
