// Owns what this build calls itself. Constant data.
#pragma once

#include <string_view>

namespace ringside {

[[nodiscard]] std::string_view version_text() noexcept;  // "0.1.0"
[[nodiscard]] std::string_view
commit_text() noexcept;  // "58398fa1c2d3", "-dirty" behind it; "unknown"
[[nodiscard]] std::string_view compiler_text() noexcept;    // "g++ 12.2.0"
[[nodiscard]] std::string_view build_type_text() noexcept;  // "Debug"

}  // namespace ringside
