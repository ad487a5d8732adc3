#include "services/controller/converge.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/error_details.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"
#include "services/controller/testing/converge_fixture.h"

namespace weft::controller {
namespace {

using testing::ConvergeTest;
using ::testing::ElementsAre;
using testing::Id;
using ::testing::IsEmpty;
using testing::Scene;
using testing::Text;

TEST_F(ConvergeTest, ASettledGroupIsLookedAtAndLeftAlone) {
  EXPECT_EQ(converger_->Once().end, RoundEnd::kSettled);
  EXPECT_EQ(farm_.looks, 1);
  EXPECT_THAT(farm_.done, IsEmpty());
}

TEST_F(ConvergeTest, TheStepsOfOnePhaseAreDone) {
  farm_.scene.Revoked('b').Revoked('c');
  EXPECT_EQ(converger_->Once().end, RoundEnd::kActed);
  EXPECT_THAT(farm_.done,
              ElementsAre("follow b <- a, acknowledging", "follow c <- a, acknowledging"));
}

TEST_F(ConvergeTest, AFailedStepLeavesOutTheRestOfItsServerAlone) {
  farm_.scene.Restarted('a').Revoked('b');
  farm_.failing = "arm a, commits wait for 1";
  const Round round = converger_->Once();
  EXPECT_EQ(round.end, RoundEnd::kFailed);
  EXPECT_THAT(farm_.done, ElementsAre("arm a, commits wait for 1", "follow b <- a, acknowledging"));
  ASSERT_EQ(round.results.size(), 3u);
  EXPECT_EQ(Text(round.results[1].step), "unfence a");
  EXPECT_TRUE(absl::IsCancelled(round.results[1].status));
  EXPECT_TRUE(round.results[2].status.ok());
}

TEST_F(ConvergeTest, WithoutTheLeaseNothingIsDone) {
  farm_.scene.Revoked('b');
  may_act_ = absl::AbortedError("lost");
  EXPECT_EQ(converger_->Once().status, may_act_);
  EXPECT_EQ(farm_.looks, 0);
}

TEST_F(ConvergeTest, TheLeaseIsAskedBeforeEachStepNotOnlyBeforeTheRound) {
  farm_.scene.Restarted('a');
  LoseTheLeaseAfter(2);
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_THAT(farm_.done, ElementsAre("arm a, commits wait for 1"));
}

TEST_F(ConvergeTest, ARecordStepNeedsTheLeaseToo) {
  farm_.scene.Silent('b');
  LoseTheLeaseAfter(1);
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_EQ(Record().Find(Id('b'))->status, ServerStatus::kSecondary);
}

TEST_F(ConvergeTest, AProgramIsRunUnderTheLeaseAndItsAnswerKeptUnderTheLease) {
  Group asks = Record();
  asks.settings.before_failover = "ask";
  ASSERT_TRUE(store_.UpdateGroup(asks).ok());
  farm_.scene.Dead('a');
  converger_->Once();
  LoseTheLeaseAfter(1);
  EXPECT_EQ(converger_->Once().status,
            absl::AbortedError("run the program ask (before_failover): lost"));
  EXPECT_THAT(farm_.done, IsEmpty());
  LoseTheLeaseAfter(2);
  converger_->Once();
  EXPECT_THAT(farm_.done, ElementsAre("run the program ask (before_failover)"));
  EXPECT_THAT(Record().hooks.outcomes, IsEmpty());
  LoseTheLeaseAfter(1000);
  converger_->Once();
  EXPECT_EQ(Record().hooks.outcomes.at("before_failover"), kHookOk);
}

TEST_F(ConvergeTest, HowAProgramEndedIsRecordedAfterItsIntent) {
  Group tells = Record();
  tells.settings.after_switchover = "tell";
  ASSERT_TRUE(store_.UpdateGroup(tells).ok());
  Ask(Goal::kPromote, 'a');
  answer_ = kHookRuns;
  converger_->Once();
  program_runs_ = true;
  EXPECT_EQ(Record().hooks.outcomes.at("after_switchover"), kHookRuns);
  EXPECT_TRUE(converger_->Once().ended.has_value());
  EXPECT_EQ(converger_->Once().end, RoundEnd::kWaiting);
  EXPECT_EQ(farm_.done.size(), 1u);
  program_runs_ = false;
  answer_ = kHookOk;
  EXPECT_TRUE(converger_->Once().status.ok());
  EXPECT_EQ(Record().hooks.outcomes.at("after_switchover"), kHookOk);
  EXPECT_EQ(Record().hooks.operation, "op");
  EXPECT_EQ(converger_->Once().end, RoundEnd::kSettled);
}

TEST_F(ConvergeTest, NoIntentEndsWithoutTheLease) {
  Ask(Goal::kPromote, 'b');
  farm_.scene.Silent('b');
  LoseTheLeaseAfter(1);
  const Round round = converger_->Once();
  EXPECT_EQ(round.end, RoundEnd::kFailed);
  EXPECT_FALSE(round.ended.has_value());
  EXPECT_EQ(Record().intent.goal, Goal::kPromote);
}

TEST_F(ConvergeTest, NothingIsSettledWithoutTheLease) {
  Ask(Goal::kPromote, 'b');
  store_.FailNextWrite(StoreFault::kUnavailable);
  converger_->Once();
  const Group before = Record();
  LoseTheLeaseAfter(1);
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_EQ(Record(), before);
}

TEST_F(ConvergeTest, AfterAStepOnTheRecordTheServersAreNotAskedAgain) {
  Ask(Goal::kPromote, 'b');
  const Round round = converger_->Once();
  EXPECT_EQ(Text(round.plan), "begin switchover to b");
  EXPECT_EQ(Text(converger_->Once().plan), "follow c <- b, acknowledging\nrotate log of b");
  EXPECT_EQ(farm_.looks, 1);
  converger_->Once();
  EXPECT_EQ(farm_.looks, 2);
}

TEST_F(ConvergeTest, UnlessTheLookIsTooOld) {
  Ask(Goal::kPromote, 'b');
  converger_->Once();
  clock_.Advance(absl::Seconds(1));
  converger_->Once();
  EXPECT_EQ(farm_.looks, 2);
}

TEST_F(ConvergeTest, WhoWasHeldUpInALookActsOnNoRecordOfBefore) {
  Ask(Goal::kPromote, 'b');
  converger_->Once();
  clock_.Advance(absl::Seconds(1));
  const auto held_up = [this] { clock_.Advance(absl::Seconds(3)); };
  farm_.during_look = held_up;
  EXPECT_EQ(Text(converger_->Once().plan), "follow c <- b, acknowledging\nrotate log of b");
  const size_t done = farm_.done.size();
  bool first = true;
  farm_.during_look = [&] {
    if (!std::exchange(first, false)) return;
    held_up();
    Group changed = Record();
    changed.durability = Durability::kAsync;
    EXPECT_TRUE(store_.UpdateGroup(changed).ok());
  };
  const Round round = converger_->Once();
  EXPECT_EQ(round.end, RoundEnd::kFailed);
  EXPECT_EQ(ErrorReason(round.status), "REVISION_MOVED");
  EXPECT_EQ(farm_.done.size(), done);
  EXPECT_EQ(converger_->Once().snapshot->group.durability, Durability::kAsync);
}

TEST_F(ConvergeTest, OrAServerHasComeSince) {
  Ask(Goal::kPromote, 'b');
  converger_->Once();
  Server server;
  server.uuid = Id('d');
  server.address = HostPort{.host = "d", .port = 3306};
  server.status = ServerStatus::kSecondary;
  ASSERT_TRUE(store_.AddServer("g", Record().revision, server).ok());
  converger_->Once();
  EXPECT_EQ(farm_.looks, 2);
}

TEST_F(ConvergeTest, OrAWindowHasBeenOpenedSince) {
  Ask(Goal::kPromote, 'b');
  converger_->Once();
  Group group = Record();
  group.settings.maintenance[""].until = absl::InfiniteFuture();
  ASSERT_TRUE(store_.UpdateGroup(group).ok());
  converger_->Once();
  EXPECT_EQ(farm_.looks, 2);
}

TEST_F(ConvergeTest, AfterAFailedStepOnTheRecordTheyAreAskedAgain) {
  Ask(Goal::kPromote, 'b');
  store_.FailNextWrite(StoreFault::kUnavailable);
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  converger_->Once();
  EXPECT_EQ(farm_.looks, 2);
}

TEST_F(ConvergeTest, AWriteOfUnknownOutcomeIsSettledBeforeAnythingElse) {
  Ask(Goal::kPromote, 'b');
  store_.FailNextWrite(StoreFault::kUnavailable);
  converger_->Once();
  const uint64_t version = Record().acknowledgers.version;
  const Round round = converger_->Once();
  EXPECT_TRUE(round.plan.settled());
  EXPECT_EQ(round.end, RoundEnd::kActed);
  // What may still be on its way compares the version, and finds another.
  EXPECT_EQ(Record().acknowledgers.version, version + 1);
  EXPECT_EQ(Text(converger_->Once().plan), "begin switchover to b");
}

TEST_F(ConvergeTest, UntilItIsSettledNothingElseIsDone) {
  Ask(Goal::kPromote, 'b');
  store_.FailNextWrite(StoreFault::kUnavailable);
  converger_->Once();
  store_.FailNextWrite(StoreFault::kUnavailable);
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_TRUE(converger_->Once().plan.settled());
  EXPECT_EQ(Text(converger_->Once().plan), "begin switchover to b");
}

TEST_F(ConvergeTest, EveryErrorThatLeavesTheOutcomeOpenIsSettled) {
  Ask(Goal::kPromote, 'b');
  for (const absl::Status& error :
       {absl::DeadlineExceededError(""), absl::UnknownError(""), absl::CancelledError("")}) {
    store_.next_step_fails_with = error;
    EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed) << error;
    EXPECT_TRUE(converger_->Once().plan.settled()) << error;
  }
  store_.next_step_fails_with = absl::AbortedError("somebody else was first");
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_EQ(Text(converger_->Once().plan), "begin switchover to b");
}

TEST_F(ConvergeTest, OneThatWasDoneNeedsNoSettling) {
  farm_.scene.Promote('b').Fenced('a');
  Ask(Goal::kPromote, 'b');
  store_.FailNextWrite(StoreFault::kAnswerLost);
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  const Group committed = Record();
  EXPECT_EQ(committed.primary, Id('b'));
  converger_->Once();
  EXPECT_EQ(Record(), committed);
}

TEST_F(ConvergeTest, AFailoverBeginsAsAnOperationOfItsOwn) {
  farm_.scene.Dead('a');
  const Round round = converger_->Once();
  ASSERT_TRUE(round.began.has_value());
  EXPECT_EQ(round.began->kind, "failover");
  const Intent intent = Record().intent;
  EXPECT_EQ(intent.goal, Goal::kPromote);
  EXPECT_TRUE(intent.failover);
  EXPECT_EQ(intent.operation, "failover-1");
  EXPECT_TRUE(store_.GetOperation("failover-1").ok());
}

TEST_F(ConvergeTest, AFailoverIsFollowedByACoolDownAndASwitchoverIsNot) {
  farm_.scene.Promote('b').Fenced('a');
  Ask(Goal::kPromote, 'b');
  ASSERT_EQ(converger_->Once().plan.phase, "commit");
  EXPECT_EQ(converger_->Look()->cool_down, absl::ZeroDuration());
  farm_.scene = Scene("bac");
  farm_.scene.Dead('b').Revoked('a').Revoked('c');
  ASSERT_TRUE(store_.EndIntent("g", *store_.GetOperation("op")).ok());
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(converger_->Once().plan.phase, "begin");
  ASSERT_EQ(converger_->Once().plan.phase, "commit");
  EXPECT_GT(converger_->Look()->cool_down, absl::ZeroDuration());
}

TEST_F(ConvergeTest, ARefusalEndsTheIntentAndSaysWhy) {
  Ask(Goal::kPromote, 'b');
  farm_.scene.Silent('b');
  const Round round = converger_->Once();
  EXPECT_EQ(round.end, RoundEnd::kRefused);
  ASSERT_TRUE(round.ended.has_value());
  EXPECT_EQ(Record().intent.goal, Goal::kKeep);
  const Operation operation = *store_.GetOperation("op");
  EXPECT_EQ(operation.state, OperationState::kFailed);
  EXPECT_LT(operation.progress, 1);
  EXPECT_EQ(operation.error_reason, "TARGET_NOT_REACHED");
  EXPECT_EQ(operation.user, "somebody");
}

TEST_F(ConvergeTest, WhatIsDoneIsFinished) {
  Ask(Goal::kPromote, 'a');
  const Round round = converger_->Once();
  ASSERT_TRUE(round.ended.has_value());
  EXPECT_EQ(store_.GetOperation("op")->state, OperationState::kSucceeded);
  EXPECT_EQ(store_.GetOperation("op")->progress, 1);
  EXPECT_EQ(Record().intent.goal, Goal::kKeep);
}

TEST_F(ConvergeTest, AStoreThatIsDownIsSaidAndNothingDone) {
  farm_.scene.Revoked('b');
  store_.SetUnavailable(true);
  const Round round = converger_->Once();
  EXPECT_EQ(round.end, RoundEnd::kFailed);
  EXPECT_TRUE(absl::IsUnavailable(round.status));
  EXPECT_FALSE(round.snapshot.has_value());
  EXPECT_THAT(farm_.done, IsEmpty());
}

TEST_F(ConvergeTest, WhatWasProvenUnderOnePrimaryIsNotProvenUnderTheNext) {
  farm_.scene.Fenced('a').Restarted('c');
  Ask(Goal::kPromote, 'b');
  const Round commit = converger_->Once();
  ASSERT_EQ(commit.plan.phase, "commit") << ToString(commit.plan);
  EXPECT_TRUE(commit.snapshot->marks.at(Id('c')).returned.has_value());
  EXPECT_THAT(converger_->Once().snapshot->marks, IsEmpty());
  EXPECT_EQ(farm_.looks, 1);
}

// It acknowledged, and restarted again, before anybody looked.
TEST_F(ConvergeTest, WhatWasSeenBeforeAServerWasToldToAcknowledgeProvesNothingAfterwards) {
  farm_.scene.Restarted('b');
  converger_->Once();
  ASSERT_THAT(farm_.done, ElementsAre("follow b <- a, acknowledging"));
  farm_.scene.Dead('a');
  const Round round = converger_->Once();
  ASSERT_TRUE(round.plan.refusal.has_value()) << Text(round.plan);
  EXPECT_EQ(round.plan.refusal->reason, "NOT_REACHED_ACKNOWLEDGER");
}

TEST_F(ConvergeTest, LookingWritesNothing) {
  farm_.scene.Dead('a');
  const Group before = Record();
  EXPECT_TRUE(converger_->Look().ok());
  EXPECT_EQ(Record(), before);
  EXPECT_THAT(farm_.done, IsEmpty());
}

}  // namespace
}  // namespace weft::controller
