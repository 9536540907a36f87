// Owns the terminal while a page is redrawn in place. Main thread; allocates.
#include "screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "ringside/base/process.hpp"

namespace ringside::cli {

namespace {

void write_all(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t done = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;  // the terminal is gone: the next stop check ends the loop
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace

Screen::Screen() {
  // Alternate screen, cleared, without cursor and without wrapping at the right edge.
  write_all("\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?7l");
  has_keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (!has_keys_) return;
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VSUSP] = _POSIX_VDISABLE;  // a stopped page would leave the terminal behind in pieces
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

Screen::~Screen() {
  write_all("\x1b[?7h\x1b[?25h\x1b[?1049l");
  if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool Screen::is_terminal() noexcept {
  return ::isatty(STDOUT_FILENO) == 1;
}

void Screen::draw(const std::vector<std::string>& lines) {
  winsize size{};
  std::size_t rows = 24;
  std::size_t columns = 80;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    rows = size.ws_row;
    columns = size.ws_col;
  }
  write_all(page_bytes(lines, rows, columns));
}

char Screen::wait_key(std::int64_t timeout_ms) noexcept {
  if (!has_keys_) {
    [[maybe_unused]] const bool is_stopped = wait_stop(timeout_ms);  // the caller asks itself
    return 0;
  }
  pollfd wanted[2] = {{STDIN_FILENO, POLLIN, 0}, {stop_fd(), POLLIN, 0}};
  if (::poll(wanted, 2, static_cast<int>(timeout_ms)) <= 0 || wanted[0].revents == 0) return 0;
  char key = 0;
  if (::read(STDIN_FILENO, &key, 1) == 1) return key;
  has_keys_ = false;  // standard input has ended; the page lives on
  return 0;
}

std::string page_bytes(const std::vector<std::string>& lines, std::size_t rows,
                       std::size_t columns) {
  std::string out = "\x1b[H";  // home; each line then overwrites what stood there
  const std::size_t shown = std::min(lines.size(), rows);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_cut = i + 1 == rows && lines.size() > rows;
    const std::string more = "... " + std::to_string(lines.size() - i) + " more lines";
    out += (is_cut ? more : lines[i]).substr(0, columns);
    out += "\x1b[K";                  // clear to the end of the line
    if (i + 1 < rows) out += "\r\n";  // never behind the last row: that would scroll
  }
  out += "\x1b[J";  // clear what a longer page left below
  return out;
}

}  // namespace ringside::cli
