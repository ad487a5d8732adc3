#include "services/controller/core/sick.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/fixture.h"
#include "services/controller/core/memory.h"

namespace weft::controller {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::Id;
using ::testing::Not;
using testing::Scene;
using testing::Text;

// Commits stand still on a, and of three monitors so many say so.
Scene Sick(int failing) {
  Scene scene("abc");
  scene.snapshot().reports[Id('a')] = {.observers = 3,
                                       .unreachable = 0,
                                       .writers = 3,
                                       .write_failing = failing,
                                       .write_error = "disk full"};
  scene.snapshot().still_for = scene.snapshot().abreast_for = absl::Seconds(10);
  return scene;
}

Scene Replaced(int failing) {
  Scene scene = Sick(failing);
  scene.group().settings.primary_sick = PrimarySick::kFailover;
  return scene;
}

std::vector<std::string> Codes(const Snapshot& snapshot) {
  std::vector<std::string> codes;
  for (const Finding& finding : Find(snapshot)) codes.push_back(finding.code);
  return codes;
}

TEST(SickTest, TwoObserversAndMostOfThemMakeAPrimarySick) {
  EXPECT_EQ(JudgeHealth(Sick(0)).health, Health::kWell);
  EXPECT_EQ(JudgeHealth(Sick(1)).health, Health::kSuspected);
  const Sickness sickness = JudgeHealth(Sick(2));
  EXPECT_EQ(sickness.health, Health::kSick);
  EXPECT_THAT(sickness.evidence, HasSubstr("the writes of 2 of 3 monitors fail: disk full"));
  Scene many = Sick(2);
  many.snapshot().reports[Id('a')].writers = 4;
  EXPECT_EQ(JudgeHealth(many).health, Health::kSuspected);
  Scene one = Sick(1);
  one.snapshot().reports[Id('a')].writers = 1;
  EXPECT_EQ(JudgeHealth(one).health, Health::kSuspected);
}

TEST(SickTest, CommitsThatWaitForWhoLagsAreNotThePrimarysSickness) {
  Scene scene = Replaced(2);
  EXPECT_EQ(JudgeHealth(scene).health, Health::kSick);
  scene.group().acknowledgements = 2;
  scene.Of('a').semi_sync.source_wait_for = 2;
  EXPECT_EQ(JudgeHealth(scene).health, Health::kSick);
  EXPECT_THAT(Codes(scene), Not(Contains("COMMITS_WAIT")));
  scene.Holds('c', "a:1-90");
  EXPECT_EQ(JudgeHealth(scene).health, Health::kWell);
  EXPECT_THAT(Codes(scene), Contains("COMMITS_WAIT"));
  EXPECT_THAT(Codes(scene), Not(Contains("PRIMARY_SICK")));
}

TEST(SickTest, WhoExecutesTransactionsIsNotSick) {
  Scene scene = Sick(3);
  scene.snapshot().still_for = absl::Seconds(1);
  EXPECT_EQ(JudgeHealth(scene).health, Health::kSuspected);
}

TEST(SickTest, NorAreThoseThatOneWhoHasJustCaughtUpIsAboutToAcknowledge) {
  Memory memory;
  Scene scene = Sick(2);
  const auto after = [&](int seconds) {
    Snapshot& snapshot = scene.snapshot();
    snapshot.abreast_for = absl::ZeroDuration();
    Remember(absl::Seconds(seconds), absl::UnixEpoch(), absl::ZeroDuration(), &memory, &snapshot);
    return JudgeHealth(scene).health;
  };
  scene.Holds('b', "a:1-90").Holds('c', "a:1-90");
  after(1);
  EXPECT_EQ(after(10), Health::kWell);
  scene.Holds('c', "a:1-100");
  EXPECT_EQ(after(11), Health::kSuspected);
  EXPECT_EQ(after(13), Health::kSuspected);
  EXPECT_EQ(after(14), Health::kSick);
}

TEST(SickTest, CommitsThatWaitForAcknowledgersAreAnotherMatter) {
  Scene scene = Sick(3);
  scene.Revoked('b').Revoked('c');
  EXPECT_EQ(JudgeHealth(scene).health, Health::kWell);
}

TEST(SickTest, SoIsAPrimaryThatIsClosed) {
  Scene scene = Sick(3);
  scene.Fenced('a');
  EXPECT_EQ(JudgeHealth(scene).health, Health::kWell);
}

TEST(SickTest, ItIsSaidAndUnlessAskedForNothingIsDone) {
  const Scene scene = Sick(2);
  EXPECT_THAT(Codes(scene), Contains("PRIMARY_SICK"));
  EXPECT_EQ(Text(Decide(scene)), "settled");
  EXPECT_THAT(Codes(Sick(1)), Contains("PRIMARY_SUSPECTED"));
}

TEST(SickTest, WherePolicySaysSoItHandsOverInOrder) {
  Scene scene = Replaced(2);
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin handing over to b"));
  EXPECT_EQ(Text(Decide(Replaced(1))), "settled");
  scene.group().active = false;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(SickTest, AnAsynchronousGroupHandsOverButReplacesNobodyWhoAnswers) {
  Scene scene = Replaced(3);
  scene.Async();
  EXPECT_EQ(JudgeHealth(scene).health, Health::kSick);
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin handing over to b"));
  scene.snapshot().hand_over_failed = true;
  EXPECT_THAT(Text(Decide(scene)), Not(HasSubstr("begin")));
}

// Who would not have it hand over would not have its acknowledgers taken from it.
TEST(SickTest, AProgramThatForbadeItsHandingOverForbidsItsReplacement) {
  Scene scene = Replaced(2);
  scene.snapshot().hand_over_failed = true;
  scene.group().hooks.operation = "op";
  scene.group().hooks.outcomes["before_switchover"] = "aborted: exit code 1";
  scene.snapshot().hook_rest = absl::Seconds(40);
  EXPECT_THAT(Text(Decide(scene)), Not(HasSubstr("begin")));
}

TEST(SickTest, WhereItCannotHandOverItIsReplacedWithoutIt) {
  Scene scene = Replaced(2);
  scene.snapshot().hand_over_failed = true;
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin failover"));
  Scene laggards = Replaced(2);
  laggards.Of('b').replication.lag = laggards.Of('c').replication.lag = absl::Minutes(1);
  EXPECT_THAT(Text(Decide(laggards)), HasSubstr("begin failover"));
}

TEST(SickTest, ItHandsOverAsInAnyOtherSwitchover) {
  Scene scene = Replaced(2);
  scene.Failover();
  scene.group().intent.target = Id('b');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin switchover to b"));
  scene.group().intent.reopen = true;
  scene.snapshot().switching_for = absl::Seconds(2);
  EXPECT_EQ(Decide(scene).phase, "stop writes");
  scene.snapshot().switching_for = absl::Seconds(11);
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("give up: WRITES_NOT_STOPPED"));
}

TEST(SickTest, NothingIsHandedOverUnaskedWhereAGuardForbidsIt) {
  Scene scene = Replaced(2);
  scene.group().settings.failover_enabled = false;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

// Monitors are told that there is no connection left; the controller has one.
Scene Crowded() {
  Scene scene("abc");
  scene.group().settings.primary_sick = PrimarySick::kFailover;
  scene.snapshot().reports[Id('a')] = {
      .observers = 3, .rejected = 2, .reject_error = "Too many connections [MySQL error 1040]"};
  scene.snapshot().crowded_for = absl::Seconds(3);
  return scene;
}

TEST(SickTest, APrimaryWithoutAConnectionLeftHandsOverAndIsNeverReplacedWithoutIt) {
  Scene scene = Crowded();
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin handing over to b"));
  scene.snapshot().hand_over_failed = true;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene = Crowded();
  scene.snapshot().crowded_for = absl::Seconds(1);
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene = Crowded();
  scene.group().settings.primary_sick = PrimarySick::kAlert;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(SickTest, TwoMonitorsAndMostMustFindNoConnectionLeft) {
  EXPECT_TRUE(IsCrowded(Crowded()));
  Scene scene = Crowded();
  Report& report = scene.snapshot().reports[Id('a')];
  report.observers = 4;
  EXPECT_FALSE(IsCrowded(scene));
  report.observers = report.rejected = 1;
  EXPECT_FALSE(IsCrowded(scene));
  report.observers = report.rejected = 3;
  report.reject_error = "Access denied [MySQL error 1045]";
  EXPECT_FALSE(IsCrowded(scene));
}

// Its replicas answer, and hear nothing from it.
Scene CutOff() {
  Scene scene = Replaced(2);
  for (const char replica : {'b', 'c'}) {
    scene.Of(replica).replication.receiver = ThreadState::kConnecting;
    scene.Of(replica).semi_sync.replica_active = false;
  }
  scene.Of('a').streaming_to.clear();
  return scene;
}

TEST(SickTest, APrimaryThatNoReplicaHearsIsReplacedWithoutIt) {
  Scene scene = CutOff();
  EXPECT_EQ(JudgeHealth(scene).health, Health::kSick);
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("begin failover"));
  scene.Of('b').replication.receiver = ThreadState::kOn;
  EXPECT_EQ(JudgeHealth(scene).health, Health::kWell);
  // Their connections are not given up yet, and they look as if they acknowledged.
  Scene early = Replaced(2);
  for (const char replica : {'b', 'c'}) {
    early.Of(replica).replication.heard_ago = absl::Seconds(4);
  }
  EXPECT_THAT(Text(Decide(early)), HasSubstr("begin failover"));
  // One of them gets no heartbeat yet that would tell.
  early.Of('b').replication.heartbeat_period = absl::Seconds(30);
  EXPECT_TRUE(CutOffReplicas(early).empty());
}

TEST(SickTest, NothingIsBegunThatWouldBeRefused) {
  Scene scene = Replaced(3);
  scene.Record('b').promotion_rule = scene.Record('c').promotion_rule = PromotionRule::kMustNot;
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(SickTest, ItsAcknowledgersAreTakenFromItBeforeAnotherLeads) {
  Scene scene = Replaced(3);
  scene.Failover();
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("stop receiver"));
  scene.Revoked('b').Revoked('c');
  EXPECT_THAT(Text(Decide(scene)), HasSubstr("commit primary b"));
}

TEST(SickTest, AFailoverForAnotherReasonEndsWhenThePrimaryReturnsWell) {
  Scene scene = Replaced(0);
  scene.Failover();
  EXPECT_EQ(Text(Decide(scene)), "refused PRIMARY_RETURNED");
  Scene sick = Sick(3);  // and by policy that is only said
  sick.Failover();
  EXPECT_EQ(Text(Decide(sick)), "refused PRIMARY_RETURNED");
}

TEST(GrayFindingTest, SaysWhenNoConnectionIsLeft) {
  Scene scene("abc");
  Report& report = scene.snapshot().reports[Id('a')];
  report.rejected = 1;
  report.reject_error = "a:3306: Too many connections [MySQL error 1040]";
  EXPECT_THAT(Codes(scene), Contains("CONNECTIONS_EXHAUSTED"));
  report.reject_error = "Access denied [MySQL error 1045]";
  EXPECT_THAT(Codes(scene), Not(Contains("CONNECTIONS_EXHAUSTED")));
}

TEST(GrayFindingTest, SaysWhenOnlyReplicationIsCut) {
  Scene scene("abc");
  for (const char replica : {'b', 'c'}) {
    EXPECT_THAT(Codes(scene), Not(Contains("REPLICATION_CUT")));
    scene.Of(replica).replication.receiver = ThreadState::kConnecting;
  }
  EXPECT_THAT(Codes(scene), Contains("REPLICATION_CUT"));
}

TEST(GrayFindingTest, SaysWhenTheOnlyAcknowledgerLags) {
  Scene scene("abc");
  scene.Revoked('c');
  scene.Of('b').replication.lag = absl::Seconds(9);
  EXPECT_THAT(Codes(scene), Not(Contains("SOLE_ACKNOWLEDGER_LAGS")));
  scene.Of('b').replication.lag = absl::Seconds(11);
  EXPECT_THAT(Codes(scene), Contains("SOLE_ACKNOWLEDGER_LAGS"));
}

}  // namespace
}  // namespace weft::controller
