// Owns the control socket: a unix stream socket, one command a line, one answer a line. For tests
// and by hand. The loop's thread; allocates per line.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/base/unique_fd.hpp"
#include "ringside/net/loop.hpp"
#include "sim/server.hpp"

namespace ringside::sim {

/// One parsed line.
struct Command {
  enum class Verb : std::uint8_t {
    start,
    drop,
    close,
    evict,
    mute,
    garbage,
    send,
    duplicate,
    latency,
    pong,
    stats,
    quit,
  };
  Verb verb = Verb::stats;
  MarketSet markets{true, true};
  std::uint64_t number = 0;  // seconds in ms, events, milliseconds, close code
  std::string text = {};
};

/// Errors  usage: one line that names the word and what is allowed.
[[nodiscard]] Result<Command> parse_command(std::string_view line);

/// The commands with one line of help each, for --help and the answer to an unknown word.
[[nodiscard]] std::string_view command_help() noexcept;

class ControlSocket {
 public:
  /// `execute` returns one line of answer.
  explicit ControlSocket(std::function<std::string(const Command&)> execute)
      : execute_(std::move(execute)) {}
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;
  ~ControlSocket();

  /// Errors  io: the socket cannot be made.
  [[nodiscard]] Status listen(net::Loop& loop, const std::string& path);

 private:
  struct Client {
    UniqueFd fd;
    std::string input;
    net::Watch watch;
    ControlSocket* owner = nullptr;
    bool is_over = false;
    void on_ready(std::uint32_t events) noexcept;
  };

  void on_connect(std::uint32_t events) noexcept;
  void read_from(Client& client);
  void answer(Client& client, std::string_view line);

  static constexpr std::size_t clients_max = 16;
  static constexpr std::size_t line_bytes_max = 65'536;

  std::function<std::string(const Command&)> execute_;
  net::Loop* loop_ = nullptr;
  std::string path_;
  UniqueFd listener_;
  net::Watch listener_watch_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace ringside::sim
