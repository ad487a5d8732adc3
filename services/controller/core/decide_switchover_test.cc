// Decide, while the primary of record answers and another is to take its place; and putting things
// back.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using ::testing::HasSubstr;
using testing::Id;
using testing::Scene;
using testing::Text;

// Who is moved finds its place in b's log at once; with nobody moved a is the first to follow b.
constexpr char kMoveC[] = "follow c <- b, acknowledging\nrotate log of b";
constexpr char kStop[] = "fence a, replicas stay";
constexpr char kStopAndRotate[] = "fence a, replicas stay\nrotate log of b";

// b has been chosen and a fenced for it.
Scene Stopped() {
  Scene scene("abc");
  scene.Promote('b').Fenced('a');
  scene.group().intent.reopen = true;
  scene.snapshot().write_stopped_for = absl::Milliseconds(20);
  return scene;
}

TEST(DecideSwitchoverTest, FirstWritesDownWhomItWillFenceFor) {
  Scene scene("abc");
  scene.Promote('\0');
  scene.Record('b').weight = 0.1;
  EXPECT_EQ(Text(Decide(scene)), "begin switchover to c");
}

TEST(DecideSwitchoverTest, PassesOverOneThatLags) {
  Scene scene("abc");
  scene.Promote('\0');
  scene.Of('b').replication.lag = absl::Seconds(11);
  EXPECT_EQ(Text(Decide(scene)), "begin switchover to c");
}

// `b` has been chosen, and a will be fenced for it.
Scene Begun(absl::string_view letters) {
  Scene scene(letters);
  scene.Promote('b');
  scene.group().intent.reopen = true;
  return scene;
}

void Move(Scene& scene, char replica) {
  scene.Of(replica).replication.source = scene.Record('b').address;
  scene.Of(replica).replication.source_uuid = Id('b');
}

TEST(DecideSwitchoverTest, ThenMovesOneWhoWillAcknowledgeWhileWritesGoOn) {
  Scene scene = Begun("abc");
  EXPECT_EQ(Text(Decide(scene)), kMoveC);
}

TEST(DecideSwitchoverTest, ThenStopsWrites) {
  Scene scene = Begun("abc");
  Move(scene, 'c');
  EXPECT_EQ(Text(Decide(scene)), kStop);
}

TEST(DecideSwitchoverTest, MovesNoMoreThanCommitsWillWaitForAndNoneThatTheyWaitForNow) {
  EXPECT_EQ(Text(Decide(Begun("ab"))), kStopAndRotate);
  EXPECT_EQ(Text(Decide(Begun("abcd"))), kMoveC);
  Scene two = Begun("abc");
  two.group().acknowledgements = 2;
  EXPECT_EQ(Text(Decide(two)), kStopAndRotate);
  Scene four = Begun("abcd");
  four.group().acknowledgements = 2;
  EXPECT_EQ(Text(Decide(four)), kMoveC);
  Move(four, 'c');
  EXPECT_EQ(Text(Decide(four)), kStop);
}

TEST(DecideSwitchoverTest, MovesNobodyWhomTheOldPrimaryNeedsForWantOfTheTarget) {
  Scene scene = Begun("abc");
  scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(scene)), kStopAndRotate);
  Scene four = Begun("abcd");
  four.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(four)), kMoveC);
}

TEST(DecideSwitchoverTest, MovesNobodyToATargetThatStillLocksItOut) {
  Scene scene = Begun("abc");
  EXPECT_EQ(Text(Decide(scene)), kMoveC);
  scene.Of('b').accounts[Id('c')] = true;
  EXPECT_EQ(Text(Decide(scene)), kStopAndRotate);
}

TEST(DecideSwitchoverTest, LetsATargetInThatIsStillLockedOut) {
  Scene scene("abc");
  scene.Promote('b').Fenced('a');  // it has restarted
  scene.Of('a').accounts[Id('b')] = true;
  scene.Holds('b', "a:1-90");
  EXPECT_EQ(Text(Decide(scene)), "open account of b on a");
  scene.group().acknowledgers.servers.erase(Id('b'));
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, by its own account");
  scene.Of('b').semi_sync.replica_enabled = scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(scene)), "open account of b on a");
}

