// Decide, while nobody asks for a change: hold what the record says.
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

TEST(DecideKeepTest, ASettledGroupStaysSettled) {
  EXPECT_EQ(Text(Decide(Scene("abc"))), "settled");
  EXPECT_EQ(Text(Decide(Scene("a"))), "settled");
  Scene async("abc");
  async.Async();
  EXPECT_EQ(Text(Decide(async)), "settled");
  Scene old("abc");
  old.Version56();
  EXPECT_EQ(Text(Decide(old)), "settled");
  Scene inactive("abc");
  inactive.group().active = false;
  EXPECT_EQ(Text(Decide(inactive)), "settled");
}

// --- the primary

TEST(DecideKeepTest, APrimaryThatReplicatesIsDetached) {
  Scene scene("abc");
  scene.Of('a').replication.configured = true;
  EXPECT_EQ(Text(Decide(scene)), "detach a");
}

TEST(DecideKeepTest, ADeposedPrimaryThatHearsNoNewReplicasYetIsWaitedFor) {
  Scene scene("abc");
  scene.Of('b').semi_sync.source_deaf = true;
  scene.Of('b').streaming_to.push_back(Id('c'));
  EXPECT_EQ(Decide(scene).waiting_for, "b:3306 to notice that its replicas have left");
  scene.Of('b').streaming_to.push_back(Id('f'));  // a replica that is no business of the group
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideKeepTest, SemiSyncIsArmedAsThePolicyAsks) {
  Scene scene("abc");
  scene.group().acknowledgements = 2;
  EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 2");
  scene.group().acknowledgements = 1;
  scene.Of('a').semi_sync.source_endless = false;
  EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 1");
}

// Who makes it lossless again in between must find nobody on record whom commits do not wait for.
TEST(DecideKeepTest, UnderAsyncTheSetIsEmptiedBeforeThePrimaryIsDisarmed) {
  Scene scene("abc");
  scene.group().durability = Durability::kAsync;
  EXPECT_EQ(Text(Decide(scene)), "set acknowledgers {}, watermark [a:1-10]");
  scene.group().acknowledgers.servers.clear();
  EXPECT_EQ(Text(Decide(scene)), "disarm a\nfollow b <- a\nfollow c <- a");
}

TEST(DecideKeepTest, ACrashedPrimaryOfAnActiveGroupIsArmedAndThenOpened) {
  Scene scene("abc");
  scene.Restarted('a');
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "arm a, commits wait for 1\nunfence a");
  // It may restart in between: then it is not opened.
  EXPECT_EQ(std::get<Unfence>(plan.steps.back()).wait_for, 1u);
}

TEST(DecideKeepTest, ACrashedPrimaryOfAnInactiveGroupStaysClosed) {
  Scene scene("abc");
  scene.group().active = false;
  scene.Restarted('a');
  EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 1");
}

TEST(DecideKeepTest, NobodyElseIsWritableBeforeThePrimaryIsOpened) {
  Scene scene("abc");
  scene.Restarted('a');
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "fence b");
}

TEST(DecideKeepTest, ReadOnlyAloneIsNotTrusted) {
  Scene scene("abc");
  scene.Of('b').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "fence b");
}

TEST(DecideKeepTest, AServerBeingRebuiltIsLeftAlone) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('b'));
  scene.Record('b').status = ServerStatus::kConfiguring;
  scene.Of('b') = Observation();
  scene.Of('b').contact = Contact::kAnswered;
  scene.Holds('b', "b:1");
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

// --- replicas

TEST(DecideKeepTest, ReplicasThatDoNotFollowAreRepairedAtTheSameTime) {
  Scene scene("abcd");
  scene.Revoked('b');
  scene.Of('c').replication.applier_running = false;
  scene.Of('d').replication.source_uuid = Id('b');
  EXPECT_EQ(Text(Decide(scene)),
            "follow b <- a, acknowledging\nfollow c <- a, acknowledging\n"
            "follow d <- a, acknowledging");
}

