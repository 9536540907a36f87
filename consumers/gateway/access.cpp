#include "access.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "ringside/base/process.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t token_file_bytes_max = 1U << 20;
constexpr std::size_t token_bytes_max = 512;

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view text) noexcept {
  Digest out{};
  unsigned bytes = 0;
  RINGSIDE_ASSERT(EVP_Digest(text.data(), text.size(), out.data(), &bytes, EVP_sha256(), nullptr) ==
                      1 &&
                  bytes == out.size());
  return out;
}

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<Digest> parse_digest(std::string_view text) noexcept {
  Digest out{};
  if (text.size() != 2 * out.size()) return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    out[i] = static_cast<unsigned char>(*high * 16 + *low);
  }
  return out;
}

Result<std::string> read_tokens_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return sys_error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::permission,
                     "gateway.tokens_file " + path);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return sys_error(ErrorCode::io, "cannot look at " + path);
  if (!S_ISREG(info.st_mode) || (info.st_mode & 022) != 0) {
    return Error{ErrorCode::permission, 0,
                 path + ": must be a file that only its owner may write (mode 0600)"};
  }
  std::string text(token_file_bytes_max, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got < 0) return sys_error(ErrorCode::io, "cannot read " + path);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_port(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_origin_text(std::string_view text) noexcept {
  std::string_view host = text;
  if (host.starts_with("https://")) {
    host.remove_prefix(8);
  } else if (host.starts_with("http://")) {
    host.remove_prefix(7);
  } else {
    return false;
  }
  const bool is_plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' ||
           c == '[' || c == ']' || c == '_';
  });
  return is_plain && !host_name(host).empty();
}

std::string_view host_name(std::string_view host) noexcept {
  std::string_view name = host;
  std::string_view rest;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return {};
    name = host.substr(1, end - 1);
    rest = host.substr(end + 1);
  } else {
    const std::size_t colon = host.find(':');
    if (colon != std::string_view::npos) {
      name = host.substr(0, colon);
      rest = host.substr(colon);
    }
  }
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return {};
  return name;
}

Result<Tokens> Tokens::load(const std::string& path) {
  Result<std::string> text = read_tokens_file(path);
  if (!text) return std::move(text).error();
  Tokens tokens;
  std::string_view rest = *text;
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    word = word.substr(0, word.find_first_of(" \t\r"));
    if (word.empty() || word.front() == '#') continue;
    const auto digest = parse_digest(word);
    if (!digest) {
      return Error{ErrorCode::config, 0,
                   path + ":" + std::to_string(line) +
                       ": not a SHA-256 in hex (printf %s TOKEN | sha256sum)"};
    }
    tokens.digests_.push_back(*digest);
  }
  if (tokens.digests_.empty()) return Error{ErrorCode::config, 0, path + ": holds no token"};
  return tokens;
}

bool Tokens::check(std::string_view token) const noexcept {
  if (token.empty() || token.size() > token_bytes_max) return false;
  const Digest given = sha256(token);
  unsigned found = 0;
  for (const Digest& digest : digests_) {
    unsigned difference = 0;
    for (std::size_t i = 0; i < digest.size(); ++i) difference |= given[i] ^ digest[i];
    found |= difference == 0 ? 1U : 0U;
  }
  return found != 0;
}

bool Access::is_host_allowed(const net::HttpMessage& request) const noexcept {
  if (needs_token()) return true;
  const auto host = request.header("host");
  if (!host) return request.version_minor == 0;  // HTTP/1.0: no browser
  const std::string_view name = host_name(*host);
  if (name.empty()) return false;
  if (is_loopback(name) || net::http_equal(name, "localhost")) return true;
  return std::any_of(options_.origins.begin(), options_.origins.end(), [name](const auto& origin) {
    return net::http_equal(host_name(std::string_view(origin).substr(origin.find("//") + 2)), name);
  });
}

bool Access::is_origin_allowed(const net::HttpMessage& request) const noexcept {
  const auto origin = request.header("origin");
  if (!origin) return true;
  const auto same = [&origin](std::string_view allowed) { return *origin == allowed; };
  if (std::any_of(options_.origins.begin(), options_.origins.end(), same)) return true;
  const auto host = request.header("host");
  const std::string_view scheme = options_.is_tls ? "https://" : "http://";
  if (!host || host->empty() || !origin->starts_with(scheme)) return false;
  const std::string_view rest = origin->substr(scheme.size());
  // Browsers write an origin in small letters and Host the same way; others may not.
  return rest.size() == host->size() && std::equal(rest.begin(), rest.end(), host->begin(),
                                                   [](char a, char b) { return a == lower(b); });
}

std::string_view bearer_token(const net::HttpMessage& request) noexcept {
  if (const auto header = request.header("authorization");
      header && header->size() > 7 && net::http_equal(header->substr(0, 7), "bearer ")) {
    return header->substr(7);
  }
  for (const net::HttpHeader& header : request.headers) {
    if (!net::http_equal(header.name, "sec-websocket-protocol")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view item = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (item.starts_with(' ')) item.remove_prefix(1);
      while (item.ends_with(' ')) item.remove_suffix(1);
      if (item.starts_with(bearer_protocol)) return item.substr(bearer_protocol.size());
    }
  }
  return {};
}

}  // namespace ringside::gateway
