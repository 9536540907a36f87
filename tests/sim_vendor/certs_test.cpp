// Owns the claims about the simulator's certificates and key, checked by the TLS client that the
// feed handler uses.
#include "sim/certs.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "ringside/base/clock.hpp"
#include "ringside/net/tls.hpp"
#include "sim/files.hpp"
#include "support/temp_dir.hpp"

namespace ringside::sim {
namespace {

using test::TempDir;

std::int64_t now_s() {
  return static_cast<std::int64_t>(wall_ns() / 1'000'000'000);
}

// Moves bytes between the two ends until one fails or both are through. True: both are.
bool shake_hands(const CertificateFiles& files, const std::string& ca, const std::string& host) {
  auto server_context =
      net::TlsContext::server({.certificate_file = files.certificate, .key_file = files.key});
  auto client_context = net::TlsContext::client({.ca_file = ca});
  EXPECT_TRUE(server_context.ok());
  EXPECT_TRUE(client_context.ok());
  auto server = net::TlsSession::create(*server_context, "");
  auto client = net::TlsSession::create(*client_context, host);
  net::TlsProgress client_at = net::TlsProgress::want_read;
  net::TlsProgress server_at = net::TlsProgress::want_read;
  net::ByteBuffer to_server;
  net::ByteBuffer to_client;
  for (int turn = 0; turn < 20; ++turn) {
    client_at = (*client)->handshake();
    (*client)->take_output(to_server);
    (*server)->feed(to_server.span());
    server_at = (*server)->handshake();
    (*server)->take_output(to_client);
    (*client)->feed(to_client.span());
    if (client_at == net::TlsProgress::failed || server_at == net::TlsProgress::failed)
      return false;
    if (client_at == net::TlsProgress::done && server_at == net::TlsProgress::done) return true;
  }
  return false;
}

TEST(Certificates, are_trusted_by_a_client_that_has_the_authority_under_all_three_names) {
  const TempDir dir;
  const auto files = ensure_certificates(dir.path(), now_s());
  ASSERT_TRUE(files.ok()) << files.error().message();
  for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
    EXPECT_TRUE(shake_hands(*files, files->ca, host)) << host;
  }
  EXPECT_FALSE(shake_hands(*files, files->ca, "example.com"));
  const TempDir other_dir;
  const auto other = ensure_certificates(other_dir.path(), now_s());
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(shake_hands(*files, other->ca, "localhost"));
}

TEST(Certificates, are_used_again_until_they_are_near_their_end) {
  const TempDir dir;
  ASSERT_TRUE(ensure_certificates(dir.path(), now_s()).ok());
  const std::string first = dir.read("server.pem");
  const std::string first_ca = dir.read("ca.pem");
  ASSERT_TRUE(ensure_certificates(dir.path(), now_s() + 86'400).ok());
  EXPECT_EQ(dir.read("server.pem"), first);
  EXPECT_EQ(dir.read("ca.pem"), first_ca);
  const std::int64_t late_s = now_s() + (certificate_days - certificate_renew_days + 1) * 86'400;
  ASSERT_TRUE(ensure_certificates(dir.path(), late_s).ok());
  EXPECT_NE(dir.read("server.pem"), first);
  EXPECT_NE(dir.read("ca.pem"), first_ca);
}

TEST(Certificates, are_made_anew_when_one_file_is_damaged_or_foreign) {
  const TempDir dir;
  for (const char* name : {"ca.pem", "server.pem", "server.key"}) {
    ASSERT_TRUE(ensure_certificates(dir.path(), now_s()).ok());
    static_cast<void>(dir.write(name, "nonsense"));
    const auto files = ensure_certificates(dir.path(), now_s());
    ASSERT_TRUE(files.ok());
    EXPECT_TRUE(shake_hands(*files, files->ca, "localhost")) << name;
  }
}

TEST(Certificates, the_servers_key_is_for_its_owner_only) {
  const TempDir dir;
  const auto files = ensure_certificates(dir.path(), now_s());
  ASSERT_TRUE(files.ok());
  struct stat about {};
  ASSERT_EQ(::stat(files->key.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST(Certificates, an_unwritable_folder_is_one_clear_error) {
  const auto files = ensure_certificates("/proc/nowhere", now_s());
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, ErrorCode::io);
  EXPECT_NE(files.error().what.find("/proc/nowhere"), std::string::npos);
}

TEST(SimKey, is_made_once_kept_and_replaced_by_a_configured_one) {
  const TempDir dir;
  const SimPaths paths(dir.path());
  ASSERT_EQ(::mkdir(paths.dir.c_str(), 0700), 0);
  const auto first = ensure_key(paths, "");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->size(), 32U);
  EXPECT_EQ(dir.read("sim/key"), *first + "\n");
  struct stat about {};
  ASSERT_EQ(::stat(paths.key.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(*ensure_key(paths, ""), *first);
  EXPECT_EQ(*ensure_key(paths, "chosen"), "chosen");
  EXPECT_EQ(dir.read("sim/key"), "chosen\n");
}

}  // namespace
}  // namespace ringside::sim
