// Owns the reference decoder of Massive's WebSocket frames: simdjson On-Demand, one pass, no copy
// of the frame. Allocates at make() only; one decoder a feed, on its thread.
//
// Any decoder of the project has this shape (begin, read, counts) and gives the same answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "decoded.hpp"
#include "ringside/base/result.hpp"
#include "vendor/massive/event.hpp"

namespace ringside::feed::massive {

/// Bytes that must be readable behind a frame; their values do not matter.
inline constexpr std::size_t frame_padding_bytes = 64;

class Decoder {
 public:
  struct Options {
    EventOptions event;
    std::size_t frame_bytes_max = std::size_t{1} << 20;  // the vendor stays below 1,000,000
  };

  /// Errors  memory: the parser's tables for frame_bytes_max.
  [[nodiscard]] static Result<Decoder> make(const Options& options);

  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  /// Starts one text frame; what was left of the one before is dropped.
  ///
  /// Shapes  frame: a JSON array of events (or one bare event), then frame_padding_bytes readable
  ///         bytes; both stay as they are until read() has returned 0.
  /// Units   ts_recv: when the bytes left the socket, ns UTC.
  void begin(std::span<const std::byte> frame, std::uint64_t ts_recv) noexcept;

  /// Writes the frame's next events to `out`, in their order; 0 when the frame is done.
  ///
  /// A status event is always the last one of a call, and its message is good until the next call.
  /// The last event before the frame's end carries flag_last_of_frame.
  /// Errors  a malformed event is counted and left out; those around it are not touched.
  /// Cost    one pass, no allocation, no system call; a frame with a fault is looked at up to
  ///         effort_max times.
  [[nodiscard]] std::size_t read(std::span<Decoded> out) noexcept;

  [[nodiscard]] const DecodeCounts& counts() const noexcept;

  /// The latest reject: why, and the first bytes of what was rejected (good as the frame is).
  [[nodiscard]] RejectReason last_reject() const noexcept;
  [[nodiscard]] std::string_view last_reject_text() const noexcept;

 private:
  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// A frame with faults costs at most this many looks at each of its bytes; then the rest is
/// rejected as too_large.
inline constexpr std::size_t effort_max = 16;

}  // namespace ringside::feed::massive
