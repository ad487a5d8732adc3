#include "services/controller/mysql/store_failure.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

absl::Status Server(int code, const char* text) { return mysql::FromMysql(code, "HY000", text); }

const Wanted kWanted = {.term = 3, .group = "g", .revision = 7, .server = "u", .operation = "o"};

TEST(StatementFailureTest, SaysWhatAComparisonFound) {
  const absl::Status status = StatementFailure(Server(50003, "9"), kWanted);
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_EQ(ErrorReason(status), "REVISION_MOVED");
  EXPECT_EQ(GetErrorDetail(status)->expected, "revision 7");
  EXPECT_EQ(GetErrorDetail(status)->found, "revision 9");
}

TEST(StatementFailureTest, ReadsWhichKeyWasTakenFromTheEndOfTheText) {
  EXPECT_EQ(
      ErrorReason(StatementFailure(
          Server(1062, "Duplicate entry 'for key 'server.PRIMARY'-1' for key 'server.address'"),
          kWanted)),
      "ADDRESS_TAKEN");
  EXPECT_EQ(ErrorReason(StatementFailure(
                Server(1062, "Duplicate entry 'x' for key 'server.PRIMARY'"), kWanted)),
            "UUID_TAKEN");
  EXPECT_EQ(ErrorReason(StatementFailure(
                Server(1062, "Duplicate entry 'x' for key 'operation.request_id'"), kWanted)),
            "REQUEST_KNOWN");
  EXPECT_EQ(ErrorReason(StatementFailure(Server(1062, "Duplicate entry 'x' for key 'operation.id'"),
                                         kWanted)),
            "OPERATION_EXISTS");
  EXPECT_EQ(ErrorReason(StatementFailure(
                Server(1062, "Duplicate entry 'g' for key 'weft_group.PRIMARY'"), kWanted)),
            "GROUP_EXISTS");
}

// ABORTED would tell the caller that a comparison failed.
TEST(StatementFailureTest, MakesWhatMaySucceedLaterUnavailable) {
  for (const int code : {1205, 1213, 1114, 1290, 1836, 3100}) {
    EXPECT_TRUE(absl::IsUnavailable(StatementFailure(Server(code, "text"), kWanted))) << code;
  }
}

TEST(StatementFailureTest, TakesAMissingTableForAStoreThatIsNotSetUp) {
  EXPECT_EQ(ErrorReason(StatementFailure(Server(1146, "no table"), kWanted)), "NO_SCHEMA");
  EXPECT_EQ(ErrorReason(StatementFailure(Server(1305, "no procedure"), kWanted)), "NO_SCHEMA");
}

TEST(ContactFailureTest, KeepsApartAStoreThatIsDownAndOneThatLetsNobodyIn) {
  EXPECT_EQ(ErrorReason(ContactFailure(Server(2002, "refused (111)"))), "STORE_UNAVAILABLE");
  EXPECT_EQ(ErrorReason(ContactFailure(Server(1040, "Too many connections"))), "STORE_BUSY");
  const absl::Status login = ContactFailure(Server(1045, "Access denied"));
  EXPECT_TRUE(absl::IsFailedPrecondition(login));
  EXPECT_EQ(ErrorReason(login), "STORE_LOGIN");
  EXPECT_EQ(ErrorReason(ContactFailure(Server(1049, "Unknown database"))), "NO_SCHEMA");
}

TEST(StatementFailureTest, LeavesSuccessAndReasonsOfOurOwnAlone) {
  EXPECT_TRUE(StatementFailure(absl::OkStatus(), kWanted).ok());
  const absl::Status lost = ::weft::Refusal(absl::StatusCode::kUnavailable, "STORE_BUSY", "text");
  EXPECT_EQ(StatementFailure(lost, kWanted), lost);
}

TEST(ContactFailureTest, LeavesReasonsOfOurOwnAlone) {
  const absl::Status newer =
      ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "SCHEMA_NEWER", "text");
  EXPECT_EQ(ContactFailure(newer), newer);
}

TEST(StoreFailureTest, TakesOnlyAFailedSendForProofThatNothingHappened) {
  EXPECT_TRUE(WasNeverSent(Server(2006, "gone")));
  EXPECT_TRUE(WasNeverSent(Server(4031, "inactivity")));
  EXPECT_FALSE(WasNeverSent(Server(2013, "lost")));
  EXPECT_FALSE(WasNeverSent(Server(1053, "shutdown")));
}

}  // namespace
}  // namespace weft::controller
