// What TLS promises over real loopback sockets: a good server is reached, every bad one is refused
// with a text that says why, and not one byte of ours is sent to it.
#include "ringside/net/tls.hpp"

#include <gtest/gtest.h>

#include "net_fixture.hpp"
#include "support/temp_dir.hpp"
#include "support/test_cert.hpp"
#include "tls_memory.hpp"

namespace ringside::net {
namespace {

using test::Acceptor;
using test::End;
using test::make_loop;
using test::run_until;
using test::TestCert;

const std::vector<std::string> local_names = {"localhost", "feed.test"};
const std::vector<std::string> local_addresses = {"127.0.0.1", "::1"};

class TlsTest : public ::testing::Test {
 protected:
  TlsContext client_context(const TestCert& trusted, const std::string& name = "ca.pem") {
    Result<TlsContext> context =
        TlsContext::client({.ca_file = dir.write(name, trusted.certificate_pem())});
    EXPECT_TRUE(context.ok()) << context.error().message();
    return std::move(context).value();
  }

  TlsContext server_context(const TestCert& leaf) {
    Result<TlsContext> context =
        TlsContext::server({.certificate_file = dir.write("leaf.pem", leaf.certificate_pem()),
                            .key_file = dir.write("leaf.key", leaf.key_pem())});
    EXPECT_TRUE(context.ok()) << context.error().message();
    return std::move(context).value();
  }

  /// Connects to a server with that leaf, as `host`; returns when both sides are open or the client
  /// has ended.
  void meet(const TestCert& leaf, const TlsContext& trust, const std::string& host) {
    server_tls.emplace(server_context(leaf));
    acceptor.tls = &*server_tls;
    server.when_open = {};
    ConnectOptions options;
    options.host = "127.0.0.1";
    options.port = acceptor.listener.is_valid() ? acceptor.listener.port() : acceptor.open();
    options.tls = &trust;
    options.tls_host = host;
    // A client that is told it is open at once says its secret.
    client.when_open = [this] { EXPECT_EQ(client.stream.send("secret key"), SendResult::ok); };
    client.stream = Stream::connect(loop, options, client.handlers()).value();
    ASSERT_TRUE(run_until(loop, [&] {
      return client.closed || (client.open_count > 0 && !server.received.empty());
    }));
  }

  /// The client refused, says why, and the server heard nothing.
  void expect_refused(const std::string& host, const std::string& why) {
    ASSERT_TRUE(client.closed.has_value());
    EXPECT_EQ(client.closed->code, ErrorCode::tls) << client.closed->message();
    EXPECT_NE(client.closed->what.find(host), std::string::npos) << client.closed->what;
    EXPECT_NE(client.closed->what.find(why), std::string::npos) << client.closed->what;
    EXPECT_EQ(client.open_count, 0);
    ASSERT_TRUE(run_until(loop, [&] { return server.closed || server.open_count > 0; }));
    EXPECT_EQ(server.received, "");
  }

  test::TempDir dir;
  TestCert ca = TestCert::authority();
  TestCert good = ca.issue({.dns_names = local_names, .addresses = local_addresses});
  Loop loop = make_loop();
  std::optional<TlsContext> server_tls;
  Acceptor acceptor{loop};
  End& server = acceptor.server;
  End client;
};

TEST_F(TlsTest, reaches_a_good_server_and_carries_bytes_both_ways) {
  const TlsContext trust = client_context(ca);
  meet(good, trust, "feed.test");
  ASSERT_FALSE(client.closed.has_value()) << client.closed->message();
  EXPECT_EQ(server.received, "secret key");
  std::string big(300'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7 + (i >> 9));
  ASSERT_EQ(server.stream.send(big), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return client.received.size() == big.size(); }));
  EXPECT_TRUE(client.received == big);
  EXPECT_EQ(client.stream.tls_description().substr(0, 7), "TLSv1.3")
      << client.stream.tls_description();
  EXPECT_NE(client.stream.tls_description().find("AES"), std::string::npos)
      << client.stream.tls_description();
  client.stream.close();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed && server.closed; }));
  EXPECT_EQ(client.closed->code, ErrorCode::ok) << client.closed->message();
  EXPECT_EQ(server.closed->code, ErrorCode::ok) << server.closed->message();
}

