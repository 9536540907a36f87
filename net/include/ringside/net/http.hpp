// Owns HTTP/1.1 without sockets: parsing requests and responses (llhttp), helpers for targets and
// queries, writing heads and bodies. One thread per parser. A parser allocates when it is created;
// the writers append to the caller's string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"

namespace ringside::net {

enum class HttpRole : std::uint8_t { request, response };  // what the parser reads

struct HttpLimits {
  std::size_t head_bytes_max = 4096;  // first line and all headers
  std::size_t header_count_max = 100;
  std::size_t body_bytes_max = 1U << 20;
};

struct HttpHeader {
  std::string_view name = {};   // as sent; compare with http_equal
  std::string_view value = {};  // without blanks around it
};

/// One whole message. Views are good until the parser's next call to parse() or reset().
struct HttpMessage {
  std::string_view method = {};  // requests: "GET"
  std::string_view target = {};  // requests: "/a/b?x=1", as sent
  unsigned status = 0;           // responses
  std::string_view reason = {};  // responses
  unsigned version_minor = 1;
  std::span<const HttpHeader> headers = {};
  std::string_view body = {};
  bool is_upgrade = false;  // bytes after it are another protocol's
  bool keep_alive = false;

  /// The first header of that name, whatever its case; nullopt: none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// Whether one of the comma separated tokens of all headers of that name is `token` (no case).
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const noexcept;
  [[nodiscard]] std::string_view path() const noexcept;   // target up to '?', not decoded
  [[nodiscard]] std::string_view query() const noexcept;  // after '?', not decoded
};

enum class [[nodiscard]] HttpProgress : std::uint8_t{need_more, message, failed};

/// Reads messages one by one. For each input: call parse() until the input is empty or it says
/// failed; each `message` is one whole message, and the bytes left in `input` belong to the next.
/// Strict (no bare LF, no obsolete folding, no Transfer-Encoding beside Content-Length): what two
/// programs could read in two ways is refused.
class HttpParser {
 public:
  explicit HttpParser(HttpRole role, const HttpLimits& limits = {});
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;

  /// Consumes from the front of `input`.
  HttpProgress parse(std::span<const std::byte>& input) noexcept;

  [[nodiscard]] const HttpMessage& message() const noexcept;

  /// Responses only: the next one answers HEAD and has no body whatever it says.
  void expect_head_response() noexcept;

  /// After failed: the status a server answers (400, 413, 414, 431, 501, 505) and why, one line.
  [[nodiscard]] unsigned error_status() const noexcept;
  [[nodiscard]] std::string_view error_reason() const noexcept;

  /// Whether a message has begun and is not whole: a deadline that passes now deserves 408.
  [[nodiscard]] bool is_inside_message() const noexcept;

  /// The peer closed. message: a response that ends with the connection is now whole; failed: cut
  /// off inside one; need_more: clean.
  HttpProgress finish() noexcept;

  void reset() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "Not Found" for 404; "Unknown" for what has no name.
[[nodiscard]] std::string_view http_reason(unsigned status) noexcept;

/// ASCII comparison without case.
[[nodiscard]] bool http_equal(std::string_view a, std::string_view b) noexcept;

/// "%41b" -> "Ab". With `plus_is_space`, '+' -> ' ' (queries).
/// Errors  nullopt: a bad escape, or a NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        bool plus_is_space = false);

/// The decoded value of the first `name` in "a=1&name=x%20y"; "" for a name without '='.
/// Errors  nullopt: not there, or badly escaped.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

/// All decoded pairs, in order. Errors  nullopt: one is badly escaped.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> query_pairs(
    std::string_view query);

struct HttpResponse {
  unsigned status = 200;
  std::string_view content_type = {};        // empty: no such header
  std::span<const HttpHeader> headers = {};  // more; names and values must hold no CR, LF or NUL
  std::string_view body = {};
  bool keep_alive = true;
  bool is_head = false;  // answer to HEAD: Content-Length, no body
};

/// Appends status line, Content-Length, Connection, headers and body. A header that holds CR, LF or
/// NUL is our bug and asserts.
void write_response(std::string& out, const HttpResponse& response);

struct HttpRequest {
  std::string_view method = "GET";
  std::string_view target = "/";
  std::string_view host = {};
  std::span<const HttpHeader> headers = {};
  std::string_view body = {};
  bool keep_alive = true;
};
void write_request(std::string& out, const HttpRequest& request);

}  // namespace ringside::net
