#include "services/controller/core/verdict.h"

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::HasSubstr;
using testing::Id;
using testing::Scene;

PrimaryState JudgeAutomatically(const Snapshot& snapshot) {
  return Judge(snapshot, /*ask_monitors=*/true).state;
}

TEST(VerdictTest, APrimaryThatAnswersIsAliveWhateverOthersSay) {
  Scene scene("abc");
  scene.snapshot().reports[Id('a')] = {.observers = 3, .unreachable = 3};
  scene.Of('b').replication.receiver = ThreadState::kOff;
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kAlive);
}

TEST(VerdictTest, WithoutAPrimaryOnRecordThereIsNothingToJudge) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kNone);
}

TEST(VerdictTest, DeadWhenControllerMonitorsAndReplicasAgree) {
  Scene scene("abc");
  scene.Dead('a');
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kDead);
  EXPECT_THAT(verdict.evidence, HasSubstr("a:3306"));
  EXPECT_THAT(verdict.evidence, HasSubstr("connection refused"));
  EXPECT_THAT(verdict.evidence, HasSubstr("2 of 2 monitors"));
}

TEST(VerdictTest, AHungPrimaryIsDeadOnceNobodyHearsFromItAnyMore) {
  Scene scene("abc");
  scene.Silent('a');
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, CuttingOnlyWeftOffCausesNoFailover) {
  Scene scene("abc");
  scene.Silent('a');
  scene.Of('c').replication.heard_ago = absl::Milliseconds(300);
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kUncertain);
  EXPECT_THAT(verdict.evidence, HasSubstr("c:3306 heard from it 300 ms ago"));
  EXPECT_EQ(Judge(scene, /*ask_monitors=*/false).state, PrimaryState::kUncertain);
}

// As somebody else set it up, who named no period (S11).
TEST(VerdictTest, AReplicaWithRareHeartbeatsIsBelievedForThreeOfThem) {
  Scene scene("ab");
  scene.Silent('a');
  Replication& replication = scene.Of('b').replication;
  replication.heartbeat_period = absl::Seconds(30);
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kUncertain);
  EXPECT_THAT(verdict.evidence,
              HasSubstr("b:3306 heard from it 1 min ago and gets a heartbeat every 30 s alone"));
  replication.heard_ago = absl::Seconds(91);
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
  replication.heartbeat_period = absl::InfiniteDuration();
  EXPECT_THAT(Judge(scene, /*ask_monitors=*/true).evidence, HasSubstr("and gets no heartbeats"));
  replication.heartbeat_period = absl::Milliseconds(500);
  replication.heard_ago = absl::Milliseconds(1600);
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, AReceiverOfUnknownAgeCountsAsHearing) {
  Scene scene("abc");
  scene.Silent('a');
  scene.Of('c').replication.heard_ago = std::nullopt;
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kUncertain);
}

TEST(VerdictTest, AReceiverThatLostItsConnectionHearsNothingHoweverRecent) {
  Scene scene("abc");
  scene.Dead('a');
  scene.Of('b').replication.heard_ago = absl::Milliseconds(1);
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, AReplicaOfAnotherSourceHasNoSay) {
  Scene scene("abc");
  scene.Dead('a');
  Replication& replication = scene.Of('c').replication;
  replication.receiver = ThreadState::kOn;
  replication.heard_ago = absl::Milliseconds(1);
  replication.source_uuid = Id('b');
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, TooManyConnectionsIsNotDeath) {
  Scene scene("abc");
  scene.Silent('a');
  scene.Of('a').contact = Contact::kRejected;
  scene.Of('a').error = "too many connections";
  const Verdict verdict = Judge(scene, /*ask_monitors=*/false);
  EXPECT_EQ(verdict.state, PrimaryState::kUncertain);
  EXPECT_THAT(verdict.evidence, HasSubstr("too many connections"));
}

TEST(VerdictTest, HalfOfTheMonitorsAreNoQuorum) {
  Scene scene("abc");
  scene.Dead('a');
  scene.snapshot().reports[Id('a')] = {.observers = 2, .unreachable = 1};
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kUncertain);
  scene.snapshot().reports[Id('a')] = {.observers = 3, .unreachable = 2};
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, WhoReachesNoReplicaEitherKnowsNothing) {
  for (const char* letters : {"ab", "abc"}) {
    Scene scene(letters);
    scene.Silent('a');
    for (const char* other = letters + 1; *other != 0; ++other) scene.Silent(*other);
    const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
    EXPECT_EQ(verdict.state, PrimaryState::kUncertain);
    EXPECT_THAT(verdict.evidence, HasSubstr("no replica can tell: b:3306 does not answer"));
    // A person's order tells no more of it, and a promotion under way must not end by it.
    EXPECT_EQ(Judge(scene, /*ask_monitors=*/false).state, PrimaryState::kUncertain);
  }
}

