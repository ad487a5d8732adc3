#include "services/controller/core/memory.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Scene;

constexpr absl::Duration kCoolDown = absl::Seconds(10);

// Looks at the scene once more, a second later each time.
class Looks {
 public:
  Snapshot Next(const Scene& scene) {
    Snapshot snapshot = scene;
    now_ += absl::Seconds(1);
    Remember(now_, Wall(), kCoolDown, &memory_, &snapshot);
    return snapshot;
  }
  Memory& memory() { return memory_; }
  absl::Duration now() const { return now_; }
  // The time of day, which may jump.
  absl::Time Wall() const { return absl::FromUnixSeconds(1'700'000'000) + now_ + jump_; }
  void Jump(absl::Duration by) { jump_ += by; }
  // A failover was committed just now.
  void FailedOver(Scene& scene) { scene.group().last_failover = {1, Wall()}; }

 private:
  absl::Duration jump_;
  Memory memory_;
  absl::Duration now_ = absl::Seconds(100);
};

TEST(MemoryTest, SilenceGrowsUntilTheServerAnswers) {
  Looks looks;
  Scene silent("abc");
  silent.Silent('b');
  EXPECT_EQ(looks.Next(silent).Of(Id('b')).silent_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(silent).Of(Id('b')).silent_for, absl::Seconds(1));
  EXPECT_EQ(looks.Next(Scene("abc")).Of(Id('b')).silent_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(silent).Of(Id('b')).silent_for, absl::ZeroDuration());
}

TEST(MemoryTest, ASwitchoverAgesFromTheFirstLookAfterItWasWrittenDown) {
  Looks looks;
  Scene scene("abc");
  scene.Promote('b');
  EXPECT_EQ(looks.Next(scene).switching_for, absl::ZeroDuration());
  scene.group().intent.reopen = true;
  EXPECT_EQ(looks.Next(scene).switching_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).switching_for, absl::Seconds(1));
  Scene given_up = scene;
  given_up.group().intent.given_up = "CANCELLED";
  EXPECT_EQ(looks.Next(given_up).switching_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).switching_for, absl::ZeroDuration());
}

TEST(MemoryTest, AServerIsMarkedUnableAtTheSecondLookNotAtTheFirst) {
  Looks looks;
  Scene scene("abc");
  scene.Revoked('b');
  EXPECT_FALSE(looks.Next(scene).marks.at(Id('b')).unable.has_value());
  scene.Holds('a', "a:1-120");
  EXPECT_EQ(looks.Next(scene).marks.at(Id('b')).unable, Gtids("a:1-120"));
  scene.Holds('a', "a:1-150");
  EXPECT_EQ(looks.Next(scene).marks.at(Id('b')).unable, Gtids("a:1-120"));
}

TEST(MemoryTest, TheMarkGoesWhenTheServerIsAbleAgain) {
  Looks looks;
  Scene off("abc");
  off.Revoked('b');
  looks.Next(off);
  looks.Next(off);
  EXPECT_FALSE(looks.Next(Scene("abc")).marks.at(Id('b')).unable.has_value());
  EXPECT_FALSE(looks.Next(off).marks.at(Id('b')).unable.has_value());
}

TEST(MemoryTest, NothingIsKnownOfWhatASilentPrimaryHeard) {
  Looks looks;
  Scene off("abc");
  off.Revoked('b');
  looks.Next(off);
  looks.Next(off);
  Scene silent = off;
  silent.Silent('a');
  EXPECT_FALSE(looks.Next(silent).marks.at(Id('b')).unable.has_value());
  EXPECT_FALSE(looks.Next(off).marks.at(Id('b')).unable.has_value());
}

TEST(MemoryTest, WhatThePrimaryHadAtAReturnIsKeptAlsoWhenThePrimaryIsGone) {
  Looks looks;
  Scene scene("abc");
  scene.Restarted('b');
  const Marks marks = looks.Next(scene).marks.at(Id('b'));
  EXPECT_EQ(marks.returned, Gtids("a:1-100"));
  EXPECT_TRUE(marks.returned_while_commits_wait);
  scene.Dead('a');
  EXPECT_EQ(looks.Next(scene).marks.at(Id('b')).returned, Gtids("a:1-100"));
}

