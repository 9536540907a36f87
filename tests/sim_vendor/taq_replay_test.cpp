// Owns the claims about whole TAQ files: merge order, numbering, renaming, damage.
#include "sim/taq_replay.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace ringside::sim {
namespace {

using test::TempDir;

constexpr const char* trades_text =
    "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR\n"
    "1514903400.000000,P,XXX,Q,2,158.3,0\n"
    "1514903400.500000,N,XXX,O,100,158.5,0\n"
    "1514903402.000000,T,XXX,F I,40,158.39,0\n";
constexpr const char* quotes_text =
    "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL\n"
    "1514903400.500000,P,158.1,1,158.6,2,XXX\n"
    "1514903401.000000,N,158.2,1,158.5,2,XXX\n";

struct Replayed {
  std::vector<std::string> events;  // "T XXX 158300000000 q1"
  TaqReport report;
};

Replayed replay_all(const std::vector<TaqSet>& sets) {
  MarketInstruments instruments;
  auto replay = TaqReplay::open(sets, instruments);
  EXPECT_TRUE(replay.ok()) << (replay.ok() ? "" : replay.error().message());
  Replayed out;
  if (!replay) return out;
  std::uint64_t ts_last_ns = 0;
  while (replay->next_ts_ns() != TaqReplay::ts_none) {
    Event event;
    replay->take(event);
    EXPECT_GE(event.ts_ns, ts_last_ns);
    ts_last_ns = event.ts_ns;
    const Instrument& of = instruments[static_cast<std::size_t>(event.market)][event.instrument];
    const bool is_trade = event.kind == EventKind::trade;
    out.events.push_back(
        std::string(kind_name(event.kind)) + " " + of.symbol + " " +
        std::to_string(is_trade ? event.trade().price_nanos : event.quote().bid_nanos) + " q" +
        std::to_string(is_trade ? event.trade().sequence : event.quote().sequence));
  }
  out.report = replay->report();
  return out;
}

TEST(TaqReplay, merges_by_time_quotes_before_trades_and_numbers_each_kind) {
  const TempDir dir;
  const TaqSet set{.trades_file = dir.write("t.csv", trades_text),
                   .quotes_file = dir.write("q.csv", quotes_text),
                   .symbol = "",
                   .market = Market::stocks,
                   .tape = 1};
  const Replayed out = replay_all({set});
  const std::vector<std::string> expected{"T XXX 158300000000 q1", "Q XXX 158100000000 q1",
                                          "T XXX 158500000000 q2", "Q XXX 158200000000 q2",
                                          "T XXX 158390000000 q3"};
  EXPECT_EQ(out.events, expected);
  EXPECT_EQ(out.report.trades_sent, 3U);
  EXPECT_EQ(out.report.quotes_sent, 2U);
  EXPECT_EQ(out.report.rows_refused, 0U);
  EXPECT_TRUE(out.report.notes.empty());
}

TEST(TaqReplay, one_day_can_be_two_symbols_on_two_markets_at_once) {
  const TempDir dir;
  const std::string trades = dir.write("t.csv", trades_text);
  const std::string quotes = dir.write("q.csv", quotes_text);
  const Replayed out = replay_all({{.trades_file = trades, .quotes_file = quotes, .symbol = "AAA"},
                                   {.trades_file = trades,
                                    .quotes_file = quotes,
                                    .symbol = "O:XXX180119C00155000",
                                    .market = Market::options}});
  const std::vector<std::string> expected{"T AAA 158300000000 q1",
                                          "T O:XXX180119C00155000 158300000000 q1",
                                          "Q AAA 158100000000 q1",
                                          "T AAA 158500000000 q2",
                                          "Q O:XXX180119C00155000 158100000000 q1",
                                          "T O:XXX180119C00155000 158500000000 q2",
                                          "Q AAA 158200000000 q2",
                                          "Q O:XXX180119C00155000 158200000000 q2",
                                          "T AAA 158390000000 q3",
                                          "T O:XXX180119C00155000 158390000000 q3"};
  EXPECT_EQ(out.events, expected);
}

TEST(TaqReplay, two_files_of_one_symbol_share_one_numbering) {
  const TempDir dir;
  const std::string trades = dir.write("t.csv", trades_text);
  const std::string quotes = dir.write("q.csv", quotes_text);
  const TaqSet set{.trades_file = trades, .quotes_file = quotes};
  const Replayed out = replay_all({set, set});
  ASSERT_EQ(out.events.size(), 10U);
  EXPECT_EQ(out.events.front(), "T XXX 158300000000 q1");
  EXPECT_EQ(out.events.back(), "T XXX 158390000000 q6");
}

TEST(TaqReplay, bad_rows_are_counted_and_named_and_the_others_are_sent) {
  const TempDir dir;
  const std::string trades = dir.write("t.csv",
                                       "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR\r\n"
                                       "oops\r\n"
                                       "1514903400.0,P,XXX,,2,158.3,0\r\n"
                                       "\r\n"
                                       "1514903400.1,P,XXX,,2,zero,0\r\n"
                                       "1514903400.2,P,XXX,F?,2,158.4,0\r\n"
                                       "1514903400.1,P,XXX,,2,158.5,0");
  const std::string quotes =
      dir.write("q.csv", "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL\n" + std::string(5000, 'x') + "\n");
  const Replayed out = replay_all({{.trades_file = trades, .quotes_file = quotes}});
  EXPECT_EQ(out.events, (std::vector<std::string>{"T XXX 158300000000 q1", "T XXX 158400000000 q2",
                                                  "T XXX 158500000000 q3"}));
  EXPECT_EQ(out.report.rows_refused, 3U);
  EXPECT_EQ(out.report.letters_unknown, 1U);
  EXPECT_EQ(out.report.times_back, 1U);
  ASSERT_EQ(out.report.notes.size(), 4U);
  EXPECT_EQ(out.report.notes[0], quotes + ":2: the line is longer than 4096 bytes");
  EXPECT_EQ(out.report.notes[1], trades + ":2: too few columns");
  EXPECT_EQ(out.report.notes[2].substr(0, trades.size() + 11), trades + ":5: a price");
  EXPECT_EQ(out.report.notes[3].substr(0, trades.size() + 8), trades + ":6: sent");
}

std::string write_gz(const TempDir& dir, const std::string& name, const std::string& text) {
  std::string path = dir.file(name);
  gzFile file = ::gzopen(path.c_str(), "wb");
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(::gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  ::gzclose(file);
  return path;
}

TEST(TaqReplay, a_compressed_file_that_ends_early_gives_its_rows_and_one_note) {
  const TempDir dir;
  std::string many = "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR\n";
  for (int i = 0; i < 20'000; ++i) {
    many += "1514903400." + std::to_string(100'000 + i) + ",P,XXX,,2,158.3,0\n";
  }
  const std::string whole = write_gz(dir, "t.csv.gz", many);
  const std::string bytes = dir.read("t.csv.gz");
  const std::string cut = dir.write("cut.csv.gz", bytes.substr(0, bytes.size() / 2));
  const std::string quotes = dir.write("q.csv", quotes_text);

  const Replayed all = replay_all({{.trades_file = whole, .quotes_file = quotes}});
  EXPECT_EQ(all.report.trades_sent, 20'000U);
  EXPECT_EQ(all.report.files_failed, 0U);

  const Replayed half = replay_all({{.trades_file = cut, .quotes_file = quotes}});
  EXPECT_EQ(half.report.files_failed, 1U);
  EXPECT_LT(half.report.trades_sent, 20'000U);
  ASSERT_FALSE(half.report.notes.empty());
  EXPECT_NE(half.report.notes.back().find(cut), std::string::npos);
}

TEST(TaqReplay, a_file_that_is_not_there_or_not_such_a_file_is_one_clear_line) {
  const TempDir dir;
  const std::string trades = dir.write("t.csv", trades_text);
  const std::string quotes = dir.write("q.csv", quotes_text);
  struct Row {
    TaqSet set;
    ErrorCode code;
    const char* says;
  };
  const Row rows[] = {
      {{.trades_file = dir.file("no.csv"), .quotes_file = quotes}, ErrorCode::not_found, "no.csv"},
      {{.trades_file = dir.path(), .quotes_file = quotes}, ErrorCode::io, "is not a file"},
      {{.trades_file = quotes, .quotes_file = quotes}, ErrorCode::config, "q.csv:1: the header"},
      {{.trades_file = trades, .quotes_file = dir.write("empty.csv", "")},
       ErrorCode::config,
       "empty.csv: no header line"},
      {{.trades_file = dir.write("nosym.csv", "DT,EX,SIZE,PRICE\n1,P,1,1\n"),
        .quotes_file = dir.write("nosymq.csv", "DT,EX,BID,BIDSIZ,OFR,OFRSIZ\n1,P,1,1,2,1\n")},
       ErrorCode::config,
       "symbol=NAME"},
  };
  for (const Row& row : rows) {
    MarketInstruments instruments;
    const auto replay = TaqReplay::open({row.set}, instruments);
    ASSERT_FALSE(replay.ok());
    EXPECT_EQ(replay.error().code, row.code);
    EXPECT_NE(replay.error().what.find(row.says), std::string::npos) << replay.error().what;
  }
}

TEST(TaqReplay, the_words_after_the_flag_say_symbol_market_and_tape) {
  const auto plain = parse_taq_set({"t", "q"});
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->symbol, "");
  EXPECT_EQ(plain->market, Market::stocks);
  EXPECT_EQ(plain->tape, 1);
  const auto full =
      parse_taq_set({"t", "q", "symbol=O:X180119C00155000", "market=options", "tape=C"});
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->symbol, "O:X180119C00155000");
  EXPECT_EQ(full->market, Market::options);
  EXPECT_EQ(full->tape, 3);
  const std::vector<std::vector<std::string>> bad{{},
                                                  {"t"},
                                                  {"t", "q", "symbol="},
                                                  {"t", "q", "symbol=A\"B"},
                                                  {"t", "q", "market=crypto"},
                                                  {"t", "q", "tape=D"},
                                                  {"t", "q", "colour=red"}};
  for (const auto& words : bad) {
    const auto set = parse_taq_set(words);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace ringside::sim
