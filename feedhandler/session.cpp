#include "session.hpp"

#include <algorithm>
#include <utility>

namespace ringside::feed {

std::string_view to_string(SessionState state) noexcept {
  switch (state) {
    case SessionState::back_off:
      return "back_off";
    case SessionState::connecting:
      return "connecting";
    case SessionState::wait_connected:
      return "wait_connected";
    case SessionState::authenticating:
      return "authenticating";
    case SessionState::streaming:
      return "streaming";
    case SessionState::finished:
      return "finished";
  }
  return "unknown";
}

namespace {

// splitmix64: seeds that differ by one give states that do not resemble each other. Never 0.
std::uint64_t mix(std::uint64_t seed) noexcept {
  std::uint64_t z = seed + 0x9E37'79B9'7F4A'7C15U;
  z = (z ^ z >> 30) * 0xBF58'476D'1CE4'E5B9U;
  z = (z ^ z >> 27) * 0x94D0'49BB'1331'11EBU;
  return (z ^ z >> 31) | 1;
}

}  // namespace

Session::Session(const Options& options)
    : options_(options), subscriptions_(options.subscriptions), random_(mix(options.seed)) {}

// xorshift64*: jitter needs to differ between processes, no more.
std::uint64_t Session::random_up_to(std::uint64_t limit) noexcept {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  const std::uint64_t value = random_ * 2'685'821'657'736'338'717U;
  return limit == 0 ? 0 : value % (limit + 1);
}

void Session::enter(SessionState state, std::uint64_t now) noexcept {
  state_ = state;
  since_ns_ = now;
}

void Session::on_open(std::uint64_t now) noexcept {
  if (state_ != SessionState::connecting) return;
  last_bytes_ns_ = now;
  pinged_ns_ = 0;
  is_key_due_ = false;
  enter(SessionState::wait_connected, now);
}

void Session::on_bytes(std::uint64_t now) noexcept {
  last_bytes_ns_ = now;
  pinged_ns_ = 0;
}

std::optional<massive::Ack> Session::on_status(StatusCode code, std::string_view message,
                                               std::uint64_t now) {
  // The connection is given up already: what else lies in its buffers changes nothing.
  if (state_ == SessionState::finished || state_ == SessionState::back_off) return std::nullopt;
  switch (code) {
    case StatusCode::connected:
      is_key_due_ = state_ == SessionState::wait_connected;
      break;
    case StatusCode::success:
      // Documented as a greeting too; later it acknowledges a subscription.
      if (state_ == SessionState::wait_connected) is_key_due_ = true;
      if (const auto ack = massive::parse_ack(message)) {
        subscriptions_.on_ack(ack->is_subscribe, ack->kinds, ack->symbol);
        return ack;
      }
      break;
    case StatusCode::auth_success:
      if (state_ == SessionState::wait_connected || state_ == SessionState::authenticating) {
        begin_streaming(now);
      }
      break;
    case StatusCode::auth_failed:
      finish(Error{ErrorCode::auth, 0, "the vendor refused the key: " + std::string(message)}, now);
      break;
    case StatusCode::auth_timeout:
    case StatusCode::slow_consumer:
    case StatusCode::force_disconnect:
      lose(message, now);
      break;
    case StatusCode::max_connections:
      is_cooling_down_ = true;
      lose(message, now);
      break;
    case StatusCode::error:
      ++not_authorized_;
      break;
    case StatusCode::auth_required:
    case StatusCode::none:
    case StatusCode::unknown:
      break;
  }
  return std::nullopt;
}

void Session::begin_streaming(std::uint64_t now) {
  was_live_ = true;
  subscriptions_.restart();
  enter(SessionState::streaming, now);
}

// The vendor is about to end the connection; waiting for it to do so costs time only.
void Session::lose(std::string_view why, std::uint64_t now) {
  last_error_ = Error{ErrorCode::connect, 0, "the vendor ended the session: " + std::string(why)};
  is_abort_due_ = true;
  start_back_off(now);
}

void Session::finish(Error error, std::uint64_t now) {
  last_error_ = std::move(error);
  is_abort_due_ = true;
  enter(SessionState::finished, now);
}

void Session::on_close(const Error& error, std::uint64_t now) {
  is_abort_due_ = false;
  if (state_ == SessionState::finished || state_ == SessionState::back_off) return;
  last_error_ = error;
  if (error.code == ErrorCode::ok) last_error_.what = "the vendor closed the connection";
  const bool is_hopeless = error.code == ErrorCode::tls || error.code == ErrorCode::auth;
  const bool is_spent = options_.attempts_max != 0 && failures_ >= options_.attempts_max;
  // Before the first success a wrong certificate is a wrong configuration; later it is an outage.
  if (!was_live_ && (is_hopeless || is_spent)) {
    enter(SessionState::finished, now);
    return;
  }
  start_back_off(now);
}

// Full jitter above backoff_ns_min: between it and min(backoff_ns_max, backoff_ns_min *
// 2^failures).
void Session::start_back_off(std::uint64_t now) {
  const bool was_healthy =
      state_ == SessionState::streaming && now - since_ns_ >= options_.healthy_ns;
  if (was_healthy) failures_ = 1;
  const std::uint32_t doublings = std::min(failures_, 20U);
  const std::uint64_t cap =
      std::clamp(options_.backoff_ns_min << doublings, options_.backoff_ns_min,
                 std::max(options_.backoff_ns_min, options_.backoff_ns_max));
  std::uint64_t wait = options_.backoff_ns_min + random_up_to(cap - options_.backoff_ns_min);
  // Two processes with one key would otherwise evict each other for ever.
  if (is_cooling_down_) wait += options_.cooldown_ns;
  retry_at_ns_ = now + wait;
  enter(SessionState::back_off, now);
}

Session::Action Session::next_action(std::uint64_t now) {
  if (std::exchange(is_abort_due_, false)) return {ActionKind::abort};
  switch (state_) {
    case SessionState::back_off:
      if (now < retry_at_ns_) return {};
      is_cooling_down_ = false;
      ++failures_;
      ++attempts_total_;
      enter(SessionState::connecting, now);
      return {ActionKind::connect};
    case SessionState::connecting:
      if (now - since_ns_ < options_.connect_timeout_ns) return {};
      on_close(Error{ErrorCode::timeout, 0, "no connection in time"}, now);
      return {ActionKind::abort};
    case SessionState::wait_connected:
      if (!is_key_due_ && now - since_ns_ < options_.greeting_timeout_ns) return {};
      enter(SessionState::authenticating, now);
      return {ActionKind::send, massive::auth_message(options_.key), true};
    case SessionState::authenticating:
      if (now - since_ns_ < options_.auth_timeout_ns) return {};
      on_close(Error{ErrorCode::timeout, 0, "no answer to the login"}, now);
      return {ActionKind::abort};
    case SessionState::streaming:
      return stream(now);
    case SessionState::finished:
      break;
  }
  return {};
}

Session::Action Session::stream(std::uint64_t now) {
  subscriptions_.check_timeouts(now);
  if (!is_send_held_) {
    if (std::string text = subscriptions_.next_message(now); !text.empty()) {
      return {ActionKind::send, std::move(text)};
    }
  }
  return check_silence(now);
}

// Any inbound byte is life; a late pong while data flows is not death.
Session::Action Session::check_silence(std::uint64_t now) {
  if (pinged_ns_ == 0 && now - last_bytes_ns_ >= options_.silence_ns) {
    pinged_ns_ = now;
    return {ActionKind::ping};
  }
  if (pinged_ns_ != 0 && now - pinged_ns_ >= options_.silence_ns) {
    on_close(Error{ErrorCode::timeout, 0, "the vendor is silent and answers no ping"}, now);
    return {ActionKind::abort};
  }
  return {};
}

std::uint64_t Session::next_deadline() const noexcept {
  if (is_abort_due_) return 0;
  switch (state_) {
    case SessionState::back_off:
      return retry_at_ns_;
    case SessionState::connecting:
      return since_ns_ + options_.connect_timeout_ns;
    case SessionState::wait_connected:
      return is_key_due_ ? 0 : since_ns_ + options_.greeting_timeout_ns;
    case SessionState::authenticating:
      return since_ns_ + options_.auth_timeout_ns;
    case SessionState::streaming: {
      const std::uint64_t from = pinged_ns_ == 0 ? last_bytes_ns_ : pinged_ns_;
      return std::min(from + options_.silence_ns, subscriptions_.next_timeout());
    }
    case SessionState::finished:
      break;
  }
  return UINT64_MAX;
}

}  // namespace ringside::feed
