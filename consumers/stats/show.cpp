#include "show.hpp"

#include <algorithm>

namespace ringside::stats {

namespace {

// One counter: its name, its unit, and its value for one feed.
struct Row {
  std::string_view name;
  std::string_view unit;
  std::uint64_t (*value)(const FeedSource& source);
};

template <auto Member>
std::uint64_t source_count(const FeedSource& source) {
  return source.counts().*Member;
}
template <auto Member>
std::uint64_t bar_count(const FeedSource& source) {
  return source.engine().counts().*Member;
}
template <auto Member>
std::uint64_t vendor_count(const FeedSource& source) {
  return source.engine().vendor_counts().*Member;
}
template <std::size_t Kind>
std::uint64_t bars_of(const FeedSource& source) {
  return source.engine().counts().bars[Kind];
}

constexpr Row rows[] = {
    {"feeds_attached", "feeds", [](const FeedSource& s) { return std::uint64_t{s.is_attached()}; }},
    {"feed_epochs", "", source_count<&SourceCounts::epochs>},
    {"records_read", "records", source_count<&SourceCounts::records_read>},
    {"records_lost", "records", source_count<&SourceCounts::records_lost>},
    {"records_strange", "records", source_count<&SourceCounts::records_strange>},
    {"records_unlisted", "records", source_count<&SourceCounts::records_unlisted>},
    {"symbols_refused", "symbols", source_count<&SourceCounts::symbols_refused>},
    {"trades", "trades", bar_count<&BarCounts::trades>},
    {"trades_priced", "trades", bar_count<&BarCounts::trades_priced>},
    {"trades_volume_only", "trades", bar_count<&BarCounts::trades_volume_only>},
    {"trades_excluded", "trades", bar_count<&BarCounts::trades_excluded>},
    {"trades_bad", "trades", bar_count<&BarCounts::trades_bad>},
    {"trades_future", "trades", bar_count<&BarCounts::trades_future>},
    {"trades_late", "trades", bar_count<&BarCounts::trades_late>},
    {"trades_partly_late", "trades", bar_count<&BarCounts::trades_partly_late>},
    {"trades_unknown_condition", "trades", bar_count<&BarCounts::trades_unknown_condition>},
    {"gaps", "", bar_count<&BarCounts::gaps>},
    {"bars_1s", "bars", bars_of<0>},
    {"bars_1m", "bars", bars_of<1>},
    {"bars_5m", "bars", bars_of<2>},
    {"bars_15m", "bars", bars_of<3>},
    {"bars_1h", "bars", bars_of<4>},
    {"bars_1d", "bars", bars_of<5>},
    {"bars_revised", "bars", bar_count<&BarCounts::bars_revised>},
    {"bars_partial", "bars", bar_count<&BarCounts::bars_partial>},
    {"vendor_bars", "bars", vendor_count<&VendorCounts::bars>},
    {"vendor_bars_agreed", "bars", vendor_count<&VendorCounts::agreed>},
    {"vendor_bars_disagreed", "bars", vendor_count<&VendorCounts::disagreed>},
    {"vendor_bars_unmatched", "bars", vendor_count<&VendorCounts::unmatched>},
    {"vendor_bars_unchecked", "bars", vendor_count<&VendorCounts::unchecked>},
    {"vendor_differ_open", "bars", vendor_count<&VendorCounts::differ_open>},
    {"vendor_differ_high", "bars", vendor_count<&VendorCounts::differ_high>},
    {"vendor_differ_low", "bars", vendor_count<&VendorCounts::differ_low>},
    {"vendor_differ_close", "bars", vendor_count<&VendorCounts::differ_close>},
    {"vendor_differ_volume", "bars", vendor_count<&VendorCounts::differ_volume>},
};

// Best first.
constexpr shm::FeedState order[] = {
    shm::FeedState::live,     shm::FeedState::delayed,    shm::FeedState::closed,
    shm::FeedState::starting, shm::FeedState::connecting, shm::FeedState::reconnecting,
    shm::FeedState::offline,  shm::FeedState::ended,
};

}  // namespace

shm::FeedState combine_states(std::span<const shm::FeedState> states) noexcept {
  for (const shm::FeedState state : order) {
    if (std::find(states.begin(), states.end(), state) != states.end()) return state;
  }
  return shm::FeedState::connecting;
}

ShownCounters::ShownCounters(shm::SegmentWriter& segment) {
  for (const Row& row : rows) counters_.push_back(segment.add_counter(row.name, row.unit));
}

void ShownCounters::show(std::span<const FeedSource* const> sources) noexcept {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    std::uint64_t sum = 0;
    for (const FeedSource* source : sources) sum += rows[i].value(*source);
    counters_[i].set(sum);
  }
}

}  // namespace ringside::stats
