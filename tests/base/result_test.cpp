// Result, Status and Error: who holds what, and what is our bug to ask for.
#include "ringside/base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>

namespace ringside {
namespace {

TEST(Result, holds_the_value_or_the_error) {
  const Result<int> good = 7;
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 7);
  const Result<int> bad = Error{ErrorCode::busy, 0, "port 8080: taken"};
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::busy);
  EXPECT_EQ(bad.error().message(), "port 8080: taken");
}

TEST(Result, moves_what_cannot_be_copied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

TEST(ResultDeathTest, asserts_when_the_wrong_side_is_asked_for) {
  const Result<int> good = 7;
  EXPECT_DEATH((void)good.error(), "assertion failed");
  const Result<int> bad = Error{ErrorCode::io, 0, "x"};
  EXPECT_DEATH((void)bad.value(), "assertion failed");
  EXPECT_DEATH((void)Status().error(), "assertion failed");
}

TEST(Error, says_the_kernels_reason_on_the_same_line) {
  errno = ENOENT;
  const Error error = sys_error(ErrorCode::not_found, "file a.toml");
  EXPECT_EQ(error.sys_errno, ENOENT);
  EXPECT_EQ(error.message(), "file a.toml: No such file or directory (errno 2)");
}

TEST(ErrorCode, has_a_name_and_an_exit_code_of_its_own_each) {
  std::set<std::string_view> names;
  std::set<int> codes;
  for (int code = 0; code <= exit_code(ErrorCode::permission); ++code) {
    names.insert(to_string(static_cast<ErrorCode>(code)));
    codes.insert(exit_code(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), 15U);
  EXPECT_EQ(codes.size(), 15U);
  EXPECT_EQ(names.count("unknown"), 0U);
}

}  // namespace
}  // namespace ringside
