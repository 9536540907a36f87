// Owns the replay of TAQ CSV files as vendor events: several pairs of files at once, merged by
// time. One thread; allocates when opened, and for the report of bad rows.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ringside/base/result.hpp"
#include "sim/event.hpp"
#include "sim/gz_lines.hpp"
#include "sim/taq_row.hpp"

namespace ringside::sim {

/// One day of one symbol: `--taq TRADES QUOTES [symbol=NAME] [market=options] [tape=A|B|C]`.
struct TaqSet {
  std::string trades_file = {};
  std::string quotes_file = {};
  std::string symbol = {};  // what the vendor calls it; empty: the files' SYMBOL
  Market market = Market::stocks;
  std::uint8_t tape = 1;
};

/// Reads the words after one --taq.
/// Errors  usage: not two files, an unknown word, a value out of range; names the word.
[[nodiscard]] Result<TaqSet> parse_taq_set(const std::vector<std::string>& words);

/// What became of the rows of all files.
struct TaqReport {
  std::uint64_t trades_sent = 0;
  std::uint64_t quotes_sent = 0;
  std::uint64_t rows_refused = 0;
  std::uint64_t letters_unknown = 0;
  std::uint64_t times_back = 0;  // rows older than the one before; sent where they stand
  std::uint64_t files_failed = 0;
  std::vector<std::string> notes;  // "file:line: why", the first notes_max of them
  static constexpr std::size_t notes_max = 20;
};

/// Merges the rows of all files by time. At one time: quotes before trades, then the order of the
/// sets. A row that is older than its predecessor follows it at once. Per symbol and kind, `q`
/// counts 1, 2, 3 ...; trade ids count too. Each file's rows keep their order.
class TaqReplay {
 public:
  /// Opens every file and reads its first row; registers the symbols.
  /// Errors  not_found, io: a file (named); config: a header or a symbol.
  [[nodiscard]] static Result<TaqReplay> open(const std::vector<TaqSet>& sets,
                                              MarketInstruments& instruments);

  /// The next event's time; `ts_none` at the end.
  [[nodiscard]] std::uint64_t next_ts_ns() const noexcept;
  static constexpr std::uint64_t ts_none = ~std::uint64_t{0};

  /// Takes the next event. Precondition: next_ts_ns() is not ts_none.
  void take(Event& event);

  [[nodiscard]] const TaqReport& report() const noexcept { return report_; }

 private:
  struct File {
    GzLines lines;
    TaqKind kind;
    TaqColumns columns;
    TaqMapping mapping;
    std::uint32_t instrument = 0;
    std::size_t numbering = 0;         // in sequences_: files of one symbol and kind share one
    std::uint64_t order_ns = ts_none;  // when the row below is due; ts_none: the file is read
    std::uint64_t ts_last_ns = 0;
    Event event;
  };

  [[nodiscard]] static Result<File> open_file(const std::string& path, TaqKind kind,
                                              const TaqSet& set);
  void advance(File& file);
  void place(File& file);
  [[nodiscard]] std::size_t numbering_of(const File& file);
  [[nodiscard]] bool read_row(File& file, std::string_view line);
  void note(const File& file, std::string_view why);
  void choose();

  std::vector<File> files_;               // quotes and trades of the first set, of the second ...
  std::vector<std::uint64_t> sequences_;  // the last `q` given, by File::numbering
  std::size_t chosen_ = 0;                // the file whose row is next
  TaqReport report_;
};

}  // namespace ringside::sim
