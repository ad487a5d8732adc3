#include "common/mysql/clone_statement.h"

#include "common/base/error_details.h"
#include "common/mysql/errors.h"
#include "gtest/gtest.h"

namespace weft::mysql {
namespace {

constexpr char kEarlier[] = "2026-01-01 00:00:00.000";
constexpr char kNow[] = "2026-01-01 00:10:00.000";

ResultSet Status(const std::string& state, const std::string& began) {
  return ResultSet({"state", "error_no", "error_message", "source", "began"},
                   {{state, "0", "", "donor:3306", began}});
}

absl::StatusOr<bool> Judged(const ResultSet& status, const std::string& earlier) {
  return HasCompleted("a:3306", status, earlier);
}

TEST(CloneStatementTest, IsOverWhenTheServerSaysCompleted) {
  EXPECT_EQ(Judged(Status("In Progress", kNow), ""), absl::StatusOr<bool>(false));
  EXPECT_EQ(Judged(Status("Completed", kNow), ""), absl::StatusOr<bool>(true));
  EXPECT_EQ(Judged(Status("Completed", kNow), kEarlier), absl::StatusOr<bool>(true));
  EXPECT_EQ(ErrorReason(Judged(Status("Failed", kNow), kEarlier).status()), "CLONE_FAILED");
}

TEST(CloneStatementTest, OneThatItsServersDeathCutOffHasFailed) {
  const ResultSet cut({"state", "error_no", "error_message", "began"},
                      {{"In Progress", "1317", "Query execution was interrupted", kNow}});
  EXPECT_EQ(ErrorReason(Judged(cut, kEarlier).status()), "CLONE_FAILED");
}

TEST(CloneStatementTest, TheWordOfAnEarlierCloneIsNotItsOwn) {
  EXPECT_EQ(ErrorReason(Judged(Status("Completed", kEarlier), kEarlier).status()), "CLONE_FAILED");
}

TEST(CloneStatementTest, OneThatNeverBeganHasFailed) {
  const ResultSet none({"state", "began"}, {});
  EXPECT_EQ(ErrorReason(Judged(none, "").status()), "CLONE_FAILED");
}

TEST(CloneStatementTest, CountsNoStageBeyondItsEstimate) {
  const ResultSet stages({"stage", "estimate", "data"},
                         {{"FILE COPY", "100", "120"}, {"PAGE COPY", "50", "10"}});
  EXPECT_EQ(BytesOf(stages).done, 110u);
  EXPECT_EQ(BytesOf(stages).estimate, 150u);
}

TEST(CloneStatementTest, TheRestartThatCutsItIsNoFailure) {
  EXPECT_EQ(CloneEndOf(FromMysql(kErrServerLost, "HY000", "gone")), CloneEnd::kRestarting);
  EXPECT_EQ(CloneEndOf(FromMysql(3707, "HY000", "no supervisor")), CloneEnd::kNoSupervisor);
  EXPECT_EQ(CloneEndOf(FromMysql(3862, "HY000", "donor")), CloneEnd::kFailed);
}

}  // namespace
}  // namespace weft::mysql
