// Owns what a client may say: one JSON object a message, read into a Command. The gateway's thread;
// allocates for the texts it returns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "channel.hpp"

namespace ringside::gateway {

enum class CommandType : std::uint8_t { auth, subscribe, unsubscribe, ping };

struct Command {
  CommandType type = CommandType::ping;
  ChannelSet channels = 0;
  std::vector<std::string> symbols = {};  // in the order given, without repeats
  bool is_wildcard = false;               // "*" was among them
  bool is_options = false;                // subscribe_options, unsubscribe_options
  std::optional<Policy> policy = {};
  std::string token = {};  // auth
  std::string id = {};     // the message's `id` as JSON text; empty: none
  std::string t = {};      // ping's `t` as JSON text; empty: none
};

/// What is wrong with a message; sent back as `error`.
struct CommandError {
  std::string_view code = {};
  std::string message = {};
  std::string field = {};  // empty: the message as a whole
  std::string id = {};     // as in Command
};

/// Symbols one message may name.
inline constexpr std::size_t command_symbols_max = 1024;

/// Parses messages. Holds a JSON parser whose memory is reused.
class CommandParser {
 public:
  explicit CommandParser(std::size_t message_bytes_max);
  CommandParser(const CommandParser&) = delete;
  CommandParser& operator=(const CommandParser&) = delete;
  ~CommandParser();

  /// True: `out` is filled; false: `error` is.
  /// Shapes  text: up to message_bytes_max, then 64 readable bytes.
  [[nodiscard]] bool parse(std::string_view text, Command& out, CommandError& error);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ringside::gateway
