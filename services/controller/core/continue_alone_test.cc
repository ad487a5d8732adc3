// What becomes of commits when nobody is left to acknowledge them.
#include "services/controller/core/continue_alone.h"

#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/durability.h"
#include "services/controller/core/fixture.h"
#include "services/controller/core/memory.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Scene;
using testing::Text;

Scene MayContinue() {
  Scene scene("abc");
  scene.group().settings.on_last_acknowledger_lost = OnLastAcknowledgerLost::kContinue;
  return scene;
}

// Nobody has acknowledged for `time`.
Scene Alone(absl::Duration time) {
  Scene scene = MayContinue();
  scene.Dead('b').Dead('c');
  scene.Record('b').status = scene.Record('c').status = ServerStatus::kFaulty;
  scene.Of('a').semi_sync.source_clients = 0;
  scene.Of('a').semi_sync.source_waiting = 2;
  scene.snapshot().unacknowledged_for = scene.snapshot().still_for = time;
  return scene;
}

// This controller reaches neither of them, and the primary still counts both.
Scene CutOffFromReplicas() {
  Scene scene = MayContinue();
  scene.Silent('b').Silent('c');
  scene.snapshot().unacknowledged_for = scene.snapshot().still_for = absl::Seconds(60);
  return scene;
}

// Looks once a second.
class Looks {
 public:
  absl::Duration UnacknowledgedFor(Scene scene) {
    now_ += absl::Seconds(1);
    scene.snapshot().unacknowledged_for = scene.snapshot().still_for = absl::ZeroDuration();
    Remember(now_, absl::UnixEpoch(), absl::ZeroDuration(), &memory_, &scene.snapshot());
    return scene.snapshot().unacknowledged_for;
  }

 private:
  Memory memory_;
  absl::Duration now_;
};

TEST(ContinueAloneTest, TheStoreSaysThatNobodyAcknowledgesBeforeSemiSyncIsSwitchedOff) {
  Scene scene = Alone(absl::Seconds(6));
  EXPECT_EQ(Text(Decide(scene)), "set acknowledgers {}, watermark [a:1-10]");
  scene.group().acknowledgers.servers.clear();
  EXPECT_EQ(Text(Decide(scene)), "disarm a");
  EXPECT_EQ(EffectiveDurability(scene).substr(0, 6), "async:");
}

TEST(ContinueAloneTest, AGroupThatWaitsAndOneThatHasNotWaitedLongEnoughStayAsTheyAre) {
  Scene waits = Alone(absl::Seconds(60));
  waits.group().settings.on_last_acknowledger_lost = OnLastAcknowledgerLost::kWait;
  EXPECT_EQ(ContinueAlone(waits), std::nullopt);
  EXPECT_EQ(ContinueAlone(Alone(absl::Seconds(4))), std::nullopt);
  EXPECT_EQ(Text(Decide(Alone(absl::Seconds(4)))), "waiting");
  Scene silent = Alone(absl::Seconds(60));
  silent.Silent('a');
  EXPECT_EQ(ContinueAlone(silent), std::nullopt);
  waits.group().acknowledgers.servers.clear();
  for (const Step& step : ServePrimary(waits)) EXPECT_NE(Text(step), "disarm a");
}

TEST(ContinueAloneTest, NothingIsGivenUpWhereOnlyWeftIsCutOffFromTheReplicas) {
  Scene scene = CutOffFromReplicas();
  EXPECT_FALSE(LacksAcknowledgements(scene));
  EXPECT_EQ(ContinueAlone(scene), std::nullopt);
  for (const Step& step : Decide(scene).steps) EXPECT_NE(Text(step).substr(0, 7), "set ack");
}

TEST(ContinueAloneTest, CommitsThatWaitWhereNothingMovesSayThatTheReplicasAreGone) {
  Scene scene = CutOffFromReplicas();
  scene.Of('a').semi_sync.source_waiting = 1;
  EXPECT_TRUE(LacksAcknowledgements(scene));
  EXPECT_TRUE(ContinueAlone(scene).has_value());
}

