#include "dbn_metadata.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace ringside::recorder::dbn {
namespace {

constexpr std::size_t v1_reserved_bytes = 47;
constexpr std::size_t v3_reserved_bytes = 53;
constexpr std::size_t alignment = 8;

/// Appends little-endian numbers and padded text to a growing buffer.
class Out {
 public:
  template <class T>
  void number(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
  }
  void text(std::string_view value, std::size_t width) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + width);
    std::memcpy(bytes_.data() + at, value.data(), std::min(value.size(), width));
  }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  void patch(std::size_t at, std::uint32_t value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
  }
  [[nodiscard]] std::vector<std::byte> take() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

Status check_text(std::string_view field, std::string_view value, std::size_t width) {
  const bool fits = value.size() < width && value.find('\0') == std::string_view::npos;
  if (fits) return {};
  return Error{ErrorCode::internal, 0,
               "dbn metadata: " + std::string(field) + " '" + std::string(value) + "' has " +
                   std::to_string(value.size()) + " characters, at most " +
                   std::to_string(width - 1) + " fit"};
}

Status check_texts(const Metadata& metadata) {
  if (auto status = check_text("dataset", metadata.dataset, dataset_chars); !status) return status;
  for (const auto* list : {&metadata.symbols, &metadata.partial, &metadata.not_found}) {
    for (const std::string& symbol : *list) {
      if (auto status = check_text("symbol", symbol, symbol_chars); !status) return status;
    }
  }
  for (const SymbolMapping& mapping : metadata.mappings) {
    if (auto status = check_text("symbol", mapping.raw_symbol, symbol_chars); !status) {
      return status;
    }
    for (const MappingInterval& interval : mapping.intervals) {
      if (auto status = check_text("symbol", interval.symbol, symbol_chars); !status) return status;
    }
  }
  return {};
}

void put_symbols(Out& out, const std::vector<std::string>& symbols) {
  out.number(static_cast<std::uint32_t>(symbols.size()));
  for (const std::string& symbol : symbols) out.text(symbol, symbol_chars);
}

void put_mappings(Out& out, const std::vector<SymbolMapping>& mappings) {
  out.number(static_cast<std::uint32_t>(mappings.size()));
  for (const SymbolMapping& mapping : mappings) {
    out.text(mapping.raw_symbol, symbol_chars);
    out.number(static_cast<std::uint32_t>(mapping.intervals.size()));
    for (const MappingInterval& interval : mapping.intervals) {
      out.number(interval.start_date);
      out.number(interval.end_date);
      out.text(interval.symbol, symbol_chars);
    }
  }
}

/// Takes numbers and text from the front of a buffer; the first thing that is not there is kept as
/// the error, and everything after it reads as empty.
class In {
 public:
  explicit In(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  [[nodiscard]] T number(std::string_view field) {
    T value{};
    if (!need(field, sizeof(T))) return value;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }
  [[nodiscard]] std::string text(std::string_view field, std::size_t width) {
    if (!need(field, width)) return {};
    std::string value(width, '\0');
    std::memcpy(value.data(), bytes_.data(), width);
    bytes_ = bytes_.subspan(width);
    const std::size_t length = value.find('\0');
    if (length == std::string::npos) {
      fail(std::string(field) + " has no end within its " + std::to_string(width) + " bytes");
      return {};
    }
    value.resize(length);
    return value;
  }
  void skip(std::string_view field, std::size_t count) {
    if (need(field, count)) bytes_ = bytes_.subspan(count);
  }
  /// A count of elements of at least `bytes_each`; 0 and an error when they cannot all be there.
  [[nodiscard]] std::uint32_t count(std::string_view field, std::size_t bytes_each) {
    const auto value = number<std::uint32_t>(field);
    if (value <= bytes_.size() / bytes_each) return value;
    fail(std::string(field) + " counts " + std::to_string(value) + " elements of at least " +
         std::to_string(bytes_each) + " bytes, " + std::to_string(bytes_.size()) +
         " bytes are left");
    return 0;
  }
  void fail(std::string what) {
    if (!error_) error_ = Error{ErrorCode::protocol, 0, "dbn metadata: " + std::move(what)};
  }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  [[nodiscard]] bool need(std::string_view field, std::size_t count) {
    if (error_) return false;
    if (bytes_.size() >= count) return true;
    fail(std::string(field) + " needs " + std::to_string(count) + " bytes, " +
         std::to_string(bytes_.size()) + " are left");
    return false;
  }

  std::span<const std::byte> bytes_;
  std::optional<Error> error_;
};

std::vector<std::string> take_symbols(In& in, std::string_view field, std::size_t chars) {
  const std::uint32_t count = in.count(field, chars);
  std::vector<std::string> symbols;
  symbols.reserve(count);
  for (std::uint32_t i = 0; i < count && !in.error(); ++i) symbols.push_back(in.text(field, chars));
  return symbols;
}

std::vector<SymbolMapping> take_mappings(In& in, std::size_t chars) {
  const std::uint32_t count = in.count("mappings", chars + sizeof(std::uint32_t));
  std::vector<SymbolMapping> mappings;
  mappings.reserve(count);
  for (std::uint32_t i = 0; i < count && !in.error(); ++i) {
    SymbolMapping& mapping = mappings.emplace_back();
    mapping.raw_symbol = in.text("raw_symbol", chars);
    const std::uint32_t intervals = in.count("intervals", 2 * sizeof(std::uint32_t) + chars);
    mapping.intervals.reserve(intervals);
    for (std::uint32_t k = 0; k < intervals && !in.error(); ++k) {
      MappingInterval& interval = mapping.intervals.emplace_back();
      interval.start_date = in.number<std::uint32_t>("start_date");
      interval.end_date = in.number<std::uint32_t>("end_date");
      interval.symbol = in.text("mapped symbol", chars);
    }
  }
  return mappings;
}

}  // namespace

