// A segment that a test fills with a random market, the sums of everything it published, and what
// the recorder's files say about it. Test threads only; allocates.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../support/seed.hpp"
#include "dbn_reader.hpp"
#include "ringside/shm/segment.hpp"

namespace ringside::recorder::test {

inline constexpr std::uint64_t noon = 1'767'355'200'000'000'000;  // 2026-01-02 12:00 UTC
inline constexpr std::int64_t share = 1'000'000;                  // in the segment's size unit

/// Sums over one symbol.
struct SymbolSums {
  std::uint64_t trades = 0;
  std::uint64_t quotes = 0;
  std::uint64_t bars_1s = 0;
  std::uint64_t bars_1m = 0;
  std::uint64_t volume = 0;
  __extension__ unsigned __int128 notional = 0;
  std::int64_t last_price = 0;

  friend bool operator==(const SymbolSums&, const SymbolSums&) = default;
};

using Sums = std::map<std::string, SymbolSums>;

/// One feed's memory and what went into it.
class Market {
 public:
  struct Shape {
    std::uint32_t tape_slots = 1U << 15;
    std::uint32_t bar_slots = 1U << 12;
    std::uint64_t ts_begin = noon;
    std::uint64_t ts_step = 1'000'000;  // between two ticks
  };

  explicit Market(std::vector<std::string> symbols) : Market(std::move(symbols), Shape{}) {}
  Market(std::vector<std::string> symbols, const Shape& shape)
      : symbols_(std::move(symbols)), random_(ringside::test::seed()), shape_(shape) {
    shm::SegmentShape segment;
    segment.symbol_capacity = 64;
    segment.tick_tape_slots = shape.tape_slots;
    segment.bar_tape_slots = shape.bar_slots;
    segment.arena_bytes = 8U << 20;
    auto created = shm::SegmentWriter::create(segment);
    EXPECT_TRUE(created.ok());
    segment_ = std::move(*created);
    segment_->mark_ready();
    for (const std::string& symbol : symbols_) {
      const auto added = segment_->add_symbol(symbol, {64, 16}, noon, shm::SymbolState::live);
      EXPECT_TRUE(added.ok());
    }
    ts_ = shape.ts_begin;
  }

  [[nodiscard]] std::shared_ptr<const shm::SegmentView> view() const {
    auto view = shm::SegmentView::map(segment_->segment_fd());
    EXPECT_TRUE(view.ok());
    return std::make_shared<const shm::SegmentView>(std::move(*view));
  }
  [[nodiscard]] shm::SegmentWriter& segment() { return *segment_; }
  [[nodiscard]] const Sums& sums() const { return sums_; }
  [[nodiscard]] std::uint64_t ts() const { return ts_; }
  void skip(std::uint64_t ns) { ts_ += ns; }

  /// Half trades, half quotes, of random symbols.
  void publish_ticks(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) publish_tick(random_() % 2 == 0);
  }

