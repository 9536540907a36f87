#include "sim/gz_lines.hpp"

#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringside::sim {
namespace {
constexpr std::size_t buffer_bytes = 262'144;
constexpr unsigned zlib_buffer_bytes = 131'072;
}  // namespace

void GzLines::Closer::operator()(gzFile_s* file) const noexcept {
  ::gzclose_r(file);
}

GzLines::GzLines(std::string path, gzFile_s* file)
    : path_(std::move(path)), file_(file), buffer_(buffer_bytes) {}

Result<GzLines> GzLines::open(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::io;
    return sys_error(code, "cannot open " + path);
  }
  if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode)) {
    return Error{ErrorCode::io, 0, path + " is not a file"};
  }
  gzFile_s* file = ::gzopen(path.c_str(), "rbe");
  if (file == nullptr) return sys_error(ErrorCode::io, "cannot open " + path);
  ::gzbuffer(file, zlib_buffer_bytes);
  return GzLines(path, file);
}

// Moves what is left to the front and reads more behind it. False: nothing more came.
bool GzLines::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const int got =
      ::gzread(file_.get(), buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
  int fault = Z_OK;
  const char* const text = ::gzerror(file_.get(), &fault);
  // A compressed file that ends early reads short without a negative count.
  if (got < 0 || fault == Z_BUF_ERROR || fault == Z_DATA_ERROR) {
    error_ = Error{ErrorCode::io, fault == Z_ERRNO ? errno : 0,
                   path_ + ":" + std::to_string(line_number_ + 1) +
                       ": cannot decompress: " + (text == nullptr ? "damaged" : text)};
  }
  if (got <= 0) {
    at_end_ = true;
    return false;
  }
  end_ += static_cast<std::size_t>(got);
  return true;
}

LineStatus GzLines::next(std::string_view& line) {
  bool is_too_long = false;
  std::size_t searched = 0;
  for (;;) {
    const char* const from = buffer_.data() + begin_;
    const void* const found = std::memchr(from + searched, '\n', end_ - begin_ - searched);
    if (found != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - from);
      begin_ += length + 1;
      ++line_number_;
      if (is_too_long || length > line_bytes_max) return LineStatus::too_long;
      line = std::string_view(from, length);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      return LineStatus::ok;
    }
    searched = end_ - begin_;
    if (searched > line_bytes_max) {  // drop it: only its end still matters
      is_too_long = true;
      begin_ = end_;
      searched = 0;
    }
    if (at_end_ || !fill()) break;
  }
  if (error_.code != ErrorCode::ok) return LineStatus::failed;
  if (begin_ == end_ && !is_too_long) return LineStatus::end;
  ++line_number_;
  line = std::string_view(buffer_.data() + begin_, end_ - begin_);
  begin_ = end_;
  if (is_too_long || line.size() > line_bytes_max) return LineStatus::too_long;
  if (line.back() == '\r') line.remove_suffix(1);
  return LineStatus::ok;
}

}  // namespace ringside::sim
