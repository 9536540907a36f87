#include "sim/conditions.hpp"

#include <array>
#include <cstddef>

namespace ringside::sim {
namespace {

constexpr std::size_t rule_count = 56;  // no id above restricts anything

// Ids that are not named here change everything, as a regular sale does.
constexpr std::array<UpdateRules, rule_count> make_rules() {
  std::array<UpdateRules, rule_count> rules{};
  for (const std::size_t volume_only : {2, 7, 12, 13, 20, 21, 29, 37, 52, 53}) {
    rules[volume_only] = {.high_low = false, .open_close = false, .volume = true};
  }
  for (const std::size_t no_open_close : {5, 10, 22, 32, 33}) {
    rules[no_open_close] = {.high_low = true, .open_close = false, .volume = true};
  }
  for (const std::size_t nothing : {15, 16}) {
    rules[nothing] = {.high_low = false, .open_close = false, .volume = false};
  }
  rules[38] = {.high_low = true, .open_close = true, .volume = false};
  return rules;
}
constexpr std::array<UpdateRules, rule_count> rules_by_id = make_rules();

struct LetterRow {
  char letter;
  std::uint16_t cta;  // 0: not defined by this plan
  std::uint16_t utp;
};

constexpr std::array<LetterRow, 33> letter_rows{{
    {'A', 0, 1},   {'B', 2, 4},   {'C', 7, 7},   {'D', 0, 11},  {'E', 3, 0},   {'F', 14, 14},
    {'G', 0, 5},   {'H', 21, 21}, {'I', 37, 37}, {'J', 24, 0},  {'K', 23, 23}, {'L', 30, 30},
    {'M', 15, 15}, {'N', 20, 20}, {'O', 17, 25}, {'P', 22, 22}, {'Q', 16, 16}, {'R', 29, 29},
    {'S', 0, 34},  {'T', 12, 12}, {'U', 13, 13}, {'V', 52, 52}, {'W', 0, 2},   {'X', 9, 9},
    {'Y', 0, 36},  {'Z', 32, 32}, {'1', 0, 27},  {'2', 0, 31},  {'3', 0, 33},  {'4', 10, 10},
    {'5', 18, 28}, {'6', 19, 8},  {'7', 53, 53},
}};

struct VenueRow {
  char letter;
  std::uint16_t id;
};

constexpr std::array<VenueRow, 21> venue_rows{{
    {'A', 1},  {'B', 2},  {'C', 3},  {'D', 4},  {'E', 5},  {'I', 6},  {'J', 7},
    {'K', 8},  {'M', 9},  {'N', 10}, {'P', 11}, {'Q', 12}, {'T', 12}, {'S', 13},
    {'L', 14}, {'V', 15}, {'W', 16}, {'X', 17}, {'Y', 18}, {'Z', 19}, {'H', 20},
}};
constexpr std::uint16_t venue_memx = 21;

}  // namespace

UpdateRules update_rules(std::uint16_t condition) noexcept {
  return condition < rule_count ? rules_by_id[condition] : UpdateRules{};
}

UpdateRules update_rules(std::span<const std::uint16_t> conditions) noexcept {
  UpdateRules all;
  for (const std::uint16_t condition : conditions) {
    const UpdateRules one = update_rules(condition);
    all.high_low = all.high_low && one.high_low;
    all.open_close = all.open_close && one.open_close;
    all.volume = all.volume && one.volume;
  }
  return all;
}

Letter condition_of_letter(char letter, Plan plan) noexcept {
  if (letter == ' ' || letter == '@') return {LetterMeaning::none, 0};
  if (letter == '9') return {LetterMeaning::condition, 38};
  for (const LetterRow& row : letter_rows) {
    if (row.letter != letter) continue;
    const std::uint16_t own = plan == Plan::cta ? row.cta : row.utp;
    const std::uint16_t other = plan == Plan::cta ? row.utp : row.cta;
    return {LetterMeaning::condition, own != 0 ? own : other};
  }
  return {LetterMeaning::unknown, 0};
}

std::uint16_t stock_venue_of_letter(char letter) noexcept {
  if (letter == 'U') return venue_memx;
  for (const VenueRow& row : venue_rows) {
    if (row.letter == letter) return row.id;
  }
  return 0;
}

std::uint16_t option_venue_of_letter(char letter) noexcept {
  if (letter < 'A' || letter > 'Z') return 0;
  return static_cast<std::uint16_t>(300 + (letter - 'A'));
}

}  // namespace ringside::sim
