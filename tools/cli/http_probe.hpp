// Owns one small HTTP question to a server on this machine, as the supervisor asks it. Bounded by a
// time-out; main thread; allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ringside::cli {

struct HttpAnswer {
  int status = 0;
  std::string body;  // up to 64 KiB
};

/// GET `path`; nullopt: no server, no whole answer in time, or not HTTP.
/// Shapes  address: an IPv4 or IPv6 literal; a wildcard stands for loopback.
[[nodiscard]] std::optional<HttpAnswer> http_get(const std::string& address, std::uint16_t port,
                                                 const std::string& path, std::int64_t timeout_ms);

/// Does anybody accept connections there?
[[nodiscard]] bool is_listening(const std::string& address, std::uint16_t port,
                                std::int64_t timeout_ms);

/// "http://127.0.0.1:8080/" for what a browser on this machine should open.
[[nodiscard]] std::string dashboard_url(const std::string& address, std::uint16_t port,
                                        bool is_tls);

}  // namespace ringside::cli
