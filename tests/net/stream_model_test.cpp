// Random lives of many streams at once, plain and over TLS, against what must hold for each
// whatever happens: bytes arrive as a prefix of what was sent and whole after a clean end, on_open
// and on_close come at most once and in order, nothing comes after the end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net_fixture.hpp"
#include "support/seed.hpp"
#include "support/temp_dir.hpp"
#include "support/test_cert.hpp"

namespace ringside::net {
namespace {

using test::make_loop;

/// What happens next to a stream from within its own callbacks.
enum class Whim : std::uint8_t { nothing, send, close, abort, destroy };

// Both ends of a connection send the bytes of one endless sequence, so that a receiver can check
// any prefix without being told.
char nth_byte(std::uint64_t n) {
  return static_cast<char>('A' + (n * 7 + n / 251) % 53);
}

class Life {
 public:
  explicit Life(std::mt19937_64& random) : random_(random) {}

  Stream stream;
  int open_count = 0;
  int close_count = 0;
  bool is_gone = false;  // aborted or destroyed by us: nobody may call any more
  ErrorCode close_code = ErrorCode::ok;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  bool has_closed_itself = false;

  [[nodiscard]] StreamHandlers handlers() {
    return {.on_open = Delegate<void()>::to<&Life::on_open>(this),
            .on_data =
                Delegate<void(std::span<const std::byte>, std::uint64_t)>::to<&Life::on_data>(this),
            .on_close = Delegate<void(const Error&)>::to<&Life::on_close>(this),
            .on_drain = Delegate<void()>::to<&Life::on_drain>(this)};
  }

  void act(Whim whim) {
    if (!stream.is_valid()) return;
    switch (whim) {
      case Whim::nothing:
        break;
      case Whim::send:
        send();
        break;
      case Whim::close:
        has_closed_itself = true;
        stream.close();
        break;
      case Whim::abort:
        is_gone = true;
        stream.abort();
        break;
      case Whim::destroy:
        is_gone = true;
        stream = Stream();
        break;
    }
  }

  [[nodiscard]] Whim whim(unsigned of) {  // mostly nothing, rarely an end
    const std::uint64_t roll = random_() % of;
    return roll < 5 ? static_cast<Whim>(roll) : random_() % 2 == 0 ? Whim::send : Whim::nothing;
  }

 private:
  void send() {
    std::string text(random_() % 3 == 0 ? random_() % 40'000 : random_() % 300, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = nth_byte(sent_bytes + i);
    if (stream.send(text) == SendResult::ok) sent_bytes += text.size();
  }
  void on_open() noexcept {
    EXPECT_FALSE(is_gone);
    EXPECT_EQ(close_count, 0);
    EXPECT_EQ(++open_count, 1);
    act(whim(60));
  }
  void on_data(std::span<const std::byte> bytes, std::uint64_t) noexcept {
    EXPECT_FALSE(is_gone);
    EXPECT_EQ(open_count, 1);
    EXPECT_EQ(close_count, 0);
    EXPECT_FALSE(has_closed_itself) << "data after close()";
    bool is_right = true;
    for (const std::byte byte : bytes) {
      is_right = is_right && static_cast<char>(byte) == nth_byte(received_bytes++);
    }
    EXPECT_TRUE(is_right) << "before byte " << received_bytes;
    act(whim(300));
  }
  void on_close(const Error& error) noexcept {
    EXPECT_FALSE(is_gone);
    EXPECT_EQ(++close_count, 1);
    close_code = error.code;
    if (random_() % 2 == 0) act(Whim::destroy);
  }
  void on_drain() noexcept {
    EXPECT_FALSE(is_gone);
    EXPECT_EQ(close_count, 0);
    act(whim(300));
  }

  std::mt19937_64& random_;
};

struct Couple {
  Couple(std::mt19937_64& random, Loop& own_loop, const TlsContext* own_server_tls)
      : client(random), server(random), loop(own_loop), server_tls(own_server_tls) {}

  void on_accept(int fd) noexcept {
    Result<Stream> stream =
        Stream::accept(loop, fd, server_tls, {.backlog_bytes_max = 100'000}, server.handlers());
    ASSERT_TRUE(stream.ok());
    server.stream = std::move(stream).value();
    is_accepted = true;
  }

  Life client;
  Life server;
  Loop& loop;
  const TlsContext* server_tls;
  Listener listener;
  bool is_accepted = false;
};

class StreamModel : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) return;
    const test::TestCert ca = test::TestCert::authority();
    const test::TestCert leaf = ca.issue({.addresses = {"127.0.0.1"}});
    server_tls.emplace(
        TlsContext::server({.certificate_file = dir.write("c.pem", leaf.certificate_pem()),
                            .key_file = dir.write("k.pem", leaf.key_pem())})
            .value());
    client_tls.emplace(
        TlsContext::client({.ca_file = dir.write("ca.pem", ca.certificate_pem())}).value());
  }

  void start(Couple& couple) {
    couple.listener =
        Listener::open(loop, {},
                       {.on_accept = Delegate<void(int)>::to<&Couple::on_accept>(&couple)})
            .value();
    ConnectOptions options;
    options.host = "127.0.0.1";
    options.port = couple.listener.port();
    options.tls = client_tls ? &*client_tls : nullptr;
    options.stream.backlog_bytes_max = 100'000;
    couple.client.stream = Stream::connect(loop, options, couple.client.handlers()).value();
  }

  test::TempDir dir;
  std::optional<TlsContext> server_tls;
  std::optional<TlsContext> client_tls;
  Loop loop = make_loop();
};

void expect_consistent(const Life& from, const Life& to) {
  EXPECT_LE(to.received_bytes, from.sent_bytes);
  // Who ended by close() and was not disturbed has delivered all, to whoever listened to the end.
  const bool sender_is_clean = from.close_count == 1 && from.close_code == ErrorCode::ok;
  const bool receiver_is_clean =
      to.close_count == 1 && to.close_code == ErrorCode::ok && !to.has_closed_itself;
  if (sender_is_clean && receiver_is_clean) {
    EXPECT_EQ(to.received_bytes, from.sent_bytes);
  }
}

TEST_P(StreamModel, keeps_its_promises_through_random_lives) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  const int generations = GetParam() ? 6 : 20;
  for (int generation = 0; generation < generations; ++generation) {
    std::vector<std::unique_ptr<Couple>> couples;
    for (int i = 0; i < 8; ++i) {
      couples.push_back(
          std::make_unique<Couple>(random, loop, server_tls ? &*server_tls : nullptr));
      start(*couples.back());
    }
    for (int step = 0; step < 400; ++step) {
      Couple& couple = *couples[random() % couples.size()];
      Life& life = random() % 2 == 0 ? couple.client : couple.server;
      life.act(life.whim(150));
      if (random() % 3 == 0) loop.poll(random() % 2 == 0 ? 0 : 200'000);
    }
    // Whoever still stands closes; then both must come to an end by themselves.
    for (const auto& couple : couples) {
      couple->client.act(Whim::close);
    }
    EXPECT_TRUE(test::run_until(loop, [&] {
      return std::all_of(couples.begin(), couples.end(), [](const auto& couple) {
        const auto has_ended = [](const Life& life) {
          return life.is_gone || life.close_count == 1;
        };
        return has_ended(couple->client) && (!couple->is_accepted || has_ended(couple->server));
      });
    }));
    for (const auto& couple : couples) {
      expect_consistent(couple->client, couple->server);
      expect_consistent(couple->server, couple->client);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, StreamModel, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "tls" : "plain"; });

}  // namespace
}  // namespace ringside::net
