#include "services/controller/core/guards.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Id;
using testing::Scene;
using testing::Text;

const Finding* FoundIn(const std::vector<Finding>& findings, const std::string& code) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const Finding& one) { return one.code == code; });
  return found == findings.end() ? nullptr : &*found;
}

Scene DeadPrimary() {
  Scene scene("abc");
  scene.Dead('a');
  return scene;
}

TEST(GuardsTest, NothingGuardsAGroupOfDefaults) {
  EXPECT_EQ(RefuseUnasked(DeadPrimary()), std::nullopt);
  EXPECT_EQ(Decide(DeadPrimary()).phase, "begin");
}

TEST(GuardsTest, TheKillSwitchOfTheNodeKeepsADeadPrimary) {
  Scene scene = DeadPrimary();
  scene.group().failover_switch = {false, "moving the racks", "admin", absl::UnixEpoch()};
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "refused FAILOVER_OFF");
  EXPECT_NE(plan.refusal->message.find("moving the racks"), std::string::npos);
  EXPECT_NE(FoundIn(Find(scene), "FAILOVER_OFF"), nullptr);
}

TEST(GuardsTest, TheKillSwitchOfTheGroupKeepsADeadPrimary) {
  Scene scene = DeadPrimary();
  scene.group().settings.failover_enabled = false;
  EXPECT_EQ(Text(Decide(scene)), "refused FAILOVER_DISABLED");
  EXPECT_NE(FoundIn(Find(scene), "FAILOVER_DISABLED"), nullptr);
}

TEST(GuardsTest, WhatWasRevokedIsReattachedBeforeAGuardRefuses) {
  Scene scene = DeadPrimary();
  scene.Revoked('b');
  scene.group().settings.failover_enabled = false;
  EXPECT_EQ(Decide(scene).phase, "re-attach");
}

TEST(GuardsTest, PeoplesOrdersPassEveryGuard) {
  Scene scene = DeadPrimary();
  scene.Promote('b').Revoked('b').Revoked('c');
  scene.group().failover_switch.enabled = false;
  scene.group().settings.failover_enabled = false;
  scene.group().settings.promotion_zones = "moon";
  scene.snapshot().cool_down = absl::Hours(1);
  scene.snapshot().maintenance[""] = absl::Hours(1);
  scene.snapshot().maintenance[Id('b').text()] = absl::Hours(1);
  EXPECT_EQ(Decide(scene).phase, "commit");
}

TEST(GuardsTest, AFailoverThatHasBegunIsFinished) {
  Scene scene = DeadPrimary();
  scene.Failover().Revoked('b').Revoked('c');
  scene.group().failover_switch.enabled = false;
  EXPECT_EQ(Decide(scene).phase, "commit");
}

TEST(GuardsTest, AWindowOfTheGroupOrOfItsPrimaryKeepsADeadPrimary) {
  for (const std::string& of : {std::string(), Id('a').text()}) {
    Scene scene = DeadPrimary();
    scene.group().settings.maintenance[of] = {absl::UnixEpoch(), "new disks", "admin"};
    scene.snapshot().maintenance[of] = absl::Minutes(3);
    const Plan plan = Decide(scene);
    EXPECT_EQ(Text(plan), "refused MAINTENANCE");
    EXPECT_NE(plan.refusal->message.find("3 min more by admin: new disks"), std::string::npos)
        << plan.refusal->message;
  }
}

TEST(GuardsTest, InAWindowNothingIsRepairedAndWritersStayOut) {
  Scene scene("abc");
  scene.Revoked('b');
  ASSERT_EQ(Decide(scene).phase, "repair");
  scene.snapshot().maintenance[Id('c').text()] = absl::Minutes(3);
  EXPECT_EQ(Decide(scene).phase, "repair");
  scene.snapshot().maintenance[Id('b').text()] = absl::Minutes(3);
  EXPECT_TRUE(Decide(scene).steps.empty());
  scene.snapshot().maintenance = {{"", absl::Minutes(3)}};
  EXPECT_TRUE(Decide(scene).steps.empty());
  scene.Of('c').read_only = scene.Of('c').super_read_only = false;
  EXPECT_EQ(Decide(scene).phase, "fence");
}

