// TlsSession against another implementation, OpenSSL, in memory: both roles, both protocol
// versions, every cipher suite we offer, and records that were altered on the way.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <random>
#include <string>

#include "ringside/net/tls.hpp"
#include "support/seed.hpp"
#include "support/temp_dir.hpp"
#include "support/test_cert.hpp"

namespace ringside::net {
namespace {

using test::TestCert;

struct Free {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

/// The other side: OpenSSL over two memory BIOs.
class Peer {
 public:
  Peer(bool is_server, int version, const std::string& suites, const std::string& folder)
      : context_(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())) {
    SSL_CTX* context = context_.get();
    SSL_CTX_set_security_level(context, 0);  // or it would refuse TLS 1.1 by itself
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    if (!suites.empty() && version == TLS1_3_VERSION) {
      EXPECT_EQ(SSL_CTX_set_ciphersuites(context, suites.c_str()), 1);
    } else if (!suites.empty()) {
      EXPECT_EQ(SSL_CTX_set_cipher_list(context, suites.c_str()), 1);
    }
    if (is_server) {
      EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context, (folder + "/c.pem").c_str()), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, (folder + "/k.pem").c_str(), SSL_FILETYPE_PEM),
                1);
    } else {
      EXPECT_EQ(SSL_CTX_load_verify_file(context, (folder + "/ca.pem").c_str()), 1);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    ssl_.reset(SSL_new(context));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    if (is_server) {
      SSL_set_accept_state(ssl_.get());
    } else {
      SSL_set_connect_state(ssl_.get());
      std::string host = "feed.test";
      SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
      SSL_set1_host(ssl_.get(), "feed.test");
    }
  }

  void feed(std::span<const std::byte> wire) {
    if (!wire.empty()) {
      EXPECT_GT(BIO_write(in_, wire.data(), static_cast<int>(wire.size())), 0);
    }
  }
  void handshake() { SSL_do_handshake(ssl_.get()); }
  [[nodiscard]] bool is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] std::string output() {
    std::string wire(static_cast<std::size_t>(BIO_ctrl_pending(out_)), '\0');
    if (!wire.empty()) BIO_read(out_, wire.data(), static_cast<int>(wire.size()));
    return wire;
  }
  void write(const std::string& text) {
    if (!text.empty()) {
      EXPECT_EQ(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())),
                static_cast<int>(text.size()));
    }
  }
  [[nodiscard]] std::string read() {
    std::string text;
    char buffer[20'000];
    for (;;) {
      const int count = SSL_read(ssl_.get(), buffer, sizeof(buffer));
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }
  [[nodiscard]] bool has_close_notify() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  void close_notify() { SSL_shutdown(ssl_.get()); }
  void update_keys() { EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1); }

 private:
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_ = nullptr;  // both belong to ssl_
  BIO* out_ = nullptr;
};

