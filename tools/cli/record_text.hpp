// Owns how a record looks to a person and to a program that reads JSON lines. Off the path;
// allocates. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringside/base/json_writer.hpp"
#include "ringside/shm/layout.hpp"
#include "ringside/shm/record.hpp"

namespace ringside::cli {

/// Where a record came from, which it does not say itself.
struct RecordContext {
  std::string_view feed = {};
  std::string_view symbol = {};
  std::uint64_t sequence = 0;  // in its ring
  std::uint32_t venue_base = 0;
  unsigned size_digits = 6;  // -size_exponent
};

/// "2025-01-02T14:30:00.123456789Z"; "-" for an absent instant.
[[nodiscard]] std::string instant_text(std::uint64_t ts_ns);

/// Exact price, "-" when absent.
[[nodiscard]] std::string price_text(std::int64_t price);
[[nodiscard]] std::string size_text(std::int64_t size, unsigned digits);

/// One line without a newline.
[[nodiscard]] std::string record_text(const shm::TickRecord& record, const RecordContext& context);
[[nodiscard]] std::string record_text(const shm::BarRecord& record, const RecordContext& context);

/// One object. Units: prices and sizes are exact decimal numbers; instants and trade ids, which do
/// not fit a double, are texts of integers (ns UTC); absent values are null.
void write_record(JsonWriter& json, const shm::TickRecord& record, const RecordContext& context);
void write_record(JsonWriter& json, const shm::BarRecord& record, const RecordContext& context);

}  // namespace ringside::cli
