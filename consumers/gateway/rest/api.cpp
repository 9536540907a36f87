// Owns the table of routes and the answers that need no market data.
#include "rest/api.hpp"

#include <algorithm>
#include <charconv>

#include "ringside/base/clock.hpp"
#include "ringside/base/version.hpp"
#include "web_files.hpp"

namespace ringside::gateway {

namespace {

constexpr std::uint64_t ms_ns = 1'000'000;

// No inline script or style, nothing from elsewhere, no framing, no HTML from strings.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

}  // namespace

struct Api::Route {
  std::string_view path;
  bool has_symbol;  // the rest of the path is one
  bool takes_post;
  void (Api::*handle)(Call& call);
};

const Api::Route Api::routes[] = {
    {"/api/market/quote/", true, false, &Api::quote},
    {"/api/market/trades/", true, false, &Api::trades},
    {"/api/market/historical/", true, false, &Api::historical},
    {"/api/market/search", false, false, &Api::search},
    {"/api/market/status", false, false, &Api::status},
    {"/api/socket", false, true, &Api::socket},
    {"/health", false, false, &Api::health},
    {"/ready", false, false, &Api::ready},
    {"/metrics", false, false, &Api::metrics},
};

void Api::handle(const net::HttpMessage& request, const Gauges& gauges, Reply& reply) {
  const std::string_view path = request.path();
  Call call{request, gauges, reply};
  const auto found = std::find_if(std::begin(routes), std::end(routes), [path](const Route& route) {
    return route.has_symbol ? path.starts_with(route.path) : path == route.path;
  });
  const bool is_route = found != std::end(routes);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (!is_get && !(is_route && found->takes_post && request.method == "POST")) {
    const bool is_known = is_route || find_web_file(path) != nullptr || path == "/ws";
    if (!is_known) return reply.fail(404, "not_found", "no such resource");
    reply.fail(405, "method_not_allowed", "that resource does not take this method");
    reply.headers.push_back(
        {"Allow", is_route && found->takes_post ? "GET, HEAD, POST" : "GET, HEAD"});
    return;
  }
  if (path == "/ws") {
    reply.fail(426, "upgrade_required", "this is a WebSocket");
    reply.headers.push_back({"Upgrade", "websocket"});
    return;
  }
  if (!is_route) return web(call, path);
  if (found->has_symbol && !read_symbol(call, path.substr(found->path.size()))) return;
  (this->*found->handle)(call);
}

bool Api::read_symbol(Call& call, std::string_view rest) const {
  const auto symbol = net::percent_decode(rest);
  if (!symbol || !shm::is_symbol_text(*symbol)) {
    call.reply.fail(400, "bad_symbol", "a symbol has 1 to 24 printable characters");
    return false;
  }
  call.symbol = *symbol;
  return true;
}

bool read_number(const net::HttpMessage& request, std::string_view name, std::uint64_t least,
                 std::uint64_t most, std::uint64_t& value, Reply& reply) {
  const auto text = net::query_value(request.query(), name);
  if (!text) return true;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error == std::errc() && end == text->data() + text->size() && number >= least &&
      number <= most) {
    value = number;
    return true;
  }
  reply.fail(400, "bad_parameter",
             std::string(name) + " is a number from " + std::to_string(least) + " to " +
                 std::to_string(most));
  return false;
}

void Api::web(Call& call, std::string_view path) {
  const WebFile* const file = find_web_file(path);
  if (file == nullptr) return call.reply.fail(404, "not_found", "no such resource");
  Reply& reply = call.reply;
  reply.headers = {{"ETag", file->etag},
                   {"Cache-Control", "no-cache"},
                   {"Content-Security-Policy", content_security_policy},
                   {"Cross-Origin-Opener-Policy", "same-origin"},
                   {"Cross-Origin-Embedder-Policy", "require-corp"},
                   {"Cross-Origin-Resource-Policy", "same-origin"},
                   {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"}};
  if (call.request.header("if-none-match") == file->etag) {
    reply.status = 304;
    reply.content_type = {};
    return;
  }
  reply.content_type = file->content_type;
  reply.body = file->body;
}

void Api::health(Call& call) {
  call.reply.body = R"({"status":"ok"})";
}

void Api::ready(Call& call) {
  JsonWriter json;
  const bool is_ready = feeds_.is_ready();
  json.begin_object().member("status", is_ready ? "ready" : "waiting for a feed");
  feeds_.append_status(json);
  call.reply.body = json.end_object().take();
  if (!is_ready) call.reply.status = 503;
}

void Api::metrics(Call& call) {
  call.reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  append_metrics(call.reply.body, feeds_, shared_.counters, call.gauges);
}

void Api::socket(Call& call) {
  const Fanout::Census census = fanout_.census();
  bool has_stocks = false;
  bool has_options = false;
  for (std::size_t i = 0; i < feeds_.count(); ++i) {
    const bool is_flowing =
        feeds_.feed(i).state() == LiveState::live || feeds_.feed(i).state() == LiveState::delayed;
    (feeds_.is_options(i) ? has_options : has_stocks) |= is_flowing;
  }
  JsonWriter json;
  json.begin_object().member("clients", call.gauges.clients);
  json.member("stockSymbols", census.stocks).member("optionContracts", census.options);
  json.member("stockConnected", has_stocks).member("optionsConnected", has_options);
  call.reply.body = json.end_object().take();
}

void Api::status(Call& call) {
  JsonWriter json;
  json.begin_object().member("state", to_string(feeds_.state())).key("feeds").begin_array();
  for (std::size_t i = 0; i <= feeds_.count(); ++i) {
    const Feed& feed = i < feeds_.count() ? feeds_.feed(i) : feeds_.stats();
    const Feed::Account account = feed.account();
    json.begin_object().member("feed", feed.name()).member("state", to_string(feed.state()));
    json.member("attached", feed.is_attached());
    if (const SegmentPtr segment = feed.segment(); segment != nullptr) {
      json.member("epoch", segment->epoch()).member("symbols", segment->symbols().size());
      json.member("heartbeatAgeMs", segment->heartbeat_age_ns() / ms_ns);
    }
    json.member("received", account.received).member("lost", account.lost);
    json.member("pending", account.pending);
    if (!feed.last_error().empty()) json.member("error", feed.last_error());
    json.end_object();
  }
  json.end_array().member("clients", call.gauges.clients);
  json.member("version", version_text()).member("timestamp", wall_ns() / ms_ns);
  call.reply.body = json.end_object().take();
}

}  // namespace ringside::gateway
