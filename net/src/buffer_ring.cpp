// Implements buffer_ring.hpp.
#include "buffer_ring.hpp"

#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <new>
#include <string>

#include "ringside/base/assert.hpp"
#include "ringside/net/loop.hpp"

namespace ringside::net {
namespace {

std::byte* map(std::size_t bytes) noexcept {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
}

}  // namespace

Status BufferRing::create(io_uring& ring, std::uint32_t count, std::uint32_t bytes) {
  RINGSIDE_ASSERT(std::has_single_bit(count) && count <= 32'768 && bytes >= 512);
  count_ = count;
  buffer_bytes_ = bytes;
  stride_ = (padding_front_bytes + bytes + padding_back_bytes + 63) / 64 * 64;
  entries_bytes_ = count * sizeof(io_uring_buf);
  memory_bytes_ = count * stride_;
  std::byte* entries = map(entries_bytes_);
  memory_ = map(memory_bytes_);
  if (entries == nullptr || memory_ == nullptr) {
    Error error = sys_error(ErrorCode::memory, "net: " + std::to_string(memory_bytes_) +
                                                   " bytes of receive buffers are not there");
    if (entries != nullptr) ::munmap(entries, entries_bytes_);
    return error;
  }
  entries_ = new (entries) io_uring_buf_ring;  // mapped memory is zero and page-aligned
  io_uring_buf_ring_init(entries_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries_);
  registration.ring_entries = count;
  registration.bgid = group;
  const int rc = io_uring_register_buf_ring(&ring, &registration, 0);
  if (rc < 0) {
    return Error{ErrorCode::version, -rc, "net: the kernel refuses a ring of receive buffers"};
  }
  const int mask = io_uring_buf_ring_mask(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    io_uring_buf_ring_add(entries_, buffer(i), bytes, static_cast<std::uint16_t>(i), mask,
                          static_cast<int>(i));
  }
  io_uring_buf_ring_advance(entries_, static_cast<int>(count));
  return {};
}

std::byte* BufferRing::buffer(std::uint32_t index) const noexcept {
  return memory_ + index * stride_ + padding_front_bytes;
}

std::span<const std::byte> BufferRing::filled(std::uint32_t cqe_flags,
                                              std::size_t bytes) const noexcept {
  const std::uint32_t index = cqe_flags >> IORING_CQE_BUFFER_SHIFT;
  RINGSIDE_DASSERT(index < count_ && bytes <= buffer_bytes_);
  return {buffer(index), bytes};
}

void BufferRing::recycle(std::uint32_t cqe_flags) noexcept {
  const std::uint32_t index = cqe_flags >> IORING_CQE_BUFFER_SHIFT;
  io_uring_buf_ring_add(entries_, buffer(index), buffer_bytes_, static_cast<std::uint16_t>(index),
                        io_uring_buf_ring_mask(count_), 0);
  io_uring_buf_ring_advance(entries_, 1);
}

void BufferRing::release() noexcept {
  if (entries_ != nullptr) ::munmap(entries_, entries_bytes_);
  if (memory_ != nullptr) ::munmap(memory_, memory_bytes_);
  entries_ = nullptr;
  memory_ = nullptr;
}

}  // namespace ringside::net
