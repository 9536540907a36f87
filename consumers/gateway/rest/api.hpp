// Owns the HTTP side of what lies in memory: quotes, trades, bars, search, states, metrics, the
// page. Reads the same segments as the live stream, on the same thread, and never waits; allocates
// for its answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feeds.hpp"
#include "rest/reply.hpp"
#include "ringside/net/http.hpp"

namespace ringside::gateway {

/// What the server knows and the API tells.
struct Gauges {
  std::size_t connections = 0;
  std::size_t clients = 0;
  std::size_t backlog_bytes = 0;
};

inline constexpr std::size_t trades_limit_max = 1000;
inline constexpr std::size_t bars_limit_max = 5000;
inline constexpr std::size_t search_limit_max = 100;
inline constexpr std::uint32_t search_symbols_max = 200'000;  // of each directory: a bounded scan

class Api {
 public:
  Api(Shared& shared, Topics& topics, Fanout& fanout, Feeds& feeds)
      : shared_(shared), topics_(topics), fanout_(fanout), feeds_(feeds) {}
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Answers one request. HEAD is answered as GET: the caller leaves the body out.
  void handle(const net::HttpMessage& request, const Gauges& gauges, Reply& reply);

 private:
  struct Call {
    const net::HttpMessage& request;
    const Gauges& gauges;
    Reply& reply;
    std::string symbol = {};  // of the path, decoded
  };
  struct Route;
  static const Route routes[];

  [[nodiscard]] bool read_symbol(Call& call, std::string_view rest) const;
  void web(Call& call, std::string_view path);

  void health(Call& call);
  void ready(Call& call);
  void metrics(Call& call);
  void socket(Call& call);
  void status(Call& call);
  void search(Call& call);
  void quote(Call& call);
  void trades(Call& call);
  void historical(Call& call);

  Shared& shared_;
  Topics& topics_;
  Fanout& fanout_;
  Feeds& feeds_;
};

/// An unsigned number of a query within bounds; `absent` when it is not there. False: the reply
/// says what is wrong.
[[nodiscard]] bool read_number(const net::HttpMessage& request, std::string_view name,
                               std::uint64_t least, std::uint64_t most, std::uint64_t& value,
                               Reply& reply);

/// Appends the metrics of every segment and of the gateway, as Prometheus reads them.
void append_metrics(std::string& out, const Feeds& feeds, const Counters& counters,
                    const Gauges& gauges);

}  // namespace ringside::gateway