// It would prove what was acknowledged after it, and lost with the relay log in a restart.
TEST(MemoryTest, NoReturnIsSeenOfOneWhoseFlagWasClearedAndThatStillAcknowledges) {
  Looks looks;
  Scene cleared("abc");
  cleared.Of('b').semi_sync.replica_enabled = false;
  EXPECT_FALSE(looks.Next(cleared).marks.at(Id('b')).returned.has_value());
  Scene restarted("abc");
  restarted.Restarted('b').Holds('a', "a:1-130");
  EXPECT_EQ(looks.Next(restarted).marks.at(Id('b')).returned, Gtids("a:1-130"));
  const Marks marks = looks.Next(cleared).marks.at(Id('b'));
  EXPECT_FALSE(marks.returned.has_value());
  EXPECT_FALSE(marks.returned_while_commits_wait);
}

TEST(MemoryTest, ItIsTakenAnewWhenCommitsBeginToWaitAndWhenTheyNoLongerDo) {
  Looks looks;
  Scene scene("abc");
  for (const bool waits : {false, true, false}) {
    const std::string executed = absl::StrCat("a:1-", 100 + looks.now() / absl::Seconds(1));
    scene.Restarted('b').Holds('a', executed).Of('a').semi_sync.source_enabled = waits;
    const Marks marks = looks.Next(scene).marks.at(Id('b'));
    EXPECT_EQ(marks.returned, Gtids(executed));
    EXPECT_EQ(marks.returned_while_commits_wait, waits);
  }
}

TEST(MemoryTest, ItIsNotTakenFromAPrimaryThatSaysNothing) {
  Looks looks;
  Scene scene("abc");
  scene.Restarted('b').Silent('a');
  EXPECT_FALSE(looks.Next(scene).marks.at(Id('b')).returned.has_value());
}

TEST(MemoryTest, AReturnEndsWhenTheServerAcknowledgesAgain) {
  Looks looks;
  Scene scene("abc");
  scene.Restarted('b');
  looks.Next(scene);
  EXPECT_FALSE(looks.Next(Scene("abc")).marks.at(Id('b')).returned.has_value());
}

TEST(MemoryTest, NothingIsKeptOfThePrimaryItself) {
  Looks looks;
  EXPECT_EQ(looks.Next(Scene("abc")).marks.count(Id('a')), 0u);
}

TEST(MemoryTest, ASecondRestartIsASecondReturn) {
  Looks looks;
  Scene scene("abc");
  scene.Restarted('b');
  looks.Next(scene);
  Scene gone = scene;
  gone.Silent('b');
  EXPECT_FALSE(looks.Next(gone).marks.at(Id('b')).returned.has_value());
  scene.Holds('a', "a:1-140");
  EXPECT_EQ(looks.Next(scene).marks.at(Id('b')).returned, Gtids("a:1-140"));
}

TEST(MemoryTest, APresetFlagIsRememberedOfASilentServerInAnyEpochAndPart) {
  Looks looks;
  Scene scene("abc");
  scene.Of('a').semi_sync.replica_preset = scene.Of('b').semi_sync.replica_preset = true;
  looks.Next(scene);
  scene.Silent('a');
  scene.Silent('b');
  EXPECT_TRUE(looks.Next(scene).marks.at(Id('b')).preset);
  scene.group().primary = Id('c');
  ++scene.group().epoch;
  EXPECT_TRUE(looks.Next(scene).marks.at(Id('a')).preset);
  EXPECT_TRUE(looks.Next(scene).marks.at(Id('b')).preset);
}

TEST(MemoryTest, MarksAreOfOneEpoch) {
  Looks looks;
  Scene scene("abc");
  scene.Revoked('b');
  looks.Next(scene);
  looks.Next(scene);
  ++scene.group().epoch;
  EXPECT_FALSE(looks.Next(scene).marks.at(Id('b')).unable.has_value());
}

TEST(MemoryTest, TheWriteStopIsCountedFromTheFenceAndThroughASilence) {
  Looks looks;
  Scene scene("abc");
  scene.Promote('b').Fenced('a').group().intent.reopen = true;
  EXPECT_EQ(looks.Next(scene).write_stopped_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).write_stopped_for, absl::Seconds(1));
  Scene silent = scene;
  silent.Silent('a');
  looks.Next(silent);
  EXPECT_EQ(looks.Next(scene).write_stopped_for, absl::Seconds(3));
  scene.group().intent.given_up = "WRITE_STOP_BUDGET";
  EXPECT_EQ(looks.Next(scene).write_stopped_for, absl::ZeroDuration());
}

