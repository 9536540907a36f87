// Owns the gateway's settings, read once from the configuration and checked together. Off the path;
// allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"

namespace ringside::gateway {

/// One feed the gateway serves.
struct FeedSettings {
  std::string name = {};    // "stocks"
  std::string vendor = {};  // "massive": `source` in the messages
  bool is_options = false;  // symbols that begin with "O:" belong to it
};

/// Everything that has a maximum. Each has a counter in counters.hpp.
struct Limits {
  std::size_t client_count_max = 1024;
  std::size_t header_bytes_max = 8192;
  std::size_t message_bytes_max = 16'384;
  std::uint32_t message_rate_max = 200;  // per second and client, with a second's burst
  std::size_t subscription_count_max = 1000;
  std::size_t backlog_bytes_max = 262'144;
  std::size_t backlog_total_bytes_max = std::size_t{256} << 20;
  std::uint64_t request_ns_max = 10'000'000'000;
  std::uint64_t idle_ns = 30'000'000'000;
  std::uint64_t stall_ns = 10'000'000'000;
};

struct Settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string run_dir = {};
  std::vector<FeedSettings> feeds = {};
  std::vector<std::string> origins = {};
  std::string tokens_file = {};
  std::string tls_cert = {};
  std::string tls_key = {};
  Limits limits = {};
  std::uint64_t conflate_ns = 16'000'000;
  int socket_send_bytes = 131'072;
};

/// Errors  config: an address beyond loopback without tokens, half of a TLS pair, an origin that is
///         none, two feeds of one market.
[[nodiscard]] Result<Settings> read_settings(const Config& config);

/// What read_settings checks beyond each knob's own bounds.
[[nodiscard]] Status check_settings(const Settings& settings);

}  // namespace ringside::gateway
