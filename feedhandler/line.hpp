// Owns one connection to the vendor: what the session decides becomes sockets and frames here, and
// what arrives becomes records. The feed's thread; allocates when it connects and when it sends,
// never per event.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "counters.hpp"
#include "link.hpp"
#include "publish.hpp"
#include "resolver.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/ws_client.hpp"
#include "session.hpp"
#include "vendor/massive/decode.hpp"

namespace ringside::feed {

class Line {
 public:
  struct Options {
    std::string host;
    std::uint16_t port = 443;
    std::string target = "/";
    const net::TlsContext* tls = nullptr;  // outlives the line; nullptr: plain, tests only
    bool is_delayed = false;               // by the plan: the feed's state says so
    massive::Decoder::Options decoder = {};
    Session::Options session = {};
  };

  /// Errors  memory: the decoder's tables.
  [[nodiscard]] static Result<std::unique_ptr<Line>> create(const Options& options, net::Loop& loop,
                                                            Publisher& publisher,
                                                            FeedCounters& counters,
                                                            shm::SegmentWriter& segment,
                                                            FeedLink& link);

  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Does what is due; before every poll of the loop. `now`: monotonic.
  void step(std::uint64_t now);

  /// Closes with code 1000; no further attempt.
  void stop() noexcept;

  /// When step() is needed though nothing arrives.
  [[nodiscard]] std::uint64_t next_deadline() const noexcept;
  [[nodiscard]] Session& session() noexcept { return session_; }
  [[nodiscard]] bool is_connected() const noexcept { return is_client_open_; }

 private:
  Line(const Options& options, massive::Decoder decoder, net::Loop& loop, Publisher& publisher,
       FeedCounters& counters, shm::SegmentWriter& segment, FeedLink& link);

  void act(const Session::Action& action, std::uint64_t now);
  void begin_connect(std::uint64_t now);
  void connect_to(const std::string& address, std::uint64_t now);
  void send(const Session::Action& action, std::uint64_t now);
  void note_progress(std::uint64_t now);
  void show_state();
  void show_change(SessionState state, std::uint64_t ts_now);

  void on_open() noexcept;
  void on_message(net::WsOpcode opcode, std::span<const std::byte> payload,
                  std::uint64_t ts_recv) noexcept;
  void on_close(net::WsCloseCode code, const Error& error) noexcept;
  void take(std::span<Decoded> events, std::uint64_t ts_recv) noexcept;
  void log_reject(std::uint64_t rejects_before) noexcept;
  void notice(log::Level level, std::string_view text) noexcept;

  // One call of the decoder; its records fit the first cache.
  static constexpr std::size_t batch_size = 16;

  Options options_;
  massive::Decoder decoder_;
  Session session_;
  Resolver resolver_;
  net::Loop& loop_;
  Publisher& publisher_;
  FeedCounters& counters_;
  shm::SegmentWriter& segment_;
  FeedLink& link_;
  net::WsClient client_;
  std::array<Decoded, batch_size> batch_;
  bool is_client_open_ = false;
  bool is_resolving_ = false;
  bool is_stopping_ = false;
  std::uint64_t bytes_seen_ = 0;
  std::uint64_t ts_last_recv_ = 0;  // wall
  std::uint64_t not_authorized_before_ = 0;
  std::uint64_t connects_ = 0;
  std::uint64_t attempts_shown_ = 0;
  SessionState state_shown_ = SessionState::back_off;
};

}  // namespace ringside::feed
