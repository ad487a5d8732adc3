// The commands of groups against a whole controller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/gateway/commands/testing/commands_fixture.h"

namespace weft::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class GroupCommandsTest : public CommandsTest {};

TEST_F(GroupCommandsTest, CreatesWhatLookupsShowAtOnce) {
  EXPECT_THAT(Actions("group.create", {{"shop"}}), ElementsAre("_create_group"));
  EXPECT_THAT(Actions("group.create", {{"blog"}, {"of posts"}}), ElementsAre("_create_group"));
  EXPECT_THAT(Rows("group.lookup_groups"),
              ElementsAre("blog of posts False None", "shop None False None"));
  EXPECT_THAT(Rows("group.lookup_groups", {{"shop"}}), ElementsAre("shop None False None"));
  EXPECT_EQ(Error("group.lookup_groups", {{"nope"}}), "Group (nope) does not exist.");
  EXPECT_EQ(Error("group.create", {{"shop"}}), "GroupError: Group (shop) already exists.");
  EXPECT_THAT(Error("group.create", {{"a b"}}),
              StartsWith("GroupError: Group (a b) cannot be created: "));
}

TEST_F(GroupCommandsTest, DescribesAndDestroys) {
  EXPECT_EQ(Error("group.description", {{"shop"}, {"x"}}),
            "GroupError: Group (shop) does not exist.");
  EXPECT_EQ(Error("group.destroy", {{"shop"}}), "GroupError: Group (shop) does not exist.");
  EXPECT_EQ(Error("group.destroy", {{"a b"}}), "GroupError: Group (a b) does not exist.");
  EXPECT_EQ(Error("group.create", {{"shop"}, {"old"}}), "");
  EXPECT_THAT(Actions("group.description", {{"shop"}, {"new"}}),
              ElementsAre("_update_group_description"));
  EXPECT_THAT(Rows("group.lookup_groups"), ElementsAre("shop new False None"));
  EXPECT_THAT(Actions("group.description", {{"shop"}}), ElementsAre("_update_group_description"));
  EXPECT_THAT(Rows("group.lookup_groups"), ElementsAre("shop None False None"));
  EXPECT_THAT(Actions("group.destroy", {{"shop"}}), ElementsAre("_destroy_group"));
  EXPECT_THAT(Rows("group.lookup_groups"), IsEmpty());
}

TEST_F(GroupCommandsTest, AddsServersAndNamesWhatIsWrongWithThem) {
  farm_.Add(1);
  EXPECT_EQ(Error("group.add", {{"shop"}, {Address(1)}}),
            "GroupError: Group (shop) does not exist.");
  EXPECT_EQ(Error("group.create", {{"shop"}}), "");
  EXPECT_THAT(Actions("group.add", {{"shop"}, {Address(1)}}), ElementsAre("_add_server"));
  EXPECT_THAT(Rows("group.lookup_servers", {{"shop"}}),
              ElementsAre(absl::StrCat(Uuid(1), " s1:3306 SECONDARY READ_ONLY 1.0")));
  EXPECT_EQ(Error("group.add", {{"shop"}, {Address(1)}}),
            absl::StrCat("ServerError: Server (", Uuid(1), ") already exists."));
  EXPECT_EQ(Error("group.destroy", {{"shop"}}),
            "GroupError: Cannot destroy a group (shop) which has associated servers.");
  EXPECT_THAT(Error("group.add", {{"shop"}, {Address(9)}}),
              StartsWith("ServerError: Error accessing server (s9:3306): "));
}

