#include "gateway.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "access.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"
#include "ringside/net/loop.hpp"
#include "server.hpp"

namespace ringside::gateway {

namespace {

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t watch_ns = 5 * ms_ns;     // between looks at the attachments
constexpr std::uint64_t report_ns = 250 * ms_ns;  // between reports to the feeds
// The tapes cannot wake this thread out of io_uring, so a wait is short: it is the latency that the
// gateway adds. With nobody to serve only the tapes' length counts.
constexpr std::uint64_t wait_busy_ns = 1 * ms_ns;
constexpr std::uint64_t wait_alone_ns = 20 * ms_ns;
constexpr std::uint64_t goodbye_ns = 1'500 * ms_ns;

Status write_port_file(const std::string& path, std::uint16_t port) {
  const std::string part = path + ".new";
  const std::string text = std::to_string(port) + "\n";
  const UniqueFd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      std::rename(part.c_str(), path.c_str()) != 0) {
    return sys_error(ErrorCode::io, "cannot write " + path);
  }
  return {};
}

Result<std::optional<net::TlsContext>> make_tls(const Settings& settings) {
  if (settings.tls_cert.empty()) return std::optional<net::TlsContext>();
  Result<net::TlsContext> tls = net::TlsContext::server(
      {.certificate_file = settings.tls_cert, .key_file = settings.tls_key});
  if (!tls) return std::move(tls).error();
  return std::optional<net::TlsContext>(std::move(*tls));
}

Result<Access> make_access(const Settings& settings) {
  Access::Options options{.is_tls = !settings.tls_cert.empty(), .origins = settings.origins};
  if (!settings.tokens_file.empty()) {
    Result<Tokens> tokens = Tokens::load(settings.tokens_file);
    if (!tokens) return std::move(tokens).error();
    options.tokens = std::move(*tokens);
  }
  return Access(std::move(options));
}

}  // namespace

struct Gateway::Parts {
  Parts(const Settings& settings_in, net::Loop loop_in, Access access_in,
        std::optional<net::TlsContext> tls)
      : settings(settings_in),
        loop(std::move(loop_in)),
        access(std::move(access_in)),
        topics(settings.feeds),
        fanout(topics, shared, settings.conflate_ns),
        feeds(settings, topics, fanout, shared),
        protocol(settings, shared, topics, fanout, feeds, access),
        api(shared, topics, fanout, feeds),
        server(loop,
               {.settings = settings,
                .shared = shared,
                .fanout = fanout,
                .protocol = protocol,
                .api = api,
                .access = access},
               std::move(tls)) {
    shared.limits = settings.limits;
  }

  Settings settings;
  net::Loop loop;
  Access access;
  Shared shared;
  Topics topics;
  Fanout fanout;
  Feeds feeds;
  Protocol protocol;
  Api api;
  Server server;
  std::string port_file;
  std::uint64_t watch_next_ns = 0;
  std::uint64_t report_next_ns = 0;
  bool has_more = false;
};

Result<std::unique_ptr<Gateway>> Gateway::create(const Settings& settings) {
  if (Status status = check_settings(settings); !status) return status.error();
  if (Status status = make_private_dir(settings.run_dir); !status) return status.error();
  Result<Access> access = make_access(settings);
  if (!access) return std::move(access).error();
  Result<std::optional<net::TlsContext>> tls = make_tls(settings);
  if (!tls) return std::move(tls).error();
  Result<net::Loop> loop = net::Loop::create();
  if (!loop) return std::move(loop).error();
  auto parts =
      std::make_unique<Parts>(settings, std::move(*loop), std::move(*access), std::move(*tls));
  if (Status status = parts->server.listen(); !status) return status.error();
  const std::string port_file = settings.run_dir + "/gateway.port";
  if (Status status = write_port_file(port_file, parts->server.port()); !status) {
    return status.error();
  }
  parts->port_file = port_file;
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Gateway::~Gateway() {
  (void)::unlink(parts_->port_file.c_str());  // nothing is left to do if it is gone already
}

std::uint16_t Gateway::port() const noexcept {
  return parts_->server.port();
}

void Gateway::stop() noexcept {
  // [stop] release: who sees the flag may destroy the gateway, and this is its last use here. No
  // wake for the same reason: a turn waits 20 ms at most.
  is_stopping_.store(true, std::memory_order_release);
}

std::uint64_t Gateway::wait_ns() const noexcept {
  if (parts_->has_more) return 0;
  return parts_->server.client_count() == 0 ? wait_alone_ns : wait_busy_ns;
}

void Gateway::turn() {
  Parts& parts = *parts_;
  parts.loop.poll(wait_ns());  // sends what the last turn queued, then waits
  parts.server.reap();
  parts.has_more = parts.feeds.pump();
  const std::uint64_t now = monotonic_ns();
  parts.fanout.flush(now);
  parts.feeds.settle_wishes();
  watch(now);
  parts.server.sweep(now);
  parts.server.reap();
}

void Gateway::watch(std::uint64_t now) {
  Parts& parts = *parts_;
  if (now >= parts.watch_next_ns) {
    parts.watch_next_ns = now + watch_ns;
    if (parts.feeds.watch(now)) parts.server.broadcast(parts.protocol.status_text());
  }
  if (now >= parts.report_next_ns) {
    parts.report_next_ns = now + report_ns;
    parts.feeds.report();
  }
}

void Gateway::run() {
  while (!is_stopping_.load(std::memory_order_acquire) && !stop_requested()) turn();  // [stop]
  shut_down();
}

void Gateway::shut_down() {
  Parts& parts = *parts_;
  parts.server.shut_down();
  const std::uint64_t deadline = monotonic_ns() + goodbye_ns;
  while (!parts.server.is_empty() && monotonic_ns() < deadline) {
    parts.loop.poll(10 * ms_ns);
    parts.server.reap();
  }
}

Status run_gateway(const Config& config) {
  const Result<Settings> settings = read_settings(config);
  if (!settings) return settings.error();
  Result<std::unique_ptr<Gateway>> gateway = Gateway::create(*settings);
  if (!gateway) return std::move(gateway).error();
  const bool is_tls = !settings->tls_cert.empty();
  const bool is_v6 = settings->address.find(':') != std::string::npos;
  log::info("serving {}://{}{}{}:{}/", is_tls ? "https" : "http", is_v6 ? "[" : "",
            settings->address, is_v6 ? "]" : "", (*gateway)->port());
  (*gateway)->run();
  log::info("stopped");
  return {};
}

}  // namespace ringside::gateway
