// The reader against what a file may hold: every version, every way to be wrong. Files are put
// together byte by byte.
#include "dbn_reader.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "dbn_bytes.hpp"

namespace ringside::recorder {
namespace {

using namespace dbn;
using test::Bytes;
using test::from_hex;
using testing::HasSubstr;

/// A file that is there as long as the object.
class TempFile {
 public:
  explicit TempFile(std::span<const std::byte> bytes) : path_(testing::TempDir() + "dbnXXXXXX") {
    fd_ = ::mkstemp(path_.data());
    add(bytes);
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  void add(std::span<const std::byte> bytes) const {
    EXPECT_EQ(::write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_ = -1;
};

/// The head of a file of that version without symbols; `ts_out` as the file says it.
Bytes head(unsigned version, unsigned ts_out = 0) {
  Bytes out;
  out.text("DBN", 3).number(static_cast<std::uint8_t>(version)).number(std::uint32_t{120});
  out.text("MASSIVE.STOCKS", 16).number(std::uint16_t{4});
  out.number(std::uint64_t{5}).number(std::uint64_t{6}).number(std::uint64_t{0});
  if (version == 1) out.number(std::uint64_t{2});
  out.number(std::uint8_t{1}).number(std::uint8_t{0}).number(static_cast<std::uint8_t>(ts_out));
  if (version == 1) {
    out.zeros(47);
  } else {
    out.number(std::uint16_t{71}).zeros(53);
  }
  return out.zeros(20);
}

/// A trade of instrument 7 at `price`.
Bytes trade(std::int64_t price) {
  Bytes out;
  out.add(from_hex("0C 00 42 00 07 00 00 00")).number(std::uint64_t{9});
  out.number(price).number(std::uint32_t{100}).add(from_hex("54 4E 80 00"));
  return out.number(std::uint64_t{10}).number(std::int32_t{1}).number(std::uint32_t{3});
}

/// What reading the whole file came to.
struct Outcome {
  std::vector<std::int64_t> prices;
  NextRecord last = NextRecord::end;
  std::string error;
  std::uint64_t unknown = 0;
  std::uint64_t offset = 0;
};

Outcome read_all(const Bytes& bytes) {
  const TempFile file(bytes.get());
  Outcome out;
  auto reader = DbnReader::open(file.path());
  if (!reader) {
    out.error = reader.error().message();
    return out;
  }
  RecordView view;
  for (;;) {
    auto next = reader->next(view);
    out.unknown = reader->unknown_count();
    out.offset = reader->offset();
    if (!next) {
      out.error = next.error().message();
      return out;
    }
    out.last = *next;
    if (*next != NextRecord::record) return out;
    if (view.header.rtype == Rtype::trade) out.prices.push_back(view.as<TradeMsg>().price);
  }
}

TEST(DbnReader, reads_versions_one_to_three) {
  for (const unsigned version : {1U, 2U, 3U}) {
    Bytes file = head(version);
    file.add(trade(11).get()).add(trade(12).get());
    const TempFile temp(file.get());
    auto reader = DbnReader::open(temp.path());
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    EXPECT_EQ(reader->metadata().version, version);
    EXPECT_EQ(reader->metadata().dataset, "MASSIVE.STOCKS");
    EXPECT_EQ(reader->metadata().schema, Schema::trades);
    EXPECT_EQ(reader->metadata().start, 5U);
    EXPECT_EQ(reader->metadata().end, 6U);
    EXPECT_EQ(reader->metadata().stype_in, Stype::raw_symbol);
    EXPECT_EQ(reader->metadata().stype_out, Stype::instrument_id);
    const Outcome out = read_all(file);
    EXPECT_EQ(out.error, "");
    EXPECT_THAT(out.prices, testing::ElementsAre(11, 12));
    EXPECT_EQ(out.last, NextRecord::end);
    EXPECT_EQ(out.offset, file.size());
  }
}

TEST(DbnReader, takes_ts_out_from_behind_the_record) {
  Bytes file = head(3, 1);
  Bytes record = trade(11);
  record.number(std::uint64_t{77});
  std::vector<std::byte> bytes = record.get();
  bytes[0] = std::byte{14};
  file.add(bytes);
  const TempFile temp(file.get());
  auto reader = DbnReader::open(temp.path());
  ASSERT_TRUE(reader.ok());
  RecordView view;
  auto next = reader->next(view);
  ASSERT_TRUE(next.ok());
  ASSERT_EQ(*next, NextRecord::record);
  EXPECT_EQ(view.ts_out, 77U);
  EXPECT_EQ(view.bytes.size(), sizeof(TradeMsg));
  EXPECT_EQ(view.as<TradeMsg>().price, 11);
}

TEST(DbnReader, reads_symbols_and_mappings) {
  Bytes file;
  file.add(from_hex("44 42 4E 02 98 01 00 00")).text("X", 16).number(std::uint16_t{0xFFFF});
  file.zeros(24).add(from_hex("01 00 00 47 00")).zeros(53).zeros(4);
  file.number(std::uint32_t{1}).text("SPY", 71).zeros(4).number(std::uint32_t{1}).text("NO", 71);
  file.number(std::uint32_t{1}).text("SPY", 71).number(std::uint32_t{1});
  file.number(std::uint32_t{20260102}).number(std::uint32_t{20260103}).text("7", 71);
  // 416 bytes follow the prelude.
  std::vector<std::byte> bytes = file.get();
  bytes[4] = std::byte{0xA0};
  const TempFile temp(bytes);
  auto reader = DbnReader::open(temp.path());
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  const Metadata& metadata = reader->metadata();
  EXPECT_THAT(metadata.symbols, testing::ElementsAre("SPY"));
  EXPECT_THAT(metadata.not_found, testing::ElementsAre("NO"));
  ASSERT_EQ(metadata.mappings.size(), 1U);
  ASSERT_EQ(metadata.mappings[0].intervals.size(), 1U);
  EXPECT_EQ(metadata.mappings[0].raw_symbol, "SPY");
  EXPECT_EQ(metadata.mappings[0].intervals[0].start_date, 20260102U);
  EXPECT_EQ(metadata.mappings[0].intervals[0].symbol, "7");
}

TEST(DbnReader, skips_and_counts_unknown_types) {
  Bytes file = head(3);
  file.add(trade(11).get());
  file.add(from_hex("05 EE 00 00 00 00 00 00 00 00 00 00 00 00 00 00 AA BB CC DD"));
  file.add(trade(12).get());
  const Outcome out = read_all(file);
  EXPECT_EQ(out.error, "");
  EXPECT_THAT(out.prices, testing::ElementsAre(11, 12));
  EXPECT_EQ(out.unknown, 1U);
}

TEST(DbnReader, stops_at_the_last_whole_record_of_a_cut_file) {
  Bytes whole = head(3);
  whole.add(trade(11).get());
  const std::size_t good = whole.size();
  const Bytes second = trade(12);
  for (std::size_t cut = 1; cut < second.size(); ++cut) {
    Bytes file = whole;
    file.add(std::span(second.get()).first(cut));
    const Outcome out = read_all(file);
    EXPECT_EQ(out.error, "") << cut;
    EXPECT_THAT(out.prices, testing::ElementsAre(11)) << cut;
    EXPECT_EQ(out.last, NextRecord::truncated) << cut;
    EXPECT_EQ(out.offset, good) << cut;
  }
}

TEST(DbnReader, continues_when_a_live_file_has_grown) {
  Bytes start = head(3);
  start.add(trade(11).get());
  const Bytes second = trade(12);
  start.add(std::span(second.get()).first(20));
  const TempFile temp(start.get());
  auto reader = DbnReader::open(temp.path());
  ASSERT_TRUE(reader.ok());
  RecordView view;
  EXPECT_EQ(*reader->next(view), NextRecord::record);
  EXPECT_EQ(*reader->next(view), NextRecord::truncated);
  temp.add(std::span(second.get()).subspan(20));
  EXPECT_EQ(*reader->next(view), NextRecord::record);
  EXPECT_EQ(view.as<TradeMsg>().price, 12);
  EXPECT_EQ(*reader->next(view), NextRecord::end);
}

TEST(DbnReader, crosses_its_buffer_without_losing_a_record) {
  Bytes file = head(3);
  constexpr int count = 20'000;  // about 1 MB, several buffers
  for (int i = 0; i < count; ++i) file.add(trade(i).get());
  const Outcome out = read_all(file);
  ASSERT_EQ(out.prices.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) ASSERT_EQ(out.prices[static_cast<std::size_t>(i)], i);
}

struct Bad {
  const char* name;
  Bytes file;
  const char* message;
};

Bytes with_byte(Bytes file, std::size_t at, unsigned value) {
  std::vector<std::byte> bytes = file.get();
  bytes[at] = static_cast<std::byte>(value);
  return Bytes().add(bytes);
}

Bytes cut(const Bytes& file, std::size_t bytes) {
  return Bytes().add(std::span(file.get()).first(bytes));
}

/// The head with one of its counts, at `at`, set to 0xFFFFFFFF.
Bytes with_count(std::size_t at) {
  Bytes file = head(3);
  for (std::size_t i = 0; i < 4; ++i) file = with_byte(std::move(file), at + i, 0xFF);
  return file;
}

TEST(DbnReader, refuses_what_is_not_dbn_and_says_why) {
  Bytes zero_length = head(3);
  zero_length.add(from_hex("00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
  Bytes short_length = head(3);
  short_length.add(from_hex("03 00 00 00 00 00 00 00 00 00 00 00"));
  Bytes short_trade = head(3);
  short_trade.add(from_hex("04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
  Bytes no_room_for_ts_out = head(3, 1);
  no_room_for_ts_out.add(from_hex("05 EE 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
  Bytes no_end_of_dataset = head(3);
  for (std::size_t i = 0; i < 16; ++i) {
    no_end_of_dataset = with_byte(std::move(no_end_of_dataset), 8 + i, 'A');
  }
  const std::vector<Bad> table{
      {"empty", Bytes(), "file ends after 0 bytes"},
      {"cut prelude", cut(head(3), 7), "file ends after 7 bytes"},
      {"other magic", with_byte(head(3), 0, 'E'), "no DBN magic"},
      {"version 0", with_byte(head(3), 3, 0), "legacy DBZ"},
      {"version 4", with_byte(head(3), 3, 4), "version 4 is not known"},
      {"version 255", with_byte(head(3), 3, 255), "version 255 is not known"},
      {"DBZ", Bytes().add(from_hex("51 2A 4D 18 C0 00 00 00 44 42 5A")), "legacy DBZ"},
      {"zstd", Bytes().add(from_hex("28 B5 2F FD 04 58 00 00")), "compressed with zstd"},
      {"metadata length 99", with_byte(head(3), 4, 99), "length 99 is not within 100"},
      {"metadata length 2^32-1", Bytes().add(from_hex("44 42 4E 03 FF FF FF FF")),
       "length 4294967295"},
      {"metadata cut", cut(head(3), 100), "is cut after 92"},
      {"metadata promised, 200 MB", Bytes().add(from_hex("44 42 4E 03 00 00 00 0C")),
       "is cut after 0"},
      {"dataset without end", no_end_of_dataset, "dataset has no end"},
      {"symbol length 0", with_byte(head(3), 53, 0), "symbol_cstr_len is 0"},
      {"schema definition", with_byte(head(3), 108, 1), "schema_definition_length is 1"},
      {"symbols 2^32-1", with_count(112), "symbols counts 4294967295"},
      {"partial 2^32-1", with_count(116), "partial counts 4294967295"},
      {"not_found 2^32-1", with_count(120), "not_found counts 4294967295"},
      {"mappings 2^32-1", with_count(124), "mappings counts 4294967295"},
      {"record of length 0", zero_length, "bad record at offset 128: length 0"},
      {"record of 12 bytes", short_length, "bad record at offset 128: length 12"},
      {"trade of 16 bytes", short_trade, "bad record at offset 128: length 16"},
      {"no room for ts_out", no_room_for_ts_out, "bad record at offset 128: length 20"},
  };
  for (const Bad& bad : table) {
    const Outcome out = read_all(bad.file);
    EXPECT_THAT(out.error, HasSubstr(bad.message)) << bad.name;
    EXPECT_TRUE(out.prices.empty()) << bad.name;
  }
}

TEST(DbnReader, says_that_a_file_is_not_there) {
  auto reader = DbnReader::open(testing::TempDir() + "no-such-file.dbn");
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace ringside::recorder
