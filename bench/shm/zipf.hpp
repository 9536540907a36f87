// Owns which symbols a benchmark's events are of: uniform, or Zipf (the k-th most active symbol has
// 1/k of the first one's share). Seeded; hot symbols lie scattered over the ids. Benchmarks only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

namespace ringside::bench {

enum class Spread : std::uint8_t { uniform, zipf };

[[nodiscard]] constexpr std::string_view to_string(Spread spread) noexcept {
  return spread == Spread::zipf ? "Zipf" : "uniform";
}

/// `count` instrument ids below `symbols`.
[[nodiscard]] inline std::vector<std::uint32_t> make_ids(Spread spread, std::uint32_t symbols,
                                                         std::size_t count) {
  std::mt19937_64 random(17);
  std::vector<std::uint32_t> place(symbols);
  std::iota(place.begin(), place.end(), 0U);
  std::shuffle(place.begin(), place.end(), random);
  std::vector<double> up_to(symbols);
  double sum = 0;
  for (std::uint32_t k = 0; k < symbols; ++k) {
    sum += spread == Spread::zipf ? 1.0 / (k + 1.0) : 1.0;
    up_to[k] = sum;
  }
  std::uniform_real_distribution<double> draw(0, sum);
  std::vector<std::uint32_t> ids(count);
  for (std::uint32_t& id : ids) {
    const auto at = std::lower_bound(up_to.begin(), up_to.end(), draw(random)) - up_to.begin();
    id = place[std::min<std::size_t>(static_cast<std::size_t>(at), symbols - 1)];
  }
  return ids;
}

}  // namespace ringside::bench