TEST_F(GroupCommandsTest, RefusesServersThatCannotReplicateInFabricsWords) {
  EXPECT_EQ(Error("group.create", {{"shop"}}), "");
  const auto refusal = [this](int n, const char* code) {
    const ServerUuid uuid = farm_.Add(n);
    farm_.Edit(uuid, [code](controller::FakeFarm::FakeServer& server) {
      server.problems = {{code, "one", "another", "mend it", true}};
    });
    return Error("group.add", {{"shop"}, {Address(n)}});
  };
  EXPECT_EQ(refusal(1, "GTID_MODE_OFF"),
            absl::StrCat("ServerError: Server (", Uuid(1),
                         ") does not have the binary log or gtid enabled."));
  EXPECT_THAT(
      refusal(2, "VERSION_UNSUPPORTED"),
      StartsWith(absl::StrCat("ServerError: Server (", Uuid(2), ") has an outdated version.")));
  EXPECT_THAT(refusal(3, "PRIVILEGES_MANAGE"),
              HasSubstr(absl::StrCat("appropriate privileges on server (s3:3306, ", Uuid(3), ")")));
  EXPECT_EQ(refusal(4, "STATE_STORE"),
            "ServerError: The MySQL Server instance used as Fabric's state store cannot be "
            "managed.");
  EXPECT_THAT(refusal(5, "SERVER_ID_ZERO"),
              AllOf(StartsWith("ServerError: s5:3306 cannot be added"), HasSubstr("mend it")));
}

TEST_F(GroupCommandsTest, RemovesServersButNotThePrimary) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.remove", {{"x"}, {Address(2)}}), "GroupError: Group (x) does not exist.");
  EXPECT_EQ(Error("group.remove", {{"g"}, {"nope"}}), "ServerError: Server (nope) does not exist.");
  EXPECT_EQ(Error("group.remove", {{"g"}, {Uuid(1)}}),
            absl::StrCat("ServerError: Cannot remove server (", Uuid(1),
                         "), which is master in group (g). Please, demote it first."));
  EXPECT_EQ(Error("group.create", {{"other"}}), "");
  EXPECT_EQ(Error("group.remove", {{"other"}, {Address(2)}}),
            "GroupError: Group (other) does not contain server (s2:3306).");
  EXPECT_THAT(Actions("group.remove", {{"g"}, {Address(3)}}), ElementsAre("_remove_server"));
  EXPECT_EQ(Rows("group.lookup_servers", {{"g"}}).size(), 2u);
}

TEST_F(GroupCommandsTest, PromotesTheFirstAsAFailoverAndTheNextAsASwitchover) {
  EXPECT_EQ(Error("group.promote", {{"g"}}), "GroupError: Group (g) does not exist.");
  EXPECT_EQ(Error("group.create", {{"g"}}), "");
  EXPECT_EQ(Error("group.promote", {{"g"}}),
            "GroupError: There is no valid candidate that can be automatically chosen in group "
            "(g). Please, choose one manually.");
  for (const int n : {1, 2, 3}) {
    farm_.Add(n);
    EXPECT_EQ(Error("group.add", {{"g"}, {Address(n)}}), "");
  }
  EXPECT_THAT(Actions("group.promote", {{"g"}, {Uuid(1)}}),
              ElementsAre("_define_ha_operation", "_check_candidate_fail", "_wait_slave_fail",
                          "_change_to_candidate"));
  EXPECT_THAT(Rows("group.lookup_servers", {{"g"}, {}, {"PRIMARY"}}),
              ElementsAre(absl::StrCat(Uuid(1), " s1:3306 PRIMARY READ_WRITE 1.0")));
  EXPECT_THAT(Actions("group.promote", {{"g"}, {Address(2)}}),
              ElementsAre("_define_ha_operation", "_check_candidate_switch", "_block_write_switch",
                          "_wait_slaves_switch", "_change_to_candidate"));
  EXPECT_THAT(
      Actions("group.promote", {{"g"}}),
      ElementsAre("_define_ha_operation", "_find_candidate_switch", "_check_candidate_switch",
                  "_block_write_switch", "_wait_slaves_switch", "_change_to_candidate"));
}

TEST_F(GroupCommandsTest, RefusesCandidatesInFabricsWords) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.promote", {{"g"}, {}, {true}}),
            "ServerError: The new master must be specified through --slave-uuid if --update-only "
            "is set.");
  EXPECT_EQ(Error("group.promote", {{"g"}, {"nope"}}),
            "ServerError: Server (nope) does not exist.");
  EXPECT_EQ(Error("group.promote", {{"g"}, {Address(1)}}),
            "ServerError: Candidate slave (s1:3306) is already master.");
  farm_.Add(4);
  EXPECT_EQ(Error("group.create", {{"other"}}), "");
  EXPECT_EQ(Error("group.add", {{"other"}, {Address(4)}}), "");
  EXPECT_EQ(Error("group.promote", {{"g"}, {Address(4)}}),
            "GroupError: Group (g) does not contain server (s4:3306).");
}

