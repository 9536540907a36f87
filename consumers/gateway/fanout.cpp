#include "fanout.hpp"

#include <algorithm>
#include <unordered_set>

#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::gateway {

namespace {

using shm::Kind;

template <class Visit>
void each_channel(unsigned channels, Visit&& visit) {
  for (std::size_t i = 0; i < channel_count; ++i) {
    const auto channel = static_cast<Channel>(i);
    if ((channels & bit_of(channel)) != 0) visit(channel);
  }
}

constexpr std::size_t index_of(Channel channel) noexcept {
  return static_cast<std::size_t>(channel);
}

}  // namespace

// --- subscriptions -----------------------------------------------------------------------------

Subscription& Fanout::obtain_subscription(Client& client, Topic& topic) {
  std::unique_ptr<Subscription>& cell = client.links().subscriptions[&topic];
  if (cell == nullptr) {
    cell = std::make_unique<Subscription>();
    cell->client = &client;
    cell->topic = &topic;
    ++topic.subscription_count;
  }
  return *cell;
}

SubscribeResult Fanout::subscribe(Client& client, std::string_view symbol, ChannelSet channels) {
  const auto feed = topics_.feed_of(symbol);
  if (!feed) return SubscribeResult::no_feed;
  Client::Links& links = client.links();
  Topic* found = topics_.find(symbol);
  const auto held = found == nullptr ? links.subscriptions.end() : links.subscriptions.find(found);
  const bool is_new = held == links.subscriptions.end() || held->second->channels == 0;
  if (is_new && links.symbol_count >= shared_.limits.subscription_count_max) {
    ++shared_.counters.limit_subscriptions;
    return SubscribeResult::full;
  }
  Topic& topic = topics_.obtain(*feed, symbol);
  Subscription& subscription = obtain_subscription(client, topic);
  each_channel(channels & ~subscription.channels & all_channels, [&](Channel channel) {
    std::vector<Subscription*>& list = topic.lists[index_of(channel)];
    subscription.place[index_of(channel)] = static_cast<std::uint32_t>(list.size());
    list.push_back(&subscription);
    subscription.channels |= bit_of(channel);
    count_wants(topic, channel, true);
  });
  if (is_new) ++links.symbol_count;
  list_wish(topic);
  return SubscribeResult::ok;
}

void Fanout::drop_channels(Subscription& subscription, ChannelSet channels) {
  Topic& topic = *subscription.topic;
  const ChannelSet before = subscription.channels;
  each_channel(channels & before, [&](Channel channel) {
    std::vector<Subscription*>& list = topic.lists[index_of(channel)];
    const std::uint32_t place = subscription.place[index_of(channel)];
    list[place] = list.back();
    list[place]->place[index_of(channel)] = place;
    list.pop_back();
    subscription.channels &= static_cast<ChannelSet>(~bit_of(channel));
    count_wants(topic, channel, false);
  });
  if (before != 0 && subscription.channels == 0) --subscription.client->links().symbol_count;
  list_wish(topic);
  drop_if_empty(subscription);
}

void Fanout::drop_if_empty(Subscription& subscription) {
  Client::Links& links = subscription.client->links();
  subscription.dirty &= subscription.channels | links.wildcard;
  if (subscription.dirty == 0) unmark(subscription);
  if (subscription.channels != 0 || links.wildcard != 0) return;
  Topic* const topic = subscription.topic;
  --topic->subscription_count;
  links.subscriptions.erase(topic);  // frees `subscription`
}

void Fanout::unsubscribe(Client& client, std::string_view symbol, ChannelSet channels) {
  Topic* const topic = topics_.find(symbol);
  if (topic == nullptr) return;
  const auto found = client.links().subscriptions.find(topic);
  if (found != client.links().subscriptions.end()) drop_channels(*found->second, channels);
}

void Fanout::subscribe_all(Client& client, ChannelSet channels) {
  Client::Links& links = client.links();
  if (links.wildcard == 0 && (channels & all_channels) != 0) ++wildcard_client_count_;
  each_channel(channels & ~links.wildcard & all_channels, [&](Channel channel) {
    wildcards_[index_of(channel)].push_back(&client);
    links.wildcard |= bit_of(channel);
  });
}

