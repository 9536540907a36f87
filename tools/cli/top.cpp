// Owns `ringside top`: looks at every feed once an interval and shows it, on a terminal in place,
// elsewhere once. Main thread; allocates.
#include <algorithm>

#include "output.hpp"
#include "ringside/base/clock.hpp"
#include "ringside/base/process.hpp"
#include "screen.hpp"
#include "top_sample.hpp"
#include "top_text.hpp"
#include "verbs.hpp"

namespace ringside::cli {

namespace {

constexpr std::int64_t attach_ms = 100;  // how often the attachments are looked after

// Waits one interval while the attachments are kept; false: a stop or the key 'q'.
bool wait_interval(TopWatch& watch, Screen* screen, std::int64_t interval_ms) {
  const std::uint64_t end_ns =
      monotonic_ns() + static_cast<std::uint64_t>(interval_ms) * 1'000'000U;
  while (true) {
    const std::uint64_t now = monotonic_ns();
    if (stop_requested()) return false;
    if (now >= end_ns) return true;
    const auto left_ms = static_cast<std::int64_t>((end_ns - now) / 1'000'000U) + 1;
    const std::int64_t nap_ms = std::min(left_ms, attach_ms);
    if (screen == nullptr) {
      if (wait_stop(nap_ms)) return false;
    } else {
      const char key = screen->wait_key(nap_ms);
      if (key == 'q' || key == 'Q') return false;
    }
    watch.keep_attached();
  }
}

bool has_feed(const TopWatch& watch) {
  return std::any_of(watch.pairs().begin(), watch.pairs().end(),
                     [](const FeedPair& pair) { return pair.now.fault.empty(); });
}

Status no_feed(const TopWatch& watch) {
  if (!watch.pairs().empty()) {
    return Error{ErrorCode::not_found, 0,
                 "feed " + watch.pairs()[0].now.feed + ": " + watch.pairs()[0].now.fault};
  }
  return Error{ErrorCode::not_found, 0,
               "no feed runs in " + watch.run_dir() + " (ringside up starts them)"};
}

Status print_once(TopWatch& watch, const TopOptions& options) {
  watch.look();
  if (!has_feed(watch)) return no_feed(watch);
  if (!wait_interval(watch, nullptr, options.interval_ms)) return {};
  watch.look();
  if (options.is_json) {
    put_line(top_json(watch.pairs(), watch.run_dir(), wall_ns()));
  } else {
    for (const std::string& line : top_lines(watch.pairs(), watch.run_dir(), wall_ns())) {
      put_line(line);
    }
  }
  return {};
}

// One object a line, every interval.
Status print_json(TopWatch& watch, const TopOptions& options) {
  watch.look();
  while (!is_output_closed() && wait_interval(watch, nullptr, options.interval_ms)) {
    watch.look();
    put_line(top_json(watch.pairs(), watch.run_dir(), wall_ns()));
    flush_output();
  }
  return {};
}

Status draw(TopWatch& watch, const TopOptions& options) {
  Screen screen;
  do {
    watch.look();
    screen.draw(top_lines(watch.pairs(), watch.run_dir(), wall_ns()));
  } while (wait_interval(watch, &screen, options.interval_ms));
  return {};
}

}  // namespace

Status run_top(const Config& config, const TopOptions& options) {
  TopWatch watch(config.run_dir());
  if (options.is_once) return print_once(watch, options);
  if (options.is_json) return print_json(watch, options);
  return Screen::is_terminal() ? draw(watch, options) : print_once(watch, options);
}

}  // namespace ringside::cli
