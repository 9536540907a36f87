#include "sim/simulator.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ringside/base/clock.hpp"
#include "ringside/base/json_writer.hpp"
#include "ringside/base/log.hpp"

namespace ringside::sim {
namespace {

constexpr std::uint64_t turn_wait_ns_max = 50'000'000;
// How long clients may take to read the last bytes: after a whole stream, and after a stop.
constexpr std::uint64_t finish_ns_max = 10'000'000'000;
constexpr std::uint64_t stop_ns_max = 1'000'000'000;
constexpr std::string_view garbage_text = R"([{"ev":"T","sym":"ZVZZT","p":10.0)";

void write_counts(JsonWriter& json, const EventCounts& counts) {
  json.begin_object();
  for (std::size_t market = 0; market < market_count; ++market) {
    json.key(market_name(static_cast<Market>(market))).begin_object();
    for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
      json.member(kind_name(static_cast<EventKind>(kind)), counts[market][kind]);
    }
    json.end_object();
  }
  json.end_object();
}

void write_taq(JsonWriter& json, const TaqReport& report) {
  json.key("taq").begin_object();
  json.member("trades", report.trades_sent);
  json.member("quotes", report.quotes_sent);
  json.member("rows_refused", report.rows_refused);
  json.member("letters_unknown", report.letters_unknown);
  json.member("times_back", report.times_back);
  json.member("files_failed", report.files_failed);
  json.key("notes").begin_array();
  for (const std::string& note : report.notes) json.value(note);
  json.end_array().end_object();
}

}  // namespace

Result<std::unique_ptr<EventStream>> make_stream(const SimOptions& options,
                                                 MarketInstruments& instruments) {
  if (options.taq.empty()) {
    return std::make_unique<EventStream>(SyntheticMarket(options.market, instruments),
                                         options.with_bars);
  }
  auto replay = TaqReplay::open(options.taq, instruments);
  if (!replay) return replay.error();
  return std::make_unique<EventStream>(std::move(*replay), options.with_bars);
}

Result<std::unique_ptr<Simulator>> Simulator::create(const SimOptions& given) {
  SimOptions options = given;
  // Files first: a wrong name must not leave a socket behind.
  auto instruments = std::make_unique<MarketInstruments>();
  auto stream = make_stream(options, *instruments);
  if (!stream) return stream.error();
  SimPaths paths(options.run_dir);
  for (const std::string& dir : {options.run_dir, paths.dir}) {
    const Status made = make_private_dir(dir);
    if (!made) return made.error();
  }
  auto lock = LockFile::acquire(paths.lock);
  if (!lock) return lock.error();
  ::unlink(paths.port.c_str());  // whoever waits for it waits for this start
  auto files = ensure_certificates(paths.dir, static_cast<std::int64_t>(wall_ns() / ns_per_s));
  if (!files) return files.error();
  auto key = ensure_key(paths, options.key);
  if (!key) return key.error();
  for (SessionOptions& session : options.server.wire.sessions) session.key = *key;
  auto tls =
      net::TlsContext::server({.certificate_file = files->certificate, .key_file = files->key});
  if (!tls) return tls.error();
  auto loop = net::Loop::create();
  if (!loop) return loop.error();

  std::unique_ptr<Simulator> simulator(
      new Simulator(options, std::move(paths), std::move(*key), std::move(*lock), std::move(*loop),
                    std::move(*tls), std::move(instruments), std::move(*stream)));
  const Status listening = simulator->server_.listen();
  if (!listening) return listening.error();
  const Status controlled = simulator->control_.listen(simulator->loop_, simulator->paths_.control);
  if (!controlled) return controlled.error();
  const Status written =
      write_file(simulator->paths_.port, std::to_string(simulator->port()) + "\n", 0644);
  if (!written) return written.error();
  return simulator;
}