TEST(DecideSwitchoverTest, MovesOnlyThoseThatKeepWhatTheyHaveAcknowledged) {
  Scene scene = Begun("abcd");
  scene.Of('c').receiver_only_change = false;
  EXPECT_EQ(Text(Decide(scene)), "follow d <- b, acknowledging\nrotate log of b");
  scene.Of('d').replication.applier_running = false;
  EXPECT_EQ(Text(Decide(scene)), kStopAndRotate);
}

TEST(DecideSwitchoverTest, MovesNobodyToATargetThatHasPurgedWhatTheyLack) {
  Scene scene = Begun("abc");
  scene.Holds('c', "a:1-90").Of('b').purged = Gtids("a:1-91");
  EXPECT_EQ(Text(Decide(scene)), kStopAndRotate);
  scene.Of('b').purged = Gtids("a:1-90");
  EXPECT_EQ(Text(Decide(scene)), kMoveC);
}

TEST(DecideSwitchoverTest, StopsWritesWhenNobodyCouldBeMovedInASecond) {
  Scene scene = Begun("abc");
  scene.snapshot().switching_for = absl::Milliseconds(1001);
  EXPECT_EQ(Text(Decide(scene)), kStopAndRotate);
}

TEST(DecideSwitchoverTest, MovesNobodyWhoseWordCommitsDoNotWaitFor) {
  Scene scene = Begun("abc");
  scene.Async();
  EXPECT_EQ(Text(Decide(scene)), kStop);
}

TEST(DecideSwitchoverTest, ThenLetsTheTargetCatchUpWithinTheBudget) {
  Scene scene = Stopped();
  scene.Executed('b', "a:1-98");
  EXPECT_EQ(Text(Decide(scene)), "catch up b to [a:1-100] within 10 s");
}

TEST(DecideSwitchoverTest, ThenCommitsWithTheOldPrimaryAmongThoseWhoAcknowledge) {
  EXPECT_EQ(Text(Decide(Stopped())),
            "commit primary b, acknowledgers {a c}, watermark [a:1-100], old primary SECONDARY");
}

TEST(DecideSwitchoverTest, TheWinnerHoldsWhatAnyServerReachedHolds) {
  Scene scene = Stopped();
  scene.Holds('c', "a:1-101");  // the primary lost it in a crash, say
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("catch up b to [a:1-101]"));
}

// `b` has just been committed.
Scene Committed() {
  Scene scene = Stopped();
  Group& group = scene.group();
  group.epoch = 2;
  group.primary = Id('b');
  group.acknowledgers.servers = {Id('a'), Id('c')};
  group.history.push_back(
      {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}});
  scene.Record('a').status = ServerStatus::kSecondary;
  scene.Record('b').status = ServerStatus::kPrimary;
  return scene;
}

TEST(DecideSwitchoverTest, AfterTheCommitOnlyThatIsDoneWhichTheFirstWritesWaitFor) {
  EXPECT_EQ(Text(Decide(Committed())),
            "stop receiver of b\narm b, commits wait for 1\nunfence b\n"
            "follow c <- b, acknowledging");
}

TEST(DecideSwitchoverTest, WhatTheOldPrimaryMayStillSendIsNotAppliedOnAnOpenServer) {
  const std::string expected =
      "stop replica b\narm b, commits wait for 1\nunfence b\nfollow c <- b, acknowledging";
  Scene silent = Committed();
  silent.Silent('a');
  EXPECT_EQ(Text(Decide(silent)), expected);
  Scene received = Committed();
  received.Of('b').received = Gtids("a:1-101");
  EXPECT_EQ(Text(Decide(received)), expected);
  Scene behind = Committed();
  behind.Holds('a', "a:1-101");
  EXPECT_EQ(Text(Decide(behind)), expected);
}

TEST(DecideSwitchoverTest, TheOldPrimaryFollowsAtOnceWhereCommitsNeedIt) {
  Scene scene = Committed();
  scene.group().acknowledgements = 2;
  EXPECT_EQ(Text(Decide(scene)),
            "stop receiver of b\narm b, commits wait for 2\nunfence b\ndisarm a\n"
            "follow a <- b, acknowledging\nfollow c <- b, acknowledging");
}

