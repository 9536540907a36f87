// What a plain TCP stream promises: bytes both ways, bounds, and an end without surprises whoever
// ends it and when.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "net_fixture.hpp"

namespace ringside::net {
namespace {

using test::Acceptor;
using test::End;
using test::make_loop;
using test::run_until;

ConnectOptions to_port(std::uint16_t port) {
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  return options;
}

class StreamTest : public ::testing::Test {
 protected:
  /// Connects client and server; both are open afterwards.
  void connect(const StreamOptions& client_options = {}, const StreamOptions& server_options = {}) {
    acceptor.options = server_options;
    const std::uint16_t port = acceptor.open();
    ConnectOptions options = to_port(port);
    options.stream = client_options;
    Result<Stream> stream = Stream::connect(loop, options, client.handlers());
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    client.stream = std::move(stream).value();
    ASSERT_TRUE(run_until(loop, [&] { return client.open_count == 1 && server.open_count == 1; }));
  }

  Loop loop = make_loop();
  Acceptor acceptor{loop};
  End& server = acceptor.server;
  End client;
};

TEST_F(StreamTest, carries_bytes_both_ways_with_a_stamp) {
  connect();
  const std::uint64_t before = wall_ns();
  EXPECT_EQ(client.stream.send("hello"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received == "hello"; }));
  EXPECT_EQ(server.stream.send("good day"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return client.received == "good day"; }));
  EXPECT_GE(server.stamps.front(), before);
  EXPECT_LE(client.stamps.back(), wall_ns());
  EXPECT_FALSE(client.stream.peer().empty());
  EXPECT_EQ(client.stream.tls_description(), "");
}

TEST_F(StreamTest, sends_everything_of_a_turn_in_one_piece) {
  connect();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.stream.send("0123456789"), SendResult::ok);
  EXPECT_EQ(client.stream.backlog_bytes(), 1000U);
  ASSERT_TRUE(run_until(loop, [&] { return server.received.size() == 1000; }));
  EXPECT_EQ(server.stamps.size(), 1U);
  ASSERT_TRUE(run_until(loop, [&] { return client.stream.backlog_bytes() == 0; }));
}

TEST_F(StreamTest, carries_megabytes_unchanged) {
  connect({.backlog_bytes_max = 8U << 20});
  std::string big(4U << 20, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 + (i >> 8));
  ASSERT_EQ(client.stream.send(big), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received.size() == big.size(); }));
  EXPECT_TRUE(server.received == big);
}

TEST_F(StreamTest, padding_around_data_is_readable) {
  connect();
  unsigned sum = 0;
  server.when_data = [&](std::string_view text) {
    const char* first = text.data() - padding_front_bytes;
    const char* last = text.data() + text.size() + padding_back_bytes;
    for (const char* at = first; at != last; ++at) sum += static_cast<unsigned char>(*at);
  };
  ASSERT_EQ(client.stream.send(std::string(16'384, 'x')), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received.size() == 16'384; }));
  EXPECT_GT(sum, 0U);
}

