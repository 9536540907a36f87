// Owns the vendor's JSON text of one event: key order as seen live, omissions, number forms. Any
// thread; no allocation.
#pragma once

#include <cstddef>
#include <string_view>

#include "sim/event.hpp"

namespace ringside::sim {

/// No event is longer: 24 numbers at most, the keys, and a symbol of up to symbol_chars_max.
inline constexpr std::size_t event_chars_max = 768;
inline constexpr std::size_t symbol_chars_max = 64;

/// Writes one JSON object, without a comma, at `out` (room: event_chars_max).
///
/// Shapes  symbol: up to symbol_chars_max, no character that JSON escapes.
/// Cost    about 100 ns; no allocation.
/// Source  docs/simulator.md, "Event text".
/// Returns the first byte after the object.
[[nodiscard]] char* format_event(char* out, const Event& event, std::string_view symbol) noexcept;

}  // namespace ringside::sim
