// Owns log lines: one line each to standard error with time, level and role. A thin face of spdlog,
// so that no other room includes it. Any thread; allocates and may lock: never on the path.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringside::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };

[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

/// Lines below `level` are dropped; `role` is what the others begin with ("ringside-gateway").
/// Before the first call the level is info and the role "ringside". Not while other threads log.
void init(std::string_view role, Level level);

[[nodiscard]] bool is_enabled(Level level) noexcept;

/// Writes one line. Control characters become '?', so that a peer's bytes cannot forge a line.
void write(Level level, fmt::string_view format, fmt::format_args args) noexcept;

template <class... Args>
void trace(fmt::format_string<Args...> format, const Args&... args) noexcept {
  if (is_enabled(Level::trace)) write(Level::trace, format, fmt::make_format_args(args...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, const Args&... args) noexcept {
  if (is_enabled(Level::debug)) write(Level::debug, format, fmt::make_format_args(args...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, const Args&... args) noexcept {
  if (is_enabled(Level::info)) write(Level::info, format, fmt::make_format_args(args...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, const Args&... args) noexcept {
  if (is_enabled(Level::warn)) write(Level::warn, format, fmt::make_format_args(args...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, const Args&... args) noexcept {
  if (is_enabled(Level::error)) write(Level::error, format, fmt::make_format_args(args...));
}

}  // namespace ringside::log