void Fanout::unsubscribe_all(Client& client, ChannelSet channels) {
  Client::Links& links = client.links();
  const bool had_wildcard = links.wildcard != 0;
  each_channel(channels & links.wildcard, [&](Channel channel) {
    std::vector<Client*>& list = wildcards_[index_of(channel)];
    list.erase(std::find(list.begin(), list.end(), &client));
    links.wildcard &= static_cast<ChannelSet>(~bit_of(channel));
  });
  std::vector<Subscription*> held;
  held.reserve(links.subscriptions.size());
  for (const auto& [topic, subscription] : links.subscriptions) held.push_back(subscription.get());
  for (Subscription* const subscription : held) drop_channels(*subscription, channels);
  if (!had_wildcard || links.wildcard != 0 || --wildcard_client_count_ != 0) return;
  topics_.each([this](Topic& topic) { list_wish(topic); });  // those made for wildcards alone go
}

void Fanout::remove(Client& client) {
  unsubscribe_all(client, all_channels);
  RINGSIDE_ASSERT(client.links().subscriptions.empty());
  if (client.links().is_dirty_listed) std::erase(dirty_clients_, &client);
  client.links().is_dirty_listed = false;
}

void Fanout::list_wish(Topic& topic) {
  if (topic.is_wish_listed) return;
  topic.is_wish_listed = true;
  wish_list_.push_back(&topic);
}

std::uint32_t Fanout::wanted_bits(const Topic& topic) noexcept {
  std::uint32_t bits = 0;
  for (std::uint32_t i = 0; i < shm::want_bits; ++i) {
    if (topic.want_refs[i] != 0) bits |= 1U << i;
  }
  return bits;
}

void Fanout::count_wants(Topic& topic, Channel channel, bool is_added) {
  const std::uint32_t wants = wants_of(channel);
  for (std::uint32_t i = 0; i < shm::want_bits; ++i) {
    if ((wants >> i & 1U) == 0) continue;
    if (is_added) {
      ++topic.want_refs[i];
    } else {
      --topic.want_refs[i];
    }
  }
}

Fanout::Census Fanout::census() {
  Census out;
  topics_.each([&out](const Topic& topic) {
    if (topic.subscription_count == 0) return;
    ++(topic.is_option ? out.options : out.stocks);
  });
  return out;
}

// --- delivery ----------------------------------------------------------------------------------

Passage Fanout::passage_of(std::uint64_t stamp, std::uint64_t ring_ns) const noexcept {
  return {.sequence = stamp == 0 ? 0 : sequence_of(stamp),
          .has_sequence = stamp != 0,
          .ring_ns = ring_ns,
          .send_ns = wall_ns()};
}

template <class Encode>
void Fanout::deliver(Topic& topic, Channel channel, Encode&& encode) {
  if (!has_audience(topic, channel)) return;
  frame_.begin();
  encode(frame_.payload());
  frame_.finish();
  ++shared_.counters.encoded;
  for (const Subscription* subscription : topic.lists[index_of(channel)]) {
    subscription->client->send(frame_, channel);
  }
  for (Client* const client : wildcards_[index_of(channel)]) {
    const auto found = client->links().subscriptions.find(&topic);
    const bool has_it = found != client->links().subscriptions.end() &&
                        (found->second->channels & bit_of(channel)) != 0;
    if (!has_it) client->send(frame_, channel);
  }
}

void Fanout::on_tick(std::uint32_t feed, const shm::TickRecord& record, std::uint64_t ring_ns) {
  Topic* const topic =
      topics_.of_instrument(feed, record.instrument_id, wildcard_client_count_ != 0);
  if (topic == nullptr) return;
  // A last value read from memory may be newer than what the tape still brings: never step back.
  const auto is_older = [&record](const shm::TickRecord& held) {
    return held.kind != Kind::none && held.stamp == 0 && record.ts_recv < held.ts_recv;
  };
  if (record.kind == Kind::trade) {
    deliver(*topic, Channel::trades, [&](std::string& out) {
      append_market_data(out, to_string(Channel::trades), topic->json, record, topics_.facts(feed),
                         passage_of(record.stamp, ring_ns));
    });
    if (is_older(topic->trade)) return;
    topic->trade = record;
  } else if (record.kind == Kind::quote) {
    if (is_older(topic->quote)) return;
    topic->quote = record;
    topic->ring_ns = ring_ns;
    topic->frames_valid &= static_cast<ChannelSet>(~bit_of(Channel::quotes));
    deliver_quote(*topic);
  } else {
    return;
  }
  topic->frames_valid &= static_cast<ChannelSet>(~object_channels);
  mark(*topic, topic->is_option ? Channel::option : Channel::quote);
  if (topic->is_option) mark(*topic, Channel::quote);
}

