#include "services/controller/mysql/clone.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

constexpr char kEarlier[] = "2026-01-01 00:00:00.000";
constexpr char kNow[] = "2026-01-01 00:10:00.000";

mysql::ResultSet Status(const std::string& state, const std::string& began) {
  return mysql::ResultSet({"state", "error_no", "error_message", "source", "began"},
                          {{state, "0", "", "donor:3306", began}});
}

absl::StatusOr<bool> Judged(const mysql::ResultSet& status, const std::string& earlier) {
  return HasCompleted(HostPort{.host = "a", .port = 3306}, status, earlier);
}

TEST(CloneTest, IsOverWhenTheServerSaysCompleted) {
  EXPECT_EQ(Judged(Status("In Progress", kNow), ""), absl::StatusOr<bool>(false));
  EXPECT_EQ(Judged(Status("Completed", kNow), ""), absl::StatusOr<bool>(true));
  EXPECT_EQ(Judged(Status("Completed", kNow), kEarlier), absl::StatusOr<bool>(true));
  EXPECT_EQ(ErrorReason(Judged(Status("Failed", kNow), kEarlier).status()), "CLONE_FAILED");
}

TEST(CloneTest, TheWordOfAnEarlierCloneIsNotItsOwn) {
  EXPECT_EQ(ErrorReason(Judged(Status("Completed", kEarlier), kEarlier).status()), "CLONE_FAILED");
}

TEST(CloneTest, OneThatNeverBeganHasFailed) {
  const mysql::ResultSet none({"state", "began"}, {});
  EXPECT_EQ(ErrorReason(Judged(none, "").status()), "CLONE_FAILED");
}

}  // namespace
}  // namespace weft::controller
