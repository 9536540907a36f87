#include "protocol.hpp"

#include "ringside/base/clock.hpp"
#include "ringside/base/version.hpp"

namespace ringside::gateway {

namespace {

constexpr std::uint64_t ms_ns = 1'000'000;

}  // namespace

Protocol::Protocol(const Settings& settings, Shared& shared, Topics& topics, Fanout& fanout,
                   Feeds& feeds, const Access& access)
    : settings_(settings),
      shared_(shared),
      topics_(topics),
      fanout_(fanout),
      feeds_(feeds),
      access_(access),
      parser_(settings.limits.message_bytes_max) {}

JsonWriter& Protocol::begin(std::string_view type) {
  json_.clear();
  json_.begin_object().member("type", type);
  return json_;
}

void Protocol::end_and_send(Client& client, const std::string& id) {
  if (!id.empty()) json_.key("id").raw(id);
  json_.member("timestamp", wall_ns() / ms_ns).end_object();
  client.send_control(json_.text());
}

std::string_view Protocol::status_text() {
  begin("status");
  feeds_.append_status(json_);
  json_.member("timestamp", wall_ns() / ms_ns).end_object();
  return json_.text();
}

void Protocol::greet(Client& client) {
  begin("welcome").member("clientId", client.id()).member("version", version_text());
  json_.member("policy", to_string(client.policy()))
      .member("authRequired", !client.is_authorized());
  json_.key("channels").begin_array();
  for (const std::string_view name : {"trades", "quotes", "aggregates", "bars", "status"}) {
    json_.value(name);
  }
  json_.end_array();
  json_.member("conflateMs", settings_.conflate_ns / ms_ns);
  json_.member("serverTimeNs", wall_ns());
  end_and_send(client, {});
  if (client.is_authorized()) client.send_control(status_text());
}

void Protocol::send_error(Client& client, const CommandError& error) {
  ++shared_.counters.bad_messages;
  begin("error").member("code", error.code).member("message", error.message);
  if (!error.field.empty()) json_.member("field", error.field);
  end_and_send(client, error.id);
}

void Protocol::on_message(Client& client, std::string_view text) {
  Command command;
  CommandError error;
  if (!parser_.parse(text, command, error)) return send_error(client, error);
  if (!client.is_authorized() && command.type != CommandType::auth) {
    send_error(client,
               {"unauthorized", "the first message must be auth with a token", "type", command.id});
    ++shared_.counters.refused_token;
    return client.close(net::WsCloseCode::policy, "unauthorized");
  }
  switch (command.type) {
    case CommandType::auth:
      return on_auth(client, command);
    case CommandType::ping:
      return on_ping(client, command);
    case CommandType::subscribe:
      return on_subscribe(client, command);
    case CommandType::unsubscribe:
      return on_unsubscribe(client, command);
  }
}

void Protocol::on_auth(Client& client, const Command& command) {
  if (access_.needs_token() && !access_.is_good_token(command.token)) {
    send_error(client, {"unauthorized", "not a token of this gateway", "token", command.id});
    ++shared_.counters.refused_token;
    return client.close(net::WsCloseCode::policy, "unauthorized");
  }
  const bool is_first = !client.is_authorized();
  client.authorize();
  begin("authenticated");
  end_and_send(client, command.id);
  if (is_first) client.send_control(status_text());
}

void Protocol::on_ping(Client& client, const Command& command) {
  const std::uint64_t now = wall_ns();
  begin("pong");
  if (!command.t.empty()) json_.key("t").raw(command.t);
  json_.member("serverMs", now / ms_ns).member("serverNs", now);
  end_and_send(client, command.id);
}

// Subscribes until something is wrong; `done`: how many symbols of the command are held.
bool Protocol::subscribe_symbols(Client& client, const Command& command, CommandError& error,
                                 std::size_t& done) {
  const ChannelSet channels = command.channels & all_channels;
  if (command.is_wildcard) fanout_.subscribe_all(client, channels);
  for (const std::string& symbol : command.symbols) {
    if (channels == 0) break;  // the status channel alone
    const SubscribeResult result = fanout_.subscribe(client, symbol, channels);
    if (result == SubscribeResult::full) {
      error = {"too_many_subscriptions",
               "at most " + std::to_string(shared_.limits.subscription_count_max) +
                   " symbols a client; " + symbol + " and those after it are not subscribed",
               command.is_options ? "contractIds" : "symbols", command.id};
      return false;
    }
    if (result == SubscribeResult::no_feed) {
      error = {"no_feed",
               "this gateway serves no feed for " + symbol +
                   "; it and those after it are not subscribed",
               command.is_options ? "contractIds" : "symbols", command.id};
      return false;
    }
    ++done;
  }
  return true;
}

void Protocol::on_subscribe(Client& client, const Command& command) {
  if (command.policy) client.set_policy(*command.policy);
  CommandError error;
  std::size_t done = 0;
  const bool is_whole = subscribe_symbols(client, command, error, done);
  if (is_whole || done != 0 || command.is_wildcard) {
    append_subscribed(client, command, done);
    end_and_send(client, command.id);
  }
  if (!is_whole) send_error(client, error);
  if ((command.channels & status_channel) != 0) client.send_control(status_text());
}

void Protocol::on_unsubscribe(Client& client, const Command& command) {
  const ChannelSet channels = command.channels & all_channels;
  if (command.is_wildcard) fanout_.unsubscribe_all(client, channels);
  for (const std::string& symbol : command.symbols) fanout_.unsubscribe(client, symbol, channels);
  begin("unsubscribed");
  append_selection(command, command.symbols.size());
  end_and_send(client, command.id);
}

// What the command was about, in the command's own words.
void Protocol::append_selection(const Command& command, std::size_t done) {
  if (!command.is_options) {
    json_.key("channels").begin_array();
    for (std::size_t i = 0; i < channel_count; ++i) {
      if ((command.channels >> i & 1U) != 0) json_.value(channel_names[i]);
    }
    if ((command.channels & status_channel) != 0) json_.value("status");
    json_.end_array();
  }
  json_.key(command.is_options ? "contractIds" : "symbols").begin_array();
  if (command.is_wildcard) json_.value("*");
  for (std::size_t i = 0; i < done; ++i) json_.value(command.symbols[i]);
  json_.end_array();
}

void Protocol::append_subscribed(Client& client, const Command& command, std::size_t done) {
  begin("subscribed");
  append_selection(command, done);
  json_.member("policy", to_string(client.policy()));
  // Where each feed's live stream goes on: `seq` of what follows is not below it.
  json_.key("sequence").begin_object();
  for (std::size_t i = 0; i < feeds_.count(); ++i) {
    if (feeds_.feed(i).segment() != nullptr) {
      json_.member(feeds_.feed(i).name(), feeds_.feed(i).next_sequence());
    }
  }
  json_.end_object();
  append_snapshot(client, command, done);
}

void Protocol::append_snapshot(Client& client, const Command& command, std::size_t done) {
  json_.key("snapshot").begin_array();
  std::size_t i = 0;
  for (; i < done && json_.text().size() < snapshot_bytes_max; ++i) {
    if (const Topic* const topic = topics_.find(command.symbols[i]); topic != nullptr) {
      item_.clear();
      append_last(item_, *topic, command.channels);
      json_.raw(item_);
    }
  }
  json_.end_array();
  if (i == done) return;
  json_.member("snapshotIsCut", true);
  for (; i < done; ++i) {
    fanout_.touch(client, command.symbols[i],
                  command.channels & (object_channels | bit_of(Channel::quotes)));
  }
}

// The quote object, and beside it the vendor's last events of the channels asked for.
void Protocol::append_last(std::string& out, const Topic& topic, ChannelSet channels) {
  const FeedFacts& facts = topics_.facts(topic.feed);
  const QuoteParts parts = topic.parts();
  if ((channels & bit_of(Channel::option)) != 0) {
    append_option_object(out, topic.json, parts, facts);
  } else {
    append_quote_object(out, topic.json, parts, facts);
  }
  out.pop_back();  // the brace: the object goes on
  if ((channels & bit_of(Channel::trades)) != 0 && parts.trade != nullptr) {
    out += ",\"lastTrade\":";
    append_trade(out, topic.json, *parts.trade, facts);
  }
  if ((channels & bit_of(Channel::quotes)) != 0 && parts.quote != nullptr) {
    out += ",\"lastQuote\":";
    append_quote(out, topic.json, *parts.quote, facts);
  }
  const shm::SegmentView* const segment = topics_.segment(topic.feed);
  const auto id = segment == nullptr ? std::nullopt : segment->symbols().find(topic.symbol);
  out += ",\"state\":\"";
  out += id ? to_string(segment->symbols().state(*id)) : "pending";
  out += "\"}";
}

}  // namespace ringside::gateway
