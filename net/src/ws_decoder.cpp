// Implements WsDecoder: frames in, cut anywhere, messages out.
#include <algorithm>
#include <cstring>
#include <utility>

#include "ringside/base/assert.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/ws.hpp"

namespace ringside::net {
namespace {

using Input = std::span<const std::byte>;

bool is_control(WsOpcode opcode) noexcept {
  return static_cast<unsigned>(opcode) >= 0x8U;
}

bool is_known(unsigned opcode) noexcept {
  return opcode <= 0x2U || (opcode >= 0x8U && opcode <= 0xAU);
}

std::uint64_t big_endian(const std::byte* bytes, std::size_t count) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return value;
}

struct Frame {
  WsOpcode opcode = WsOpcode::text;
  bool is_final = false;
  bool is_masked = false;
  WsMask mask{};
  std::size_t payload_bytes = 0;
};

}  // namespace

struct WsDecoder::State {
  State(WsRole own_role, const WsLimits& own_limits)
      : role(own_role),
        limits(own_limits),
        memory(new std::byte[padding_front_bytes + own_limits.message_bytes_max +
                             padding_back_bytes]) {  // uninitialised on purpose
    std::memset(memory.get(), 0, padding_front_bytes);
  }

  WsEvent next(Input& input, WsMessage& out) noexcept;
  WsEvent fail(WsCloseCode code, const char* reason) noexcept;
  bool refused(WsCloseCode code, const char* reason) noexcept {
    return fail(code, reason) != WsEvent::failed;  // false
  }
  bool take_header(Input& input) noexcept;
  bool check_start() noexcept;
  bool check_length() noexcept;
  WsEvent take_control(Input& input, WsMessage& out) noexcept;
  WsEvent take_data(Input& input, WsMessage& out) noexcept;
  WsEvent finish_control(WsMessage& out) noexcept;
  WsEvent finish_close(Input payload, WsMessage& out) noexcept;
  WsEvent finish_message(Input payload, WsMessage& out) noexcept;
  void copy_payload(Input piece, std::byte* out) noexcept;

  [[nodiscard]] std::byte* buffer() noexcept { return memory.get() + padding_front_bytes; }

  enum class Phase : std::uint8_t { header, payload, ended };

  WsRole role;
  WsLimits limits;
  Phase phase = Phase::header;
  bool is_fragmented = false;  // a message has begun and waits for its continuation
  WsOpcode message_opcode = WsOpcode::text;
  std::uint32_t fragment_count = 0;
  std::size_t collected_bytes = 0;  // of the message, in `memory`
  Frame frame;
  std::size_t payload_done = 0;  // of the frame
  std::size_t header_bytes = 0;  // in `header`
  std::array<std::byte, ws_header_bytes_max> header{};
  std::array<std::byte, ws_control_bytes_max> control{};
  bool has_failed = false;
  WsCloseCode failure = WsCloseCode::normal;
  const char* why = "";
  std::unique_ptr<std::byte[]> memory;
};

WsEvent WsDecoder::State::fail(WsCloseCode code, const char* reason) noexcept {
  has_failed = true;
  failure = code;
  why = reason;
  phase = Phase::ended;
  return WsEvent::failed;
}

WsEvent WsDecoder::State::next(Input& input, WsMessage& out) noexcept {
  for (;;) {
    if (phase == Phase::ended) {
      input = input.last(0);  // nothing counts after a close frame
      out.close_code = failure;
      return has_failed ? WsEvent::failed : WsEvent::need_more;
    }
    if (phase == Phase::header) {
      if (!take_header(input)) {
        if (has_failed) continue;
        return WsEvent::need_more;
      }
      phase = Phase::payload;
      payload_done = 0;
    }
    const WsEvent event =
        is_control(frame.opcode) ? take_control(input, out) : take_data(input, out);
    if (event == WsEvent::failed) continue;
    // A fragment that is whole but not the last yields nothing: go on with the next header.
    if (event != WsEvent::need_more || phase == Phase::payload) return event;
  }
}

