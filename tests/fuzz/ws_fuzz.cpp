// Any bytes as a WebSocket stream, as either role: never a crash, the same events however the bytes
// are cut, no message above a limit, no text that the scalar check calls bad. One function over
// bytes. Input: byte 0 chooses role and limits, byte 1 the cuts, the rest is the stream.
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fuzz_check.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/ws.hpp"

namespace ringside::net {
namespace {

struct Event {
  WsEvent event = WsEvent::need_more;
  WsOpcode opcode = WsOpcode::text;
  std::string payload;
  WsCloseCode code = WsCloseCode::normal;

  bool operator==(const Event&) const = default;
};

void check_event(const Event& event, const WsLimits& limits) {
  const auto payload = std::as_bytes(std::span(event.payload));
  switch (event.event) {
    case WsEvent::message:
      FUZZ_CHECK(event.opcode == WsOpcode::text || event.opcode == WsOpcode::binary);
      FUZZ_CHECK(event.payload.size() <= limits.message_bytes_max);
      FUZZ_CHECK(event.opcode != WsOpcode::text || is_utf8_scalar(payload));
      break;
    case WsEvent::ping:
    case WsEvent::pong:
      FUZZ_CHECK(event.payload.size() <= ws_control_bytes_max);
      break;
    case WsEvent::close:
      FUZZ_CHECK(is_utf8_scalar(payload));
      FUZZ_CHECK(event.code == WsCloseCode::none_received ||
                 is_sendable_close_code(static_cast<std::uint16_t>(event.code)));
      break;
    case WsEvent::failed:
      FUZZ_CHECK(is_sendable_close_code(static_cast<std::uint16_t>(event.code)));
      break;
    case WsEvent::need_more:
      break;
  }
}

// Each piece lies in memory of its own with exactly the promised padding.
void feed(WsDecoder& decoder, std::span<const std::uint8_t> piece, std::vector<Event>& events) {
  const std::size_t whole = padding_front_bytes + piece.size() + padding_back_bytes;
  const std::unique_ptr<std::byte[]> memory(new std::byte[whole]());
  if (!piece.empty()) std::memcpy(memory.get() + padding_front_bytes, piece.data(), piece.size());
  std::span<const std::byte> input(memory.get() + padding_front_bytes, piece.size());
  for (;;) {
    WsMessage message;
    const WsEvent event = decoder.next(input, message);
    if (event == WsEvent::need_more) break;
    const bool has_code = event == WsEvent::close || event == WsEvent::failed;
    events.push_back({event, message.opcode,
                      event == WsEvent::failed ? std::string() : std::string(message.text()),
                      has_code ? message.close_code : WsCloseCode::normal});
    if (event == WsEvent::failed) {
      FUZZ_CHECK(!decoder.error_reason().empty());
      break;
    }
  }
  FUZZ_CHECK(input.empty());
}

bool has_failed(const std::vector<Event>& events) {
  return !events.empty() && events.back().event == WsEvent::failed;
}

}  // namespace
}  // namespace ringside::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringside::net;
  if (size < 2) return 0;
  const WsRole role = (data[0] & 1U) != 0 ? WsRole::server : WsRole::client;
  const WsLimits limits{.message_bytes_max = std::size_t{1} << (4U + (data[0] >> 1U & 7U)),
                        .fragment_count_max = 1U + (data[0] >> 4U)};
  std::minstd_rand random(1U + data[1]);
  const std::span<const std::uint8_t> stream(data + 2, size - 2);

  WsDecoder whole(role, limits);
  std::vector<Event> expected;
  feed(whole, stream, expected);
  for (const Event& event : expected) check_event(event, limits);

  WsDecoder cut(role, limits);
  std::vector<Event> seen;
  for (std::size_t at = 0; at < stream.size() && !has_failed(seen);) {
    const std::size_t bytes = std::min<std::size_t>(stream.size() - at, 1 + random() % 9);
    feed(cut, stream.subspan(at, bytes), seen);
    at += bytes;
  }
  FUZZ_CHECK(seen == expected);
  if (!has_failed(expected)) FUZZ_CHECK(cut.is_inside_message() == whole.is_inside_message());
  return 0;
}
