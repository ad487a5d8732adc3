// What happens without being asked: death, failover, return; and what the record says of it.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

const ServerUuid kFirst = FakeFarm::UuidOf(1);
const ServerUuid kSecond = FakeFarm::UuidOf(2);
const ServerUuid kThird = FakeFarm::UuidOf(3);

class ControllerFailoverTest : public ControllerFixture {
 protected:
  void MakeActiveGroup() {
    MakeGroup(3);
    ASSERT_TRUE(Activate("g").ok());
    Report({1, 2, 3}, {});
    Await("the monitor is heard", [this] { return Monitors() == 1; });
    ASSERT_TRUE(farm_.WriteOn(kFirst));
  }
  int Monitors() {
    return Call(*node_, &v1::Node::Stub::GetNodeStatus, v1::GetNodeStatusRequest())->monitors();
  }
  void KillFirst() {
    farm_.Kill(kFirst);
    Report({2, 3}, {1});
  }
  absl::StatusOr<v1::Operation> Newest(const std::string& kind) {
    v1::ListOperationsRequest request;
    request.set_group("groups/g");
    const auto list = Call(*operations_, &v1::Operations::Stub::ListOperations, request);
    if (!list.ok()) return list.status();
    for (const v1::Operation& operation : list->operations()) {
      if (operation.kind() == kind) return operation;
    }
    return absl::NotFoundError(kind);
  }
  bool HasEvent(const std::string& part) {
    for (const std::string& text : EventTexts("g")) {
      if (absl::StrContains(text, part)) return true;
    }
    return false;
  }
  // New writes go to a new primary, which has all that was acknowledged.
  void AwaitFailover() {
    Await("another primary", [this] { return IsPrimary("g", 2) || IsPrimary("g", 3); });
    const ServerUuid now = IsPrimary("g", 2) ? kSecond : kThird;
    Await("it takes writes", [&] { return farm_.WriteOn(now); });
  }
};

TEST_F(ControllerFailoverTest, ADeadPrimaryIsReplacedAndTakenBack) {
  MakeActiveGroup();
  KillFirst();
  AwaitFailover();
  EXPECT_EQ(StatusOfServer("g", 1), "FAULTY");
  Await("an operation that tells of it", [this] {
    const auto newest = Newest("failover");
    return newest->state() == v1::Operation::SUCCEEDED &&
           absl::StrContains(newest->result_json(), "detection_ms");
  });
  const v1::Operation failover = *Newest("failover");
  EXPECT_EQ(failover.user(), "weft");
  EXPECT_TRUE(absl::StrContains(failover.result_json(), "\"lost_transactions\":0"));
  EXPECT_TRUE(absl::StrContains(failover.result_json(), "detection_ms"));
  farm_.Start(kFirst);
  Report({1, 2, 3}, {});
  Await("the old primary is a secondary", [this] { return StatusOfServer("g", 1) == "SECONDARY"; });
  EXPECT_TRUE(farm_.Get(kFirst).super_read_only);
  Await("the decisions are on record", [this] {
    return HasEvent("judged dead") && HasEvent("begin") && HasEvent("commit primary");
  });
  EXPECT_TRUE(
      absl::StrContains(process_->metrics().Expose(), "weft_failovers_total{group=\"g\"} 1"));
}

TEST_F(ControllerFailoverTest, WithoutTheMonitorsNobodyIsDead) {
  MakeActiveGroup();
  farm_.Kill(kFirst);  // the monitor goes on saying that it answers
  Await("the decision not to act is on record", [this] { return HasEvent("is not judged dead"); });
  EXPECT_TRUE(IsPrimary("g", 1));
}

TEST_F(ControllerFailoverTest, AnInactiveGroupIsLeftAlone) {
  MakeGroup(3);
  farm_.Kill(kFirst);
  Report({2, 3}, {1});
  Await("the finding is on record", [this] { return HasEvent("PRIMARY_DEAD"); });
  EXPECT_TRUE(IsPrimary("g", 1));
  // Until somebody asks.
  const auto promoted = Promote("g");
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  EXPECT_EQ(Wait(promoted->operation()).state(), v1::Operation::SUCCEEDED);
  EXPECT_FALSE(IsPrimary("g", 1));
}