  void publish_tick(bool is_trade) {
    shm::TickRecord tick = shm::empty_tick();
    tick.instrument_id = static_cast<std::uint32_t>(random_() % symbols_.size());
    tick.ts_event = ts_ - 5'000'000;
    tick.ts_recv = ts_;
    tick.venue = 12;
    ts_ += shape_.ts_step;
    SymbolSums& sums = sums_[symbols_[tick.instrument_id]];
    if (is_trade) {
      tick.kind = shm::Kind::trade;
      tick.trade.price = static_cast<std::int64_t>(random_() % 1'000'000'000'000);
      const auto shares = static_cast<std::uint64_t>(random_() % 1000);
      tick.trade.size = static_cast<std::int64_t>(shares) * share;
      tick.trade.sequence = static_cast<std::uint32_t>(++sequence_);
      ++sums.trades;
      sums.volume += shares;
      sums.notional += static_cast<std::uint64_t>(tick.trade.price) *
                       static_cast<decltype(sums.notional)>(shares);
      sums.last_price = tick.trade.price;
    } else {
      tick.kind = shm::Kind::quote;
      tick.quote = {.bid_px = static_cast<std::int64_t>(random_() % 1'000'000'000),
                    .ask_px = static_cast<std::int64_t>(random_() % 1'000'000'000),
                    .bid_sz = 1,
                    .ask_sz = 2,
                    .sequence = static_cast<std::uint32_t>(++sequence_),
                    .ask_venue = 19,
                    .condition = shm::condition_absent,
                    .indicators = {shm::indicator_absent, shm::indicator_absent}};
      ++sums.quotes;
    }
    segment_->publish(tick);
  }

  void publish_bar(std::size_t symbol, shm::Kind kind, std::uint64_t ts_start) {
    shm::BarRecord bar = shm::empty_bar();
    bar.kind = kind;
    bar.instrument_id = static_cast<std::uint32_t>(symbol);
    bar.ts_event = ts_start;
    bar.ts_end = ts_start + (kind == shm::Kind::bar_1s ? 1U : 60U) * 1'000'000'000ULL;
    bar.ts_recv = bar.ts_end;
    bar.open = bar.high = bar.low = bar.close = 5;
    bar.volume = 10 * share;
    SymbolSums& sums = sums_[symbols_[symbol]];
    ++(kind == shm::Kind::bar_1s ? sums.bars_1s : sums.bars_1m);
    segment_->publish(bar);
  }

 private:
  std::vector<std::string> symbols_;
  std::mt19937_64 random_;
  Shape shape_;
  std::unique_ptr<shm::SegmentWriter> segment_;
  Sums sums_;
  std::uint64_t ts_ = 0;
  std::uint64_t sequence_ = 0;
};

/// Everything below a recorder's folder, read back.
struct Recorded {
  Sums sums;
  std::vector<std::string> files;
  std::vector<std::string> marks;              // texts of system and error records
  std::vector<std::uint32_t> trade_sequences;  // in file order
  std::vector<std::uint64_t> bar_starts;       // the same, of every bar
  std::uint64_t out_of_order = 0;
  std::uint64_t unmapped = 0;
  std::uint64_t flagged = 0;  // records with dbn::flag_maybe_bad
  std::uint64_t cut = 0;      // files that end inside a record
  std::uint64_t open = 0;     // files whose metadata has no end
};

template <std::size_t N>
std::string text_of(const std::array<char, N>& field) {
  return {field.data(), std::find(field.begin(), field.end(), '\0')};
}

inline std::uint64_t index_ts(const dbn::RecordView& view) {
  if (view.header.rtype == dbn::Rtype::trade) return view.as<dbn::TradeMsg>().ts_recv;
  if (view.header.rtype == dbn::Rtype::cmbp_1) return view.as<dbn::Cmbp1Msg>().ts_recv;
  return view.header.ts_event;
}

class FileSums {
 public:
  explicit FileSums(Recorded& out) : out_(out) {}

  void add(const dbn::RecordView& view) {
    if (index_ts(view) < ts_last_) ++out_.out_of_order;
    ts_last_ = std::max(ts_last_, index_ts(view));
    switch (view.header.rtype) {
      case dbn::Rtype::symbol_mapping:
        symbols_[view.header.instrument_id] =
            text_of(view.as<dbn::SymbolMappingMsg>().stype_out_symbol);
        break;
      case dbn::Rtype::system:
        out_.marks.push_back(text_of(view.as<dbn::SystemMsg>().msg));
        break;
      case dbn::Rtype::error:
        out_.marks.push_back(text_of(view.as<dbn::ErrorMsg>().err));
        break;
      default:
        add_data(view);
        break;
    }
  }

 private:
  void add_data(const dbn::RecordView& view) {
    const auto symbol = symbols_.find(view.header.instrument_id);
    if (symbol == symbols_.end()) ++out_.unmapped;
    SymbolSums& sums = out_.sums[symbol == symbols_.end() ? "?" : symbol->second];
    if (view.header.rtype == dbn::Rtype::trade) {
      const auto trade = view.as<dbn::TradeMsg>();
      ++sums.trades;
      sums.volume += trade.size;
      sums.notional += static_cast<std::uint64_t>(trade.price) *
                       static_cast<decltype(sums.notional)>(trade.size);
      sums.last_price = trade.price;
      out_.flagged += (trade.flags & dbn::flag_maybe_bad) != 0;
      out_.trade_sequences.push_back(trade.sequence);
    } else if (view.header.rtype == dbn::Rtype::cmbp_1) {
      ++sums.quotes;
      out_.flagged += (view.as<dbn::Cmbp1Msg>().flags & dbn::flag_maybe_bad) != 0;
    } else {
      ++(view.header.rtype == dbn::Rtype::ohlcv_1s ? sums.bars_1s : sums.bars_1m);
      out_.bar_starts.push_back(view.header.ts_event);
    }
  }

  Recorded& out_;
  std::map<std::uint32_t, std::string> symbols_;
  std::uint64_t ts_last_ = 0;
};

/// Reads every file below `dir` in the order of their names, which is that of their times.
inline Recorded read_recordings(const std::string& dir) {
  Recorded out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (entry.path().extension() == ".dbn") out.files.push_back(entry.path().string());
  }
  std::sort(out.files.begin(), out.files.end());
  for (const std::string& path : out.files) {
    auto reader = dbn::DbnReader::open(path);
    if (!reader) {
      ++out.cut;  // killed before its head was written
      continue;
    }
    if (reader->metadata().end == dbn::ts_null) ++out.open;
    FileSums file(out);
    dbn::RecordView view;
    for (;;) {
      auto next = reader->next(view);
      EXPECT_TRUE(next.ok()) << next.error().message();
      if (!next.ok() || *next == dbn::NextRecord::end) break;
      if (*next == dbn::NextRecord::truncated) {
        ++out.cut;
        break;
      }
      file.add(view);
    }
  }
  return out;
}

/// The number behind `"name":` in JSON text, after the first `"part":`.
inline std::uint64_t json_number(const std::string& json, const std::string& part,
                                 const std::string& name) {
  const std::size_t from = json.find("\"" + part + "\":");
  const std::size_t at = json.find("\"" + name + "\":", from);
  EXPECT_NE(at, std::string::npos) << name << " in " << json;
  std::uint64_t value = 0;
  for (std::size_t i = at + name.size() + 3; i < json.size() && json[i] >= '0' && json[i] <= '9';
       ++i) {
    value = value * 10 + static_cast<std::uint64_t>(json[i] - '0');
  }
  return value;
}

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The receipts below `dir`, oldest first.
inline std::vector<std::string> read_receipts(const std::string& dir) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(dir + "/receipts")) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const std::string& path : paths) texts.push_back(read_text(path));
  return texts;
}

/// start + received + lost + unread == published, and every received record has one place.
inline void expect_conserved(const std::string& receipt, const std::string& tape) {
  const auto number = [&receipt, &tape](const char* name) {
    return json_number(receipt, tape, name);
  };
  EXPECT_EQ(number("start") + number("received") + number("lost") + number("unread"),
            number("published"))
      << receipt;
  EXPECT_EQ(number("received"), number("written") + number("dropped") + number("disk") +
                                    number("ignored") + number("marks") +
                                    number("already_recorded"))
      << receipt;
}

}  // namespace ringside::recorder::test
