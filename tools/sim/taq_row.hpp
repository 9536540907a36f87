// Owns the meaning of one TAQ CSV row: columns by the header's names, exact decimals, exchange and
// sale-condition letters mapped to the vendor's ids. Any thread; no allocation per row.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ringside/base/result.hpp"
#include "sim/event.hpp"

namespace ringside::sim {

/// Which column holds what; -1 for a column that is not there.
struct TaqColumns {
  int time = -1;
  int venue = -1;
  int condition = -1;
  int size = -1;
  int price = -1;
  int correction = -1;
  int bid = -1;
  int bid_size = -1;
  int ask = -1;
  int ask_size = -1;
  int symbol = -1;
};

enum class TaqKind : std::uint8_t { trades, quotes };

/// Reads a header line (DT, EX, COND, SIZE, PRICE, CORR or DT, EX, BID, BIDSIZ, OFR, OFRSIZ; any
/// order, other columns ignored, CORR, COND and SYMBOL may be missing).
/// Errors  config: a column is missing; the text names it, the caller adds the file.
[[nodiscard]] Result<TaqColumns> read_taq_header(std::string_view line, TaqKind kind);

/// The SYMBOL of a data row; empty when there is no such column.
[[nodiscard]] std::string_view read_taq_symbol(std::string_view line,
                                               const TaqColumns& columns) noexcept;

/// How a set of files becomes vendor events.
struct TaqMapping {
  Market market = Market::stocks;
  std::uint8_t tape = 1;    // decides what the letters mean, and is sent as `z`
  std::string file_symbol;  // rows of another SYMBOL are refused; empty: any
};

/// Whether a row gave an event, and why not.
enum class [[nodiscard]] TaqRow : std::uint8_t{
    ok,
    ok_unknown_letter,  // an event without the sale-condition letter that no plan knows
    too_few_columns,
    bad_time,
    bad_venue,
    bad_price,
    bad_size,
    bad_condition,  // more than four letters
    other_symbol,   // not the symbol of the file's first row
    not_a_trade,    // CORR 10 and above: a cancel or correction record
};
[[nodiscard]] constexpr bool is_event(TaqRow row) noexcept {
  return row == TaqRow::ok || row == TaqRow::ok_unknown_letter;
}
[[nodiscard]] std::string_view to_string(TaqRow row) noexcept;

/// Fills `event` but for instrument, id and sequence.
///
/// Units   DT seconds with up to nine decimals; `t` and `pt` are its milliseconds, cut. SIZE is in
///         shares; BIDSIZ and OFRSIZ are round lots of 100 and become shares.
/// Rules   options: a quote keeps its sizes x 100 as well, venue ids count from 300 and every trade
///         has condition 209, since stock conditions mean nothing there. A trade of venue D is a
///         print of facility 202 with `trft` = `t`. CORR 0 to 9 are trades as the tape first had
///         them.
TaqRow read_taq_trade(std::string_view line, const TaqColumns& columns, const TaqMapping& mapping,
                      Event& event);
TaqRow read_taq_quote(std::string_view line, const TaqColumns& columns, const TaqMapping& mapping,
                      Event& event);

}  // namespace ringside::sim