TEST(GuardsTest, APrimaryThatWasClosedInAWindowStaysClosed) {
  Scene scene("abc");
  scene.Fenced('a');
  ASSERT_EQ(Decide(scene).phase, "serve");
  scene.snapshot().maintenance[""] = absl::Minutes(3);
  EXPECT_TRUE(Decide(scene).steps.empty());
}

TEST(GuardsTest, WhatIsFoundInAWindowIsShownAndMuted) {
  Scene scene = DeadPrimary();
  scene.Silent('c');
  scene.group().settings.maintenance[""] = {absl::UnixEpoch(), "", ""};
  scene.snapshot().maintenance[""] = absl::Minutes(3);
  const std::vector<Finding> findings = Find(scene);
  ASSERT_NE(FoundIn(findings, "PRIMARY_DEAD"), nullptr);
  EXPECT_TRUE(FoundIn(findings, "PRIMARY_DEAD")->muted);
  ASSERT_NE(FoundIn(findings, "MAINTENANCE"), nullptr);
  EXPECT_FALSE(FoundIn(findings, "MAINTENANCE")->muted);
}

TEST(GuardsTest, AServerInMaintenanceIsNotPromotedUnasked) {
  Scene scene = DeadPrimary();
  scene.Failover().Revoked('b').Revoked('c');
  scene.snapshot().maintenance[Id('b').text()] = absl::Minutes(3);
  EXPECT_EQ(Text(Decide(scene)).substr(0, 16), "commit primary c");
}

TEST(GuardsTest, TheNextPrimaryIsFoundWhereTheSettingAllows) {
  Scene scene = DeadPrimary();
  scene.Failover().Revoked('b').Revoked('c');
  scene.Record('a').zone = "north";
  scene.Record('b').zone = "south";
  scene.Record('c').zone = "north";
  EXPECT_EQ(Text(Decide(scene)).substr(0, 16), "commit primary b");
  scene.group().settings.promotion_zones = "same";
  EXPECT_EQ(Text(Decide(scene)).substr(0, 16), "commit primary c");
  scene.group().settings.promotion_zones = "east,south";
  EXPECT_EQ(Text(Decide(scene)).substr(0, 16), "commit primary b");
  scene.group().settings.promotion_zones = "east";
  EXPECT_EQ(Text(Decide(scene)), "refused NO_CANDIDATE");
}

TEST(GuardsTest, AServerTooFarBehindComesLastAndUnderAsyncNever) {
  Scene scene = DeadPrimary();
  scene.Failover().Revoked('b').Revoked('c');
  scene.group().settings.max_lag = absl::Seconds(10);
  scene.snapshot().lags[Id('b')] = absl::Seconds(11);
  EXPECT_EQ(Text(Decide(scene)).substr(0, 16), "commit primary c");
  scene.snapshot().lags[Id('c')] = absl::Seconds(11);
  EXPECT_EQ(Text(Decide(scene)).substr(0, 16), "commit primary b");
  EXPECT_NE(FoundIn(Find(scene), "REPLICA_TOO_FAR_BEHIND"), nullptr);
  scene.Async();
  EXPECT_EQ(Text(Decide(scene)), "refused NO_CANDIDATE");
}

TEST(GuardsTest, ProgramsAreRunBeforeAnythingIsRevokedAndOnce) {
  Scene scene = DeadPrimary();
  scene.Failover();
  scene.group().settings.before_failover = "ask";
  scene.group().settings.fence = "power-off";
  EXPECT_EQ(Decide(scene).steps, std::vector<Step>{(RunHook{"before_failover", "ask", "op"})});
  scene.group().hooks.operation = scene.group().intent.operation;
  scene.group().hooks.outcomes["before_failover"] = "passed over: exit code 1";
  EXPECT_EQ(Decide(scene).steps, std::vector<Step>{(RunHook{"fence", "power-off", "op"})});
  scene.group().hooks.outcomes["fence"] = kHookOk;
  EXPECT_EQ(Decide(scene).phase, "revoke");
}

TEST(GuardsTest, AProgramsAnswerForAnotherOperationIsNoAnswer) {
  Scene scene = DeadPrimary();
  scene.Failover();
  scene.group().settings.fence = "power-off";
  scene.group().hooks.operation = "another";
  scene.group().hooks.outcomes["fence"] = kHookOk;
  EXPECT_EQ(Decide(scene).phase, "hook");
}