TEST(DecideKeepTest, AFlagThatDidNotTakeEffectIsRepaired) {
  Scene scene("abc");
  scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideKeepTest, ARestartedAcknowledgerFollowsQuietlyUntilItHasProvenItself) {
  Scene scene("abc");
  scene.Restarted('b').Holds('b', "a:1-90").Revoked('b');
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a");
  scene.Of('b').replication.receiver = ThreadState::kOn;
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.Holds('b', "a:1-100");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideKeepTest, ANewSecondaryIsTakenIntoTheSetBeforeItAcknowledges) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('c').semi_sync = SemiSync();
  scene.Of('c').replication = Replication();
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a");
  scene.Of('c').replication = scene.Of('b').replication;
  EXPECT_EQ(Text(Decide(scene)),
            "set acknowledgers {b c}, watermark [a:1-10]"
            "" /* the uuids are b's and c's */);
}

TEST(DecideKeepTest, ASpareFollowsWithoutAcknowledging) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Record('c').status = ServerStatus::kSpare;
  scene.Of('c').semi_sync = SemiSync();
  scene.Revoked('c');
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a");
}

TEST(DecideKeepTest, ASecondaryMadeSpareIsStoppedProvenAndOnlyThenFollowsAgain) {
  Scene scene("abc");
  scene.Record('c').status = ServerStatus::kSpare;
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of c");
  scene.Revoked('c');
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.MarksOf('c').unable = Gtids("a:1-100");
  EXPECT_EQ(Text(Decide(scene)), "set acknowledgers {b}, watermark [a:1-100]");
  scene.group().acknowledgers.servers.erase(Id('c'));
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a");
}

TEST(DecideKeepTest, WhatAPersonMustMendIsNotTriedAgainAndAgain) {
  Scene scene("abc");
  scene.Of('b').replication.applier_running = false;
  scene.Of('b').replication.applier_error = "duplicate key";
  EXPECT_EQ(Text(Decide(scene)), "settled");
  Scene receiver("abc");
  receiver.Revoked('b').Of('b').replication.receiver_error = "Got fatal error 1236 from source";
  EXPECT_EQ(Text(Decide(receiver)), "settled");
}

TEST(DecideKeepTest, AnOldVersionAppliesItsRelayLogBeforeItIsRepointed) {
  Scene scene("abc");
  scene.Version56().Executed('b', "a:1-90");
  scene.Of('b').replication.source_uuid = Id('c');
  EXPECT_EQ(Text(Decide(scene)), "catch up b to [a:1-100] within 2.0 s\nfollow b <- a");
}

// --- errant servers

TEST(DecideKeepTest, AnErrantServerIsSetAsideWithItsTransactions) {
  Scene scene("abc");
  scene.Holds('b', "a:1-100,b:1-2");
  EXPECT_EQ(Text(Decide(scene)),
            "set status of b to FAULTY, aside: errant: it has 2 transactions that the group does "
            "not know, errant [b:1-2]");
}

TEST(DecideKeepTest, AnErrantServerStopsAcknowledgingButKeepsItsRelayLogWhileItCounts) {
  Scene scene("abc");
  scene.Holds('b', "a:1-100,b:1");
  scene.Record('b').status = ServerStatus::kFaulty;
  scene.Record('b').set_aside = "errant";
  scene.Record('b').errant = Gtids("b:1").ToString();
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b");
  scene.Revoked('b');
  scene.MarksOf('b').unable = Gtids("a:1-100");
  EXPECT_EQ(Text(Decide(scene)), "set acknowledgers {c}, watermark [a:1-100]");
  scene.group().acknowledgers.servers.erase(Id('b'));
  EXPECT_EQ(Text(Decide(scene)), "detach b");
  scene.Of('b').replication = Replication();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideKeepTest, AServerSetAsideStaysAsideEvenWhenItIsClean) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('b'));
  scene.Record('b').status = ServerStatus::kFaulty;
  scene.Record('b').set_aside = "needs rebuild";
  scene.Of('b').semi_sync = SemiSync();
  EXPECT_EQ(Text(Decide(scene)), "detach b");
  scene.Of('b').replication = Replication();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideKeepTest, WhatLacksPurgedTransactionsNeedsARebuildAndIsNoRefusal) {
  Scene scene("abc");
  scene.Holds('b', "a:1-50");
  scene.Of('a').purged = Gtids("a:1-60");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("set status of b to FAULTY, aside: needs rebuild"));
}

