#include "services/cli/exit_code.h"

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

struct Row {
  absl::StatusCode code;
  int exit_code;
  const char* name;
};

// The table of docs/cli.md. Scripts rely on it: a change here breaks them.
constexpr Row kRows[] = {
    {absl::StatusCode::kOk, 0, "OK"},
    {absl::StatusCode::kFailedPrecondition, 1, "FAILED_PRECONDITION"},
    {absl::StatusCode::kResourceExhausted, 1, "RESOURCE_EXHAUSTED"},
    {absl::StatusCode::kInternal, 1, "INTERNAL"},
    {absl::StatusCode::kUnknown, 1, "UNKNOWN"},
    {absl::StatusCode::kDataLoss, 1, "DATA_LOSS"},
    {absl::StatusCode::kUnimplemented, 1, "UNIMPLEMENTED"},
    {absl::StatusCode::kCancelled, 1, "CANCELLED"},
    {absl::StatusCode::kInvalidArgument, 2, "INVALID_ARGUMENT"},
    {absl::StatusCode::kOutOfRange, 2, "OUT_OF_RANGE"},
    {absl::StatusCode::kNotFound, 3, "NOT_FOUND"},
    {absl::StatusCode::kUnavailable, 4, "UNAVAILABLE"},
    {absl::StatusCode::kUnauthenticated, 5, "UNAUTHENTICATED"},
    {absl::StatusCode::kPermissionDenied, 5, "PERMISSION_DENIED"},
    {absl::StatusCode::kAlreadyExists, 6, "ALREADY_EXISTS"},
    {absl::StatusCode::kAborted, 6, "ABORTED"},
    {absl::StatusCode::kDeadlineExceeded, 7, "DEADLINE_EXCEEDED"},
};

TEST(ExitCodeTest, FollowsTheDocumentedTable) {
  for (const Row& row : kRows) {
    EXPECT_EQ(ExitCodeOf(absl::Status(row.code, "x"), false), row.exit_code) << row.name;
    EXPECT_EQ(CodeName(row.code), row.name);
  }
}

TEST(ExitCodeTest, AnInterruptedCommandEndsAsShellsExpect) {
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("x"), true), 130);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("x"), true), 3);
}

}  // namespace
}  // namespace weft::cli
