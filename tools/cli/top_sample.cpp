// Owns what `ringside top` knows. One thread; allocates.
#include "top_sample.hpp"

#include <algorithm>

#include "feeds.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::cli {

namespace {

void count_symbols(const shm::SegmentView& segment, FeedSample& sample) {
  const shm::SymbolDirectory& directory = segment.symbols();
  sample.symbol_count = directory.size();
  sample.symbols.reserve(sample.symbol_count);
  for (std::uint32_t id = 0; id < sample.symbol_count; ++id) {
    const shm::SymbolState state = directory.state(id);
    if (state == shm::SymbolState::live) ++sample.live_count;
    if (state == shm::SymbolState::pending) ++sample.pending_count;
    if (state == shm::SymbolState::refused) ++sample.refused_count;
    sample.symbols.push_back({std::string(directory.text(id)),
                              ring_head(segment.tick_ring(id)) + ring_head(segment.bar_ring(id))});
  }
}

}  // namespace

FeedSample take_sample(const std::string& feed, const shm::SegmentView& segment,
                       std::uint64_t now_ns) {
  FeedSample sample{.feed = feed, .ts_ns = now_ns};
  const shm::SegmentFacts& facts = segment.facts();
  sample.epoch = facts.epoch;
  sample.ts_start = facts.ts_start;
  sample.writer_pid = facts.writer_pid;
  sample.symbol_capacity = facts.symbol_capacity;
  sample.arena_bytes = facts.arena_bytes;
  sample.arena_used = segment.arena_used();
  sample.state = segment.state();
  sample.heartbeat_age_ns = segment.heartbeat_age_ns();
  sample.ticks = ring_head(segment.tick_tape());
  sample.bars = ring_head(segment.bar_tape());
  count_symbols(segment, sample);
  for (const shm::CounterValue& counter : segment.counters()) {
    sample.counters.push_back(
        {std::string(counter.name), std::string(counter.unit), counter.value});
  }
  for (const shm::SegmentView::NamedHistogram& histogram : segment.histograms()) {
    sample.latencies.push_back(
        {std::string(histogram.name), std::string(histogram.unit), histogram.snapshot});
  }
  sample.readers = segment.readers();
  sample.errors = segment.errors();
  return sample;
}

std::uint64_t rate_of(const FeedSample& before, const FeedSample& now, std::uint64_t count_before,
                      std::uint64_t count_now) noexcept {
  if (before.epoch != now.epoch || now.ts_ns <= before.ts_ns || count_now <= count_before) return 0;
  const auto wide = static_cast<unsigned __int128>(count_now - count_before) * 1'000'000'000U;
  return static_cast<std::uint64_t>(wide / (now.ts_ns - before.ts_ns));
}

shm::HistogramSnapshot difference(const shm::HistogramSnapshot& before,
                                  const shm::HistogramSnapshot& now) noexcept {
  shm::HistogramSnapshot out;
  for (std::uint32_t i = 0; i < shm::Buckets::count; ++i) {
    if (now.buckets[i] <= before.buckets[i]) continue;
    out.buckets[i] = now.buckets[i] - before.buckets[i];
    out.count += out.buckets[i];
    out.max = std::min(shm::Buckets::upper(i), now.max);
  }
  out.sum = now.sum >= before.sum ? now.sum - before.sum : 0;
  return out;
}

std::vector<SymbolRate> busiest(const FeedSample& before, const FeedSample& now,
                                std::size_t count_max) {
  std::vector<SymbolRate> out;
  for (std::size_t id = 0; id < now.symbols.size(); ++id) {
    // Ids only grow within an epoch; one that was not there before began at 0.
    const std::uint64_t was = id < before.symbols.size() ? before.symbols[id].records : 0;
    const std::uint64_t rate = rate_of(before, now, was, now.symbols[id].records);
    if (rate > 0) out.push_back({now.symbols[id].text, rate});
  }
  const std::size_t kept = std::min(count_max, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept), out.end(),
                    [](const SymbolRate& a, const SymbolRate& b) {
                      return a.records_per_s != b.records_per_s ? a.records_per_s > b.records_per_s
                                                                : a.symbol < b.symbol;
                    });
  out.resize(kept);
  return out;
}

void TopWatch::keep_attached() {
  const std::uint64_t now = monotonic_ns();
  for (auto& entry : clients_) {
    [[maybe_unused]] const shm::FeedEvent event = entry.second.poll(now);  // look() asks for state
  }
}

void TopWatch::look() {
  for (const std::string& feed : find_feeds(run_dir_)) {
    if (clients_.find(feed) != clients_.end()) continue;
    clients_.emplace(
        feed, shm::FeedClient({.path = socket_path(run_dir_, feed), .name = "ringside top"}));
  }
  keep_attached();
  std::vector<FeedPair> pairs;
  for (auto& [feed, client] : clients_) {
    const auto segment = client.segment();
    FeedSample sample{.feed = feed, .fault = client.last_error(), .ts_ns = monotonic_ns()};
    if (client.is_attached() && segment != nullptr) {
      sample = take_sample(feed, *segment, monotonic_ns());
    } else if (sample.fault.empty()) {
      sample.fault = "not attached yet";
    }
    const FeedSample* before = &sample;
    for (const FeedPair& old : pairs_) {
      if (old.now.feed == feed && old.now.fault.empty()) before = &old.now;
    }
    pairs.push_back({.before = *before, .now = sample});
  }
  pairs_ = std::move(pairs);
}

}  // namespace ringside::cli
