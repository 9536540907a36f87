// Exact decimals against a model that computes with digit strings and 128-bit integers.
#include "ringside/base/decimal.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "support/seed.hpp"

namespace ringside {
namespace {

using Wide = __int128;

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

// Schoolbook: the integer's digits, padded with zeros, a dot put in, zeros behind it taken off.
std::string model_text(std::int64_t value, unsigned digits) {
  Wide magnitude = value;
  if (magnitude < 0) magnitude = -magnitude;
  std::string text;
  while (magnitude != 0) {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  }
  while (text.size() <= digits) text.insert(text.begin(), '0');
  text.insert(text.size() - digits, ".");
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return value < 0 ? "-" + text : text;
}

// Values of every magnitude, the edges among them.
std::int64_t random_value(std::mt19937_64& random) {
  const std::uint64_t kind = random() % 16;
  if (kind == 0) return lowest;
  if (kind == 1) return highest;
  if (kind == 2) return 0;
  const auto value = static_cast<std::int64_t>(random() >> (random() % 64));
  return random() % 2 == 0 ? value : -value;
}

TEST(Decimal, formats_what_the_model_formats_and_reads_it_back) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 50'000; ++round) {
    const std::int64_t value = random_value(random);
    const auto digits = static_cast<unsigned>(random() % 19);
    const std::string text = decimal_text(value, digits);
    ASSERT_EQ(text, model_text(value, digits)) << value << " / 10^" << digits;
    ASSERT_EQ(parse_decimal(text, digits), value) << text;
  }
}

// The same number written otherwise: dot moved against an exponent, zeros behind, 'E', '+'.
TEST(Decimal, reads_every_spelling_of_a_number_alike) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 50'000; ++round) {
    const std::int64_t value = random_value(random);
    if (value == 0) continue;
    const auto digits = static_cast<unsigned>(random() % 19);
    const Wide magnitude = value < 0 ? -static_cast<Wide>(value) : static_cast<Wide>(value);
    std::string mantissa = model_text(static_cast<std::int64_t>(magnitude / 10), 0);
    mantissa = (mantissa == "0" ? "" : mantissa) +
               static_cast<char>('0' + static_cast<int>(magnitude % 10));
    int power = -static_cast<int>(digits);
    const auto zeros = static_cast<int>(random() % 6);
    mantissa.append(static_cast<std::size_t>(zeros), '0');
    power -= zeros;
    const std::size_t behind = random() % mantissa.size();
    std::string text = value < 0 ? "-" : "";
    text += mantissa.substr(0, mantissa.size() - behind);
    if (behind > 0) text += "." + mantissa.substr(mantissa.size() - behind);
    power += static_cast<int>(behind);
    if (power != 0 || random() % 2 == 0) {
      text += random() % 2 == 0 ? "e" : "E";
      if (power >= 0 && random() % 2 == 0) text += "+";
      if (power < 0) text += "-";
      text += std::string(random() % 3, '0') + std::to_string(power < 0 ? -power : power);
    }
    ASSERT_EQ(parse_decimal(text, digits), value) << text << " with " << digits << " digits";
  }
}

TEST(Decimal, refuses_one_digit_more_than_the_scale_holds) {
  SCOPED_TRACE(test::seed_text());
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 20'000; ++round) {
    const auto digits = static_cast<unsigned>(random() % 17);
    std::int64_t value = random_value(random) / 16;
    if (value % 10 == 0) ++value;  // so that the last digit stands
    const std::string text = decimal_text(value, digits + 1);
    ASSERT_EQ(parse_decimal(text, digits), std::nullopt) << text;
    ASSERT_EQ(parse_decimal(text, digits + 1), value) << text;
  }
}

TEST(Decimal, ends_exactly_where_64_bits_end) {
  EXPECT_EQ(parse_decimal("9223372036854775807", 0), highest);
  EXPECT_EQ(parse_decimal("9223372036854775808", 0), std::nullopt);
  EXPECT_EQ(parse_decimal("-9223372036854775808", 0), lowest);
  EXPECT_EQ(parse_decimal("-9223372036854775809", 0), std::nullopt);
  EXPECT_EQ(parse_decimal("9223372036.854775807", 9), highest);
  EXPECT_EQ(parse_decimal("9223372036.854775808", 9), std::nullopt);
  EXPECT_EQ(parse_decimal("18446744073709551616", 0), std::nullopt);
  EXPECT_EQ(parse_decimal("1e18", 0), 1'000'000'000'000'000'000);
  EXPECT_EQ(parse_decimal("1e19", 0), std::nullopt);
  EXPECT_EQ(parse_decimal("1000000000000000000000000e-24", 0), 1);
  EXPECT_EQ(parse_decimal("1e999999999999", 9), std::nullopt);
  EXPECT_EQ(parse_decimal("1e-999999999999", 9), std::nullopt);
  EXPECT_EQ(parse_decimal("0e999999999999", 9), 0);
}

TEST(Decimal, reads_the_vendors_forms) {
  EXPECT_EQ(parse_decimal("114.125", 9), 114'125'000'000);
  EXPECT_EQ(parse_decimal("1.2e+06", 9), 1'200'000'000'000'000);
  EXPECT_EQ(parse_decimal("0.0001", 9), 100'000);
  EXPECT_EQ(parse_decimal("-0", 9), 0);
  EXPECT_EQ(parse_decimal("25.00", 6), 25'000'000);
}

TEST(Decimal, refuses_what_json_does_not_call_a_number) {
  for (const char* text :
       {"",   "-",  "+1",  ".5",   "5.",  "1.e3", "1e",    "1e+",  "01",  "-01", "00",
        "1 ", " 1", "1,5", "0x10", "nan", "inf",  "1e5.0", "1..2", "--1", "1-"}) {
    EXPECT_EQ(parse_decimal(text, 9), std::nullopt) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace ringside