// Collects the header byte-exactly; true once it is whole and sound.
bool WsDecoder::State::take_header(Input& input) noexcept {
  for (;;) {
    std::size_t need = 2;
    if (header_bytes >= 2) {
      const unsigned length = std::to_integer<unsigned>(header[1]) & 0x7FU;
      need += length == 126 ? 2U : length == 127 ? 8U : 0U;
      need += (std::to_integer<unsigned>(header[1]) & 0x80U) != 0 ? 4U : 0U;
    }
    if (header_bytes >= 2 && header_bytes == need) break;
    const std::size_t count = std::min(need - header_bytes, input.size());
    std::copy_n(input.begin(), count, header.begin() + static_cast<std::ptrdiff_t>(header_bytes));
    input = input.subspan(count);
    header_bytes += count;
    if (header_bytes < need) return false;
    if (header_bytes == 2 && !check_start()) return false;
  }
  header_bytes = 0;
  return check_length();
}

// The first two bytes: everything but the length.
bool WsDecoder::State::check_start() noexcept {
  const auto first = std::to_integer<unsigned>(header[0]);
  const auto second = std::to_integer<unsigned>(header[1]);
  const unsigned opcode = first & 0x0FU;
  const auto refuse = [this](const char* reason) {
    return refused(WsCloseCode::protocol_error, reason);
  };
  if ((first & 0x70U) != 0) return refuse("reserved bits are set without an extension");
  if (!is_known(opcode)) return refuse("reserved opcode");
  frame.opcode = static_cast<WsOpcode>(opcode);
  frame.is_final = (first & 0x80U) != 0;
  frame.is_masked = (second & 0x80U) != 0;
  if (role == WsRole::server && !frame.is_masked)
    return refuse("frame from a client is not masked");
  if (role == WsRole::client && frame.is_masked) return refuse("frame from a server is masked");
  if (is_control(frame.opcode)) {
    if (!frame.is_final) return refuse("fragmented control frame");
    if ((second & 0x7FU) > ws_control_bytes_max) return refuse("control frame above 125 bytes");
  } else if (is_fragmented && frame.opcode != WsOpcode::continuation) {
    return refuse("new message inside a fragmented one");
  } else if (!is_fragmented && frame.opcode == WsOpcode::continuation) {
    return refuse("continuation without a start");
  }
  return true;
}

bool WsDecoder::State::check_length() noexcept {
  const unsigned code = std::to_integer<unsigned>(header[1]) & 0x7FU;
  std::uint64_t bytes = code;
  std::size_t at = 2;
  if (code == 126) {
    bytes = big_endian(header.data() + at, 2);
    at += 2;
  } else if (code == 127) {
    bytes = big_endian(header.data() + at, 8);
    at += 8;
  }
  const bool is_minimal = code < 126 || (code == 126 && bytes > 125) || bytes > 0xFFFF;
  if (!is_minimal || bytes >> 63U != 0) {
    return refused(WsCloseCode::protocol_error, "frame length is not written in the shortest form");
  }
  if (frame.is_masked) std::memcpy(frame.mask.data(), header.data() + at, frame.mask.size());
  if (!is_control(frame.opcode)) {
    if (!is_fragmented) {
      collected_bytes = 0;
      fragment_count = 0;
      message_opcode = frame.opcode;
    }
    if (bytes > limits.message_bytes_max - collected_bytes) {
      return refused(WsCloseCode::too_big, "message exceeds the limit");
    }
    if (++fragment_count > limits.fragment_count_max) {
      return refused(WsCloseCode::policy, "message has too many fragments");
    }
  }
  frame.payload_bytes = static_cast<std::size_t>(bytes);
  return true;
}

void WsDecoder::State::copy_payload(Input piece, std::byte* out) noexcept {
  if (frame.is_masked) {
    mask_bytes(piece, out, frame.mask, payload_done);
  } else if (!piece.empty()) {
    std::memcpy(out, piece.data(), piece.size());
  }
  payload_done += piece.size();
}

