#include "services/controller/core/memory.h"

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
    Remember(now_, kCoolDown, &memory_, &snapshot);
    return snapshot;
  }
  Memory& memory() { return memory_; }
  absl::Duration now() const { return now_; }

 private:
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

TEST(MemoryTest, ItIsTakenAnewWhenCommitsBeginToWait) {
  Looks looks;
  Scene scene("abc");
  scene.Restarted('b').Of('a').semi_sync.source_enabled = false;
  EXPECT_FALSE(looks.Next(scene).marks.at(Id('b')).returned_while_commits_wait);
  scene.Holds('a', "a:1-130").Of('a').semi_sync.source_enabled = true;
  const Marks marks = looks.Next(scene).marks.at(Id('b'));
  EXPECT_EQ(marks.returned, Gtids("a:1-130"));
  EXPECT_TRUE(marks.returned_while_commits_wait);
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

TEST(MemoryTest, APresetFlagIsRememberedOfASilentServer) {
  Looks looks;
  Scene scene("abc");
  scene.Of('b').semi_sync.replica_preset = true;
  looks.Next(scene);
  scene.Silent('b');
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
  looks.memory().last_failover = looks.now();
  EXPECT_EQ(looks.Next(scene).cool_down, absl::Seconds(9));
  looks.memory().last_failover = looks.now() - absl::Seconds(60);
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
}

TEST(MemoryTest, TheCoolDownEndsWhenTheGroupHasHealed) {
  Looks looks;
  Scene scene("abc");
  scene.Silent('b');
  looks.Next(scene);
  looks.memory().last_failover = looks.now();
  EXPECT_GT(looks.Next(scene).cool_down, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(Scene("abc")).cool_down, absl::ZeroDuration());
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
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
  for (const Scene& scene : {closed, changing, faulty, cloning, waiting}) {
    Looks looks;
    looks.Next(scene);
    looks.memory().last_failover = looks.now();
    EXPECT_GT(looks.Next(scene).cool_down, absl::ZeroDuration());
  }
}

TEST(MemoryTest, UnderAsyncAGroupHealsWithoutAcknowledgements) {
  Looks looks;
  Scene scene("abc");
  scene.Async();
  looks.Next(scene);
  looks.memory().last_failover = looks.now();
  EXPECT_EQ(looks.Next(scene).cool_down, absl::ZeroDuration());
}

}  // namespace
}  // namespace weft::controller