TEST(GuardsTest, AProgramMayForbidAFailoverWhichThenRests) {
  Scene scene = DeadPrimary();
  scene.Failover();
  scene.group().settings.before_failover = "ask";
  scene.group().hooks.operation = scene.group().intent.operation;
  scene.group().hooks.outcomes["before_failover"] = "aborted: exit code 3";
  EXPECT_EQ(Text(Decide(scene)), "refused HOOK_ABORTED");
  scene.group().intent = Intent();
  scene.snapshot().hook_rest = absl::Seconds(40);
  EXPECT_EQ(Text(Decide(scene)), "refused HOOK_ABORTED");
  EXPECT_NE(FoundIn(Find(scene), "HOOK_ABORTED"), nullptr);
  scene.snapshot().hook_rest = absl::ZeroDuration();
  EXPECT_EQ(Decide(scene).phase, "begin");
}

TEST(GuardsTest, AProgramMayForbidASwitchoverBeforeWritesStop) {
  Scene scene("abc");
  scene.Promote('b');
  scene.group().settings.before_switchover = "ask";
  EXPECT_EQ(Decide(scene).phase, "hook");
  scene.group().hooks.operation = scene.group().intent.operation;
  scene.group().hooks.outcomes["before_switchover"] = "aborted: killed at its deadline of 1 s";
  EXPECT_EQ(Text(Decide(scene)), "refused HOOK_ABORTED");
  scene.group().hooks.outcomes["before_switchover"] = kHookOk;
  EXPECT_EQ(Decide(scene).phase, "begin");
}

// Another question than what is to be done when the primary dies.
TEST(GuardsTest, AProgramThatForbadeASwitchoverForbidsNoFailover) {
  Scene scene = DeadPrimary();
  scene.group().hooks.operation = "op";
  scene.group().hooks.outcomes["before_switchover"] = "aborted: exit code 1";
  scene.snapshot().hook_rest = absl::Seconds(40);
  EXPECT_EQ(Decide(scene).phase, "begin");
  scene.group().hooks.outcomes["before_failover"] = "aborted: exit code 1";
  EXPECT_EQ(Text(Decide(scene)), "refused HOOK_ABORTED");
}

TEST(GuardsTest, AProgramIsAskedAlsoWhereThePrimaryIsClosedAlready) {
  Scene scene("abc");
  scene.Promote('b').Fenced('a');
  scene.group().settings.before_switchover = "ask";
  EXPECT_EQ(Decide(scene).phase, "hook");
  scene.group().hooks.operation = scene.group().intent.operation;
  scene.group().hooks.outcomes["before_switchover"] = "aborted: exit code 1";
  EXPECT_EQ(Text(Decide(scene)), "refused HOOK_ABORTED");
}

TEST(GuardsTest, AfterAChangeItsProgramIsToldBeforeTheIntentEnds) {
  Scene scene("abc");
  scene.Promote('a');
  ASSERT_EQ(Decide(scene).phase, "finish");
  scene.group().settings.after_switchover = "tell";
  EXPECT_EQ(Decide(scene).phase, "hook");
  scene.group().hooks.operation = scene.group().intent.operation;
  scene.group().hooks.outcomes["after_switchover"] = "passed over: no such program";
  EXPECT_EQ(Decide(scene).phase, "finish");
}

// As a Commit leaves the record, after which `a` is the primary and `b` is what `status` says.
Scene Changed(ServerStatus status) {
  Scene scene("abc");
  scene.Promote('a');
  scene.group().epoch = 2;
  scene.group().history = {{1, Id('b'), GtidSet(), absl::UnixEpoch()},
                           {2, Id('a'), GtidSet(), absl::UnixEpoch()}};
  scene.Record('b').status = status;
  scene.group().settings.after_switchover = "switched";
  scene.group().settings.after_failover = "failed";
  return scene;
}

TEST(GuardsTest, TheProgramThatIsToldGoesByTheRoadThatWasTakenAndNotByWhoAsked) {
  for (const bool unasked : {false, true}) {
    for (const bool had_begun_in_order : {false, true}) {
      Scene switched = Changed(ServerStatus::kSecondary);
      Scene failed = Changed(ServerStatus::kFaulty);
      for (Scene* scene : {&switched, &failed}) {
        scene->group().intent.failover = unasked;
        scene->group().intent.reopen = had_begun_in_order;
      }
      EXPECT_EQ(Text(Decide(switched)), "run the program switched (after_switchover)");
      EXPECT_EQ(Text(Decide(failed)), "run the program failed (after_failover)");
    }
  }
}

