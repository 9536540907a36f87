// Owns what the gateway answers to a client's messages, and what it says unasked: welcome, status.
// The gateway's thread; allocates, for a message that a person or a program sends now and then.
#pragma once

#include <cstdint>
#include <string_view>

#include "access.hpp"
#include "command.hpp"
#include "feeds.hpp"
#include "ringside/base/json_writer.hpp"

namespace ringside::gateway {

/// A snapshot longer than this is cut; the symbols beyond it come as ordinary messages.
inline constexpr std::size_t snapshot_bytes_max = std::size_t{48} << 10;

class Protocol {
 public:
  Protocol(const Settings& settings, Shared& shared, Topics& topics, Fanout& fanout, Feeds& feeds,
           const Access& access);
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;

  /// The first messages of a session.
  void greet(Client& client);

  /// One text message of the client. May close it.
  void on_message(Client& client, std::string_view text);

  /// The `status` message as it is now; good until the next call to anything here.
  [[nodiscard]] std::string_view status_text();

 private:
  void on_auth(Client& client, const Command& command);
  void on_ping(Client& client, const Command& command);
  void on_subscribe(Client& client, const Command& command);
  void on_unsubscribe(Client& client, const Command& command);
  void send_error(Client& client, const CommandError& error);
  bool subscribe_symbols(Client& client, const Command& command, CommandError& error,
                         std::size_t& done);
  void append_subscribed(Client& client, const Command& command, std::size_t done);
  void append_snapshot(Client& client, const Command& command, std::size_t done);
  void append_last(std::string& out, const Topic& topic, ChannelSet channels);
  void append_selection(const Command& command, std::size_t done);
  JsonWriter& begin(std::string_view type);
  void end_and_send(Client& client, const std::string& id);

  const Settings& settings_;
  Shared& shared_;
  Topics& topics_;
  Fanout& fanout_;
  Feeds& feeds_;
  const Access& access_;
  CommandParser parser_;
  JsonWriter json_;
  std::string item_;
};

}  // namespace ringside::gateway