TEST(ContinueAloneTest, WhatThePrimaryHasExecutedSomebodyHasAcknowledged) {
  Scene scene = CutOffFromReplicas();
  scene.Of('a').semi_sync.source_waiting = 1;
  for (const uint32_t clients : {0, 2}) {
    scene.Of('a').semi_sync.source_clients = clients;
    scene.snapshot().still_for = absl::ZeroDuration();
    EXPECT_EQ(ContinueAlone(scene), std::nullopt);
    scene.snapshot().still_for = absl::Seconds(60);
    EXPECT_TRUE(ContinueAlone(scene).has_value());
  }
}

TEST(ContinueAloneTest, ThePrimaryMustCountAsManyAsCommitsNeed) {
  Scene scene = CutOffFromReplicas();
  scene.group().acknowledgements = 2;
  scene.Of('a').semi_sync.source_clients = 1;
  EXPECT_TRUE(ContinueAlone(scene).has_value());
  scene.Of('a').semi_sync.source_clients = 2;
  EXPECT_EQ(ContinueAlone(scene), std::nullopt);
}

TEST(ContinueAloneTest, MeanwhileAFailoverIsRefusedByName) {
  Scene dead = MayContinue();
  dead.group().acknowledgers.servers.clear();
  dead.Dead('a').Failover();
  const Plan plan = Decide(dead);
  ASSERT_TRUE(plan.refusal.has_value());
  EXPECT_EQ(plan.refusal->reason, "NO_ACKNOWLEDGER");
  EXPECT_NE(plan.refusal->message.find("continue"), std::string::npos);
}

// Whether the group went on alone, or had been async: it may have kept its flag.
TEST(ContinueAloneTest, ItEndsWhenOneHasCaughtUpWithWhoeverMayWakeUpInTheSet) {
  for (const auto policy : {OnLastAcknowledgerLost::kWait, OnLastAcknowledgerLost::kContinue}) {
    Scene scene("abc");
    scene.group().settings.on_last_acknowledger_lost = policy;
    scene.group().acknowledgers.servers.clear();
    scene.Of('a').semi_sync.source_enabled = false;
    scene.Of('b').semi_sync.replica_enabled = scene.Of('b').semi_sync.replica_active = false;
    scene.Silent('c');
    scene.Record('c').status = ServerStatus::kFaulty;
    EXPECT_EQ(Text(Decide(scene)), "set acknowledgers {b c}, watermark [a:1-10]");
    scene.group().acknowledgers.servers = {Id('b'), Id('c')};
    EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 1");
  }
}

TEST(ContinueAloneTest, HowLongCommitsLackAcknowledgementsIsRemembered) {
  Looks looks;
  const Scene scene = Alone(absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(scene), absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(scene), absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(scene), absl::Seconds(1));
  EXPECT_EQ(looks.UnacknowledgedFor(scene), absl::Seconds(2));
  EXPECT_EQ(looks.UnacknowledgedFor(Scene("abc")), absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(scene), absl::ZeroDuration());
}

TEST(ContinueAloneTest, ItBeginsAnewWithEachCommitThatEndsAndWithEachLookAtWhichNoneWaits) {
  Looks looks;
  Scene idle = CutOffFromReplicas();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(looks.UnacknowledgedFor(idle), absl::ZeroDuration());
  Scene waits = idle;
  waits.Of('a').semi_sync.source_waiting = 1;
  EXPECT_EQ(looks.UnacknowledgedFor(waits), absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(waits), absl::Seconds(1));
  waits.Of('a').executed = Gtids("a:1-101");
  EXPECT_EQ(looks.UnacknowledgedFor(waits), absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(waits), absl::ZeroDuration());
  EXPECT_EQ(looks.UnacknowledgedFor(waits), absl::Seconds(1));
}

}  // namespace
}  // namespace weft::controller
