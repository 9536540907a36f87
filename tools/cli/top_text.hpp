// Owns how `ringside top` looks: lines for a terminal, one object for a program. Pure functions of
// the samples; allocate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "top_sample.hpp"

namespace ringside::cli {

/// The page, most important first, without newlines; the caller cuts it to the screen.
[[nodiscard]] std::vector<std::string> top_lines(const std::vector<FeedPair>& pairs,
                                                 std::string_view run_dir, std::uint64_t ts_ns);

/// One JSON object on one line.
[[nodiscard]] std::string top_json(const std::vector<FeedPair>& pairs, std::string_view run_dir,
                                   std::uint64_t ts_ns);

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t value);

/// A duration for people: "850 ns", "12.3 us", "4.56 ms", "7.8 s", "2h05m".
[[nodiscard]] std::string duration_text(std::uint64_t ns);

}  // namespace ringside::cli
