// Owns who gets what: lists of subscribers per symbol and channel, and the delivery of each record
// to them. A record is encoded at most once, whoever and how many get it. The gateway's thread;
// delivering allocates only when a frame grows past its largest size so far, subscribing does.
//
// Invariant: lists[c][s.place[c]] == &s exactly for the channels in s.channels; a subscription with
// dirty != 0 stands in its client's dirty list at dirty_place, and that client in dirty_clients_.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "topics.hpp"

namespace ringside::gateway {

enum class SubscribeResult : std::uint8_t {
  ok,
  no_feed,  // no feed of that market is served
  full,     // subscription_count_max
};

class Fanout {
 public:
  Fanout(Topics& topics, Shared& shared, std::uint64_t conflate_ns)
      : topics_(topics), shared_(shared), conflate_ns_(conflate_ns) {}
  Fanout(const Fanout&) = delete;
  Fanout& operator=(const Fanout&) = delete;

  // --- subscriptions; O(1) a symbol ---

  SubscribeResult subscribe(Client& client, std::string_view symbol, ChannelSet channels);
  /// Everything the feeds carry. Asks nothing of them.
  void subscribe_all(Client& client, ChannelSet channels);
  void unsubscribe(Client& client, std::string_view symbol, ChannelSet channels);
  /// Of every symbol, wildcard included.
  void unsubscribe_all(Client& client, ChannelSet channels);
  /// The client goes: no pointer to it stays.
  void remove(Client& client);

  /// Sends the newest values of a topic to this client with its next flush.
  void touch(Client& client, std::string_view symbol, ChannelSet channels);

  // --- delivery ---

  void on_tick(std::uint32_t feed, const shm::TickRecord& record, std::uint64_t ring_ns);
  void on_bar(std::uint32_t feed, const shm::BarRecord& record, std::uint64_t ring_ns);
  void on_stats_bar(const shm::BarRecord& record, std::uint64_t ring_ns);
  /// Records of `feed` are missing: tells everybody who listens to it.
  void on_loss(std::uint32_t feed, std::string_view feed_name, std::string_view reason,
               std::uint64_t count);

  /// Sends conflated values to the clients whose time has come. `now`: monotonic.
  void flush(std::uint64_t now);
  /// Conflated values wait for their time.
  [[nodiscard]] bool has_waiting() const noexcept { return !dirty_clients_.empty(); }

  // --- what the feeds are asked for ---

  /// Visits each topic whose wishes changed: visit(topic, wanted, held), then forgets topics that
  /// nobody points at. `wanted`, `held`: Want bits.
  template <class Visit>
  void settle_wishes(Visit&& visit) {
    for (Topic* const topic : wish_list_) {
      topic->is_wish_listed = false;
      const std::uint32_t wanted = wanted_bits(*topic);
      if (wanted != topic->held) visit(*topic, wanted, topic->held);
      topic->held = wanted;
      if (topic->subscription_count == 0 && wildcard_client_count_ == 0) topics_.erase(*topic);
    }
    wish_list_.clear();
  }
  [[nodiscard]] bool has_wishes() const noexcept { return !wish_list_.empty(); }

  /// Symbols with a subscriber, by market.
  struct Census {
    std::size_t stocks = 0;
    std::size_t options = 0;
  };
  [[nodiscard]] Census census();

  /// Everything that must hold, for tests. O(everything).
  void invariants(const std::vector<Client*>& clients) const;

 private:
  Subscription& obtain_subscription(Client& client, Topic& topic);
  void drop_channels(Subscription& subscription, ChannelSet channels);
  void drop_if_empty(Subscription& subscription);
  void list_wish(Topic& topic);
  static std::uint32_t wanted_bits(const Topic& topic) noexcept;
  void count_wants(Topic& topic, Channel channel, bool is_added);

  template <class Encode>
  void deliver(Topic& topic, Channel channel, Encode&& encode);
  void deliver_quote(Topic& topic);
  void mark(Topic& topic, Channel channel);
  void mark(Subscription& subscription, Channel channel);
  void unmark(Subscription& subscription);
  void flush_client(Client& client, std::uint64_t now);
  const Frame& value_frame(Topic& topic, Channel channel);
  [[nodiscard]] bool has_audience(const Topic& topic, Channel channel) const noexcept {
    const auto index = static_cast<std::size_t>(channel);
    return !topic.lists[index].empty() || !wildcards_[index].empty();
  }
  [[nodiscard]] Passage passage_of(std::uint64_t stamp, std::uint64_t ring_ns) const noexcept;

  Topics& topics_;
  Shared& shared_;
  std::uint64_t conflate_ns_;
  std::array<std::vector<Client*>, channel_count> wildcards_ = {};
  std::size_t wildcard_client_count_ = 0;
  std::vector<Client*> dirty_clients_;
  std::vector<Topic*> wish_list_;
  Frame frame_;  // of the record being delivered
};

}  // namespace ringside::gateway
