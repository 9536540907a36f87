// Owns Topic, one symbol that somebody listens to: who does, its newest values, and the frames
// built from them. Plain data of the gateway's thread; Topics makes them, Fanout uses them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "channel.hpp"
#include "encode.hpp"
#include "frame.hpp"
#include "ringside/shm/symbols.hpp"

namespace ringside::gateway {

class Client;
struct Topic;

/// The statistics' day, with the vendor's volume, VWAP and open where ours did not see the whole
/// day: the vendor did.
[[nodiscard]] inline DayFigures join_days(const DayFigures& ours,
                                          const DayFigures& vendor) noexcept {
  DayFigures out = ours;
  const bool is_whole = ours.ts != 0 && !ours.is_partial;
  if (is_whole || vendor.ts == 0 || vendor.ts < ours.ts) return out;
  if (vendor.volume != shm::size_absent) out.volume = vendor.volume;
  if (vendor.vwap != shm::px_absent) out.vwap = vendor.vwap;
  if (vendor.open != shm::px_absent) out.open = vendor.open;
  return out;
}

[[nodiscard]] inline QuoteParts make_parts(const shm::TickRecord& trade,
                                           const shm::TickRecord& quote, const DayFigures& ours,
                                           const DayFigures& vendor) noexcept {
  return {.trade = trade.kind == shm::Kind::trade ? &trade : nullptr,
          .quote = quote.kind == shm::Kind::quote ? &quote : nullptr,
          .day = join_days(ours, vendor)};
}

/// What a vendor's bar says of its day.
[[nodiscard]] inline DayFigures vendor_day(const shm::BarRecord& bar) noexcept {
  DayFigures out;
  out.ts = bar.ts_event;
  out.volume = bar.day_volume;
  out.vwap = bar.day_vwap;
  out.open = bar.official_open;
  return out;
}

/// One client's tie to one topic. Lives in the client's table; lists point at it.
struct Subscription {
  Client* client = nullptr;
  Topic* topic = nullptr;
  ChannelSet channels = 0;  // lists it stands in
  ChannelSet dirty = 0;     // values that changed since they were last sent to this client
  std::uint32_t dirty_place = 0;
  std::array<std::uint32_t, channel_count> place = {};  // in the topic's lists
};

/// What a topic's conflated channels are built from.
struct Topic {
  std::string symbol = {};
  std::string json = {};  // quoted and escaped
  std::uint32_t feed = 0;
  bool is_option = false;

  std::array<std::vector<Subscription*>, channel_count> lists = {};
  std::uint32_t subscription_count = 0;  // Subscription objects that point here

  // What is asked of the feed: references per Want bit, and what it was told last.
  std::array<std::uint32_t, shm::want_bits> want_refs = {};
  std::uint32_t held = 0;
  bool is_wish_listed = false;

  // Newest values; kind none: nothing yet. The stamp is the tape's, 0 for a last value from memory.
  shm::TickRecord trade = shm::empty_tick();
  shm::TickRecord quote = shm::empty_tick();
  DayFigures day = {};        // of the statistics
  DayFigures vendor = {};     // of the vendor's bars
  std::uint64_t ring_ns = 0;  // when the newest value was taken from memory

  // Frames of the conflated channels, built at most once per value.
  std::array<Frame, channel_count> frames = {};
  ChannelSet frames_valid = 0;

  [[nodiscard]] QuoteParts parts() const noexcept { return make_parts(trade, quote, day, vendor); }
};

/// The channels that a client with policy conflate gets as newest values.
inline constexpr ChannelSet object_channels = bit_of(Channel::quote) | bit_of(Channel::option);

}  // namespace ringside::gateway
