// Owns who wants what: references per symbol and kind over all consumers, with a linger before the
// last one counts as gone. Plain data, no I/O, the clock passed in; the control thread's.
//
// Invariant: held(symbol) has a kind's bit exactly from its first want until linger_ns after its
// last.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "ringside/shm/control.hpp"

namespace ringside::shm {

class Wishes {
 public:
  explicit Wishes(std::uint64_t linger_ns) noexcept : linger_ns_(linger_ns) {}

  /// One more reference for each kind; returns the kinds that were not held until now.
  std::uint32_t add(std::string_view symbol, std::uint32_t kinds) {
    Wish& wish = wishes_.try_emplace(std::string(symbol)).first->second;
    const std::uint32_t kinds_new = kinds & ~wish.held;
    wish.held |= kinds;
    for (std::uint32_t bit = 0; bit < want_bits; ++bit) {
      if ((kinds & (1U << bit)) != 0) ++wish.counts[bit];
    }
    return kinds_new;
  }

  /// One reference less for each kind; a kind without references is let go `linger_ns` later.
  void remove(std::string_view symbol, std::uint32_t kinds, std::uint64_t now) {
    const auto found = wishes_.find(symbol);
    if (found == wishes_.end()) return;
    Wish& wish = found->second;
    for (std::uint32_t bit = 0; bit < want_bits; ++bit) {
      if ((kinds & (1U << bit)) == 0 || wish.counts[bit] == 0) continue;
      if (--wish.counts[bit] == 0) wish.gone_at[bit] = now + linger_ns_;
    }
  }

  /// Takes a refused wish back at once: it was never held.
  void forget(std::string_view symbol, std::uint32_t kinds) {
    const auto found = wishes_.find(symbol);
    if (found == wishes_.end()) return;
    Wish& wish = found->second;
    for (std::uint32_t bit = 0; bit < want_bits; ++bit) {
      if ((kinds & (1U << bit)) == 0 || wish.counts[bit] == 0) continue;
      if (--wish.counts[bit] == 0) wish.held &= ~(1U << bit);
    }
    if (wish.held == 0) wishes_.erase(found);
  }

  /// Calls gone(symbol, kinds) for every kind whose linger has ended.
  void expire(std::uint64_t now, const std::function<void(std::string_view, std::uint32_t)>& gone) {
    for (auto at = wishes_.begin(); at != wishes_.end();) {
      Wish& wish = at->second;
      std::uint32_t kinds_gone = 0;
      for (std::uint32_t bit = 0; bit < want_bits; ++bit) {
        const bool is_held = (wish.held & (1U << bit)) != 0;
        if (is_held && wish.counts[bit] == 0 && now >= wish.gone_at[bit]) kinds_gone |= 1U << bit;
      }
      wish.held &= ~kinds_gone;
      if (kinds_gone != 0) gone(at->first, kinds_gone);
      at = wish.held == 0 ? wishes_.erase(at) : std::next(at);
    }
  }

  [[nodiscard]] std::uint32_t held(std::string_view symbol) const {
    const auto found = wishes_.find(symbol);
    return found == wishes_.end() ? 0 : found->second.held;
  }
  [[nodiscard]] std::size_t size() const noexcept { return wishes_.size(); }

 private:
  struct Wish {
    std::uint32_t held = 0;
    std::array<std::uint32_t, want_bits> counts{};
    std::array<std::uint64_t, want_bits> gone_at{};
  };
  std::uint64_t linger_ns_;
  std::map<std::string, Wish, std::less<>> wishes_;
};

}  // namespace ringside::shm
