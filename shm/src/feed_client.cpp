#include "ringside/shm/feed_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "ringside/base/clock.hpp"

namespace ringside::shm {

namespace {

constexpr suseconds_t send_us_max = 200'000;

Result<UniqueFd> connect_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Error{ErrorCode::config, 0, "control socket path is longer than 107 bytes: " + path};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return sys_error(ErrorCode::io, "cannot create a control socket");
  // Bounds connect and send: a feed handler that stands still must not take us with it.
  timeval patience{};
  patience.tv_usec = send_us_max;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0) {
    return sys_error(ErrorCode::io, "cannot bound the waits of a control socket");
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const ErrorCode code = errno == ENOENT   ? ErrorCode::not_found
                           : errno == EACCES ? ErrorCode::permission
                                             : ErrorCode::connect;
    return sys_error(code, "no feed at " + path);
  }
  return socket;
}

bool is_readable(int fd, int wait_ms) noexcept {
  pollfd polled{fd, POLLIN, 0};
  return ::poll(&polled, 1, wait_ms) == 1;
}

Error refusal(const RefusedMessage& message) {
  const bool is_known = message.code <= static_cast<std::uint32_t>(ErrorCode::permission);
  return Error{is_known ? static_cast<ErrorCode>(message.code) : ErrorCode::protocol, 0,
               "the feed refused us: " + std::string(get_text(message.text))};
}

}  // namespace

FeedClient::FeedClient(Options options) : options_(std::move(options)) {}
FeedClient::FeedClient(FeedClient&&) noexcept = default;
FeedClient& FeedClient::operator=(FeedClient&&) noexcept = default;
FeedClient::~FeedClient() = default;

void FeedClient::drop() noexcept {
  socket_.reset();
}

FeedEvent FeedClient::poll(std::uint64_t now) {
  if (is_attached()) {
    char byte = 0;
    const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    const bool is_closed = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    const bool is_stale = segment_->heartbeat_age_ns() >= options_.stale_ns;
    if (is_closed || is_stale) {
      last_error_ = is_closed ? "the feed handler closed its socket" : "the heartbeat stopped";
      drop();
    }
  }
  if (!is_attached() && was_attached_) {
    was_attached_ = false;
    next_try_ns_ = now;
    return FeedEvent::lost;
  }
  if (!is_attached()) {
    if (now < next_try_ns_) return FeedEvent::none;
    next_try_ns_ = now + options_.retry_ns;
    const std::uint64_t epoch_before = epoch_told_;
    const Status status = attach();
    if (!status) {
      last_error_ = status.error().message();
      return FeedEvent::none;
    }
    if (segment_->heartbeat_age_ns() >= options_.stale_ns) {
      last_error_ = "the heartbeat stopped";
      drop();
      return FeedEvent::none;
    }
    return tell_attached(epoch_before);
  }
  // attach() was called by hand: tell it once here as well.
  return was_attached_ ? FeedEvent::none : tell_attached(epoch_told_);
}

FeedEvent FeedClient::tell_attached(std::uint64_t epoch_before) {
  last_error_.clear();
  was_attached_ = true;
  epoch_told_ = segment_->epoch();
  return epoch_told_ == epoch_before ? FeedEvent::resumed : FeedEvent::attached;
}

Status FeedClient::attach() {
  Result<UniqueFd> socket = connect_socket(options_.path);
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  Status status = say_hello();
  if (status) status = receive_segment();
  if (!status) {
    drop();
    return status;
  }
  subscribe_again();
  return {};
}

Status FeedClient::say_hello() {
  HelloMessage message{};
  message.header = control_header(ControlType::hello, ++token_);
  message.version = control_version;
  message.layout_version = layout_version;
  set_text(message.name, std::string_view(options_.name).substr(0, sizeof(message.name) - 1));
  if (::send(socket_.get(), &message, sizeof(message), MSG_NOSIGNAL) != sizeof(message)) {
    return sys_error(ErrorCode::connect, "cannot greet the feed at " + options_.path);
  }
  return {};
}

Status FeedClient::receive_segment() {
  if (!is_readable(socket_.get(), options_.answer_ms_max)) {
    return Error{ErrorCode::timeout, 0, "the feed at " + options_.path + " does not answer"};
  }
  union {
    AttachedMessage attached;
    RefusedMessage refused;
  } message{};
  iovec data{&message, sizeof(message)};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr packet{};
  packet.msg_iov = &data;
  packet.msg_iovlen = 1;
  packet.msg_control = control;
  packet.msg_controllen = sizeof(control);
  const ssize_t got = ::recvmsg(socket_.get(), &packet, MSG_CMSG_CLOEXEC);
  int fds[2] = {-1, -1};
  const cmsghdr* rights = CMSG_FIRSTHDR(&packet);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS &&
      rights->cmsg_len == CMSG_LEN(sizeof(fds))) {
    std::memcpy(fds, CMSG_DATA(rights), sizeof(fds));
  }
  const UniqueFd segment_fd(fds[0]);
  const UniqueFd doorbell_fd(fds[1]);
  if (got == sizeof(RefusedMessage) && message.refused.header.type == ControlType::refused) {
    return refusal(message.refused);
  }
  if (got != sizeof(AttachedMessage) || message.attached.header.magic != control_magic ||
      message.attached.header.type != ControlType::attached || !doorbell_fd) {
    return Error{ErrorCode::protocol, 0, "the feed at " + options_.path + " answered garbage"};
  }
  Result<SegmentView> view = SegmentView::map(segment_fd.get());
  if (!view) return view.error();
  DoorbellReader doorbell;
  if (Status status = doorbell.open(doorbell_fd.get(), message.attached.doorbell_cell); !status) {
    return status;
  }
  if (segment_ == nullptr || segment_->epoch() != view->epoch()) {
    segment_ = std::make_shared<const SegmentView>(std::move(*view));
  }
  doorbell_ = std::move(doorbell);
  return {};
}