TEST_F(TlsTest, padding_around_plaintext_is_readable) {
  const TlsContext trust = client_context(ca);
  meet(good, trust, "feed.test");
  unsigned sum = 0;
  client.when_data = [&](std::string_view text) {
    const char* last = text.data() + text.size() + padding_back_bytes;
    for (const char* at = text.data() - padding_front_bytes; at != last; ++at) {
      sum += static_cast<unsigned char>(*at);
    }
  };
  ASSERT_EQ(server.stream.send(std::string(200'000, 'x')), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return client.received.size() == 200'000; }));
  EXPECT_GT(sum, 0U);
}

TEST_F(TlsTest, accepts_each_name_and_address_of_the_certificate) {
  const TlsContext trust = client_context(ca);
  for (const std::string host : {"localhost", "feed.test", "FEED.test", "127.0.0.1", "::1"}) {
    server = End();
    client = End();
    meet(good, trust, host);
    EXPECT_EQ(client.open_count, 1)
        << host << ": " << (client.closed ? client.closed->message() : "");
  }
}

TEST_F(TlsTest, accepts_a_wildcard_for_one_label_only) {
  const TestCert wild = ca.issue({.dns_names = {"*.feed.test"}});
  const TlsContext trust = client_context(ca);
  meet(wild, trust, "one.feed.test");
  EXPECT_EQ(client.open_count, 1);
  for (const std::string host : {"two.one.feed.test", "feed.test"}) {
    server = End();
    client = End();
    meet(wild, trust, host);
    expect_refused(host, "another host");
  }
}

TEST_F(TlsTest, refuses_a_certificate_for_another_host) {
  const TlsContext trust = client_context(ca);
  for (const std::string host : {"other.test", "feed.test.evil.test", "127.0.0.2", "::2"}) {
    server = End();
    client = End();
    meet(good, trust, host);
    expect_refused(host, "another host");
  }
}

// Only the subject alternative names count once there are any.
TEST_F(TlsTest, does_not_take_the_common_name_for_a_host_name) {
  const TestCert leaf = ca.issue({.common_name = "feed.test", .dns_names = {"other.test"}});
  const TlsContext trust = client_context(ca);
  meet(leaf, trust, "feed.test");
  expect_refused("feed.test", "another host");
}

TEST_F(TlsTest, does_not_take_a_name_entry_for_an_address) {
  const TestCert leaf = ca.issue({.common_name = "127.0.0.1", .dns_names = {"127.0.0.1"}});
  const TlsContext trust = client_context(ca);
  meet(leaf, trust, "127.0.0.1");
  expect_refused("127.0.0.1", "another host");
}

TEST_F(TlsTest, refuses_an_unknown_authority) {
  const TestCert other = TestCert::authority("another CA");
  const TlsContext trust = client_context(other);
  meet(good, trust, "feed.test");
  expect_refused("feed.test", "unknown authority");
}

TEST_F(TlsTest, refuses_an_unknown_authority_of_the_same_name) {
  const TestCert other = TestCert::authority();  // same subject, another key
  const TlsContext trust = client_context(other);
  meet(good, trust, "feed.test");
  ASSERT_TRUE(client.closed.has_value());
  EXPECT_EQ(client.closed->code, ErrorCode::tls);
  EXPECT_EQ(client.open_count, 0);
}

TEST_F(TlsTest, refuses_a_self_signed_certificate) {
  const TestCert self = TestCert::self_signed({.dns_names = local_names});
  const TlsContext trust = client_context(ca);
  meet(self, trust, "feed.test");
  expect_refused("feed.test", "self-signed");
}

