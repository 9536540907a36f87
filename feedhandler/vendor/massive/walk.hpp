// Owns the walk over one event's JSON: every byte of it is checked here, the values we know are put
// into Fields as text. simdjson checks a value only when it is read, so what nobody reads is read
// here too. No allocation; a feed's thread. Included by the decoder only.
#pragma once

#include <simdjson.h>

#include <cstdint>

#include "decoded.hpp"
#include "vendor/massive/fields.hpp"

namespace ringside::feed::massive {

enum class WalkResult : std::uint8_t {
  whole,      // valid JSON, all known values in fields
  duplicate,  // valid JSON, but a known key came twice
  bad,        // not valid JSON: the document cannot be used further
};

/// Reads one object to its end.
/// Errors  `error` of bad: simdjson's word for it, for the reject's reason.
[[nodiscard]] WalkResult walk_event(simdjson::ondemand::object& object, Fields& fields,
                                    DecodeCounts& counts, simdjson::error_code& error) noexcept;

}  // namespace ringside::feed::massive