TEST_F(GroupCommandsTest, DemotesAndThenThereIsNoMaster) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.demote", {{"nope"}}), "GroupError: Group (nope) does not exist.");
  EXPECT_THAT(Actions("group.demote", {{"g"}}),
              ElementsAre("_block_write_demote", "_wait_slaves_demote"));
  EXPECT_THAT(Rows("group.lookup_groups"), ElementsAre("g None False None"));
  EXPECT_EQ(Error("group.demote", {{"g"}}), "GroupError: Group (g) does not have a master.");
}

TEST_F(GroupCommandsTest, ActivatesOneOrAll) {
  EXPECT_EQ(Error("group.activate", {{"a"}}), "GroupError: Group (a) does not exist.");
  EXPECT_EQ(Error("group.create", {{"a"}}), "");
  EXPECT_EQ(Error("group.create", {{"b"}}), "");
  EXPECT_THAT(Actions("group.activate", {{"a"}}), ElementsAre("_activate_group"));
  EXPECT_THAT(Rows("group.lookup_groups"), ElementsAre("a None True None", "b None False None"));
  EXPECT_THAT(Actions("group.deactivate", {{"a"}}), ElementsAre("_deactivate_group"));
  EXPECT_THAT(Actions("group.activate_all", {}), ElementsAre("_activate_group"));
  EXPECT_THAT(Rows("group.lookup_groups"), ElementsAre("a None True None", "b None True None"));
  EXPECT_THAT(Actions("group.deactivate_all", {}), ElementsAre("_deactivate_group"));
  EXPECT_THAT(Rows("group.lookup_groups"), ElementsAre("a None False None", "b None False None"));
}

TEST_F(GroupCommandsTest, TellsTheHealthOfEachServer) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.health", {{"nope"}}), "Group (nope) does not exist.");
  const std::string well = " False False False False False False";
  EXPECT_THAT(Rows("group.health", {{"g"}}),
              ElementsAre(absl::StrCat(Uuid(1), " True PRIMARY", well),
                          absl::StrCat(Uuid(2), " True SECONDARY", well),
                          absl::StrCat(Uuid(3), " True SECONDARY", well)));
  farm_.Kill(controller::FakeFarm::UuidOf(3));
  Await("the dead one is seen", [&] {
    return Rows("group.health", {{"g"}}).at(2) == absl::StrCat(Uuid(3), " False FAULTY", well);
  });
  const fabric::Answer answer = Run("group.health", {{"g"}});
  ASSERT_EQ(answer.sets.size(), 2u);
  EXPECT_THAT(answer.sets[1].rows, IsEmpty());
  EXPECT_EQ(answer.sets[1].columns.at(0).name, "issue");
}

TEST_F(GroupCommandsTest, RunsBehindTheCallersBackWhereAskedTo) {
  const fabric::Answer begun = Run("group.create", {{"shop"}, {}, {"False"}});
  ASSERT_EQ(begun.error, "");
  ASSERT_EQ(begun.sets.size(), 1u);
  ASSERT_EQ(begun.sets[0].columns.size(), 1u);
  const fabric::Value uuid = begun.sets[0].rows.at(0).at(0);
  const fabric::Answer waited = Run("event.wait_for_procedures", {{fabric::List{uuid}}});
  ASSERT_EQ(waited.error, "");
  ASSERT_EQ(waited.sets.size(), 2u);
  EXPECT_EQ(waited.sets[0].rows.at(0).at(0), uuid);
  EXPECT_EQ(waited.sets[1].rows.size(), 3u);

  const fabric::Answer again = Run("group.create", {{"shop"}, {}, {int64_t{0}}});
  const fabric::Value second = again.sets.at(0).rows.at(0).at(0);
  const fabric::Answer failed = Run("event.wait_for_procedures", {{fabric::List{second}}});
  ASSERT_EQ(failed.sets.size(), 1u);
  EXPECT_EQ(failed.sets[0].rows.at(0).at(1),
            fabric::Value{"GroupError: Group (shop) already exists."});
}

}  // namespace
}  // namespace weft::gateway
