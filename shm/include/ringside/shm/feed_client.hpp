// Owns a consumer's attachment to one feed: the control socket, the mapped segment, what it asked
// for. Attaches again by itself when the feed handler was restarted. One thread; attaching
// allocates.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/shm/control.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::shm {

/// What happened to the attachment since the last look.
enum class FeedEvent : std::uint8_t {
  none,
  attached,  // a new epoch: make new readers from segment()
  lost,      // the feed handler is gone; the segment stays mapped and readable until `attached`
  resumed,   // after `lost`: the same epoch answers again; readers simply go on
};

/// One symbol as the feed answered for it.
struct SymbolStatus {
  std::string symbol;
  std::uint32_t instrument_id = instrument_none;
  SymbolState state = SymbolState::none;
  RefuseReason reason = RefuseReason::none;
};

/// A consumer of one feed.
class FeedClient {
 public:
  struct Options {
    std::string path;                        // <run_dir>/<feed>.sock
    std::string name = "consumer";           // up to 31 characters, shown by `ringside top`
    std::uint64_t retry_ns = 100'000'000;    // between attempts to attach
    std::uint64_t stale_ns = 1'000'000'000;  // a heartbeat older than this is a dead writer
    int answer_ms_max = 2000;                // a feed handler that does not answer is not there
  };

  explicit FeedClient(Options options);
  FeedClient(FeedClient&&) noexcept;
  FeedClient& operator=(FeedClient&&) noexcept;
  ~FeedClient();

  /// Looks at the socket, and tries to attach when it is time. Never waits longer than an attach
  /// takes. Call it every few ms. `now`: monotonic_ns().
  [[nodiscard]] FeedEvent poll(std::uint64_t now);

  /// Attaches now or says why not; for tools that do not wait.
  /// Errors  not_found: no such socket; connect: nobody listens; version, permission, protocol.
  [[nodiscard]] Status attach();

  [[nodiscard]] bool is_attached() const noexcept { return static_cast<bool>(socket_); }
  /// The mapped segment; nullptr before the first attach. After `lost` it is the dead writer's.
  [[nodiscard]] std::shared_ptr<const SegmentView> segment() const noexcept { return segment_; }
  /// Why the last attempt failed, for display.
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

  /// Asks for kinds (Want bits) of symbols, now and after every re-attach, until unsubscribe.
  /// Returns each symbol's answer; an empty list while not attached.
  std::vector<SymbolStatus> subscribe(std::span<const std::string> symbols, std::uint32_t kinds);
  void unsubscribe(std::span<const std::string> symbols, std::uint32_t kinds);

  /// Tells the feed how this reader stands (shown by `ringside top`). Never waits.
  void report(std::uint64_t received, std::uint64_t lost, std::uint64_t pending) noexcept;

  /// Sleeps until the feed rings or `timeout_ns` passed; has_news() guards against sleeping over
  /// what is already there. While not attached it only sleeps.
  template <class HasNews>
  void sleep(std::uint64_t timeout_ns, HasNews&& has_news) noexcept {
    if (segment_ == nullptr || !is_attached()) {
      sleep_plain(timeout_ns);
    } else {
      doorbell_.sleep(segment_->wake_word(), timeout_ns, has_news);
    }
  }

 private:
  static void sleep_plain(std::uint64_t timeout_ns) noexcept;
  void drop() noexcept;
  [[nodiscard]] FeedEvent tell_attached(std::uint64_t epoch_before);
  [[nodiscard]] Status say_hello();
  [[nodiscard]] Status receive_segment();
  void send_symbols(ControlType type, std::span<const std::string> symbols, std::uint32_t kinds,
                    std::vector<SymbolStatus>* answers);
  void subscribe_again();

  Options options_;
  UniqueFd socket_;
  std::shared_ptr<const SegmentView> segment_;
  DoorbellReader doorbell_;
  std::map<std::string, std::uint32_t, std::less<>> wanted_;  // symbol -> Want bits
  std::string last_error_;
  std::uint64_t next_try_ns_ = 0;
  bool was_attached_ = false;  // what poll() told last
  std::uint64_t epoch_told_ = 0;
  std::uint32_t token_ = 0;
};

}  // namespace ringside::shm
