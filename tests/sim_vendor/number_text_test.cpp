// Owns the table of number texts, written by hand from the vendor's rules: Go's shortest 'g' form
// for floats, plain integers, decimal strings with at least one decimal.
#include "sim/number_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace ringside::sim {
namespace {

template <class Value>
std::string text_of(char* (*write)(char*, Value) noexcept, Value value) {
  std::array<char, number_chars_max> out{};
  char* const end = write(out.data(), value);
  return std::string(out.data(), end);
}

struct FloatRow {
  std::int64_t nanos;
  const char* text;
};

TEST(NumberText, floats_are_plain_from_a_tenthousandth_to_a_million_and_exponents_outside) {
  const FloatRow rows[] = {
      {0, "0"},
      {225'600'000'000, "225.6"},
      {46'000'000'000, "46"},
      {10'015'000'000, "10.015"},
      {10'012'300'000, "10.0123"},
      {100'000'000'000, "100"},
      {123'456'789'012, "123.456789012"},
      {100'000, "0.0001"},
      {100'001, "0.000100001"},
      {99'999, "9.9999e-05"},
      {12'340, "1.234e-05"},
      {10'000, "1e-05"},
      {1, "1e-09"},
      {999'999'500'000'000, "999999.5"},
      {999'999'999'999'999, "999999.999999999"},
      {1'000'000'000'000'000, "1e+06"},
      {1'234'567'000'000'000, "1.234567e+06"},
      {1'000'000'500'000'000, "1.0000005e+06"},
      {748'000'000'000'000, "748000"},
      {-1'500'000'000, "-1.5"},
      {std::numeric_limits<std::int64_t>::max(), "9.223372036854775807e+09"},
      {std::numeric_limits<std::int64_t>::min(), "-9.223372036854775808e+09"},
  };
  for (const FloatRow& row : rows) EXPECT_EQ(text_of(write_float_nanos, row.nanos), row.text);
}

TEST(NumberText, whole_floats_turn_to_exponents_at_a_million) {
  EXPECT_EQ(text_of(write_float_integer, std::int64_t{41}), "41");
  EXPECT_EQ(text_of(write_float_integer, std::int64_t{999'999}), "999999");
  EXPECT_EQ(text_of(write_float_integer, std::int64_t{1'000'000}), "1e+06");
  EXPECT_EQ(text_of(write_float_integer, std::int64_t{15'000'000}), "1.5e+07");
  EXPECT_EQ(text_of(write_float_integer, std::int64_t{0}), "0");
}

TEST(NumberText, integers_never_have_an_exponent) {
  EXPECT_EQ(text_of(write_integer, std::int64_t{1'000'000}), "1000000");
  EXPECT_EQ(text_of(write_integer, std::int64_t{-7}), "-7");
  EXPECT_EQ(text_of(write_unsigned, std::uint64_t{0}), "0");
  EXPECT_EQ(text_of(write_unsigned, std::uint64_t{1'767'366'000'123}), "1767366000123");
  EXPECT_EQ(text_of(write_unsigned, std::numeric_limits<std::uint64_t>::max()),
            "18446744073709551615");
}

TEST(NumberText, decimal_strings_keep_at_least_one_decimal) {
  EXPECT_EQ(text_of(write_decimal_micros, std::int64_t{40'000'000}), "40.0");
  EXPECT_EQ(text_of(write_decimal_micros, std::int64_t{740'474}), "0.740474");
  EXPECT_EQ(text_of(write_decimal_micros, std::int64_t{250'000}), "0.25");
  EXPECT_EQ(text_of(write_decimal_micros, std::int64_t{1'250'500'000}), "1250.5");
  EXPECT_EQ(text_of(write_decimal_micros, std::int64_t{1}), "0.000001");
  EXPECT_EQ(text_of(write_decimal_micros, std::int64_t{0}), "0.0");
}

}  // namespace
}  // namespace ringside::sim
