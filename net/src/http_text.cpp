// Implements http.hpp's helpers over text: headers, targets, queries, and the writers.
#include <algorithm>
#include <array>

#include "ringside/base/assert.hpp"
#include "ringside/net/http.hpp"

namespace ringside::net {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the text up to `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  // Response splitting is our bug: whoever passes a peer's text on must have checked it.
  RINGSIDE_ASSERT(name.find_first_of(std::string_view("\r\n\0:", 4)) == std::string_view::npos);
  RINGSIDE_ASSERT(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  out.append(name).append(": ").append(value).append("\r\n");
}

bool has_no_body(unsigned status) noexcept {
  return status / 100 == 1 || status == 204 || status == 304;
}

}  // namespace

std::optional<std::string_view> HttpMessage::header(std::string_view name) const noexcept {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const HttpHeader& each) {
    return http_equal(each.name, name);
  });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

bool HttpMessage::has_token(std::string_view name, std::string_view token) const noexcept {
  for (const HttpHeader& each : headers) {
    if (!http_equal(each.name, name)) continue;
    std::string_view rest = each.value;
    while (!rest.empty()) {
      if (http_equal(trimmed(take_until(rest, ',')), token)) return true;
    }
  }
  return false;
}

std::string_view HttpMessage::path() const noexcept {
  return target.substr(0, target.find('?'));
}

std::string_view HttpMessage::query() const noexcept {
  const std::size_t at = target.find('?');
  return at == std::string_view::npos ? std::string_view() : target.substr(at + 1);
}

bool http_equal(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view http_reason(unsigned status) noexcept {
  struct Entry {
    unsigned status;
    std::string_view reason;
  };
  static constexpr std::array<Entry, 29> entries = {{
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  }};
  const auto* const found = std::find_if(entries.begin(), entries.end(),
                                         [status](const Entry& e) { return e.status == status; });
  return found == entries.end() ? "Unknown" : found->reason;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out.push_back(c);
  }
  return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view encoded_name = take_until(value, '=');
    const std::optional<std::string> decoded = percent_decode(encoded_name, true);
    if (decoded && *decoded == name) return percent_decode(value, true);
  }
  return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, std::string>>> query_pairs(
    std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    if (value.empty()) continue;
    const std::string_view name = take_until(value, '=');
    std::optional<std::string> decoded_name = percent_decode(name, true);
    std::optional<std::string> decoded_value = percent_decode(value, true);
    if (!decoded_name || !decoded_value) return std::nullopt;
    pairs.emplace_back(std::move(*decoded_name), std::move(*decoded_value));
  }
  return pairs;
}

void write_response(std::string& out, const HttpResponse& response) {
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(http_reason(response.status)).append("\r\n");
  const bool is_bodiless = has_no_body(response.status);
  if (!is_bodiless) append_header(out, "Content-Length", std::to_string(response.body.size()));
  if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
  for (const HttpHeader& each : response.headers) append_header(out, each.name, each.value);
  if (!response.keep_alive) append_header(out, "Connection", "close");
  out.append("\r\n");
  if (!is_bodiless && !response.is_head) out.append(response.body);
}

void write_request(std::string& out, const HttpRequest& request) {
  RINGSIDE_ASSERT(request.target.find_first_of(std::string_view(" \r\n\0", 4)) ==
                  std::string_view::npos);
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  append_header(out, "Host", request.host);
  for (const HttpHeader& each : request.headers) append_header(out, each.name, each.value);
  if (!request.body.empty()) {
    append_header(out, "Content-Length", std::to_string(request.body.size()));
  }
  if (!request.keep_alive) append_header(out, "Connection", "close");
  out.append("\r\n").append(request.body);
}

}  // namespace ringside::net
