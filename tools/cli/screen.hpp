// Owns the terminal while a page is redrawn in place: alternate screen, no cursor, keys unbuffered.
// Everything is put back when the object goes. Main thread; allocates.
#pragma once

#include <termios.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::cli {

class Screen {
 public:
  Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  /// Is standard output a terminal that can be redrawn?
  [[nodiscard]] static bool is_terminal() noexcept;

  /// Replaces the page in one write, each line cut to the screen: no blink, no scrolling.
  void draw(const std::vector<std::string>& lines);

  /// Waits up to `timeout_ms` for a key; 0: none came (or a stop was asked for).
  [[nodiscard]] char wait_key(std::int64_t timeout_ms) noexcept;

 private:
  termios before_{};
  bool has_keys_ = false;
};

/// The bytes that draw `lines` on a screen of that size (public for its test).
[[nodiscard]] std::string page_bytes(const std::vector<std::string>& lines, std::size_t rows,
                                     std::size_t columns);

}  // namespace ringside::cli
