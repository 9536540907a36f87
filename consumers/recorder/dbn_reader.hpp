// Owns reading DBN files, versions 1 to 3: the head, then one record after another in bounded
// memory. For recovery at start, tests and tools; off the path. Reads a file that is still being
// written, and stops at the last whole record of one that was cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dbn.hpp"
#include "dbn_metadata.hpp"
#include "ringside/base/result.hpp"

namespace ringside::recorder::dbn {

enum class NextRecord : std::uint8_t {
  record,     // one whole record
  end,        // the bytes end between two records
  truncated,  // the bytes end inside a record: a cut file, or one that is being written
  bad,        // a record that cannot be: length below its header, or below what its type needs
};

/// A record where it lies; good until the next call of the reader that returned it.
struct RecordView {
  RecordHeader header{};
  std::span<const std::byte> bytes;  // the whole record, header included, without ts_out
  std::uint64_t ts_out = ts_null;

  /// A copy as T: records of version 1 and 2 are not aligned. The caller has looked at the rtype.
  template <class T>
  [[nodiscard]] T as() const noexcept {
    T value{};
    std::memcpy(&value, bytes.data(), bytes.size() < sizeof(T) ? bytes.size() : sizeof(T));
    return value;
  }
};

/// Takes the record at the front of `bytes`. Never reads beyond them, never returns a record of
/// fewer than 16 bytes, so that a loop over it always ends.
///
/// Shapes  consumed: set with `record` only; at least 16.
[[nodiscard]] NextRecord take_record(std::span<const std::byte> bytes, unsigned version,
                                     bool has_ts_out, RecordView& out,
                                     std::size_t& consumed) noexcept;

/// Reads one file from front to back with a buffer of fixed size.
class DbnReader {
 public:
  /// Errors  not_found, io: cannot be opened or read; protocol, version: see decode_prelude.
  [[nodiscard]] static Result<DbnReader> open(const std::string& path);

  DbnReader(DbnReader&& other) noexcept;
  DbnReader& operator=(DbnReader&& other) = delete;
  DbnReader(const DbnReader&) = delete;
  DbnReader& operator=(const DbnReader&) = delete;
  ~DbnReader();

  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }

  /// The next record of a known type; others are skipped and counted.
  /// Errors  io: the file cannot be read; protocol: a record that cannot be (names the offset).
  [[nodiscard]] Result<NextRecord> next(RecordView& out);

  /// Where the next record begins: after `end` or `truncated`, the bytes of the file that are good.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t unknown_count() const noexcept { return unknown_count_; }

 private:
  DbnReader(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  [[nodiscard]] Status read_head();
  [[nodiscard]] Result<bool> refill();

  int fd_;
  std::string path_;
  Metadata metadata_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;  // [begin_, end_) of buffer_ is read and not yet taken
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t unknown_count_ = 0;
};

}  // namespace ringside::recorder::dbn
