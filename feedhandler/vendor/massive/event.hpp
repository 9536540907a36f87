// Owns the meaning of the vendor's events: one event's fields to one record. Knows no JSON, so any
// decoder can stand in front of it. No allocation; a feed's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "decoded.hpp"
#include "vendor/massive/fields.hpp"

namespace ringside::feed::massive {

/// What differs between two feeds of this vendor.
struct EventOptions {
  Market market = Market::stocks;
  std::uint32_t quote_size_multiplier = 1;  // shares or contracts per unit of bs and as
  std::uint8_t flags = 0;                   // set in every record: flag_delayed
};

/// Options venues have ids from here; a record holds the id less this.
inline constexpr std::uint32_t options_venue_base = 300;

[[nodiscard]] constexpr std::uint32_t venue_base(Market market) noexcept {
  return market == Market::options ? options_venue_base : 0;
}

enum class EventResult : std::uint8_t { taken, unknown, rejected };

struct EventOutcome {
  EventResult result = EventResult::taken;
  RejectReason reason = RejectReason::bad_json;  // rejected only
};

/// Converts one event. Counts it by kind, and `clipped` when a field did not fit.
///
/// Units   prices in nanos, sizes 1e-6, times ns UTC.
/// Errors  rejected: a needed field is missing or unusable; `out` then holds nothing of use.
[[nodiscard]] EventOutcome read_event(const Fields& fields, const EventOptions& options,
                                      std::uint64_t ts_recv, Decoded& out,
                                      DecodeCounts& counts) noexcept;

[[nodiscard]] StatusCode parse_status(std::string_view text) noexcept;

}  // namespace ringside::feed::massive
