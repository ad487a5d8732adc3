// Decide, while the primary of record is dead and another server is to be promoted.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using testing::Gtids;
using ::testing::HasSubstr;
using testing::Id;
using testing::Scene;
using testing::Text;

// The intent is written, and everybody reached is revoked.
Scene Revoked(absl::string_view letters) {
  Scene scene(letters);
  scene.Failover().Dead(letters.front());
  for (const char letter : letters.substr(1)) scene.Revoked(letter);
  return scene;
}

TEST(DecideFailoverTest, BeginsByWritingTheIntentWithItsEvidence) {
  Scene scene("abc");
  scene.Dead('a');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin failover: a does not answer"));
}

TEST(DecideFailoverTest, DoesNothingByItselfInAGroupThatIsNotActive) {
  Scene scene("abc");
  scene.Dead('a');
  scene.group().active = false;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideFailoverTest, RefusesASecondOneWithinTheCoolDown) {
  Scene scene("abc");
  scene.Dead('a');
  scene.snapshot().cool_down = absl::Seconds(3);
  EXPECT_EQ(Text(Decide(scene)), "refused COOL_DOWN");
}

TEST(DecideFailoverTest, RefusesBeforeItRevokesWhenASilentReplicaCouldAcknowledge) {
  Scene scene("abc");
  scene.Dead('a').Silent('c');
  EXPECT_EQ(Text(Decide(scene)), "refused NOT_REACHED_ACKNOWLEDGER");
}

TEST(DecideFailoverTest, ReattachesWhatWasRevokedBeforeItRefuses) {
  Scene scene("abc");
  scene.Dead('a').Silent('c').Revoked('b');
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging");
}

TEST(DecideFailoverTest, RevokesEveryReceiverAlsoOneThatOnlyConnects) {
  Scene scene("abcd");
  scene.Failover().Dead('a').Revoked('c');
  scene.Record('d').status = ServerStatus::kSpare;
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b\nstop receiver of d\nrotate log of b");
}

TEST(DecideFailoverTest, FencesAWritableServerFirst) {
  Scene scene = Revoked("abc");
  scene.Of('c').read_only = scene.Of('c').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "fence c");
}

TEST(DecideFailoverTest, FencesAWritableServerAlsoWhereItMayNotGoOn) {
  Scene refused("abc");
  refused.Dead('a').Silent('b').Of('c').super_read_only = false;
  EXPECT_EQ(Text(Decide(refused)), "fence c");
  Scene uncertain("abc");
  uncertain.Silent('a').Of('c').super_read_only = false;
  uncertain.Of('b').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(uncertain)), "fence c");
}

TEST(DecideFailoverTest, CommitsTheServerThatHoldsMost) {
  Scene scene = Revoked("abc");
  scene.Holds('b', "a:1-99");
  EXPECT_EQ(Text(Decide(scene)),
            "commit primary c, acknowledgers {b}, watermark [a:1-100], old primary FAULTY");
}

TEST(DecideFailoverTest, AmongEqualsTheGreaterWeightLeads) {
  Scene scene = Revoked("abc");
  scene.Record('b').weight = 0.5;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
}

TEST(DecideFailoverTest, TheRelayLogIsAppliedBeforeTheCommit) {
  Scene scene = Revoked("abc");
  scene.Executed('b', "a:1-95").Executed('c', "a:1-90");
  EXPECT_EQ(Text(Decide(scene)), "catch up b to [a:1-100] within 1 min");
}

TEST(DecideFailoverTest, TheChosenServerFirstGetsWhatOnlyASpareHas) {
  Scene scene = Revoked("abcd");
  scene.Record('d').status = ServerStatus::kSpare;
  scene.Holds('d', "a:1-105");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- d, acknowledging");
  scene.Of('b').replication.receiver = ThreadState::kOn;
  scene.Of('b').replication.source_uuid = Id('d');
  EXPECT_EQ(Text(Decide(scene)), "catch up b to [a:1-105] within 1 min");
  scene.Holds('b', "a:1-105");
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b\nrotate log of b");
}