WsEvent WsDecoder::State::take_control(Input& input, WsMessage& out) noexcept {
  const std::size_t count = std::min(frame.payload_bytes - payload_done, input.size());
  copy_payload(input.first(count), control.data() + payload_done);
  input = input.subspan(count);
  if (payload_done < frame.payload_bytes) return WsEvent::need_more;
  phase = Phase::header;
  return finish_control(out);
}

WsEvent WsDecoder::State::finish_control(WsMessage& out) noexcept {
  const Input payload = Input(control).first(frame.payload_bytes);
  if (frame.opcode == WsOpcode::close) return finish_close(payload, out);
  out = {.opcode = frame.opcode, .payload = payload, .close_code = WsCloseCode::normal};
  return frame.opcode == WsOpcode::ping ? WsEvent::ping : WsEvent::pong;
}

WsEvent WsDecoder::State::finish_close(Input payload, WsMessage& out) noexcept {
  out = {.opcode = WsOpcode::close, .payload = {}, .close_code = WsCloseCode::none_received};
  if (payload.size() == 1) return fail(WsCloseCode::protocol_error, "close code is cut off");
  if (payload.size() >= 2) {
    const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
    if (!is_sendable_close_code(code)) {
      return fail(WsCloseCode::protocol_error, "close code may not be sent");
    }
    if (!is_utf8(payload.subspan(2))) {
      return fail(WsCloseCode::bad_payload, "close reason is not UTF-8");
    }
    out.close_code = static_cast<WsCloseCode>(code);
    out.payload = payload.subspan(2);
  }
  phase = Phase::ended;
  return WsEvent::close;
}

WsEvent WsDecoder::State::take_data(Input& input, WsMessage& out) noexcept {
  const std::size_t left = frame.payload_bytes - payload_done;
  const bool is_whole_here = frame.is_final && !is_fragmented && payload_done == 0 &&
                             !frame.is_masked && input.size() >= left;
  if (is_whole_here) {
    const Input payload = input.first(left);
    input = input.subspan(left);
    return finish_message(payload, out);
  }
  const std::size_t count = std::min(left, input.size());
  copy_payload(input.first(count), buffer() + collected_bytes);
  collected_bytes += count;
  input = input.subspan(count);
  if (payload_done < frame.payload_bytes) return WsEvent::need_more;
  if (frame.is_final) return finish_message({buffer(), collected_bytes}, out);
  is_fragmented = true;
  phase = Phase::header;
  return WsEvent::need_more;
}

WsEvent WsDecoder::State::finish_message(Input payload, WsMessage& out) noexcept {
  phase = Phase::header;
  is_fragmented = false;
  collected_bytes = 0;
  if (message_opcode == WsOpcode::text && !is_utf8(payload)) {
    return fail(WsCloseCode::bad_payload, "text message is not UTF-8");
  }
  out = {.opcode = message_opcode, .payload = payload, .close_code = WsCloseCode::normal};
  return WsEvent::message;
}

WsDecoder::WsDecoder(WsRole role, const WsLimits& limits)
    : state_(std::make_unique<State>(role, limits)) {}
WsDecoder::~WsDecoder() = default;
WsDecoder::WsDecoder(WsDecoder&&) noexcept = default;
WsDecoder& WsDecoder::operator=(WsDecoder&&) noexcept = default;

WsEvent WsDecoder::next(std::span<const std::byte>& input, WsMessage& out) noexcept {
  return state_->next(input, out);
}

std::string_view WsDecoder::error_reason() const noexcept {
  return state_->why;
}

bool WsDecoder::is_inside_message() const noexcept {
  return state_->phase == State::Phase::payload || state_->header_bytes != 0 ||
         state_->is_fragmented;
}

void WsDecoder::reset() noexcept {
  state_->phase = State::Phase::header;
  state_->is_fragmented = false;
  state_->collected_bytes = 0;
  state_->header_bytes = 0;
  state_->has_failed = false;
  state_->failure = WsCloseCode::normal;
  state_->why = "";
}

}  // namespace ringside::net
