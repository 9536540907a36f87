// Exact numbers: every expected value is written by hand from the rules of docs/vendor.md.
#include "vendor/massive/number.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ringside::feed::massive {
namespace {

struct Row {
  std::string text;
  unsigned digits;
  std::int64_t value;
  NumberStatus status;
};

TEST(MassiveNumber, reads_every_form_the_vendor_prints) {
  const Row rows[] = {
      {"0", 9, 0, NumberStatus::ok},
      {"-0", 9, 0, NumberStatus::ok},
      {"225.6", 9, 225'600'000'000, NumberStatus::ok},
      {"46", 9, 46'000'000'000, NumberStatus::ok},
      {"10.015", 9, 10'015'000'000, NumberStatus::ok},
      {"0.0001", 9, 100'000, NumberStatus::ok},
      {"1.234e-05", 9, 12'340, NumberStatus::ok},
      {"1.234e-05", 6, 12, NumberStatus::cut},
      {"999999.5", 9, 999'999'500'000'000, NumberStatus::ok},
      {"1e+06", 0, 1'000'000, NumberStatus::ok},
      {"1.234567e+06", 6, 1'234'567'000'000, NumberStatus::ok},
      {"1.2e+01", 0, 12, NumberStatus::ok},
      {"1.2E1", 0, 12, NumberStatus::ok},
      {"12.0", 0, 12, NumberStatus::ok},
      {"12.5", 0, 12, NumberStatus::cut},
      {"-12.5", 0, -12, NumberStatus::cut},
      {"120e-1", 0, 12, NumberStatus::ok},
      {"0.740474", 6, 740'474, NumberStatus::ok},
      {"40.0", 6, 40'000'000, NumberStatus::ok},
      {"0.123456789", 9, 123'456'789, NumberStatus::ok},
      {"0.1234567894", 9, 123'456'789, NumberStatus::cut},
      {"0.1234567890000000000000000000", 9, 123'456'789, NumberStatus::ok},
      {"1.00000000000000000000000000001", 9, 1'000'000'000, NumberStatus::cut},
      {"0.00000000000000000000000000001", 9, 0, NumberStatus::cut},
      {"0e999999999", 9, 0, NumberStatus::ok},
      {"9007199254740993", 0, 9'007'199'254'740'993, NumberStatus::ok},
      {"1767366000123456789", 0, 1'767'366'000'123'456'789, NumberStatus::ok},
      {"9223372036854775806", 0, 9'223'372'036'854'775'806, NumberStatus::ok},
      {"-9223372036854775806", 0, -9'223'372'036'854'775'806, NumberStatus::ok},
      {"9223372036854775807", 0, 0, NumberStatus::overflow},
      {"9223372036.854775806", 9, 9'223'372'036'854'775'806, NumberStatus::ok},
      {"9223372036.854775807", 9, 0, NumberStatus::overflow},
      {"9223372037", 9, 0, NumberStatus::overflow},
      {"1e308", 9, 0, NumberStatus::overflow},
      {"1e-308", 9, 0, NumberStatus::cut},
      {"1e99999999999", 9, 0, NumberStatus::overflow},
      {"123456789012345678901234567890", 0, 0, NumberStatus::overflow},
      {"123456789012345678901234567890e-20", 0, 1'234'567'890, NumberStatus::cut},
      {"100000000000000000000000e-22", 0, 10, NumberStatus::ok},
  };
  for (const Row& row : rows) {
    const Scaled read = parse_scaled(row.text, row.digits);
    EXPECT_EQ(read.status, row.status) << row.text << " x 10^" << row.digits;
    EXPECT_EQ(read.value, row.value) << row.text << " x 10^" << row.digits;
  }
}

TEST(MassiveNumber, refuses_what_json_does_not_allow) {
  for (const char* text :
       {"",      "-",    "+1", "01", "-01", ".5",       "5.",    "1e",  "1e+",   "1.e5",
        "1.2.3", "0x10", "1 ", " 1", "NaN", "Infinity", "1_000", "--1", "1e5.0", "1,5"}) {
    EXPECT_EQ(parse_scaled(text, 9).status, NumberStatus::bad) << '"' << text << '"';
  }
}

TEST(MassiveNumber, tells_the_unit_of_an_instant_by_its_magnitude) {
  struct {
    const char* text;
    std::uint64_t ts_ns;
    NumberStatus status;
  } const rows[] = {
      {"1767366000", 1'767'366'000'000'000'000, NumberStatus::ok},
      {"1767366000123", 1'767'366'000'123'000'000, NumberStatus::ok},
      {"1767366000123456", 1'767'366'000'123'456'000, NumberStatus::ok},
      {"1767366000123456789", 1'767'366'000'123'456'789, NumberStatus::ok},
      {"1.767366000123e+12", 1'767'366'000'123'000'000, NumberStatus::ok},
      {"1767366000123.0", 1'767'366'000'123'000'000, NumberStatus::ok},
      {"1767366000123.5", 1'767'366'000'123'000'000, NumberStatus::cut},
      {"99999999999999999", 99'999'999'999'999'999, NumberStatus::overflow},
      {"0", 0, NumberStatus::overflow},
      {"-5", 0, NumberStatus::overflow},
      {"99999999999", 0, NumberStatus::overflow},  // seconds: the year 5138
      {"abc", 0, NumberStatus::bad},
  };
  for (const auto& row : rows) {
    const Instant read = parse_instant(row.text);
    EXPECT_EQ(read.status, row.status) << row.text;
    if (row.status == NumberStatus::overflow) continue;
    EXPECT_EQ(read.ts_ns, row.ts_ns) << row.text;
  }
}

}  // namespace
}  // namespace ringside::feed::massive