TEST(DecideSwitchoverTest, ThenTheNewPrimaryForgetsItsSourceAndTheOldOneFollows) {
  Scene scene = Committed();
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  scene.Of('b').semi_sync = scene.Of('a').semi_sync;
  scene.Of('c').replication.source = scene.Record('b').address;
  scene.Of('c').replication.source_uuid = Id('b');
  EXPECT_EQ(Text(Decide(scene)), "detach b\ndisarm a\nfollow a <- b, acknowledging");
}

TEST(DecideSwitchoverTest, RefusesATargetThatLagsMoreThanWritesMayStop) {
  Scene scene("abc");
  scene.Promote('b');
  scene.Of('b').replication.lag = absl::Seconds(11);
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_LAGS");
}

TEST(DecideSwitchoverTest, RefusesATargetThatDoesNotReplicate) {
  Scene scene("abc");
  scene.Promote('b');
  scene.Of('b').replication.applier_running = false;
  scene.Of('b').replication.applier_error = "duplicate key";
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "refused TARGET_NOT_REPLICATING");
  EXPECT_THAT(plan.refusal->message, HasSubstr("duplicate key"));
  Scene revoked("abc");
  revoked.Promote('b').Revoked('b');
  EXPECT_EQ(Text(Decide(revoked)), "refused TARGET_NOT_REPLICATING");
}

TEST(DecideSwitchoverTest, RefusesUnknownSilentErrantAndFaultyTargets) {
  Scene unknown("abc");
  unknown.Promote('f');
  EXPECT_EQ(Text(Decide(unknown)), "refused NOT_IN_GROUP");
  Scene silent("abc");
  silent.Promote('b').Silent('b');
  EXPECT_EQ(Text(Decide(silent)), "refused TARGET_NOT_REACHED");
  Scene errant("abc");
  errant.Promote('b').Holds('b', "a:1-100,b:1");
  EXPECT_EQ(Text(Decide(errant)), "refused TARGET_ERRANT");
  Scene faulty("abc");
  faulty.Promote('b').Record('b').status = ServerStatus::kFaulty;
  EXPECT_EQ(Text(Decide(faulty)), "refused TARGET_STATUS");
}

TEST(DecideSwitchoverTest, TakesThePreferredAndNeverOneThatMustNotLead) {
  Scene scene("abcd");
  scene.Promote('\0');
  scene.Record('b').promotion_rule = PromotionRule::kMustNot;
  scene.Record('c').promotion_rule = PromotionRule::kPreferNot;
  EXPECT_EQ(Text(Decide(scene)), "begin switchover to d");
  scene.Of('d').replication.lag = absl::Seconds(11);
  EXPECT_EQ(Text(Decide(scene)), "begin switchover to c");
  scene.Promote('b');
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "refused PROMOTION_FORBIDDEN");
  EXPECT_THAT(plan.refusal->message, HasSubstr("b:3306"));
  EXPECT_THAT(plan.refusal->message, HasSubstr("found its promotion rule to be MUST_NOT"));
  EXPECT_THAT(plan.refusal->next_step, HasSubstr("weft server set b:3306 --promotion-rule"));
}

TEST(DecideSwitchoverTest, GivesUpWhereTheTargetIsForbiddenOnTheWay) {
  Scene scene = Stopped();
  scene.Record('b').promotion_rule = PromotionRule::kMustNot;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("give up: PROMOTION_FORBIDDEN"));
}

TEST(DecideSwitchoverTest, APrimaryThatMustNotLeadStaysUntilAnotherIsPromoted) {
  Scene scene("abc");
  scene.Record('a').promotion_rule = PromotionRule::kMustNot;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Restarted('a');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("unfence a"));
}

TEST(DecideSwitchoverTest, RefusesAnOldVersionThatWouldEndLossless) {
  Scene scene("abc");
  scene.Promote('b').Of('b').can_semi_sync = false;
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_CANNOT_SEMI_SYNC");
}

TEST(DecideSwitchoverTest, RefusesWhenCommitsWouldWaitForServersThatAreNotThere) {
  Scene scene("abc");
  scene.Promote('b').group().acknowledgements = 2;
  scene.Of('a').semi_sync.source_wait_for = 2;
  scene.Silent('c');
  EXPECT_EQ(Text(Decide(scene)), "refused NOT_ENOUGH_ACKNOWLEDGERS");
}

TEST(DecideSwitchoverTest, FencesAnotherWritableServerBeforeItBegins) {
  Scene scene("abc");
  scene.Promote('b').Of('c').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "fence c");
}

