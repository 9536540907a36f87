#include "client.hpp"

#include <algorithm>

#include "ringside/base/clock.hpp"
#include "ringside/base/json_writer.hpp"

namespace ringside::gateway {

namespace {

constexpr std::size_t values_backlog_max = 16'384;
constexpr std::size_t light_backlog_bytes = 65'536;  // not cut when all clients together are heavy
constexpr std::uint64_t second_ns = 1'000'000'000;

}  // namespace

Client::Client(const Options& options, Shared& shared, net::Stream& stream, net::WsChannel& channel)
    : id_(options.id),
      shared_(shared),
      stream_(stream),
      channel_(channel),
      policy_(options.policy),
      is_authorized_(options.is_authorized),
      opened_ns_(options.now),
      progress_ns_(options.now),
      heard_ns_(options.now),
      budget_ns_(options.now - std::min(options.now, second_ns)) {}

bool Client::has_room(std::size_t bytes) noexcept {
  const std::size_t backlog = stream_.backlog_bytes();
  if (backlog + bytes > shared_.limits.backlog_bytes_max) return false;
  if (shared_.backlog_total + bytes > shared_.limits.backlog_total_bytes_max &&
      backlog > std::min(light_backlog_bytes, shared_.limits.backlog_bytes_max / 2)) {
    ++shared_.counters.limit_backlog_total;
    return false;
  }
  return true;
}

void Client::send(const Frame& frame, Channel channel) noexcept {
  if (is_closing()) return;
  if (is_lagging_) {
    ++dropped_[static_cast<std::size_t>(channel)];
    ++shared_.counters.dropped[static_cast<std::size_t>(channel)];
    return;
  }
  const std::span<const std::byte> wire = frame.wire();
  if (!has_room(wire.size()) || stream_.send(wire) != net::SendResult::ok) {
    become_full(channel);
    return;
  }
  count_sent(wire.size());
  ++shared_.counters.messages_out;
}

bool Client::send_value(const Frame& frame) noexcept {
  const std::span<const std::byte> wire = frame.wire();
  if (is_closing() || is_lagging_ || !has_room(wire.size())) return false;
  if (stream_.send(wire) != net::SendResult::ok) return false;
  count_sent(wire.size());
  ++shared_.counters.messages_out;
  return true;
}

void Client::count_sent(std::size_t bytes) noexcept {
  sent_bytes_ += bytes;
  shared_.backlog_total += bytes;
  shared_.counters.bytes_out += bytes;
  if (turn_ != shared_.turn) {
    turn_ = shared_.turn;
    turn_bytes_ = 0;
  }
  turn_bytes_ += bytes;
  if (turn_bytes_ > shared_.limits.backlog_bytes_max / 4) shared_.is_pressed = true;
}

void Client::become_full(Channel channel) noexcept {
  ++shared_.counters.limit_backlog;
  ++shared_.counters.dropped[static_cast<std::size_t>(channel)];
  if (policy_ == Policy::close) {
    close(net::WsCloseCode::policy, "too slow: backlog full");
    return;
  }
  ++dropped_[static_cast<std::size_t>(channel)];
  is_lagging_ = true;
}

void Client::send_control(std::string_view json) noexcept {
  if (is_closing()) return;
  const std::size_t bytes = json.size() + net::ws_header_bytes_max;
  const std::size_t room = shared_.limits.backlog_bytes_max + control_reserve_bytes;
  if (stream_.backlog_bytes() + bytes > room || channel_.send_text(json) != net::SendResult::ok) {
    close(net::WsCloseCode::policy, "too slow: backlog full");
    return;
  }
  count_sent(bytes);
  ++shared_.counters.control_out;
}

void Client::send_loss(std::string_view reason, std::string_view feed,
                       std::uint64_t count) noexcept {
  JsonWriter json;
  json.begin_object().member("type", "lag").member("reason", reason).member("feed", feed);
  json.key("count");
  if (count == shm::count_unknown) {
    json.null();
  } else {
    json.value(count);
  }
  json.member("timestamp", wall_ns() / 1'000'000).end_object();
  ++shared_.counters.lag_messages;
  send_control(json.text());
}

void Client::end_lag() noexcept {
  JsonWriter json;
  std::uint64_t count = 0;
  for (const std::uint64_t each : dropped_) count += each;
  json.begin_object().member("type", "lag").member("reason", "backlog").member("count", count);
  json.key("channels").begin_object();
  for (std::size_t i = 0; i < channel_count; ++i) {
    if (dropped_[i] != 0) json.member(channel_names[i], dropped_[i]);
  }
  json.end_object().member("timestamp", wall_ns() / 1'000'000).end_object();
  is_lagging_ = false;
  dropped_ = {};
  ++shared_.counters.lag_messages;
  send_control(json.text());
}

bool Client::is_ready_for_values() const noexcept {
  return !is_lagging_ && stream_.backlog_bytes() <=
                             std::min(values_backlog_max, shared_.limits.backlog_bytes_max / 4);
}

void Client::on_drain() noexcept {
  if (is_lagging_ && stream_.backlog_bytes() <= shared_.limits.backlog_bytes_max / 2) end_lag();
}

bool Client::sweep(std::uint64_t now) noexcept {
  on_drain();
  const std::uint64_t backlog = stream_.backlog_bytes();
  const std::uint64_t taken = sent_bytes_ - std::min(sent_bytes_, backlog);
  if (taken > taken_bytes_ || backlog == 0) {
    taken_bytes_ = taken;
    progress_ns_ = now;
  }
  if (now - progress_ns_ > shared_.limits.stall_ns) {
    ++shared_.counters.limit_stall;
    return false;
  }
  const std::uint64_t silent_ns = now > heard_ns_ ? now - heard_ns_ : 0;
  if (!is_authorized_ && now > opened_ns_ + shared_.limits.request_ns_max) {
    ++shared_.counters.limit_request_time;
    close(net::WsCloseCode::policy, "unauthorized");
  }
  if (silent_ns > 2 * shared_.limits.idle_ns) {
    ++shared_.counters.limit_idle;
    return false;
  }
  if (silent_ns <= shared_.limits.idle_ns) {
    is_pinged_ = false;
  } else if (!is_pinged_ && !is_closing()) {
    is_pinged_ = channel_.send_ping() == net::SendResult::ok;
  }
  return true;
}

bool Client::note_message(std::uint64_t now) noexcept {
  // Each message costs its share of a second; a second's worth may come at once.
  const std::uint64_t cost = second_ns / shared_.limits.message_rate_max;
  budget_ns_ = std::max(budget_ns_, now - std::min(now, second_ns)) + cost;
  return budget_ns_ <= now;
}

void Client::close(net::WsCloseCode code, std::string_view reason) noexcept {
  if (is_closing()) return;
  is_closing_ = true;
  channel_.close(code, reason);
}

}  // namespace ringside::gateway
