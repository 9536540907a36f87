#include "vendor/massive/resync.hpp"

namespace ringside::feed::massive {

namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// One past the closing quote of the string that begins at `at`; 0 when it stays open.
std::size_t end_of_string(std::string_view frame, std::size_t at) noexcept {
  for (++at; at < frame.size(); ++at) {
    if (frame[at] == '"') return at + 1;
    if (frame[at] == '\\') ++at;
  }
  return 0;
}

bool may_precede_event(std::string_view frame, std::size_t brace) noexcept {
  while (brace > 0 && is_blank(frame[brace - 1])) --brace;
  if (brace == 0) return true;
  constexpr std::string_view before = ",]}";
  return before.find(frame[brace - 1]) != std::string_view::npos;
}

}  // namespace

std::size_t skip_blanks(std::string_view frame, std::size_t at) noexcept {
  while (at < frame.size() && is_blank(frame[at])) ++at;
  return at;
}

Cut cut_object(std::string_view frame, std::size_t at) noexcept {
  std::uint64_t stack = 0;  // one bit a level, innermost lowest: 1 is an object
  int depth = 0;
  while (at < frame.size()) {
    const char c = frame[at];
    if (c == '"') {
      at = end_of_string(frame, at);
      if (at == 0) return {CutStatus::open_string, frame.size()};
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      if (depth == nesting_max) return {CutStatus::too_deep, at};
      stack = stack << 1 | static_cast<std::uint64_t>(c == '{');
      ++depth;
    } else if (c == '}' || c == ']') {
      if ((stack & 1) != static_cast<std::uint64_t>(c == '}')) return {CutStatus::mismatched, at};
      stack >>= 1;
      if (--depth == 0) return {CutStatus::whole, at};
    }
  }
  return {CutStatus::open, frame.size()};
}

std::size_t find_object(std::string_view frame, std::size_t from) noexcept {
  for (std::size_t at = frame.find('{', from); at < frame.size(); at = frame.find('{', at + 1)) {
    const std::size_t next = skip_blanks(frame, at + 1);
    if (next < frame.size() && frame[next] == '"' && may_precede_event(frame, at)) return at;
  }
  return frame.size();
}

}  // namespace ringside::feed::massive