// The intent has ended, and the record says that the program has not.
Scene StillTold() {
  Scene scene = Changed(ServerStatus::kSecondary);
  scene.group().intent = Intent();
  scene.group().hooks.operation = "op";
  scene.group().hooks.epoch = scene.group().epoch;
  scene.group().hooks.outcomes["after_failover"] = kHookRuns;
  return scene;
}

TEST(GuardsTest, AProgramWhoseEndNobodyKnowsIsSeenToAlsoWhenTheChangeIsOver) {
  Scene scene = StillTold();
  const Plan plan = Decide(scene);
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps.front(), Step(RunHook{"after_failover", "failed", "op"}));
  scene.group().hooks.outcomes["after_failover"] = kHookOk;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(GuardsTest, AProgramThatRunsIsWaitedForByNothingThatIsToBeDone) {
  Scene scene = StillTold();
  scene.snapshot().program_runs = true;
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.group().intent.goal = Goal::kPromote;
  scene.group().intent.target = Id('a');
  EXPECT_EQ(Decide(scene).phase, "finish");
  scene.group().intent = Intent();
  scene.Dead('a');
  EXPECT_EQ(Decide(scene).phase, "begin");
}

TEST(GuardsTest, AProgramOfAChangeThatAnotherFollowedIsNotRunAgain) {
  Scene scene = StillTold();
  ++scene.group().epoch;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.snapshot().program_runs = true;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(GuardsTest, AFirstPromotionIsToldAsASwitchover) {
  Scene scene = Changed(ServerStatus::kFaulty);
  scene.group().history.front().primary = ServerUuid();  // it was demoted
  EXPECT_EQ(AfterOccasion(scene.group()), "after_switchover");
  scene.group().history.erase(scene.group().history.begin());
  EXPECT_EQ(AfterOccasion(scene.group()), "after_switchover");
}

// An old primary that is back would have its record corrected, and the road be forgotten.
TEST(GuardsTest, TheProgramIsToldBeforeTheRecordIsCorrected) {
  Scene scene = Changed(ServerStatus::kFaulty);
  scene.Of('c').semi_sync.replica_active = false;
  scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(scene)), "run the program failed (after_failover)");
  scene.group().settings.after_failover.clear();
  EXPECT_EQ(Decide(scene).phase, "correct status");
}

TEST(GuardsTest, AnOldPrimaryThatWasFencedForCertainAcceptsNoWrites) {
  Scene scene("abc");
  scene.Async().Silent('c');
  scene.Record('c').status = ServerStatus::kFaulty;
  scene.group().history = {{1, Id('c'), GtidSet(), absl::UnixEpoch()},
                           {2, Id('a'), GtidSet(), absl::UnixEpoch()}};
  scene.group().epoch = 2;
  ASSERT_NE(FoundIn(Find(scene), "OLD_PRIMARY_MAY_ACCEPT_WRITES"), nullptr);
  scene.group().hooks.epoch = 1;
  scene.group().hooks.outcomes["fence"] = "passed over: exit code 1";
  ASSERT_NE(FoundIn(Find(scene), "OLD_PRIMARY_MAY_ACCEPT_WRITES"), nullptr);
  scene.group().hooks.outcomes["fence"] = kHookOk;
  EXPECT_EQ(FoundIn(Find(scene), "OLD_PRIMARY_MAY_ACCEPT_WRITES"), nullptr);
  scene.group().hooks.epoch = 2;  // the change itself was told
  scene.group().hooks.outcomes["after_failover"] = kHookOk;
  EXPECT_EQ(FoundIn(Find(scene), "OLD_PRIMARY_MAY_ACCEPT_WRITES"), nullptr);
  scene.group().hooks.epoch = 1;
  EXPECT_NE(FoundIn(Find(scene), "OLD_PRIMARY_MAY_ACCEPT_WRITES"), nullptr);
  scene.group().hooks.outcomes.erase("after_failover");
  scene.group().hooks.epoch = 0;  // it was another server that was fenced then
  EXPECT_NE(FoundIn(Find(scene), "OLD_PRIMARY_MAY_ACCEPT_WRITES"), nullptr);
}

}  // namespace
}  // namespace weft::controller