// --- servers that come and go

TEST(DecideKeepTest, ASecondaryThatTheMonitorsLostIsFaulty) {
  Scene scene("abc");
  scene.Silent('b');
  EXPECT_EQ(Text(Decide(scene)), "set status of b to FAULTY");
  scene.snapshot().reports[Id('b')].unreachable = 1;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.group().active = false;
  scene.snapshot().reports[Id('b')].unreachable = 2;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideKeepTest, ACleanFaultyServerRejoinsByItself) {
  Scene scene("bac");
  scene.group().history.push_back(
      {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}});
  scene.group().acknowledgers.servers.erase(Id('a'));
  scene.Record('a').status = ServerStatus::kFaulty;
  scene.Restarted('a').Of('a').replication = Replication();
  EXPECT_EQ(Text(Decide(scene)), "follow a <- b");
  scene.Of('a').replication = scene.Of('c').replication;
  EXPECT_EQ(Text(Decide(scene)), "set status of a to SECONDARY");
}

TEST(DecideKeepTest, AnOldPrimaryThatReturnsWritableAndArmedIsFencedThenDisarmedThenJudged) {
  Scene scene("bac");
  scene.group().history.push_back(
      {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}});
  scene.group().acknowledgers.servers.erase(Id('a'));
  scene.Record('a').status = ServerStatus::kFaulty;
  Observation& old = scene.Of('a');
  old.replication = Replication();
  old.semi_sync = scene.Of('b').semi_sync;
  old.read_only = old.super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "fence a");
  scene.Fenced('a').Holds('a', "a:1-103");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("aside: errant: it has 3 transactions"));
}

TEST(DecideKeepTest, AFaultyServerOfAnInactiveGroupWaitsForAPerson) {
  Scene scene("abc");
  scene.group().active = false;
  scene.Record('b').status = ServerStatus::kFaulty;
  scene.group().acknowledgers.servers.erase(Id('b'));
  scene.Of('b').semi_sync = SemiSync();
  scene.Of('b').replication = Replication();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideKeepTest, AnUncertainPrimaryIsWaitedForAndItsReplicasReattached) {
  Scene scene("abc");
  scene.Silent('a').Revoked('b');
  scene.Of('c').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
  Scene attached("abc");
  attached.Silent('a').Of('c').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(attached)), "waiting");
}

TEST(DecideKeepTest, ASilentErrantServerIsNotReattached) {
  Scene scene("abc");
  scene.Dead('a').Silent('c').Revoked('b').Holds('b', "a:1-100,b:1");
  EXPECT_EQ(Text(Decide(scene)), "refused NOT_REACHED_ACKNOWLEDGER");
}

// Until the record says that nobody counts, a failover relies on acknowledgements.
TEST(DecideKeepTest, APrimaryOfAGroupMadeAsynchronousIsOpenedArmedWhileAcknowledgersAreOnRecord) {
  Scene scene("abc");
  scene.group().durability = Durability::kAsync;
  scene.Promote('a').Fenced('a').Of('a').semi_sync.source_enabled = false;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("arm a, commits wait for 1\nunfence a"));
  scene.group().acknowledgers.servers.clear();
  EXPECT_THAT(Text(Decide(scene)), Not(HasSubstr("arm a")));
}

// --- finishing

TEST(DecideKeepTest, APromotionIsFinishedWhenWritesAreAcknowledged) {
  Scene scene("abc");
  scene.Promote('a');
  EXPECT_EQ(Text(Decide(scene)), "finish");
  scene.Revoked('b');
  EXPECT_EQ(Text(Decide(scene)), "finish");
  scene.Revoked('c');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("follow b <- a"));
}

TEST(DecideKeepTest, APromotionDoesNotWaitForTheDead) {
  Scene scene("ab");
  scene.Promote('a').Dead('b').Record('b').status = ServerStatus::kFaulty;
  EXPECT_EQ(Text(Decide(scene)), "finish");
}

}  // namespace
}  // namespace weft::controller