TEST(DecideFailoverTest, AServerThatIsBeingClonedSaysNothingAndNobodyCopiesFromIt) {
  Scene scene("abcd");
  scene.Dead('a').Failover().Revoked('b').Revoked('c').Revoked('d');
  scene.Record('b').status = ServerStatus::kConfiguring;
  scene.Executed('b', "a:1-200");
  // What it acknowledged last is not asked for, so it must not be one of them.
  EXPECT_EQ(Text(Decide(scene)), "refused NOT_REACHED_ACKNOWLEDGER");
  scene.group().acknowledgers.servers.erase(Id('b'));
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
  scene.Executed('b', "a:1-120").Executed('c', "a:1-120");
  scene.Record('c').promotion_rule = PromotionRule::kMustNot;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("follow d <- c"));
}

TEST(DecideFailoverTest, BeforeRepointingAnOldVersionAppliesItsRelayLog) {
  Scene scene("abcd");
  scene.Version56().Failover().Dead('a').Revoked('b').Revoked('c').Revoked('d');
  scene.Record('d').status = ServerStatus::kSpare;
  scene.Holds('d', "a:1-105").Executed('b', "a:1-98").Executed('c', "a:1-97");
  EXPECT_EQ(Text(Decide(scene)), "catch up b to [a:1-100] within 1 min\nfollow b <- d");
}

TEST(DecideFailoverTest, BeforeRepointingOthersNeedNotApply) {
  Scene scene = Revoked("abcd");
  scene.Record('d').status = ServerStatus::kSpare;
  scene.Holds('d', "a:1-105").Executed('b', "a:1-98").Executed('c', "a:1-97");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- d, acknowledging");
  Scene old("abcd");
  old.Version56().Failover().Dead('a').Revoked('b').Revoked('c').Revoked('d');
  old.Record('d').status = ServerStatus::kSpare;
  old.Holds('d', "a:1-105");
  EXPECT_EQ(Text(Decide(old)), "follow b <- d");
}

TEST(DecideFailoverTest, AReceiverIsStoppedAlsoWhenSomebodyElseIsFetching) {
  Scene scene = Revoked("abcd");
  scene.Record('d').status = ServerStatus::kSpare;
  scene.Holds('d', "a:1-105");
  for (const char letter : {'b', 'c'}) {
    scene.Of(letter).replication.receiver = ThreadState::kOn;
    scene.Of(letter).replication.source_uuid = Id('d');
  }
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of c\nrotate log of b");
}

TEST(DecideFailoverTest, APersonMayNameTheServer) {
  Scene scene = Revoked("abc");
  scene.group().intent.failover = false;
  scene.group().intent.target = Id('c');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
  scene.Record('c').status = ServerStatus::kSpare;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
}

TEST(DecideFailoverTest, ASpareIsNotChosenUnasked) {
  Scene scene = Revoked("ab");
  scene.Record('b').status = ServerStatus::kSpare;
  EXPECT_EQ(Text(Decide(scene)), "refused NO_CANDIDATE");
}

TEST(DecideFailoverTest, ThePromotionRuleCountsBeforeTheWeight) {
  Scene scene = Revoked("abcd");
  scene.Record('b').promotion_rule = PromotionRule::kPreferNot;
  scene.Record('c').weight = 0.1;
  scene.Record('d').weight = 0;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
  scene.Record('d').promotion_rule = PromotionRule::kPrefer;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary d"));
}

