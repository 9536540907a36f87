// Owns the receive buffers that the kernel fills: one provided-buffer ring and the memory behind
// it, each buffer with the padding that decoders rely on. The loop's thread. Allocates when
// created.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringside/base/result.hpp"

namespace ringside::net {

class BufferRing {
 public:
  static constexpr std::uint16_t group = 0;

  BufferRing() noexcept = default;
  ~BufferRing() { release(); }
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;

  /// Maps the memory, registers the ring and hands every buffer to the kernel.
  /// Shapes  count: a power of two, 1 to 32768; bytes: of one buffer, without padding.
  [[nodiscard]] Status create(io_uring& ring, std::uint32_t count, std::uint32_t bytes);

  /// The `bytes` that the kernel wrote to the buffer a completion names.
  [[nodiscard]] std::span<const std::byte> filled(std::uint32_t cqe_flags,
                                                  std::size_t bytes) const noexcept;

  /// Gives that buffer back to the kernel: no system call.
  void recycle(std::uint32_t cqe_flags) noexcept;

  /// Unmaps; the ring must be gone or never use the group again.
  void release() noexcept;

 private:
  [[nodiscard]] std::byte* buffer(std::uint32_t index) const noexcept;

  io_uring_buf_ring* entries_ = nullptr;
  std::byte* memory_ = nullptr;
  std::size_t entries_bytes_ = 0;
  std::size_t memory_bytes_ = 0;
  std::size_t stride_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t buffer_bytes_ = 0;
};

}  // namespace ringside::net
