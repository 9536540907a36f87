#include "sim/session.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "ringside/base/json_writer.hpp"

namespace ringside::sim {
namespace {

// Well below the vendor's largest message of 1,000,000 bytes.
constexpr std::size_t answer_bytes_max = 500'000;

constexpr std::array<std::string_view, 8> stock_topics{"T",    "Q",   "A",   "AM",
                                                       "LULD", "NOI", "FMV", "LV"};
constexpr std::array<std::string_view, 6> option_topics{"T", "Q", "A", "AM", "FMV", "LV"};

bool is_topic(Market market, std::string_view topic) noexcept {
  const auto is_in = [topic](const auto& topics) {
    return std::find(topics.begin(), topics.end(), topic) != topics.end();
  };
  return market == Market::stocks ? is_in(stock_topics) : is_in(option_topics);
}

std::optional<EventKind> kind_of(std::string_view topic) noexcept {
  for (std::size_t i = 0; i < event_kind_count; ++i) {
    if (kind_name(static_cast<EventKind>(i)) == topic) return static_cast<EventKind>(i);
  }
  return std::nullopt;  // a topic that exists but for which this simulator has no events
}

// Calls `each(topic, symbol)` for the well-formed items of "T.AAPL,Q.BRK.B".
template <class Each>
void for_each_item(std::string_view params, const Each& each) {
  while (!params.empty()) {
    const std::size_t comma = params.find(',');
    const std::string_view item = params.substr(0, comma);
    params = comma == std::string_view::npos ? std::string_view{} : params.substr(comma + 1);
    const std::size_t dot = item.find('.');
    if (dot == std::string_view::npos || dot + 1 == item.size()) continue;
    each(item.substr(0, dot), item.substr(dot + 1));
  }
}

std::string pair_text(std::string_view topic, std::string_view symbol) {
  std::string text(topic);
  text += '.';
  text += symbol;
  return text;
}

std::string status_object(std::string_view status, std::string_view message) {
  std::string text = R"({"ev":"status","status":)";
  append_json_string(text, status);
  text += R"(,"message":)";
  append_json_string(text, message);
  text += '}';
  return text;
}

}  // namespace

struct Session::Parser {
  simdjson::dom::parser parser;
};

Session::Session(const SessionOptions& options, std::uint64_t now_ns)
    : options_(options), ts_opened_ns_(now_ns), parser_(std::make_unique<Parser>()) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;

SessionOutput Session::open() {
  SessionOutput out;
  answer("connected", "Connected Successfully", out);
  flush(out);
  return out;
}

std::string Session::quota_message() {
  return "[" +
         status_object("max_connections", "Maximum number of websocket connections exceeded. ") +
         "]";
}

void Session::answer(std::string_view status, std::string_view message, SessionOutput& out) {
  answers_ += answers_.empty() ? '[' : ',';
  answers_ += status_object(status, message);
  if (!options_.acks_batched || answers_.size() > answer_bytes_max) flush(out);
}

void Session::flush(SessionOutput& out) {
  if (answers_.empty()) return;
  answers_ += ']';
  out.messages.push_back(std::move(answers_));
  answers_.clear();
}

SessionOutput Session::tick(std::uint64_t now_ns) {
  SessionOutput out;
  if (is_authenticated_ || is_over_ || now_ns - ts_opened_ns_ < options_.auth_timeout_ns) {
    return out;
  }
  is_over_ = true;
  answer("auth_timeout", "No authentication request received.", out);
  flush(out);
  out.wants_drop = true;
  return out;
}

SessionOutput Session::message(std::string_view text) {
  SessionOutput out;
  if (is_over_) return out;
  simdjson::dom::element document;
  std::string_view action;
  std::string_view params;
  const bool is_request = !parser_->parser.parse(text.data(), text.size()).get(document) &&
                          !document["action"].get(action) && !document["params"].get(params);
  if (is_request && action == "auth") {
    authenticate(params, out);
  } else if (is_request && (action == "subscribe" || action == "unsubscribe")) {
    if (!is_authenticated_) {
      answer("auth_required", "authentication required", out);
    } else if (action == "subscribe") {
      subscribe(params, out);
    } else {
      unsubscribe(params, out);
    }
  } else {
    ++ignored_count_;
  }
  flush(out);
  return out;
}

void Session::authenticate(std::string_view key, SessionOutput& out) {
  if (key == options_.key && options_.is_in_plan) {
    answer("auth_success", "authenticated", out);
    out.has_authenticated = !is_authenticated_;
    is_authenticated_ = true;
    return;
  }
  answer(
      "auth_failed",
      key == options_.key ? "Your plan doesn't include websocket access." : "authentication failed",
      out);
  is_over_ = true;
  out.wants_drop = true;
}

void Session::subscribe(std::string_view params, SessionOutput& out) {
  for_each_item(params, [this, &out](std::string_view topic, std::string_view symbol) {
    if (is_topic(options_.market, topic)) subscribe_item(topic, symbol, out);
  });
}

void Session::subscribe_item(std::string_view topic, std::string_view symbol, SessionOutput& out) {
  const auto& refused = options_.topics_refused;
  if (std::find(refused.begin(), refused.end(), topic) != refused.end()) {
    return answer("error", "not authorized", out);
  }
  const bool is_option_quote = options_.market == Market::options && topic == "Q";
  if (options_.market == Market::options && symbol == "*" && (topic == "Q" || topic == "FMV")) {
    return answer("error", "wildcard subscriptions are not supported for this topic", out);
  }
  std::string pair = pair_text(topic, symbol);
  if (pairs_.count(pair) != 0) return;
  if (is_option_quote && option_quote_count_ >= options_.option_quotes_max) {
    return answer("error", "maximum number of option contracts exceeded", out);
  }
  if (pairs_.size() >= options_.pairs_max) {
    return answer("error", "maximum number of subscriptions exceeded", out);
  }
  answer("success", "subscribed to: " + pair, out);
  pairs_.insert(std::move(pair));
  if (is_option_quote) ++option_quote_count_;
  const auto kind = kind_of(topic);
  if (kind) out.changes.push_back({.kind = *kind, .is_added = true, .symbol = std::string(symbol)});
}

void Session::unsubscribe(std::string_view params, SessionOutput& out) {
  for_each_item(params, [this, &out](std::string_view topic, std::string_view symbol) {
    const std::string pair = pair_text(topic, symbol);
    if (pairs_.erase(pair) == 0) return;
    if (options_.market == Market::options && topic == "Q") --option_quote_count_;
    answer("success", "unsubscribed to: " + pair, out);
    const auto kind = kind_of(topic);
    if (kind) {
      out.changes.push_back({.kind = *kind, .is_added = false, .symbol = std::string(symbol)});
    }
  });
}

}  // namespace ringside::sim
