// Owns one WebSocket client's outgoing side: its policy, its backlog, what it was not sent and is
// still to be told. The gateway's thread; sending copies into the stream's output and does not
// allocate once that has grown.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channel.hpp"
#include "counters.hpp"
#include "frame.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/ws_channel.hpp"
#include "settings.hpp"
#include "topic.hpp"

namespace ringside::gateway {

/// What all clients share.
struct Shared {
  Limits limits = {};
  Counters counters = {};
  std::size_t backlog_total = 0;  // of all clients; the server's sweep corrects it
  std::uint64_t turn = 0;         // bytes leave once a turn
  /// Some client was given much in this turn: end it soon, so that what only waits for the turn's
  /// end is not taken for a backlog.
  bool is_pressed = false;
};

/// Room above the backlog's limit for what is not data: lag, pong, status, errors.
inline constexpr std::size_t control_reserve_bytes = 65'536;

class Client {
 public:
  struct Options {
    std::uint64_t id = 0;
    Policy policy = Policy::conflate;
    bool is_authorized = true;
    std::uint64_t now = 0;  // monotonic
  };
  /// The stream and the channel outlive the client and stay where they are.
  Client(const Options& options, Shared& shared, net::Stream& stream, net::WsChannel& channel);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] Policy policy() const noexcept { return policy_; }
  void set_policy(Policy policy) noexcept { policy_ = policy; }
  [[nodiscard]] bool is_authorized() const noexcept { return is_authorized_; }
  void authorize() noexcept { is_authorized_ = true; }

  /// One data message. A full backlog drops and counts it, or closes the client (its policy).
  void send(const Frame& frame, Channel channel) noexcept;
  /// A newest value: false, and nothing happened, when there is no room; it is asked again later.
  [[nodiscard]] bool send_value(const Frame& frame) noexcept;
  /// A message about the session: never dropped; a client whose reserve is full too is closed.
  void send_control(std::string_view json) noexcept;

  /// Records of `feed` that this gateway itself lost, or that a gap swallowed.
  void send_loss(std::string_view reason, std::string_view feed, std::uint64_t count) noexcept;

  /// Whether newest values may be sent now: only while little is waiting, so that what waits is
  /// fresh.
  [[nodiscard]] bool is_ready_for_values() const noexcept;
  [[nodiscard]] bool is_lagging() const noexcept { return is_lagging_; }

  /// Looks after time: ends a lag with its `lag` message once there is room, pings a silent client.
  /// Returns false when the connection has to be aborted: silent or stalled for too long.
  [[nodiscard]] bool sweep(std::uint64_t now) noexcept;
  void on_drain() noexcept;
  /// Any bytes from the peer. Returns false when it sends more messages than it may.
  void note_bytes(std::uint64_t now) noexcept { heard_ns_ = now; }
  [[nodiscard]] bool note_message(std::uint64_t now) noexcept;

  void close(net::WsCloseCode code, std::string_view reason) noexcept;
  [[nodiscard]] bool is_closing() const noexcept { return is_closing_ || channel_.is_closing(); }
  [[nodiscard]] std::size_t backlog_bytes() const noexcept { return stream_.backlog_bytes(); }

  /// Fanout's part of a client.
  struct Links {
    std::unordered_map<const Topic*, std::unique_ptr<Subscription>> subscriptions = {};
    std::size_t symbol_count = 0;  // subscriptions that were asked for by name
    ChannelSet wildcard = 0;
    std::vector<Subscription*> dirty = {};
    bool is_dirty_listed = false;
    std::uint64_t flush_next_ns = 0;
  };
  [[nodiscard]] Links& links() noexcept { return links_; }

 private:
  [[nodiscard]] bool has_room(std::size_t bytes) noexcept;
  void become_full(Channel channel) noexcept;
  void count_sent(std::size_t bytes) noexcept;
  void end_lag() noexcept;

  std::uint64_t id_;
  Shared& shared_;
  net::Stream& stream_;
  net::WsChannel& channel_;
  Links links_;
  Policy policy_;
  bool is_authorized_;
  bool is_closing_ = false;
  bool is_lagging_ = false;
  bool is_pinged_ = false;
  std::array<std::uint64_t, channel_count> dropped_ = {};  // since the client was last told
  std::uint64_t turn_ = 0;
  std::size_t turn_bytes_ = 0;     // given to the stream in turn_
  std::uint64_t sent_bytes_ = 0;   // given to the stream
  std::uint64_t taken_bytes_ = 0;  // of these, by the kernel at last look
  std::uint64_t opened_ns_;
  std::uint64_t progress_ns_;  // when taken_bytes_ last grew
  std::uint64_t heard_ns_;
  std::uint64_t budget_ns_;  // when the message budget was full, as a time: a leaky bucket
};

}  // namespace ringside::gateway
