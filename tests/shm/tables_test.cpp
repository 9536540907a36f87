// The symbol directory, counters and histograms.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "../support/seed.hpp"
#include "ringside/shm/counters.hpp"
#include "ringside/shm/layout.hpp"
#include "ringside/shm/symbols.hpp"

namespace ringside::shm {
namespace {

struct Directory {
  explicit Directory(std::uint32_t capacity)
      : index_slots(std::bit_ceil(capacity * 2 + 2)),
        entries(std::make_unique<SymbolEntry[]>(capacity)),
        index(std::make_unique<std::atomic<std::uint32_t>[]>(index_slots)),
        writer(entries.get(), index.get(), &count, capacity, index_slots),
        reader(entries.get(), index.get(), &count, capacity, index_slots) {}
  std::uint32_t index_slots;
  std::unique_ptr<SymbolEntry[]> entries;
  std::unique_ptr<std::atomic<std::uint32_t>[]> index;
  std::atomic<std::uint32_t> count{0};
  SymbolDirectoryWriter writer;
  SymbolDirectory reader;
};

TEST(SymbolDirectory, finds_what_was_added_and_nothing_else) {
  auto random = test::seeded_random();
  Directory directory(2000);
  std::map<std::string, std::uint32_t> model;
  while (!directory.writer.is_full()) {
    const std::string text =
        "O:" + std::to_string(random() % 100'000) + "C" + std::string(random() % 8, 'X');
    const auto found = directory.reader.find(text);
    ASSERT_EQ(found.has_value(), model.contains(text));
    if (found) {
      ASSERT_EQ(*found, model[text]);
      continue;
    }
    const std::uint32_t id = directory.writer.add(text, {});
    ASSERT_EQ(id, model.size());
    model[text] = id;
    ASSERT_EQ(directory.reader.text(id), text);
  }
  for (const auto& [text, id] : model) EXPECT_EQ(directory.reader.find(text), id);
  EXPECT_EQ(directory.reader.size(), 2000U);
}

TEST(SymbolDirectory, keeps_case_and_full_length) {
  Directory directory(4);
  const std::string longest(symbol_bytes_max, 'Z');
  EXPECT_EQ(directory.writer.add("BACpA", {}), 0U);
  EXPECT_EQ(directory.writer.add("BACPA", {}), 1U);
  EXPECT_EQ(directory.writer.add(longest, {}), 2U);
  EXPECT_EQ(directory.reader.find("BACpA"), 0U);
  EXPECT_EQ(directory.reader.find("BACPA"), 1U);
  EXPECT_EQ(directory.reader.text(2), longest);
  EXPECT_EQ(directory.reader.find("ZZ"), std::nullopt);
  EXPECT_EQ(directory.reader.text(3), "");
}

TEST(SymbolDirectory, refuses_text_that_is_no_symbol) {
  EXPECT_TRUE(is_symbol_text("O:SPXW260102C06840500"));
  EXPECT_TRUE(is_symbol_text("BRK.B"));
  EXPECT_TRUE(is_symbol_text("EUR/USD"));
  EXPECT_FALSE(is_symbol_text(""));
  EXPECT_FALSE(is_symbol_text("A B"));
  EXPECT_FALSE(is_symbol_text("A\"B"));
  EXPECT_FALSE(is_symbol_text("A\\B"));
  EXPECT_FALSE(is_symbol_text(std::string(25, 'A')));
  EXPECT_FALSE(is_symbol_text(std::string_view("A\0B", 3)));
}

TEST(SymbolDirectory, tells_the_state) {
  Directory directory(4);
  const std::uint32_t id = directory.writer.add("AAPL", {.state = SymbolState::pending});
  EXPECT_EQ(directory.reader.state(id), SymbolState::pending);
  directory.writer.set_state(id, SymbolState::live);
  EXPECT_EQ(directory.reader.state(id), SymbolState::live);
  EXPECT_EQ(directory.reader.state(99), SymbolState::none);
}

TEST(Buckets, hold_every_value_between_their_bounds) {
  auto random = test::seeded_random();
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t value = random() >> (24 + random() % 40);
    const std::uint32_t index = Buckets::index(value);
    ASSERT_LT(index, Buckets::count);
    ASSERT_LE(value, Buckets::upper(index)) << value;
    if (index > 0) {
      ASSERT_GT(value, Buckets::upper(index - 1)) << value;
    }
    // No bucket is wider than a 32nd of its value.
    ASSERT_LE(Buckets::upper(index) - value, std::max<std::uint64_t>(value / 32, 0) + 0) << value;
  }
  EXPECT_EQ(Buckets::index(~std::uint64_t{0}), Buckets::count - 1);
}

TEST(Histogram, gives_percentiles_within_three_per_cent) {
  auto entry = std::make_unique<HistogramEntry>();
  Histogram histogram(entry.get());
  for (std::uint64_t value = 1; value <= 100'000; ++value) histogram.record(value);
  const HistogramSnapshot snapshot = read_histogram(*entry);
  EXPECT_EQ(snapshot.count, 100'000U);
  EXPECT_EQ(snapshot.max, 100'000U);
  EXPECT_EQ(snapshot.sum, 5'000'050'000U);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = share * 100'000;
    EXPECT_NEAR(static_cast<double>(snapshot.percentile(share)), exact, exact * 0.032 + 1);
  }
  EXPECT_EQ(snapshot.percentile(1.0), 100'000U);
  EXPECT_EQ(HistogramSnapshot{}.percentile(0.5), 0U);
}

// No writer of ours counts so far; memory that was spoilt does.
TEST(Histogram, gives_a_percentile_of_counts_that_fill_their_type) {
  HistogramSnapshot snapshot;
  snapshot.buckets[3] = 1;
  snapshot.buckets[7] = ~std::uint64_t{0} - 1;
  snapshot.count = ~std::uint64_t{0};
  snapshot.max = 7;
  EXPECT_EQ(snapshot.percentile(1.0), 7U);
}

}  // namespace
}  // namespace ringside::shm
