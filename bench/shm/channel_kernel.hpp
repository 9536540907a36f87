// Owns the kernel's channels as contestants: a pipe and a unix socket of packets. Both ends ask
// without waiting, so that no wake-up is part of the figure. Benchmarks only.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include "channel.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::bench {

template <class Record>
class PipeChannel {
 public:
  struct Writer {
    int fd;
    bool try_write(const Record& record) noexcept {
      return ::write(fd, &record, sizeof(record)) == sizeof(record);  // whole, or nothing
    }
  };
  struct Reader {
    int fd;
    bool try_read(Record& out) noexcept { return ::read(fd, &out, sizeof(out)) == sizeof(out); }
  };

  PipeChannel() {
    int fds[2];
    RINGSIDE_ASSERT(::pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
    read_ = UniqueFd(fds[0]);
    write_ = UniqueFd(fds[1]);
  }
  Writer make_writer() { return {write_.get()}; }
  Reader make_reader() { return {read_.get()}; }

 private:
  UniqueFd read_, write_;
};

template <class Record>
class PacketChannel {
 public:
  struct Writer {
    int fd;
    bool try_write(const Record& record) noexcept {
      return ::send(fd, &record, sizeof(record), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(record);
    }
  };
  struct Reader {
    int fd;
    bool try_read(Record& out) noexcept {
      return ::recv(fd, &out, sizeof(out), MSG_DONTWAIT) == sizeof(out);
    }
  };

  PacketChannel() {
    int fds[2];
    RINGSIDE_ASSERT(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
    read_ = UniqueFd(fds[0]);
    write_ = UniqueFd(fds[1]);
  }
  Writer make_writer() { return {write_.get()}; }
  Reader make_reader() { return {read_.get()}; }

 private:
  UniqueFd read_, write_;
};

}  // namespace ringside::bench
