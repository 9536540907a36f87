// The rule of every sale condition id, row by row against the vendor's published table, and how
// several conditions combine.
#include "conditions.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string_view>

namespace ringside::stats {
namespace {

constexpr std::uint8_t none = shm::condition_absent;

// Typed from the vendor's table "stock trade conditions with consolidated update rules": Y or N for
// high/low, open/close, volume, in this order.
struct Row {
  int id;
  std::string_view hov;
};
constexpr Row stock_rows[] = {
    {0, "YYY"},
    {1, "YYY"},
    {2, "NNY"},
    {3, "YYY"},
    {4, "YYY"},
    {5, "YNY"},
    {6, "YYY"},
    {7, "NNY"},
    {8, "YYY"},
    {9, "YYY"},
    {10, "YNY"},
    {11, "YYY"},
    {12, "NNY"},
    {13, "NNY"},
    {14, "YYY"},
    {15, "NNN"},
    {16, "NNN"},
    {17, "YYY"},
    {18, "YYY"},
    {19, "YYY"},
    {20, "NNY"},
    {21, "NNY"},
    {22, "YNY"},
    {23, "YYY"},
    {24, "YYY"},
    {25, "YYY"},
    {27, "YYY"},
    {28, "YYY"},
    {29, "NNY"},
    {30, "YYY"},
    {31, "YYY"},
    {32, "YNY"},
    {33, "YNY"},
    {34, "YYY"},
    {35, "YYY"},
    {36, "YYY"},
    {37, "NNY"},
    {38, "YYN"},
    {41, "YYY"},
    {52, "NNY"},
    {53, "NNY"},
    {55, "YYY"},
    // "no price effect": short-sale restrictions 57-60, financial status 62-71.
    {57, "YYY"},
    {58, "YYY"},
    {59, "YYY"},
    {60, "YYY"},
    {62, "YYY"},
    {63, "YYY"},
    {64, "YYY"},
    {65, "YYY"},
    {66, "YYY"},
    {67, "YYY"},
    {68, "YYY"},
    {69, "YYY"},
    {70, "YYY"},
    {71, "YYY"},
};
// docs/stats.md, "Options": a cancel moves nothing, a print out of sequence neither open nor close.
constexpr Row option_rows[] = {
    {201, "NNN"}, {202, "YNY"}, {203, "NNN"}, {204, "YYY"}, {205, "NNN"}, {206, "YNY"},
    {207, "NNN"}, {208, "YYY"}, {209, "YYY"}, {210, "YYY"}, {219, "YYY"}, {227, "YYY"},
    {228, "YYY"}, {229, "YYY"}, {230, "YYY"}, {231, "YYY"}, {232, "YYY"}, {233, "YYY"},
    {234, "YYY"}, {235, "YYY"}, {236, "YYY"}, {237, "YYY"}, {238, "YYY"}, {239, "YYY"},
    {240, "YYY"}, {241, "YYY"}, {242, "YYY"}, {243, "YYY"}, {244, "YYY"}, {245, "YYY"},
    {246, "YYY"}, {247, "YYY"}, {248, "YYY"},
};

std::uint8_t moves_of(std::array<std::uint8_t, 4> conditions) {
  return allowed_moves(conditions);
}

void expect_rule(const Row& row) {
  const std::uint8_t moves = moves_of({static_cast<std::uint8_t>(row.id), none, none, none});
  EXPECT_EQ((moves & move_high_low) != 0, row.hov[0] == 'Y') << "high/low of " << row.id;
  EXPECT_EQ((moves & move_open_close) != 0, row.hov[1] == 'Y') << "open/close of " << row.id;
  EXPECT_EQ((moves & move_volume) != 0, row.hov[2] == 'Y') << "volume of " << row.id;
  EXPECT_EQ(moves & condition_is_unknown, 0) << row.id << " is in the table";
}

TEST(Conditions, every_stock_row_has_the_vendors_rule) {
  for (const Row& row : stock_rows) expect_rule(row);
}

TEST(Conditions, every_option_row_has_its_documented_rule) {
  for (const Row& row : option_rows) expect_rule(row);
}

TEST(Conditions, an_id_of_no_table_restricts_nothing_and_says_so) {
  std::set<int> known{none};
  for (const Row& row : stock_rows) known.insert(row.id);
  for (const Row& row : option_rows) known.insert(row.id);
  for (int id = 0; id < 256; ++id) {
    if (known.contains(id)) continue;
    EXPECT_EQ(moves_of({static_cast<std::uint8_t>(id), none, none, none}),
              move_all | condition_is_unknown)
        << id;
  }
  EXPECT_EQ(moves_of({37, 26, none, none}), move_volume | condition_is_unknown);
}

TEST(Conditions, a_trade_without_conditions_is_a_regular_sale) {
  EXPECT_EQ(moves_of({none, none, none, none}), move_all);
}

TEST(Conditions, a_single_no_wins_over_any_number_of_yes) {
  EXPECT_EQ(moves_of({14, 37, none, none}), move_volume);  // sweep, odd lot
  EXPECT_EQ(moves_of({37, 14, 41, 0}), move_volume);       // wherever it stands
  EXPECT_EQ(moves_of({14, 41, 9, 22}), move_high_low | move_volume);
  EXPECT_EQ(moves_of({10, 38, none, none}), move_high_low);  // YNY and YYN
  EXPECT_EQ(moves_of({37, 38, none, none}), move_nothing);   // NNY and YYN
  EXPECT_EQ(moves_of({16, none, none, none}), move_nothing);
}

// Tapes: 1 NYSE listed, 2 others, 3 Nasdaq listed. Venues: 10 NYSE, 11 Arca, 12 Nasdaq, 9 Chicago.
TEST(OfficialOpen, the_listing_markets_report_wins_then_its_print_then_any_report_then_any_print) {
  const std::array<std::uint8_t, 4> report{16, none, none, none};
  const std::array<std::uint8_t, 4> print{14, 17, none, none};
  const std::array<std::uint8_t, 4> prints{25, none, none, none};
  const std::array<std::uint8_t, 4> both{17, 16, none, none};
  const std::array<std::uint8_t, 4> other{14, none, none, none};
  EXPECT_EQ(official_open_rank(report, 10, 1), 4);
  EXPECT_EQ(official_open_rank(both, 10, 1), 4);
  EXPECT_EQ(official_open_rank(print, 10, 1), 3);
  EXPECT_EQ(official_open_rank(prints, 12, 3), 3);
  EXPECT_EQ(official_open_rank(report, 11, 2), 4);
  EXPECT_EQ(official_open_rank(report, 12, 1), 2);
  EXPECT_EQ(official_open_rank(report, 10, shm::tape_absent), 2);
  EXPECT_EQ(official_open_rank(print, 9, 1), 1);
  EXPECT_EQ(official_open_rank(other, 10, 1), 0);
}

}  // namespace
}  // namespace ringside::stats