TEST(MemoryTest, OnlyAFenceForAnIntentStopsWrites) {
  Looks looks;
  Scene closed("abc");
  closed.Fenced('a');
  looks.Next(closed);
  EXPECT_EQ(looks.Next(closed).write_stopped_for, absl::ZeroDuration());
  Scene open("abc");
  open.Promote('b').group().intent.reopen = true;
  looks.Next(open);
  EXPECT_EQ(looks.Next(open).write_stopped_for, absl::ZeroDuration());
}

TEST(MemoryTest, TheNextWriteStopIsCountedFromItsOwnFence) {
  Scene scene("abc");
  scene.Promote('b').Fenced('a').group().intent.reopen = true;
  Scene opened("abc");
  opened.Promote('b').group().intent.reopen = true;
  Scene ended("abc");
  ended.Silent('a');
  for (const Scene& between : {opened, ended}) {
    Looks looks;
    looks.Next(scene);
    looks.Next(between);
    EXPECT_EQ(looks.Next(scene).write_stopped_for, absl::ZeroDuration());
  }
}

TEST(MemoryTest, ACoolDownFollowsAFailover) {
  Looks looks;
  Scene scene("abc");
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
  scene.Silent('b');
  looks.FailedOver(scene);
  EXPECT_EQ(looks.Next(scene).cool_down, absl::Seconds(9));
  scene.group().last_failover.when -= absl::Seconds(60);
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
}

TEST(MemoryTest, TheCoolDownEndsWhenTheGroupHasHealed) {
  Looks looks;
  Scene scene("abc");
  scene.Silent('b');
  looks.FailedOver(scene);
  EXPECT_GT(looks.Next(scene).cool_down, absl::ZeroDuration());
  Scene healed("abc");
  healed.group().last_failover = scene.group().last_failover;
  EXPECT_EQ(looks.Next(healed).cool_down, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
}

TEST(MemoryTest, ACoolDownThatIsSetOutlastsTheHealing) {
  Looks looks;
  Scene scene("abc");
  scene.group().settings.cool_down = absl::Minutes(10);
  looks.FailedOver(scene);
  EXPECT_EQ(looks.Next(scene).cool_down, absl::Seconds(599));
  EXPECT_EQ(looks.Next(scene).cool_down, absl::Seconds(598));
}

TEST(MemoryTest, AnAcknowledgedFailoverCoolsNothingDownAndTheNextOneDoes) {
  Looks looks;
  Scene scene("abc");
  scene.group().settings.cool_down = absl::Minutes(10);
  looks.FailedOver(scene);
  scene.group().settings.acknowledged_epoch = 1;
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
  scene.group().last_failover.epoch = 2;
  EXPECT_GT(looks.Next(scene).cool_down, absl::ZeroDuration());
}

TEST(MemoryTest, ANewLeaderKnowsTheFailoverOfItsPredecessor) {
  Looks before, after;
  Scene scene("abc");
  scene.group().settings.cool_down = absl::Seconds(100);
  before.FailedOver(scene);
  for (int look = 0; look < 30; ++look) {
    before.Next(scene);
    if (look < 29) after.Next(Scene("abc"));
  }
  EXPECT_EQ(after.Next(scene).cool_down, absl::Seconds(70));
}

TEST(MemoryTest, AClockThatJumpsMovesNeitherCoolDownNorWindow) {
  for (const absl::Duration jump : {absl::Hours(5), -absl::Hours(5)}) {
    Looks looks;
    Scene scene("abc");
    scene.group().settings.cool_down = absl::Minutes(10);
    looks.FailedOver(scene);
    scene.group().settings.maintenance[""] = {looks.Wall() + absl::Seconds(60), "", ""};
    looks.Next(scene);
    looks.Jump(jump);
    const Snapshot look = looks.Next(scene);
    EXPECT_EQ(look.cool_down, absl::Seconds(598));
    EXPECT_EQ(look.maintenance.at(""), absl::Seconds(58));
  }
}

TEST(MemoryTest, AWindowEndsByItself) {
  Looks looks;
  Scene scene("abc");
  scene.group().settings.maintenance[Id('b').text()] = {looks.Wall() + absl::Seconds(3), "", ""};
  EXPECT_EQ(looks.Next(scene).maintenance.count(Id('b').text()), 1);
  EXPECT_EQ(looks.Next(scene).maintenance.count(Id('b').text()), 1);
  EXPECT_TRUE(looks.Next(scene).maintenance.empty());
}

TEST(MemoryTest, AWindowThatIsProlongedIsMeasuredAnew) {
  Looks looks;
  Scene scene("abc");
  scene.group().settings.maintenance[""] = {looks.Wall() + absl::Seconds(3), "", ""};
  looks.Next(scene);
  scene.group().settings.maintenance[""].until += absl::Seconds(100);
  EXPECT_EQ(looks.Next(scene).maintenance.at(""), absl::Seconds(101));
}

TEST(MemoryTest, AfterAProgramForbadeAFailoverItRests) {
  Looks looks;
  Scene scene("abc");
  scene.group().hooks.when = looks.Wall();
  scene.group().hooks.outcomes["fence"] = "ok";
  EXPECT_EQ(looks.Next(scene).hook_rest, absl::ZeroDuration());
  scene.group().hooks.outcomes["fence"] = "aborted: exit code 1";
  EXPECT_EQ(looks.Next(scene).hook_rest, absl::Seconds(58));
}

TEST(MemoryTest, HowFarAReplicaWasBehindIsKnownAfterThePrimaryDied) {
  Looks looks;
  Scene scene("abc");
  scene.Of('b').replication.lag = absl::Seconds(40);
  looks.Next(scene);
  scene.Dead('a');
  scene.Of('b').replication.lag = absl::ZeroDuration();
  EXPECT_EQ(looks.Next(scene).lags.at(Id('b')), absl::Seconds(40));
}

TEST(MemoryTest, APrimaryIsStillSinceItLastExecutedSomething) {
  Looks looks;
  Scene scene("abc");
  EXPECT_EQ(looks.Next(scene).still_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).still_for, absl::Seconds(1));
  EXPECT_EQ(looks.Next(scene).still_for, absl::Seconds(2));
  scene.Executed('a', "a:1-101");
  EXPECT_EQ(looks.Next(scene).still_for, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).still_for, absl::Seconds(1));
  Scene silent = scene;
  silent.Silent('a');
  looks.Next(silent);
  EXPECT_EQ(looks.Next(scene).still_for, absl::ZeroDuration());
}

