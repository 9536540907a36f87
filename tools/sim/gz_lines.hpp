// Owns reading a text file line by line, gzipped or plain. One thread; one buffer, no allocation
// per line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"

struct gzFile_s;  // zlib's own name; its header stays out of ours

namespace ringside::sim {

enum class [[nodiscard]] LineStatus : std::uint8_t{
    ok, end,
    too_long,  // longer than line_bytes_max: skipped, the next one follows
    failed,    // error() says why; nothing follows
};

class GzLines {
 public:
  static constexpr std::size_t line_bytes_max = 4096;

  /// Errors  not_found: no such file; io: it cannot be read. Both name the file.
  [[nodiscard]] static Result<GzLines> open(const std::string& path);

  /// The next line without its end ("\n" or "\r\n"), good until the next call.
  [[nodiscard]] LineStatus next(std::string_view& line);

  /// 1 for the first line, after next().
  [[nodiscard]] std::uint64_t line_number() const noexcept { return line_number_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// After failed: one line that names the file and the fault.
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  struct Closer {
    void operator()(gzFile_s* file) const noexcept;
  };

  GzLines(std::string path, gzFile_s* file);
  bool fill();

  std::string path_;
  std::unique_ptr<gzFile_s, Closer> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_number_ = 0;
  bool at_end_ = false;
  Error error_{ErrorCode::ok, 0, {}};
};

}  // namespace ringside::sim
