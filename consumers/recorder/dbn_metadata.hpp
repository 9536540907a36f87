// Owns the head of a DBN file: its metadata as a value, encoded in version 3 and decoded from
// versions 1, 2 and 3. Off the path; allocates. Bytes found in a file are the world: every count is
// checked against what is there before anything is allocated for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dbn.hpp"
#include "ringside/base/result.hpp"

namespace ringside::recorder::dbn {

inline constexpr std::size_t prelude_bytes = 8;
inline constexpr std::size_t dataset_chars = 16;  // with its NUL
inline constexpr std::size_t metadata_fixed_bytes = 100;
inline constexpr std::size_t metadata_bytes_min = 120;  // without any symbol, prelude not counted
inline constexpr std::size_t metadata_bytes_max = std::size_t{256} << 20;  // a sane file's limit
inline constexpr std::size_t start_offset = 26;  // of `start` in the file, in every version
inline constexpr std::size_t end_offset = 34;    // of `end`
inline constexpr std::uint8_t version_written = 3;

/// `symbol` is what raw_symbol meant in [start_date, end_date), dates as decimal YYYYMMDD.
struct MappingInterval {
  std::uint32_t start_date = 0;
  std::uint32_t end_date = 0;
  std::string symbol;
};

struct SymbolMapping {
  std::string raw_symbol;
  std::vector<MappingInterval> intervals;
};

struct Metadata {
  std::uint8_t version = version_written;
  std::string dataset;  // at most 15 characters
  Schema schema = Schema::mixed;
  std::uint64_t start = ts_null;
  std::uint64_t end = ts_null;  // exclusive; ts_null while the file is open
  std::uint64_t limit = 0;
  Stype stype_in = Stype::raw_symbol;
  Stype stype_out = Stype::instrument_id;
  bool ts_out = false;
  std::vector<std::string> symbols;
  std::vector<std::string> partial;
  std::vector<std::string> not_found;
  std::vector<SymbolMapping> mappings;
};

/// Prelude and metadata as version 3 writes them, padded so that the first record is aligned to 8.
///
/// Errors  internal: a text too long for its field (names it).
[[nodiscard]] Result<std::vector<std::byte>> encode_metadata(const Metadata& metadata);

/// The prelude alone: which version, and how many bytes of metadata follow it.
struct Prelude {
  std::uint8_t version = 0;
  std::size_t metadata_bytes = 0;
};

/// Reads the first bytes of a file.
///
/// Shapes  bytes: at least prelude_bytes of them, else `protocol` (cut short).
/// Errors  protocol: not DBN, legacy DBZ, or compressed (each says which); metadata length below
///         100 or beyond metadata_bytes_max. version: a version that is not 1, 2 or 3.
[[nodiscard]] Result<Prelude> decode_prelude(std::span<const std::byte> bytes);

/// Reads what follows the prelude.
///
/// Shapes  bytes: exactly prelude.metadata_bytes of them.
/// Errors  protocol: a count beyond the bytes that are there, text without its end, a schema
///         definition (nobody writes one); names the field and both numbers.
[[nodiscard]] Result<Metadata> decode_metadata(const Prelude& prelude,
                                               std::span<const std::byte> bytes);

}  // namespace ringside::recorder::dbn
