// Owns the vendor's trade condition ids as far as the simulator uses them: what each lets a trade
// change, and which SIP letter of which tape means which id. Any thread; no allocation.
#pragma once

#include <cstdint>
#include <span>

namespace ringside::sim {

/// Names of the ids that the simulator itself produces.
enum Condition : std::uint16_t {
  condition_average_price = 2,
  condition_closing_print_utp = 8,
  condition_derivatively_priced = 10,
  condition_form_t = 12,
  condition_sweep = 14,
  condition_official_close = 15,
  condition_official_open = 16,
  condition_opening_cta = 17,
  condition_reopening_cta = 18,
  condition_closing_cta = 19,
  condition_prior_reference = 22,
  condition_opening_utp = 25,
  condition_reopening_utp = 28,
  condition_odd_lot = 37,
  condition_contingent = 52,
  condition_qualified_contingent = 53,
  condition_option_auto = 209,
  condition_option_sweep = 219,
  condition_option_auction = 227,
  condition_option_multi_leg = 232,
};

/// What a trade may change in the consolidated statistics.
struct UpdateRules {
  bool high_low = true;
  bool open_close = true;
  bool volume = true;
};

/// The rule of one id; an unknown id lets everything change.
[[nodiscard]] UpdateRules update_rules(std::uint16_t condition) noexcept;

/// A trade with several conditions changes a statistic only if every condition allows it.
[[nodiscard]] UpdateRules update_rules(std::span<const std::uint16_t> conditions) noexcept;

/// Which plan reports a stock: tapes A and B are CTA's, tape C is UTP's.
enum class Plan : std::uint8_t { cta, utp };

[[nodiscard]] constexpr Plan plan_of_tape(std::uint8_t tape) noexcept {
  return tape == 3 ? Plan::utp : Plan::cta;
}

/// The answer for one sale-condition letter.
enum class LetterMeaning : std::uint8_t { none, condition, unknown };

struct Letter {
  LetterMeaning meaning = LetterMeaning::unknown;
  std::uint16_t condition = 0;
};

/// Maps one SIP sale-condition letter. `none`: a letter that adds no id ("@", blank).
///
/// Ambiguous letters and the choice made: `I` is odd lot (the old CAP election is gone since 2013);
/// `V` is contingent trade, not the old stock option; `X` is cross; `B` is average price on CTA and
/// bunched on UTP; `5`, `6` and `O` have an id per plan. A letter that only the other plan knows
/// takes that plan's meaning (`W` on tape A is average price).
[[nodiscard]] Letter condition_of_letter(char letter, Plan plan) noexcept;

/// The vendor's id of a stock venue's SIP letter, 0 when there is none. `Q` is Nasdaq, as TAQ files
/// spell it for tape C.
[[nodiscard]] std::uint16_t stock_venue_of_letter(char letter) noexcept;

/// 300 + the letter's place, as for OPRA letters; 0 for what is no letter.
[[nodiscard]] std::uint16_t option_venue_of_letter(char letter) noexcept;

inline constexpr std::uint16_t venue_trf = 4;

}  // namespace ringside::sim
