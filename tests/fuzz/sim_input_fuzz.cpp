// Any bytes as what the vendor simulator reads: a TAQ row, a client's message, a control command.
// Never a crash; a row that gives an event gives one whose text is JSON and fits; every answer of a
// session is a JSON array. Input: byte 0 chooses which, the rest is the text.
#include <simdjson.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz_check.hpp"
#include "sim/control.hpp"
#include "sim/format.hpp"
#include "sim/session.hpp"
#include "sim/taq_row.hpp"

namespace ringside::sim {
namespace {

bool is_json(std::string_view text) {
  static simdjson::dom::parser parser;
  simdjson::dom::element document;
  return parser.parse(text.data(), text.size()).get(document) == simdjson::SUCCESS;
}

void check_event(const Event& event) {
  std::array<char, event_chars_max> room{};
  const char* const end = format_event(room.data(), event, "XXX");
  const auto bytes = static_cast<std::size_t>(end - room.data());
  FUZZ_CHECK(bytes <= room.size());
  FUZZ_CHECK(is_json({room.data(), bytes}));
}

void read_row(std::string_view line, TaqKind kind, Market market) {
  const auto columns =
      read_taq_header(kind == TaqKind::trades ? "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR"
                                              : "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL",
                      kind);
  FUZZ_CHECK(columns.ok());
  const TaqMapping mapping{.market = market, .tape = 3, .file_symbol = {}};
  Event event;
  const TaqRow row = kind == TaqKind::trades ? read_taq_trade(line, *columns, mapping, event)
                                             : read_taq_quote(line, *columns, mapping, event);
  if (!is_event(row)) return;
  if (kind == TaqKind::trades) {
    FUZZ_CHECK(event.trade().price_nanos > 0 && event.trade().size_micros > 0);
    FUZZ_CHECK(event.trade().condition_count <= event.trade().conditions.size());
  } else {
    FUZZ_CHECK(event.quote().bid_nanos >= 0 && event.quote().ask_nanos >= 0);
    FUZZ_CHECK(event.quote().bid_size >= 0 && event.quote().ask_size >= 0);
  }
  check_event(event);
}

void talk(std::string_view text, Market market) {
  SessionOptions options;
  options.market = market;
  options.key = "key";
  options.pairs_max = 100;
  Session session(options, 0);
  static_cast<void>(session.message(R"({"action":"auth","params":"key"})"));
  for (int again = 0; again < 2; ++again) {
    const SessionOutput out = session.message(text);
    for (const std::string& message : out.messages) {
      FUZZ_CHECK(message.front() == '[' && message.back() == ']');
      FUZZ_CHECK(is_json(message));
    }
    FUZZ_CHECK(session.pair_count() <= options.pairs_max);
    FUZZ_CHECK(again == 0 || out.changes.empty() || !out.changes.front().is_added);
  }
}

}  // namespace
}  // namespace ringside::sim

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringside::sim;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Market market = (data[0] & 4U) != 0 ? Market::options : Market::stocks;
  switch (data[0] & 3U) {
    case 0:
      read_row(text, TaqKind::trades, market);
      break;
    case 1:
      read_row(text, TaqKind::quotes, market);
      break;
    case 2:
      talk(text, market);
      break;
    default:
      static_cast<void>(parse_command(text));
      break;
  }
  return 0;
}
