#include "line.hpp"

#include <strings.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "ringside/base/clock.hpp"

namespace ringside::feed {

namespace {

constexpr std::size_t send_bytes_queued_max = 256 * 1024;

// The decoder reads 64 bytes behind a frame; the WebSocket codec promises more.
static_assert(net::padding_back_bytes >= massive::frame_padding_bytes);

std::uint64_t since(std::uint64_t later, std::uint64_t earlier) noexcept {
  return later > earlier ? later - earlier : 0;  // wall clocks may step
}

}  // namespace

Result<std::unique_ptr<Line>> Line::create(const Options& options, net::Loop& loop,
                                           Publisher& publisher, FeedCounters& counters,
                                           shm::SegmentWriter& segment, FeedLink& link) {
  Result<massive::Decoder> decoder = massive::Decoder::make(options.decoder);
  if (!decoder) return decoder.error();
  return std::unique_ptr<Line>(
      new Line(options, std::move(*decoder), loop, publisher, counters, segment, link));
}

Line::Line(const Options& options, massive::Decoder decoder, net::Loop& loop, Publisher& publisher,
           FeedCounters& counters, shm::SegmentWriter& segment, FeedLink& link)
    : options_(options),
      decoder_(std::move(decoder)),
      session_(options.session),
      loop_(loop),
      publisher_(publisher),
      counters_(counters),
      segment_(segment),
      link_(link) {
  options_.session.key.clear();  // the session has it
}

void Line::step(std::uint64_t now) {
  note_progress(now);
  if (is_stopping_) return;
  while (true) {
    // A long list of symbols leaves in pieces, each when the one before is in the kernel.
    session_.hold_sends(is_client_open_ && client_.backlog_bytes() > send_bytes_queued_max);
    const Session::Action action = session_.next_action(now);
    if (action.kind == Session::ActionKind::none) break;
    act(action, now);
  }
  show_state();
}

std::uint64_t Line::next_deadline() const noexcept {
  return is_stopping_ ? UINT64_MAX : session_.next_deadline();
}

// Liveness is any inbound byte; a lookup that is done becomes a connection.
void Line::note_progress(std::uint64_t now) {
  if (is_client_open_ && client_.bytes_received() != bytes_seen_) {
    bytes_seen_ = client_.bytes_received();
    session_.on_bytes(now);
  }
  if (!is_resolving_) return;
  std::optional<Result<std::vector<std::string>>> found = resolver_.poll();
  if (!found) return;
  is_resolving_ = false;
  if (!*found) {
    session_.on_close(found->error(), now);
    return;
  }
  const std::vector<std::string>& addresses = **found;
  connect_to(addresses[connects_ % addresses.size()], now);
}

void Line::act(const Session::Action& action, std::uint64_t now) {
  switch (action.kind) {
    case Session::ActionKind::connect:
      return begin_connect(now);
    case Session::ActionKind::send:
      return send(action, now);
    case Session::ActionKind::ping:
      (void)client_.send_ping();
      return;
    case Session::ActionKind::abort:
      client_ = net::WsClient();
      is_client_open_ = false;
      is_resolving_ = false;
      resolver_.cancel();
      return;
    case Session::ActionKind::none:
      return;
  }
}

void Line::begin_connect(std::uint64_t now) {
  counters_.connects.add();
  if (is_address(options_.host)) return connect_to(options_.host, now);
  is_resolving_ = true;
  resolver_.start(options_.host);
}

void Line::connect_to(const std::string& address, std::uint64_t now) {
  ++connects_;
  net::WsClientOptions ws;
  ws.host = options_.host;
  ws.address = address;
  ws.port = options_.port;
  ws.target = options_.target;
  ws.tls = options_.tls;
  ws.limits.message_bytes_max = options_.decoder.frame_bytes_max;
  ws.stream.open_timeout_ns = options_.session.connect_timeout_ns;
  net::WsClientHandlers handlers;
  handlers.on_open = net::Delegate<void()>::to<&Line::on_open>(this);
  handlers.on_message = net::Delegate<void(net::WsOpcode, std::span<const std::byte>,
                                           std::uint64_t)>::to<&Line::on_message>(this);
  handlers.on_close =
      net::Delegate<void(net::WsCloseCode, const Error&)>::to<&Line::on_close>(this);
  Result<net::WsClient> client = net::WsClient::connect(loop_, ws, handlers);
  if (!client) {
    session_.on_close(client.error(), now);
    return;
  }
  client_ = std::move(*client);
  bytes_seen_ = 0;
}

void Line::send(const Session::Action& action, std::uint64_t now) {
  const net::SendResult sent = client_.send_text(action.text);
  if (action.is_secret) ::explicit_bzero(const_cast<char*>(action.text.data()), action.text.size());
  if (sent == net::SendResult::ok) return;
  counters_.sends_failed.add();
  if (sent == net::SendResult::closed) return;  // on_close says why
  client_ = net::WsClient();
  is_client_open_ = false;
  session_.on_close(Error{ErrorCode::io, 0, "the vendor takes nothing from us"}, now);
}

void Line::stop() noexcept {
  is_stopping_ = true;
  is_resolving_ = false;
  resolver_.cancel();
  if (is_client_open_) {
    client_.close(net::WsCloseCode::normal);
  } else {
    client_ = net::WsClient();
  }
}

void Line::on_open() noexcept {
  is_client_open_ = true;
  session_.on_open(monotonic_ns());
}

void Line::on_close(net::WsCloseCode code, const Error& error) noexcept {
  is_client_open_ = false;
  Error cause = error;
  if (error.code == ErrorCode::ok) {
    cause.what =
        "the vendor closed the connection with code " + std::to_string(static_cast<unsigned>(code));
  }
  session_.on_close(cause, monotonic_ns());
}

void Line::on_message(net::WsOpcode opcode, std::span<const std::byte> payload,
                      std::uint64_t ts_recv) noexcept {
  if (opcode != net::WsOpcode::text) return;  // the vendor sends none
  ts_last_recv_ = ts_recv;
  const std::uint64_t rejects_before = decoder_.counts().rejects_total();
  decoder_.begin(payload, ts_recv);
  while (const std::size_t count = decoder_.read(batch_)) {
    take(std::span(batch_).first(count), ts_recv);
  }
  counters_.show(decoder_.counts());
  log_reject(rejects_before);
}

void Line::take(std::span<Decoded> events, std::uint64_t ts_recv) noexcept {
  const std::uint64_t ts_record = wall_ns();
  std::uint64_t published = 0;
  for (Decoded& event : events) {
    if (event.item == Item::status) {
      const auto ack = session_.on_status(event.status, event.message, monotonic_ns());
      // An acknowledgement may come when nobody wants the symbol any more.
      if (ack && ack->is_subscribe &&
          (session_.subscriptions().wanted(ack->symbol) & ack->kinds) != 0) {
        publisher_.on_ack(ack->symbol, ts_recv);
      }
      continue;
    }
    if (event.item == Item::tick) {
      counters_.vendor_to_socket.record(since(ts_recv, event.tick.ts_event));
    }
    publisher_.publish(event, session_.subscriptions());
    ++published;
  }
  if (published == 0) return;
  counters_.socket_to_record.record(since(ts_record, ts_recv));
  counters_.record_to_ring.record(since(wall_ns(), ts_record) / published);
}

// One row of the segment's error log a kind: how often, since when, and what one looked like.
void Line::log_reject(std::uint64_t rejects_before) noexcept {
  if (decoder_.counts().rejects_total() == rejects_before) return;
  const RejectReason reason = decoder_.last_reject();
  segment_.log_error(static_cast<std::uint32_t>(reason), to_string(reason),
                     decoder_.last_reject_text(), ts_last_recv_);
}

void Line::show_state() {
  const SessionState state = session_.state();
  counters_.subscriptions_pending.set(session_.subscriptions().pending_count());
  counters_.subscriptions_retried.set(session_.subscriptions().retried_count());
  counters_.subscriptions_unanswered.set(session_.subscriptions().unanswered_count());
  counters_.not_authorized.set(session_.not_authorized_count());
  for (const std::string& symbol : session_.subscriptions().take_unanswered()) {
    const bool was_told = session_.not_authorized_count() != not_authorized_before_;
    if (was_told) publisher_.set_refused(symbol);
  }
  // An attempt may fail within one step; its back_off looks like the one before.
  if (state == state_shown_ && session_.attempts() == attempts_shown_) return;
  attempts_shown_ = session_.attempts();
  const std::uint64_t ts_now = wall_ns();
  const bool has_ended = state == SessionState::back_off || state == SessionState::finished;
  if (state_shown_ == SessionState::streaming) {
    counters_.disconnects.add();
    publisher_.on_lost(ts_last_recv_ != 0 ? ts_last_recv_ : ts_now);
  } else if (has_ended) {
    counters_.connects_failed.add();
  }
  state_shown_ = state;
  show_change(state, ts_now);
}

// One line for the log and the feed's state for readers.
void Line::show_change(SessionState state, std::uint64_t ts_now) {
  const Error& error = session_.last_error();
  const std::string where = options_.host + ":" + std::to_string(options_.port) + options_.target;
  switch (state) {
    case SessionState::streaming:
      not_authorized_before_ = session_.not_authorized_count();
      publisher_.set_feed_state(
          options_.is_delayed ? shm::FeedState::delayed : shm::FeedState::live, ts_now);
      return notice(log::Level::info, "streaming from " + where);
    case SessionState::finished:
      publisher_.set_feed_state(shm::FeedState::offline, ts_now);
      // The program's own end, or run_feedhandler, says it to everybody.
      return notice(log::Level::debug, "gave up " + where + ": " + error.message());
    case SessionState::back_off: {
      const std::uint64_t wait_ms = since(session_.next_deadline(), monotonic_ns()) / 1'000'000;
      notice(log::Level::warn, "lost " + where + ": " + error.message() + "; next attempt in " +
                                   std::to_string(wait_ms) + " ms");
      break;
    }
    case SessionState::connecting:
      notice(log::Level::debug, "connecting to " + where);
      break;
    case SessionState::wait_connected:
    case SessionState::authenticating:
      break;
  }
  publisher_.set_feed_state(
      session_.was_live() ? shm::FeedState::reconnecting : shm::FeedState::connecting, ts_now);
}

void Line::notice(log::Level level, std::string_view text) noexcept {
  Notice line;
  line.level = level;
  line.length = static_cast<std::uint8_t>(std::min(text.size(), sizeof(line.text)));
  std::memcpy(line.text, text.data(), line.length);
  if (!link_.notices.push(line)) counters_.notices_dropped.add();
}

}  // namespace ringside::feed
