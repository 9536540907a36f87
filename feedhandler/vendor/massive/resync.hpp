// Owns where events begin and end in a frame that is not whole JSON: enough of the grammar
// (strings, brackets) to cut one event out, and a guess where the next one starts when a fault
// hides it. No allocation; a feed's thread, and only for frames with a fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside::feed::massive {

/// Events nested deeper than this are refused, here and in the decoder.
inline constexpr int nesting_max = 32;

enum class CutStatus : std::uint8_t {
  whole,        // brackets match: [at, end) is one object
  open,         // the frame ends first
  open_string,  // the frame ends inside a string, or a quote too many made it seem so
  mismatched,   // a bracket closes what was not opened
  too_deep,
};

struct Cut {
  CutStatus status = CutStatus::open;
  std::size_t end = 0;  // one past the last byte looked at
};

/// The extent of the object that begins at `at`, by brackets and quotes alone.
/// Shapes  frame[at] is '{'.
[[nodiscard]] Cut cut_object(std::string_view frame, std::size_t at) noexcept;

/// Where the next event may begin, at or behind `from`: a brace before a quote, neither a key's
/// value nor an array's first element. frame.size() when there is none.
[[nodiscard]] std::size_t find_object(std::string_view frame, std::size_t from) noexcept;

[[nodiscard]] std::size_t skip_blanks(std::string_view frame, std::size_t at) noexcept;

}  // namespace ringside::feed::massive
