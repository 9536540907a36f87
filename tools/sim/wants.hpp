// Owns which events one connection receives: a few bits per instrument and a wildcard. The
// simulator's thread; allocates when created.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/event.hpp"
#include "sim/session.hpp"

namespace ringside::sim {

class Wants {
 public:
  explicit Wants(const Instruments& instruments)
      : instruments_(&instruments), masks_(instruments.count(), 0) {}

  /// A symbol that the market does not have changes nothing: it never has events.
  void apply(const SubscriptionChange& change) {
    if (change.symbol == "*") return set(wildcard_, change);
    const std::uint32_t index = instruments_->find(change.symbol);
    if (index < masks_.size()) set(masks_[index], change);
  }

  [[nodiscard]] bool wants(EventKind kind, std::uint32_t instrument) const noexcept {
    return ((wildcard_ | masks_[instrument]) & bit(kind)) != 0;
  }

 private:
  [[nodiscard]] static constexpr std::uint8_t bit(EventKind kind) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
  }
  static void set(std::uint8_t& mask, const SubscriptionChange& change) noexcept {
    if (change.is_added) {
      mask = static_cast<std::uint8_t>(mask | bit(change.kind));
    } else {
      mask = static_cast<std::uint8_t>(mask & ~bit(change.kind));
    }
  }

  const Instruments* instruments_;
  std::uint8_t wildcard_ = 0;
  std::vector<std::uint8_t> masks_;  // by instrument
};

}  // namespace ringside::sim
