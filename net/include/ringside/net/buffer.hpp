// Owns ByteBuffer: bytes that grow at the back and are consumed at the front, uninitialised memory,
// capacity kept for reuse. One thread. Allocates only when it grows past its largest size so far.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "ringside/base/assert.hpp"

namespace ringside::net {

class ByteBuffer {
 public:
  ByteBuffer() noexcept = default;
  explicit ByteBuffer(std::size_t capacity) { reserve(capacity); }

  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_.get() + begin_; }
  [[nodiscard]] std::span<const std::byte> span() const noexcept { return {data(), size()}; }

  void clear() noexcept { begin_ = end_ = 0; }

  /// Forgets the first `count` bytes.
  void consume(std::size_t count) noexcept {
    RINGSIDE_ASSERT(count <= size());
    begin_ += count;
    if (begin_ == end_) clear();
  }

  /// Room for `count` more bytes at the back; write there, then commit(). Moves the bytes to the
  /// front of the memory first if that makes room.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t count) {
    if (capacity_ - end_ < count) make_room(count);
    return {bytes_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t count) noexcept {
    RINGSIDE_ASSERT(count <= capacity_ - end_);
    end_ += count;
  }

  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  void reserve(std::size_t capacity) {
    if (capacity > capacity_) make_room(capacity - size());
  }

  /// Gives the memory back.
  void release() noexcept {
    bytes_.reset();
    begin_ = end_ = capacity_ = 0;
  }

  void swap(ByteBuffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void make_room(std::size_t count) {
    const std::size_t kept = size();
    if (capacity_ < kept + count) {
      const std::size_t capacity = std::max({kept + count, 2 * capacity_, std::size_t{1024}});
      std::unique_ptr<std::byte[]> bytes(new std::byte[capacity]);  // uninitialised on purpose
      if (kept != 0) std::memcpy(bytes.get(), data(), kept);
      bytes_ = std::move(bytes);
      capacity_ = capacity;
    } else if (kept != 0) {
      std::memmove(bytes_.get(), data(), kept);
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ringside::net
