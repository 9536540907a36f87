// Owns the whole gateway: its parts and the duty cycle of its one thread. Allocates when it is
// created and when clients come; see the parts for the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"
#include "settings.hpp"

namespace ringside::gateway {

class Gateway {
 public:
  /// Builds everything and listens.
  /// Errors  config, not_found, tls, permission, busy, memory, io; names what and where.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> create(const Settings& settings);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  /// The port that is bound; also in <run_dir>/gateway.port.
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Works until stop() or a stop signal, then says good-bye to every client. The thread that runs
  /// it has to be the one that destroys it: the loop is its own.
  void run();

  /// Any thread.
  void stop() noexcept;

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);
  void turn();
  [[nodiscard]] std::uint64_t wait_ns() const noexcept;
  void watch(std::uint64_t now);
  void shut_down();

  std::unique_ptr<Parts> parts_;
  std::atomic<bool> is_stopping_{false};
};

/// The program: settings from the configuration, then run until a stop signal.
[[nodiscard]] Status run_gateway(const Config& config);

}  // namespace ringside::gateway
