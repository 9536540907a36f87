// Owns which symbol gets rings of which length: a default, and classes by name or by the beginning
// of a name. Filled at start; looked up when a symbol is created, without allocation.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::feed {

class RingClasses {
 public:
  using Slots = shm::SegmentWriter::RingSlots;

  RingClasses() = default;
  explicit RingClasses(Slots slots_default) noexcept : default_(slots_default) {}

  /// Adds a rule as the knob slots_for spells it: "AAPL=4096", "AAPL=4096:512" (ticks:bars),
  /// "O:SPX*=1024". Without bars the default's are taken. A name said twice takes the last.
  /// Errors  config: not of that form (the configuration's own check is narrower).
  [[nodiscard]] Status add(std::string_view rule);

  /// The longest rule that fits; a full name beats any beginning.
  [[nodiscard]] Slots slots_of(std::string_view symbol) const noexcept;

 private:
  Slots default_;
  std::map<std::string, Slots, std::less<>> by_name_;
  std::vector<std::pair<std::string, Slots>> by_beginning_;  // longest first
};

}  // namespace ringside::feed
