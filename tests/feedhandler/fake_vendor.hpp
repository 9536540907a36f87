// Owns a vendor made for one test: real TLS and WebSocket on loopback, the greeting and the answers
// of the real one, and frames exactly as the test writes them. A thread of its own; every public
// function may be called from the test's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ringside/net/http.hpp"
#include "ringside/net/listener.hpp"
#include "ringside/net/loop.hpp"
#include "ringside/net/stream.hpp"
#include "ringside/net/tls.hpp"
#include "ringside/net/ws_channel.hpp"
#include "support/temp_dir.hpp"

namespace ringside::test {

class FakeVendor {
 public:
  struct Options {
    std::string key = "the-key";
    bool acks = true;    // acknowledge subscriptions
    bool greets = true;  // say "connected" first
    std::string certificate_name = "localhost";
  };

  /// Writes ca.pem into `dir` and listens.
  FakeVendor(const TempDir& dir, const Options& options);
  explicit FakeVendor(const TempDir& dir) : FakeVendor(dir, Options{}) {}
  FakeVendor(const FakeVendor&) = delete;
  FakeVendor& operator=(const FakeVendor&) = delete;
  ~FakeVendor();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::string& ca_file() const noexcept { return ca_file_; }

  /// One text frame to the newest connection.
  void send(const std::string& text);
  /// Drops the newest connection with RST.
  void drop();
  /// Stops listening: later attempts are refused.
  void stop_listening();

  /// Text messages from the client over all connections, in order.
  [[nodiscard]] std::vector<std::string> received();
  [[nodiscard]] int connections();
  /// Close codes that clients sent.
  [[nodiscard]] std::vector<int> close_codes();
  [[nodiscard]] std::string target();
  [[nodiscard]] std::string host();

  /// Waits until a message that contains `text` came; false after a bound.
  [[nodiscard]] bool wait_for(std::string_view text);

 private:
  struct Client;
  void run();
  void post(std::function<void()> work);
  void drain();
  void on_accept(int fd) noexcept;

  Options options_;
  std::string ca_file_;
  std::unique_ptr<net::TlsContext> tls_;
  std::unique_ptr<net::Loop> loop_;
  net::Listener listener_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;  // the thread's
  std::mutex mutex_;                              // guards what follows
  std::vector<std::function<void()>> work_;
  std::vector<std::string> received_;
  std::vector<int> close_codes_;
  std::string target_;
  std::string host_;
  int connections_ = 0;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace ringside::test
