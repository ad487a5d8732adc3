// Decide, while the group has no primary: first promotions; and demotions, which make it so.
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

Scene Fresh(absl::string_view letters) {
  Scene scene(letters);
  Group& group = scene.group();
  group.epoch = 0;
  group.primary = ServerUuid();
  group.history.clear();
  group.watermark = GtidSet();
  group.acknowledgers.servers.clear();
  for (Server& server : group.servers) server.status = ServerStatus::kSecondary;
  for (const char letter : letters) {
    scene.Fenced(letter);
    scene.Of(letter).semi_sync = SemiSync();
    scene.Of(letter).replication = Replication();
  }
  scene.Promote('\0');
  return scene;
}

TEST(FirstPromotionTest, TakesTheServerThatHoldsWhatTheOthersHold) {
  Scene scene = Fresh("abc");
  scene.Holds('b', "a:1-100,b:1-3");
  EXPECT_EQ(Text(Decide(scene)),
            "commit primary b, acknowledgers {a c}, watermark [a:1-100,b:1-3], old primary "
            "SECONDARY");
}

TEST(FirstPromotionTest, RefusesATargetThatLacksWhatAnotherHolds) {
  Scene scene = Fresh("abc");
  scene.Promote('a').Holds('b', "a:1-100,b:1-3");
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_INCOMPLETE");
}

TEST(FirstPromotionTest, RefusesWhenNobodyHoldsAll) {
  Scene scene = Fresh("abc");
  scene.Holds('a', "a:1-101").Holds('b', "a:1-100,b:1-3");
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_INCOMPLETE");
}

TEST(FirstPromotionTest, WhatFaultyServersAndClonesHoldIsNotAskedFor) {
  for (const ServerStatus status : {ServerStatus::kFaulty, ServerStatus::kConfiguring}) {
    Scene scene = Fresh("abc");
    scene.Holds('c', "a:1-100,c:1-3").Record('c').status = status;
    EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary a"));
  }
}

TEST(FirstPromotionTest, FencesTheOtherWritableServersButNotTheOneItTakesOver) {
  Scene scene = Fresh("abc");
  for (const char letter : {'b', 'c'}) {
    scene.Of(letter).read_only = scene.Of(letter).super_read_only = false;
  }
  EXPECT_EQ(Text(Decide(scene)), "fence c");
  scene.Fenced('c');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(FirstPromotionTest, ThePromotionRuleCountsBeforeWhoIsWritable) {
  Scene scene = Fresh("abc");
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  scene.Record('c').promotion_rule = PromotionRule::kPrefer;
  EXPECT_EQ(Text(Decide(scene)), "fence b");
  scene.Record('c').promotion_rule = PromotionRule::kPreferNot;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(FirstPromotionTest, NeverTakesAServerThatMustNotLead) {
  Scene scene = Fresh("ab");
  scene.Record('a').promotion_rule = PromotionRule::kMustNot;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b, acknowledgers {a}"));
  scene.Promote('a');
  EXPECT_EQ(Text(Decide(scene)), "refused PROMOTION_FORBIDDEN");
  scene.Promote('\0').Record('b').promotion_rule = PromotionRule::kMustNot;
  EXPECT_EQ(Text(Decide(scene)), "refused NO_CANDIDATE");
}

TEST(FirstPromotionTest, WhatAWritingTargetHasWrittenMeanwhileIsNoLack) {
  Scene scene = Fresh("abc");
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  scene.Holds('c', "a:1-100,b:7");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(FirstPromotionTest, TheTargetStopsReceivingAndAppliesAllFirst) {
  Scene scene = Fresh("abc");
  scene.Promote('b').Executed('b', "a:1-90");
  Replication& replication = scene.Of('b').replication;
  replication.configured = true;
  replication.source_uuid = Id('a');
  replication.receiver = ThreadState::kOn;
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b");
  replication.receiver = ThreadState::kOff;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("catch up b to [a:1-100]"));
}

TEST(FirstPromotionTest, AfterADemotionTheWatermarkDecides) {
  Scene scene = Fresh("abc");
  scene.group().epoch = 2;
  scene.group().history = {
      {.number = 2, .primary = ServerUuid(), .at_start = Gtids("a:1-102"), .started = {}}};
  scene.group().watermark = Gtids("a:1-102");
  EXPECT_EQ(Text(Decide(scene)), "refused BELOW_WATERMARK");
  scene.Holds('c', "a:1-102");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
}

TEST(FirstPromotionTest, RefusesAnEmptyGroup) {
  Scene scene = Fresh("ab");
  scene.Silent('a').Silent('b');
  EXPECT_EQ(Text(Decide(scene)), "refused NO_CANDIDATE");
}

TEST(FirstPromotionTest, NothingIsTouchedUnaskedBeforeIt) {
  Scene scene = Fresh("abc");
  scene.group().intent = Intent();
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

// --- demotion

TEST(DemotionTest, FencesThenCommitsThenCloses) {
  Scene scene("abc");
  scene.group().intent.goal = Goal::kDemote;
  EXPECT_EQ(Text(Decide(scene)), "fence a");
  scene.Fenced('a');
  EXPECT_EQ(Text(Decide(scene)),
            "commit primary none, acknowledgers {}, watermark [a:1-100], old primary SECONDARY");
  Group& group = scene.group();
  group.epoch = 2;
  group.primary = ServerUuid();
  group.acknowledgers.servers.clear();
  group.watermark = Gtids("a:1-100");
  EXPECT_EQ(Text(Decide(scene)), "finish");
  group.intent = Intent();
  scene.Executed('c', "a:1-90");
  EXPECT_EQ(Text(Decide(scene)), "disarm a\ndetach b");
}

TEST(DemotionTest, ADemotedGroupStaysClosed) {
  Scene scene("abc");
  scene.group().epoch = 2;
  scene.group().primary = ServerUuid();
  EXPECT_EQ(Text(Decide(scene)), "fence a");
}

TEST(DemotionTest, EndsWhenItWasCancelled) {
  Scene scene("abc");
  scene.group().intent.goal = Goal::kDemote;
  scene.group().intent.given_up = "CANCELLED";
  EXPECT_EQ(Text(Decide(scene)), "refused CANCELLED");
  scene.Dead('a');
  EXPECT_EQ(Text(Decide(scene)), "refused CANCELLED");
}

TEST(DemotionTest, RefusesWhenThePrimaryCannotBeFenced) {
  Scene scene("abc");
  scene.group().intent.goal = Goal::kDemote;
  scene.Dead('a');
  EXPECT_EQ(Text(Decide(scene)), "refused PRIMARY_NOT_REACHED");
}

}  // namespace
}  // namespace weft::controller
