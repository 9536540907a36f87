// Owns the contestants that need a third runner besides the two processes: ZeroMQ with its own
// threads, Redis pub/sub with a server. Their readers sleep until something comes: on two
// processors a reader that spins would take the third one's place. Benchmarks only.
#pragma once

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/wait.h>
#include <zmq.h>

#include <cstring>
#include <memory>
#include <string>

#include "../../tests/support/temp_dir.hpp"
#include "channel.hpp"

namespace ringside::bench {

/// Runs f unpinned: a thread that is started there may go where there is room.
template <class F>
auto unpinned(F&& f) {
  cpu_set_t before;
  CPU_ZERO(&before);
  ::sched_getaffinity(0, sizeof(before), &before);
  cpu_set_t any;
  CPU_ZERO(&any);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) CPU_SET(cpu, &any);
  ::sched_setaffinity(0, sizeof(any), &any);
  auto result = f();
  ::sched_setaffinity(0, sizeof(before), &before);
  return result;
}

/// PUSH and PULL over ipc://, which neither lose nor wait as long as there is room.
template <class Record>
class ZeroMqChannel {
  struct Socket {
    void* context = nullptr;
    void* socket = nullptr;
    Socket(int type, const std::string& address) {
      context = ::zmq_ctx_new();
      socket = unpinned([&] { return ::zmq_socket(context, type); });
      const int none = 0, wait_ms = 20;
      ::zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
      ::zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
      const bool is_up = type == ZMQ_PULL ? ::zmq_bind(socket, address.c_str()) == 0
                                          : ::zmq_connect(socket, address.c_str()) == 0;
      RINGSIDE_ASSERT(is_up);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
      ::zmq_close(socket);
      ::zmq_ctx_term(context);
    }
  };

 public:
  struct Writer {
    std::shared_ptr<Socket> socket;
    bool try_write(const Record& record) noexcept {
      return ::zmq_send(socket->socket, &record, sizeof(record), ZMQ_DONTWAIT) == sizeof(record);
    }
  };
  struct Reader {
    std::shared_ptr<Socket> socket;
    bool try_read(Record& out) noexcept {
      return ::zmq_recv(socket->socket, &out, sizeof(out), 0) == sizeof(out);
    }
  };

  Writer make_writer() { return {std::make_shared<Socket>(ZMQ_PUSH, address_)}; }
  Reader make_reader() { return {std::make_shared<Socket>(ZMQ_PULL, address_)}; }

 private:
  test::TempDir folder_;
  std::string address_ = "ipc://" + folder_.file("zmq");
};

/// A Redis server of our own on a unix socket in a folder of its own; gone with the object, and
/// with this process.
class RedisServer {
 public:
  RedisServer() {
    const Watchdog watchdog;
    const std::string log = folder_.file("log");
    pid_ = ::fork();
    RINGSIDE_ASSERT(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      // Debian's redis-tools has the server under another name, and brings no service along.
      for (const char* program : {"redis-server", "redis-check-rdb"}) {
        ::execlp(program, "redis-server", "--port", "0", "--unixsocket", socket_.c_str(), "--dir",
                 folder_.path().c_str(), "--save", "", "--appendonly", "no", "--logfile",
                 log.c_str(), "--client-output-buffer-limit", "pubsub", "0", "0", "0", nullptr);
      }
      ::_exit(127);
    }
    while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
      redisContext* const context = ::redisConnectUnix(socket_.c_str());
      is_up_ = context != nullptr && context->err == 0;
      ::redisFree(context);
      if (is_up_) return;
      ::poll(nullptr, 0, 10);
    }
    pid_ = -1;
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  /// False where no redis-server is installed.
  [[nodiscard]] bool is_up() const noexcept { return is_up_; }
  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

 private:
  test::TempDir folder_;
  std::string socket_ = folder_.file("redis.sock");
  pid_t pid_ = -1;
  bool is_up_ = false;
};

/// PUBLISH and SUBSCRIBE. `in_flight`: publishes sent before their answers are read.
template <class Record, int in_flight = 1>
class RedisChannel {
  using Context = std::unique_ptr<redisContext, decltype(&::redisFree)>;
  using Reply = std::unique_ptr<void, decltype(&::freeReplyObject)>;

 public:
  class Writer {
   public:
    Writer(Context context, std::string name)
        : context_(std::move(context)), name_(std::move(name)) {}
    bool try_write(const Record& record) {
      RINGSIDE_ASSERT(::redisAppendCommand(context_.get(), "PUBLISH %s %b", name_.c_str(), &record,
                                           sizeof(record)) == REDIS_OK);
      if (++waiting_ >= in_flight) flush();
      return true;
    }
    void flush() {
      for (; waiting_ > 0; --waiting_) {
        void* reply = nullptr;
        RINGSIDE_ASSERT(::redisGetReply(context_.get(), &reply) == REDIS_OK);
        ::freeReplyObject(reply);
      }
    }

   private:
    Context context_;
    std::string name_;
    int waiting_ = 0;
  };

  class Reader {
   public:
    explicit Reader(Context context) : context_(std::move(context)) {}
    bool try_read(Record& out) {
      void* raw = nullptr;
      RINGSIDE_ASSERT(::redisGetReplyFromReader(context_.get(), &raw) == REDIS_OK);
      if (raw == nullptr) {
        pollfd wait{context_->fd, POLLIN, 0};
        if (::poll(&wait, 1, 20) <= 0) return false;
        if (::redisBufferRead(context_.get()) != REDIS_OK) {
          std::fprintf(stderr, "Redis: %s\n", context_->errstr);
          RINGSIDE_ASSERT(false);
        }
        RINGSIDE_ASSERT(::redisGetReplyFromReader(context_.get(), &raw) == REDIS_OK);
        if (raw == nullptr) return false;
      }
      const Reply reply(raw, &::freeReplyObject);
      const auto* const message = static_cast<const redisReply*>(raw);
      if (message->elements != 3 || message->element[2]->len != sizeof(out)) return false;
      std::memcpy(&out, message->element[2]->str, sizeof(out));
      return true;
    }

   private:
    Context context_;
  };

  explicit RedisChannel(std::string socket) : socket_(std::move(socket)) {
    static int made = 0;
    name_ = "bench" + std::to_string(made++);
  }
  Writer make_writer() { return {connect(), name_}; }
  Reader make_reader() {
    Context context = connect();
    ::freeReplyObject(::redisCommand(context.get(), "SUBSCRIBE %s", name_.c_str()));
    return Reader(std::move(context));
  }

 private:
  [[nodiscard]] Context connect() const {
    Context context(::redisConnectUnix(socket_.c_str()), &::redisFree);
    RINGSIDE_ASSERT(context != nullptr && context->err == 0);
    return context;
  }
  std::string socket_;
  std::string name_;
};

}  // namespace ringside::bench
