// Decide, where the record came from a backup.
#include <string>

#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Scene;
using testing::Text;

// As the record says, and as it still is.
Scene Restored() {
  Scene scene("abc");
  scene.group().restored = true;
  return scene;
}

// There was a failover since the backup: b is the primary, and a came back and follows it.
Scene Outdated() {
  Scene scene = Restored();
  scene.Of('b').semi_sync = scene.Of('a').semi_sync;
  scene.Fenced('a');
  scene.Of('a').semi_sync.source_enabled = false;
  scene.Of('a').semi_sync.replica_enabled = true;
  for (const char replica : {'a', 'c'}) {
    Replication& replication = scene.Of(replica).replication;
    replication = scene.Of('c').replication;
    replication.source = {.host = "b", .port = 3306};
    replication.source_uuid = Id('b');
    scene.Holds(replica, "a:1-100,b:1-50");
  }
  Observation& primary = scene.Of('b');
  primary.read_only = primary.super_read_only = false;
  primary.replication = Replication();
  scene.Executed('b', "a:1-100,b:1-50");
  return scene;
}

std::string Refused(const Snapshot& snapshot) {
  const Plan plan = Decide(snapshot);
  return plan.refusal.has_value() ? testing::WithLetters(plan.refusal->message) : Text(plan);
}

TEST(DecideRestoredTest, ConfirmsTheRecordThatIsStillTrue) {
  const Plan plan = Decide(Restored());
  ASSERT_EQ(plan.phase, "confirm");
  const Commit& commit = std::get<Commit>(plan.steps.at(0));
  EXPECT_EQ(commit.primary, Id('a'));
  EXPECT_EQ(commit.acknowledgers, (std::set<ServerUuid>{Id('b'), Id('c')}));
  EXPECT_EQ(commit.watermark, Gtids("a:1-100"));
}

TEST(DecideRestoredTest, WhereCommitsWaitForNobodyNobodyCountsAsAcknowledger) {
  Scene scene = Restored();
  scene.Of('a').semi_sync.source_enabled = false;
  const Plan plan = Decide(scene);
  ASSERT_EQ(plan.phase, "confirm");
  EXPECT_TRUE(std::get<Commit>(plan.steps.at(0)).acknowledgers.empty());
  // It waits for one, and by the backup a failover would rely on two.
  Scene fewer = Restored();
  fewer.group().acknowledgements = 2;
  EXPECT_TRUE(std::get<Commit>(Decide(fewer).steps.at(0)).acknowledgers.empty());
}

TEST(DecideRestoredTest, TheOldPrimaryIsNotOpenedNorTheNewOneFenced) {
  const Plan plan = Decide(Outdated());
  ASSERT_EQ(plan.phase, "confirm") << Text(plan);
  const Commit& commit = std::get<Commit>(plan.steps.at(0));
  EXPECT_EQ(commit.primary, Id('b'));
  EXPECT_EQ(commit.acknowledgers, (std::set<ServerUuid>{Id('a'), Id('c')}));
  EXPECT_EQ(commit.watermark, Gtids("a:1-100,b:1-50"));
}

TEST(DecideRestoredTest, WithoutTheRestoreTheSameWouldFenceThePrimary) {
  Scene scene = Outdated();
  scene.group().restored = false;
  EXPECT_EQ(Text(Decide(scene)), "fence b");
}

TEST(DecideRestoredTest, FailsOverNothingThatItHasNotSeenAgain) {
  Scene scene = Restored();
  scene.Dead('a');
  EXPECT_EQ(Text(Decide(scene)), "refused RESTORED");
  EXPECT_NE(Refused(scene).find("no answer came from a"), std::string::npos) << Refused(scene);
}

TEST(DecideRestoredTest, OneThatIsSilentMayBeThePrimaryByNow) {
  Scene scene = Restored();
  scene.Silent('c');
  EXPECT_EQ(Text(Decide(scene)), "refused RESTORED");
}

TEST(DecideRestoredTest, DoesNotChooseBetweenTwoThatAcceptWrites) {
  Scene scene = Restored();
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  EXPECT_NE(Refused(scene).find("these do: a, b"), std::string::npos) << Refused(scene);
}

TEST(DecideRestoredTest, OneThatAcceptsWritesAndLacksSomeIsNotConfirmed) {
  Scene scene = Restored();
  scene.Holds('c', "a:1-100,b:1-3");
  EXPECT_NE(Refused(scene).find("a accepts writes, and lacks [b:1-3]"), std::string::npos)
      << Refused(scene);
}

TEST(DecideRestoredTest, WhatThePrimaryWroteSinceItWasReadIsItsOwnAffair) {
  Scene scene = Outdated();
  scene.Holds('c', "a:1-100,b:1-60");
  EXPECT_EQ(Decide(scene).phase, "confirm");
}

TEST(DecideRestoredTest, BelowTheWatermarkNothingIsConfirmed) {
  Scene scene = Restored();
  scene.group().watermark = Gtids("a:1-200");
  EXPECT_EQ(Text(Decide(scene)), "refused RESTORED");
}

TEST(DecideRestoredTest, AServerThatTheBackupDoesNotKnowMayBeThePrimary) {
  Scene scene = Restored();
  scene.Of('c').replication.source_uuid = Id('d');
  scene.Of('c').replication.source = {.host = "d", .port = 3306};
  EXPECT_NE(Refused(scene).find("c replicates from d"), std::string::npos) << Refused(scene);
  scene = Restored();
  scene.Holds('b', "a:1-100,d:1-3").Holds('c', "a:1-100,d:1-3").Executed('a', "a:1-100,d:1-3");
  EXPECT_NE(Refused(scene).find("has transactions of d"), std::string::npos) << Refused(scene);
}

TEST(DecideRestoredTest, WhereNobodyAcceptsWritesWhoHoldsEverythingAndIsFollowedIsConfirmed) {
  Scene scene = Outdated();
  scene.Fenced('b');
  EXPECT_EQ(std::get<Commit>(Decide(scene).steps.at(0)).primary, Id('b'));
  // It came back from a crash without what it had not applied.
  scene.Executed('b', "a:1-100,b:1-40");
  EXPECT_EQ(std::get<Commit>(Decide(scene).steps.at(0)).primary, Id('a'));
  scene.Record('a').promotion_rule = PromotionRule::kMustNot;
  scene.Record('c').status = ServerStatus::kSpare;
  scene.group().primary = Id('b');
  EXPECT_EQ(Text(Decide(scene)), "refused RESTORED");
}

TEST(DecideRestoredTest, ADemotedGroupStaysWithoutAPrimary) {
  Scene scene = Restored();
  scene.Fenced('a');
  scene.group().primary = ServerUuid();
  EXPECT_EQ(std::get<Commit>(Decide(scene).steps.at(0)).primary, ServerUuid());
}

TEST(DecideRestoredTest, WhoAsksForAChangeIsRefused) {
  Scene scene = Restored();
  scene.Silent('c').Promote('b');
  EXPECT_EQ(Text(Decide(scene)), "refused RESTORED");
}

TEST(DecideRestoredTest, SaysWhyNothingIsDone) {
  Scene scene = Restored();
  EXPECT_NE(Find(scene).empty() ? "" : Find(scene).front().code, "RESTORED");
  scene.Silent('b');
  EXPECT_EQ(Find(scene).front().code, "RESTORED");
}

}  // namespace
}  // namespace weft::controller
