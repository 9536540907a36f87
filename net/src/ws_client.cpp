// Implements ws_client.hpp: a Stream, the upgrade, then a WsChannel.
#include "ringside/net/ws_client.hpp"

#include <optional>
#include <utility>

#include "ringside/net/http.hpp"
#include "ringside/net/ws_channel.hpp"
#include "ringside/net/ws_handshake.hpp"

namespace ringside::net {
namespace {

constexpr HttpLimits answer_limits = {
    .head_bytes_max = 16'384, .header_count_max = 100, .body_bytes_max = 65'536};

std::string host_header(const WsClientOptions& options) {
  const bool is_v6 = options.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + options.host + "]" : options.host;
  const std::uint16_t usual = options.tls != nullptr ? 443 : 80;
  return options.port == usual ? host : host + ":" + std::to_string(options.port);
}

}  // namespace

struct WsClient::State {
  State(Loop& own_loop, const WsClientOptions& own_options, const WsClientHandlers& own_handlers);
  ~State() {
    if (destroyed != nullptr) *destroyed = true;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // From the stream. A handler is the last thing each calls, or what follows checks `destroyed`.
  void on_stream_open() noexcept;
  void on_stream_data(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept;
  void on_stream_close(const Error& error) noexcept;
  void on_open_timer() noexcept;
  // From the channel.
  void on_closing(WsCloseCode code, std::string_view reason, bool is_peer) noexcept;

  void upgrade(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept;
  void finish(WsCloseCode code, Error error) noexcept;

  Loop& loop;
  WsClientOptions options;
  WsClientHandlers handlers;
  WsClientRequest request;
  std::string where;  // "host:port/target", for errors
  Stream stream;
  HttpParser parser;
  Timer open_timer;
  std::optional<WsChannel> channel;
  std::string subprotocol;
  std::uint64_t bytes_received = 0;
  std::uint64_t ts_last_byte_ns = 0;

  bool is_finished = false;
  bool has_close_code = false;  // a close frame came or went
  WsCloseCode close_code = WsCloseCode::abnormal;
  Error close_error{ErrorCode::ok, 0, {}};
  bool* destroyed = nullptr;
};

WsClient::State::State(Loop& own_loop, const WsClientOptions& own_options,
                       const WsClientHandlers& own_handlers)
    : loop(own_loop),
      options(own_options),
      handlers(own_handlers),
      where(host_header(own_options) + own_options.target),
      parser(HttpRole::response, answer_limits) {
  request.host = host_header(options);
  request.target = options.target;
  request.key = make_ws_key();
  request.subprotocols = options.subprotocols;
  request.headers = options.headers;
}

void WsClient::State::on_stream_open() noexcept {
  // Fits: it is the first thing in the backlog. If not, the time-out tells.
  static_cast<void>(stream.send(ws_request_text(request)));
}

void WsClient::State::on_stream_data(std::span<const std::byte> bytes,
                                     std::uint64_t ts_recv_ns) noexcept {
  bytes_received += bytes.size();
  ts_last_byte_ns = ts_recv_ns;
  if (channel) {
    channel->on_bytes(bytes, ts_recv_ns);
  } else {
    upgrade(bytes, ts_recv_ns);
  }
}

void WsClient::State::upgrade(std::span<const std::byte> bytes, std::uint64_t ts_recv_ns) noexcept {
  const HttpProgress progress = parser.parse(bytes);
  if (progress == HttpProgress::need_more) return;
  if (progress == HttpProgress::failed) {
    finish(WsCloseCode::abnormal,
           Error{ErrorCode::protocol, 0,
                 where + ": answer is not HTTP: " + std::string(parser.error_reason())});
    return;
  }
  Result<std::string> accepted = check_ws_response(parser.message(), request);
  if (!accepted) {
    Error error = accepted.error();
    error.what = where + ": " + error.what;
    finish(WsCloseCode::abnormal, std::move(error));
    return;
  }
  subprotocol = std::move(accepted).value();
  open_timer.cancel();
  const WsChannelHandlers channel_handlers = {
      .on_message = handlers.on_message,
      .on_closing =
          Delegate<void(WsCloseCode, std::string_view, bool)>::to<&State::on_closing>(this),
      .on_pong = handlers.on_pong};
  channel.emplace(WsRole::client, options.limits, channel_handlers);
  channel->set_stream(&stream);
  bool is_destroyed = false;
  destroyed = &is_destroyed;
  handlers.on_open();
  if (is_destroyed) return;
  destroyed = nullptr;
  if (!bytes.empty()) channel->on_bytes(bytes, ts_recv_ns);
}

void WsClient::State::on_closing(WsCloseCode code, std::string_view reason, bool is_peer) noexcept {
  has_close_code = true;
  close_code = code;
  if (!is_peer) {
    close_error = Error{ErrorCode::protocol, 0,
                        where + " broke the WebSocket protocol: " + std::string(reason)};
  }
}

void WsClient::State::on_open_timer() noexcept {
  const std::uint64_t limit_ms = options.stream.open_timeout_ns / 1'000'000U;
  finish(WsCloseCode::abnormal,
         Error{ErrorCode::timeout, 0,
               where + ": no WebSocket within " + std::to_string(limit_ms) + " ms"});
}

void WsClient::State::on_stream_close(const Error& error) noexcept {
  if (has_close_code) {
    finish(close_code, close_error);
  } else if (error.code != ErrorCode::ok) {
    finish(WsCloseCode::abnormal, error);
  } else if (channel) {
    finish(WsCloseCode::abnormal,
           Error{ErrorCode::connect, 0, where + " ended the connection without a close frame"});
  } else if (parser.finish() ==
             HttpProgress::message) {  // an answer that ended with its connection
    Result<std::string> refused = check_ws_response(parser.message(), request);
    finish(WsCloseCode::abnormal, refused.ok()
                                      ? Error{ErrorCode::protocol, 0, where + ": upgraded and left"}
                                      : refused.error());
  } else {
    finish(WsCloseCode::abnormal,
           Error{ErrorCode::connect, 0, where + " left during the WebSocket handshake"});
  }
}

void WsClient::State::finish(WsCloseCode code, Error error) noexcept {
  if (std::exchange(is_finished, true)) return;
  open_timer.cancel();
  stream.abort();
  const Error told = std::move(error);
  const auto on_close = handlers.on_close;
  on_close(code, told);
}

WsClient::WsClient() noexcept = default;
WsClient::~WsClient() = default;
WsClient::WsClient(WsClient&&) noexcept = default;
WsClient& WsClient::operator=(WsClient&&) noexcept = default;
WsClient::WsClient(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

Result<WsClient> WsClient::connect(Loop& loop, const WsClientOptions& options,
                                   const WsClientHandlers& handlers) {
  auto state = std::make_unique<State>(loop, options, handlers);
  ConnectOptions connect_options;
  connect_options.host = options.address.empty() ? options.host : options.address;
  connect_options.port = options.port;
  connect_options.tls = options.tls;
  connect_options.tls_host = options.tls_host.empty() ? options.host : options.tls_host;
  connect_options.stream = options.stream;
  const StreamHandlers stream_handlers = {
      .on_open = Delegate<void()>::to<&State::on_stream_open>(state.get()),
      .on_data =
          Delegate<void(std::span<const std::byte>, std::uint64_t)>::to<&State::on_stream_data>(
              state.get()),
      .on_close = Delegate<void(const Error&)>::to<&State::on_stream_close>(state.get()),
      .on_drain = {}};
  Result<Stream> stream = Stream::connect(loop, connect_options, stream_handlers);
  if (!stream) return stream.error();
  state->stream = std::move(stream).value();
  state->open_timer.start(loop, options.stream.open_timeout_ns,
                          Delegate<void()>::to<&State::on_open_timer>(state.get()));
  return WsClient(std::move(state));
}

SendResult WsClient::send_text(std::string_view text) noexcept {
  return is_open() ? state_->channel->send_text(text) : SendResult::closed;
}

SendResult WsClient::send_binary(std::span<const std::byte> bytes) noexcept {
  return is_open() ? state_->channel->send(WsOpcode::binary, bytes) : SendResult::closed;
}

SendResult WsClient::send_ping(std::span<const std::byte> payload) noexcept {
  return is_open() ? state_->channel->send_ping(payload) : SendResult::closed;
}

void WsClient::close(WsCloseCode code, std::string_view reason) noexcept {
  if (state_ == nullptr || state_->is_finished || state_->has_close_code) return;
  state_->has_close_code = true;
  state_->close_code = code;
  state_->open_timer.cancel();
  if (state_->channel) {
    state_->channel->close(code, reason);
  } else {
    state_->stream.close();
  }
}

bool WsClient::is_open() const noexcept {
  return state_ != nullptr && state_->channel.has_value() && state_->stream.is_open();
}

std::size_t WsClient::backlog_bytes() const noexcept {
  return state_ == nullptr ? 0 : state_->stream.backlog_bytes();
}

std::string WsClient::subprotocol() const {
  return state_ == nullptr ? std::string() : state_->subprotocol;
}

std::string WsClient::tls_description() const {
  return state_ == nullptr ? std::string() : state_->stream.tls_description();
}

std::uint64_t WsClient::bytes_received() const noexcept {
  return state_ == nullptr ? 0 : state_->bytes_received;
}

std::uint64_t WsClient::ts_last_byte_ns() const noexcept {
  return state_ == nullptr ? 0 : state_->ts_last_byte_ns;
}

}  // namespace ringside::net