void FeedClient::subscribe_again() {
  for (std::uint32_t kinds = 1; kinds <= want_all; ++kinds) {
    std::vector<std::string> symbols;
    for (const auto& [symbol, wanted] : wanted_) {
      if (wanted == kinds) symbols.push_back(symbol);
    }
    if (!symbols.empty()) send_symbols(ControlType::subscribe, symbols, kinds, nullptr);
  }
}

std::vector<SymbolStatus> FeedClient::subscribe(std::span<const std::string> symbols,
                                                std::uint32_t kinds) {
  std::vector<SymbolStatus> answers;
  const auto is_text = [](const std::string& symbol) { return is_symbol_text(symbol); };
  if (!std::all_of(symbols.begin(), symbols.end(), is_text)) {
    // A text that does not fit its field would ask for another symbol: it is not sent at all.
    for (const std::string& symbol : symbols) {
      if (is_text(symbol)) {
        const auto answer = subscribe(std::span(&symbol, 1), kinds);
        answers.insert(answers.end(), answer.begin(), answer.end());
      } else if (is_attached()) {
        answers.push_back(
            {symbol, instrument_none, SymbolState::refused, RefuseReason::bad_symbol});
      }
    }
    return answers;
  }
  std::map<std::string, std::uint32_t, std::less<>> held_before;
  for (const std::string& symbol : symbols) {
    std::uint32_t& wanted = wanted_[symbol];
    held_before[symbol] = wanted;
    wanted |= kinds & want_all;
  }
  if (is_attached()) send_symbols(ControlType::subscribe, symbols, kinds, &answers);
  for (const SymbolStatus& answer : answers) {
    // What the feed refuses for good is not asked again after a restart; what was held stays.
    const auto found = wanted_.find(answer.symbol);
    if (answer.state != SymbolState::refused || found == wanted_.end()) continue;
    if (answer.reason == RefuseReason::feed_gone) continue;  // it only cannot say now
    found->second &= ~kinds | held_before[answer.symbol];
    if (found->second == 0) wanted_.erase(found);
  }
  return answers;
}

void FeedClient::unsubscribe(std::span<const std::string> symbols, std::uint32_t kinds) {
  for (const std::string& symbol : symbols) {
    const auto found = wanted_.find(symbol);
    if (found == wanted_.end()) continue;
    found->second &= ~kinds;
    if (found->second == 0) wanted_.erase(found);
  }
  if (!is_attached()) return;
  // What was too long to ask for was never held; cut to its field it would be another symbol.
  std::vector<std::string> held;
  std::copy_if(symbols.begin(), symbols.end(), std::back_inserter(held),
               [](const std::string& symbol) { return is_symbol_text(symbol); });
  send_symbols(ControlType::unsubscribe, held, kinds, nullptr);
}

// Sends in packets of symbols_per_message_max and, for subscribe, takes each packet's answer.
void FeedClient::send_symbols(ControlType type, std::span<const std::string> symbols,
                              std::uint32_t kinds, std::vector<SymbolStatus>* answers) {
  auto message = std::make_unique<SymbolsMessage>();
  for (std::size_t first = 0; first < symbols.size(); first += symbols_per_message_max) {
    const auto part =
        symbols.subspan(first, std::min(symbols_per_message_max, symbols.size() - first));
    *message = SymbolsMessage{};
    const auto count = static_cast<std::uint32_t>(part.size());
    message->header = control_header(type, ++token_, count);
    for (std::uint32_t i = 0; i < count; ++i) {
      set_text(message->items[i].text, part[i]);
      message->items[i].kinds = kinds;
    }
    const std::size_t bytes = symbols_message_bytes(count);
    if (::send(socket_.get(), message.get(), bytes, MSG_NOSIGNAL) != static_cast<ssize_t>(bytes)) {
      return drop();
    }
    if (type != ControlType::subscribe) continue;
    if (!is_readable(socket_.get(), options_.answer_ms_max)) return drop();
    const ssize_t got = ::recv(socket_.get(), message.get(), sizeof(SymbolsMessage), 0);
    if (got != static_cast<ssize_t>(bytes) || message->header.type != ControlType::symbols) {
      return drop();
    }
    for (std::uint32_t i = 0; answers != nullptr && i < count; ++i) {
      const SymbolItem& item = message->items[i];
      answers->push_back({std::string(get_text(item.text)), item.instrument_id,
                          static_cast<SymbolState>(item.state),
                          static_cast<RefuseReason>(item.reason)});
    }
  }
}

void FeedClient::report(std::uint64_t received, std::uint64_t lost,
                        std::uint64_t pending) noexcept {
  if (!is_attached()) return;
  const ReportMessage message{control_header(ControlType::report), received, lost, pending};
  // A full socket only means that the feed shows an older report.
  (void)::send(socket_.get(), &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void FeedClient::sleep_plain(std::uint64_t timeout_ns) noexcept {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000U);
  timeout.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000U);
  (void)::clock_nanosleep(CLOCK_MONOTONIC, 0, &timeout, nullptr);
}

}  // namespace ringside::shm
