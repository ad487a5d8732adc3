// A server that was set aside with transactions of its own: what is said of them, and who brings it
// back.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

const ServerUuid kFirst = FakeFarm::UuidOf(1);
const ServerUuid kThird = FakeFarm::UuidOf(3);
constexpr char kHeartbeats[] = "`weft_heartbeat`.`heartbeat`";

class ControllerRejoinTest : public ControllerFixture {
 protected:
  void MakeActiveGroup(const std::string& rejoin) {
    MakeGroup(3);
    v1::UpdateGroupRequest request;
    request.mutable_group()->set_name("groups/g");
    request.mutable_group()->mutable_settings()->set_rejoin(rejoin);
    request.mutable_update_mask()->add_paths("settings.rejoin");
    const auto updated = Call(*groups_, &v1::Groups::Stub::UpdateGroup, request);
    ASSERT_TRUE(updated.ok()) << updated.status();
    ASSERT_TRUE(Activate("g").ok());
    Report({1, 2, 3}, {});
  }
  void AwaitSaved(int server) {
    Await("what only it has is saved",
          [&] { return absl::StrContains(SetAside(server), "saved as SQL in "); });
  }
  std::string SetAside(int server) {
    const v1::Group group = GetGroup("g");
    for (const v1::Server& one : group.servers()) {
      if (one.address() == FakeFarm::AddressOf(server).ToString()) return one.set_aside();
    }
    return "";
  }
  // Of all that was begun, with "weft" for whom nobody asked.
  std::vector<std::string> Kinds(const std::string& user) {
    v1::ListOperationsRequest request;
    request.set_group("groups/g");
    const auto list = Call(*operations_, &v1::Operations::Stub::ListOperations, request);
    std::vector<std::string> kinds;
    if (!list.ok()) return kinds;
    for (const v1::Operation& operation : list->operations()) {
      if (operation.user() == user) kinds.push_back(operation.kind());
    }
    return kinds;
  }
  bool HasBegun(const std::string& kind) {
    const std::vector<std::string> kinds = Kinds("weft");
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }
  void AwaitBack(int server) {
    Await("it is back", [&] { return StatusOfServer("g", server) == "SECONDARY"; });
    EXPECT_EQ(SetAside(server), "");
  }
  // What becomes of a rewind, or what else, that another leader had begun.
  Operation AfterTheDeathOfItsLeader(const std::string& user, const std::string& request_id,
                                     const std::string& kind = "rewind") {
    Operation rewind;
    rewind.id = "an-operation";
    rewind.kind = kind;
    rewind.group = "g";
    rewind.server = kThird.text();
    rewind.user = user;
    rewind.request_id = request_id;
    EXPECT_TRUE(process_->store().CreateOperation(rewind).ok());
    StartAnother("two");
    Report({1, 2, 3}, {});
    Await("it has ended", [&] { return process_->store().GetOperation(rewind.id)->done(); });
    return process_->store().GetOperation(rewind.id).value();
  }
  // Server 3, with something of its own, is to be rebuilt.
  v1::Operation RebuildThird() {
    v1::RejoinServerRequest request;
    request.set_server(FakeFarm::AddressOf(3).ToString());
    request.set_rebuild(true);
    const auto begun = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return begun.ok() ? begun->operation() : v1::Operation();
  }
  void RefuseRewind() {
    farm_.FailRewind(kThird, ::weft::Refusal(absl::StatusCode::kFailedPrecondition,
                                             "NOT_REWINDABLE", "DDL among them"));
  }
};

TEST_F(ControllerRejoinTest, UnderManualItStaysOutAndItsRecordSaysWhatItHas) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  AwaitSaved(3);
  RealClock::Get()->Sleep(absl::Milliseconds(300));  // several looks
  EXPECT_EQ(StatusOfServer("g", 3), "FAULTY");
  EXPECT_TRUE(absl::StrContains(SetAside(3), "; acknowledged")) << SetAside(3);
  EXPECT_FALSE(HasBegun("rewind") || HasBegun("rebuild"));
}

TEST_F(ControllerRejoinTest, WhatTheOldPrimaryKeptToItselfWasNotAcknowledged) {
  MakeActiveGroup("manual");
  farm_.Kill(kFirst);
  Report({2, 3}, {1});
  Await("another primary", [this] { return IsPrimary("g", 2) || IsPrimary("g", 3); });
  farm_.WriteAstray(kFirst);
  farm_.Start(kFirst);
  Report({1, 2, 3}, {});
  AwaitSaved(1);
  EXPECT_TRUE(absl::StrContains(SetAside(1), "; not acknowledged")) << SetAside(1);
}

TEST_F(ControllerRejoinTest, UnderRewindItComesBackByItself) {
  MakeActiveGroup("rewind");
  farm_.WriteAstray(kThird);
  Await("a rewind", [this] { return HasBegun("rewind"); });
  AwaitBack(3);
}

TEST_F(ControllerRejoinTest, ThePolicyCountsFromWhenItIsSet) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  AwaitSaved(3);
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name("groups/g");
  request.mutable_group()->mutable_settings()->set_rejoin("rebuild");
  request.mutable_update_mask()->add_paths("settings.rejoin");
  ASSERT_TRUE(Call(*groups_, &v1::Groups::Stub::UpdateGroup, request).ok());
  Await("a rebuild", [this] { return HasBegun("rebuild"); });
  AwaitBack(3);
}

