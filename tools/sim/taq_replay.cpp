#include "sim/taq_replay.hpp"

#include <algorithm>
#include <utility>

#include "sim/format.hpp"

namespace ringside::sim {
namespace {

bool is_symbol(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 24 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '-' || c == '/';
  });
}

Error usage(std::string what) {
  return Error{ErrorCode::usage, 0, std::move(what)};
}

}  // namespace

Result<TaqSet> parse_taq_set(const std::vector<std::string>& words) {
  if (words.size() < 2 || words[0].empty() || words[1].empty()) {
    return usage("--taq needs two files: TRADES QUOTES [symbol=NAME] [market=options] [tape=C]");
  }
  TaqSet set;
  set.trades_file = words[0];
  set.quotes_file = words[1];
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "symbol" && is_symbol(value)) {
      set.symbol = value;
    } else if (name == "market" && (value == "stocks" || value == "options")) {
      set.market = value == "stocks" ? Market::stocks : Market::options;
    } else if (name == "tape" && value.size() == 1 && value[0] >= 'A' && value[0] <= 'C') {
      set.tape = static_cast<std::uint8_t>(1 + (value[0] - 'A'));
    } else {
      return usage("--taq: '" + word +
                   "' is none of symbol=NAME (up to 24 letters, digits, .:-/), "
                   "market=stocks|options, tape=A|B|C");
    }
  }
  return set;
}

Result<TaqReplay::File> TaqReplay::open_file(const std::string& path, TaqKind kind,
                                             const TaqSet& set) {
  auto lines = GzLines::open(path);
  if (!lines) return lines.error();
  std::string_view line;
  const LineStatus status = lines->next(line);
  if (status == LineStatus::failed) return lines->error();
  if (status != LineStatus::ok) {
    return Error{ErrorCode::config, 0, path + ": no header line"};
  }
  auto columns = read_taq_header(line, kind);
  if (!columns) {
    return Error{ErrorCode::config, 0, path + ":1: " + columns.error().what};
  }
  return File{.lines = std::move(*lines),
              .kind = kind,
              .columns = *columns,
              .mapping = {.market = set.market, .tape = set.tape, .file_symbol = {}},
              .instrument = 0,
              .numbering = 0,
              .order_ns = ts_none,
              .ts_last_ns = 0,
              .event = {}};
}

Result<TaqReplay> TaqReplay::open(const std::vector<TaqSet>& sets, MarketInstruments& instruments) {
  TaqReplay replay;
  for (const TaqSet& set : sets) {
    auto quotes = open_file(set.quotes_file, TaqKind::quotes, set);
    if (!quotes) return quotes.error();
    auto trades = open_file(set.trades_file, TaqKind::trades, set);
    if (!trades) return trades.error();
    std::string symbol = set.symbol;
    for (File* file : {&*quotes, &*trades}) {
      replay.advance(*file);
      if (symbol.empty()) symbol = file->mapping.file_symbol;
    }
    if (!is_symbol(symbol)) {
      return Error{ErrorCode::config, 0,
                   set.trades_file + ": no row with a usable SYMBOL; say symbol=NAME"};
    }
    for (File* file : {&*quotes, &*trades}) {
      file->instrument = instruments[static_cast<std::size_t>(set.market)].add(
          {.symbol = symbol, .tape = set.tape});
      file->numbering = replay.numbering_of(*file);
      replay.files_.push_back(std::move(*file));
    }
  }
  replay.choose();
  return replay;
}

void TaqReplay::note(const File& file, std::string_view why) {
  if (report_.notes.size() >= TaqReport::notes_max) return;
  report_.notes.push_back(file.lines.path() + ":" + std::to_string(file.lines.line_number()) +
                          ": " + std::string(why));
}

// True: file.event holds the row's event.
bool TaqReplay::read_row(File& file, std::string_view line) {
  const TaqRow row = file.kind == TaqKind::trades
                         ? read_taq_trade(line, file.columns, file.mapping, file.event)
                         : read_taq_quote(line, file.columns, file.mapping, file.event);
  if (is_event(row) && file.mapping.file_symbol.empty()) {
    file.mapping.file_symbol = std::string(read_taq_symbol(line, file.columns));
  }
  if (row == TaqRow::ok) return true;
  note(file, to_string(row));
  if (row == TaqRow::ok_unknown_letter) {
    ++report_.letters_unknown;
    return true;
  }
  ++report_.rows_refused;
  return false;
}

std::size_t TaqReplay::numbering_of(const File& file) {
  for (const File& other : files_) {
    if (other.kind == file.kind && other.instrument == file.instrument &&
        other.mapping.market == file.mapping.market) {
      return other.numbering;
    }
  }
  sequences_.push_back(0);
  return sequences_.size() - 1;
}

// Gives the row just read its place in time.
void TaqReplay::place(File& file) {
  if (file.event.ts_ns < file.ts_last_ns) ++report_.times_back;
  file.ts_last_ns = std::max(file.ts_last_ns, file.event.ts_ns);
  file.order_ns = file.ts_last_ns;
}

// Reads on to the next row that gives an event.
void TaqReplay::advance(File& file) {
  std::string_view line;
  for (;;) {
    switch (file.lines.next(line)) {
      case LineStatus::ok:
        if (line.empty() || !read_row(file, line)) break;
        place(file);
        return;
      case LineStatus::too_long:
        ++report_.rows_refused;
        note(file, "the line is longer than 4096 bytes");
        break;
      case LineStatus::failed:
        ++report_.files_failed;
        report_.notes.push_back(file.lines.error().message());
        file.order_ns = ts_none;
        return;
      case LineStatus::end:
        file.order_ns = ts_none;
        return;
    }
  }
}

void TaqReplay::choose() {
  chosen_ = 0;
  for (std::size_t i = 1; i < files_.size(); ++i) {
    if (files_[i].order_ns < files_[chosen_].order_ns) chosen_ = i;
  }
}

std::uint64_t TaqReplay::next_ts_ns() const noexcept {
  return files_.empty() ? ts_none : files_[chosen_].order_ns;
}

void TaqReplay::take(Event& event) {
  File& file = files_[chosen_];
  event = file.event;
  event.ts_ns = file.order_ns;
  event.instrument = file.instrument;
  const std::uint64_t sequence = ++sequences_[file.numbering];
  if (Trade* trade = std::get_if<Trade>(&event.body)) {
    trade->sequence = sequence;
    trade->id = sequence;
    ++report_.trades_sent;
  } else if (Quote* quote = std::get_if<Quote>(&event.body)) {
    quote->sequence = sequence;
    ++report_.quotes_sent;
  }
  advance(file);
  choose();
}

}  // namespace ringside::sim
