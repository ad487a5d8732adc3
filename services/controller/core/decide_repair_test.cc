// Decide, while nobody asks for a change: what is done for replicas, and what is left alone.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/fixture.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using ::testing::HasSubstr;
using testing::Id;
using ::testing::IsEmpty;
using testing::Scene;
using testing::Text;

TEST(DecideRepairTest, AReplicaWithoutAutoPositionFollowsAnew) {
  Scene scene("abc");
  scene.Of('b').replication.auto_position = false;
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideRepairTest, AnAcknowledgerWhoseFlagWouldNotOutliveItsConnectionFollowsAnew) {
  Scene scene("abc");
  scene.Of('b').semi_sync.replica_enabled = false;
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

// What it holds by the time of the step is compared with this there.
TEST(DecideRepairTest, WhoIsToAcknowledgeIsToldWithWhatItWasSeenToHold) {
  Scene scene("abc");
  scene.Holds('c', "a:1-100");
  EXPECT_EQ(FollowOf(scene, Id('c'), Id('b'), /*acknowledge=*/true).holds, Gtids("a:1-100"));
  EXPECT_TRUE(FollowOf(scene, Id('c'), Id('b'), /*acknowledge=*/false).holds.Empty());
}

TEST(DecideRepairTest, AReplicaThatHearsFromItsSourceTooSeldomFollowsAnew) {
  Scene scene("abc");
  scene.Async();
  for (const absl::Duration period : {absl::Seconds(30), absl::InfiniteDuration()}) {
    scene.Of('b').replication.heartbeat_period = period;
    EXPECT_EQ(Text(Decide(scene)), "follow b <- a") << period;
  }
  scene.Of('b').replication.heartbeat_period = absl::Milliseconds(500);
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

// --- the primary

TEST(DecideRepairTest, APrimaryThatWasOpenWhenItWasTakenOverIsToldToStartClosed) {
  Scene scene("abc");
  scene.Of('a').may_start_writable = true;
  EXPECT_EQ(Text(Decide(scene)), "close a at its next start");
  scene.group().active = false;
  scene.Async();
  EXPECT_EQ(Text(Decide(scene)), "close a at its next start");
  scene.snapshot().maintenance[Id('a').text()] = absl::Minutes(1);
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, AServerThatCannotBeToldToStartClosedIsNotToldAgainAndAgain) {
  Scene scene("abc");
  scene.Of('a').may_start_writable = true;
  scene.Of('a').no_closed_start_because = "this version cannot persist settings";
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

// --- errors

TEST(DecideRepairTest, AnErrorThatIsOverDoesNotKeepAReplicaOut) {
  Scene scene("abc");
  scene.Of('b').replication.receiver_error = "Got fatal error 1236 from source";
  scene.Of('b').replication.applier_error = "duplicate key";
  scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideRepairTest, AnErrorFromAnotherSourceDoesNotEither) {
  Scene scene("abc");
  scene.Of('b').replication.source_uuid = Id('c');
  scene.Of('b').replication.applier_running = false;
  scene.Of('b').replication.applier_error = "duplicate key";
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideRepairTest, EveryErrorBySourcesThatCannotServeIsForAPerson) {
  Scene scene("abc");
  scene.Revoked('b').Of('b').replication.receiver_error = "error 13114 from source";
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Silent('a').Of('c').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(scene)), "waiting");
}

TEST(DecideRepairTest, AnOldVersionThatPointsAtThePrimaryKeepsItsRelayLog) {
  Scene scene("abc");
  scene.Version56().Revoked('b').Executed('b', "a:1-90");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a");
}

TEST(DecideRepairTest, AFencedServerBeingRebuiltIsLeftAlone) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('b'));
  scene.Record('b').status = ServerStatus::kConfiguring;
  scene.Of('b').replication = Replication();
  scene.Of('b').semi_sync = SemiSync();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, ASecondaryOfAnInactiveGroupIsRepaired) {
  Scene scene("abc");
  scene.group().active = false;
  scene.Revoked('b');
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideRepairTest, WhatNeedsARebuildDoesNotFollowAPrimaryThatIsBeingOpened) {
  Scene scene("abc");
  scene.Restarted('a').Of('a').purged = Gtids("a:1-60");
  scene.Revoked('b').Holds('b', "a:1-50");
  EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 1\nunfence a");
}

TEST(DecideRepairTest, ASpareThatWritesNeedIsNotStopped) {
  Scene scene("abc");
  scene.Record('c').status = ServerStatus::kSpare;
  scene.Silent('b').snapshot().reports.clear();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, ARevokedSpareIsReattachedToo) {
  Scene scene("abcd");
  scene.Dead('a').Silent('c').Revoked('b').Revoked('d');
  scene.Record('d').status = ServerStatus::kSpare;
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging\nfollow d <- a, acknowledging");
}