TEST_F(TlsTest, refuses_an_expired_and_a_future_certificate) {
  const TlsContext trust = client_context(ca);
  const TestCert expired =
      ca.issue({.dns_names = local_names, .valid_from_s = -7200, .valid_to_s = -3600});
  meet(expired, trust, "feed.test");
  expect_refused("feed.test", "expired");
  server = End();
  client = End();
  const TestCert future =
      ca.issue({.dns_names = local_names, .valid_from_s = 172'800, .valid_to_s = 259'200});
  meet(future, trust, "feed.test");
  expect_refused("feed.test", "not valid yet");
}

TEST_F(TlsTest, refuses_a_leaf_signed_by_a_leaf) {
  const TestCert forged = good.issue({.dns_names = {"victim.test"}});
  const TlsContext trust = client_context(ca);
  meet(forged, trust, "victim.test");
  ASSERT_TRUE(client.closed.has_value());
  EXPECT_EQ(client.closed->code, ErrorCode::tls);
}

// A server that only speaks TLS 1.1, byte for byte: it answers any hello with a ServerHello of 3.2.
TEST_F(TlsTest, refuses_tls_1_1) {
  const TlsContext trust = client_context(ca);
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = acceptor.open();  // plain: we speak for the server
  options.tls = &trust;
  options.tls_host = "feed.test";
  const char hello[] =
      "\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"
      "0123456789abcdef0123456789abcdef"
      "\x00\xc0\x14\x00";
  server.when_data = [&](std::string_view) {
    EXPECT_EQ(server.stream.send(std::string_view(hello, sizeof(hello) - 1)), SendResult::ok);
    server.when_data = {};
  };
  client.stream = Stream::connect(loop, options, client.handlers()).value();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(client.closed->code, ErrorCode::tls) << client.closed->message();
  EXPECT_NE(client.closed->what.find("version"), std::string::npos) << client.closed->what;
}

TEST_F(TlsTest, server_refuses_a_client_of_tls_1_1) {
  server_tls.emplace(server_context(good));
  acceptor.tls = &*server_tls;
  const test::BareSocket old(acceptor.open());
  // ClientHello of version 3.2 with one suite of that time.
  old.send(
      std::string_view("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x02"
                       "0123456789abcdef0123456789abcdef"
                       "\x00\x00\x02\xc0\x14\x01\x00",
                       50));
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
  EXPECT_EQ(server.closed->code, ErrorCode::tls) << server.closed->message();
  EXPECT_EQ(server.open_count, 0);
}

TEST_F(TlsTest, says_that_the_peer_left_in_the_handshake) {
  const TlsContext trust = client_context(ca);
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = acceptor.open();
  options.tls = &trust;
  const std::string cut_hello("\x16\x03\x03\x00\x7a\x02\x00", 7);
  for (const std::string& part : {std::string(), cut_hello.substr(0, 3), cut_hello}) {
    server = End();
    client = End();
    server.when_data = [&](std::string_view) {
      if (!part.empty()) {
        EXPECT_EQ(server.stream.send(part), SendResult::ok);
      }
      server.stream.close();
    };
    client.stream = Stream::connect(loop, options, client.handlers()).value();
    ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
    EXPECT_EQ(client.closed->code, ErrorCode::connect) << client.closed->message();
    EXPECT_NE(client.closed->what.find("handshake"), std::string::npos) << client.closed->what;
  }
}

TEST_F(TlsTest, gives_up_on_a_server_that_never_answers) {
  const TlsContext trust = client_context(ca);
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = acceptor.open();  // plain and mute
  options.tls = &trust;
  options.stream.open_timeout_ns = 20'000'000;
  client.stream = Stream::connect(loop, options, client.handlers()).value();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(client.closed->code, ErrorCode::timeout);
  EXPECT_NE(client.closed->what.find("TLS handshake"), std::string::npos) << client.closed->what;
}

