// Which symbol gets rings of which length.
#include "ring_classes.hpp"

#include <gtest/gtest.h>

namespace ringside::feed {
namespace {

RingClasses classes(std::initializer_list<std::string_view> rules) {
  RingClasses made({.ticks = 128, .bars = 64});
  for (const std::string_view rule : rules) {
    const Status status = made.add(rule);
    EXPECT_TRUE(status) << rule;
  }
  return made;
}

TEST(RingClasses, give_the_default_to_who_is_not_named) {
  const RingClasses rings = classes({"AAPL=4096"});
  EXPECT_EQ(rings.slots_of("MSFT").ticks, 128U);
  EXPECT_EQ(rings.slots_of("MSFT").bars, 64U);
  EXPECT_EQ(rings.slots_of("AAPL").ticks, 4096U);
  EXPECT_EQ(rings.slots_of("AAPL").bars, 64U);
  EXPECT_EQ(rings.slots_of("AAPLX").ticks, 128U);
}

TEST(RingClasses, prefer_the_name_then_the_longest_beginning) {
  const RingClasses rings = classes({"O:*=32", "O:SPX*=1024:256", "O:SPXW260102C06840500=8192"});
  EXPECT_EQ(rings.slots_of("O:AAPL260102C00200000").ticks, 32U);
  EXPECT_EQ(rings.slots_of("O:SPXW260102C06840501").ticks, 1024U);
  EXPECT_EQ(rings.slots_of("O:SPXW260102C06840501").bars, 256U);
  EXPECT_EQ(rings.slots_of("O:SPXW260102C06840500").ticks, 8192U);
  EXPECT_EQ(classes({"*=256"}).slots_of("ANY").ticks, 256U);
}

TEST(RingClasses, refuse_what_is_no_rule) {
  RingClasses rings;
  for (const std::string_view rule :
       {"", "AAPL", "=128", "AAPL=", "AAPL=100", "AAPL=8", "AAPL=128:", "AAPL=128:3",
        "AAPL=128:64:32", "AAPL=x", "AAPL=-128"}) {
    const Status status = rings.add(rule);
    ASSERT_FALSE(status) << rule;
    EXPECT_EQ(status.error().code, ErrorCode::config);
  }
}

}  // namespace
}  // namespace ringside::feed
