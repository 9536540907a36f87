// Owns two questions about certificates that wolfSSL 5.5 answers too laxly, asked of libcrypto. Any
// thread; allocates.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace ringside::net {

/// Whether the certificate (DER) has `address` among its IP alternative names. wolfSSL also takes a
/// DNS entry that spells the address, and finds no IPv6 address at all.
[[nodiscard]] bool is_certificate_for_address(std::span<const std::byte> der,
                                              const std::string& address) noexcept;

/// Whether the key of one PEM file belongs to the first certificate of the other. wolfSSL finds any
/// elliptic-curve key good enough.
[[nodiscard]] bool do_files_belong_together(const std::string& certificate_file,
                                            const std::string& key_file) noexcept;

}  // namespace ringside::net
