// Owns WsChannel: an established WebSocket over a Stream, either role - decoding, pongs, the
// closing handshake. The gateway and the simulator put it on an accepted stream after the upgrade,
// WsClient on its own. The loop's thread; allocates when created.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ringside/net/buffer.hpp"
#include "ringside/net/delegate.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/ws.hpp"

namespace ringside::net {

struct WsChannelHandlers {
  /// A whole text or binary message; `ts_recv_ns` of the bytes that completed it. Good until the
  /// callback returns; padded like on_data.
  Delegate<void(WsOpcode, std::span<const std::byte>, std::uint64_t)> on_message = {};
  /// The peer's close frame (it is answered already, and the stream closes by itself), or our
  /// answer to a broken protocol: (code, reason, is_peer). The stream's on_close follows. Once.
  Delegate<void(WsCloseCode, std::string_view, bool)> on_closing = {};
  Delegate<void(std::span<const std::byte>)> on_pong = {};
};

/// Uses, but does not own, a stream: point the stream's on_data at on_bytes(). The stream must stay
/// where it is or be re-set with set_stream() when moved.
class WsChannel {
 public:
  WsChannel(WsRole role, const WsLimits& limits, const WsChannelHandlers& handlers);
  ~WsChannel();
  WsChannel(const WsChannel&) = delete;
  WsChannel& operator=(const WsChannel&) = delete;

  void set_stream(Stream* stream) noexcept { stream_ = stream; }

  /// Give it every byte after the handshake. Handlers are called from within; they may close or
  /// destroy the stream and this channel.
  void on_bytes(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept;

  /// One whole message or control frame (`payload` of a control frame: up to 125 bytes).
  SendResult send(WsOpcode opcode, std::span<const std::byte> payload) noexcept;
  SendResult send_text(std::string_view text) noexcept {
    return send(WsOpcode::text, std::as_bytes(std::span(text)));
  }
  SendResult send_ping(std::span<const std::byte> payload = {}) noexcept {
    return send(WsOpcode::ping, payload);
  }

  /// Sends a close frame behind what is queued and closes the stream (bounded by its
  /// close_timeout_ns): no message comes or goes any more. on_closing is not called for it.
  void close(WsCloseCode code, std::string_view reason = {}) noexcept;
  [[nodiscard]] bool is_closing() const noexcept { return is_closing_; }

 private:
  void handle(WsEvent event, const WsMessage& message, std::uint64_t ts_recv_ns) noexcept;

  WsRole role_;
  WsDecoder decoder_;
  WsChannelHandlers handlers_;
  Stream* stream_ = nullptr;
  ByteBuffer masked_;  // a client's payload on its way out
  bool is_closing_ = false;
  bool* destroyed_ = nullptr;  // set while on_bytes is on the stack
};

}  // namespace ringside::net
