// Owns putting bars together: from the bars in memory to windows of the asked length. Integers
// only. Pure functions; allocate for what they return.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ringside/shm/ring.hpp"

namespace ringside::gateway {

struct Timespan {
  std::string_view name = {};
  shm::Kind kind = shm::Kind::none;
  std::uint64_t window_ns = 0;
};

/// second, minute, hour, day.
[[nodiscard]] std::optional<Timespan> parse_timespan(std::string_view name) noexcept;

/// "1698345678123" (ms) or "2018-01-02" (UTC midnight, or the day's end with `is_end`) as ns.
[[nodiscard]] std::optional<std::uint64_t> parse_time(std::string_view text, bool is_end) noexcept;

/// The bars of that kind in a ring, oldest first; of several for one window the latest.
[[nodiscard]] std::vector<shm::BarRecord> read_bars(const shm::RingView<shm::BarRecord>& ring,
                                                    shm::Kind kind);

/// Joins bars into windows of `window_ns`, aligned to 1970: open of the first, close of the last,
/// volumes added, VWAP weighted by volume and rounded half up. A window without bars is not there.
[[nodiscard]] std::vector<shm::BarRecord> join_bars(const std::vector<shm::BarRecord>& bars,
                                                    std::uint64_t window_ns);

}  // namespace ringside::gateway
