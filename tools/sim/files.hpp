// Owns small whole files of the run-time folder: read, replaced at once, the simulator's key. Off
// the path; allocates.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "ringside/base/result.hpp"

namespace ringside::sim {

/// The whole file, up to a mebibyte.  Errors  not_found, io; both name the file.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

/// Replaces the file in one step: nobody ever sees half of it.  Errors  io: names the file.
[[nodiscard]] Status write_file(const std::string& path, std::string_view text, mode_t mode);

/// What clients of a running simulator need to know, under <run_dir>/sim.
struct SimPaths {
  explicit SimPaths(const std::string& run_dir) : dir(run_dir + "/sim") {}
  std::string dir;
  std::string ca = dir + "/ca.pem";
  std::string key = dir + "/key";          // the API key, one line, mode 0600
  std::string port = dir + "/port";        // the TCP port, one line, there once it listens
  std::string control = dir + "/control";  // unix socket, see `ringside sim --help`
  std::string lock = dir + "/lock";
};

/// The API key: `configured` if it is not empty, else the one of an earlier start, else a new
/// random one. It then stands in paths.key.  Errors  io.
[[nodiscard]] Result<std::string> ensure_key(const SimPaths& paths, const std::string& configured);

}  // namespace ringside::sim