TEST(DecideFailoverTest, TheLastThatIsLeftLeadsAlsoWhereItIsPreferredNot) {
  Scene scene = Revoked("ab");
  scene.Record('b').promotion_rule = PromotionRule::kPreferNot;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(DecideFailoverTest, APreferredServerFirstGetsTheLittleThatItLacks) {
  Scene scene = Revoked("abc");
  scene.Record('c').promotion_rule = PromotionRule::kPreferNot;
  scene.Holds('b', "a:1-99");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- c, acknowledging");
  Scene locked = scene;  // since b was silent
  locked.Of('c').accounts[Id('b')] = true;
  EXPECT_EQ(Text(Decide(locked)),
            "open account of b on c\nfollow b <- c, acknowledging, by its own account");
  scene.Of('b').replication.receiver = ThreadState::kOn;
  scene.Of('b').replication.source_uuid = Id('c');
  EXPECT_EQ(Text(Decide(scene)), "catch up b to [a:1-100] within 5.0 s");
  scene.Holds('b', "a:1-100");
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b\nrotate log of b");
  scene.Revoked('b');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(DecideFailoverTest, APreferredServerThatLacksMuchIsPassedOver) {
  Scene scene = Revoked("abc");
  scene.Record('b').promotion_rule = PromotionRule::kPrefer;
  scene.Holds('c', "a:1-1100");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- c, acknowledging");
  scene.Holds('c', "a:1-1101");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
}

TEST(DecideFailoverTest, APreferredServerThatCannotGetWhatItLacksIsPassedOver) {
  Scene scene = Revoked("abc");
  scene.Record('b').promotion_rule = PromotionRule::kPrefer;
  scene.Holds('b', "a:1-99");
  Replication& replication = scene.Of('b').replication;
  replication.source_uuid = Id('c');
  replication.receiver = ThreadState::kConnecting;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("catch up b"));
  replication.receiver_error = "error connecting";
  EXPECT_EQ(Text(Decide(scene)), "stop receiver of b\nrotate log of c");
  scene.Revoked('b');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
}

TEST(DecideFailoverTest, AServerThatMustNotLeadIsNotPromotedAlsoWhenItIsNamed) {
  Scene scene = Revoked("abc");
  scene.Record('b').promotion_rule = PromotionRule::kMustNot;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
  scene.group().intent.target = Id('b');
  EXPECT_EQ(Text(Decide(scene)), "refused PROMOTION_FORBIDDEN");
}

TEST(DecideFailoverTest, TheChosenServerFirstGetsWhatOnlyOneThatMustNotLeadHas) {
  Scene scene = Revoked("abc");
  scene.Record('c').promotion_rule = PromotionRule::kMustNot;
  scene.Holds('c', "a:1-2105");
  EXPECT_EQ(Text(Decide(scene)), "follow b <- c, acknowledging");
}

TEST(DecideFailoverTest, RefusesByNameWhereOnlyServersThatMustNotLeadAnswer) {
  Scene scene("abcd");
  scene.Dead('a').Silent('d');
  scene.group().acknowledgers.servers = {Id('b'), Id('c')};
  for (const char letter : {'b', 'c'}) {
    scene.Record(letter).promotion_rule = PromotionRule::kMustNot;
  }
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "refused NO_CANDIDATE");
  EXPECT_THAT(plan.refusal->message,
              HasSubstr("b:3306 (PROMOTION_FORBIDDEN), c:3306 (PROMOTION_FORBIDDEN), "
                        "d:3306 (TARGET_NOT_REACHED)"));
  EXPECT_THAT(plan.refusal->next_step,
              HasSubstr("weft server set b:3306 --promotion-rule prefer_not"));
  EXPECT_THAT(plan.refusal->servers, ElementsAre(Id('b'), Id('c'), Id('d')));
}

TEST(DecideFailoverTest, AnErrantServerIsNeverPromoted) {
  Scene scene = Revoked("abc");
  scene.Holds('b', "a:1-100,b:1");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
  scene.group().intent.target = Id('b');
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_ERRANT");
}

TEST(DecideFailoverTest, AServerSetAsideIsNeverPromoted) {
  Scene scene = Revoked("abc");
  scene.Record('b').set_aside = "needs rebuild";
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary c"));
  scene.group().intent.target = Id('b');
  EXPECT_EQ(Text(Decide(scene)), "refused TARGET_SET_ASIDE");
}

TEST(DecideFailoverTest, RefusesWhenOnlyAnErrantServerHoldsTheRest) {
  Scene scene = Revoked("abc");
  scene.Holds('c', "a:1-103,c:1");
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "refused NO_COMPLETE_SERVER");
  EXPECT_THAT(plan.refusal->message, HasSubstr("errant"));
}