TEST_F(StreamTest, refuses_what_exceeds_the_backlog_and_says_when_it_drained) {
  connect({.backlog_bytes_max = 65'536});
  const std::string piece(30'000, 'x');
  EXPECT_EQ(client.stream.send(piece), SendResult::ok);
  EXPECT_EQ(client.stream.send(piece), SendResult::ok);
  EXPECT_EQ(client.stream.send(piece), SendResult::backlog_full);
  EXPECT_EQ(client.stream.backlog_bytes(), 60'000U);
  ASSERT_TRUE(run_until(loop, [&] { return client.drain_count == 1; }));
  EXPECT_EQ(client.stream.send(piece), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received.size() == 90'000; }));
}

// The peer is a bare socket that nobody reads: the kernel's buffers fill, then ours.
TEST_F(StreamTest, holds_at_most_its_backlog_when_the_peer_does_not_read) {
  connect({.backlog_bytes_max = 1U << 20});
  Acceptor mute{loop};
  const std::uint16_t port = mute.open();
  const test::BareSocket silent(port);
  ASSERT_TRUE(run_until(loop, [&] { return mute.server.open_count == 1; }));
  const std::string piece(100'000, 'x');
  SendResult result = SendResult::ok;
  for (int i = 0; i < 1000 && result == SendResult::ok; ++i) {
    result = mute.server.stream.send(piece);
    loop.poll(0);
    loop.poll(0);
  }
  EXPECT_EQ(result, SendResult::backlog_full);
  EXPECT_LE(mute.server.stream.backlog_bytes(), 1U << 20);
  mute.server.stream = Stream();  // with a send in flight: must not leak or crash
  for (int i = 0; i < 10; ++i) loop.poll(1'000'000);
}

TEST_F(StreamTest, close_delivers_what_was_sent_and_ends_both_sides_cleanly) {
  connect();
  ASSERT_EQ(client.stream.send(std::string(300'000, 'z')), SendResult::ok);
  client.stream.close();
  EXPECT_EQ(client.stream.send("more"), SendResult::closed);
  ASSERT_TRUE(run_until(loop, [&] { return client.closed && server.closed; }));
  EXPECT_EQ(server.received.size(), 300'000U);
  EXPECT_EQ(client.closed->code, ErrorCode::ok) << client.closed->message();
  EXPECT_EQ(server.closed->code, ErrorCode::ok) << server.closed->message();
  EXPECT_EQ(client.close_count, 1);
  EXPECT_EQ(server.close_count, 1);
}

TEST_F(StreamTest, finishes_a_close_after_the_handle_is_gone) {
  connect();
  ASSERT_EQ(server.stream.send(std::string(300'000, 'z')), SendResult::ok);
  server.stream.close();
  server.stream = Stream();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(client.received.size(), 300'000U);
  EXPECT_EQ(client.closed->code, ErrorCode::ok);
  EXPECT_EQ(server.close_count, 0);
}

TEST_F(StreamTest, answers_a_peer_that_has_ended_its_direction) {
  connect();
  server.when_data = [&](std::string_view) {
    EXPECT_EQ(server.stream.send("answer"), SendResult::ok);
  };
  ASSERT_EQ(client.stream.send("question"), SendResult::ok);
  loop.poll(0);
  client.stream.close();  // sends FIN right behind the question
  ASSERT_TRUE(run_until(loop, [&] { return client.closed && server.closed; }));
  EXPECT_EQ(server.closed->code, ErrorCode::ok) << server.closed->message();
}

TEST_F(StreamTest, abort_resets_the_peer_and_calls_nobody_here) {
  connect();
  client.stream.abort();
  EXPECT_FALSE(client.stream.is_open());
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
  EXPECT_EQ(server.closed->code, ErrorCode::connect);
  EXPECT_EQ(server.closed->sys_errno, ECONNRESET);
  EXPECT_EQ(client.close_count, 0);
}

TEST_F(StreamTest, may_be_destroyed_by_each_of_its_callbacks) {
  connect();
  server.when_data = [&](std::string_view) { server.stream = Stream(); };
  ASSERT_EQ(client.stream.send("x"), SendResult::ok);
  client.when_closed = [&] { client.stream = Stream(); };
  ASSERT_TRUE(run_until(loop, [&] { return client.close_count == 1; }));
  EXPECT_EQ(client.closed->code, ErrorCode::connect);
  EXPECT_EQ(server.close_count, 0);

  Acceptor second{loop};
  second.server.when_open = [&] { second.server.stream = Stream(); };
  const std::uint16_t port = second.open();
  End other;
  other.stream = Stream::connect(loop, to_port(port), other.handlers()).value();
  ASSERT_TRUE(run_until(loop, [&] { return other.close_count == 1; }));
}

TEST_F(StreamTest, may_be_destroyed_while_it_connects_sends_or_receives) {
  connect();
  {
    End gone;
    gone.stream = Stream::connect(loop, to_port(acceptor.listener.port()), gone.handlers()).value();
  }  // before it was submitted
  {
    End gone;
    gone.stream = Stream::connect(loop, to_port(acceptor.listener.port()), gone.handlers()).value();
    loop.flush();
  }  // while it is in the kernel
  ASSERT_EQ(client.stream.send(std::string(200'000, 'x')), SendResult::ok);
  loop.flush();
  client.stream = Stream();  // while it sends and receives
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
}

TEST_F(StreamTest, moves_without_its_callbacks_noticing) {
  connect();
  Stream moved = std::move(client.stream);
  EXPECT_FALSE(client.stream.is_valid());
  ASSERT_EQ(moved.send("x"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received == "x"; }));
  ASSERT_EQ(server.stream.send("y"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return client.received == "y"; }));
}

TEST_F(StreamTest, changes_its_handlers_in_the_middle_of_a_callback) {
  connect();
  End other;
  server.when_data = [&](std::string_view) { server.stream.set_handlers(other.handlers()); };
  ASSERT_EQ(client.stream.send("first"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received == "first"; }));
  ASSERT_EQ(client.stream.send("second"), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return other.received == "second"; }));
}

TEST_F(StreamTest, says_who_refused_the_connection) {
  std::uint16_t port = 0;
  {
    Acceptor gone{loop};
    port = gone.open();
  }
  for (int i = 0; i < 3; ++i) loop.poll(1'000'000);  // until the port is free
  client.stream = Stream::connect(loop, to_port(port), client.handlers()).value();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(client.closed->code, ErrorCode::connect);
  EXPECT_NE(client.closed->what.find("127.0.0.1:" + std::to_string(port)), std::string::npos)
      << client.closed->what;
  EXPECT_EQ(client.open_count, 0);
}

TEST_F(StreamTest, tries_every_address_of_a_name) {
  const std::uint16_t port = acceptor.open();  // on 127.0.0.1 only; localhost may be ::1 first
  ConnectOptions options = to_port(port);
  options.host = "localhost";
  client.stream = Stream::connect(loop, options, client.handlers()).value();
  ASSERT_TRUE(run_until(loop, [&] { return client.open_count == 1; }));
}

TEST_F(StreamTest, says_that_a_name_does_not_resolve) {
  ConnectOptions options = to_port(1);
  options.host = "no such host";
  const Result<Stream> stream = Stream::connect(loop, options, client.handlers());
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().code, ErrorCode::connect);
  EXPECT_NE(stream.error().what.find("no such host"), std::string::npos);
}

TEST_F(StreamTest, closes_within_its_bound_when_the_peer_never_ends) {
  acceptor.options.close_timeout_ns = 20'000'000;
  const test::BareSocket silent(acceptor.open());
  ASSERT_TRUE(run_until(loop, [&] { return server.open_count == 1; }));
  server.stream.close();
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
  EXPECT_EQ(server.closed->code, ErrorCode::ok);
}

TEST_F(StreamTest, tells_how_much_a_peer_did_not_take_when_it_closes) {
  acceptor.options = {.backlog_bytes_max = 32U << 20, .close_timeout_ns = 20'000'000};
  const test::BareSocket silent(acceptor.open());
  ASSERT_TRUE(run_until(loop, [&] { return server.open_count == 1; }));
  ASSERT_EQ(server.stream.send(std::string(16U << 20, 'x')), SendResult::ok);
  server.stream.close();
  ASSERT_TRUE(run_until(loop, [&] { return server.closed.has_value(); }));
  EXPECT_EQ(server.closed->code, ErrorCode::timeout);
  EXPECT_NE(server.closed->what.find("bytes"), std::string::npos) << server.closed->what;
}

TEST_F(StreamTest, survives_more_data_than_there_are_receive_buffers) {
  connect({.backlog_bytes_max = 16U << 20});
  // 16 buffers of 16 KiB; both directions at once.
  const std::string big(3U << 20, 'q');
  server.stream = std::move(server.stream);
  ASSERT_EQ(client.stream.send(big), SendResult::ok);
  ASSERT_TRUE(run_until(loop, [&] { return server.received.size() == big.size(); }));
}

// More streams than the ring has entries, so that not even their cancelling would fit.
TEST(Stream, may_be_destroyed_after_the_thread_of_its_loop_has_ended) {
  auto loop = std::make_unique<Loop>(make_loop());
  struct Servers {
    Loop& loop;
    std::vector<std::unique_ptr<End>> ends;
    void on_accept(int fd) noexcept {
      ends.push_back(std::make_unique<End>());
      ends.back()->stream = Stream::accept(loop, fd, nullptr, {}, ends.back()->handlers()).value();
    }
  } servers{*loop, {}};
  Listener listener;
  std::vector<std::unique_ptr<End>> clients;
  std::thread runner([&] {
    listener = Listener::open(*loop, {},
                              {.on_accept = Delegate<void(int)>::to<&Servers::on_accept>(&servers),
                               .on_error = {}})
                   .value();
    for (int i = 0; i < 300; ++i) {
      clients.push_back(std::make_unique<End>());
      End& client = *clients.back();
      client.stream = Stream::connect(*loop, to_port(listener.port()), client.handlers()).value();
    }
    const auto is_open = [](const auto& end) { return end->stream.is_open(); };
    EXPECT_TRUE(run_until(*loop, [&] {
      return servers.ends.size() == 300 && std::all_of(clients.begin(), clients.end(), is_open) &&
             std::all_of(servers.ends.begin(), servers.ends.end(), is_open);
    }));
    for (std::size_t i = 0; i < 300; ++i) {
      EXPECT_EQ(clients[i]->stream.send("never flushed"), SendResult::ok);
      if (i % 3 == 0) servers.ends[i]->stream.close();
      if (i % 3 == 1) servers.ends[i]->stream = Stream();
    }
  });
  runner.join();
  clients.clear();
  servers.ends.clear();
  listener.close();
  loop.reset();
}

TEST(Listener, names_address_and_port_when_the_port_is_taken) {
  Loop loop = make_loop();
  Acceptor first{loop};
  const std::uint16_t port = first.open();
  const Result<Listener> second = Listener::open(loop, {.port = port}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_NE(second.error().what.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST(Listener, shares_a_port_when_asked) {
  Loop loop = make_loop();
  Result<Listener> first = Listener::open(loop, {.reuse_port = true}, {});
  ASSERT_TRUE(first.ok());
  const Result<Listener> second =
      Listener::open(loop, {.port = first.value().port(), .reuse_port = true}, {});
  EXPECT_TRUE(second.ok());
}

TEST(Listener, refuses_what_is_no_address) {
  Loop loop = make_loop();
  for (const char* address : {"", "localhost", "1.2.3", "300.1.1.1"}) {
    const Result<Listener> listener = Listener::open(loop, {.address = address}, {});
    ASSERT_FALSE(listener.ok());
    EXPECT_EQ(listener.error().code, ErrorCode::config) << address;
  }
  const Result<Listener> foreign = Listener::open(loop, {.address = "192.0.2.1"}, {});
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().code, ErrorCode::config);
}

TEST(Listener, may_be_closed_by_its_own_callback) {
  Loop loop = make_loop();
  struct Closer {
    Listener listener;
    int count = 0;
    void on_accept(int fd) noexcept {
      ++count;
      ::close(fd);
      listener.close();
    }
  } closer;
  closer.listener =
      Listener::open(
          loop, {},
          {.on_accept = Delegate<void(int)>::to<&Closer::on_accept>(&closer), .on_error = {}})
          .value();
  End client;
  client.stream = Stream::connect(loop, to_port(closer.listener.port()), client.handlers()).value();
  ASSERT_TRUE(run_until(loop, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(closer.count, 1);
  EXPECT_FALSE(closer.listener.is_valid());
}

// The connection waits in the kernel meanwhile. The kernel looks at the limit when accepting is
// asked for, which is in the first turn.
TEST(Listener, tells_that_descriptors_are_used_up_and_accepts_when_there_are_some_again) {
  Loop loop = make_loop();
  struct Log {
    std::vector<int> fds;
    std::vector<int> errors;
    void on_accept(int fd) noexcept { fds.push_back(fd); }
    void on_error(int error) noexcept { errors.push_back(error); }
  } log;
  Listener listener = Listener::open(loop, {},
                                     {.on_accept = Delegate<void(int)>::to<&Log::on_accept>(&log),
                                      .on_error = Delegate<void(int)>::to<&Log::on_error>(&log)})
                          .value();
  const test::BareSocket client(listener.port());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool is_told = run_until(loop, [&] { return !log.errors.empty(); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(is_told);
  EXPECT_EQ(log.errors.front(), EMFILE);
  const test::BareSocket second(listener.port());
  ASSERT_TRUE(run_until(loop, [&] { return !log.fds.empty(); }));
  for (const int fd : log.fds) ::close(fd);
}

TEST(Listener, accepts_many_at_once) {
  Loop loop = make_loop();
  struct Counter {
    std::vector<int> fds;
    void on_accept(int fd) noexcept { fds.push_back(fd); }
  } counter;
  Listener listener =
      Listener::open(
          loop, {},
          {.on_accept = Delegate<void(int)>::to<&Counter::on_accept>(&counter), .on_error = {}})
          .value();
  std::vector<std::unique_ptr<End>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<End>());
    clients.back()->stream =
        Stream::connect(loop, to_port(listener.port()), clients.back()->handlers()).value();
  }
  ASSERT_TRUE(run_until(loop, [&] { return counter.fds.size() == 300; }));
  for (const int fd : counter.fds) ::close(fd);
}

}  // namespace
}  // namespace ringside::net