TEST(DecideRepairTest, OnlyWhatPointedAtThePrimaryIsReattachedToIt) {
  Scene scene("abc");
  scene.Revoked('b').Of('b').replication.source_uuid = Id('c');
  scene.Silent('a').Of('c').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(scene)), "waiting");
}

TEST(DecideRepairTest, NobodyIsWaitedForWhoCannotCatchUp) {
  Scene broken("abc");
  broken.Restarted('b').Holds('b', "a:1-90");
  EXPECT_EQ(Text(Decide(broken)), "waiting");
  broken.Of('b').replication.applier_running = false;
  broken.Of('b').replication.applier_error = "duplicate key";
  EXPECT_EQ(Text(Decide(broken)), "settled");
  Scene connecting("abc");
  connecting.Restarted('b').Holds('b', "a:1-90");
  connecting.Of('b').replication.receiver = ThreadState::kConnecting;
  EXPECT_EQ(Text(Decide(connecting)), "settled");
}

TEST(DecideRepairTest, NothingIsRepairedOnAServerThatClientsMayWriteTo) {
  Scene scene("abc");
  scene.Revoked('b').Of('b').super_read_only = false;
  EXPECT_THAT(RepairReplica(scene, Id('b')), IsEmpty());
}

TEST(DecideRepairTest, WhoNeedsARebuildIsKnownOfServersThatAnswerAlone) {
  Scene scene("abc");
  scene.Of('a').purged = Gtids("a:1-60");
  scene.Holds('b', "a:1-50");
  EXPECT_TRUE(NeedsRebuild(scene, Id('b')));
  scene.Of('a').contact = Contact::kUnreachable;
  EXPECT_FALSE(NeedsRebuild(scene, Id('b')));
  scene.Of('a').contact = Contact::kAnswered;
  scene.Silent('b');
  EXPECT_FALSE(NeedsRebuild(scene, Id('b')));
}

// --- status on record

TEST(DecideRepairTest, AFaultyServerThatDoesNotYetReplicateStaysFaulty) {
  Scene scene("abc");
  scene.Record('b').status = ServerStatus::kFaulty;
  scene.Of('b').replication.receiver = ThreadState::kConnecting;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Of('b').replication.receiver = ThreadState::kOn;
  scene.Of('b').replication.applier_running = false;
  scene.Of('b').replication.applier_error = "duplicate key";
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, AFaultyServerOfAnInactiveGroupStaysFaultyThoughItReplicates) {
  Scene scene("abc");
  scene.group().active = false;
  scene.Record('b').status = ServerStatus::kFaulty;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, ASecondaryThatLetsNobodyInIsNotFaulty) {
  Scene scene("abc");
  scene.Silent('b').Of('b').contact = Contact::kRejected;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, ASecondaryThatNoMonitorWatchesIsNotFaulty) {
  Scene scene("abc");
  scene.Silent('b').snapshot().reports.clear();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, AnErrantServerIsFaultyWhateverItsRecordSaidBefore) {
  Scene scene("abc");
  scene.Holds('b', "a:1-100,b:1");
  scene.Record('b').errant = Gtids("b:1").ToString();
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("set status of b to FAULTY, aside: errant"));
}

// --- the set, and the end

TEST(DecideRepairTest, TheSetOfALosslessGroupIsNotEmptiedByAPrimaryThatCannotWait) {
  Scene scene("abc");
  for (const char letter : {'a', 'b', 'c'}) {
    scene.Of(letter).can_semi_sync = false;
    scene.Of(letter).semi_sync = SemiSync();
  }
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideRepairTest, UnderAsyncAPromotionIsFinishedBeforeReplicasAreRepaired) {
  Scene scene("abc");
  scene.Async().Promote('a').Revoked('b');
  EXPECT_EQ(Text(Decide(scene)), "finish");
}

TEST(DecideRepairTest, ADemotedGroupWaitsForWhatItsReplicasCanStillApply) {
  Scene scene("abc");
  Group& group = scene.group();
  group.epoch = 2;
  group.primary = ServerUuid();
  group.acknowledgers.servers.clear();
  group.watermark = Gtids("a:1-100");
  scene.Fenced('a').Of('a').semi_sync = SemiSync();
  scene.Of('b').replication = Replication();
  scene.Executed('c', "a:1-90");
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.Of('c').replication.applier_running = false;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Of('c').replication.applier_running = true;
  // It has received all of it, and its receiver is off.
  scene.Of('c').received = Gtids("a:1-100");
  scene.Of('c').replication.receiver = ThreadState::kOff;
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.Of('c').received = Gtids("a:1-95");
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Of('c').replication.receiver = ThreadState::kConnecting;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Of('c').replication.receiver = ThreadState::kOn;
  scene.Executed('a', "a:1-95");
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

}  // namespace
}  // namespace weft::controller
