// Any bytes as an HTTP stream, requests or responses: never a crash, the same messages however the
// bytes are cut, nothing above a limit, every request with a Host. One function over bytes.
// Input: byte 0 chooses role and limits, byte 1 the cuts, the rest is the stream.
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fuzz_check.hpp"
#include "ringside/net/http.hpp"
#include "ringside/net/ws_handshake.hpp"

namespace ringside::net {
namespace {

struct Outcome {
  std::string messages;  // all that was read, in one text
  unsigned error_status = 0;
  bool is_upgraded = false;

  bool operator==(const Outcome&) const = default;
};

void check_message(const HttpMessage& message, HttpRole role, const HttpLimits& limits) {
  std::size_t bytes = message.method.size() + message.target.size() + message.reason.size();
  for (const HttpHeader& each : message.headers) {
    bytes += each.name.size() + each.value.size();
    FUZZ_CHECK(!each.name.empty());
    FUZZ_CHECK(each.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
  FUZZ_CHECK(bytes <= limits.head_bytes_max);
  FUZZ_CHECK(message.headers.size() <= limits.header_count_max);
  FUZZ_CHECK(message.body.size() <= limits.body_bytes_max);
  if (role == HttpRole::request && message.version_minor == 1) {
    FUZZ_CHECK(message.header("host").has_value());
  }
  WsUpgrade upgrade;
  WsRefusal refusal;
  if (role == HttpRole::request && check_ws_request(message, upgrade, refusal)) {
    FUZZ_CHECK(is_ws_request(message) && upgrade.key.size() == 24);
  }
  static_cast<void>(query_pairs(message.query()));
  static_cast<void>(percent_decode(message.path()));
}

void write_down(const HttpMessage& message, std::string& out) {
  out.append(message.method).append(" ").append(message.target).append(" ");
  out.append(std::to_string(message.status)).append(" ").append(message.reason).append("\n");
  for (const HttpHeader& each : message.headers) {
    out.append(each.name).append(": ").append(each.value).append("\n");
  }
  out.append(message.body).append(message.keep_alive ? "\nkeep\n" : "\nclose\n");
}

void feed(HttpParser& parser, std::span<const std::uint8_t> piece, HttpRole role,
          const HttpLimits& limits, Outcome& outcome) {
  const std::vector<std::uint8_t> copy(piece.begin(), piece.end());  // ends where it ends
  std::span<const std::byte> input = std::as_bytes(std::span(copy));
  while (!input.empty() && outcome.error_status == 0 && !outcome.is_upgraded) {
    const HttpProgress progress = parser.parse(input);
    if (progress == HttpProgress::need_more) {
      FUZZ_CHECK(input.empty());
    } else if (progress == HttpProgress::failed) {
      FUZZ_CHECK(!parser.error_reason().empty() && parser.error_status() >= 400);
      outcome.error_status = parser.error_status();
    } else {
      check_message(parser.message(), role, limits);
      write_down(parser.message(), outcome.messages);
      outcome.is_upgraded = parser.message().is_upgrade;
    }
  }
}

}  // namespace
}  // namespace ringside::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringside::net;
  if (size < 2) return 0;
  const HttpRole role = (data[0] & 1U) != 0 ? HttpRole::response : HttpRole::request;
  const HttpLimits limits{.head_bytes_max = std::size_t{64} << (data[0] >> 1U & 3U),
                          .header_count_max = 1U + (data[0] >> 3U & 7U),
                          .body_bytes_max = std::size_t{8} << (data[0] >> 6U)};
  std::minstd_rand random(1U + data[1]);
  const std::span<const std::uint8_t> stream(data + 2, size - 2);

  HttpParser whole(role, limits);
  Outcome expected;
  feed(whole, stream, role, limits, expected);

  HttpParser cut(role, limits);
  Outcome seen;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t bytes = std::min<std::size_t>(stream.size() - at, 1 + random() % 9);
    feed(cut, stream.subspan(at, bytes), role, limits, seen);
    at += bytes;
  }
  FUZZ_CHECK(seen.messages == expected.messages);
  FUZZ_CHECK((seen.error_status != 0) == (expected.error_status != 0));
  FUZZ_CHECK(seen.is_upgraded == expected.is_upgraded);
  static_cast<void>(whole.finish());
  return 0;
}
