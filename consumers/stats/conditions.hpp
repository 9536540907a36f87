// Owns which statistics a trade may move: one rule for each sale condition id, and how the rules of
// several conditions combine. Constant data; any thread, no allocation.
//
// Source  docs/stats.md "Conditions"; the vendor's consolidated update rules (docs/vendor.md).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "ringside/shm/record.hpp"

namespace ringside::stats {

/// What a trade may move, as bits. `open_close` covers the last price too: the tape's rule for
/// open, close and last is one column.
enum Move : std::uint8_t {
  move_nothing = 0,
  move_high_low = 1,
  move_open_close = 2,
  move_volume = 4,  // and with it notional, VWAP and the number of trades
  move_prices = move_high_low | move_open_close,
  move_all = move_prices | move_volume,
  /// Not permission but news: an id that no table names. It restricts nothing (docs/stats.md).
  condition_is_unknown = 8,
};

/// One condition id and the moves it allows.
struct ConditionRule {
  std::uint8_t id;
  std::uint8_t allowed;
};

inline constexpr std::uint8_t rule_hov = move_all;
inline constexpr std::uint8_t rule_h_v = move_high_low | move_volume;
inline constexpr std::uint8_t rule_v = move_volume;
inline constexpr std::uint8_t rule_ho = move_prices;
inline constexpr std::uint8_t rule_none = move_nothing;

/// Every id that a table names. Stocks below 200, options from 200 on.
inline constexpr ConditionRule condition_rules[] = {
    {0, rule_hov},    // regular sale
    {1, rule_hov},    // acquisition
    {2, rule_v},      // average price
    {3, rule_hov},    // automatic execution
    {4, rule_hov},    // bunched
    {5, rule_h_v},    // bunched sold
    {6, rule_hov},    // CAP election
    {7, rule_v},      // cash sale
    {8, rule_hov},    // closing prints
    {9, rule_hov},    // cross
    {10, rule_h_v},   // derivatively priced
    {11, rule_hov},   // distribution
    {12, rule_v},     // Form T: extended hours
    {13, rule_v},     // extended hours, sold out of sequence
    {14, rule_hov},   // intermarket sweep
    {15, rule_none},  // market center official close
    {16, rule_none},  // market center official open
    {17, rule_hov},   // market center opening trade
    {18, rule_hov},   // market center reopening trade
    {19, rule_hov},   // market center closing trade
    {20, rule_v},     // next day
    {21, rule_v},     // price variation
    {22, rule_h_v},   // prior reference price
    {23, rule_hov},   // rule 155
    {24, rule_hov},   // rule 127
    {25, rule_hov},   // opening prints
    {27, rule_hov},   // stopped stock
    {28, rule_hov},   // re-opening prints
    {29, rule_v},     // seller
    {30, rule_hov},   // sold last
    {31, rule_hov},   // sold last and stopped
    {32, rule_h_v},   // sold out of sequence
    {33, rule_h_v},   // sold out of sequence and stopped
    {34, rule_hov},   // split
    {35, rule_hov},   // stock option
    {36, rule_hov},   // yellow flag
    {37, rule_v},     // odd lot
    {38, rule_ho},    // corrected consolidated close
    {41, rule_hov},   // trade-through exempt
    {52, rule_v},     // contingent
    {53, rule_v},     // qualified contingent
    {55, rule_hov},   // opening or reopening detail
    // Short-sale restrictions and financial status: they say nothing about the trade's price.
    {57, rule_hov},
    {58, rule_hov},
    {59, rule_hov},
    {60, rule_hov},
    {62, rule_hov},
    {63, rule_hov},
    {64, rule_hov},
    {65, rule_hov},
    {66, rule_hov},
    {67, rule_hov},
    {68, rule_hov},
    {69, rule_hov},
    {70, rule_hov},
    {71, rule_hov},
    // Options. A cancel is no trade of its own; what it cancels stays counted.
    {201, rule_none},  // cancelled
    {202, rule_h_v},   // late and out of sequence
    {203, rule_none},  // last and cancelled
    {204, rule_hov},   // late, in sequence
    {205, rule_none},  // opening and cancelled
    {206, rule_h_v},   // opening, late and out of sequence
    {207, rule_none},  // only trade and cancelled
    {208, rule_hov},   // opening, late
    {209, rule_hov},   // automatic execution
    {210, rule_hov},   // reopening
    {219, rule_hov},   // intermarket sweep
    {227, rule_hov},   // single-leg auction, not a sweep
    {228, rule_hov},   // single-leg auction, sweep
    {229, rule_hov},   // single-leg cross, not a sweep
    {230, rule_hov},   // single-leg cross, sweep
    {231, rule_hov},   // single-leg floor
    {232, rule_hov},   // multi-leg automatic
    {233, rule_hov},   // multi-leg auction
    {234, rule_hov},   // multi-leg cross
    {235, rule_hov},   // multi-leg floor
    {236, rule_hov},   // multi-leg against single leg
    {237, rule_hov},   // stock-option auction
    {238, rule_hov},   // multi-leg auction against single leg
    {239, rule_hov},   // multi-leg floor against single leg
    {240, rule_hov},   // stock-option variants, up to 245
    {241, rule_hov},
    {242, rule_hov},
    {243, rule_hov},
    {244, rule_hov},
    {245, rule_hov},
    {246, rule_hov},  // proprietary floor
    {247, rule_hov},  // compression
    {248, rule_hov},  // extended hours
};

/// The rule of every id, by id. `condition_absent` stands for "no condition" and allows all.
inline constexpr std::array<std::uint8_t, 256> condition_table = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(move_all | condition_is_unknown);
  for (const ConditionRule& rule : condition_rules) table[rule.id] = rule.allowed;
  table[shm::condition_absent] = move_all;
  return table;
}();

