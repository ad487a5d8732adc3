// The commands of servers and of threats against a whole controller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/gateway/commands/testing/commands_fixture.h"

namespace weft::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ServerCommandsTest : public CommandsTest {
 protected:
  // "STATUS MODE WEIGHT" of server n, as lookups show it.
  std::string Shown(int n) {
    const std::vector<std::string> rows = Rows("group.lookup_servers", {{"g"}, {Uuid(n)}});
    const std::string before = absl::StrCat(Uuid(n), " ", Address(n), " ");
    return rows.size() == 1 ? rows[0].substr(before.size()) : "";
  }
};

TEST_F(ServerCommandsTest, MovesAServerBetweenSecondaryAndSpare) {
  MakeKnownGroup(3);
  EXPECT_THAT(Actions("server.set_status", {{Uuid(3)}, {"spare"}}),
              ElementsAre("_set_server_status"));
  EXPECT_EQ(Shown(3), "SPARE OFFLINE 1.0");
  EXPECT_THAT(Actions("server.set_status", {{Address(3)}, {"2"}}),
              ElementsAre("_set_server_status"));
  EXPECT_EQ(Shown(3), "SECONDARY READ_ONLY 1.0");
}

TEST_F(ServerCommandsTest, RefusesEveryOtherChangeOfStatusInFabricsWords) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("server.set_status", {{Uuid(3)}, {"SECONDARY"}}),
            absl::StrCat("ServerError: Cannot change server's (", Uuid(3),
                         ") status from (SECONDARY) to (SECONDARY)."));
  EXPECT_EQ(Error("server.set_status", {{Address(1)}, {int64_t{1}}}),
            absl::StrCat("ServerError: Cannot change server's (", Uuid(1),
                         ") status from (PRIMARY) to (SPARE)."));
  EXPECT_EQ(Error("server.set_status", {{Address(3)}, {"PRIMARY"}}),
            absl::StrCat("ServerError: If you want to make a server (", Uuid(3),
                         ") primary, please, use the group.promote function."));
  EXPECT_EQ(Error("server.set_status", {{Address(3)}, {int64_t{0}}}),
            absl::StrCat("ServerError: If you want to set a server (", Uuid(3),
                         ") to faulty, please, use the threat.report_faulty interface."));
  EXPECT_EQ(Error("server.set_status", {{"nope"}, {"SPARE"}}),
            "ServerError: Server (nope) does not exist.");
  // The status is looked at before the server.
  EXPECT_EQ(Error("server.set_status", {{"nope"}, {"bogus"}}),
            "ServerError: Trying to use an invalid status (BOGUS). Possible values are (0, "
            "'FAULTY'), (1, 'SPARE'), (2, 'SECONDARY'), (3, 'PRIMARY').");
}

TEST_F(ServerCommandsTest, BringsAFaultyServerBackAsASpare) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.activate", {{"g"}}), "");
  farm_.Kill(controller::FakeFarm::UuidOf(3));
  Report({1, 2}, {3});
  Await("it is faulty", [this] { return StatusOfServer("g", 3) == "FAULTY"; });
  Await("the gateway knows", [this] { return Shown(3) == "FAULTY OFFLINE 1.0"; });
  EXPECT_THAT(Error("server.set_status", {{Address(3)}, {"SPARE"}}),
              StartsWith("ServerError: Error accessing server (s3:3306): "));
  EXPECT_EQ(Error("server.set_status", {{Address(3)}, {"SECONDARY"}}),
            absl::StrCat("ServerError: Cannot change server's (", Uuid(3),
                         ") status from (FAULTY) to (SECONDARY)."));
  EXPECT_EQ(Error("server.set_mode", {{Address(3)}, {"OFFLINE"}}),
            absl::StrCat("ServerError: Cannot set mode to (OFFLINE) when the server's (", Uuid(3),
                         ") status is (FAULTY)."));
  EXPECT_THAT(Rows("dump.servers"), SizeIs(2));
  EXPECT_EQ(Error("group.deactivate", {{"g"}}), "");
  farm_.Start(controller::FakeFarm::UuidOf(3));
  EXPECT_EQ(Error("server.set_status", {{Address(3)}, {"SPARE"}}), "");
  EXPECT_EQ(Shown(3), "SPARE OFFLINE 1.0");
}

TEST_F(ServerCommandsTest, ChangesModes) {
  MakeKnownGroup(2);
  EXPECT_THAT(Actions("server.set_mode", {{Uuid(2)}, {"offline"}}),
              ElementsAre("_set_server_mode"));
  EXPECT_EQ(Shown(2), "SECONDARY OFFLINE 1.0");
  EXPECT_EQ(Error("server.set_mode", {{Uuid(1)}, {"2"}}), "");
  EXPECT_EQ(Shown(1), "PRIMARY WRITE_ONLY 1.0");
  EXPECT_EQ(Error("server.set_mode", {{Address(2)}, {"READ_WRITE"}}),
            absl::StrCat("ServerError: Cannot set mode to (READ_WRITE) when the server's (",
                         Uuid(2), ") status is (SECONDARY)."));
  EXPECT_EQ(Error("server.set_mode", {{Uuid(2)}, {"BOGUS"}}),
            "ServerError: Trying to use an invalid mode (BOGUS). Possible values are: (0, "
            "'OFFLINE'), (1, 'READ_ONLY'), (2, 'WRITE_ONLY'), (3, 'READ_WRITE').");
}

