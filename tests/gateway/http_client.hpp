// Owns the other end for tests of the gateway: blocking HTTP and WebSocket clients over a plain
// socket, from the RFCs and without any of our own codecs. Test threads only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <simdjson.h>
#include <sys/socket.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../support/wait_until.hpp"
#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::gateway::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  int status = 0;                                   // 0: the connection ended before an answer
  std::map<std::string, std::string> headers = {};  // names in small letters
  std::string body = {};

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

class Socket {
 public:
  explicit Socket(std::uint16_t port, int receive_bytes = 0) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_bytes != 0) {
      (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    RINGSIDE_ASSERT(
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Reads what is there into `buffer`; false: the end, or nothing within the time.
  bool receive(std::string& buffer, int timeout_ms = 10'000) {
    pollfd polled{fd_.get(), POLLIN, 0};
    if (::poll(&polled, 1, timeout_ms) <= 0) return false;
    char bytes[65'536];
    const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  void close() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

/// Reads one answer from `socket`; what came behind it stays in `buffer`.
inline HttpAnswer read_answer(Socket& socket, std::string& buffer, bool has_body = true) {
  HttpAnswer answer;
  std::size_t end = std::string::npos;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!socket.receive(buffer)) return answer;
  }
  std::string_view head = std::string_view(buffer).substr(0, end + 2);
  answer.status = static_cast<int>(ringside::test::number_in(head.substr(9, 3)));
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::size_t line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    head.remove_prefix(line_end + 2);
    const std::size_t colon = line.find(": ");
    std::string name(line.substr(0, colon));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[name] = std::string(line.substr(colon + 2));
  }
  buffer.erase(0, end + 4);
  const long length = ringside::test::number_in(answer.header("content-length"));
  const std::size_t bytes = has_body && length > 0 ? static_cast<std::size_t>(length) : 0;
  while (buffer.size() < bytes) {
    if (!socket.receive(buffer)) return answer;
  }
  answer.body = buffer.substr(0, bytes);
  buffer.erase(0, bytes);
  return answer;
}

inline std::string request_text(std::string_view method, std::string_view target,
                                const Headers& headers) {
  std::string text = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const auto& [name, value] : headers) has_host = has_host || name == "Host";
  if (!has_host) text += "Host: localhost\r\n";
  for (const auto& [name, value] : headers) {
    if (!value.empty() || name != "Host") text += name + ": " + value + "\r\n";
  }
  return text + "\r\n";
}

inline HttpAnswer http(std::uint16_t port, std::string_view target, const Headers& headers = {},
                       std::string_view method = "GET") {
  Socket socket(port);
  std::string buffer;
  if (!socket.send(request_text(method, target, headers))) return {};
  return read_answer(socket, buffer, method != "HEAD");
}

/// A parsed JSON text that owns its memory.
class Json {
 public:
  explicit Json(std::string_view text) : parser_(std::make_unique<simdjson::dom::parser>()) {
    is_good_ = parser_->parse(simdjson::padded_string(text)).get(root_) == simdjson::SUCCESS;
  }
  [[nodiscard]] bool is_good() const { return is_good_; }

  /// By JSON pointer: "/data/p". The value as JSON text; "absent" if it is not there.
  [[nodiscard]] std::string at(std::string_view pointer) const {
    simdjson::dom::element found;
    if (!is_good_ || root_.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "absent";
    return simdjson::minify(found);
  }
  /// A text's characters.
  [[nodiscard]] std::string text(std::string_view pointer) const {
    simdjson::dom::element found;
    std::string_view out;
    if (!is_good_ || root_.at_pointer(pointer).get(found) != simdjson::SUCCESS ||
        found.get_string().get(out) != simdjson::SUCCESS) {
      return "absent";
    }
    return std::string(out);
  }
  [[nodiscard]] std::uint64_t number(std::string_view pointer) const {
    simdjson::dom::element found;
    std::uint64_t out = 0;
    if (is_good_ && root_.at_pointer(pointer).get(found) == simdjson::SUCCESS) {
      if (found.get_uint64().get(out) != simdjson::SUCCESS) out = 0;
    }
    return out;
  }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element root_;
  bool is_good_ = false;
};

/// A WebSocket client.
class WsClient {
 public:
  struct Options {
    std::string target = "/ws";
    Headers headers = {};
    int receive_bytes = 0;  // small: the kernel holds little for a client that does not read
  };
  explicit WsClient(std::uint16_t port) : WsClient(port, Options{}) {}
  WsClient(std::uint16_t port, const Options& options) : socket_(port, options.receive_bytes) {
    Headers headers = options.headers;
    headers.insert(headers.end(), {{"Upgrade", "websocket"},
                                   {"Connection", "Upgrade"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                   {"Sec-WebSocket-Version", "13"}});
    if (socket_.send(request_text("GET", options.target, headers))) {
      answer_ = read_answer(socket_, buffer_);
    }
  }

  [[nodiscard]] const HttpAnswer& answer() const { return answer_; }
  [[nodiscard]] bool is_open() const { return answer_.status == 101 && close_code_ == 0; }

  bool send_frame(unsigned opcode, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80U | opcode));
    if (payload.size() < 126) {
      frame += static_cast<char>(0x80U | payload.size());
    } else {
      frame += static_cast<char>(0x80U | 126U);
      frame += static_cast<char>(payload.size() >> 8);
      frame += static_cast<char>(payload.size() & 0xFF);
    }
    const char mask[4] = {0x11, 0x22, 0x33, 0x44};
    frame.append(mask, 4);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      frame += static_cast<char>(payload[i] ^ mask[i % 4]);
    }
    return socket_.send(frame);
  }
  bool send(std::string_view text) { return send_frame(1, text); }

  /// The next text message; nullopt: closed (close_code says how), or nothing within the time.
  std::optional<std::string> read(int timeout_ms = 10'000) {
    const std::uint64_t end = monotonic_ns() + static_cast<std::uint64_t>(timeout_ms) * 1'000'000;
    while (true) {
      unsigned opcode = 0;
      std::string payload;
      while (!take_frame(opcode, payload)) {
        const std::uint64_t now = monotonic_ns();
        if (now >= end) return std::nullopt;
        if (!socket_.receive(buffer_, static_cast<int>((end - now) / 1'000'000) + 1)) {
          if (close_code_ == 0 && monotonic_ns() < end) close_code_ = 1006;
          return std::nullopt;
        }
      }
      if (opcode == 1) return payload;
      if (opcode == 9) send_frame(10, payload);
      if (opcode != 8) continue;
      close_code_ = payload.size() < 2 ? 1005
                                       : (static_cast<unsigned char>(payload[0]) << 8) +
                                             static_cast<unsigned char>(payload[1]);
      close_reason_ = payload.size() < 2 ? "" : payload.substr(2);
      return std::nullopt;
    }
  }

  /// Reads on until a message of that type; a failed Json when none comes.
  Json read_type(std::string_view type, int timeout_ms = 10'000) {
    const std::uint64_t end = monotonic_ns() + static_cast<std::uint64_t>(timeout_ms) * 1'000'000;
    while (monotonic_ns() < end) {
      const auto text = read(timeout_ms);
      if (!text) break;
      Json json(*text);
      if (json.text("/type") == type) return json;
    }
    return Json("");
  }

  /// Everything up to the pong that answers a ping sent now: every answer to what was said before.
  /// Market data comes from another place and is not ordered by it.
  std::vector<std::string> read_to_pong() {
    send(R"({"type":"ping","id":"mark"})");
    std::vector<std::string> out;
    while (auto text = read()) {
      if (text->find(R"("type":"pong")") != std::string::npos) return out;
      out.push_back(std::move(*text));
    }
    out.emplace_back("the connection ended");
    return out;
  }

  [[nodiscard]] int close_code() const { return close_code_; }
  [[nodiscard]] const std::string& close_reason() const { return close_reason_; }
  void drop() { socket_.close(); }

 private:
  bool take_frame(unsigned& opcode, std::string& payload) {
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
    if (buffer_.size() - start_ < 2) return false;
    std::size_t at = start_ + 2;
    std::uint64_t bytes = byte(start_ + 1) & 0x7FU;
    const std::size_t extra = bytes == 126 ? 2 : bytes == 127 ? 8 : 0;
    if (buffer_.size() < at + extra) return false;
    if (extra != 0) bytes = 0;
    for (std::size_t i = 0; i < extra; ++i) bytes = bytes << 8 | byte(at + i);
    at += extra;
    if (buffer_.size() < at + bytes) return false;
    opcode = byte(start_) & 0x0FU;
    payload = buffer_.substr(at, bytes);
    start_ = at + bytes;
    if (start_ > 1U << 20) {
      buffer_.erase(0, start_);
      start_ = 0;
    }
    return true;
  }

  Socket socket_;
  std::string buffer_;
  std::size_t start_ = 0;
  HttpAnswer answer_;
  int close_code_ = 0;
  std::string close_reason_;
};

}  // namespace ringside::gateway::test
