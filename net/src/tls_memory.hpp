// Owns wolfSSL's memory: it asks for a buffer of the record's size for every record and gives it
// back at once. Blocks are kept per thread, so that a steady stream of records allocates nothing.
#pragma once

#include <cstdint>

namespace ringside::net {

/// Makes wolfSSL use it. Once, before wolfSSL_Init.
void install_tls_memory() noexcept;

/// False in builds with the address sanitizer, which shall see every use after a free.
[[nodiscard]] bool keeps_tls_memory() noexcept;

/// Blocks that this thread had to ask the heap for, so far.
[[nodiscard]] std::uint64_t tls_heap_allocations() noexcept;

}  // namespace ringside::net
