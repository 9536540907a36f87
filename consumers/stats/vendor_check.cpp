#include "vendor_check.hpp"

namespace ringside::stats {

namespace {

// The vendor's volume may be cut to whole shares while ours has their fractions.
bool is_same_volume(std::int64_t vendor, std::int64_t own) noexcept {
  if (vendor == own) return true;
  return vendor % shm::size_one_equities == 0 &&
         own / shm::size_one_equities == vendor / shm::size_one_equities;
}

}  // namespace

void VendorCheck::add(Key key, const Bar& bar) {
  const auto [place, is_new] = waiting_.insert_or_assign(pack(key), bar);
  if (!is_new) return;  // the same window again: counted already
  ++counts_.bars;
  if (waiting_.size() > vendor_waiting_max) {
    waiting_.erase(place);
    ++counts_.unchecked;
  }
}

void VendorCheck::add_unchecked() noexcept {
  ++counts_.bars;
  ++counts_.unchecked;
}

std::optional<VendorCheck::Bar> VendorCheck::take(Key key) {
  const auto found = waiting_.find(pack(key));
  if (found == waiting_.end()) return std::nullopt;
  const Bar bar = found->second;
  waiting_.erase(found);
  return bar;
}

std::vector<VendorCheck::Key> VendorCheck::due(std::uint64_t begin_max) const {
  std::vector<Key> keys;
  for (const auto& [packed, bar] : waiting_) {
    const std::uint64_t begin = (packed & 0xFFFF'FFFFU) * 60 * ns_per_s;
    if (begin <= begin_max) keys.push_back({static_cast<std::uint32_t>(packed >> 32), begin});
  }
  return keys;
}

void VendorCheck::judge(const Bar& bar, const Window* own, bool is_partial) noexcept {
  if (own == nullptr || !own->has_price()) {
    ++counts_.unmatched;
    return;
  }
  if (is_partial) {
    ++counts_.unchecked;
    return;
  }
  const bool open = bar.open != own->open;
  const bool high = bar.high != own->high;
  const bool low = bar.low != own->low;
  const bool close = bar.close != own->close;
  const bool volume = !is_same_volume(bar.volume, own->volume);
  counts_.differ_open += open ? 1 : 0;
  counts_.differ_high += high ? 1 : 0;
  counts_.differ_low += low ? 1 : 0;
  counts_.differ_close += close ? 1 : 0;
  counts_.differ_volume += volume ? 1 : 0;
  ++(open || high || low || close || volume ? counts_.disagreed : counts_.agreed);
}

}  // namespace ringside::stats
