// Owns the listening socket and all connections: quota, routing of events to whoever wants them,
// clean-up. The loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/net/listener.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/tls.hpp"
#include "sim/connection.hpp"
#include "sim/event.hpp"

namespace ringside::sim {

/// Which connection ends when a market has one too many.
enum class QuotaPolicy : std::uint8_t { evict_oldest, refuse_new, random };

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t connections_max = 1;  // authenticated ones, for each market
  QuotaPolicy quota = QuotaPolicy::evict_oldest;
  WireOptions wire{};
};

/// Which markets a fault is for.
using MarketSet = std::array<bool, market_count>;

/// Events by market and kind.
using EventCounts = std::array<std::array<std::uint64_t, event_kind_count>, market_count>;

class Server {
 public:
  /// `instruments` must be complete and outlive the server; so must `loop` and `tls`.
  Server(net::Loop& loop, const net::TlsContext& tls, const MarketInstruments& instruments,
         const ServerOptions& options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Errors  busy: the port is taken; as Listener::open.
  [[nodiscard]] Status listen();
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }

  /// Puts the event into the frame of every connection that wants it; full frames are sent.
  /// Cost  one formatting however many want it.
  void deliver(const Event& event);

  /// Sends the frames that hold something.
  void send_frames();

  /// Timeouts, ended connections. Call after each turn of the loop.
  void tick(std::uint64_t now_ns);

  /// The largest backlog of a live connection, in bytes not yet in the kernel.
  [[nodiscard]] std::size_t backlog_bytes_max() const noexcept;

  /// Different "TOPIC.SYMBOL" pairs of all live connections, per market.
  [[nodiscard]] std::size_t pair_count();

  [[nodiscard]] std::size_t live_count() const noexcept {
    return live_[0].size() + live_[1].size();
  }
  [[nodiscard]] bool is_empty() const noexcept { return connections_.empty(); }

  // Faults and ends, on every live connection of a market, or of both.
  void drop_all(const MarketSet& markets);
  void close_all(const MarketSet& markets, net::WsCloseCode code);
  void evict_all(const MarketSet& markets);
  void send_all(const MarketSet& markets, std::string_view text);
  void finish_all();

  /// Every event from now on is put into the frames twice, `count` times.
  void duplicate(std::uint64_t count) noexcept { duplicates_left_ = count; }

  [[nodiscard]] WireOptions& wire() noexcept { return options_.wire; }
  [[nodiscard]] const WireCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const EventCounts& sent() const noexcept { return sent_; }

 private:
  void on_accept(int fd) noexcept;
  void on_accept_error(int error) noexcept;
  void on_authenticated(Connection* connection) noexcept;
  void on_subscriptions(Connection* connection) noexcept;
  void forget_dead();

  net::Loop& loop_;
  const net::TlsContext& tls_;
  const MarketInstruments& instruments_;
  ServerOptions options_;
  net::Listener listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::array<std::vector<Connection*>, market_count> live_;  // in order of authentication
  std::size_t pair_count_ = 0;
  bool is_pair_count_stale_ = false;
  WireCounts counts_;
  EventCounts sent_{};
  Rng rng_;
  std::uint64_t next_id_ = 0;
  std::uint64_t duplicates_left_ = 0;
};

}  // namespace ringside::sim
