// Owns the feed's end of the control socket: hands the segment over, counts references per symbol
// and kind over all consumers, and releases what a dead consumer held. Runs a thread of its own,
// off the path; allocates.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ringside/base/result.hpp"
#include "ringside/shm/control.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {

/// What the owner of the segment says of one symbol.
struct SymbolAnswer {
  std::uint32_t instrument_id = instrument_none;
  SymbolState state = SymbolState::pending;
  RefuseReason reason = RefuseReason::none;
};

/// Serves one segment's control socket.
class ControlServer {
 public:
  /// All hooks run on the control thread.
  struct Hooks {
    /// A consumer asks for `symbol`; `kinds_new` are the kinds that nobody wanted until now (may be
    /// 0: then it only asks for the state). May wait a little for the feed's thread.
    std::function<SymbolAnswer(std::string_view symbol, std::uint32_t kinds_new)> want;
    /// Nobody has wanted these kinds of `symbol` for linger_ms.
    std::function<void(std::string_view symbol, std::uint32_t kinds_gone)> unwant;
    /// About every 10 ms: for the owner's own slow work. May be empty.
    std::function<void()> idle;
  };
  struct Options {
    std::string path;  // of the socket; its folder exists
    std::uint32_t linger_ms = 5000;
    std::uint32_t consumer_count_max = reader_rows;
    std::uint32_t subscriptions_max = 100'000;  // (symbol, consumer) pairs
  };

  /// Binds the socket (mode 0600; a stale one is replaced: the caller holds the feed's lock) and
  /// starts the thread. The segment must be marked ready and outlive the server.
  /// Errors  busy, permission, io: names the path.
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>> start(SegmentWriter& segment,
                                                                    const Options& options,
                                                                    Hooks hooks);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  /// Stops the thread, closes every consumer's socket and removes the path.
  ~ControlServer();

  /// Counts since start, readable from any thread.
  struct Stats {
    std::uint64_t attached = 0;
    std::uint64_t refused = 0;
    std::uint64_t released = 0;  // consumers whose socket closed
    std::uint64_t bad_messages = 0;
  };
  [[nodiscard]] Stats stats() const noexcept;

 private:
  struct State;
  explicit ControlServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ringside::shm
