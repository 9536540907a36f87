// Owns Listener: a listening TCP socket with one multishot accept. The loop's thread. Allocates
// when opened.
#pragma once

#include <cstdint>
#include <string>

#include "ringside/base/result.hpp"
#include "ringside/net/delegate.hpp"
#include "ringside/net/loop.hpp"

namespace ringside::net {

struct ListenOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6 address, not a name
  std::uint16_t port = 0;             // 0: any free one; port() tells which
  bool reuse_port = false;            // SO_REUSEPORT: several processes share the port
  int backlog = 1024;
};

struct ListenHandlers {
  /// A new connection. The callee owns `fd`: give it to Stream::accept, or close it.
  Delegate<void(int)> on_accept = {};
  /// accept failed with this errno (EMFILE ...); accepting goes on after a tenth of a second.
  Delegate<void(int)> on_error = {};
};

/// Destroying it stops listening; connections already handed out live on. The callback may destroy
/// it. The loop must outlive it.
class Listener {
 public:
  Listener() noexcept = default;
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;

  /// Errors  busy: port taken; permission: port below 1024; config: not an address; io. All name
  ///         address and port.
  [[nodiscard]] static Result<Listener> open(Loop& loop, const ListenOptions& options,
                                             const ListenHandlers& handlers);

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] bool is_valid() const noexcept { return state_ != nullptr; }
  void close() noexcept;

 private:
  explicit Listener(struct ListenerState* state) noexcept : state_(state) {}
  struct ListenerState* state_ = nullptr;
};

}  // namespace ringside::net
