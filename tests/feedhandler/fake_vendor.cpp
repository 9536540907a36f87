#include "fake_vendor.hpp"

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "ringside/net/ws_handshake.hpp"
#include "support/test_cert.hpp"

namespace ringside::test {

using net::Delegate;

// One connection: the upgrade, the login, the subscriptions.
struct FakeVendor::Client {
  FakeVendor& vendor;
  net::Stream stream;
  net::HttpParser parser{net::HttpRole::request};
  std::unique_ptr<net::WsChannel> channel;

  explicit Client(FakeVendor& owner) : vendor(owner) {}

  void on_data(std::span<const std::byte> bytes, std::uint64_t ts) noexcept {
    if (channel == nullptr && !upgrade(bytes)) return;
    channel->on_bytes(bytes, ts);
  }

  bool upgrade(std::span<const std::byte>& bytes) {
    if (parser.parse(bytes) != net::HttpProgress::message) return false;
    net::WsUpgrade asked;
    net::WsRefusal refusal;
    EXPECT_TRUE(net::check_ws_request(parser.message(), asked, refusal)) << refusal.reason;
    {
      const std::scoped_lock lock(vendor.mutex_);
      vendor.target_ = parser.message().target;
      vendor.host_ = std::string(parser.message().header("Host").value_or(""));
      ++vendor.connections_;
    }
    std::string text;
    net::write_ws_accept(text, asked);
    (void)stream.send(text);
    net::WsChannelHandlers handlers;
    handlers.on_message = Delegate<void(net::WsOpcode, std::span<const std::byte>,
                                        std::uint64_t)>::to<&Client::on_message>(this);
    handlers.on_closing =
        Delegate<void(net::WsCloseCode, std::string_view, bool)>::to<&Client::on_closing>(this);
    channel = std::make_unique<net::WsChannel>(net::WsRole::server, net::WsLimits{}, handlers);
    channel->set_stream(&stream);
    if (vendor.options_.greets) {
      say("connected", "Connected Successfully");
    }
    return true;
  }

  void say(std::string_view status, std::string_view message) {
    (void)channel->send_text(R"([{"ev":"status","status":")" + std::string(status) +
                             R"(","message":")" + std::string(message) + "\"}]");
  }

  void on_message(net::WsOpcode, std::span<const std::byte> payload, std::uint64_t) noexcept {
    const std::string text(reinterpret_cast<const char*>(payload.data()), payload.size());
    {
      const std::scoped_lock lock(vendor.mutex_);
      vendor.received_.push_back(text);
    }
    const std::string params = between(text, R"("params":")", "\"");
    if (text.find(R"("action":"auth")") != std::string::npos) {
      if (params == vendor.options_.key) {
        say("auth_success", "authenticated");
      } else {
        say("auth_failed", "authentication failed");
        stream.close();
      }
    } else if (vendor.options_.acks) {
      acknowledge(text.find("unsubscribe") != std::string::npos ? "unsubscribed" : "subscribed",
                  params);
    }
  }

  void acknowledge(std::string_view verb, const std::string& params) {
    for (std::size_t at = 0; at < params.size();) {
      const std::size_t end = std::min(params.find(',', at), params.size());
      say("success", std::string(verb) + " to: " + params.substr(at, end - at));
      at = end + 1;
    }
  }

  void on_closing(net::WsCloseCode code, std::string_view, bool is_peer) noexcept {
    if (!is_peer) return;
    const std::scoped_lock lock(vendor.mutex_);
    vendor.close_codes_.push_back(static_cast<int>(code));
  }

  static std::string between(const std::string& text, std::string_view first,
                             std::string_view last) {
    const std::size_t begin = text.find(first);
    if (begin == std::string::npos) return {};
    const std::size_t from = begin + first.size();
    return text.substr(from, text.find(last, from) - from);
  }
};