TEST(DecideFailoverTest, RefusesWhenTheRestHasBeenPurged) {
  Scene scene = Revoked("abc");
  scene.Record('c').status = ServerStatus::kSpare;
  scene.Holds('c', "a:1-105");
  scene.Of('c').purged = Gtids("a:1-102");
  EXPECT_EQ(Text(Decide(scene)), "refused NO_COMPLETE_SERVER");
}

TEST(DecideFailoverTest, RefusesBelowTheWatermarkAndSaysWhatIsMissing) {
  Scene scene = Revoked("abc");
  scene.group().watermark = Gtids("a:1-101");
  const Plan plan = Decide(scene);
  EXPECT_EQ(Text(plan), "refused BELOW_WATERMARK");
  EXPECT_THAT(testing::WithLetters(plan.refusal->message), HasSubstr("lack [a:101]"));
  EXPECT_THAT(plan.refusal->servers, ElementsAre(Id('a')));
  scene.Holds('b', "a:1-100,b:1").Holds('c', "a:1-99");
  EXPECT_EQ(Text(Decide(scene)), "refused BELOW_WATERMARK");
}

TEST(DecideFailoverTest, TheWatermarkHoldsUnderAsyncToo) {
  Scene scene("abc");
  scene.Async().Failover().Dead('a').Revoked('b').Revoked('c');
  scene.group().watermark = Gtids("a:1-101");
  EXPECT_EQ(Text(Decide(scene)), "refused BELOW_WATERMARK");
}

TEST(DecideFailoverTest, UnderAsyncTheServersReachedDecide) {
  Scene scene("abc");
  scene.Async().Failover().Dead('a').Silent('b').Revoked('c');
  EXPECT_EQ(Text(Decide(scene)),
            "commit primary c, acknowledgers {}, watermark [a:1-100], old primary FAULTY");
}

TEST(DecideFailoverTest, GoesOnAfterACrashOfTheControllerAtAnyStep) {
  // The flag stays on through revoking and fetching: so the evidence of rule 4 is still there.
  Scene scene = Revoked("abc");
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit"));
  scene.snapshot().marks.clear();
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit"));
}

TEST(DecideFailoverTest, APrimaryThatReturnsBeforeTheCommitStays) {
  Scene scene("abc");
  scene.Failover().Restarted('a').Revoked('b').Revoked('c');
  EXPECT_EQ(Text(Decide(scene)), "refused PRIMARY_RETURNED");
  scene.group().intent = Intent();
  EXPECT_EQ(Text(Decide(scene)),
            "arm a, commits wait for 1\nunfence a\nfollow b <- a, acknowledging\n"
            "follow c <- a, acknowledging");
}

TEST(DecideFailoverTest, APrimaryThatMayBeAliveIsNotReplaced) {
  Scene scene("abc");
  scene.Failover().Silent('a');
  scene.Of('b').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(scene)), "refused PRIMARY_UNCERTAIN");
}

TEST(DecideFailoverTest, AfterTheCommitTheWinnerServesAndTheOthersFollowInOnePhase) {
  Scene scene = Revoked("abc");
  Group& group = scene.group();
  group.epoch = 2;
  group.primary = group.intent.target = Id('b');
  group.acknowledgers.servers = {Id('c')};
  group.watermark = Gtids("a:1-100");
  group.history.push_back(
      {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}});
  scene.Record('a').status = ServerStatus::kFaulty;
  EXPECT_EQ(Text(Decide(scene)),
            "stop replica b\narm b, commits wait for 1\nunfence b\nfollow c <- b, acknowledging");
}

TEST(DecideFailoverTest, AWinnerThatMayBeAliveIsWaitedFor) {
  Scene scene("abc");
  scene.Promote('a').Silent('a');
  scene.Of('b').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  scene.group().active = false;
  EXPECT_EQ(Text(Decide(scene)), "waiting");
}

TEST(DecideFailoverTest, AWinnerThatDiesBeforeItServesEndsTheIntent) {
  Scene scene("abc");
  scene.Failover().Dead('a');
  scene.group().intent.target = Id('a');
  EXPECT_EQ(Text(Decide(scene)), "refused PRIMARY_LOST");
}

}  // namespace
}  // namespace weft::controller
