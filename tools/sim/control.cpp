#include "sim/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "ringside/base/decimal.hpp"

namespace ringside::sim {
namespace {

using Verb = Command::Verb;

enum class Takes : std::uint8_t {
  nothing,
  markets,
  seconds,
  count,
  milliseconds,
  pong,
  code,
  text
};

struct Row {
  std::string_view name;
  Verb verb;
  Takes takes;
};

constexpr std::array<Row, 12> rows{{
    {"start", Verb::start, Takes::nothing},
    {"drop", Verb::drop, Takes::markets},
    {"close", Verb::close, Takes::code},
    {"evict", Verb::evict, Takes::markets},
    {"mute", Verb::mute, Takes::seconds},
    {"garbage", Verb::garbage, Takes::markets},
    {"send", Verb::send, Takes::text},
    {"duplicate", Verb::duplicate, Takes::count},
    {"latency", Verb::latency, Takes::milliseconds},
    {"pong", Verb::pong, Takes::pong},
    {"stats", Verb::stats, Takes::nothing},
    {"quit", Verb::quit, Takes::nothing},
}};

Error usage(std::string_view name, std::string_view allowed) {
  return Error{ErrorCode::usage, 0, std::string(name) + " takes " + std::string(allowed)};
}

// A number of the unit's thousandths, up to a day's.
std::optional<std::uint64_t> thousandths(std::string_view word) {
  const auto value = parse_decimal(word, 3);
  if (!value || *value < 0 || *value > 86'400'000) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<std::uint64_t> whole(std::string_view word, std::int64_t most) {
  const auto value = parse_decimal(word, 0);
  if (!value || *value < 0 || *value > most) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

Status read_argument(const Row& row, std::string_view rest, Command& command) {
  std::optional<std::uint64_t> number = 0;
  switch (row.takes) {
    case Takes::nothing:
      if (!rest.empty()) return usage(row.name, "nothing");
      break;
    case Takes::markets:
      if (!rest.empty() && rest != "stocks" && rest != "options") {
        return usage(row.name, "stocks, options or nothing (both)");
      }
      command.markets = {rest != "options", rest != "stocks"};
      break;
    case Takes::seconds:
      number = thousandths(rest);
      if (!number) return usage(row.name, "seconds, 0 to 86400");
      break;
    case Takes::milliseconds:
      number = whole(rest, 86'400'000);
      if (!number) return usage(row.name, "milliseconds, 0 to 86400000");
      break;
    case Takes::count:
      number = whole(rest, INT64_MAX);
      if (!number) return usage(row.name, "a number of events");
      break;
    case Takes::pong:
      number = rest == "on" ? 0 : rest == "off" ? pong_never : whole(rest, 86'400'000);
      if (!number) return usage(row.name, "on, off or a delay in milliseconds");
      break;
    case Takes::code:
      number = whole(rest, 4999);
      if (!number || !net::is_sendable_close_code(static_cast<std::uint16_t>(*number))) {
        return usage(row.name, "a WebSocket close code, for example 1001");
      }
      break;
    case Takes::text:
      if (rest.empty()) return usage(row.name, "the text of a frame");
      command.text = std::string(rest);
      break;
  }
  command.number = *number;
  return {};
}

}  // namespace

std::string_view command_help() noexcept {
  return "  start              begin the replay now, whatever --wait-for says\n"
         "  drop [MARKET]      end connections at once, without a close frame\n"
         "  close CODE         closing handshake with that code\n"
         "  evict [MARKET]     max_connections status and close 1008\n"
         "  mute SECONDS       connections stay up, pings are answered, no data comes\n"
         "  garbage [MARKET]   one text frame that is not JSON\n"
         "  send TEXT          one text frame with that text\n"
         "  duplicate N        each of the next N events twice\n"
         "  latency MS         every event that much later\n"
         "  pong on|off|MS     answer pings at once, never, or late\n"
         "  stats              totals as one line of JSON\n"
         "  quit               end the simulator\n";
}

Result<Command> parse_command(std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  const std::string_view rest =
      space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
  for (const Row& row : rows) {
    if (row.name != name) continue;
    Command command;
    command.verb = row.verb;
    const Status read = read_argument(row, rest, command);
    if (!read) return read.error();
    return command;
  }
  std::string known;
  for (const Row& row : rows) known += (known.empty() ? "" : " ") + std::string(row.name);
  return Error{ErrorCode::usage, 0, "unknown command; there are: " + known};
}

ControlSocket::~ControlSocket() {
  clients_.clear();
  listener_watch_.stop();
  if (listener_) ::unlink(path_.c_str());
}

Status ControlSocket::listen(net::Loop& loop, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::config, 0, path + ": longer than a unix socket's path may be"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return sys_error(ErrorCode::io, "cannot make the control socket");
  ::unlink(path.c_str());  // of an earlier run: the lock file says that nobody else is there
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(fd.get(), 8) != 0) {
    return sys_error(ErrorCode::io, "cannot listen on " + path);
  }
  path_ = path;
  listener_ = std::move(fd);
  loop_ = &loop;
  listener_watch_.start(loop, listener_.get(), POLLIN,
                        net::Delegate<void(std::uint32_t)>::to<&ControlSocket::on_connect>(this));
  return {};
}

void ControlSocket::on_connect(std::uint32_t) noexcept {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  std::erase_if(clients_, [](const auto& client) { return client->is_over; });
  if (!fd || clients_.size() >= clients_max) return;  // it sees the end of the stream
  auto client = std::make_unique<Client>();
  client->fd = std::move(fd);
  client->owner = this;
  client->watch.start(*loop_, client->fd.get(), POLLIN,
                      net::Delegate<void(std::uint32_t)>::to<&Client::on_ready>(client.get()));
  clients_.push_back(std::move(client));
}

void ControlSocket::Client::on_ready(std::uint32_t) noexcept {
  owner->read_from(*this);
}

void ControlSocket::read_from(Client& client) {
  std::array<char, 4096> bytes;
  const ssize_t got = ::recv(client.fd.get(), bytes.data(), bytes.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const bool is_too_long = client.input.size() > line_bytes_max;
  if (got <= 0 || is_too_long) {
    client.watch.stop();
    client.fd.reset();
    client.is_over = true;
    return;
  }
  client.input.append(bytes.data(), static_cast<std::size_t>(got));
  for (std::size_t end = client.input.find('\n'); end != std::string::npos;
       end = client.input.find('\n')) {
    std::string line = client.input.substr(0, end);
    client.input.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto command = parse_command(line);
    answer(client, command ? execute_(*command) : "error " + command.error().what);
  }
}

void ControlSocket::answer(Client& client, std::string_view line) {
  const std::string text = std::string(line) + "\n";
  // A client that does not read its answers loses them; there is nobody else to tell.
  static_cast<void>(::send(client.fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

}  // namespace ringside::sim
