// Owns who may talk to the gateway: which Host a request may name (DNS rebinding), which Origin may
// open a socket (cross-site hijacking), and which access tokens are good. The gateway's thread; the
// checks do not allocate, loading tokens does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/net/http.hpp"

namespace ringside::gateway {

/// "scheme://host[:port]", http or https, small letters, no path: what a browser sends as Origin.
[[nodiscard]] bool is_origin_text(std::string_view text) noexcept;

/// The name in a Host header, without its port: "[::1]:8080" -> "::1". Empty: not a host.
[[nodiscard]] std::string_view host_name(std::string_view host) noexcept;

/// Access tokens, kept as SHA-256: the file has one "<64 hex digits> [name]" a line, '#' comments.
class Tokens {
 public:
  /// Errors  not_found, permission: the file, or others may write it; config: a line that is none
  ///         (names the line), or no token at all.
  [[nodiscard]] static Result<Tokens> load(const std::string& path);

  /// Whether this is one of them. Looks at every one and at every byte, whatever it finds.
  [[nodiscard]] bool check(std::string_view token) const noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return digests_.size(); }

 private:
  std::vector<std::array<unsigned char, 32>> digests_;
};

/// The rules of one listening address.
class Access {
 public:
  struct Options {
    bool is_tls = false;
    std::vector<std::string> origins = {};  // beside the gateway's own
    std::optional<Tokens> tokens = {};      // none: loopback only, everybody may
  };
  explicit Access(Options options) : options_(std::move(options)) {}

  [[nodiscard]] bool needs_token() const noexcept { return options_.tokens.has_value(); }
  [[nodiscard]] bool is_good_token(std::string_view token) const noexcept {
    return options_.tokens && options_.tokens->check(token);
  }

  /// Without tokens the name must be a loopback one or that of a listed origin: a page that got its
  /// own name to point at this machine is refused. With tokens any name is good.
  [[nodiscard]] bool is_host_allowed(const net::HttpMessage& request) const noexcept;

  /// No Origin (no browser): allowed. Else exactly a listed one, or the scheme and Host of this
  /// very request.
  [[nodiscard]] bool is_origin_allowed(const net::HttpMessage& request) const noexcept;

 private:
  Options options_;
};

/// The token of an "Authorization: Bearer" header or a "bearer.<token>" subprotocol; empty: none.
[[nodiscard]] std::string_view bearer_token(const net::HttpMessage& request) noexcept;

/// What begins a subprotocol that carries a token.
inline constexpr std::string_view bearer_protocol = "bearer.";

}  // namespace ringside::gateway
