#include "ring_classes.hpp"

#include <algorithm>
#include <charconv>

namespace ringside::feed {

namespace {

bool read_slots(std::string_view text, std::uint32_t& out) noexcept {
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, out);
  return fault == std::errc{} && stop == end && shm::is_ring_size(out);
}

}  // namespace

Status RingClasses::add(std::string_view rule) {
  const std::size_t equals = rule.rfind('=');
  Slots slots = default_;
  bool is_good = equals != std::string_view::npos && equals != 0;
  if (is_good) {
    const std::string_view sizes = rule.substr(equals + 1);
    const std::size_t colon = sizes.find(':');
    is_good = read_slots(sizes.substr(0, colon), slots.ticks);
    if (is_good && colon != std::string_view::npos) {
      is_good = read_slots(sizes.substr(colon + 1), slots.bars);
    }
  }
  if (!is_good) {
    return Error{ErrorCode::config, 0,
                 "'" + std::string(rule) + "' is not SYMBOL=ticks or SYMBOL=ticks:bars"};
  }
  const std::string_view name = rule.substr(0, equals);
  if (!name.ends_with('*')) {
    by_name_.insert_or_assign(std::string(name), slots);
    return {};
  }
  const std::string beginning(name.substr(0, name.size() - 1));
  std::erase_if(by_beginning_, [&](const auto& held) { return held.first == beginning; });
  by_beginning_.emplace_back(beginning, slots);
  std::stable_sort(by_beginning_.begin(), by_beginning_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return {};
}

RingClasses::Slots RingClasses::slots_of(std::string_view symbol) const noexcept {
  if (const auto found = by_name_.find(symbol); found != by_name_.end()) return found->second;
  for (const auto& [beginning, slots] : by_beginning_) {
    if (symbol.starts_with(beginning)) return slots;
  }
  return default_;
}

}  // namespace ringside::feed
