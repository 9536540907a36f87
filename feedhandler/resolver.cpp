#include "resolver.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <utility>

namespace ringside::feed {

bool is_address(const std::string& host) noexcept {
  in6_addr parsed{};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

void Resolver::run(Lookup& lookup) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(lookup.host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    lookup.error = "host '" + lookup.host + "' does not resolve: " + ::gai_strerror(failed);
  }
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[INET6_ADDRSTRLEN] = {};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof(text), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      lookup.addresses.emplace_back(text);
    }
  }
  if (found != nullptr) ::freeaddrinfo(found);
  lookup.is_done.store(true, std::memory_order_release);  // [looked up] the results are whole
}

void Resolver::start(const std::string& host) {
  lookup_ = std::make_shared<Lookup>();
  lookup_->host = host;
  // A plain pthread: std::thread would throw where there is none to be had.
  auto* shared = new std::shared_ptr<Lookup>(lookup_);
  const auto body = [](void* argument) -> void* {
    const std::unique_ptr<std::shared_ptr<Lookup>> own(
        static_cast<std::shared_ptr<Lookup>*>(argument));
    run(**own);
    return nullptr;
  };
  pthread_t thread{};
  if (::pthread_create(&thread, nullptr, body, shared) != 0) {
    delete shared;
    lookup_->error = "no thread to resolve host '" + host + "'";
    lookup_->is_done.store(true, std::memory_order_release);  // [looked up]
    return;
  }
  ::pthread_detach(thread);
}

std::optional<Result<std::vector<std::string>>> Resolver::poll() {
  if (lookup_ == nullptr) return std::nullopt;
  if (!lookup_->is_done.load(std::memory_order_acquire)) return std::nullopt;  // [looked up]
  const std::shared_ptr<Lookup> done = std::exchange(lookup_, nullptr);
  if (done->addresses.empty()) {
    return Result<std::vector<std::string>>(Error{ErrorCode::connect, 0, done->error});
  }
  return Result<std::vector<std::string>>(std::move(done->addresses));
}

}  // namespace ringside::feed