Simulator::Simulator(const SimOptions& options, SimPaths paths, std::string key, LockFile lock,
                     net::Loop loop, net::TlsContext tls,
                     std::unique_ptr<MarketInstruments> instruments,
                     std::unique_ptr<EventStream> stream)
    : options_(options),
      paths_(std::move(paths)),
      key_(std::move(key)),
      lock_(std::move(lock)),
      loop_(std::move(loop)),
      tls_(std::move(tls)),
      instruments_(std::move(instruments)),
      stream_(std::move(stream)),
      server_(loop_, tls_, *instruments_, options_.server),
      pump_(*stream_, server_, options_.pump),
      control_([this](const Command& command) { return execute(command); }) {}

Simulator::~Simulator() {
  ::unlink(paths_.port.c_str());
}

void Simulator::turn(std::uint64_t wait_ns_max) {
  const std::uint64_t now_ns = monotonic_ns();
  const std::uint64_t wait_ns = pump_.turn(wall_ns(), now_ns);
  loop_.poll(std::min(wait_ns, wait_ns_max));
  server_.tick(monotonic_ns());
}

void Simulator::run(const std::function<void()>& on_end) {
  bool has_ended = false;
  while (!stop_requested() && !wants_end_) {
    turn(turn_wait_ns_max);
    if (has_ended || !pump_.is_finished()) continue;
    has_ended = true;
    on_end();
    if (options_.exits_at_end) break;
  }
  finish(has_ended ? finish_ns_max : stop_ns_max);
}

// Every connection gets what it was sent, then the end of the stream.
void Simulator::finish(std::uint64_t patience_ns) {
  server_.send_frames();
  server_.finish_all();
  const std::uint64_t deadline_ns = monotonic_ns() + patience_ns;
  while (!server_.is_empty() && monotonic_ns() < deadline_ns) {
    loop_.poll(turn_wait_ns_max);
    server_.tick(monotonic_ns());
  }
}

std::string Simulator::report_json() {
  const WireCounts& wire = server_.counts();
  JsonWriter json;
  json.begin_object();
  json.member("is_finished", pump_.is_finished());
  json.member("has_started", pump_.has_started());
  json.member("connections", server_.live_count());
  json.member("subscriptions", server_.pair_count());
  json.key("generated");
  write_counts(json, pump_.generated());
  json.key("sent");
  write_counts(json, server_.sent());
  json.member("frames", wire.frames);
  json.member("bytes", wire.bytes);
  json.member("accepted", wire.accepted);
  json.member("upgraded", wire.upgraded);
  json.member("refused", wire.refused);
  json.member("auth_failed", wire.auth_failed);
  json.member("evicted", wire.evicted);
  json.member("slow_drops", wire.slow_drops);
  json.member("muted", pump_.muted_count());
  json.member("skips", pump_.skip_count());
  if (const TaqReport* const report = stream_->taq_report()) write_taq(json, *report);
  json.end_object();
  return json.take();
}

std::string Simulator::execute(const Command& command) {
  using Verb = Command::Verb;
  switch (command.verb) {
    case Verb::start:
      pump_.start();
      break;
    case Verb::drop:
      server_.drop_all(command.markets);
      break;
    case Verb::close:
      server_.close_all(command.markets, static_cast<net::WsCloseCode>(command.number));
      break;
    case Verb::evict:
      server_.evict_all(command.markets);
      break;
    case Verb::mute:
      pump_.mute(monotonic_ns() + command.number * ns_per_ms);
      break;
    case Verb::garbage:
      server_.send_all(command.markets, garbage_text);
      break;
    case Verb::send:
      server_.send_all(command.markets, command.text);
      break;
    case Verb::duplicate:
      server_.duplicate(command.number);
      break;
    case Verb::latency:
      pump_.set_latency(command.number * ns_per_ms);
      break;
    case Verb::pong:
      server_.wire().pong_delay_ns =
          command.number == pong_never ? pong_never : command.number * ns_per_ms;
      break;
    case Verb::stats:
      return report_json();
    case Verb::quit:
      wants_end_ = true;
      break;
  }
  return "ok";
}

}  // namespace ringside::sim
