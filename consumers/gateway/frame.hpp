// Owns Frame, one WebSocket text frame as it goes on the wire: built once, then copied into the
// output of every client that gets it. One thread; allocates only when it grows past its largest
// size so far.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "ringside/base/assert.hpp"
#include "ringside/net/ws.hpp"

namespace ringside::gateway {

/// Usage: `frame.begin()`, append to `frame.payload()`, `frame.finish()`, then `wire()`.
class Frame {
 public:
  void begin() {
    bytes_.assign(header_room, '\0');
    begin_ = 0;
  }

  /// Append only: what lies in front is the header's room.
  [[nodiscard]] std::string& payload() noexcept { return bytes_; }

  void finish() noexcept {
    const std::size_t payload_bytes = bytes_.size() - header_room;
    std::array<std::byte, net::ws_header_bytes_max> header;
    const std::size_t header_bytes =
        net::write_ws_header(header, net::WsOpcode::text, payload_bytes);
    RINGSIDE_DASSERT(header_bytes <= header_room);
    begin_ = header_room - header_bytes;
    std::memcpy(bytes_.data() + begin_, header.data(), header_bytes);
  }

  /// Header and payload; good until the next begin().
  [[nodiscard]] std::span<const std::byte> wire() const noexcept {
    return std::as_bytes(std::span(bytes_)).subspan(begin_);
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return std::string_view(bytes_).substr(header_room);
  }

 private:
  static constexpr std::size_t header_room = 10;  // a server's longest: no mask
  std::string bytes_ = std::string(header_room, '\0');
  std::size_t begin_ = header_room;
};

}  // namespace ringside::gateway
