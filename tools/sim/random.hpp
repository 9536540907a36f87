// Owns the simulator's randomness: integers only, so that one seed gives the same market with every
// compiler. One thread; no allocation after construction.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace ringside::sim {

/// A 64-bit counter through a mixing function (SplitMix64): small state, one multiply pair a draw.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t word = state_;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
    return word ^ (word >> 31);
  }

  /// 0 .. bound-1, bound not 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }

  /// lowest .. highest, both included.
  [[nodiscard]] std::int64_t between(std::int64_t lowest, std::int64_t highest) noexcept {
    return lowest +
           static_cast<std::int64_t>(below(static_cast<std::uint64_t>(highest - lowest + 1)));
  }

  /// True `count` times in `of`.
  [[nodiscard]] bool chance(std::uint64_t count, std::uint64_t of) noexcept {
    return below(of) < count;
  }

  /// Roughly normal with mean 0 and standard deviation 1000: the sum of four uniform draws.
  [[nodiscard]] std::int64_t normal_milli() noexcept {
    const std::uint64_t word = next();
    std::int64_t sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 16) {
      sum += static_cast<std::int64_t>((word >> shift) & 0xffffU);
    }
    return (sum - 131'070) * 1000 / 37'837;
  }

 private:
  std::uint64_t state_;
};

/// Exponential waiting times by a table of quantiles, mean 1 as 65536.
class ExponentialTable {
 public:
  ExponentialTable() {
    for (std::size_t i = 0; i < quantiles_.size(); ++i) {
      const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(quantiles_.size());
      quantiles_[i] = static_cast<std::uint64_t>(std::llround(-std::log(share) * 65536.0));
    }
  }

  [[nodiscard]] std::uint64_t draw(Rng& rng, std::uint64_t mean) const noexcept {
    return (quantiles_[rng.next() & (quantiles_.size() - 1)] * mean) >> 16;
  }

 private:
  std::array<std::uint64_t, 1024> quantiles_{};
};

/// Draws an index with a probability proportional to its weight, in constant time (Vose's alias
/// method over integers).
class WeightedChoice {
 public:
  explicit WeightedChoice(std::span<const std::uint64_t> weights) {
    unsigned __int128 total = 0;
    for (const std::uint64_t weight : weights) total += weight;
    const std::size_t count = weights.size();
    std::vector<unsigned __int128> scaled(count);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < count; ++i) {
      scaled[i] = static_cast<unsigned __int128>(weights[i]) * count;
      (scaled[i] < total ? small : large).push_back(i);
    }
    cells_.resize(count);
    while (!small.empty() && !large.empty()) {
      const std::uint32_t little = small.back();
      small.pop_back();
      const std::uint32_t big = large.back();
      cells_[little] = {static_cast<std::uint64_t>((scaled[little] << 32) / total), big};
      scaled[big] -= total - scaled[little];
      if (scaled[big] < total) {
        large.pop_back();
        small.push_back(big);
      }
    }
    for (const std::uint32_t i : small) cells_[i] = {std::uint64_t{1} << 32, i};
    for (const std::uint32_t i : large) cells_[i] = {std::uint64_t{1} << 32, i};
  }

  [[nodiscard]] std::uint32_t draw(Rng& rng) const noexcept {
    const auto index = static_cast<std::uint32_t>(rng.below(cells_.size()));
    const Cell& cell = cells_[index];
    return (rng.next() >> 32) < cell.threshold ? index : cell.alias;
  }

  [[nodiscard]] std::size_t count() const noexcept { return cells_.size(); }

 private:
  struct Cell {
    std::uint64_t threshold = 0;  // of 2^32
    std::uint32_t alias = 0;
  };
  std::vector<Cell> cells_;
};

}  // namespace ringside::sim
