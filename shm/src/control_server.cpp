#include "ringside/shm/control_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "ringside/base/clock.hpp"
#include "wishes.hpp"

namespace ringside::shm {

namespace {

constexpr int idle_ms = 10;
constexpr int messages_per_turn_max = 32;              // of one consumer
constexpr std::uint64_t hello_ns_max = 2'000'000'000;  // a consumer that never says hello has to go

struct Consumer {
  UniqueFd socket;
  std::uint32_t row = 0;  // in the readers' table; also its doorbell cell
  bool is_attached = false;
  std::uint64_t accepted_ns = 0;
  ReaderRecord record{};
  std::map<std::string, std::uint32_t, std::less<>> kinds;  // symbol -> Want bits
};

Result<UniqueFd> bind_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Error{ErrorCode::config, 0,
                 "control socket path is longer than 107 bytes: " + path + " (see run_dir)"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return sys_error(ErrorCode::io, "cannot create a control socket");
  // A stale path of a dead feed handler: the caller holds the feed's lock, so nobody serves it.
  (void)::unlink(path.c_str());
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.get(), raw, sizeof(address)) != 0) {
    return sys_error(errno == EACCES ? ErrorCode::permission : ErrorCode::io,
                     "cannot bind control socket " + path);
  }
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(socket.get(), 64) != 0) {
    return sys_error(ErrorCode::io, "cannot listen on control socket " + path);
  }
  return socket;
}

bool send_message(int fd, const void* bytes, std::size_t size) noexcept {
  return ::send(fd, bytes, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

// Sends `message` with two descriptors beside it.
bool send_with_fds(int fd, const AttachedMessage& message, int first, int second) noexcept {
  iovec data{const_cast<AttachedMessage*>(&message), sizeof(message)};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr packet{};
  packet.msg_iov = &data;
  packet.msg_iovlen = 1;
  packet.msg_control = control;
  packet.msg_controllen = sizeof(control);
  cmsghdr* rights = CMSG_FIRSTHDR(&packet);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const int fds[2] = {first, second};
  std::memcpy(CMSG_DATA(rights), fds, sizeof(fds));
  return ::sendmsg(fd, &packet, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof(message));
}

}  // namespace

struct ControlServer::State {
  State(SegmentWriter& segment_in, Options options_in, Hooks hooks_in)
      : segment(segment_in),
        options(std::move(options_in)),
        hooks(std::move(hooks_in)),
        wishes(std::uint64_t{options.linger_ms} * 1'000'000U) {}

  SegmentWriter& segment;
  Options options;
  Hooks hooks;
  UniqueFd listener;
  UniqueFd stop;
  Wishes wishes;
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::vector<char> buffer = std::vector<char>(sizeof(SymbolsMessage) + 1);
  std::atomic<std::uint64_t> attached{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> released{0};
  std::atomic<std::uint64_t> bad_messages{0};
  std::thread thread;

  void run();
  void accept_all();
  bool serve(Consumer& consumer);
  bool hello(Consumer& consumer, const char* bytes, std::size_t size);
  bool subscribe(Consumer& consumer, ControlHeader header, const SymbolItem* items);
  void unsubscribe(Consumer& consumer, std::uint32_t count, const SymbolItem* items);
  void subscribe_one(Consumer& consumer, SymbolItem& item);
  void release(Consumer& consumer);
  void refuse(Consumer& consumer, ErrorCode code, std::string_view text);
  void write_row(Consumer& consumer);
  // A few huge pages' worth; returns whether there is more to do.
  bool make_ready() noexcept {
    bool has_more = true;
    for (int steps = 0; steps < 4 && has_more; ++steps) has_more = segment.make_ready();
    return has_more;
  }
  [[nodiscard]] std::optional<std::uint32_t> free_row() const;
  static void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.fetch_add(1, std::memory_order_relaxed);  // relaxed: for display
  }
};

void ControlServer::State::run() {
  std::vector<pollfd> polled;
  int wait_ms = 0;  // none while memory is being made ready
  while (true) {
    polled.clear();
    polled.push_back({stop.get(), POLLIN, 0});
    polled.push_back({listener.get(), POLLIN, 0});
    for (const auto& consumer : consumers) polled.push_back({consumer->socket.get(), POLLIN, 0});
    (void)::poll(polled.data(), polled.size(), wait_ms);
    if ((polled[0].revents & POLLIN) != 0) return;
    const std::uint64_t now = monotonic_ns();
    for (std::size_t i = polled.size(); i-- > 2;) {
      Consumer& consumer = *consumers[i - 2];
      const bool is_silent = !consumer.is_attached && now - consumer.accepted_ns > hello_ns_max;
      if (!is_silent && (polled[i].revents == 0 || serve(consumer))) continue;
      release(consumer);
      consumers.erase(consumers.begin() + static_cast<std::ptrdiff_t>(i - 2));
    }
    if ((polled[1].revents & POLLIN) != 0) accept_all();
    wishes.expire(monotonic_ns(), [this](std::string_view symbol, std::uint32_t kinds) {
      hooks.unwant(symbol, kinds);
    });
    if (hooks.idle) hooks.idle();
    wait_ms = make_ready() ? 0 : idle_ms;
  }
}

void ControlServer::State::accept_all() {
  while (true) {
    UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    ucred peer{};
    socklen_t bytes = sizeof(peer);
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) continue;
    auto consumer = std::make_unique<Consumer>();
    consumer->socket = std::move(socket);
    consumer->record.pid = static_cast<std::uint32_t>(peer.pid);
    consumer->record.uid = peer.uid;
    const auto row = free_row();
    if (!row || consumers.size() >= options.consumer_count_max) {
      refuse(*consumer, ErrorCode::busy, "too many consumers are attached to this feed");
      continue;
    }
    // The file's mode lets in whom it lets in; this is the second look.
    if (peer.uid != ::geteuid() && peer.uid != 0) {
      refuse(*consumer, ErrorCode::permission, "this feed serves its own user only");
      continue;
    }
    consumer->row = *row;
    consumer->accepted_ns = monotonic_ns();
    consumers.push_back(std::move(consumer));
  }
}