TEST_F(ServerCommandsTest, ChangesWeights) {
  MakeKnownGroup(2);
  EXPECT_THAT(Actions("server.set_weight", {{Uuid(2)}, {"0.5"}}),
              ElementsAre("_set_server_weight"));
  EXPECT_EQ(Shown(2), "SECONDARY READ_ONLY 0.5");
  EXPECT_EQ(Error("server.set_weight", {{Uuid(2)}, {1.0}}), "");
  EXPECT_EQ(Error("server.set_weight", {{"nope"}, {0.5}}),
            "ServerError: Server (nope) does not exist.");
  EXPECT_EQ(Error("server.set_weight", {{Uuid(2)}, {"abc"}}),
            "ServerError: Value (abc) must be a float.");
  EXPECT_EQ(Error("server.set_weight", {{Uuid(2)}, {int64_t{0}}}),
            "ServerError: Cannot set the server's weight (0.0) to a value lower than or equal to "
            "0.0");
  EXPECT_THAT(Error("server.set_weight", {{Uuid(2)}, {2.0}}),
              StartsWith("ServerError: Cannot set the server's weight (2.0) to a value greater"));
}

TEST_F(ServerCommandsTest, LooksUuidsUpFromMemoryOrByAsking) {
  MakeKnownGroup(2);
  farm_.Add(5);
  EXPECT_THAT(Rows("server.lookup_uuid", {{Address(2)}}), ElementsAre(Uuid(2)));
  EXPECT_THAT(Rows("server.lookup_uuid", {{Address(5)}, {int64_t{3}}}), ElementsAre(Uuid(5)));
  EXPECT_THAT(Error("server.lookup_uuid", {{Address(9)}}),
              StartsWith("Error accessing server (s9:3306): "));
}

TEST_F(ServerCommandsTest, ChecksWhatItWouldCloneAndSaysWhatToUseInstead) {
  MakeKnownGroup(2);
  farm_.Add(5);
  EXPECT_THAT(Error("server.clone", {{"g"}, {Address(9)}}),
              StartsWith("Error accessing server (s9:3306): "));
  EXPECT_EQ(Error("server.clone", {{"nope"}, {Address(2)}}),
            "Destination server (s2:3306) is already part of group (g)");
  EXPECT_EQ(Error("server.clone", {{"nope"}, {Address(5)}}), "Group (nope) does not exist.");
  EXPECT_EQ(Error("server.clone", {{"g"}, {Address(5)}, {"nope"}}),
            "Server (nope) does not exist.");
  EXPECT_THAT(Error("server.clone", {{"g"}, {Address(5)}}),
              HasSubstr("weft group add g s5:3306 --rebuild"));
}

TEST_F(ServerCommandsTest, AnswersAReportOfFailureWhenTheFailoverIsDone) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.activate", {{"g"}}), "");
  Report({1, 2, 3}, {});
  farm_.Kill(controller::FakeFarm::UuidOf(1));
  Report({2, 3}, {1});
  const std::vector<std::string> actions =
      Actions("threat.report_failure", {{Uuid(1)}, {"app.example"}, {int64_t{2003}}});
  EXPECT_EQ(actions.front(), "_report_failure");
  // Without a wait.
  std::vector<std::string> primaries;
  for (const std::string& row : Rows("dump.servers")) {
    if (absl::StrContains(row, " 3 3 ")) primaries.push_back(row);
  }
  ASSERT_THAT(primaries, SizeIs(1));
  EXPECT_THAT(primaries[0], Not(StartsWith(Uuid(1))));
}

TEST_F(ServerCommandsTest, TakesReportsOfServersThatLive) {
  MakeKnownGroup(2);
  EXPECT_THAT(Actions("threat.report_error", {{Address(1)}, {"me"}, {int64_t{1}}}),
              ElementsAre("_report_error"));
  EXPECT_THAT(Actions("threat.report_failure", {{Address(1)}, {std::string(1000, 'x')}}),
              ElementsAre("_report_failure"));
  EXPECT_EQ(Error("threat.report_error", {{"nope"}}), "ServerError: Server (nope) does not exist.");
  EXPECT_EQ(Error("threat.report_failure", {{"nope"}}),
            "ServerError: Server (nope) does not exist.");
  EXPECT_EQ(Shown(1), "PRIMARY READ_WRITE 1.0");
}

}  // namespace
}  // namespace weft::gateway
