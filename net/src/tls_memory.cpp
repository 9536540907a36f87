// Implements tls_memory.hpp: lists of free blocks, one for each power of two up to 32 KiB.
#include "tls_memory.hpp"

#include <wolfssl/options.h>
// options.h first: it decides what the others declare.
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/memory.h>
#include <wolfssl/wolfcrypt/types.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "ringside/base/assert.hpp"

namespace ringside::net {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps_blocks = false;  // the sanitizer shall see every use after a free
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool keeps_blocks = false;
#else
constexpr bool keeps_blocks = true;
#endif
#else
constexpr bool keeps_blocks = true;
#endif

constexpr unsigned smallest_bits = 6;  // 64 bytes
constexpr unsigned largest_bits = 15;  // 32 KiB: a record is at most 16 KiB and its overhead
constexpr std::size_t list_count = largest_bits - smallest_bits + 1;
constexpr std::uint32_t blocks_kept_max = 8;  // of each size: what a session frees between records

/// In front of each block; keeps the alignment that malloc gives.
struct alignas(16) Head {
  std::size_t bytes = 0;  // of the block behind it
  Head* next = nullptr;   // while it is free
};

struct Lists {
  std::array<Head*, list_count> first{};
  std::array<std::uint32_t, list_count> count{};
  std::uint64_t heap_allocations = 0;
  bool is_open = true;

  ~Lists() {
    wc_ecc_fp_free();  // wolfSSL's own cache of curve points, 5 MB in each thread that used one
    is_open = false;  // what wolfSSL frees after this goes to the heap
    for (Head*& head : first) {
      while (head != nullptr) std::free(std::exchange(head, head->next));
    }
  }
};

thread_local Lists lists;

std::size_t bits_of(std::size_t bytes) noexcept {
  return std::max<std::size_t>(std::bit_width(bytes - 1), smallest_bits);
}

void* take(std::size_t bytes) {
  if (bytes == 0) bytes = 1;
  const std::size_t bits = bits_of(bytes);
  const bool is_kept = keeps_blocks && bits <= largest_bits;
  if (is_kept && lists.is_open) {
    const std::size_t list = bits - smallest_bits;
    if (Head* head = lists.first[list]; head != nullptr) {
      lists.first[list] = head->next;
      --lists.count[list];
      return head + 1;
    }
  }
  const std::size_t room = is_kept ? std::size_t{1} << bits : bytes;
  void* memory = std::malloc(sizeof(Head) + room);
  if (memory == nullptr) return nullptr;
  ++lists.heap_allocations;
  return new (memory) Head{room, nullptr} + 1;
}

void give_back(void* block) {
  if (block == nullptr) return;
  Head* head = static_cast<Head*>(block) - 1;
  const std::size_t bits = bits_of(head->bytes);
  if (keeps_blocks && bits <= largest_bits && lists.is_open) {
    const std::size_t list = bits - smallest_bits;
    if (lists.count[list] < blocks_kept_max) {
      head->next = std::exchange(lists.first[list], head);
      ++lists.count[list];
      return;
    }
  }
  std::free(head);
}

void* change(void* block, std::size_t bytes) {
  if (block == nullptr) return take(bytes);
  const std::size_t old_bytes = (static_cast<Head*>(block) - 1)->bytes;
  if (keeps_blocks && bytes <= old_bytes) return block;
  void* moved = take(bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(old_bytes, bytes));
  give_back(block);
  return moved;
}

}  // namespace

void install_tls_memory() noexcept {
  RINGSIDE_ASSERT(wolfSSL_SetAllocators(take, give_back, change) == 0);
}

bool keeps_tls_memory() noexcept {
  return keeps_blocks;
}

std::uint64_t tls_heap_allocations() noexcept {
  return lists.heap_allocations;
}

}  // namespace ringside::net
