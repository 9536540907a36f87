// Owns the comparison of our minute bars with the vendor's own for the same window. Each vendor bar
// is judged once, when our window can no longer change. One thread; allocates per waiting bar.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ringside/shm/record.hpp"
#include "window.hpp"

namespace ringside::stats {

/// What became of the vendor's minute bars.
struct VendorCounts {
  std::uint64_t bars = 0;  // all that came; the sum of agreed, disagreed, unmatched, unchecked
                           // and those that still wait
  std::uint64_t agreed = 0;
  std::uint64_t disagreed = 0;
  std::uint64_t unmatched = 0;  // the vendor has a bar where we have none
  std::uint64_t unchecked = 0;  // too late, too many waiting, or a gap in our window
  std::uint64_t differ_open = 0;
  std::uint64_t differ_high = 0;
  std::uint64_t differ_low = 0;
  std::uint64_t differ_close = 0;
  std::uint64_t differ_volume = 0;
};

inline constexpr std::size_t vendor_waiting_max = 262'144;

class VendorCheck {
 public:
  /// The values of a vendor bar that are compared.
  struct Bar {
    std::int64_t open;
    std::int64_t high;
    std::int64_t low;
    std::int64_t close;
    std::int64_t volume;
  };
  struct Key {
    std::uint32_t symbol;
    std::uint64_t begin;  // of the minute, ns UTC
  };

  /// Keeps a vendor bar until it can be judged. A window that is sent again replaces the earlier.
  void add(Key key, const Bar& bar);
  /// Counts a vendor bar that cannot be judged.
  void add_unchecked() noexcept;

  /// Takes the bar that waits for this window, if there is one.
  [[nodiscard]] std::optional<Bar> take(Key key);
  /// Every key whose minute began at or before `begin_max`.
  [[nodiscard]] std::vector<Key> due(std::uint64_t begin_max) const;
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

  /// Judges a taken bar against our final window; nullptr: we have none.
  void judge(const Bar& bar, const Window* own, bool is_partial) noexcept;

  [[nodiscard]] const VendorCounts& counts() const noexcept { return counts_; }

 private:
  /// Number of the minute and of the symbol in one word: minutes since 1970 need 25 bits.
  [[nodiscard]] static std::uint64_t pack(Key key) noexcept {
    return std::uint64_t{key.symbol} << 32 | (key.begin / (60 * ns_per_s));
  }

  std::unordered_map<std::uint64_t, Bar> waiting_;
  VendorCounts counts_;
};

}  // namespace ringside::stats
