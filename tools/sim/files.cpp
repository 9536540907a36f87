#include "sim/files.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "ringside/base/unique_fd.hpp"

namespace ringside::sim {

Result<std::string> read_file(const std::string& path) {
  constexpr std::size_t bytes_max = 1 << 20;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return sys_error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, "cannot open " + path);
  }
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return sys_error(ErrorCode::io, "cannot read " + path);
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) return Error{ErrorCode::io, 0, path + " is too large"};
  }
}

Status write_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // a leftover of a start that was killed here
  const UniqueFd file(
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return sys_error(ErrorCode::io, "cannot create " + fresh);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t put = ::write(file.get(), text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return sys_error(ErrorCode::io, "cannot write " + fresh);
    done += static_cast<std::size_t>(put);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    return sys_error(ErrorCode::io, "cannot rename " + fresh);
  }
  return {};
}

Result<std::string> ensure_key(const SimPaths& paths, const std::string& configured) {
  std::string key = configured;
  if (key.empty()) {
    const auto earlier = read_file(paths.key);
    if (earlier) key = earlier->substr(0, earlier->find('\n'));
    if (!key.empty()) return key;
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      return sys_error(ErrorCode::io, "cannot get random bytes for the simulator's key");
    }
    constexpr std::string_view digits = "0123456789abcdef";
    for (const unsigned char byte : bytes) {
      key += digits[byte >> 4];
      key += digits[byte & 15];
    }
  }
  const Status written = write_file(paths.key, key + "\n", 0600);
  if (!written) return written.error();
  return key;
}

}  // namespace ringside::sim