// To those who want every quote at once, to the others with their next flush.
void Fanout::deliver_quote(Topic& topic) {
  if (!has_audience(topic, Channel::quotes)) return;
  const auto give = [this, &topic](Client& client, Subscription* subscription) {
    if (client.policy() != Policy::conflate) {
      client.send(value_frame(topic, Channel::quotes), Channel::quotes);
    } else {
      mark(subscription == nullptr ? obtain_subscription(client, topic) : *subscription,
           Channel::quotes);
    }
  };
  for (Subscription* const subscription : topic.lists[index_of(Channel::quotes)]) {
    give(*subscription->client, subscription);
  }
  for (Client* const client : wildcards_[index_of(Channel::quotes)]) {
    const auto found = client->links().subscriptions.find(&topic);
    const bool is_known = found != client->links().subscriptions.end();
    if (is_known && (found->second->channels & bit_of(Channel::quotes)) != 0) continue;
    give(*client, is_known ? found->second.get() : nullptr);
  }
}

void Fanout::on_bar(std::uint32_t feed, const shm::BarRecord& record, std::uint64_t ring_ns) {
  Topic* const topic =
      topics_.of_instrument(feed, record.instrument_id, wildcard_client_count_ != 0);
  if (topic == nullptr) return;
  deliver(*topic, Channel::aggregates, [&](std::string& out) {
    append_market_data(out, to_string(Channel::aggregates), topic->json, record,
                       topics_.facts(feed), passage_of(record.stamp, ring_ns));
  });
  if (record.ts_event < topic->vendor.ts) return;
  topic->vendor = vendor_day(record);
  if (topic->day.ts != 0 && !topic->day.is_partial) return;
  topic->frames_valid &= static_cast<ChannelSet>(~object_channels);
  mark(*topic, topic->is_option ? Channel::option : Channel::quote);
}

void Fanout::on_stats_bar(const shm::BarRecord& record, std::uint64_t ring_ns) {
  Topic* const topic = topics_.of_stats_instrument(record.instrument_id);
  if (topic == nullptr) return;
  if (record.kind == Kind::bar_1d) {
    update_day(topic->day, record);
    topic->frames_valid &= static_cast<ChannelSet>(~object_channels);
    mark(*topic, topic->is_option ? Channel::option : Channel::quote);
  }
  deliver(*topic, Channel::bars, [&](std::string& out) {
    append_market_data(out, to_string(Channel::bars), topic->json, record, topics_.stats_facts(),
                       passage_of(record.stamp, ring_ns));
  });
}

void Fanout::on_loss(std::uint32_t feed, std::string_view feed_name, std::string_view reason,
                     std::uint64_t count) {
  std::unordered_set<Client*> told;
  for (const auto& list : wildcards_) told.insert(list.begin(), list.end());
  topics_.each([&](const Topic& topic) {
    if (topic.feed != feed) return;
    for (const auto& list : topic.lists) {
      for (const Subscription* subscription : list) told.insert(subscription->client);
    }
  });
  for (Client* const client : told) client->send_loss(reason, feed_name, count);
}

// --- conflation --------------------------------------------------------------------------------

void Fanout::mark(Topic& topic, Channel channel) {
  for (Subscription* const subscription : topic.lists[index_of(channel)]) {
    mark(*subscription, channel);
  }
  for (Client* const client : wildcards_[index_of(channel)]) {
    Subscription& subscription = obtain_subscription(*client, topic);
    if ((subscription.channels & bit_of(channel)) == 0) mark(subscription, channel);
  }
}

void Fanout::mark(Subscription& subscription, Channel channel) {
  if ((subscription.dirty & bit_of(channel)) != 0) {
    ++shared_.counters.conflated;
    return;
  }
  Client& client = *subscription.client;
  if (client.is_closing()) return;
  Client::Links& links = client.links();
  if (subscription.dirty == 0) {
    subscription.dirty_place = static_cast<std::uint32_t>(links.dirty.size());
    links.dirty.push_back(&subscription);
  }
  subscription.dirty |= bit_of(channel);
  if (links.is_dirty_listed) return;
  links.is_dirty_listed = true;
  dirty_clients_.push_back(&client);
}

