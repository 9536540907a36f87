// Owns how the project says that something failed off the path: Result<T> and Error. No thread, no
// I/O; an Error allocates its text, so the path returns enums instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "ringside/base/assert.hpp"

namespace ringside {

/// What failed, and the exit code of a program that ends because of it.
enum class ErrorCode : std::uint8_t {
  ok = 0,
  internal = 1,     // our own bug, or a library refused what it must not refuse
  usage = 2,        // command-line flags
  config = 3,       // a configuration file, key or value
  auth = 4,         // the vendor or the gateway refused the key: final, not retried
  connect = 5,      // a peer cannot be reached: refused, reset, DNS
  memory = 6,       // not enough memory, descriptors or disk space to start
  busy = 7,         // port taken, or another process already serves this feed
  not_found = 8,    // a file, symbol or socket that does not exist
  tls = 9,          // certificate, host name or protocol version refused
  version = 10,     // shared memory or file of another layout version
  protocol = 11,    // a peer broke its protocol
  io = 12,          // read, write or rename failed
  timeout = 13,     // a bounded wait ended
  permission = 14,  // the kernel or a peer refused us
};

[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;
[[nodiscard]] constexpr int exit_code(ErrorCode code) noexcept {
  return static_cast<int>(code);
}

/// One failure: what kind, the errno behind it (0: none), and one line that names what, where,
/// found and allowed. `what` never contains a secret.
struct Error {
  ErrorCode code = ErrorCode::internal;
  int sys_errno = 0;
  std::string what;

  /// "what: strerror (errno)" on one line.
  [[nodiscard]] std::string message() const;
};

/// Error with the current errno.
[[nodiscard]] Error sys_error(ErrorCode code, std::string what);

/// A value or an Error. Asking for the one that is not there is our bug and asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & {
    RINGSIDE_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    RINGSIDE_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    RINGSIDE_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& {
    RINGSIDE_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    RINGSIDE_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  [[nodiscard]] const Error& error() const& {
    RINGSIDE_ASSERT(!ok_);
    return error_;
  }

 private:
  Error error_{ErrorCode::ok, 0, {}};
  bool ok_ = true;
};

}  // namespace ringside
