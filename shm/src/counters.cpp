#include "ringside/shm/counters.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::shm {

HistogramSnapshot read_histogram(const HistogramEntry& entry) noexcept {
  HistogramSnapshot snapshot;
  // relaxed throughout: a histogram orders nothing; a snapshot may be a few values apart.
  for (std::uint32_t i = 0; i < Buckets::count; ++i) {
    snapshot.buckets[i] = entry.buckets[i].load(std::memory_order_relaxed);
    snapshot.count += snapshot.buckets[i];
  }
  snapshot.sum = entry.sum.load(std::memory_order_relaxed);
  snapshot.max = entry.max.load(std::memory_order_relaxed);
  return snapshot;
}

std::uint64_t HistogramSnapshot::percentile(double share) const noexcept {
  if (count == 0) return 0;
  // Bounded: a hostile writer's counts may add up to what no integer holds once it is rounded.
  const double exact = std::min(std::ceil(share * static_cast<double>(count)), 0x1p63);
  const auto rank = static_cast<std::uint64_t>(exact);
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < Buckets::count; ++i) {
    seen += buckets[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(Buckets::upper(i), max);
  }
  return max;
}

}  // namespace ringside::shm