void Fanout::unmark(Subscription& subscription) {
  std::vector<Subscription*>& dirty = subscription.client->links().dirty;
  const std::uint32_t place = subscription.dirty_place;
  if (place >= dirty.size() || dirty[place] != &subscription) return;
  dirty[place] = dirty.back();
  dirty[place]->dirty_place = place;
  dirty.pop_back();
}

void Fanout::touch(Client& client, std::string_view symbol, ChannelSet channels) {
  Topic* const topic = topics_.find(symbol);
  if (topic == nullptr) return;
  const auto found = client.links().subscriptions.find(topic);
  if (found == client.links().subscriptions.end()) return;
  each_channel(channels & found->second->channels,
               [&](Channel channel) { mark(*found->second, channel); });
}

void Fanout::flush(std::uint64_t now) {
  std::size_t kept = 0;
  for (Client* const client : dirty_clients_) {
    Client::Links& links = client->links();
    if (!client->is_closing() && now >= links.flush_next_ns && client->is_ready_for_values()) {
      flush_client(*client, now);
    }
    if (links.dirty.empty() || client->is_closing()) {
      links.is_dirty_listed = false;
    } else {
      dirty_clients_[kept++] = client;
    }
  }
  dirty_clients_.resize(kept);
}

void Fanout::flush_client(Client& client, std::uint64_t now) {
  Client::Links& links = client.links();
  links.flush_next_ns = now + conflate_ns_;
  std::size_t done = 0;
  bool has_room = true;
  while (done < links.dirty.size() && has_room) {
    Subscription& subscription = *links.dirty[done];
    each_channel(subscription.dirty, [&](Channel channel) {
      has_room = has_room && client.send_value(value_frame(*subscription.topic, channel));
      if (has_room) subscription.dirty &= static_cast<ChannelSet>(~bit_of(channel));
    });
    if (has_room) ++done;
  }
  // What was not reached keeps its mark and its order.
  links.dirty.erase(links.dirty.begin(), links.dirty.begin() + static_cast<std::ptrdiff_t>(done));
  for (std::size_t i = 0; i < links.dirty.size(); ++i) {
    links.dirty[i]->dirty_place = static_cast<std::uint32_t>(i);
  }
}

const Frame& Fanout::value_frame(Topic& topic, Channel channel) {
  Frame& frame = topic.frames[index_of(channel)];
  if ((topic.frames_valid & bit_of(channel)) != 0) return frame;
  const FeedFacts& facts = topics_.facts(topic.feed);
  frame.begin();
  std::string& out = frame.payload();
  if (channel == Channel::quotes) {
    append_market_data(out, to_string(channel), topic.json, topic.quote, facts,
                       passage_of(topic.quote.stamp, topic.ring_ns));
  } else {
    const bool is_option = channel == Channel::option;
    out += is_option ? R"({"type":"option_update","data":)" : R"({"type":"quote","data":)";
    if (is_option) {
      append_option_object(out, topic.json, topic.parts(), facts);
    } else {
      append_quote_object(out, topic.json, topic.parts(), facts);
    }
    out += R"(,"timestamp":)";
    append_number(out, wall_ns() / 1'000'000);
    out += '}';
  }
  frame.finish();
  topic.frames_valid |= bit_of(channel);
  ++shared_.counters.encoded;
  return frame;
}

void Fanout::invariants(const std::vector<Client*>& clients) const {
  for (Client* const client : clients) {
    const Client::Links& links = client->links();
    std::size_t named = 0;
    for (const auto& [topic, subscription] : links.subscriptions) {
      RINGSIDE_ASSERT(subscription->topic == topic && subscription->client == client);
      if (subscription->channels != 0) ++named;
      for (std::size_t i = 0; i < channel_count; ++i) {
        if ((subscription->channels >> i & 1U) == 0) continue;
        RINGSIDE_ASSERT(topic->lists[i].at(subscription->place[i]) == subscription.get());
      }
      if (subscription->dirty == 0) continue;
      RINGSIDE_ASSERT(links.dirty.at(subscription->dirty_place) == subscription.get());
    }
    RINGSIDE_ASSERT(named == links.symbol_count);
    RINGSIDE_ASSERT(links.dirty.empty() || links.is_dirty_listed);
  }
}

}  // namespace ringside::gateway
