#include "command.hpp"

#include <simdjson.h>

#include <algorithm>
#include <unordered_set>

#include "ringside/base/assert.hpp"
#include "ringside/shm/symbols.hpp"

namespace ringside::gateway {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr std::size_t echo_bytes_max = 64;

/// Reads the members of one message; remembers the first thing that is wrong.
class Reader {
 public:
  Reader(const object& message, CommandError& error) : message_(message), error_(error) {}

  bool fail(std::string_view code, std::string text, std::string field) {
    error_.code = code;
    error_.message = std::move(text);
    error_.field = std::move(field);
    return false;
  }

  std::optional<element> find(std::string_view key) const {
    element found;
    if (message_.at_key(key).get(found) != simdjson::SUCCESS) return std::nullopt;
    return found;
  }

  /// A scalar as the JSON text to send back; "" if it is absent, not a scalar or long.
  std::string echo(std::string_view key) const {
    const auto found = find(key);
    if (!found || found->type() == element_type::ARRAY || found->type() == element_type::OBJECT) {
      return {};
    }
    std::string text = simdjson::minify(*found);
    if (text.size() > echo_bytes_max) text.clear();
    return text;
  }

  bool read_text(std::string_view key, std::string_view& out) {
    const auto found = find(key);
    if (!found)
      return fail("missing_field", "needs \"" + std::string(key) + "\"", std::string(key));
    if (found->get_string().get(out) != simdjson::SUCCESS) {
      return fail("bad_field", "\"" + std::string(key) + "\" must be a text", std::string(key));
    }
    return true;
  }

  bool read_channels(Command& out) {
    if (const auto one = find("channel")) {
      if (!add_channel(*one, "channel", out)) return false;
    }
    if (const auto many = find("channels")) {
      simdjson::dom::array list;
      if (many->get_array().get(list) != simdjson::SUCCESS) {
        return fail("bad_field", "\"channels\" must be a list of channel names", "channels");
      }
      for (const element item : list) {
        if (!add_channel(item, "channels", out)) return false;
      }
    }
    return true;
  }

  bool read_symbols(std::string_view key, Command& out) {
    const auto found = find(key);
    if (!found)
      return fail("missing_field", "needs \"" + std::string(key) + "\"", std::string(key));
    simdjson::dom::array list;
    std::string_view one;
    if (found->get_string().get(one) == simdjson::SUCCESS) return add_symbol(one, key, out);
    if (found->get_array().get(list) != simdjson::SUCCESS) {
      return fail("bad_field", "\"" + std::string(key) + "\" must be a list of symbols",
                  std::string(key));
    }
    for (const element item : list) {
      if (item.get_string().get(one) != simdjson::SUCCESS) {
        return fail("bad_symbol", "a symbol must be a text", std::string(key));
      }
      if (!add_symbol(one, key, out)) return false;
    }
    if (out.symbols.empty() && !out.is_wildcard) {
      return fail("bad_field", "\"" + std::string(key) + "\" is empty", std::string(key));
    }
    return true;
  }

  bool read_policy(Command& out) {
    if (!find("policy")) return true;
    std::string_view name;
    if (!read_text("policy", name)) return false;
    out.policy = parse_policy(name);
    return out.policy || fail("bad_field", "\"policy\" is conflate, all or close", "policy");
  }

 private:
  bool add_channel(const element& item, std::string_view field, Command& out) {
    std::string_view name;
    if (item.get_string().get(name) != simdjson::SUCCESS) {
      return fail("bad_field", "a channel must be a text", std::string(field));
    }
    if (const auto channel = parse_channel(name)) {
      out.channels |= *channel;
      return true;
    }
    const bool is_planned = name == "greeks" || name == "alerts";
    return fail(
        is_planned ? "unsupported_channel" : "unknown_channel",
        std::string(is_planned ? "this gateway has no such channel: " : "no such channel: ") +
            std::string(name.substr(0, echo_bytes_max)) +
            "; there are trades, quotes, aggregates, bars, status",
        std::string(field));
  }

  bool add_symbol(std::string_view symbol, std::string_view field, Command& out) {
    if (symbol == "*") {
      out.is_wildcard = true;
      return true;
    }
    if (!shm::is_symbol_text(symbol)) {
      return fail("bad_symbol",
                  "a symbol has 1 to 24 printable characters: " +
                      std::string(symbol.substr(0, echo_bytes_max)),
                  std::string(field));
    }
    if (!seen_.insert(symbol).second) return true;
    if (out.symbols.size() == command_symbols_max) {
      return fail("too_many_symbols",
                  "one message names at most " + std::to_string(command_symbols_max) + " symbols",
                  std::string(field));
    }
    out.symbols.emplace_back(symbol);
    return true;
  }

  object message_;
  CommandError& error_;
  std::unordered_set<std::string_view> seen_;
};

bool read_subscription(Reader& reader, bool is_options, Command& out) {
  out.is_options = is_options;
  if (!reader.read_symbols(is_options ? "contractIds" : "symbols", out)) return false;
  if (is_options) {
    out.channels = bit_of(Channel::option);
    if (std::any_of(out.symbols.begin(), out.symbols.end(),
                    [](const std::string& symbol) { return !symbol.starts_with("O:"); })) {
      return reader.fail("bad_symbol", "a contract begins with \"O:\"", "contractIds");
    }
  } else if (!reader.read_channels(out)) {
    return false;
  }
  // No channel: one conflated object a symbol.
  if (out.channels == 0) out.channels = bit_of(Channel::quote);
  return reader.read_policy(out);
}

}  // namespace

struct CommandParser::State {
  simdjson::dom::parser parser;
};

CommandParser::CommandParser(std::size_t message_bytes_max) : state_(std::make_unique<State>()) {
  RINGSIDE_ASSERT(state_->parser.allocate(message_bytes_max, 16) == simdjson::SUCCESS);
}
CommandParser::~CommandParser() = default;

bool CommandParser::parse(std::string_view text, Command& out, CommandError& error) {
  out = Command{};
  error = CommandError{};
  element document;
  object message;
  if (state_->parser.parse(text.data(), text.size(), false).get(document) != simdjson::SUCCESS) {
    error = {"bad_json", "the message is not JSON", {}, {}};
    return false;
  }
  if (document.get_object().get(message) != simdjson::SUCCESS) {
    error = {"bad_message", "the message is not a JSON object", {}, {}};
    return false;
  }
  Reader reader(message, error);
  error.id = out.id = reader.echo("id");
  std::string_view type;
  if (!reader.read_text("type", type)) return false;
  if (type == "ping") {
    out.type = CommandType::ping;
    out.t = reader.echo("t");
    return true;
  }
  if (type == "auth") {
    out.type = CommandType::auth;
    std::string_view token;
    if (!reader.read_text("token", token)) return false;
    out.token = std::string(token);
    return true;
  }
  const bool is_options = type.ends_with("_options");
  const std::string_view verb = is_options ? type.substr(0, type.size() - 8) : type;
  if (verb != "subscribe" && verb != "unsubscribe") {
    return reader.fail("unknown_type",
                       "no such message type: " + std::string(type.substr(0, echo_bytes_max)),
                       "type");
  }
  out.type = verb == "subscribe" ? CommandType::subscribe : CommandType::unsubscribe;
  return read_subscription(reader, is_options, out);
}

}  // namespace ringside::gateway
