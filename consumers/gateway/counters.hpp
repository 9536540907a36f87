// Owns what the gateway counts of itself: plain numbers of its one thread, printed by /metrics.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "channel.hpp"

namespace ringside::gateway {

struct Counters {
  std::uint64_t connections = 0;   // accepted
  std::uint64_t requests = 0;      // HTTP requests answered
  std::uint64_t upgrades = 0;      // WebSocket clients admitted
  std::uint64_t messages_in = 0;   // from clients
  std::uint64_t messages_out = 0;  // data messages to clients
  std::uint64_t control_out = 0;   // every other message to clients
  std::uint64_t bytes_out = 0;     // of both, with frame headers
  std::uint64_t encoded = 0;       // data messages built; messages_out / encoded is the sharing
  std::uint64_t conflated = 0;     // values replaced by a newer one before they were sent
  std::uint64_t lag_messages = 0;  // clients told of a loss
  std::uint64_t bad_messages = 0;  // from clients, answered with `error`
  std::array<std::uint64_t, channel_count> dropped = {};  // per client that lost it

  // One for each limit; what it stopped.
  std::uint64_t limit_clients = 0;
  std::uint64_t limit_header_bytes = 0;
  std::uint64_t limit_message_bytes = 0;
  std::uint64_t limit_message_rate = 0;
  std::uint64_t limit_subscriptions = 0;
  std::uint64_t limit_backlog = 0;        // times a client's backlog became full
  std::uint64_t limit_backlog_total = 0;  // of these, because of all clients together
  std::uint64_t limit_request_time = 0;
  std::uint64_t limit_idle = 0;
  std::uint64_t limit_stall = 0;
  std::uint64_t refused_origin = 0;
  std::uint64_t refused_host = 0;
  std::uint64_t refused_token = 0;
};

struct CounterName {
  std::string_view name;
  std::string_view help;
  std::uint64_t Counters::*value;
};

inline constexpr CounterName counter_names[] = {
    {"connections", "Connections accepted", &Counters::connections},
    {"http_requests", "HTTP requests answered", &Counters::requests},
    {"upgrades", "WebSocket clients admitted", &Counters::upgrades},
    {"messages_received", "Messages from clients", &Counters::messages_in},
    {"messages_sent", "Data messages to clients", &Counters::messages_out},
    {"control_sent", "Other messages to clients", &Counters::control_out},
    {"bytes_sent", "Bytes of messages to clients", &Counters::bytes_out},
    {"encoded", "Data messages built, each shared by its subscribers", &Counters::encoded},
    {"conflated", "Values replaced by a newer one before they were sent", &Counters::conflated},
    {"lag_messages", "Clients told of a loss", &Counters::lag_messages},
    {"bad_messages", "Messages from clients answered with an error", &Counters::bad_messages},
    {"limit_clients", "Connections refused: too many", &Counters::limit_clients},
    {"limit_header_bytes", "Requests refused: head too long", &Counters::limit_header_bytes},
    {"limit_message_bytes", "Clients closed: message too long", &Counters::limit_message_bytes},
    {"limit_message_rate", "Clients closed: too many messages", &Counters::limit_message_rate},
    {"limit_subscriptions", "Subscriptions refused: too many", &Counters::limit_subscriptions},
    {"limit_backlog", "Times a client's backlog became full", &Counters::limit_backlog},
    {"limit_backlog_total", "Of these, because of all clients together",
     &Counters::limit_backlog_total},
    {"limit_request_time", "Connections closed: request took too long",
     &Counters::limit_request_time},
    {"limit_idle", "Clients closed: silent", &Counters::limit_idle},
    {"limit_stall", "Clients closed: took no byte of their backlog", &Counters::limit_stall},
    {"refused_origin", "Upgrades refused: foreign origin", &Counters::refused_origin},
    {"refused_host", "Requests refused: foreign host", &Counters::refused_host},
    {"refused_token", "Requests or clients refused: token missing or wrong",
     &Counters::refused_token},
};

}  // namespace ringside::gateway
