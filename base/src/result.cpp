#include "ringside/base/result.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace ringside {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::ok:
      return "ok";
    case ErrorCode::internal:
      return "internal";
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::config:
      return "config";
    case ErrorCode::auth:
      return "auth";
    case ErrorCode::connect:
      return "connect";
    case ErrorCode::memory:
      return "memory";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::tls:
      return "tls";
    case ErrorCode::version:
      return "version";
    case ErrorCode::protocol:
      return "protocol";
    case ErrorCode::io:
      return "io";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::permission:
      return "permission";
  }
  return "unknown";
}

std::string Error::message() const {
  if (sys_errno == 0) return what;
  return what + ": " + std::generic_category().message(sys_errno) + " (errno " +
         std::to_string(sys_errno) + ")";
}

Error sys_error(ErrorCode code, std::string what) {
  return Error{code, errno, std::move(what)};
}

void assert_failed(const char* text, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, text);
  std::abort();
}

}  // namespace ringside
