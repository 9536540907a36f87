// Random subscribing and leaving against a plain table: lists, wishes and limits always agree.
#include "fanout.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "../support/seed.hpp"

namespace ringside::gateway {
namespace {

constexpr std::size_t client_count = 6;
constexpr std::size_t symbol_limit = 5;

// What each client asked for, by symbol.
using Asked = std::map<std::string, ChannelSet>;

class Model : public testing::Test {
 protected:
  void SetUp() override {
    shared.limits.subscription_count_max = symbol_limit;
    for (std::size_t i = 0; i < client_count; ++i) {
      channels.push_back(std::make_unique<net::WsChannel>(net::WsRole::server, net::WsLimits{},
                                                          net::WsChannelHandlers{}));
      clients.push_back(
          std::make_unique<Client>(Client::Options{.id = i}, shared, stream, *channels.back()));
    }
  }

  // The Want bits that anybody has for a symbol.
  [[nodiscard]] std::uint32_t wanted(const std::string& symbol) const {
    std::uint32_t bits = 0;
    for (const Asked& asked : model) {
      const auto found = asked.find(symbol);
      if (found == asked.end()) continue;
      for (std::size_t i = 0; i < channel_count; ++i) {
        if ((found->second >> i & 1U) != 0) bits |= wants_of(static_cast<Channel>(i));
      }
    }
    return bits;
  }

  void step(std::mt19937_64& random) {
    const std::size_t who = random() % client_count;
    Client& client = *clients[who];
    const std::string symbol = (random() % 4 == 0 ? "O:S" : "S") + std::to_string(random() % 8);
    const auto bits = static_cast<ChannelSet>(1 + random() % all_channels);
    switch (random() % 10) {
      case 0:
        fanout.subscribe_all(client, bits);
        break;
      case 1:
        fanout.unsubscribe_all(client, bits);
        for (auto& [each, held] : model[who]) held &= static_cast<ChannelSet>(~bits);
        break;
      case 2:
        fanout.remove(client);
        model[who].clear();
        break;
      case 3:
      case 4:
        fanout.unsubscribe(client, symbol, bits);
        if (model[who].contains(symbol)) model[who][symbol] &= static_cast<ChannelSet>(~bits);
        break;
      default: {
        const bool has_room = model[who].contains(symbol) || model[who].size() < symbol_limit;
        EXPECT_EQ(fanout.subscribe(client, symbol, bits),
                  has_room ? SubscribeResult::ok : SubscribeResult::full);
        if (has_room) model[who][symbol] |= bits;
        break;
      }
    }
    std::erase_if(model[who], [](const auto& each) { return each.second == 0; });
  }

  Shared shared;
  Topics topics{{{.name = "stocks", .vendor = "massive", .is_options = false},
                 {.name = "options", .vendor = "massive", .is_options = true}}};
  Fanout fanout{topics, shared, 0};
  net::Stream stream;
  std::vector<std::unique_ptr<net::WsChannel>> channels;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Asked> model = std::vector<Asked>(client_count);
};

TEST_F(Model, lists_and_wishes_agree_with_a_plain_table_after_every_step) {
  auto random = ringside::test::seeded_random();
  std::map<std::string, std::uint32_t> told;  // what a feed would have been asked for
  std::vector<Client*> all;
  for (const auto& client : clients) all.push_back(client.get());
  for (int i = 0; i < 20'000; ++i) {
    step(random);
    fanout.invariants(all);
    if (random() % 3 != 0) continue;
    fanout.settle_wishes([&](const Topic& topic, std::uint32_t want, std::uint32_t held) {
      EXPECT_EQ(held, told[topic.symbol]);
      told[topic.symbol] = want;
    });
    std::set<std::string> heard;
    for (const Asked& asked : model) {
      for (const auto& [symbol, bits] : asked) heard.insert(symbol);
    }
    for (const auto& [symbol, bits] : told) ASSERT_EQ(bits, wanted(symbol)) << symbol;
    for (const std::string& symbol : heard) ASSERT_EQ(told[symbol], wanted(symbol)) << symbol;
    // Nothing stays behind that nobody listens to; with a wildcard topics are kept for later.
    if (std::all_of(all.begin(), all.end(), [](Client* c) { return c->links().wildcard == 0; })) {
      ASSERT_EQ(topics.size(), heard.size());
    }
  }
  for (Client* const client : all) fanout.remove(*client);
  fanout.settle_wishes(
      [&](const Topic& topic, std::uint32_t want, std::uint32_t) { told[topic.symbol] = want; });
  for (const auto& [symbol, bits] : told) EXPECT_EQ(bits, 0U) << symbol;
  EXPECT_EQ(topics.size(), 0U);
}

// Every deletion below happens while values wait to be sent.
TEST_F(Model, leaving_with_values_waiting_leaves_nothing_behind) {
  auto random = ringside::test::seeded_random();
  std::vector<Client*> all;
  for (const auto& client : clients) all.push_back(client.get());
  for (int i = 0; i < 5'000; ++i) {
    step(random);
    for (Client* const client : all) {
      fanout.touch(*client, "S" + std::to_string(random() % 8), object_channels);
    }
    fanout.invariants(all);
    if (random() % 5 == 0) fanout.flush(static_cast<std::uint64_t>(i));
    if (random() % 7 == 0) {
      fanout.settle_wishes([](const Topic&, std::uint32_t, std::uint32_t) {});
    }
    fanout.invariants(all);
  }
}

}  // namespace
}  // namespace ringside::gateway
