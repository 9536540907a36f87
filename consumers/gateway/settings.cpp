#include "settings.hpp"

#include <algorithm>

#include "access.hpp"
#include "ringside/base/process.hpp"

namespace ringside::gateway {

namespace {

constexpr std::uint64_t ms_ns = 1'000'000;

Error config_error(std::string what) {
  return Error{ErrorCode::config, 0, std::move(what)};
}

Limits read_limits(const Config& config) {
  const auto size = [&config](std::string_view key) {
    return static_cast<std::size_t>(config.integer(key));
  };
  Limits limits;
  limits.client_count_max = size("gateway.client_count_max");
  limits.header_bytes_max = size("gateway.header_bytes_max");
  limits.message_bytes_max = size("gateway.message_bytes_max");
  limits.message_rate_max = static_cast<std::uint32_t>(size("gateway.message_rate_max"));
  limits.subscription_count_max = size("gateway.subscription_count_max");
  limits.backlog_bytes_max = size("gateway.backlog_bytes_max");
  limits.backlog_total_bytes_max = size("gateway.backlog_total_bytes_max");
  limits.request_ns_max = size("gateway.request_ms_max") * ms_ns;
  limits.idle_ns = size("gateway.idle_ms") * ms_ns;
  limits.stall_ns = size("gateway.stall_ms") * ms_ns;
  return limits;
}

}  // namespace

Result<Settings> read_settings(const Config& config) {
  Settings settings;
  settings.address = config.text("gateway.address");
  if (settings.address == "localhost") settings.address = "127.0.0.1";
  settings.port = static_cast<std::uint16_t>(config.integer("gateway.port"));
  settings.run_dir = config.run_dir();
  for (const std::string& name : config.feeds("gateway.feeds")) {
    settings.feeds.push_back({.name = name,
                              .vendor = config.text("feed." + name + ".vendor"),
                              .is_options = config.text("feed." + name + ".market") == "options"});
  }
  settings.origins = config.list("gateway.origins");
  settings.tokens_file = config.text("gateway.tokens_file");
  settings.tls_cert = config.text("gateway.tls_cert");
  settings.tls_key = config.text("gateway.tls_key");
  settings.limits = read_limits(config);
  settings.conflate_ns = static_cast<std::uint64_t>(config.integer("gateway.conflate_ms")) * ms_ns;
  settings.socket_send_bytes = static_cast<int>(config.integer("gateway.socket_send_bytes"));
  if (Status status = check_settings(settings); !status) return status.error();
  return settings;
}

Status check_settings(const Settings& settings) {
  if (!is_loopback(settings.address) && settings.tokens_file.empty()) {
    return config_error("gateway.address " + settings.address +
                        ": without gateway.tokens_file only a loopback address is served "
                        "(127.0.0.1 or ::1)");
  }
  if (settings.tls_cert.empty() != settings.tls_key.empty()) {
    return config_error(
        std::string(settings.tls_cert.empty() ? "gateway.tls_key" : "gateway.tls_cert") +
        " is set alone: wss needs gateway.tls_cert and gateway.tls_key");
  }
  for (const std::string& origin : settings.origins) {
    if (!is_origin_text(origin)) {
      return config_error("gateway.origins: \"" + origin +
                          "\" is no origin; write scheme://host[:port] in small letters, without "
                          "a path");
    }
  }
  for (const bool is_options : {false, true}) {
    if (std::count_if(settings.feeds.begin(), settings.feeds.end(), [&](const FeedSettings& feed) {
          return feed.is_options == is_options;
        }) > 1) {
      return config_error(std::string("gateway.feeds: two feeds of market ") +
                          (is_options ? "options" : "stocks") + ", one is served");
    }
  }
  return {};
}

}  // namespace ringside::gateway
