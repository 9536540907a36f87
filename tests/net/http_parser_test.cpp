// The HTTP parser against a table of messages, each fed whole, cut in two at every byte, and byte
// by byte: the outcome must be the same.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ringside/net/http.hpp"

namespace ringside::net {
namespace {

struct Seen {
  std::string line;     // "GET /x" or "200 OK"
  std::string headers;  // "a=1;b=2;"
  std::string body;
  bool keep_alive = true;
  bool is_upgrade = false;

  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
  *out << "{" << seen.line << " | " << seen.headers << " | " << seen.body << " | "
       << (seen.keep_alive ? "keep" : "close") << (seen.is_upgrade ? " upgrade" : "") << "}";
}

struct Outcome {
  std::vector<Seen> messages;
  unsigned error_status = 0;
  std::string rest;  // bytes behind an upgrade

  bool operator==(const Outcome&) const = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  for (const Seen& seen : outcome.messages) PrintTo(seen, out);
  *out << " error " << outcome.error_status << " rest '" << outcome.rest << "'";
}

Seen seen_of(const HttpMessage& message, HttpRole role) {
  Seen seen;
  seen.line = role == HttpRole::request
                  ? std::string(message.method) + " " + std::string(message.target)
                  : std::to_string(message.status) + " " + std::string(message.reason);
  for (const HttpHeader& each : message.headers) {
    seen.headers += std::string(each.name) + "=" + std::string(each.value) + ";";
  }
  seen.body = message.body;
  seen.keep_alive = message.keep_alive;
  seen.is_upgrade = message.is_upgrade;
  return seen;
}

Outcome run(HttpRole role, const HttpLimits& limits, std::string_view wire,
            const std::vector<std::size_t>& cuts) {
  HttpParser parser(role, limits);
  Outcome outcome;
  std::size_t from = 0;
  for (const std::size_t to : cuts) {
    // A copy of exactly this piece, so that a read beyond it is noticed by the address sanitizer.
    const std::vector<char> piece(wire.begin() + static_cast<std::ptrdiff_t>(from),
                                  wire.begin() + static_cast<std::ptrdiff_t>(to));
    from = to;
    std::span<const std::byte> input = std::as_bytes(std::span(piece));
    if (!outcome.messages.empty() && outcome.messages.back().is_upgrade) {
      outcome.rest.append(piece.begin(), piece.end());
      continue;
    }
    while (!input.empty()) {
      const HttpProgress progress = parser.parse(input);
      if (progress == HttpProgress::failed) {
        outcome.error_status = parser.error_status();
        EXPECT_FALSE(parser.error_reason().empty());
        return outcome;
      }
      if (progress == HttpProgress::need_more) break;
      outcome.messages.push_back(seen_of(parser.message(), role));
      if (parser.message().is_upgrade) {
        outcome.rest.append(reinterpret_cast<const char*>(input.data()), input.size());
        break;
      }
    }
  }
  return outcome;
}

void check(const std::string& name, HttpRole role, const std::string& wire, const Outcome& expected,
           const HttpLimits& limits = {}) {
  SCOPED_TRACE(name);
  EXPECT_EQ(run(role, limits, wire, {wire.size()}), expected) << "whole";
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut <= wire.size(); ++cut) {
    every.push_back(cut);
    ASSERT_EQ(run(role, limits, wire, {cut, wire.size()}), expected) << "cut at " << cut;
  }
  if (wire.size() < 10'000) {
    ASSERT_EQ(run(role, limits, wire, every), expected) << "byte by byte";
  }
}

void check_request(const std::string& name, const std::string& wire, const Outcome& expected,
                   const HttpLimits& limits = {}) {
  check(name, HttpRole::request, wire, expected, limits);
}

const std::string host = "Host: h\r\n";

TEST(HttpParser, reads_requests) {
  check_request("plain", "GET /a?b=c HTTP/1.1\r\n" + host + "\r\n",
                {{{"GET /a?b=c", "Host=h;", ""}}, 0, ""});
  check_request("blank lines before", "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
                {{{"GET /", "Host=h;", ""}}, 0, ""});
  check_request("blanks around values", "GET / HTTP/1.1\r\nHost: h\r\nA:  \t b c \t \r\nB:\r\n\r\n",
                {{{"GET /", "Host=h;A=b c;B=;", ""}}, 0, ""});
  check_request("body", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello",
                {{{"POST /x", "Host=h;Content-Length=5;", "hello"}}, 0, ""});
  check_request(
      "chunks",
      "POST /x HTTP/1.1\r\n" + host +
          "Transfer-Encoding: chunked\r\n\r\n4;ext=1\r\nhell\r\n1\r\no\r\n0\r\nT: r\r\n\r\n",
      {{{"POST /x", "Host=h;Transfer-Encoding=chunked;", "hello"}}, 0, ""});
  check_request("http/1.0", "GET / HTTP/1.0\r\n\r\n", {{{"GET /", "", "", false}}, 0, ""});
  check_request("http/1.0 kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                {{{"GET /", "Connection=keep-alive;", "", true}}, 0, ""});
  check_request("close", "GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
                {{{"GET /", "Host=h;Connection=close;", "", false}}, 0, ""});
  check_request("nothing counts after close",
                "GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\nGARBAGE\r\n",
                {{{"GET /", "Host=h;Connection=close;", "", false}}, 0, ""});
}

TEST(HttpParser, reads_pipelined_requests_one_by_one) {
  std::string wire;
  Outcome expected;
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    wire.append("POST /").append(n).append(" HTTP/1.1\r\n").append(host);
    wire.append("Content-Length: 1\r\n\r\n").append(n);
    expected.messages.push_back({"POST /" + n, "Host=h;Content-Length=1;", n});
  }
  wire += "GET /last HTTP/1.1\r\n" + host + "\r\n";
  expected.messages.push_back({"GET /last", "Host=h;", ""});
  check_request("pipelined", wire, expected);
}

TEST(HttpParser, hands_an_upgrade_over_with_the_bytes_behind_it) {
  const std::string upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
  check_request(
      "upgrade", "GET /ws HTTP/1.1\r\n" + host + upgrade + "\r\n\x81\x01x",
      {{{"GET /ws", "Host=h;Connection=keep-alive, Upgrade;Upgrade=websocket;", "", true, true}},
       0,
       "\x81\x01x"});
  check("answer", HttpRole::response,
        "HTTP/1.1 101 Switching Protocols\r\n" + upgrade + "\r\n\x81\x01x",
        {{{"101 Switching Protocols", "Connection=keep-alive, Upgrade;Upgrade=websocket;", "", true,
           true}},
         0,
         "\x81\x01x"});
}

TEST(HttpParser, goes_on_with_http_when_an_upgrade_is_not_wanted) {
  HttpParser parser(HttpRole::request);
  const std::string wire = "GET /a HTTP/1.1\r\n" + host +
                           "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /b HTTP/1.1\r\n" + host +
                           "\r\n";
  std::span<const std::byte> input = std::as_bytes(std::span(wire));
  ASSERT_EQ(parser.parse(input), HttpProgress::message);
  EXPECT_TRUE(parser.message().is_upgrade);
  EXPECT_TRUE(parser.message().has_token("upgrade", "H2C"));
  ASSERT_EQ(parser.parse(input), HttpProgress::message);
  EXPECT_EQ(parser.message().target, "/b");
  EXPECT_FALSE(parser.message().is_upgrade);
}

TEST(HttpParser, refuses_what_is_ambiguous_or_malformed) {
  const auto bad = [](const std::string& name, const std::string& wire, unsigned status = 400) {
    check_request(name, wire, {{}, status, ""});
  };
  bad("garbage", "hello there\r\n\r\n");
  bad("tls", std::string("\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03", 11));
  bad("bare lf after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n");
  bad("bare lf after a header", "GET / HTTP/1.1\r\nHost: h\n\r\n");
  bad("bare cr", "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n");
  bad("folded", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n");
  bad("blank before colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n");
  bad("no colon", "GET / HTTP/1.1\r\nHost h\r\n\r\n");
  bad("empty name", "GET / HTTP/1.1\r\n: h\r\n\r\n");
  bad("empty name further down", "GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n");
  bad("nul in a value", std::string("GET / HTTP/1.1\r\nHost: h\0x\r\n\r\n", 29));
  bad("control in a name", "GET / HTTP/1.1\r\nHo\x01st: h\r\n\r\n");
  bad("no host", "GET / HTTP/1.1\r\n\r\n");
  bad("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n");
  bad("length and chunks", "POST / HTTP/1.1\r\n" + host +
                               "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  bad("chunks and length", "POST / HTTP/1.1\r\n" + host +
                               "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
  bad("two lengths",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab");
  bad("length is no number", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1x\r\n\r\na");
  bad("negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\na");
  bad("huge length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n");
  bad("bad chunk size", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n");
  bad("other transfer encoding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n",
      501);
  bad("http/2", "GET / HTTP/2.0\r\n" + host + "\r\n", 505);
  bad("http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
  bad("no version, as in HTTP/0.9", "GET /\r\n\r\n", 505);
  bad("blank in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n");
}

TEST(HttpParser, keeps_its_limits) {
  const HttpLimits limits{.head_bytes_max = 200, .header_count_max = 4, .body_bytes_max = 10};
  const auto refused = [&](const std::string& name, const std::string& wire, unsigned status) {
    check_request(name, wire, {{}, status, ""}, limits);
  };
  const std::string get = "GET / HTTP/1.1\r\n" + host;  // 25 bytes
  const std::string padding(200 - get.size() - 4 - 7, 'x');
  check_request("head of the limit", get + "A: " + padding + "1234\r\n\r\n",
                {{{"GET /", "Host=h;A=" + padding + "1234;", ""}}, 0, ""}, limits);
  refused("head above", get + "A: " + padding + "12345\r\n\r\n", 431);
  refused("endless header", get + "A: " + std::string(1'000, 'x'), 431);
  refused("endless blanks", get + "A: " + std::string(1'000, ' ') + "b\r\n\r\n", 431);
  refused("endless target", "GET /" + std::string(1'000, 'x') + " HTTP/1.1\r\n", 414);
  refused("endless blank lines", std::string(1'000, '\r'), 400);
  refused("too many headers", get + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", 431);
  refused("body above", "POST / HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n", 413);
  refused("chunks above",
          "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n",
          413);
  refused("chunks above in sum",
          "POST / HTTP/1.1\r\n" + host +
              "Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n",
          413);
  check_request("body of the limit",
                "POST / HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\n1234567890",
                {{{"POST /", "Host=h;Content-Length=10;", "1234567890"}}, 0, ""}, limits);
}

TEST(HttpParser, refuses_a_body_that_is_all_framing) {
  HttpParser parser(HttpRole::request);
  std::string wire = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;";
  wire.append(200'000, 'e');
  std::span<const std::byte> input = std::as_bytes(std::span(wire));
  EXPECT_EQ(parser.parse(input), HttpProgress::failed);
  EXPECT_EQ(parser.error_status(), 413U);
}

TEST(HttpParser, reads_responses) {
  check("length", HttpRole::response, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        {{{"200 OK", "Content-Length=2;", "hi"}}, 0, ""});
  check("no reason", HttpRole::response, "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
        {{{"404 ", "Content-Length=0;", ""}}, 0, ""});
  check("continue first", HttpRole::response,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        {{{"100 Continue", "", ""}, {"204 No Content", "", ""}}, 0, ""});
}

TEST(HttpParser, ends_a_response_with_its_connection) {
  HttpParser parser(HttpRole::response);
  const std::string wire = "HTTP/1.1 200 OK\r\n\r\nall of it";
  std::span<const std::byte> input = std::as_bytes(std::span(wire));
  EXPECT_EQ(parser.parse(input), HttpProgress::need_more);
  EXPECT_TRUE(parser.is_inside_message());
  ASSERT_EQ(parser.finish(), HttpProgress::message);
  EXPECT_EQ(parser.message().body, "all of it");
  EXPECT_FALSE(parser.message().keep_alive);
}

TEST(HttpParser, knows_that_the_answer_to_head_has_no_body) {
  HttpParser parser(HttpRole::response);
  parser.expect_head_response();
  const std::string wire =
      "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "1\r\n\r\nx";
  std::span<const std::byte> input = std::as_bytes(std::span(wire));
  ASSERT_EQ(parser.parse(input), HttpProgress::message);
  EXPECT_EQ(parser.message().body, "");
  ASSERT_EQ(parser.parse(input), HttpProgress::message);
  EXPECT_EQ(parser.message().body, "x");
}

TEST(HttpParser, says_whether_it_waits_inside_a_message_and_what_a_cut_is) {
  HttpParser parser(HttpRole::request);
  EXPECT_FALSE(parser.is_inside_message());
  const std::string wire = "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhel";
  std::span<const std::byte> input = std::as_bytes(std::span(wire).first(3));
  EXPECT_EQ(parser.parse(input), HttpProgress::need_more);
  EXPECT_TRUE(parser.is_inside_message());
  input = std::as_bytes(std::span(wire).subspan(3));
  EXPECT_EQ(parser.parse(input), HttpProgress::need_more);
  EXPECT_TRUE(parser.is_inside_message());
  EXPECT_EQ(parser.finish(), HttpProgress::failed);
  parser.reset();
  EXPECT_FALSE(parser.is_inside_message());
  EXPECT_EQ(parser.finish(), HttpProgress::need_more);
  const std::string good = "GET / HTTP/1.1\r\n" + host + "\r\n";
  input = std::as_bytes(std::span(good));
  EXPECT_EQ(parser.parse(input), HttpProgress::message);
  EXPECT_FALSE(parser.is_inside_message());
}

TEST(HttpMessage, finds_headers_and_tokens_whatever_their_case) {
  HttpParser parser(HttpRole::request);
  const std::string wire =
      "GET /p/q?x=1&y HTTP/1.1\r\nHost: h\r\nAccept: a, b ;q=1,c\r\naccept: D\r\n\r\n";
  std::span<const std::byte> input = std::as_bytes(std::span(wire));
  ASSERT_EQ(parser.parse(input), HttpProgress::message);
  const HttpMessage& message = parser.message();
  EXPECT_EQ(message.header("HOST"), "h");
  EXPECT_EQ(message.header("none"), std::nullopt);
  EXPECT_TRUE(message.has_token("Accept", "A"));
  EXPECT_TRUE(message.has_token("accept", "d"));
  EXPECT_FALSE(message.has_token("accept", "b"));
  EXPECT_EQ(message.path(), "/p/q");
  EXPECT_EQ(message.query(), "x=1&y");
}

TEST(HttpText, decodes_percent_escapes) {
  EXPECT_EQ(percent_decode("a%41%7a+"), "aAz+");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode(""), "");
  for (const char* bad : {"%", "%4", "%4g", "%g4", "x%", "%00"}) {
    EXPECT_EQ(percent_decode(bad), std::nullopt) << bad;
  }
}

TEST(HttpText, finds_query_values) {
  EXPECT_EQ(query_value("from=1&to=2&to=3&x%20y=z%26&flag&e=", "to"), "2");
  EXPECT_EQ(query_value("from=1&x%20y=z%26", "x y"), "z&");
  EXPECT_EQ(query_value("a&flag&b=1", "flag"), "");
  EXPECT_EQ(query_value("e=&b=1", "e"), "");
  EXPECT_EQ(query_value("a=b=c", "a"), "b=c");
  EXPECT_EQ(query_value("", "a"), std::nullopt);
  EXPECT_EQ(query_value("a=%zz", "a"), std::nullopt);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(query_pairs("a=1&&b=%20&c"), (Pairs{{"a", "1"}, {"b", " "}, {"c", ""}}));
  EXPECT_EQ(query_pairs("a=1&b=%2"), std::nullopt);
}

TEST(HttpText, writes_responses_byte_for_byte) {
  const HttpHeader extra[] = {{"X-A", "1"}, {"X-B", "two words"}};
  std::string out = "before ";
  write_response(out,
                 {.status = 200, .content_type = "text/plain", .headers = extra, .body = "hi"});
  EXPECT_EQ(out,
            "before HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nX-A: 1\r\n"
            "X-B: two words\r\n\r\nhi");
  out.clear();
  write_response(out, {.status = 404, .body = "no", .keep_alive = false});
  EXPECT_EQ(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  out.clear();
  write_response(out, {.status = 200, .body = "hidden", .is_head = true});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
  out.clear();
  write_response(out, {.status = 204});
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\n\r\n");
  out.clear();
  write_request(out, {.method = "POST", .target = "/x", .host = "h:1", .body = "b"});
  EXPECT_EQ(out, "POST /x HTTP/1.1\r\nHost: h:1\r\nContent-Length: 1\r\n\r\nb");
}

TEST(HttpTextDeathTest, does_not_write_a_header_that_would_end_its_line) {
  std::string out;
  const HttpHeader evil[] = {{"X", "a\r\nSet-Cookie: b"}};
  EXPECT_DEATH(write_response(out, {.headers = evil}), "assertion failed");
}

}  // namespace
}  // namespace ringside::net
