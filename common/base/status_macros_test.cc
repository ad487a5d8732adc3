#include "common/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

namespace weft {
namespace {

absl::StatusOr<std::unique_ptr<int>> Make(bool succeed) {
  if (!succeed) return absl::NotFoundError("none");
  return std::make_unique<int>(7);
}

absl::StatusOr<int> Twice(bool first, bool second) {
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<int> a, Make(first));
  std::unique_ptr<int> b;
  WEFT_ASSIGN_OR_RETURN(b, Make(second));
  return *a + *b;
}

absl::Status Check(absl::Status status, int& evaluations) {
  WEFT_RETURN_IF_ERROR((++evaluations, status));
  return absl::AlreadyExistsError("went on");
}

TEST(StatusMacrosTest, AssignMovesTheValueOut) { EXPECT_EQ(*Twice(true, true), 14); }

TEST(StatusMacrosTest, AssignReturnsTheFirstError) {
  EXPECT_EQ(Twice(false, true).status(), absl::NotFoundError("none"));
  EXPECT_EQ(Twice(true, false).status(), absl::NotFoundError("none"));
}

TEST(StatusMacrosTest, ReturnIfErrorEvaluatesOnce) {
  int evaluations = 0;
  EXPECT_EQ(Check(absl::AbortedError("x"), evaluations), absl::AbortedError("x"));
  EXPECT_EQ(Check(absl::OkStatus(), evaluations), absl::AlreadyExistsError("went on"));
  EXPECT_EQ(evaluations, 2);
}

}  // namespace
}  // namespace weft
