// S25: what keeps a group in order never holds up its primary's recovery.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/converge.h"
#include "services/controller/core/fixture.h"
#include "services/controller/testing/converge_fixture.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Id;
using ::testing::IsEmpty;
using ::testing::Not;

class GiveWayTest : public testing::ConvergeTest {};

TEST_F(GiveWayTest, ARepairGivesWayToItsPrimarysRecovery) {
  farm_.scene.Revoked('b').Revoked('c');
  farm_.meanwhile = [this] {
    farm_.scene.Dead('a');
    watch_();
  };
  const Round round = converger_->Once();
  EXPECT_THAT(farm_.done,
              ElementsAre("follow b <- a, acknowledging"));  // and no step on c was begun
  EXPECT_EQ(round.end, RoundEnd::kFailed);
  EXPECT_EQ(farm_.interruptions, 1);
  EXPECT_THAT(round.status.message(), HasSubstr("the primary was lost meanwhile: it was cut"));
  const Round next = converger_->Once();
  ASSERT_TRUE(next.began.has_value()) << ToString(next.plan);
  EXPECT_EQ(next.began->kind, "failover");
}

TEST_F(GiveWayTest, ARepairGoesOnWhileThePrimaryIsOnlySuspected) {
  farm_.scene.Revoked('b');
  farm_.meanwhile = [this] {
    // The monitors lost it, and the controller did not.
    farm_.scene.snapshot().reports[Id('a')] = {.observers = 2, .unreachable = 2};
    watch_();
    // Neither reaches it, and a replica hears from it.
    farm_.scene.Silent('a');
    farm_.scene.Of('c').replication.heard_ago = absl::Milliseconds(1);
    watch_();
  };
  EXPECT_EQ(converger_->Once().end, RoundEnd::kActed);
  EXPECT_EQ(farm_.interruptions, 0);
}

// Its receiver is stopped by the step itself. That a failover would else be due the next round
// shows.
TEST_F(GiveWayTest, WhoIsRepairedIsNoWitness) {
  Apply(SetAcknowledgers{.servers = {Id('b')}, .watermark = testing::Gtids("a:1-10")});
  farm_.scene.Revoked('b').Silent('c');
  farm_.meanwhile = [this] {
    farm_.scene.Silent('a');
    watch_();
  };
  for (int round = 0; round < 9 && farm_.done.empty(); ++round) converger_->Once();
  EXPECT_THAT(farm_.done, ElementsAre("follow b <- a, acknowledging"));
  EXPECT_EQ(farm_.interruptions, 0);
  EXPECT_TRUE(converger_->Once().began.has_value());
}

TEST_F(GiveWayTest, ARepairIsNotLookedAfterWhileNoQuorumMissesThePrimary) {
  farm_.scene.Revoked('b');
  farm_.meanwhile = [this] {
    farm_.scene.Dead('a');
    farm_.scene.snapshot().reports[Id('a')] = {.observers = 2, .unreachable = 1};
    watch_();
  };
  EXPECT_EQ(converger_->Once().end, RoundEnd::kActed);
  EXPECT_EQ(farm_.looks, 1);
}

TEST_F(GiveWayTest, WhatAnIntentAsksForIsNotGivenUp) {
  Ask(Goal::kPromote, 'b');
  farm_.meanwhile = [this] { EXPECT_FALSE(watch_); };
  for (int round = 0; round < 9 && farm_.done.empty(); ++round) converger_->Once();
  EXPECT_THAT(farm_.done, Not(IsEmpty()));
}

TEST_F(GiveWayTest, WhatIsLeftOfAChangeThatWasCommittedGivesWayToo) {
  Ask(Goal::kPromote, 'a');
  farm_.scene.Revoked('b').Revoked('c');
  farm_.meanwhile = [this] {
    farm_.scene.Dead('a');
    watch_();
  };
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_EQ(farm_.interruptions, 1);
  EXPECT_EQ(converger_->Once().ended->error_reason, "PRIMARY_LOST");
  EXPECT_EQ(converger_->Once().began->kind, "failover");
}

// It is at work itself, and its port tells.
TEST_F(GiveWayTest, AChangeThatWasCommittedGivesWayAlsoWhileItsPrimaryIsOpened) {
  Ask(Goal::kPromote, 'a');
  farm_.scene.Fenced('a').Revoked('b').Revoked('c');
  farm_.meanwhile = [this] {
    farm_.scene.Dead('a');
    watch_();
  };
  EXPECT_EQ(converger_->Once().end, RoundEnd::kFailed);
  EXPECT_EQ(farm_.interruptions, 1);
}

// A switchover to b whose program is asked, while something happens.
class AskedProgramTest : public GiveWayTest {
 protected:
  AskedProgramTest() {
    Group asks = Record();
    asks.settings.before_switchover = "ask";
    EXPECT_TRUE(store_.UpdateGroup(asks).ok());
    Ask(Goal::kPromote, 'b');
  }
  Round AskWhile(const std::function<void()>& happens) {
    meanwhile_ = [this, happens](const std::function<bool()>& is_moot) {
      EXPECT_FALSE(is_moot());
      happens();
      clock_.Advance(absl::Seconds(1));
      is_moot_ = is_moot();
    };
    return converger_->Once();
  }
  bool is_moot_ = false;
};

TEST_F(AskedProgramTest, IsNotWaitedForOnceThePrimaryIsLost) {
  const Round round = AskWhile([this] { farm_.scene.Dead('a'); });
  EXPECT_TRUE(is_moot_);
  EXPECT_THAT(round.status.message(), HasSubstr("the primary was lost meanwhile"));
  EXPECT_THAT(Record().hooks.outcomes, IsEmpty());
  const Round next = converger_->Once();
  EXPECT_EQ(next.plan.phase, "revoke") << ToString(next.plan);
}

TEST_F(AskedProgramTest, IsWaitedForWhileThePrimaryIsOnlySuspected) {
  const Round round = AskWhile(
      [this] { farm_.scene.snapshot().reports[Id('a')] = {.observers = 2, .unreachable = 2}; });
  EXPECT_FALSE(is_moot_);
  EXPECT_TRUE(round.status.ok()) << round.status;
  EXPECT_EQ(Record().hooks.outcomes.at("before_switchover"), kHookOk);
}

TEST_F(AskedProgramTest, IsNotWaitedForOnceAnEndIsAskedFor) {
  const Round round = AskWhile([this] { cancelled_ = "op"; });
  EXPECT_TRUE(is_moot_);
  EXPECT_THAT(round.status.message(), HasSubstr("somebody asked for its end"));
  EXPECT_THAT(Record().hooks.outcomes, IsEmpty());
}

}  // namespace
}  // namespace weft::controller
