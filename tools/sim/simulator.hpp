// Owns a whole simulator: run-time files, event stream, server, pump, control socket, put together
// and run. One thread; off the hot path only while it is created.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ringside/base/process.hpp"
#include "ringside/base/result.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/tls.hpp"
#include "sim/certs.hpp"
#include "sim/control.hpp"
#include "sim/event_stream.hpp"
#include "sim/files.hpp"
#include "sim/options.hpp"
#include "sim/pump.hpp"
#include "sim/server.hpp"

namespace ringside::sim {

class Simulator {
 public:
  /// Makes the run-time files (certificates, key), opens the TAQ files or makes the market, and
  /// listens. <run_dir>/sim/port is there when this returns.
  /// Errors  busy: the port is taken, or another simulator has this run_dir; not_found, io, config:
  ///         a TAQ file; tls, memory, permission: as the libraries say.
  [[nodiscard]] static Result<std::unique_ptr<Simulator>> create(const SimOptions& options);

  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
  ~Simulator();

  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] const SimPaths& paths() const noexcept { return paths_; }

  /// One turn: waits for sockets up to `wait_ns_max`, serves them, sends what is due.
  void turn(std::uint64_t wait_ns_max);

  /// Turns until a stop is asked for, or the stream has ended and `exits_at_end`; then ends the
  /// connections so that nothing sent is lost. `on_end` is called once, at the stream's end.
  void run(const std::function<void()>& on_end);

  [[nodiscard]] bool has_started() const noexcept { return pump_.has_started(); }

  /// Everything is sent and in the kernel.
  [[nodiscard]] bool is_finished() const noexcept { return pump_.is_finished(); }

  /// Totals, connections, rows of the files: one JSON object on one line.
  [[nodiscard]] std::string report_json();

  /// The rows of a replay; null for a synthetic market.
  [[nodiscard]] const TaqReport* taq_report() const noexcept { return stream_->taq_report(); }

 private:
  Simulator(const SimOptions& options, SimPaths paths, std::string key, LockFile lock,
            net::Loop loop, net::TlsContext tls, std::unique_ptr<MarketInstruments> instruments,
            std::unique_ptr<EventStream> stream);

  std::string execute(const Command& command);
  void finish(std::uint64_t patience_ns);

  SimOptions options_;
  SimPaths paths_;
  std::string key_;
  LockFile lock_;
  net::Loop loop_;
  net::TlsContext tls_;
  std::unique_ptr<MarketInstruments> instruments_;
  std::unique_ptr<EventStream> stream_;
  Server server_;
  Pump pump_;
  ControlSocket control_;
  bool wants_end_ = false;
};

/// The stream that the options describe; fills `instruments`.
[[nodiscard]] Result<std::unique_ptr<EventStream>> make_stream(const SimOptions& options,
                                                               MarketInstruments& instruments);

}  // namespace ringside::sim
