// Implements HttpParser on llhttp, with the limits and the strictness that it leaves to its user.
#include <llhttp.h>

#include <algorithm>
#include <cstring>

#include "head_scan.hpp"
#include "ringside/base/assert.hpp"
#include "ringside/net/buffer.hpp"
#include "ringside/net/http.hpp"

namespace ringside::net {
namespace {

/// A part of the head's memory: llhttp hands texts out in pieces.
struct Piece {
  std::size_t at = 0;
  std::size_t bytes = 0;
};

struct HeaderPieces {
  Piece name;
  Piece value;
};

// Chunk sizes, extensions and trailers: what a body may take on the wire beyond its own bytes.
constexpr std::size_t framing_bytes_max = 65'536;

std::string_view without_blanks(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

struct HttpParser::State {
  State(HttpRole own_role, const HttpLimits& own_limits);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void begin() noexcept;
  HttpProgress parse(std::span<const std::byte>& input) noexcept;
  HttpProgress finish() noexcept;
  HttpProgress fail(unsigned status, const char* reason_text) noexcept;
  HttpProgress fail_with(llhttp_errno_t code) noexcept;
  HttpProgress complete() noexcept;
  [[nodiscard]] std::size_t execute(std::string_view piece, llhttp_errno_t& code) noexcept;
  [[nodiscard]] bool check_lines(std::string_view piece) noexcept;
  [[nodiscard]] bool check_headers() noexcept;

  int keep(Piece& piece, const char* at, std::size_t bytes) noexcept;
  [[nodiscard]] std::string_view view(const Piece& piece) const noexcept {
    return {head.get() + piece.at, piece.bytes};
  }

  static State& of(llhttp_t* parser) noexcept { return *static_cast<State*>(parser->data); }
  static int on_begin(llhttp_t* p) noexcept;
  static int on_header_field(llhttp_t* p, const char* at, std::size_t bytes) noexcept;
  static int on_header_value(llhttp_t* p, const char* at, std::size_t bytes) noexcept;
  static int on_headers_complete(llhttp_t* p) noexcept;
  static int on_body(llhttp_t* p, const char* at, std::size_t bytes) noexcept;
  static int on_complete(llhttp_t* p) noexcept;

  HttpRole role;
  HttpLimits limits;
  llhttp_t parser{};
  llhttp_settings_t settings{};

  std::unique_ptr<char[]> head;
  std::size_t head_bytes = 0;  // stored in `head`
  std::size_t head_raw = 0;    // taken from the wire before the head's end
  std::size_t body_raw = 0;    // and after it
  HeadScan scan;
  Piece method, target, reason;
  std::vector<HeaderPieces> pieces;
  bool is_name_done = true;
  std::vector<HttpHeader> headers;
  ByteBuffer body;
  HttpMessage message;

  bool has_begun = false;
  bool is_head_done = false;
  bool is_complete = false;   // `message` is handed out; the next parse() begins another
  bool is_last = false;       // the connection ends with it: nothing counts after it
  bool expects_head = false;  // responses: the next has no body
  unsigned error_status = 0;
  const char* why = "";
};

HttpParser::State::State(HttpRole own_role, const HttpLimits& own_limits)
    : role(own_role), limits(own_limits), head(new char[own_limits.head_bytes_max]) {
  pieces.reserve(limits.header_count_max);
  headers.reserve(limits.header_count_max);
  llhttp_settings_init(&settings);
  settings.on_message_begin = on_begin;
  settings.on_method = [](llhttp_t* p, const char* at, std::size_t bytes) noexcept {
    return of(p).keep(of(p).method, at, bytes);
  };
  settings.on_url = [](llhttp_t* p, const char* at, std::size_t bytes) noexcept {
    return of(p).keep(of(p).target, at, bytes);
  };
  settings.on_status = [](llhttp_t* p, const char* at, std::size_t bytes) noexcept {
    return of(p).keep(of(p).reason, at, bytes);
  };
  settings.on_header_field = on_header_field;
  settings.on_header_value = on_header_value;
  settings.on_header_field_complete = [](llhttp_t* p) noexcept {
    of(p).is_name_done = true;
    return 0;
  };
  settings.on_headers_complete = on_headers_complete;
  settings.on_body = on_body;
  settings.on_message_complete = on_complete;
  llhttp_init(&parser, role == HttpRole::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  parser.data = this;
}

void HttpParser::State::begin() noexcept {
  head_bytes = head_raw = body_raw = 0;
  scan = HeadScan();
  method = target = reason = Piece();
  pieces.clear();
  is_name_done = true;
  headers.clear();
  body.clear();
  message = HttpMessage();
  has_begun = is_head_done = is_complete = false;
}

// --- llhttp's callbacks: 0 goes on, -1 or HPE_USER ends with what fail() has noted
// ----------------

int HttpParser::State::keep(Piece& piece, const char* at, std::size_t bytes) noexcept {
  if (bytes > limits.head_bytes_max - head_bytes) return -1;  // head_raw ends it before this can
  if (piece.bytes == 0) piece.at = head_bytes;
  std::memcpy(head.get() + head_bytes, at, bytes);
  head_bytes += bytes;
  piece.bytes += bytes;
  return 0;
}

int HttpParser::State::on_begin(llhttp_t* p) noexcept {
  of(p).has_begun = true;
  return 0;
}

int HttpParser::State::on_header_field(llhttp_t* p, const char* at, std::size_t bytes) noexcept {
  State& state = of(p);
  if (state.is_head_done) return 0;  // a trailer: its bytes are counted, its content is nobody's
  if (state.is_name_done) {
    if (state.pieces.size() == state.limits.header_count_max) {
      static_cast<void>(state.fail(431, "too many headers"));
      return -1;
    }
    state.pieces.emplace_back();
    state.is_name_done = false;
  }
  return state.keep(state.pieces.back().name, at, bytes);
}

int HttpParser::State::on_header_value(llhttp_t* p, const char* at, std::size_t bytes) noexcept {
  State& state = of(p);
  if (state.is_head_done) return 0;
  return state.keep(state.pieces.back().value, at, bytes);
}

// Returns 1 to say that no body follows.
int HttpParser::State::on_headers_complete(llhttp_t* p) noexcept {
  State& state = of(p);
  state.is_head_done = true;
  if (p->http_major != 1) {
    static_cast<void>(state.fail_with(HPE_INVALID_VERSION));
    return -1;
  }
  if (!state.check_headers()) return -1;
  const bool has_length = (p->flags & F_CONTENT_LENGTH) != 0;
  const bool skips_body = std::exchange(state.expects_head, false);
  if (!skips_body && has_length && p->content_length > state.limits.body_bytes_max) {
    static_cast<void>(state.fail(413, "body exceeds the limit"));
    return -1;
  }
  return skips_body ? 1 : 0;
}

int HttpParser::State::on_body(llhttp_t* p, const char* at, std::size_t bytes) noexcept {
  State& state = of(p);
  if (bytes > state.limits.body_bytes_max - state.body.size()) {
    static_cast<void>(state.fail(413, "body exceeds the limit"));
    return -1;
  }
  state.body.append(std::as_bytes(std::span(at, bytes)));
  return 0;
}

int HttpParser::State::on_complete(llhttp_t* p) noexcept {
  State& state = of(p);
  state.is_complete = true;
  state.message.keep_alive = llhttp_should_keep_alive(p) != 0;
  state.message.is_upgrade = p->upgrade != 0;
  return HPE_PAUSED;
}

// --- checks
// ---------------------------------------------------------------------------------------

bool HttpParser::State::check_lines(std::string_view piece) noexcept {
  switch (scan.scan(piece)) {
    case HeadScan::Finding::fine:
      return true;
    case HeadScan::Finding::bare_lf:
      return fail(400, "line ends in LF without CR") != HttpProgress::failed;  // false
    case HeadScan::Finding::bare_cr:
      return fail(400, "CR without LF") != HttpProgress::failed;
    case HeadScan::Finding::folded:
      break;
  }
  return fail(400, "folded header line") != HttpProgress::failed;
}

bool HttpParser::State::check_headers() noexcept {
  // llhttp lets a line that begins with a colon pass, if it is not the first.
  for (const HeaderPieces& each : pieces) {
    if (each.name.bytes == 0) return fail(400, "header without a name") != HttpProgress::failed;
  }
  if (role == HttpRole::response) return true;
  const auto count = std::count_if(pieces.begin(), pieces.end(), [this](const HeaderPieces& each) {
    return http_equal(view(each.name), "host");
  });
  if (count == 1 || (count == 0 && parser.http_minor == 0)) return true;
  return fail(400, count == 0 ? "no Host header" : "more than one Host header") !=
         HttpProgress::failed;
}

HttpProgress HttpParser::State::fail(unsigned status, const char* reason_text) noexcept {
  if (error_status == 0) {
    error_status = status;
    why = reason_text;
  }
  return HttpProgress::failed;
}

HttpProgress HttpParser::State::fail_with(llhttp_errno_t code) noexcept {
  switch (code) {
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
      return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    case HPE_INVALID_TRANSFER_ENCODING:
      return fail(501, "transfer encoding other than chunked");
    default: {
      const char* text = llhttp_get_error_reason(&parser);
      return fail(400, text != nullptr && *text != '\0' ? text : "not HTTP");
    }
  }
}

// --- the machine
// ----------------------------------------------------------------------------------

// Feeds llhttp; returns how many bytes it took.
std::size_t HttpParser::State::execute(std::string_view piece, llhttp_errno_t& code) noexcept {
  code = llhttp_execute(&parser, piece.data(), piece.size());
  if (code == HPE_OK) return piece.size();
  const char* position = llhttp_get_error_pos(&parser);
  return position == nullptr ? 0 : static_cast<std::size_t>(position - piece.data());
}

HttpProgress HttpParser::State::complete() noexcept {
  for (const HeaderPieces& each : pieces) {
    headers.push_back({view(each.name), without_blanks(view(each.value))});
  }
  message.method = view(method);
  message.target = view(target);
  message.reason = view(reason);
  message.status = role == HttpRole::response ? parser.status_code : 0;
  message.version_minor = parser.http_minor;
  message.headers = headers;
  message.body = {reinterpret_cast<const char*>(body.data()), body.size()};
  is_last = !message.keep_alive && !message.is_upgrade && message.status / 100 != 1;
  return HttpProgress::message;
}

HttpProgress HttpParser::State::parse(std::span<const std::byte>& input) noexcept {
  if (error_status != 0) return HttpProgress::failed;
  if (is_complete) {
    begin();
    if (!is_last) llhttp_resume(&parser);
  }
  if (is_last) input = input.last(0);
  while (!input.empty()) {
    const bool was_in_head = !is_head_done;
    const std::size_t bytes =
        was_in_head ? std::min(input.size(), limits.head_bytes_max - head_raw) : input.size();
    const std::string_view piece(reinterpret_cast<const char*>(input.data()), bytes);
    if (was_in_head && !check_lines(piece)) return HttpProgress::failed;
    llhttp_errno_t code = HPE_OK;
    const std::size_t taken = execute(piece, code);
    input = input.subspan(taken);
    (was_in_head ? head_raw : body_raw) += taken;
    if (error_status != 0) return HttpProgress::failed;
    if (is_complete) return complete();
    if (code == HPE_PAUSED_UPGRADE) {  // the last message's; its reader decided to go on with HTTP
      llhttp_resume_after_upgrade(&parser);
      continue;
    }
    if (code != HPE_OK) return fail_with(code);
    if (!is_head_done && head_raw >= limits.head_bytes_max) {
      return scan.has_first_line() ? fail(431, "head exceeds the limit")
                                   : fail(414, "request line exceeds the limit");
    }
    if (body_raw > body.size() + framing_bytes_max && body_raw > 16 * body.size()) {
      return fail(413, "body is cut into too many chunks");
    }
  }
  return HttpProgress::need_more;
}

HttpProgress HttpParser::State::finish() noexcept {
  if (error_status != 0) return HttpProgress::failed;
  if (is_complete || is_last || !has_begun) return HttpProgress::need_more;
  const llhttp_errno_t code = llhttp_finish(&parser);
  if (error_status != 0) return HttpProgress::failed;
  if (is_complete) return complete();
  return code == HPE_OK ? HttpProgress::need_more : fail(400, "message is cut off");
}

HttpParser::HttpParser(HttpRole role, const HttpLimits& limits)
    : state_(std::make_unique<State>(role, limits)) {}
HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;

HttpProgress HttpParser::parse(std::span<const std::byte>& input) noexcept {
  return state_->parse(input);
}
const HttpMessage& HttpParser::message() const noexcept {
  return state_->message;
}
void HttpParser::expect_head_response() noexcept {
  state_->expects_head = true;
}
unsigned HttpParser::error_status() const noexcept {
  return state_->error_status;
}
std::string_view HttpParser::error_reason() const noexcept {
  return state_->why;
}
bool HttpParser::is_inside_message() const noexcept {
  return state_->has_begun && !state_->is_complete;
}
HttpProgress HttpParser::finish() noexcept {
  return state_->finish();
}

void HttpParser::reset() noexcept {
  state_->begin();
  state_->is_last = state_->expects_head = false;
  state_->error_status = 0;
  state_->why = "";
  llhttp_reset(&state_->parser);
}

}  // namespace ringside::net
