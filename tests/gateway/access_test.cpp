// Hosts, origins and tokens: exactly the allowed ones pass.
#include "access.hpp"

#include <gtest/gtest.h>

#include "../support/temp_dir.hpp"
#include "settings.hpp"

namespace ringside::gateway {
namespace {

net::HttpMessage message(const std::vector<net::HttpHeader>& headers) {
  net::HttpMessage out;
  out.method = "GET";
  out.headers = headers;
  return out;
}

TEST(Access, lets_loopback_hosts_in_and_no_other_without_tokens) {
  const Access access({.origins = {"https://board.example:8443"}});
  const std::pair<std::string_view, bool> hosts[] = {
      {"localhost", true},
      {"LOCALHOST:8080", true},
      {"127.0.0.1:8080", true},
      {"127.1.2.3", true},
      {"[::1]:8080", true},
      {"[::1]", true},
      {"board.example", true},
      {"evil.example", false},
      {"localhost.evil.example", false},
      {"127.0.0.1.evil", false},
      {"", false},
      {"localhost:x", false},
      {"[::1", false},
      {"[::1]x", false},
      {"10.0.0.1", false},
      {"xlocalhost", false},
      {"localhost:", false},
      {"localhost:123456", false},
  };
  for (const auto& [host, is_allowed] : hosts) {
    const std::vector<net::HttpHeader> headers = {{"Host", host}};
    EXPECT_EQ(access.is_host_allowed(message(headers)), is_allowed) << host;
  }
  EXPECT_FALSE(access.is_host_allowed(message({})));
}

TEST(Access, lets_exactly_its_own_and_the_listed_origins_in) {
  const Access access({.origins = {"https://board.example:8443"}});
  const std::tuple<std::string_view, std::string_view, bool> cases[] = {
      {"localhost:8080", "http://localhost:8080", true},
      {"LocalHost:8080", "http://localhost:8080", true},
      {"127.0.0.1:8080", "http://127.0.0.1:8080", true},
      {"[::1]:8080", "http://[::1]:8080", true},
      {"localhost:8080", "https://board.example:8443", true},
      {"localhost:8080", "https://localhost:8080", false},  // other scheme
      {"localhost:8080", "http://localhost", false},        // other port
      {"localhost:8080", "http://localhost:80800", false},
      {"localhost:8080", "http://127.0.0.1:8080", false},  // other name
      {"localhost:8080", "http://localhost:8080.evil.example", false},
      {"localhost:8080", "http://evil.example", false},
      {"localhost:8080", "https://board.example", false},
      {"localhost:8080", "https://board.example:8443/", false},
      {"localhost:8080", "https://xboard.example:8443", false},
      {"localhost:8080", "HTTPS://BOARD.EXAMPLE:8443", false},
      {"localhost:8080", "null", false},
      {"localhost:8080", "", false},
      {"localhost:8080", "file://", false},
      {"", "http://", false},
  };
  for (const auto& [host, origin, is_allowed] : cases) {
    const std::vector<net::HttpHeader> headers = {{"Host", host}, {"Origin", origin}};
    EXPECT_EQ(access.is_origin_allowed(message(headers)), is_allowed) << host << ' ' << origin;
  }
  const std::vector<net::HttpHeader> no_browser = {{"Host", "localhost:8080"}};
  EXPECT_TRUE(access.is_origin_allowed(message(no_browser)));
}

TEST(Access, compares_with_https_when_it_serves_tls) {
  const Access access({.is_tls = true});
  const std::vector<net::HttpHeader> secure = {{"Host", "localhost:1"},
                                               {"Origin", "https://localhost:1"}};
  const std::vector<net::HttpHeader> plain = {{"Host", "localhost:1"},
                                              {"Origin", "http://localhost:1"}};
  EXPECT_TRUE(access.is_origin_allowed(message(secure)));
  EXPECT_FALSE(access.is_origin_allowed(message(plain)));
}

TEST(Access, knows_what_an_origin_looks_like) {
  for (const std::string_view good :
       {"http://localhost", "https://a.test:1", "http://[::1]:8080"}) {
    EXPECT_TRUE(is_origin_text(good)) << good;
  }
  for (const std::string_view bad : {"", "*", "localhost", "https://", "https://a/", "ftp://a",
                                     "https://A", "https://a:b", "https://a b", "https://*.a"}) {
    EXPECT_FALSE(is_origin_text(bad)) << bad;
  }
}

// SHA-256 of "alpha" and "beta", by sha256sum.
constexpr std::string_view alpha_hash =
    "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8";
constexpr std::string_view beta_hash =
    "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753";

TEST(Tokens, are_good_exactly_when_their_hash_is_listed) {
  const ringside::test::TempDir dir;
  const std::string path = dir.write("tokens", "# who may\n\n" + std::string(alpha_hash) +
                                                   " desk\n" + std::string(beta_hash) + "\n");
  const auto tokens = Tokens::load(path);
  ASSERT_TRUE(tokens.ok()) << tokens.error().message();
  EXPECT_EQ(tokens->count(), 2U);
  EXPECT_TRUE(tokens->check("alpha"));
  EXPECT_TRUE(tokens->check("beta"));
  for (const std::string_view bad : {"", "Alpha", "alpha ", "alph", "gamma"}) {
    EXPECT_FALSE(tokens->check(bad)) << bad;
  }
  EXPECT_FALSE(tokens->check(alpha_hash));
}

TEST(Tokens, refuse_a_file_that_is_missing_bad_empty_or_writable_by_others) {
  const ringside::test::TempDir dir;
  EXPECT_EQ(Tokens::load(dir.file("none")).error().code, ErrorCode::not_found);
  const auto bad = Tokens::load(dir.write("bad", "# x\nnothex desk\n"));
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::config);
  EXPECT_NE(bad.error().what.find("bad:2"), std::string::npos) << bad.error().what;
  EXPECT_EQ(Tokens::load(dir.write("empty", "# nobody\n")).error().code, ErrorCode::config);
  EXPECT_EQ(Tokens::load(dir.write("open", alpha_hash, 0666)).error().code, ErrorCode::permission);
}

TEST(Tokens, come_from_a_bearer_header_or_a_subprotocol) {
  const std::vector<net::HttpHeader> header = {{"authorization", "bearer alpha"}};
  const std::vector<net::HttpHeader> protocol = {{"Sec-WebSocket-Protocol", "x, bearer.alpha"}};
  const std::vector<net::HttpHeader> basic = {{"Authorization", "Basic alpha"}};
  EXPECT_EQ(bearer_token(message(header)), "alpha");
  EXPECT_EQ(bearer_token(message(protocol)), "alpha");
  EXPECT_EQ(bearer_token(message(basic)), "");
  EXPECT_EQ(bearer_token(message({})), "");
}

Status check(void (*change)(Settings&)) {
  Settings settings;
  settings.feeds = {{.name = "stocks", .vendor = "massive"}};
  change(settings);
  return check_settings(settings);
}

TEST(GatewaySettings, refuse_an_open_door_and_half_of_a_pair) {
  EXPECT_TRUE(check([](Settings&) {}).ok());
  const Status open = check([](Settings& s) { s.address = "0.0.0.0"; });
  ASSERT_FALSE(open.ok());
  EXPECT_EQ(open.error().code, ErrorCode::config);
  EXPECT_NE(open.error().what.find("gateway.tokens_file"), std::string::npos);
  EXPECT_FALSE(check([](Settings& s) { s.address = "::"; }).ok());
  EXPECT_TRUE(check([](Settings& s) {
                s.address = "0.0.0.0";
                s.tokens_file = "x";
              }).ok());
  EXPECT_FALSE(check([](Settings& s) { s.tls_cert = "x"; }).ok());
  EXPECT_FALSE(check([](Settings& s) { s.tls_key = "x"; }).ok());
  EXPECT_FALSE(check([](Settings& s) { s.origins = {"*"}; }).ok());
  EXPECT_FALSE(check([](Settings& s) { s.feeds.push_back(s.feeds[0]); }).ok());
}

}  // namespace
}  // namespace ringside::gateway