TEST(VerdictTest, OneReplicaThatAnswersIsAWitness) {
  Scene scene("abc");
  scene.Silent('a').Silent('c');
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

// b is told by `change` to be in a state in which it hears nothing whether the primary lives or
// not.
void ExpectNoWitness(const std::function<void(Replication*)>& change, const std::string& why) {
  Scene scene("abc");
  scene.Silent('a').Silent('c');
  change(&scene.Of('b').replication);
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kUncertain) << why;
  EXPECT_THAT(verdict.evidence,
              HasSubstr("no replica can tell: b:3306 " + why + ", c:3306 does not answer"));
}

TEST(VerdictTest, OneThatHearsNothingEitherWayIsNoWitness) {
  ExpectNoWitness(
      [](Replication* replication) {
        replication->receiver = ThreadState::kConnecting;
        replication->login_refused = true;
      },
      "is turned away by it");
  ExpectNoWitness(
      [](Replication* replication) {
        replication->receiver = ThreadState::kConnecting;
        replication->first_attempt = true;
      },
      "connects for the first time");
}

TEST(VerdictTest, OneThatTriedInVainIsAWitness) {
  Scene scene("abc");
  scene.Silent('a').Silent('c');
  scene.Of('b').replication.receiver = ThreadState::kConnecting;
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, AProcessThatIsGoneIsDeadWhetherOrNotAReplicaAnswers) {
  Scene scene("ab");
  scene.Dead('a').Silent('b');
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kDead);
  EXPECT_THAT(verdict.evidence, HasSubstr("no replica answers"));
}

TEST(VerdictTest, WhoIsFaultyForItsSilenceIsMissedAsAWitness) {
  Scene scene("ab");
  scene.Silent('a').Silent('b');
  scene.Record('b').status = ServerStatus::kFaulty;
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kUncertain);
}

TEST(VerdictTest, WhoIsSetAsideOrRebuiltIsNoWitnessThatIsMissed) {
  Scene scene("abc");
  scene.Silent('a').Silent('b').Silent('c');
  scene.Record('b').status = ServerStatus::kConfiguring;
  scene.Record('c').set_aside = "errant";
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, MonitorsOfOneZoneAreNoQuorumWhereThereAreSeveral) {
  Scene scene("abc");
  scene.Dead('a');
  Report& report = scene.snapshot().reports[Id('a')];
  report = {.observers = 3, .unreachable = 2, .zones = {"north", "south"}, .lost_in = {"north"}};
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kUncertain);
  EXPECT_THAT(verdict.evidence, HasSubstr("only 2 of 3 monitors lost it, from the zone north"));
  report.lost_in.insert("south");
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
  EXPECT_THAT(Judge(scene, true).evidence, HasSubstr("from the zones north, south"));
}

TEST(VerdictTest, WhereAllMonitorsWatchFromOneZoneItsWordIsEnough) {
  Scene scene("abc");
  scene.Dead('a');
  scene.snapshot().reports[Id('a')] = {
      .observers = 1, .unreachable = 1, .zones = {"north"}, .lost_in = {"north"}};
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kDead);
}

TEST(VerdictTest, AMonitorThatReachesNothingHasNoVoice) {
  Scene scene("abc");
  scene.Silent('a');
  scene.snapshot().reports[Id('a')] = {.observers = 0, .unreachable = 0, .blind = 1};
  const Verdict verdict = Judge(scene, /*ask_monitors=*/true);
  EXPECT_EQ(verdict.state, PrimaryState::kUncertain);
  EXPECT_THAT(verdict.evidence, HasSubstr("1 more reach no server at all"));
}

TEST(VerdictTest, WithoutMonitorsOnlyAPersonMayFailOver) {
  Scene scene("abc");
  scene.Dead('a');
  scene.snapshot().reports.clear();
  EXPECT_EQ(JudgeAutomatically(scene), PrimaryState::kUncertain);
  EXPECT_EQ(Judge(scene, /*ask_monitors=*/false).state, PrimaryState::kDead);
}

}  // namespace
}  // namespace weft::controller