FakeVendor::FakeVendor(const TempDir& dir, const Options& options) : options_(options) {
  const TestCert authority = TestCert::authority();
  const TestCert leaf =
      authority.issue({.dns_names = {options.certificate_name}, .addresses = {"127.0.0.1"}});
  ca_file_ = dir.write("ca.pem", authority.certificate_pem());
  Result<net::TlsContext> tls =
      net::TlsContext::server({.certificate_file = dir.write("server.pem", leaf.certificate_pem()),
                               .key_file = dir.write("server.key", leaf.key_pem())});
  RINGSIDE_ASSERT(tls.ok());
  tls_ = std::make_unique<net::TlsContext>(std::move(*tls));
  Result<net::Loop> loop = net::Loop::create(
      {.entries = 256, .receive_buffer_bytes = 16'384, .receive_buffer_count = 16});
  RINGSIDE_ASSERT(loop.ok());
  loop_ = std::make_unique<net::Loop>(std::move(*loop));
  Result<net::Listener> listener = net::Listener::open(
      *loop_, {}, {.on_accept = Delegate<void(int)>::to<&FakeVendor::on_accept>(this)});
  RINGSIDE_ASSERT(listener.ok());
  listener_ = std::move(*listener);
  port_ = listener_.port();
  thread_ = std::thread([this] { run(); });
}

FakeVendor::~FakeVendor() {
  {
    const std::scoped_lock lock(mutex_);
    work_.emplace_back([this] { is_ending_ = true; });
    loop_->wake();  // under the lock: the loop is there until the thread has seen the work
  }
  thread_.join();
}

void FakeVendor::run() {
  while (!is_ending_) {
    (void)loop_->poll(100'000'000);
    drain();
  }
  clients_.clear();
  listener_ = net::Listener();
  (void)loop_->poll(0);
  loop_.reset();  // it belongs to this thread
}

void FakeVendor::post(std::function<void()> work) {
  {
    const std::scoped_lock lock(mutex_);
    work_.push_back(std::move(work));
  }
  loop_->wake();
}

void FakeVendor::drain() {
  std::vector<std::function<void()>> work;
  {
    const std::scoped_lock lock(mutex_);
    work.swap(work_);
  }
  for (const auto& each : work) each();
}

void FakeVendor::on_accept(int fd) noexcept {
  auto client = std::make_unique<Client>(*this);
  net::StreamHandlers handlers;
  handlers.on_data =
      Delegate<void(std::span<const std::byte>, std::uint64_t)>::to<&Client::on_data>(client.get());
  Result<net::Stream> stream = net::Stream::accept(*loop_, fd, tls_.get(), {}, handlers);
  if (!stream) return;
  client->stream = std::move(*stream);
  clients_.push_back(std::move(client));
}

void FakeVendor::send(const std::string& text) {
  post([this, text] {
    ASSERT_FALSE(clients_.empty());
    EXPECT_EQ(clients_.back()->channel->send_text(text), net::SendResult::ok);
  });
}

void FakeVendor::drop() {
  post([this] { clients_.back()->stream.abort(); });
}

void FakeVendor::stop_listening() {
  post([this] { listener_.close(); });
}

std::vector<std::string> FakeVendor::received() {
  const std::scoped_lock lock(mutex_);
  return received_;
}

int FakeVendor::connections() {
  const std::scoped_lock lock(mutex_);
  return connections_;
}

std::vector<int> FakeVendor::close_codes() {
  const std::scoped_lock lock(mutex_);
  return close_codes_;
}

std::string FakeVendor::target() {
  const std::scoped_lock lock(mutex_);
  return target_;
}

std::string FakeVendor::host() {
  const std::scoped_lock lock(mutex_);
  return host_;
}

bool FakeVendor::wait_for(std::string_view text) {
  return eventually([&] {
    for (const std::string& message : received()) {
      if (message.find(text) != std::string::npos) return true;
    }
    return false;
  });
}

}  // namespace ringside::test
