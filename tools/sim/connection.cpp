#include "sim/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ringside/base/clock.hpp"
#include "ringside/net/ws_handshake.hpp"

namespace ringside::sim {
namespace {

std::optional<Market> market_of_target(std::string_view target) noexcept {
  // Nothing else in the path or the query: the vendor answers 404.
  if (target == "/stocks") return Market::stocks;
  if (target == "/options") return Market::options;
  return std::nullopt;
}

constexpr net::WsLimits client_limits{.message_bytes_max = 4 << 20, .fragment_count_max = 1024};

}  // namespace

Connection::Connection(std::uint64_t id, const MarketInstruments& instruments,
                       const WireOptions& options, WireCounts& counts, const Owner& owner)
    : id_(id),
      instruments_(instruments),
      options_(options),
      counts_(counts),
      owner_(owner),
      request_(net::HttpRole::request),
      decoder_(net::WsRole::server, client_limits),
      frame_(options.frame_events_max),
      rng_(options.seed ^ (0x6672616d65U + id)) {
  next_limit();
}

Status Connection::start(net::Loop& loop, int fd, const net::TlsContext& tls) {
  ++counts_.accepted;
  ts_deadline_ns_ = monotonic_ns() + options_.head_timeout_ns;
  net::StreamOptions stream;
  stream.backlog_bytes_max = options_.buffer_bytes;
  stream.open_timeout_ns = options_.head_timeout_ns;
  stream.close_timeout_ns = options_.end_timeout_ns;
  net::StreamHandlers handlers;
  handlers.on_open = net::Delegate<void()>::to<&Connection::on_open>(this);
  handlers.on_data =
      net::Delegate<void(std::span<const std::byte>, std::uint64_t)>::to<&Connection::on_data>(
          this);
  handlers.on_close = net::Delegate<void(const Error&)>::to<&Connection::on_close>(this);
  auto accepted = net::Stream::accept(loop, fd, &tls, stream, handlers);
  if (!accepted) return accepted.error();
  stream_ = std::move(*accepted);
  return {};
}

void Connection::on_open() noexcept {
  state_ = State::http;
}

void Connection::on_close(const Error&) noexcept {
  state_ = State::dead;
}

void Connection::on_data(std::span<const std::byte> bytes, std::uint64_t) noexcept {
  if (state_ == State::http) read_request(bytes);
  if (state_ == State::open || state_ == State::closing) read_frames(bytes);
}

void Connection::read_request(std::span<const std::byte>& bytes) {
  switch (request_.parse(bytes)) {
    case net::HttpProgress::need_more:
      return;
    case net::HttpProgress::failed:
      return refuse(request_.error_status(), request_.error_reason());
    case net::HttpProgress::message:
      break;
  }
  const net::HttpMessage& request = request_.message();
  const auto market = market_of_target(request.target);
  if (!market) return refuse(404, "404 page not found");
  upgrade(request, *market);
}

void Connection::upgrade(const net::HttpMessage& request, Market market) {
  net::WsUpgrade wanted;
  net::WsRefusal refusal;
  std::string answer;
  if (!net::check_ws_request(request, wanted, refusal)) {
    ++counts_.refused;
    net::write_ws_refusal(answer, refusal);
    static_cast<void>(stream_.send(answer));  // a connection that is ending; nothing to lose
    return finish();
  }
  net::write_ws_accept(answer, wanted);
  if (stream_.send(answer) != net::SendResult::ok) return abort();
  ++counts_.upgraded;
  market_ = market;
  state_ = State::open;
  session_.emplace(options_.sessions[static_cast<std::size_t>(market)], monotonic_ns());
  wants_.emplace(instruments_[static_cast<std::size_t>(market)]);
  perform(session_->open());
}

void Connection::refuse(unsigned status, std::string_view body) {
  ++counts_.refused;
  std::string answer;
  net::HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = body;
  response.keep_alive = false;
  net::write_response(answer, response);
  static_cast<void>(stream_.send(answer));  // a connection that is ending; nothing to lose
  finish();
}

void Connection::read_frames(std::span<const std::byte> bytes) {
  net::WsMessage message;
  while (state_ == State::open || state_ == State::closing) {
    switch (decoder_.next(bytes, message)) {
      case net::WsEvent::need_more:
        return;
      case net::WsEvent::message:
        if (state_ == State::open) perform(session_->message(message.text()));
        break;
      case net::WsEvent::ping:
        answer_ping(message.payload);
        break;
      case net::WsEvent::pong:
        break;
      case net::WsEvent::close:
        if (state_ == State::open)
          close(message.close_code == net::WsCloseCode::none_received ? net::WsCloseCode::normal
                                                                      : message.close_code);
        finish();
        return;
      case net::WsEvent::failed:
        if (state_ == State::open) close(message.close_code);
        finish();
        return;
    }
  }
}

void Connection::perform(SessionOutput&& output) {
  for (const std::string& message : output.messages) {
    if (state_ == State::open) send_text(message);
  }
  if (state_ != State::open) return;
  if (output.wants_drop) {
    ++counts_.auth_failed;
    return finish();
  }
  for (const SubscriptionChange& change : output.changes) wants_->apply(change);
  if (!output.changes.empty() || !output.messages.empty()) owner_.on_subscriptions(this);
  if (output.has_authenticated) owner_.on_authenticated(this);
}

void Connection::answer_ping(std::span<const std::byte> payload) {
  if (options_.pong_delay_ns == pong_never) return;
  if (options_.pong_delay_ns == 0) return send(net::WsOpcode::pong, payload);
  constexpr std::size_t pongs_max = 1000;  // a flood of pings is not remembered
  if (pongs_.size() >= pongs_max) return;
  pongs_.push_back({monotonic_ns() + options_.pong_delay_ns,
                    std::string(reinterpret_cast<const char*>(payload.data()), payload.size())});
}

void Connection::send(net::WsOpcode opcode, std::span<const std::byte> payload) {
  std::array<std::byte, net::ws_header_bytes_max> header;
  const std::size_t header_bytes = net::write_ws_header(header, opcode, payload.size());
  switch (stream_.send(std::span(header).first(header_bytes), payload)) {
    case net::SendResult::ok:
      return;
    case net::SendResult::backlog_full:  // a slow consumer: the vendor ends it without a word
      ++counts_.slow_drops;
      return abort();
    case net::SendResult::closed:
      return;  // on_close follows
  }
}

void Connection::send_text(std::string_view text) {
  send(net::WsOpcode::text, std::as_bytes(std::span(text)));
}

void Connection::send_frame() {
  if (frame_.empty() || state_ != State::open) return;
  const std::string_view text = frame_.finish();
  ++counts_.frames;
  counts_.bytes += text.size();
  send_text(text);
  frame_.clear();
  next_limit();
}

void Connection::next_limit() {
  frame_.set_limit(options_.frame_sizes_random ? 1 + rng_.below(options_.frame_events_max)
                                               : options_.frame_events_max);
}

void Connection::tick(std::uint64_t now_ns) {
  if (state_ == State::open && session_) perform(session_->tick(now_ns));
  while (!pongs_.empty() && pongs_.front().ts_due_ns <= now_ns && state_ == State::open) {
    const DelayedPong pong = std::move(pongs_.front());
    pongs_.erase(pongs_.begin());
    send(net::WsOpcode::pong, std::as_bytes(std::span(pong.payload)));
  }
  const bool is_waiting =
      state_ == State::opening || state_ == State::http || state_ == State::closing;
  if (is_waiting && now_ns >= ts_deadline_ns_) abort();
}

void Connection::evict() {
  if (state_ != State::open) return;
  ++counts_.evicted;
  send_frame();
  send_text(Session::quota_message());
  close(net::WsCloseCode::policy);
}

void Connection::close(net::WsCloseCode code) {
  if (state_ != State::open) return;
  send_frame();
  std::array<std::byte, net::ws_control_bytes_max> payload;
  const std::size_t bytes = net::write_ws_close_payload(payload, code, {});
  send(net::WsOpcode::close, std::span(payload).first(bytes));
  if (state_ != State::open) return;  // aborted while sending
  state_ = State::closing;
  ts_deadline_ns_ = monotonic_ns() + options_.close_timeout_ns;
}

void Connection::finish() {
  if (state_ == State::dead) return;
  state_ = State::ending;
  stream_.close();
}

void Connection::abort() {
  state_ = State::dead;
  stream_.abort();
}

}  // namespace ringside::sim