TEST(DecideSwitchoverTest, RefusesATargetBelowTheWatermark) {
  Scene scene = Stopped();
  scene.group().watermark = Gtids("a:1-101");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("give up: BELOW_WATERMARK"));
}

TEST(DecideSwitchoverTest, PastTheBudgetItGivesUp) {
  Scene scene = Stopped();
  scene.Executed('b', "a:1-98");
  scene.snapshot().write_stopped_for = absl::Seconds(11);
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("give up: WRITE_STOP_BUDGET"));
}

TEST(DecideSwitchoverTest, WhatSomebodyElseClosedHasNoBudget) {
  Scene scene("abc");
  scene.Promote('b').Fenced('a').snapshot().write_stopped_for = absl::Seconds(11);
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(DecideSwitchoverTest, UnderAsyncNobodyNeedsToAcknowledgeEvenWhileTheSetIsNotYetEmpty) {
  Scene scene("abc");
  scene.Promote('b').group().durability = Durability::kAsync;
  EXPECT_EQ(Text(Decide(scene)), "begin switchover to b");
}

TEST(DecideSwitchoverTest, AFailureAfterTheFenceGivesUpRatherThanRefuse) {
  Scene scene = Stopped();
  scene.Dead('b');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("give up: TARGET_NOT_REACHED"));
}

TEST(DecideSwitchoverTest, GivenUpTheOldPrimaryIsOpenedAlsoInAGroupThatIsNotActive) {
  Scene scene = Stopped();
  scene.group().active = false;
  scene.group().intent.given_up = "WRITE_STOP_BUDGET";
  EXPECT_EQ(Text(Decide(scene)), "unfence a");
}

TEST(DecideSwitchoverTest, GivenUpThoseWhoWereMovedGoBackWhenTheOldPrimaryIsOpened) {
  Scene scene = Stopped();
  Move(scene, 'c');
  scene.group().intent.given_up = "WRITE_STOP_BUDGET";
  EXPECT_EQ(Text(Decide(scene)), "unfence a\nfollow c <- a, acknowledging");
  scene.Of('a').read_only = scene.Of('a').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "refused WRITE_STOP_BUDGET");
  scene.group().intent = Intent();
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a, acknowledging");
}

TEST(DecideSwitchoverTest, GivenUpAPrimaryThatWeftDidNotCloseStaysClosed) {
  Scene scene = Stopped();
  scene.group().active = false;
  scene.group().intent.reopen = false;
  scene.group().intent.given_up = "TARGET_NOT_REACHED";
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_NOT_REACHED");
}

TEST(DecideSwitchoverTest, OnceItIsOpenTheIntentEndsAsRefused) {
  Scene scene("abc");
  scene.Promote('b');
  scene.group().intent.reopen = true;
  scene.group().intent.given_up = "WRITE_STOP_BUDGET";
  EXPECT_EQ(Text(Decide(scene)), "refused WRITE_STOP_BUDGET");
}

TEST(DecideSwitchoverTest, GivenUpItWaitsForAnOldPrimaryThatMayBeAlive) {
  Scene scene = Stopped();
  scene.group().intent.given_up = "PRIMARY_UNCERTAIN";
  scene.Silent('a');
  scene.Of('c').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.Dead('a');
  EXPECT_EQ(Text(Decide(scene)), "refused PRIMARY_UNCERTAIN");
}

TEST(DecideSwitchoverTest, ACommitThatWasDoneWinsOverGivingUp) {
  Scene scene("abc");
  scene.Promote('a').Fenced('a');
  scene.group().intent.given_up = "WRITE_STOP_BUDGET";
  EXPECT_EQ(Text(Decide(scene)), "unfence a");
}

TEST(DecideSwitchoverTest, AnOldPrimaryThatDiesMeanwhileIsFailedOver) {
  Scene scene = Stopped();
  scene.Dead('a');
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b\nstop receiver of c\nrotate log of b");
}

TEST(DecideSwitchoverTest, PromotingThePrimaryItselfOpensItAndIsDone) {
  Scene scene("abc");
  scene.Promote('a').Fenced('a').group().active = false;
  EXPECT_EQ(Text(Decide(scene)), "unfence a");
  Scene open("abc");
  open.Promote('a');
  EXPECT_EQ(Text(Decide(open)), "finish");
}

}  // namespace
}  // namespace weft::controller
