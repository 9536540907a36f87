// Every layout the recorder writes, held against bytes written down by hand from the description
// of the format: no expected byte comes from our own encoder.
#include <gtest/gtest.h>

#include "dbn.hpp"
#include "dbn_bytes.hpp"
#include "dbn_definition.hpp"
#include "dbn_metadata.hpp"

namespace ringside::recorder {
namespace {

using namespace dbn;
using test::Bytes;
using test::bytes_of;
using test::from_hex;
using test::to_hex;

constexpr std::uint64_t ts_event = 0x1122334455667788;
constexpr std::uint64_t ts_recv = 0x1122334455667799;

TEST(DbnGolden, trade_is_48_bytes) {
  TradeMsg trade{};
  trade.hd = header_of<TradeMsg>(Rtype::trade, 66, 7, ts_event);
  trade.price = 225'600'000'000;
  trade.size = 100;
  trade.action = Action::trade;
  trade.side = Side::none;
  trade.flags = flag_last;
  trade.ts_recv = ts_recv;
  trade.ts_in_delta = 17;
  trade.sequence = 4711;
  EXPECT_EQ(to_hex(bytes_of(trade)), to_hex(from_hex("0C 00 42 00 07 00 00 00"
                                                     "88 77 66 55 44 33 22 11"
                                                     "00 D0 CE 86 34 00 00 00"
                                                     "64 00 00 00 54 4E 80 00"
                                                     "99 77 66 55 44 33 22 11"
                                                     "11 00 00 00 67 12 00 00")));
}

TEST(DbnGolden, consolidated_quote_is_80_bytes) {
  Cmbp1Msg quote{};
  quote.hd = header_of<Cmbp1Msg>(Rtype::cmbp_1, 94, 7, ts_event);
  quote.price = price_null;
  quote.size = size_null;
  quote.action = Action::modify;
  quote.side = Side::none;
  quote.flags = flag_last | flag_top_of_book;
  quote.ts_recv = ts_recv;
  quote.ts_in_delta = -2;
  quote.bid_px = 10'010'000'000;
  quote.ask_px = 10'020'000'000;
  quote.bid_sz = 300;
  quote.ask_sz = 100;
  quote.bid_pb = 71;
  quote.ask_pb = 66;
  EXPECT_EQ(to_hex(bytes_of(quote)), to_hex(from_hex("14 B1 5E 00 07 00 00 00"
                                                     "88 77 66 55 44 33 22 11"
                                                     "FF FF FF FF FF FF FF 7F"
                                                     "FF FF FF FF 4D 4E C0 00"
                                                     "99 77 66 55 44 33 22 11"
                                                     "FE FF FF FF 00 00 00 00"
                                                     "80 7A A4 54 02 00 00 00"
                                                     "00 11 3D 55 02 00 00 00"
                                                     "2C 01 00 00 64 00 00 00"
                                                     "47 00 00 00 42 00 00 00")));
}

TEST(DbnGolden, bar_is_56_bytes) {
  OhlcvMsg bar{};
  bar.hd = header_of<OhlcvMsg>(Rtype::ohlcv_1m, 94, 7, ts_event);
  bar.open = 1;
  bar.high = 2;
  bar.low = -1;
  bar.close = price_null;
  bar.volume = 0x0102030405060708;
  EXPECT_EQ(to_hex(bytes_of(bar)), to_hex(from_hex("0E 21 5E 00 07 00 00 00"
                                                   "88 77 66 55 44 33 22 11"
                                                   "01 00 00 00 00 00 00 00"
                                                   "02 00 00 00 00 00 00 00"
                                                   "FF FF FF FF FF FF FF FF"
                                                   "FF FF FF FF FF FF FF 7F"
                                                   "08 07 06 05 04 03 02 01")));
}

TEST(DbnGolden, status_is_40_bytes) {
  StatusMsg status{};
  status.hd = header_of<StatusMsg>(Rtype::status, 94, 7, ts_event);
  status.ts_recv = ts_recv;
  status.action = status_action_halt;
  status.reason = status_reason_luld_pause;
  status.is_trading = TriState::no;
  status.is_quoting = TriState::not_available;
  status.is_short_sell_restricted = TriState::yes;
  EXPECT_EQ(to_hex(bytes_of(status)), to_hex(from_hex("0A 12 5E 00 07 00 00 00"
                                                      "88 77 66 55 44 33 22 11"
                                                      "99 77 66 55 44 33 22 11"
                                                      "08 00 32 00 00 00 4E 7E"
                                                      "59 00 00 00 00 00 00 00")));
}

TEST(DbnGolden, symbol_mapping_is_176_bytes) {
  SymbolMappingMsg mapping{};
  mapping.hd = header_of<SymbolMappingMsg>(Rtype::symbol_mapping, 0, 7, ts_event);
  mapping.stype_in = Stype::raw_symbol;
  mapping.stype_in_symbol = {'B', 'R', 'K', '.', 'B'};
  mapping.stype_out = Stype::instrument_id;
  mapping.stype_out_symbol = {'A'};
  mapping.start_ts = 1;
  mapping.end_ts = ts_null;
  const Bytes expected = Bytes()
                             .add(from_hex("2C 16 00 00 07 00 00 00 88 77 66 55 44 33 22 11 01"))
                             .text("BRK.B", 71)
                             .add(from_hex("00"))
                             .text("A", 71)
                             .add(from_hex("01 00 00 00 00 00 00 00 FF FF FF FF FF FF FF FF"));
  EXPECT_EQ(to_hex(bytes_of(mapping)), to_hex(expected.get()));
}

TEST(DbnGolden, system_and_error_are_320_bytes) {
  SystemMsg system{};
  system.hd = header_of<SystemMsg>(Rtype::system, 0, 0, ts_event);
  system.msg = {'H', 'i'};
  system.code = system_code_unset;
  EXPECT_EQ(to_hex(bytes_of(system)),
            to_hex(Bytes()
                       .add(from_hex("50 17 00 00 00 00 00 00 88 77 66 55 44 33 22 11"))
                       .text("Hi", 303)
                       .add(from_hex("FF"))
                       .get()));
  ErrorMsg error{};
  error.hd = header_of<ErrorMsg>(Rtype::error, 0, 0, ts_event);
  error.err = {'N', 'o'};
  error.code = error_code_records_skipped;
  error.is_last = 1;
  EXPECT_EQ(to_hex(bytes_of(error)),
            to_hex(Bytes()
                       .add(from_hex("50 15 00 00 00 00 00 00 88 77 66 55 44 33 22 11"))
                       .text("No", 302)
                       .add(from_hex("07 01"))
                       .get()));
}

/// Numbers at the places the description names, each at its own offset; everything else zero.
TEST(DbnGolden, definition_is_520_bytes) {
  InstrumentDefMsg definition{};
  definition.hd = header_of<InstrumentDefMsg>(Rtype::definition, 30, 7, ts_event);
  definition.ts_recv = ts_recv;
  definition.strike_price = 650'000'000'000;
  definition.underlying_id = 9;
  definition.contract_multiplier = 100;
  definition.maturity_year = 2026;
  definition.currency = {'U', 'S', 'D'};
  definition.raw_symbol = {'S', 'P', 'Y'};
  definition.underlying = {'S', 'P', 'Y'};
  definition.instrument_class = 'C';
  definition.security_update_action = 'A';
  definition.maturity_day = 16;
  definition.leg_side = 'N';
  std::vector<std::byte> expected(520);
  const auto put = [&expected](std::size_t at, std::string_view hex) {
    const auto bytes = from_hex(hex);
    std::copy(bytes.begin(), bytes.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, "82 13 1E 00 07 00 00 00 88 77 66 55 44 33 22 11");
  put(16, "99 77 66 55 44 33 22 11");
  put(104, "00 E4 04 57 97 00 00 00");
  put(140, "09");
  put(176, "64");
  put(214, "EA 07");
  put(224, "55 53 44");
  put(238, "53 50 59");
  put(391, "53 50 59");
  put(487, "43");
  put(493, "41");
  put(495, "10");
  put(502, "4E");
  EXPECT_EQ(to_hex(bytes_of(definition)), to_hex(expected));
}

TEST(DbnGolden, metadata_without_symbols_is_128_bytes) {
  Metadata metadata;
  metadata.dataset = "MASSIVE.STOCKS";
  metadata.schema = Schema::mixed;
  metadata.start = 1;
  auto bytes = encode_metadata(metadata);
  ASSERT_TRUE(bytes.ok());
  const Bytes expected = Bytes()
                             .add(from_hex("44 42 4E 03 78 00 00 00"))  // DBN, 3, 120 bytes follow
                             .text("MASSIVE.STOCKS", 16)
                             .add(from_hex("FF FF"))                    // schema
                             .add(from_hex("01 00 00 00 00 00 00 00"))  // start
                             .add(from_hex("FF FF FF FF FF FF FF FF"))  // end: open
                             .zeros(8)                                  // limit
                             .add(from_hex("01 00 00"))                 // stype_in, _out, ts_out
                             .add(from_hex("47 00"))                    // 71
                             .zeros(53)
                             .zeros(20);  // schema definition, three lists, mappings
  EXPECT_EQ(expected.size(), 128U);
  EXPECT_EQ(to_hex(*bytes), to_hex(expected.get()));
}

TEST(DbnGolden, metadata_with_a_mapping_is_padded_to_eight) {
  Metadata metadata;
  metadata.dataset = "MASSIVE.OPTIONS";
  metadata.schema = Schema::trades;
  metadata.start = 2;
  metadata.end = 3;
  metadata.symbols = {"SPY"};
  metadata.not_found = {"NOPE"};
  metadata.mappings = {{"SPY", {{20260102, 20260103, "7"}}}};
  auto bytes = encode_metadata(metadata);
  ASSERT_TRUE(bytes.ok());
  // 100 + 5 x 4 + 2 x 71 + (71 + 4 + 8 + 71) = 416, a multiple of 8 already.
  const Bytes expected = Bytes()
                             .add(from_hex("44 42 4E 03 A0 01 00 00"))
                             .text("MASSIVE.OPTIONS", 16)
                             .add(from_hex("04 00"))
                             .add(from_hex("02 00 00 00 00 00 00 00"))
                             .add(from_hex("03 00 00 00 00 00 00 00"))
                             .zeros(8)
                             .add(from_hex("01 00 00 47 00"))
                             .zeros(53)
                             .zeros(4)
                             .add(from_hex("01 00 00 00"))
                             .text("SPY", 71)
                             .zeros(4)
                             .add(from_hex("01 00 00 00"))
                             .text("NOPE", 71)
                             .add(from_hex("01 00 00 00"))
                             .text("SPY", 71)
                             .add(from_hex("01 00 00 00"))
                             .add(from_hex("06 25 35 01 07 25 35 01"))
                             .text("7", 71);
  EXPECT_EQ(to_hex(*bytes), to_hex(expected.get()));
  metadata.symbols.clear();  // 345 bytes: seven of padding
  bytes = encode_metadata(metadata);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->size(), 360U);
  EXPECT_EQ(to_hex(std::span(*bytes).subspan(4, 4)), "60 01 00 00");
  EXPECT_EQ(to_hex(std::span(*bytes).last(8)), "00 00 00 00 00 00 00 00");
}

TEST(DbnGolden, metadata_refuses_text_that_does_not_fit) {
  Metadata metadata;
  metadata.dataset = "MASSIVE.STOCKS.X";  // 16 characters
  auto bytes = encode_metadata(metadata);
  ASSERT_FALSE(bytes.ok());
  EXPECT_NE(bytes.error().what.find("'MASSIVE.STOCKS.X' has 16 characters, at most 15"),
            std::string::npos)
      << bytes.error().what;
}

}  // namespace
}  // namespace ringside::recorder