std::string take(TlsSession& session) {
  ByteBuffer buffer;
  session.take_output(buffer);
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

struct Suite {
  const char* name;
  int version;
};

class TlsInterop : public ::testing::TestWithParam<Suite> {
 protected:
  void SetUp() override {
    dir_.write("ca.pem", ca_.certificate_pem());
    dir_.write("c.pem", leaf_.certificate_pem());
    dir_.write("k.pem", leaf_.key_pem());
  }

  void make(bool we_are_server, int version, const std::string& suites) {
    const Result<TlsContext> context =
        we_are_server ? TlsContext::server({.certificate_file = dir_.file("c.pem"),
                                            .key_file = dir_.file("k.pem")})
                      : TlsContext::client({.ca_file = dir_.file("ca.pem")});
    ASSERT_TRUE(context.ok()) << context.error().message();
    session = TlsSession::create(context.value(), "feed.test").value();
    peer = std::make_unique<Peer>(!we_are_server, version, suites, dir_.path());
  }

  /// Both sides talk until both stand or ours fails.
  TlsProgress meet() {
    TlsProgress progress = session->handshake();
    for (int round = 0; round < 10 && progress == TlsProgress::want_read; ++round) {
      peer->feed(bytes_of(take(*session)));
      peer->handshake();
      const std::string wire = peer->output();
      session->feed(bytes_of(wire));
      progress = session->handshake();
    }
    peer->feed(bytes_of(take(*session)));
    peer->handshake();
    return progress;
  }

  /// Ours reads what the peer put on the wire, from pieces of at most `piece` bytes.
  std::string read_ours(const std::string& wire, std::size_t piece, TlsProgress& progress) {
    std::string text;
    std::vector<std::byte> out(20'000);
    for (std::size_t at = 0; at < wire.size(); at += piece) {
      const std::string part = wire.substr(at, piece);
      session->feed(bytes_of(part));
      do {
        std::size_t bytes = 0;
        progress = session->read(out, bytes);
        text.append(reinterpret_cast<const char*>(out.data()), bytes);
      } while (progress == TlsProgress::done);
    }
    return text;
  }

  void exchange() {
    for (const std::size_t bytes : {1U, 300U, 1'400U, 16'384U, 16'385U, 100'000U}) {
      const std::string text(bytes, static_cast<char>('a' + bytes % 26));
      peer->write(text);
      TlsProgress progress = TlsProgress::done;
      ASSERT_EQ(read_ours(peer->output(), 1'000, progress), text) << bytes;
      ASSERT_EQ(progress, TlsProgress::want_read) << session->error().what;
      ASSERT_EQ(session->write(bytes_of(text)), TlsProgress::done);
      peer->feed(bytes_of(take(*session)));
      ASSERT_EQ(peer->read(), text) << bytes;
    }
  }

  test::TempDir dir_;
  TestCert ca_ = TestCert::authority();
  TestCert leaf_ = ca_.issue({.dns_names = {"feed.test"}});
  std::unique_ptr<TlsSession> session;
  std::unique_ptr<Peer> peer;
};

TEST_P(TlsInterop, talks_as_client_and_as_server_and_ends_cleanly) {
  for (const bool we_are_server : {false, true}) {
    SCOPED_TRACE(we_are_server ? "we are the server" : "we are the client");
    make(we_are_server, GetParam().version, GetParam().name);
    ASSERT_EQ(meet(), TlsProgress::done) << session->error().what;
    ASSERT_TRUE(peer->is_established());
    exchange();
    session->close_notify();
    peer->feed(bytes_of(take(*session)));
    EXPECT_EQ(peer->read(), "");
    EXPECT_TRUE(peer->has_close_notify());
    peer->close_notify();
    TlsProgress progress = TlsProgress::done;
    EXPECT_EQ(read_ours(peer->output(), 7, progress), "");
    EXPECT_EQ(progress, TlsProgress::closed);
  }
}

TEST_P(TlsInterop, notices_every_record_that_was_altered) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 8; ++round) {
    make(false, GetParam().version, GetParam().name);
    ASSERT_EQ(meet(), TlsProgress::done) << session->error().what;
    TlsProgress progress = TlsProgress::done;
    EXPECT_EQ(read_ours(peer->output(), 10'000, progress), "");  // session tickets
    peer->write("a price nobody may change");
    std::string wire = peer->output();
    const std::size_t at = 5 + random() % (wire.size() - 5);  // behind the record's header
    wire[at] = static_cast<char>(wire[at] ^ static_cast<char>(1U << (random() % 8)));
    EXPECT_EQ(read_ours(wire, wire.size(), progress), "");
    EXPECT_EQ(progress, TlsProgress::failed);
    EXPECT_EQ(session->error().code, ErrorCode::tls);
    EXPECT_NE(session->error().what.find("altered"), std::string::npos) << session->error().what;
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, TlsInterop,
                         ::testing::Values(Suite{"TLS_AES_128_GCM_SHA256", TLS1_3_VERSION},
                                           Suite{"TLS_AES_256_GCM_SHA384", TLS1_3_VERSION},
                                           Suite{"TLS_CHACHA20_POLY1305_SHA256", TLS1_3_VERSION},
                                           Suite{"ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION},
                                           Suite{"ECDHE-ECDSA-AES256-GCM-SHA384", TLS1_2_VERSION},
                                           Suite{"ECDHE-ECDSA-CHACHA20-POLY1305", TLS1_2_VERSION}),
                         [](const auto& each) {
                           std::string name = each.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

using TlsVersions = TlsInterop;

TEST_P(TlsVersions, follows_a_key_update) {
  make(false, TLS1_3_VERSION, "");
  ASSERT_EQ(meet(), TlsProgress::done);
  for (int i = 0; i < 3; ++i) {
    peer->update_keys();
    ASSERT_NO_FATAL_FAILURE(exchange());
  }
}

TEST_P(TlsVersions, refuses_what_is_older_than_1_2_in_both_roles) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    for (const bool we_are_server : {false, true}) {
      make(we_are_server, version, "ALL:@SECLEVEL=0");
      EXPECT_EQ(meet(), TlsProgress::failed);
      EXPECT_EQ(session->error().code, ErrorCode::tls);
      EXPECT_FALSE(session->is_established());
      EXPECT_FALSE(peer->is_established());
    }
  }
}

TEST_P(TlsVersions, refuses_suites_without_forward_secrecy_or_authentication_of_data) {
  for (const char* suites : {"AES128-GCM-SHA256", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"}) {
    for (const bool we_are_server : {false, true}) {
      make(we_are_server, TLS1_2_VERSION, suites);
      EXPECT_EQ(meet(), TlsProgress::failed) << suites;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsVersions, ::testing::Values(Suite{"", 0}));

}  // namespace
}  // namespace ringside::net
