// Owns standard output as the verbs use it: text goes out, a closed pipe is noticed, nothing
// throws. Main thread.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace ringside::cli {

/// Appends to standard output's buffer; is_output_closed tells a failure.
inline void put(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

inline void put_line(std::string_view text) noexcept {
  put(text);
  put("\n");
}

inline void flush_output() noexcept {
  std::fflush(stdout);
}

/// `text` with control characters replaced: what other processes wrote cannot steer the terminal.
[[nodiscard]] inline std::string plain(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

/// Nobody reads any more (`ringside tail AAPL | head`).
[[nodiscard]] inline bool is_output_closed() noexcept {
  return std::ferror(stdout) != 0;
}

}  // namespace ringside::cli
