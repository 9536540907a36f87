// Implements ws_channel.hpp.
#include "ringside/net/ws_channel.hpp"

#include <array>
#include <utility>

#include "ringside/base/assert.hpp"

namespace ringside::net {

WsChannel::WsChannel(WsRole role, const WsLimits& limits, const WsChannelHandlers& handlers)
    : role_(role), decoder_(role, limits), handlers_(handlers) {}

WsChannel::~WsChannel() {
  if (destroyed_ != nullptr) *destroyed_ = true;
}

void WsChannel::on_bytes(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept {
  RINGSIDE_DASSERT(destroyed_ == nullptr);  // bytes come from the loop, never from a handler
  bool is_destroyed = false;
  destroyed_ = &is_destroyed;
  while (!is_closing_) {
    WsMessage message;
    const WsEvent event = decoder_.next(bytes, message);
    if (event == WsEvent::need_more) break;
    handle(event, message, ts_recv_ns);
    if (is_destroyed) return;  // by a handler: nothing of ours is left
  }
  destroyed_ = nullptr;
}

// A handler is the last thing each branch calls: it may destroy us.
void WsChannel::handle(WsEvent event, const WsMessage& message, std::uint64_t ts_recv_ns) noexcept {
  switch (event) {
    case WsEvent::message:
      handlers_.on_message(message.opcode, message.payload, ts_recv_ns);
      return;
    case WsEvent::ping:
      // A pong that does not fit into the backlog is dropped: a later ping gets the next.
      static_cast<void>(send(WsOpcode::pong, message.payload));
      return;
    case WsEvent::pong:
      handlers_.on_pong(message.payload);
      return;
    case WsEvent::close:
      close(message.close_code, {});  // the same code back, as the RFC suggests
      handlers_.on_closing(message.close_code, message.text(), true);
      return;
    case WsEvent::failed:
      close(message.close_code, decoder_.error_reason());
      handlers_.on_closing(message.close_code, decoder_.error_reason(), false);
      return;
    case WsEvent::need_more:
      return;
  }
}

SendResult WsChannel::send(WsOpcode opcode, std::span<const std::byte> payload) noexcept {
  if (stream_ == nullptr || is_closing_) return SendResult::closed;
  std::array<std::byte, ws_header_bytes_max> header;
  if (role_ == WsRole::server) {
    const std::size_t bytes = write_ws_header(header, opcode, payload.size());
    return stream_->send(std::span(header).first(bytes), payload);
  }
  const WsMask mask = next_mask();
  const std::size_t bytes = write_ws_header(header, opcode, payload.size(), true, &mask);
  masked_.clear();
  mask_bytes(payload, masked_.prepare(payload.size()).data(), mask);
  masked_.commit(payload.size());
  return stream_->send(std::span(header).first(bytes), masked_.span());
}

void WsChannel::close(WsCloseCode code, std::string_view reason) noexcept {
  if (stream_ == nullptr || is_closing_) return;
  std::array<std::byte, ws_control_bytes_max> payload;
  const std::size_t bytes = write_ws_close_payload(payload, code, reason);
  // If the backlog is full the peer learns from the end of the stream alone.
  static_cast<void>(send(WsOpcode::close, std::span(payload).first(bytes)));
  is_closing_ = true;
  stream_->close();  // behind the frame; the peer's answer is not waited for beyond its FIN
}

}  // namespace ringside::net