TEST_F(TlsTest, server_refuses_what_is_not_tls) {
  server_tls.emplace(server_context(good));
  acceptor.tls = &*server_tls;
  const test::BareSocket plain(acceptor.open());
  plain.send("GET / HTTP/1.1\r\nHost: feed.test\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
  EXPECT_EQ(server.closed->code, ErrorCode::tls) << server.closed->message();
}

TEST_F(TlsTest, tells_a_cut_from_a_clean_end) {
  const TlsContext trust = client_context(ca);
  meet(good, trust, "feed.test");
  server.stream.abort();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(client.closed->code, ErrorCode::connect);
}

TEST_F(TlsTest, may_be_destroyed_in_the_middle_of_a_handshake_and_of_data) {
  const TlsContext trust = client_context(ca);
  server_tls.emplace(server_context(good));
  acceptor.tls = &*server_tls;
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = acceptor.open();
  options.tls = &trust;
  for (int turns = 0; turns < 12; ++turns) {
    client = End();
    client.stream = Stream::connect(loop, options, client.handlers()).value();
    for (int turn = 0; turn < turns; ++turn) loop.poll(1'000'000);
    client.stream = Stream();
    loop.poll(0);
    server.stream = Stream();
  }
  server = End();
  client = End();
  meet(good, trust, "feed.test");
  client.when_data = [&](std::string_view) { client.stream = Stream(); };
  ASSERT_EQ(server.stream.send(std::string(500'000, 'x')), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
  EXPECT_FALSE(client.received.empty());
}

TEST_F(TlsTest, allocates_nothing_for_a_record_once_it_is_warm) {
  if (!keeps_tls_memory()) GTEST_SKIP() << "the address sanitizer's build keeps no blocks";
  const TlsContext trust = client_context(ca);
  meet(good, trust, "feed.test");
  const std::string piece(1'400, 'x');
  std::uint64_t warm = 0;
  for (std::size_t i = 1; i <= 300; ++i) {
    ASSERT_EQ(server.stream.send(piece), SendResult::ok);
    ASSERT_TRUE(run_until(loop, [&] { return client.received.size() == i * piece.size(); }));
    if (i == 50) warm = tls_heap_allocations();
  }
  EXPECT_EQ(tls_heap_allocations(), warm);
}

TEST_F(TlsTest, context_names_the_file_that_is_missing_or_broken) {
  const std::string broken = dir.write("broken.pem", "no certificate in here\n");
  const std::string leaf = dir.write("good.pem", good.certificate_pem());
  const std::string key = dir.write("good.key", good.key_pem());
  const std::string other_key = dir.write("other.key", TestCert::authority().key_pem());
  const auto code_and_name = [](const Result<TlsContext>& result, const std::string& name) {
    EXPECT_FALSE(result.ok());
    if (result.ok()) return ErrorCode::ok;
    EXPECT_NE(result.error().what.find(name), std::string::npos) << result.error().what;
    return result.error().code;
  };
  EXPECT_EQ(code_and_name(TlsContext::client({.ca_file = dir.file("none.pem")}), "none.pem"),
            ErrorCode::not_found);
  EXPECT_EQ(code_and_name(TlsContext::client({.ca_file = broken}), "broken.pem"), ErrorCode::tls);
  EXPECT_EQ(
      code_and_name(TlsContext::server({.certificate_file = dir.file("none.pem"), .key_file = key}),
                    "none.pem"),
      ErrorCode::not_found);
  EXPECT_EQ(code_and_name(TlsContext::server({.certificate_file = broken, .key_file = key}),
                          "broken.pem"),
            ErrorCode::tls);
  EXPECT_EQ(code_and_name(TlsContext::server({.certificate_file = leaf, .key_file = broken}),
                          "broken.pem"),
            ErrorCode::tls);
  EXPECT_EQ(code_and_name(TlsContext::server({.certificate_file = leaf, .key_file = other_key}),
                          "other.key"),
            ErrorCode::tls);
}

TEST_F(TlsTest, client_uses_the_systems_authorities_by_default) {
  Result<TlsContext> context = TlsContext::client({});
  ASSERT_TRUE(context.ok()) << context.error().message();
  meet(good, context.value(), "feed.test");  // no public authority signed this
  expect_refused("feed.test", "unknown authority");
}

}  // namespace
}  // namespace ringside::net