TEST_F(ControllerRejoinTest, WhatCannotBeRewoundStaysOutUnderRewind) {
  MakeActiveGroup("rewind");
  RefuseRewind();
  farm_.WriteAstray(kThird);
  Await("the rewind has failed",
        [this] { return absl::StrContains(SetAside(3), "a rewind failed"); });
  RealClock::Get()->Sleep(absl::Milliseconds(300));  // several looks
  EXPECT_EQ(StatusOfServer("g", 3), "FAULTY");
}

TEST_F(ControllerRejoinTest, WhatCannotBeRewoundIsRebuiltUnderRewindOrRebuild) {
  MakeActiveGroup("rewind_or_rebuild");
  RefuseRewind();
  farm_.WriteAstray(kThird);
  Await("it was begun", [this] { return HasBegun("rewind-or-rebuild"); });
  AwaitBack(3);
}

TEST_F(ControllerRejoinTest, HeartbeatsOfWeftsOwnAreDroppedWithoutBeingAsked) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird, kHeartbeats);
  Await("a rewind", [this] { return HasBegun("rewind"); });
  AwaitBack(3);
}

TEST_F(ControllerRejoinTest, HeartbeatsBesideOtherRowsBarIt) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  farm_.WriteAstray(kThird, kHeartbeats);
  AwaitSaved(3);
  RealClock::Get()->Sleep(absl::Milliseconds(300));  // several looks
  EXPECT_EQ(StatusOfServer("g", 3), "FAULTY");
}

TEST_F(ControllerRejoinTest, NothingIsReplacedOfAServerThatNoLookReaches) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  AwaitSaved(3);
  farm_.Edit(kThird, [](FakeFarm::FakeServer& server) { server.unseen = true; });
  const v1::Operation ended = Wait(RebuildThird());
  EXPECT_EQ(ended.error_reason(), "SERVER_NOT_REACHED") << ended.error_message();
  EXPECT_THAT(farm_.Applied(), Not(Contains(StartsWith("clone "))));
  EXPECT_EQ(StatusOfServer("g", 3), "FAULTY");
}

TEST_F(ControllerRejoinTest, ALookThatMissedItDestroysNothingThatIsNotSaved) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  AwaitSaved(3);
  const size_t before = farm_.Applied().size();
  farm_.Edit(kThird, [](FakeFarm::FakeServer& server) { server.unseen = true; });
  const v1::Operation begun = RebuildThird();
  Await("it is missed", [this] { return StatusOfServer("g", 3) == "CONFIGURING"; });
  farm_.Edit(kThird, [](FakeFarm::FakeServer& server) { server.unseen = false; });
  const v1::Operation ended = Wait(begun);
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  std::vector<std::string> since = farm_.Applied();
  since.erase(since.begin(), since.begin() + static_cast<ptrdiff_t>(before));
  EXPECT_THAT(since, Contains(StartsWith("save ")));
}

TEST_F(ControllerRejoinTest, AServerThatIsNotWholeIsRebuiltThoughNobodyKnowsWhatItHas) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  AwaitSaved(3);
  farm_.Edit(kThird, [](FakeFarm::FakeServer& server) { server.unwhole = true; });
  const v1::Operation ended = Wait(RebuildThird());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  AwaitBack(3);
}

TEST_F(ControllerRejoinTest, ARewindWhoseServerHasBeenLetInLeavesItInService) {
  MakeActiveGroup("manual");
  const uint64_t revision = process_->store().Load("g")->revision;
  const Operation ended = AfterTheDeathOfItsLeader("admin", "");
  EXPECT_EQ(ended.state, OperationState::kSucceeded) << ended.error_message;
  EXPECT_EQ(process_->store().Load("g")->revision, revision);
  EXPECT_EQ(StatusOfServer("g", 3), "SECONDARY");
}

TEST_F(ControllerRejoinTest, ARebuildWhoseServerHasBeenLetInClonesItNoSecondTime) {
  MakeActiveGroup("manual");
  const uint64_t revision = process_->store().Load("g")->revision;
  const Operation ended = AfterTheDeathOfItsLeader("admin", "", "rebuild");
  EXPECT_EQ(ended.state, OperationState::kSucceeded) << ended.error_message;
  EXPECT_EQ(process_->store().Load("g")->revision, revision);
}

// Its operation could not write how it ended.
TEST_F(ControllerRejoinTest, AServerWhoseRebuildCameToNoEndCanBeRebuilt) {
  MakeActiveGroup("manual");
  const Group group = process_->store().Load("g").value();
  Server third = *group.Find(kThird);
  third.status = ServerStatus::kConfiguring;
  third.mode = ServerMode::kOffline;
  ASSERT_TRUE(process_->store().UpdateServer("g", group.revision, kThird, third).ok());
  v1::RejoinServerRequest request;
  request.set_server(FakeFarm::AddressOf(3).ToString());
  const auto refused = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
  EXPECT_EQ(ErrorReason(refused.status()), "BEING_REBUILT") << refused.status();
  EXPECT_TRUE(absl::StrContains(refused.status().message(), "came to no end"));
  const v1::Operation ended = Wait(RebuildThird());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_THAT(farm_.Applied(), Contains(StartsWith("clone ")));
  AwaitBack(3);
}

TEST_F(ControllerRejoinTest, ARewindThatWasBegunForOtherTransactionsUndoesNothing) {
  MakeActiveGroup("manual");
  farm_.WriteAstray(kThird);
  AwaitSaved(3);
  const Operation ended = AfterTheDeathOfItsLeader("weft", "rejoin:of-earlier-ones");
  EXPECT_EQ(ended.error_reason, "SUPERSEDED");
  EXPECT_EQ(StatusOfServer("g", 3), "FAULTY");
}

}  // namespace
}  // namespace weft::controller
