#include "services/gateway/commands/fabric_error.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"

namespace weft::gateway {
namespace {

const Subject kSubject = {"shop", "db1:3306", "u-1", "db1:3306"};

std::string Said(const absl::Status& error) {
  return ProcedureText(Translate(error, kSubject, kGroupError));
}

TEST(FabricErrorTest, SaysTheClassForProceduresOnly) {
  const absl::Status error = FabricError(kGroupError, "Group (x) does not exist.");
  EXPECT_TRUE(IsFabricError(error));
  EXPECT_EQ(PlainText(error), "Group (x) does not exist.");
  EXPECT_EQ(ProcedureText(error), "GroupError: Group (x) does not exist.");
}

TEST(FabricErrorTest, NamesTheSubjectInFabricsWords) {
  EXPECT_EQ(Said(Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", "there is no group shop")),
            "GroupError: Group (shop) does not exist.");
  EXPECT_EQ(Said(Refusal(absl::StatusCode::kFailedPrecondition, "SERVER_IS_PRIMARY", "it is")),
            "ServerError: Cannot remove server (u-1), which is master in group (shop). Please, "
            "demote it first.");
  EXPECT_EQ(Said(Refusal(absl::StatusCode::kUnavailable, "SERVER_UNREACHABLE", "db1: refused.")),
            "ServerError: Error accessing server (db1:3306): db1: refused.");
}

TEST(FabricErrorTest, KeepsPercentSignsOfWhatWasFound) {
  EXPECT_EQ(Said(Refusal(absl::StatusCode::kUnavailable, "SERVER_UNREACHABLE", "%u is 100%")),
            "ServerError: Error accessing server (db1:3306): %u is 100%.");
}

TEST(FabricErrorTest, SaysOnOneLineWhatFabricHasNoWordsFor) {
  EXPECT_EQ(Said(Refusal(absl::StatusCode::kFailedPrecondition, "LAST_ACKNOWLEDGER",
                         "writes would stop\nwithout it", "", "", "add a secondary first\n")),
            "GroupError: writes would stop; without it. Please, add a secondary first.");
  EXPECT_EQ(Said(absl::UnavailableError("the store is down")), "ServiceError: the store is down.");
}

TEST(FabricErrorTest, LeavesFabricsOwnErrorsAsTheyAre) {
  const absl::Status error = FabricError(kShardingError, "Shard 7 not found");
  EXPECT_EQ(Translate(error, kSubject, kGroupError), error);
}

TEST(FabricErrorTest, TakesSilenceForTheServersWhereTheControllerSaidNothingElse) {
  EXPECT_EQ(ErrorReason(OfServer(absl::UnavailableError("refused"))), "SERVER_UNREACHABLE");
  EXPECT_EQ(ErrorReason(OfServer(Refusal(absl::StatusCode::kUnavailable, "STORE_DOWN", "x"))),
            "STORE_DOWN");
  EXPECT_EQ(ErrorReason(OfServer(absl::InternalError("x"))), "");
}

}  // namespace
}  // namespace weft::gateway
