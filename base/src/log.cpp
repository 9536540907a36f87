// Owns the one spdlog logger. spdlog and fmt may throw; what they throw ends here. Any thread.
#include "ringside/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace ringside::log {

namespace {

constexpr spdlog::level::level_enum levels[] = {spdlog::level::trace, spdlog::level::debug,
                                                spdlog::level::info, spdlog::level::warn,
                                                spdlog::level::err};

std::shared_ptr<spdlog::logger> make_logger(std::string_view role) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto made = std::make_shared<spdlog::logger>(std::string(role), std::move(sink));
  made->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %L %n: %v", spdlog::pattern_time_type::utc);
  return made;
}

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = make_logger("ringside");
  return instance;
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) noexcept {
  if (text == "trace") return Level::trace;
  if (text == "debug") return Level::debug;
  if (text == "info") return Level::info;
  if (text == "warn") return Level::warn;
  if (text == "error") return Level::error;
  return std::nullopt;
}

void init(std::string_view role, Level level) {
  logger() = make_logger(role);
  logger()->set_level(levels[static_cast<std::size_t>(level)]);
}

bool is_enabled(Level level) noexcept {
  return logger()->should_log(levels[static_cast<std::size_t>(level)]);
}

void write(Level level, fmt::string_view format, fmt::format_args args) noexcept {
  try {
    std::string text = fmt::vformat(format, args);
    for (char& c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f) c = '?';
    }
    logger()->log(levels[static_cast<std::size_t>(level)], text);
  } catch (...) {
    // Out of memory while making a line: the line is lost, the process is not.
  }
}

}  // namespace ringside::log
