// Owns the vendor's numbers: JSON number text to integers of a power of ten, exactly, and its
// instants to nanoseconds. No double anywhere, no allocation; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringside::feed::massive {

enum class NumberStatus : std::uint8_t {
  ok,
  cut,       // digits beyond the scale were dropped (towards zero)
  overflow,  // larger than the scale can hold: value is 0
  bad,       // not a JSON number
};

struct Scaled {
  std::int64_t value = 0;
  NumberStatus status = NumberStatus::bad;
};

/// Reads JSON number text as value x 10^digits: "1.25", "12.0", "1.2e+01", "-3".
///
/// Shapes  text: the whole number, no blanks; digits: 0..18.
/// Errors  overflow beyond +-(2^63 - 2): the record's sentinel is never a value.
/// Cost    one pass over the text.
[[nodiscard]] Scaled parse_scaled(std::string_view text, unsigned digits) noexcept;

struct Instant {
  std::uint64_t ts_ns = 0;
  NumberStatus status = NumberStatus::bad;  // overflow: not between 1970 and 2262
};

/// Reads an instant whose unit shows in its magnitude: below 1e11 seconds, below 1e14 milliseconds,
/// below 1e17 microseconds, else nanoseconds (docs/vendor.md, "Times").
[[nodiscard]] Instant parse_instant(std::string_view text) noexcept;

}  // namespace ringside::feed::massive
