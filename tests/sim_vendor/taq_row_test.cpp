// Owns the tables of the TAQ mapping: exchange letters, sale-condition letters per tape plan, and
// what happens to a bad row.
#include "sim/taq_row.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sim/conditions.hpp"

namespace ringside::sim {
namespace {

constexpr std::string_view trades_header = "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR";
constexpr std::string_view quotes_header = "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL";

TaqColumns columns_of(std::string_view header, TaqKind kind) {
  const auto columns = read_taq_header(header, kind);
  EXPECT_TRUE(columns.ok());
  return columns.ok() ? *columns : TaqColumns{};
}

TaqRow read_trade(std::string_view line, Event& event, const TaqMapping& mapping = {}) {
  return read_taq_trade(line, columns_of(trades_header, TaqKind::trades), mapping, event);
}

std::vector<int> conditions_of(std::string_view letters, std::uint8_t tape) {
  Event event;
  const std::string line = "1514901684.954000,P,XXX," + std::string(letters) + ",6,158.1,0";
  EXPECT_EQ(read_trade(line, event, {.market = Market::stocks, .tape = tape, .file_symbol = {}}),
            TaqRow::ok)
      << letters;
  std::vector<int> ids;
  for (std::size_t i = 0; i < event.trade().condition_count; ++i) {
    ids.push_back(event.trade().conditions[i]);
  }
  return ids;
}

TEST(TaqRow, sale_condition_letters_become_the_ids_of_the_symbols_tape_plan) {
  struct Row {
    const char* letters;
    std::vector<int> cta;
    std::vector<int> utp;
  };
  const Row rows[] = {
      {"", {}, {}},
      {"@", {}, {}},
      {"I", {37}, {37}},
      {"F", {14}, {14}},
      {"F I", {14, 37}, {14, 37}},
      {"FTI", {14, 12, 37}, {14, 12, 37}},
      {"4 B", {10, 2}, {10, 4}},
      {"4 W", {10, 2}, {10, 2}},
      {"C  I", {7, 37}, {7, 37}},
      {"N TB", {20, 12, 2}, {20, 12, 4}},
      {"7 V", {53, 52}, {53, 52}},
      {"UI", {13, 37}, {13, 37}},
      {"TP", {12, 22}, {12, 22}},
      {"Z", {32}, {32}},
      {"R", {29}, {29}},
      {"M", {15}, {15}},
      {"Q", {16}, {16}},
      {"O", {17}, {25}},
      {"5", {18}, {28}},
      {"6", {19}, {8}},
      {"X", {9}, {9}},
      {"9", {38}, {38}},
      {"OHLP", {17, 21, 30, 22}, {25, 21, 30, 22}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(conditions_of(row.letters, 1), row.cta) << row.letters;
    EXPECT_EQ(conditions_of(row.letters, 2), row.cta) << row.letters;
    EXPECT_EQ(conditions_of(row.letters, 3), row.utp) << row.letters;
  }
}

TEST(TaqRow, exchange_letters_become_venue_ids) {
  const std::string_view letters = "ABCDEIJKMNTSLVWXYZHUPQ";
  const std::vector<int> ids{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 12,
                             13, 14, 15, 16, 17, 18, 19, 20, 21, 11, 12};
  ASSERT_EQ(letters.size(), ids.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    EXPECT_EQ(stock_venue_of_letter(letters[i]), ids[i]) << letters[i];
  }
  EXPECT_EQ(stock_venue_of_letter('F'), 0);
  EXPECT_EQ(stock_venue_of_letter('1'), 0);
  EXPECT_EQ(option_venue_of_letter('A'), 300);
  EXPECT_EQ(option_venue_of_letter('Z'), 325);
  EXPECT_EQ(option_venue_of_letter('a'), 0);
}

TEST(TaqRow, a_trade_keeps_its_exact_price_and_size_and_cuts_its_time_to_milliseconds) {
  Event event;
  ASSERT_EQ(read_trade("1514903404.092999,P,XXX,FTI,2,158.9358,0", event), TaqRow::ok);
  EXPECT_EQ(event.ts_ns, 1'514'903'404'092'999'000U);
  EXPECT_EQ(event.trade().ts_sip_ms, 1'514'903'404'092U);
  EXPECT_EQ(event.trade().ts_participant_ms, 1'514'903'404'092U);
  EXPECT_EQ(event.trade().price_nanos, 158'935'800'000);
  EXPECT_EQ(event.trade().size_micros, 2'000'000);
  EXPECT_EQ(event.trade().venue, 11);
  EXPECT_EQ(event.trade().trf_id, 0);
}

TEST(TaqRow, a_print_of_venue_d_is_a_facility_print) {
  Event event;
  ASSERT_EQ(read_trade("1514903404.092000,D,XXX,,100,158.9,0", event), TaqRow::ok);
  EXPECT_EQ(event.trade().venue, 4);
  EXPECT_EQ(event.trade().trf_id, 202);
  EXPECT_EQ(event.trade().ts_trf_ms, event.trade().ts_sip_ms);
}

TEST(TaqRow, on_the_options_market_every_trade_is_automatic_and_venues_count_from_300) {
  Event event;
  ASSERT_EQ(read_trade("1514903404.092000,D,XXX,F I,100,158.9,0", event,
                       {.market = Market::options, .tape = 1, .file_symbol = {}}),
            TaqRow::ok);
  EXPECT_EQ(event.trade().venue, 303);
  EXPECT_EQ(event.trade().trf_id, 0);
  ASSERT_EQ(event.trade().condition_count, 1);
  EXPECT_EQ(event.trade().conditions[0], 209);
}

TEST(TaqRow, a_quote_turns_round_lots_into_shares_and_keeps_an_empty_side) {
  const TaqColumns columns = columns_of(quotes_header, TaqKind::quotes);
  Event event;
  ASSERT_EQ(read_taq_quote("1514903819.866000,M,0,0,159.03,12,XXX", columns, {}, event),
            TaqRow::ok);
  EXPECT_EQ(event.quote().bid_nanos, 0);
  EXPECT_EQ(event.quote().bid_size, 0);
  EXPECT_EQ(event.quote().ask_nanos, 159'030'000'000);
  EXPECT_EQ(event.quote().ask_size, 1200);
  EXPECT_EQ(event.quote().bid_venue, 9);
  EXPECT_EQ(event.quote().ask_venue, 9);
}

TEST(TaqRow, columns_are_found_by_name_in_any_order_and_extra_ones_are_ignored) {
  const TaqColumns columns = columns_of("PRICE,\"SIZE\",NOTE,EX,DT", TaqKind::trades);
  Event event;
  ASSERT_EQ(read_taq_trade("1.5,\"7\",hello,N,1514903404", columns, {}, event), TaqRow::ok);
  EXPECT_EQ(event.trade().price_nanos, 1'500'000'000);
  EXPECT_EQ(event.trade().size_micros, 7'000'000);
  EXPECT_EQ(event.trade().condition_count, 0);
}

TEST(TaqRow, a_header_without_a_needed_column_names_it) {
  const auto columns = read_taq_header("DT,EX,SIZE", TaqKind::trades);
  ASSERT_FALSE(columns.ok());
  EXPECT_EQ(columns.error().code, ErrorCode::config);
  EXPECT_NE(columns.error().what.find("PRICE"), std::string::npos);
}

TEST(TaqRow, every_kind_of_bad_row_is_named) {
  struct Row {
    const char* line;
    TaqRow row;
  };
  const Row rows[] = {
      {"", TaqRow::too_few_columns},
      {"1514903404.092", TaqRow::too_few_columns},
      {"1514903404.092,P,XXX,,1,158.1", TaqRow::too_few_columns},
      {"yesterday,P,XXX,,1,158.1,0", TaqRow::bad_time},
      {"-5,P,XXX,,1,158.1,0", TaqRow::bad_time},
      {"99999999999,P,XXX,,1,158.1,0", TaqRow::bad_time},
      {"1514903404.0929999999,P,XXX,,1,158.1,0", TaqRow::bad_time},
      {"1514903404.092,F,XXX,,1,158.1,0", TaqRow::bad_venue},
      {"1514903404.092,,XXX,,1,158.1,0", TaqRow::bad_venue},
      {"1514903404.092,PP,XXX,,1,158.1,0", TaqRow::bad_venue},
      {"1514903404.092,P,XXX,,1,,0", TaqRow::bad_price},
      {"1514903404.092,P,XXX,,1,0,0", TaqRow::bad_price},
      {"1514903404.092,P,XXX,,1,-1,0", TaqRow::bad_price},
      {"1514903404.092,P,XXX,,1,1.2345678901,0", TaqRow::bad_price},
      {"1514903404.092,P,XXX,,1,nan,0", TaqRow::bad_price},
      {"1514903404.092,P,XXX,,1,99999999999999999999,0", TaqRow::bad_price},
      {"1514903404.092,P,XXX,,0,158.1,0", TaqRow::bad_size},
      {"1514903404.092,P,XXX,,x,158.1,0", TaqRow::bad_size},
      {"1514903404.092,P,XXX,FTIII,1,158.1,0", TaqRow::bad_condition},
      {"1514903404.092,P,XXX,F?,1,158.1,0", TaqRow::ok_unknown_letter},
      {"1514903404.092,P,XXX,,1,158.1,10", TaqRow::not_a_trade},
      {"1514903404.092,P,XXX,,1,158.1,8", TaqRow::ok},
      {"1514903404.092,P,XXX,,1e+05,158.1,00", TaqRow::ok},
  };
  for (const Row& row : rows) {
    Event event;
    EXPECT_EQ(to_string(read_trade(row.line, event)), to_string(row.row)) << row.line;
  }
}

TEST(TaqRow, a_row_of_another_symbol_is_refused) {
  Event event;
  const TaqMapping mapping{.market = Market::stocks, .tape = 1, .file_symbol = "XXX"};
  EXPECT_EQ(read_trade("1514903404.092,P,XXX,,1,158.1,0", event, mapping), TaqRow::ok);
  EXPECT_EQ(read_trade("1514903404.092,P,YYY,,1,158.1,0", event, mapping), TaqRow::other_symbol);
}

TEST(TaqRow, a_trade_updates_a_statistic_only_if_all_its_conditions_allow_it) {
  struct Row {
    std::vector<std::uint16_t> conditions;
    bool high_low;
    bool open_close;
    bool volume;
  };
  const Row rows[] = {
      {{}, true, true, true},         {{14}, true, true, true},   {{37}, false, false, true},
      {{14, 37}, false, false, true}, {{10}, true, false, true},  {{22}, true, false, true},
      {{10, 2}, false, false, true},  {{12}, false, false, true}, {{15}, false, false, false},
      {{16}, false, false, false},    {{38}, true, true, false},  {{17}, true, true, true},
      {{25}, true, true, true},       {{32}, true, false, true},  {{33}, true, false, true},
      {{5}, true, false, true},       {{29}, false, false, true}, {{52}, false, false, true},
      {{209}, true, true, true},      {{60}, true, true, true},   {{41, 9}, true, true, true},
      {{7, 37}, false, false, true},  {{20}, false, false, true}, {{21}, false, false, true},
      {{13, 37}, false, false, true}, {{53}, false, false, true}, {{38, 37}, false, false, false},
  };
  for (const Row& row : rows) {
    const UpdateRules rules = update_rules(row.conditions);
    EXPECT_EQ(rules.high_low, row.high_low) << row.conditions.size();
    EXPECT_EQ(rules.open_close, row.open_close);
    EXPECT_EQ(rules.volume, row.volume);
  }
}

}  // namespace
}  // namespace ringside::sim