TEST(MemoryTest, AHandOverThatWasTriedIsRememberedUntilThePrimaryIsWell) {
  Looks looks;
  Scene scene("abc");
  Scene crowded = scene;
  crowded.snapshot().reports[Id('a')] = {
      .observers = 2, .rejected = 2, .reject_error = "[MySQL error 1040]"};
  EXPECT_FALSE(looks.Next(crowded).hand_over_failed);
  EXPECT_EQ(looks.Next(crowded).crowded_for, absl::Seconds(1));
  Scene handing = crowded;
  handing.Failover();
  handing.group().intent.target = Id('b');
  looks.Next(handing);
  EXPECT_TRUE(looks.Next(crowded).hand_over_failed);
  EXPECT_FALSE(looks.Next(scene).hand_over_failed);
  EXPECT_EQ(looks.Next(crowded).crowded_for, absl::ZeroDuration());
}

TEST(MemoryTest, AGroupInWhichSomethingIsStillAmissHasNotHealed) {
  Scene closed("abc");
  closed.Fenced('a');
  Scene changing("abc");
  changing.Promote('b');
  Scene faulty("abc");
  faulty.Record('c').status = ServerStatus::kFaulty;
  Scene cloning("abc");
  cloning.Record('c').status = ServerStatus::kConfiguring;
  Scene waiting("abc");
  waiting.Revoked('b').Revoked('c');
  for (Scene scene : {closed, changing, faulty, cloning, waiting}) {
    Looks looks;
    looks.Next(scene);
    looks.FailedOver(scene);
    EXPECT_GT(looks.Next(scene).cool_down, absl::ZeroDuration());
  }
}

TEST(MemoryTest, UnderAsyncAGroupHealsWithoutAcknowledgements) {
  Looks looks;
  Scene scene("abc");
  scene.Async();
  looks.Next(scene);
  looks.FailedOver(scene);
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
}

}  // namespace
}  // namespace weft::controller
