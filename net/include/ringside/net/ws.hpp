// Owns the WebSocket codec (RFC 6455) without sockets, for both roles: frames in, whole messages
// out; headers and masks for frames that leave. One thread per decoder. Allocates when a decoder is
// created; nothing per message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace ringside::net {

/// Which end we are. A client masks what it sends and refuses masked frames; a server the reverse.
enum class WsRole : std::uint8_t { client, server };

enum class WsOpcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// Close codes of RFC 6455 section 7.4.1 that we send or name.
enum class WsCloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported = 1003,
  none_received = 1005,  // never on the wire: a close frame without a code
  abnormal = 1006,       // never on the wire: the connection ended without a close frame
  bad_payload = 1007,
  policy = 1008,
  too_big = 1009,
  internal_error = 1011,
};

/// Whether a peer may send this code in a close frame.
[[nodiscard]] bool is_sendable_close_code(std::uint16_t code) noexcept;

struct WsLimits {
  std::size_t message_bytes_max = 1U << 20;  // of one message, all fragments together
  std::uint32_t fragment_count_max = 1024;   // of one message
};

enum class [[nodiscard]] WsEvent : std::uint8_t{
    need_more,  // the input is used up
    message,    // text or binary, whole, UTF-8 checked if text
    ping,       // answer with a pong of the same payload
    pong,
    close,   // close_code and payload (the reason); answer with a close frame, then end
    failed,  // the peer broke the protocol: send close_code, end; the decoder stays failed
};

struct WsMessage {
  WsOpcode opcode = WsOpcode::text;
  /// Good until the next call to next(), and while the input's bytes are. padding_front_bytes in
  /// front and padding_back_bytes behind are readable if those of the input are.
  std::span<const std::byte> payload = {};
  /// close: the peer's (none_received if it gave none); failed: the one to send.
  WsCloseCode close_code = WsCloseCode::normal;

  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(payload.data()), payload.size()};
  }
};

/// Turns a byte stream, cut anywhere, into whole messages.
///
/// An unmasked message in one frame that lies whole in the input is handed out in place. All others
/// are collected (and unmasked) in the decoder's own buffer, which has the same padding. Control
/// frames between fragments come out at once.
/// Errors  failed with protocol_error (1002): reserved bits or opcodes, wrong masking, fragmented
/// or
///         long control frames, lengths that are not minimal, continuation without a start, bad
///         close codes; bad_payload (1007): text or close reason that is not UTF-8; too_big (1009):
///         a limit, noticed at the header, before the payload arrives; policy (1008): too many
///         fragments.
class WsDecoder {
 public:
  explicit WsDecoder(WsRole role, const WsLimits& limits = {});
  ~WsDecoder();
  WsDecoder(WsDecoder&&) noexcept;
  WsDecoder& operator=(WsDecoder&&) noexcept;

  /// Consumes from the front of `input` up to the end of the next event. Call until need_more.
  WsEvent next(std::span<const std::byte>& input, WsMessage& out) noexcept;

  /// Why it failed, one line for a log; "" before.
  [[nodiscard]] std::string_view error_reason() const noexcept;

  /// Whether a frame or a fragmented message has begun and is not whole.
  [[nodiscard]] bool is_inside_message() const noexcept;

  /// Forgets everything, for a new connection.
  void reset() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

inline constexpr std::size_t ws_header_bytes_max = 14;
inline constexpr std::size_t ws_control_bytes_max = 125;

using WsMask = std::array<std::byte, 4>;

/// Writes the header of one frame; returns its bytes. A server passes no mask, so that the same
/// header and payload serve every client. A client passes a fresh next_mask() and then masks the
/// payload with mask_bytes.
[[nodiscard]] std::size_t write_ws_header(std::span<std::byte, ws_header_bytes_max> out,
                                          WsOpcode opcode, std::uint64_t payload_bytes,
                                          bool is_final = true,
                                          const WsMask* mask = nullptr) noexcept;

/// The payload of a close frame: code and reason (cut to fit, never inside a code point).
[[nodiscard]] std::size_t write_ws_close_payload(std::span<std::byte, ws_control_bytes_max> out,
                                                 WsCloseCode code,
                                                 std::string_view reason) noexcept;

/// out[i] = in[i] ^ mask[(offset + i) % 4]. `out` may be `in`.  Vectorised (Highway).
void mask_bytes(std::span<const std::byte> in, std::byte* out, const WsMask& mask,
                std::size_t offset = 0) noexcept;

/// An unpredictable mask: from the kernel's generator, 4 KiB at a time, per thread.
[[nodiscard]] WsMask next_mask() noexcept;

/// Whether `bytes` is well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF).
/// Vectorised (Highway); the scalar twin is what tests compare it with.
[[nodiscard]] bool is_utf8(std::span<const std::byte> bytes) noexcept;
[[nodiscard]] bool is_utf8_scalar(std::span<const std::byte> bytes) noexcept;
void mask_bytes_scalar(std::span<const std::byte> in, std::byte* out, const WsMask& mask,
                       std::size_t offset = 0) noexcept;

}  // namespace ringside::net