/// What a trade with these conditions may move: what every one of them allows. A trade without
/// conditions is a regular sale. `condition_is_unknown` is set when at least one id is in no table.
[[nodiscard]] constexpr std::uint8_t allowed_moves(
    std::span<const std::uint8_t, 4> conditions) noexcept {
  std::uint8_t allowed = move_all;
  std::uint8_t unknown = 0;
  for (const std::uint8_t id : conditions) {
    allowed = static_cast<std::uint8_t>(allowed & condition_table[id]);
    unknown = static_cast<std::uint8_t>(unknown | (condition_table[id] & condition_is_unknown));
  }
  return static_cast<std::uint8_t>(allowed | unknown);
}

// Ids that name the day's opening price.
inline constexpr std::uint8_t condition_official_open = 16;
inline constexpr std::uint8_t condition_opening_trade = 17;
inline constexpr std::uint8_t condition_opening_prints = 25;

/// How well a trade names the official open: 0 not at all; of several the highest wins, of equals
/// the first. The listing market's word stands above every other's, its report above its print.
///
/// Shapes  venue: the vendor's exchange id; tape: 1, 2, 3 or tape_absent.
[[nodiscard]] constexpr std::uint8_t official_open_rank(std::span<const std::uint8_t, 4> conditions,
                                                        std::uint32_t venue,
                                                        std::uint8_t tape) noexcept {
  std::uint8_t rank = 0;
  for (const std::uint8_t id : conditions) {
    if (id == condition_official_open) rank = 2;
    if (rank == 0 && (id == condition_opening_trade || id == condition_opening_prints)) rank = 1;
  }
  if (rank == 0) return 0;
  // Tape A: NYSE; tape B: NYSE American, Arca, Cboe BZX; tape C: Nasdaq (vendor ids).
  const bool is_listing = (tape == 1 && venue == 10) || (tape == 3 && venue == 12) ||
                          (tape == 2 && (venue == 1 || venue == 11 || venue == 19));
  return is_listing ? static_cast<std::uint8_t>(rank + 2) : rank;
}

}  // namespace ringside::stats
