// Owns how a secret enters a process: environment, file or systemd credential, never an argument.
// The text is not logged, shown or kept here. Any thread; allocates.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "ringside/base/config.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside {

namespace {

constexpr std::size_t secret_bytes_max = 4096;

Result<std::string> checked(std::string secret, const std::string& where) {
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty()) return Error{ErrorCode::config, 0, where + ": empty secret"};
  const bool is_printable =
      std::all_of(secret.begin(), secret.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (secret.size() > secret_bytes_max || !is_printable) {
    return Error{ErrorCode::config, 0,
                 where + ": a secret is up to 4096 printable ASCII characters without spaces"};
  }
  return secret;
}

Result<std::string> read_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::permission;
    return sys_error(code, "secret file " + path);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return sys_error(ErrorCode::io, "secret file " + path);
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::permission, 0, "secret file " + path + ": not a regular file"};
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{ErrorCode::permission, 0,
                 "secret file " + path + ": others may read it, needs mode 0600 or 0400"};
  }
  std::string text(secret_bytes_max + 2, '\0');
  std::size_t count = 0;
  while (count < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + count, text.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return sys_error(ErrorCode::io, "secret file " + path);
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  text.resize(count);
  return checked(std::move(text), "secret file " + path);
}

}  // namespace

Result<std::string> read_secret(std::string_view environment_name, const std::string& file,
                                std::string_view credential_name) {
  const std::string variable(environment_name);
  if (const char* const text = std::getenv(variable.c_str()); text != nullptr && text[0] != '\0') {
    return checked(text, "environment variable " + variable);
  }
  if (!file.empty()) return read_file(file);
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  const std::string credential =
      std::string(folder == nullptr ? "" : folder) + "/" + std::string(credential_name);
  if (folder != nullptr && ::access(credential.c_str(), F_OK) == 0) return read_file(credential);
  return Error{ErrorCode::not_found, 0,
               "no secret: neither the environment variable " + variable +
                   ", nor a key file in the configuration, nor the credential " +
                   std::string(credential_name)};
}

Result<std::string> read_feed_key(const Config& config, std::string_view feed) {
  const std::string prefix = "feed." + std::string(feed);
  const std::string vendor = config.text(prefix + ".vendor");
  const std::string own = environment_name(prefix + ".key");
  if (const char* const text = std::getenv(own.c_str()); text != nullptr && text[0] != '\0') {
    return read_secret(own, {}, {});
  }
  const std::string shared = environment_name(vendor + ".key");
  Result<std::string> key = read_secret(shared, config.text(prefix + ".key_file"), vendor + "-key");
  if (key || key.error().code != ErrorCode::not_found ||
      !config.text(prefix + ".key_file").empty()) {
    return key;
  }
  return Error{ErrorCode::not_found, 0,
               "feed " + std::string(feed) + " has no key: set " + own + " or " + shared + ", " +
                   prefix + ".key_file or the credential " + vendor + "-key, or " + prefix +
                   ".enabled = false"};
}

}  // namespace ringside