TEST_F(ControllerFailoverTest, AFailoverThatCouldLoseWritesIsRefusedOnceAndByName) {
  MakeActiveGroup();
  farm_.Kill(kSecond);
  farm_.Kill(kFirst);
  Report({3}, {1, 2});
  Await("the refusal is on record", [this] { return HasEvent("NOT_REACHED_ACKNOWLEDGER"); });
  RealClock::Get()->Sleep(absl::Milliseconds(300));  // several looks of the same kind
  int refusals = 0;
  for (const std::string& text : EventTexts("g")) {
    refusals += absl::StrContains(text, "a write may be known to nobody else") ? 1 : 0;
  }
  EXPECT_LE(refusals, 2);  // as a decision, and perhaps as a finding
  EXPECT_TRUE(IsPrimary("g", 1));
  // It goes on by itself when the missing one is back... with what it had acknowledged.
  farm_.Edit(kSecond, [](FakeFarm::FakeServer& server) { server.up = true; });
  Report({2, 3}, {1});
  AwaitFailover();
}

TEST_F(ControllerFailoverTest, AnErrantOldPrimaryIsSetAsideItsTransactionsSavedAndItIsRebuilt) {
  MakeActiveGroup();
  KillFirst();
  AwaitFailover();
  farm_.WriteAstray(kFirst);
  farm_.Start(kFirst);
  Report({1, 2, 3}, {});
  Await("its transactions are saved", [this] {
    const auto rescue = Newest("rescue");
    return rescue.ok() && rescue->state() == v1::Operation::SUCCEEDED;
  });
  EXPECT_EQ(StatusOfServer("g", 1), "FAULTY");
  EXPECT_FALSE(farm_.Get(kFirst).receiver_on);
  v1::RejoinServerRequest request;
  request.set_server(FakeFarm::AddressOf(1).ToString());
  EXPECT_EQ(ErrorReason(Call(*servers_, &v1::Servers::Stub::RejoinServer, request).status()),
            "ERRANT");
  request.set_rebuild(true);
  const auto rejoined = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
  ASSERT_TRUE(rejoined.ok()) << rejoined.status();
  const v1::Operation ended = Wait(rejoined->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_EQ(StatusOfServer("g", 1), "SECONDARY");
  EXPECT_TRUE(farm_.Get(kFirst).receiver_on);
}

TEST_F(ControllerFailoverTest, AnErrantOldPrimaryIsRewoundWhenTold) {
  MakeActiveGroup();
  KillFirst();
  AwaitFailover();
  farm_.WriteAstray(kFirst);
  farm_.Start(kFirst);
  Report({1, 2, 3}, {});
  Await("it is set aside", [this] { return StatusOfServer("g", 1) == "FAULTY"; });
  v1::RejoinServerRequest request;
  request.set_server(FakeFarm::AddressOf(1).ToString());
  request.set_rewind(true);
  request.set_validate_only(true);
  const auto foreseen = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
  ASSERT_TRUE(foreseen.ok()) << foreseen.status();
  EXPECT_FALSE(foreseen->has_operation());
  EXPECT_EQ(foreseen->rewound().rows().at("`app`.`ledger`"), 1u);
  EXPECT_EQ(StatusOfServer("g", 1), "FAULTY");
  request.set_validate_only(false);
  const auto rejoined = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
  ASSERT_TRUE(rejoined.ok()) << rejoined.status();
  const v1::Operation ended = Wait(rejoined->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_TRUE(absl::StrContains(ended.result_json(), "\"transactions\":1"));
  EXPECT_EQ(StatusOfServer("g", 1), "SECONDARY");
  EXPECT_TRUE(farm_.Get(kFirst).receiver_on);
}

TEST_F(ControllerFailoverTest, AServerThatCannotBeRewoundStaysAsideOrIsRebuilt) {
  MakeActiveGroup();
  farm_.WriteAstray(kThird);
  Await("it is set aside", [this] { return StatusOfServer("g", 3) == "FAULTY"; });
  const auto refuse = [this] {
    farm_.FailRewind(kThird, ::weft::Refusal(absl::StatusCode::kFailedPrecondition,
                                             "NOT_REWINDABLE", "DDL among them"));
  };
  v1::RejoinServerRequest request;
  request.set_server(FakeFarm::AddressOf(3).ToString());
  request.set_rewind(true);
  refuse();
  const auto alone = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
  ASSERT_TRUE(alone.ok()) << alone.status();
  const v1::Operation refused = Wait(alone->operation());
  EXPECT_EQ(refused.state(), v1::Operation::FAILED);
  EXPECT_EQ(refused.error_reason(), "NOT_REWINDABLE");
  EXPECT_EQ(StatusOfServer("g", 3), "FAULTY");
  request.set_rebuild(true);
  refuse();
  const auto both = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
  ASSERT_TRUE(both.ok()) << both.status();
  const v1::Operation rebuilt = Wait(both->operation());
  EXPECT_EQ(rebuilt.state(), v1::Operation::SUCCEEDED) << rebuilt.error_message();
  EXPECT_EQ(StatusOfServer("g", 3), "SECONDARY");
}

// A look may be older than the clone: what it saw then is not held against the server.
TEST_F(ControllerFailoverTest, ARebuiltServerIsNotJudgedByALookFromBefore) {
  GroupWorker::Options worker = QuickWorker();
  worker.fresh = absl::Milliseconds(100);
  StartAnother("two", worker);
  MakeActiveGroup();
  farm_.SlowLooks(absl::Milliseconds(30));
  v1::RejoinServerRequest request;
  request.set_server(FakeFarm::AddressOf(3).ToString());
  request.set_rebuild(true);
  for (int i = 0; i < 5; ++i) {
    farm_.WriteAstray(kThird);
    Await("it is set aside", [this] { return StatusOfServer("g", 3) == "FAULTY"; });
    const auto rejoined = Call(*servers_, &v1::Servers::Stub::RejoinServer, request);
    ASSERT_TRUE(rejoined.ok()) << rejoined.status();
    const v1::Operation ended = Wait(rejoined->operation());
    ASSERT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  }
}

TEST_F(ControllerFailoverTest, AnAsynchronousFailoverLearnsItsLossWhenTheOldPrimaryIsRead) {
  MakeActiveGroup();
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name("groups/g");
  request.mutable_group()->set_durability(v1::ASYNC);
  request.mutable_update_mask()->add_paths("durability");
  ASSERT_TRUE(Call(*groups_, &v1::Groups::Stub::UpdateGroup, request).ok());
  ASSERT_TRUE(process_->controller().reconciler().WaitSettled("g", absl::Seconds(10)).ok());
  KillFirst();
  AwaitFailover();
  Await("the loss is open", [this] {
    const auto failover = Newest("failover");
    return failover.ok() && absl::StrContains(failover->result_json(), "unknown, at least");
  });
  for (int i = 0; i < 3; ++i) farm_.WriteAstray(kFirst);  // what nobody had got from it
  farm_.Start(kFirst);
  Report({1, 2, 3}, {});
  Await("the loss is known", [this] {
    return absl::StrContains(Newest("failover")->result_json(), "\"lost_transactions\":3");
  });
}

TEST_F(ControllerFailoverTest, AClaimOfDeathIsLookedAtAndAnsweredWithTheFailover) {
  MakeActiveGroup();
  KillFirst();
  v1::ReportThreatRequest request;
  request.set_server(kFirst.text());
  request.set_reporter("client");
  request.set_error("2013");
  const auto reported = Call(*threats_, &v1::Threats::Stub::ReportFailure, request);
  ASSERT_TRUE(reported.ok()) << reported.status();
  EXPECT_EQ(reported->operation().kind(), "failover");
  EXPECT_FALSE(IsPrimary("g", 1));
}

TEST_F(ControllerFailoverTest, AClaimOfDeathOfALivingServerChangesNothing) {
  MakeActiveGroup();
  v1::ReportThreatRequest request;
  request.set_server(kFirst.text());
  const auto reported = Call(*threats_, &v1::Threats::Stub::ReportFailure, request);
  ASSERT_TRUE(reported.ok()) << reported.status();
  EXPECT_FALSE(reported->has_operation());
  EXPECT_TRUE(IsPrimary("g", 1));
  EXPECT_TRUE(Call(*threats_, &v1::Threats::Stub::ReportError, request).ok());
  request.set_server(FakeFarm::UuidOf(9).text());
  EXPECT_EQ(ErrorReason(Call(*threats_, &v1::Threats::Stub::ReportError, request).status()),
            "UNKNOWN_SERVER");
}

TEST_F(ControllerFailoverTest, ANewLeaderFinishesWhatADeadOneBegan) {
  MakeActiveGroup();
  // The winner cannot be made writable: the failover stands half done.
  KillFirst();
  Await("the failover has begun", [this] { return Newest("failover").ok(); });
  StartAnother("two");
  Report({2, 3}, {1});
  AwaitFailover();
  Await("the operation has ended",
        [this] { return Newest("failover")->state() == v1::Operation::SUCCEEDED; });
  EXPECT_GE(farm_.term(), 2u);
}

}  // namespace
}  // namespace weft::controller
