#include "dbn_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ringside::recorder::dbn {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;
static_assert(buffer_bytes > 4 * record_bytes_max);

/// Reads up to out.size() bytes; fewer only at the end of the file.
Result<std::size_t> read_some(int fd, std::span<std::byte> out, const std::string& path) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::read(fd, out.data() + done, out.size() - done);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return sys_error(ErrorCode::io, "cannot read " + path);
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Error in_file(const Error& error, const std::string& path) {
  return {error.code, error.sys_errno, path + ": " + error.what};
}

}  // namespace

NextRecord take_record(std::span<const std::byte> bytes, unsigned version, bool has_ts_out,
                       RecordView& out, std::size_t& consumed) noexcept {
  if (bytes.empty()) return NextRecord::end;
  const std::size_t length = std::to_integer<std::size_t>(bytes[0]) * length_multiplier;
  const std::size_t ts_out_bytes = has_ts_out ? sizeof(std::uint64_t) : 0;
  if (length < sizeof(RecordHeader) + ts_out_bytes) return NextRecord::bad;
  if (bytes.size() < length) return NextRecord::truncated;
  std::memcpy(&out.header, bytes.data(), sizeof(RecordHeader));
  out.bytes = bytes.first(length - ts_out_bytes);
  if (out.bytes.size() < record_bytes(out.header.rtype, version)) return NextRecord::bad;
  out.ts_out = ts_null;
  if (has_ts_out) {
    std::memcpy(&out.ts_out, bytes.data() + out.bytes.size(), sizeof(std::uint64_t));
  }
  consumed = length;
  return NextRecord::record;
}

DbnReader::DbnReader(DbnReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      metadata_(std::move(other.metadata_)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_),
      offset_(other.offset_),
      unknown_count_(other.unknown_count_) {}

DbnReader::~DbnReader() {
  if (fd_ >= 0) ::close(fd_);
}

Result<DbnReader> DbnReader::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return sys_error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, "cannot open " + path);
  }
  DbnReader reader(fd, path);
  if (auto status = reader.read_head(); !status) return in_file(status.error(), path);
  return reader;
}

Status DbnReader::read_head() {
  std::array<std::byte, prelude_bytes> front{};
  auto got = read_some(fd_, front, path_);
  if (!got) return got.error();
  auto prelude = decode_prelude(std::span<const std::byte>(front).first(*got));
  if (!prelude) return prelude.error();
  // Read in pieces: a length that lies must not make us allocate what is not there.
  std::vector<std::byte> body;
  while (body.size() < prelude->metadata_bytes) {
    const std::size_t at = body.size();
    const std::size_t want = std::min(buffer_bytes, prelude->metadata_bytes - at);
    body.resize(at + want);
    got = read_some(fd_, std::span(body).subspan(at), path_);
    if (!got) return got.error();
    if (*got < want) {
      return Error{ErrorCode::protocol, 0,
                   "dbn: metadata of " + std::to_string(prelude->metadata_bytes) +
                       " bytes is cut after " + std::to_string(at + *got)};
    }
  }
  auto metadata = decode_metadata(*prelude, body);
  if (!metadata) return metadata.error();
  metadata_ = std::move(*metadata);
  offset_ = prelude_bytes + prelude->metadata_bytes;
  buffer_.resize(buffer_bytes);
  return {};
}

Result<bool> DbnReader::refill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  auto got = read_some(fd_, std::span(buffer_).subspan(end_), path_);
  if (!got) return got.error();
  end_ += *got;
  return *got > 0;
}

Result<NextRecord> DbnReader::next(RecordView& out) {
  for (;;) {
    std::size_t consumed = 0;
    const auto rest = std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
    const NextRecord what = take_record(rest, metadata_.version, metadata_.ts_out, out, consumed);
    if (what == NextRecord::record) {
      begin_ += consumed;
      offset_ += consumed;
      if (record_bytes(out.header.rtype, metadata_.version) != 0) return what;
      ++unknown_count_;
      continue;
    }
    if (what == NextRecord::bad) {
      return Error{ErrorCode::protocol, 0,
                   path_ + ": bad record at offset " + std::to_string(offset_) + ": length " +
                       std::to_string(std::to_integer<std::size_t>(rest[0]) * length_multiplier) +
                       " bytes"};
    }
    auto more = refill();
    if (!more) return more.error();
    if (!*more) return what;
  }
}

}  // namespace ringside::recorder::dbn
