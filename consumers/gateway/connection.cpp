#include "connection.hpp"

#include <unistd.h>

#include <algorithm>

#include "rest/reply.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t answer_bytes_max = std::size_t{8} << 20;
constexpr std::size_t request_body_bytes_max = 16'384;
constexpr std::uint32_t fragment_count_max = 64;
constexpr std::uint64_t close_timeout_ns = 1'000'000'000;

}  // namespace

Connection::Connection(Shared& shared, const ConnectionEvents& events, std::uint64_t now)
    : shared_(shared),
      events_(events),
      parser_(net::HttpRole::request, {.head_bytes_max = shared.limits.header_bytes_max,
                                       .header_count_max = 100,
                                       .body_bytes_max = request_body_bytes_max}),
      deadline_ns_(now + shared.limits.request_ns_max) {}

Status Connection::open(net::Loop& loop, int fd, const net::TlsContext* tls) {
  const net::StreamOptions options{
      .backlog_bytes_max =
          std::max(answer_bytes_max, shared_.limits.backlog_bytes_max + 2 * control_reserve_bytes),
      .open_timeout_ns = shared_.limits.request_ns_max,
      .close_timeout_ns = close_timeout_ns};
  Result<net::Stream> stream = net::Stream::accept(
      loop, fd, tls, options,
      {.on_open = net::Delegate<void()>::to<&Connection::on_open>(this),
       .on_data =
           net::Delegate<void(std::span<const std::byte>, std::uint64_t)>::to<&Connection::on_data>(
               this),
       .on_close = net::Delegate<void(const Error&)>::to<&Connection::on_close>(this),
       .on_drain = net::Delegate<void()>::to<&Connection::on_drain>(this)});
  if (!stream) return stream.error();
  stream_ = std::move(*stream);
  return {};
}

void Connection::on_open() noexcept {}

void Connection::on_data(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept {
  if (is_gone_ || is_closing_) return;
  if (channel_ != nullptr) {
    client_->note_bytes(monotonic_ns());
    channel_->on_bytes(bytes, ts_recv_ns);
  } else {
    read_requests(bytes, ts_recv_ns);
  }
}

void Connection::read_requests(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) {
  while (!bytes.empty() && !is_gone_ && !is_closing_) {
    if (channel_ != nullptr) return channel_->on_bytes(bytes, ts_recv_ns);
    const net::HttpProgress progress = parser_.parse(bytes);
    if (progress == net::HttpProgress::failed) return refuse_request();
    if (progress == net::HttpProgress::need_more) break;
    is_inside_request_ = false;
    deadline_ns_ = monotonic_ns() + shared_.limits.idle_ns;
    ++shared_.counters.requests;
    events_.on_request(*this, parser_.message());
  }
  if (channel_ == nullptr && parser_.is_inside_message() && !is_inside_request_) {
    is_inside_request_ = true;
    deadline_ns_ = monotonic_ns() + shared_.limits.request_ns_max;
  }
}

void Connection::refuse_request() {
  const unsigned status = parser_.error_status();
  if (status == 431 || status == 414) ++shared_.counters.limit_header_bytes;
  ++shared_.counters.requests;
  Reply reply;
  reply.fail(status, "bad_request", parser_.error_reason());
  std::string text;
  write_reply(text, reply, false, false);
  respond(text, false);
}

void Connection::respond(std::string_view text, bool keep_alive) {
  if (stream_.send(text) != net::SendResult::ok) return abort();  // it reads none of its answers
  if (keep_alive) return;
  is_closing_ = true;
  stream_.close();
}

Client& Connection::upgrade(std::string_view answer, const Client::Options& options) {
  const net::WsLimits limits{.message_bytes_max = shared_.limits.message_bytes_max,
                             .fragment_count_max = fragment_count_max};
  const net::WsChannelHandlers handlers{
      .on_message = net::Delegate<void(net::WsOpcode, std::span<const std::byte>,
                                       std::uint64_t)>::to<&Connection::on_ws_message>(this),
      .on_closing = net::Delegate<void(net::WsCloseCode, std::string_view,
                                       bool)>::to<&Connection::on_ws_closing>(this),
      .on_pong =
          net::Delegate<void(std::span<const std::byte>)>::to<&Connection::on_ws_pong>(this)};
  channel_ = std::make_unique<net::WsChannel>(net::WsRole::server, limits, handlers);
  channel_->set_stream(&stream_);
  client_ = std::make_unique<Client>(options, shared_, stream_, *channel_);
  if (stream_.send(answer) != net::SendResult::ok) abort();
  return *client_;
}

void Connection::on_ws_message(net::WsOpcode opcode, std::span<const std::byte> payload,
                               std::uint64_t) noexcept {
  ++shared_.counters.messages_in;
  if (!client_->note_message(monotonic_ns())) {
    ++shared_.counters.limit_message_rate;
    return client_->close(net::WsCloseCode::policy, "too many messages");
  }
  if (opcode != net::WsOpcode::text) {
    return client_->close(net::WsCloseCode::unsupported, "text messages only");
  }
  events_.on_message(*this, {reinterpret_cast<const char*>(payload.data()), payload.size()});
}

void Connection::on_ws_closing(net::WsCloseCode code, std::string_view, bool is_peer) noexcept {
  if (!is_peer && code == net::WsCloseCode::too_big) ++shared_.counters.limit_message_bytes;
}

void Connection::on_ws_pong(std::span<const std::byte>) noexcept {}  // any byte is a sign of life

void Connection::on_drain() noexcept {
  if (client_ != nullptr) client_->on_drain();
}

void Connection::on_close(const Error&) noexcept {
  be_gone();
}

void Connection::be_gone() noexcept {
  if (is_gone_) return;
  is_gone_ = true;
  events_.on_gone(*this);
}

void Connection::abort() {
  stream_.abort();
  be_gone();
}

bool Connection::sweep(std::uint64_t now) {
  if (client_ != nullptr) return client_->sweep(now);
  if (is_closing_ || now < deadline_ns_) return true;
  if (!is_inside_request_) {
    is_closing_ = true;  // an idle keep-alive connection: no fault
    stream_.close();
    return true;
  }
  ++shared_.counters.limit_request_time;
  if (!stream_.is_open()) return false;  // still in its handshake
  Reply reply;
  reply.fail(408, "timeout", "the request took too long");
  std::string text;
  write_reply(text, reply, false, false);
  respond(text, false);
  return true;
}

void Connection::shut_down() {
  if (is_gone_) return;
  if (client_ != nullptr) {
    client_->close(net::WsCloseCode::going_away, "the gateway stops");
  } else if (!is_closing_) {
    is_closing_ = true;
    stream_.close();
  }
}

}  // namespace ringside::gateway