Result<std::vector<std::byte>> encode_metadata(const Metadata& metadata) {
  if (auto status = check_texts(metadata); !status) return status.error();
  Out out;
  out.text("DBN", 3);
  out.number(version_written);
  out.number(std::uint32_t{0});  // the length, patched below
  out.text(metadata.dataset, dataset_chars);
  out.number(metadata.schema);
  out.number(metadata.start);
  out.number(metadata.end);
  out.number(metadata.limit);
  out.number(metadata.stype_in);
  out.number(metadata.stype_out);
  out.number(static_cast<std::uint8_t>(metadata.ts_out ? 1 : 0));
  out.number(static_cast<std::uint16_t>(symbol_chars));
  out.zeros(v3_reserved_bytes);
  RINGSIDE_ASSERT(out.size() == prelude_bytes + metadata_fixed_bytes);
  out.number(std::uint32_t{0});  // no schema definition
  put_symbols(out, metadata.symbols);
  put_symbols(out, metadata.partial);
  put_symbols(out, metadata.not_found);
  put_mappings(out, metadata.mappings);
  out.zeros((alignment - out.size() % alignment) % alignment);
  out.patch(4, static_cast<std::uint32_t>(out.size() - prelude_bytes));
  return std::move(out).take();
}

Result<Prelude> decode_prelude(std::span<const std::byte> bytes) {
  const auto refuse = [](std::string what) {
    return Error{ErrorCode::protocol, 0, "dbn: " + std::move(what)};
  };
  if (bytes.size() < prelude_bytes) {
    return refuse("file ends after " + std::to_string(bytes.size()) + " bytes, a prelude has 8");
  }
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof(word));
  // A skippable zstd frame as the first frame is how the legacy DBZ format starts.
  if ((word & 0xFFFF'FFF0U) == 0x184D'2A50U) {
    return refuse("this is a legacy DBZ file; convert it to DBN first");
  }
  if (word == 0xFD2F'B528U) return refuse("this file is compressed with zstd; decompress it first");
  if (std::memcmp(bytes.data(), "DBN", 3) != 0) return refuse("no DBN magic at offset 0");
  Prelude prelude;
  prelude.version = static_cast<std::uint8_t>(bytes[3]);
  if (prelude.version == 0) return refuse("this is a legacy DBZ file; convert it to DBN first");
  if (prelude.version > version_written) {
    return Error{ErrorCode::version, 0,
                 "dbn: version " + std::to_string(prelude.version) +
                     " is not known, versions 1 to 3 are read"};
  }
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 4, sizeof(length));
  if (length < metadata_fixed_bytes || length > metadata_bytes_max) {
    return refuse("metadata length " + std::to_string(length) + " is not within " +
                  std::to_string(metadata_fixed_bytes) + " and " +
                  std::to_string(metadata_bytes_max));
  }
  prelude.metadata_bytes = length;
  return prelude;
}

Result<Metadata> decode_metadata(const Prelude& prelude, std::span<const std::byte> bytes) {
  RINGSIDE_ASSERT(bytes.size() == prelude.metadata_bytes);
  In in(bytes);
  Metadata metadata;
  metadata.version = prelude.version;
  metadata.dataset = in.text("dataset", dataset_chars);
  metadata.schema = static_cast<Schema>(in.number<std::uint16_t>("schema"));
  metadata.start = in.number<std::uint64_t>("start");
  metadata.end = in.number<std::uint64_t>("end");
  metadata.limit = in.number<std::uint64_t>("limit");
  if (prelude.version == 1) in.skip("record_count", sizeof(std::uint64_t));
  metadata.stype_in = static_cast<Stype>(in.number<std::uint8_t>("stype_in"));
  metadata.stype_out = static_cast<Stype>(in.number<std::uint8_t>("stype_out"));
  metadata.ts_out = in.number<std::uint8_t>("ts_out") != 0;
  std::size_t chars = symbol_chars_v1;
  if (prelude.version > 1) chars = in.number<std::uint16_t>("symbol_cstr_len");
  in.skip("reserved", prelude.version == 1 ? v1_reserved_bytes : v3_reserved_bytes);
  if (chars == 0 && !in.error()) in.fail("symbol_cstr_len is 0");
  chars = std::max<std::size_t>(chars, 1);
  const auto definition = in.number<std::uint32_t>("schema_definition_length");
  if (definition != 0 && !in.error()) {
    in.fail("schema_definition_length is " + std::to_string(definition) + ", only 0 is defined");
  }
  metadata.symbols = take_symbols(in, "symbols", chars);
  metadata.partial = take_symbols(in, "partial", chars);
  metadata.not_found = take_symbols(in, "not_found", chars);
  metadata.mappings = take_mappings(in, chars);
  if (in.error()) return *in.error();
  return metadata;
}

}  // namespace ringside::recorder::dbn
