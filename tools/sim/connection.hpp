// Owns one client's connection: upgrade, WebSocket frames, the session on top, the frame being
// filled. The loop's thread. Allocates when accepted and per message from the client.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/net/delegate.hpp"
#include "ringside/net/http.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/ws.hpp"
#include "sim/event.hpp"
#include "sim/frame_builder.hpp"
#include "sim/random.hpp"
#include "sim/session.hpp"
#include "sim/wants.hpp"

namespace ringside::sim {

/// What all connections share. Read at each use: the control socket may change it.
struct WireOptions {
  std::array<SessionOptions, market_count> sessions{};
  std::size_t frame_events_max = 500;
  bool frame_sizes_random = false;  // frames end by the seed, not by the clock
  std::uint64_t seed = 1;
  std::size_t buffer_bytes = 8 << 20;  // unsent bytes before the client is a slow consumer
  std::uint64_t pong_delay_ns = 0;     // pong_never: none
  std::uint64_t head_timeout_ns = 10'000'000'000;
  std::uint64_t close_timeout_ns = 2'000'000'000;  // for the client's close frame
  std::uint64_t end_timeout_ns = 10'000'000'000;   // for what is unsent, and the client's end
};
inline constexpr std::uint64_t pong_never = ~std::uint64_t{0};

/// What happened on the wire, summed over all connections.
struct WireCounts {
  std::uint64_t accepted = 0;
  std::uint64_t upgraded = 0;
  std::uint64_t refused = 0;  // answered with an HTTP error
  std::uint64_t auth_failed = 0;
  std::uint64_t evicted = 0;
  std::uint64_t slow_drops = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // of data frames' text
  std::uint64_t requests_ignored = 0;
};

class Connection {
 public:
  struct Owner {
    net::Delegate<void(Connection*)> on_authenticated;  // it may evict others, or this one
    net::Delegate<void(Connection*)> on_subscriptions;  // its pairs have changed
  };

  Connection(std::uint64_t id, const MarketInstruments& instruments, const WireOptions& options,
             WireCounts& counts, const Owner& owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes over an accepted socket.  Errors  as Stream::accept.
  [[nodiscard]] Status start(net::Loop& loop, int fd, const net::TlsContext& tls);

  /// Upgraded, authenticated and not ending: it receives events.
  [[nodiscard]] bool is_live() const noexcept {
    return state_ == State::open && session_.has_value() && session_->is_authenticated();
  }
  [[nodiscard]] bool is_dead() const noexcept { return state_ == State::dead; }
  [[nodiscard]] Market market() const noexcept { return market_; }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const Session* session() const noexcept { return session_ ? &*session_ : nullptr; }
  [[nodiscard]] const Wants& wants() const noexcept { return *wants_; }
  [[nodiscard]] std::size_t backlog_bytes() const noexcept { return stream_.backlog_bytes(); }

  /// The frame that is being filled; full ones are sent by send_if_full().
  [[nodiscard]] FrameBuilder& frame() noexcept { return frame_; }
  void send_if_full() {
    if (frame_.is_full()) send_frame();
  }
  void send_frame();

  /// A text message as it is. A client whose buffer is full is aborted.
  void send_text(std::string_view text);

  /// Timeouts and delayed pongs.
  void tick(std::uint64_t now_ns);

  void evict();                       // status, then close 1008
  void close(net::WsCloseCode code);  // closing handshake
  void finish();                      // everything sent, then end without a close frame
  void abort();                       // RST at once

 private:
  enum class State : std::uint8_t { opening, http, open, closing, ending, dead };

  struct DelayedPong {
    std::uint64_t ts_due_ns;
    std::string payload;
  };

  void on_open() noexcept;
  void on_data(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept;
  void on_close(const Error& error) noexcept;
  void read_request(std::span<const std::byte>& bytes);
  void upgrade(const net::HttpMessage& request, Market market);
  void refuse(unsigned status, std::string_view body);
  void read_frames(std::span<const std::byte> bytes);
  void perform(SessionOutput&& output);
  void answer_ping(std::span<const std::byte> payload);
  void send(net::WsOpcode opcode, std::span<const std::byte> payload);
  void next_limit();

  std::uint64_t id_;
  const MarketInstruments& instruments_;
  const WireOptions& options_;
  WireCounts& counts_;
  Owner owner_;
  State state_ = State::opening;
  Market market_ = Market::stocks;
  net::Stream stream_;
  net::HttpParser request_;
  net::WsDecoder decoder_;
  std::optional<Session> session_;
  std::optional<Wants> wants_;
  FrameBuilder frame_;
  Rng rng_;
  std::vector<DelayedPong> pongs_;
  std::uint64_t ts_deadline_ns_ = 0;  // of the upgrade or of the closing handshake; monotonic
};

}  // namespace ringside::sim
