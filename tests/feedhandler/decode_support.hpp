// Owns what the decoder's tests share: a frame in, its events and counts out. Test code only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vendor/massive/decode.hpp"

namespace ringside::feed {

constexpr std::uint64_t ts_recv_given = 1'767'366'000'900'000'001;

struct DecodedFrame {
  std::vector<Decoded> events;
  std::vector<std::string> messages;  // of the status events, in order
  DecodeCounts counts;

  [[nodiscard]] std::uint64_t rejected(RejectReason reason) const {
    return counts.rejects[static_cast<std::size_t>(reason)];
  }
};

/// Decodes one frame with a decoder of its own, `batch` events a call. What lies behind the frame
/// is as bad as it can be: brackets and quotes that would complete it.
inline DecodedFrame decode(std::string_view frame, Market market = Market::stocks,
                           std::uint32_t quote_size_multiplier = 1, std::size_t batch = 8) {
  massive::Decoder::Options options;
  options.event.market = market;
  options.event.quote_size_multiplier = quote_size_multiplier;
  Result<massive::Decoder> decoder = massive::Decoder::make(options);
  std::string padded(frame);
  padded += "\"}]}]";
  padded.resize(frame.size() + massive::frame_padding_bytes, '}');
  decoder->begin(std::as_bytes(std::span(padded.data(), frame.size())), ts_recv_given);
  DecodedFrame result;
  std::vector<Decoded> out(batch);
  while (const std::size_t count = decoder->read(out)) {
    for (std::size_t i = 0; i < count; ++i) {
      result.events.push_back(out[i]);
      if (out[i].item == Item::status) result.messages.emplace_back(out[i].message);
    }
  }
  result.counts = decoder->counts();
  return result;
}

}  // namespace ringside::feed