std::optional<std::uint32_t> ControlServer::State::free_row() const {
  std::uint64_t taken = 0;
  static_assert(reader_rows == 64);
  for (const auto& consumer : consumers) taken |= std::uint64_t{1} << consumer->row;
  const int row = std::countr_one(taken);
  if (row >= static_cast<int>(reader_rows)) return std::nullopt;
  return static_cast<std::uint32_t>(row);
}

// Handles what lies in one consumer's socket; false when the consumer is gone or has to go.
bool ControlServer::State::serve(Consumer& consumer) {
  for (int served = 0; served < messages_per_turn_max; ++served) {
    const ssize_t got = ::recv(consumer.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    const auto size = static_cast<std::size_t>(got);
    ControlHeader header{};
    if (size >= sizeof(header)) std::memcpy(&header, buffer.data(), sizeof(header));
    bool is_good = header.magic == control_magic;
    if (is_good && header.type == ControlType::hello) {
      if (!hello(consumer, buffer.data(), size)) return false;
      continue;
    }
    is_good = is_good && consumer.is_attached;
    const auto* items = reinterpret_cast<const SymbolItem*>(buffer.data() + sizeof(header));
    const bool has_symbols =
        header.count <= symbols_per_message_max && size == symbols_message_bytes(header.count);
    if (is_good && header.type == ControlType::subscribe && has_symbols) {
      if (!subscribe(consumer, header, items)) return false;
      (void)make_ready();  // before the next packet: 256 symbols take 4 MiB by default
    } else if (is_good && header.type == ControlType::unsubscribe && has_symbols) {
      unsubscribe(consumer, header.count, items);
    } else if (is_good && header.type == ControlType::report && size == sizeof(ReportMessage)) {
      ReportMessage report{};
      std::memcpy(&report, buffer.data(), sizeof(report));
      consumer.record.received = report.received;
      consumer.record.lost = report.lost;
      consumer.record.pending = report.pending;
      consumer.record.ts_report = wall_ns();
      write_row(consumer);
    } else {
      count(bad_messages);
      refuse(consumer, ErrorCode::protocol, "malformed control message");
      return false;
    }
  }
  return true;  // the rest waits until the others had their turn
}

bool ControlServer::State::hello(Consumer& consumer, const char* bytes, std::size_t size) {
  HelloMessage message{};
  if (size != sizeof(message) || consumer.is_attached) {
    count(bad_messages);
    refuse(consumer, ErrorCode::protocol, "malformed hello");
    return false;
  }
  std::memcpy(&message, bytes, sizeof(message));
  if (message.version != control_version || message.layout_version != layout_version) {
    refuse(consumer, ErrorCode::version,
           "feed speaks control " + std::to_string(control_version) + " layout " +
               std::to_string(layout_version) + ", consumer control " +
               std::to_string(message.version) + " layout " +
               std::to_string(message.layout_version));
    return false;
  }
  set_text(consumer.record.name, get_text(message.name));
  consumer.record.is_connected = 1;
  consumer.record.ts_attached = wall_ns();
  const AttachedMessage answer{control_header(ControlType::attached, message.header.token),
                               segment.epoch(), consumer.row, 0};
  if (!send_with_fds(consumer.socket.get(), answer, segment.segment_fd(), segment.doorbell_fd())) {
    return false;
  }
  consumer.is_attached = true;
  count(attached);
  write_row(consumer);
  return true;
}

void ControlServer::State::subscribe_one(Consumer& consumer, SymbolItem& item) {
  const std::string_view text = get_text(item.text);
  item.instrument_id = instrument_none;
  item.state = static_cast<std::uint32_t>(SymbolState::refused);
  const std::uint32_t kinds = item.kinds & want_all;
  if (!is_symbol_text(text)) {
    item.reason = static_cast<std::uint32_t>(RefuseReason::bad_symbol);
    return;
  }
  if (consumer.kinds.size() >= options.subscriptions_max && !consumer.kinds.contains(text)) {
    item.reason = static_cast<std::uint32_t>(RefuseReason::symbols_full);
    return;
  }
  std::uint32_t& held = consumer.kinds.try_emplace(std::string(text), 0).first->second;
  const std::uint32_t added = kinds & ~held;
  const std::uint32_t kinds_new = wishes.add(text, added);
  const SymbolAnswer answer = hooks.want(text, kinds_new);
  if (answer.reason == RefuseReason::none) {
    held |= added;
  } else {
    // What was only lingering goes on lingering; what is new was never held.
    wishes.remove(text, added & ~kinds_new, monotonic_ns());
    wishes.forget(text, kinds_new);
    if (held == 0) consumer.kinds.erase(consumer.kinds.find(text));
  }
  const auto found = consumer.kinds.find(text);
  item.kinds = found == consumer.kinds.end() ? 0 : found->second;
  item.instrument_id = answer.instrument_id;
  item.state = static_cast<std::uint32_t>(answer.state);
  item.reason = static_cast<std::uint32_t>(answer.reason);
}

bool ControlServer::State::subscribe(Consumer& consumer, ControlHeader header,
                                     const SymbolItem* items) {
  auto answer = std::make_unique<SymbolsMessage>();
  answer->header = control_header(ControlType::symbols, header.token, header.count);
  std::memcpy(answer->items, items, header.count * sizeof(SymbolItem));
  for (std::uint32_t i = 0; i < header.count; ++i) subscribe_one(consumer, answer->items[i]);
  write_row(consumer);
  return send_message(consumer.socket.get(), answer.get(), symbols_message_bytes(header.count));
}

void ControlServer::State::unsubscribe(Consumer& consumer, std::uint32_t number,
                                       const SymbolItem* items) {
  for (std::uint32_t i = 0; i < number; ++i) {
    const auto found = consumer.kinds.find(get_text(items[i].text));
    if (found == consumer.kinds.end()) continue;
    const std::uint32_t gone = found->second & items[i].kinds;
    wishes.remove(found->first, gone, monotonic_ns());
    found->second &= ~gone;
    if (found->second == 0) consumer.kinds.erase(found);
  }
  write_row(consumer);
}

void ControlServer::State::release(Consumer& consumer) {
  const std::uint64_t now = monotonic_ns();
  for (const auto& [symbol, kinds] : consumer.kinds) wishes.remove(symbol, kinds, now);
  consumer.kinds.clear();
  if (!consumer.is_attached) return;
  consumer.record.is_connected = 0;
  write_row(consumer);
  segment.doorbell().forget(consumer.row);
  count(released);
}

void ControlServer::State::refuse(Consumer& consumer, ErrorCode code, std::string_view text) {
  RefusedMessage message{};
  message.header = control_header(ControlType::refused);
  message.code = static_cast<std::uint32_t>(code);
  set_text(message.text, text.substr(0, sizeof(message.text) - 1));
  (void)send_message(consumer.socket.get(), &message, sizeof(message));
  count(refused);
}

void ControlServer::State::write_row(Consumer& consumer) {
  std::uint32_t pairs = 0;
  for (const auto& [symbol, kinds] : consumer.kinds) {
    pairs += static_cast<std::uint32_t>(std::popcount(kinds));
  }
  consumer.record.subscriptions = pairs;
  segment.write_reader(consumer.row, consumer.record);
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(SegmentWriter& segment,
                                                            const Options& options, Hooks hooks) {
  RINGSIDE_ASSERT(hooks.want && hooks.unwant);
  auto state = std::make_unique<State>(segment, options, std::move(hooks));
  Result<UniqueFd> listener = bind_socket(options.path);
  if (!listener) return listener.error();
  state->listener = std::move(*listener);
  state->stop = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state->stop) return sys_error(ErrorCode::memory, "cannot create an eventfd");
  State* raw = state.get();
  state->thread = std::thread([raw] { raw->run(); });
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(state)));
}

ControlServer::ControlServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

ControlServer::~ControlServer() {
  const std::uint64_t one = 1;
  if (::write(state_->stop.get(), &one, sizeof(one)) == sizeof(one)) state_->thread.join();
  for (const auto& consumer : state_->consumers) state_->release(*consumer);
  (void)::unlink(state_->options.path.c_str());
}

ControlServer::Stats ControlServer::stats() const noexcept {
  // relaxed: for display.
  return {state_->attached.load(std::memory_order_relaxed),
          state_->refused.load(std::memory_order_relaxed),
          state_->released.load(std::memory_order_relaxed),
          state_->bad_messages.load(std::memory_order_relaxed)};
}

}  // namespace ringside::shm
