// Decide, where a fence was broken off or commits stand in its way.
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Id;
using testing::Scene;
using testing::Text;

bool Finds(const Snapshot& snapshot, const std::string& code) {
  for (const Finding& finding : Find(snapshot)) {
    if (finding.code == code) return true;
  }
  return false;
}

// Nobody acknowledges, and clients wait.
Scene Hanging() {
  Scene scene("abc");
  scene.Silent('b').Silent('c');
  scene.Of('a').semi_sync.source_waiting = 1;
  return scene;
}

TEST(DecideFenceTest, WhoeverIsStillCutOffIsLetInAgainByTheNextController) {
  Scene scene("abc");
  scene.Of('b').offline = true;
  EXPECT_EQ(Text(Decide(scene)), "fence b");
  scene.Of('b').super_read_only = false;
  EXPECT_EQ(Text(Decide(scene)), "fence b");
}

TEST(DecideFenceTest, APrimaryOfRecordThatIsCutOffIsArmedAndOpened) {
  Scene scene("abc");
  scene.Of('a').offline = true;
  scene.Of('a').semi_sync.source_enabled = false;
  EXPECT_TRUE(Finds(scene, "PRIMARY_READ_ONLY"));
  EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 1\nunfence a");
  scene.group().active = false;
  EXPECT_EQ(Text(Decide(scene)), "arm a, commits wait for 1");
}

TEST(DecideFenceTest, ASwitchoverIsRefusedWhereCommitsWaitForNobody) {
  Scene scene("abc");
  scene.Promote('b');
  scene.Of('a').semi_sync.source_waiting = 3;
  EXPECT_EQ(Text(Decide(scene)), "begin switchover to b");  // they will be acknowledged
  scene.Of('b').semi_sync.replica_active = scene.Of('c').semi_sync.replica_active = false;
  EXPECT_EQ(Text(Decide(scene)), "refused COMMITS_WAIT");
}

TEST(DecideFenceTest, ASwitchoverThatHasBegunGivesUpWhereCommitsWaitForNobody) {
  Scene scene("abc");
  scene.Promote('b');
  scene.group().intent.reopen = true;
  scene.Of('a').semi_sync.source_waiting = 3;
  scene.Of('b').semi_sync.replica_active = scene.Of('c').semi_sync.replica_active = false;
  EXPECT_EQ(Decide(scene).phase, "give up");
}

// a failed over to b while its disk was stuck: it answers, and cannot be made read-only.
Scene Stuck() {
  Scene scene("bac");
  scene.group().intent.goal = Goal::kPromote;
  scene.group().intent.failover = true;
  scene.group().intent.target = Id('b');
  scene.group().acknowledgers.servers.erase(Id('a'));
  scene.group().history.back().at_start = scene.group().watermark = scene.Of('b').executed;
  scene.Record('a').status = ServerStatus::kFaulty;
  scene.Of('a').replication = Replication();
  scene.Of('a').semi_sync = scene.Of('b').semi_sync;
  scene.Of('a').semi_sync.source_clients = 0;
  scene.Of('a').read_only = scene.Of('a').super_read_only = false;
  return scene;
}

TEST(DecideFenceTest, WhoCannotBeFencedAndTellsNobodyDoesNotKeepItsSuccessorClosed) {
  Scene scene = Stuck();
  scene.Fenced('b');
  EXPECT_EQ(Text(Decide(scene)), "unfence b");
  EXPECT_EQ(Text(Decide(Stuck())), "finish") << "once it is open";
}

TEST(DecideFenceTest, WhoCannotBeFencedAndTellsNobodyKeepsItsGroupFromNothing) {
  Scene scene = Stuck();
  scene.group().intent = Intent();
  EXPECT_EQ(Text(Decide(scene)), "fence a");
  Scene lagging = scene;
  lagging.Revoked('c');
  EXPECT_EQ(Text(Decide(lagging)), "follow c <- b, acknowledging\nfence a");
  Scene asked = scene;
  asked.Promote('c');
  EXPECT_EQ(Text(Decide(asked)), "begin switchover to c");
  Scene dead = scene;
  dead.Dead('b');
  EXPECT_EQ(Decide(dead).phase, "begin");
  dead.Failover();
  EXPECT_EQ(Decide(dead).phase, "revoke");
  Scene uncertain = scene;
  uncertain.Silent('b').Revoked('c');
  uncertain.snapshot().reports.clear();
  EXPECT_EQ(Text(Decide(uncertain)), "follow c <- b, acknowledging\nfence a");
}

// Who fetches from it has its flag on.
TEST(DecideFenceTest, WhoTellsNobodyIsFencedBeforeAnybodyFetchesFromIt) {
  Scene scene = Stuck();
  scene.group().intent = Intent();
  scene.Dead('b').Failover();
  scene.Holds('c', "a:1-90").Revoked('c');
  EXPECT_EQ(Text(Decide(scene)), "fence a");
  scene.Fenced('a').Of('a').offline = true;
  EXPECT_EQ(Text(Decide(scene)), "fence a") << "nobody gets in";
  scene.Of('a').offline = false;
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a, acknowledging");
}

TEST(DecideFenceTest, WhoCannotBeFencedIsFencedRatherThanThatARefusalIsRepeated) {
  Scene scene = Stuck();
  scene.group().intent = Intent();
  scene.group().settings.failover_enabled = false;
  scene.Dead('b').Revoked('c');
  EXPECT_EQ(Text(Decide(scene)), "follow c <- b, acknowledging\nfence a");
  Scene waiting = Stuck();
  waiting.group().intent = Intent();
  waiting.group().settings.failover_enabled = false;
  waiting.Dead('b');
  EXPECT_EQ(Text(Decide(waiting)), "fence a");
}

TEST(DecideFenceTest, WhoMayTellAClientOkIsFencedFirst) {
  for (const auto& talkative :
       std::vector<std::function<void(SemiSync*)>>{[](SemiSync* of) { of->source_clients = 1; },
                                                   [](SemiSync* of) { of->source_active = false; },
                                                   [](SemiSync* of) { of->source_enabled = false; },
                                                   [](SemiSync* of) { of->source_endless = false; },
                                                   [](SemiSync* of) { of->source_wait_for = 0; }}) {
    Scene scene = Stuck();
    scene.Fenced('b');
    talkative(&scene.Of('a').semi_sync);
    EXPECT_EQ(Text(Decide(scene)), "fence a");
    scene.group().intent = Intent();
    scene.Dead('b').Revoked('c');
    EXPECT_EQ(Text(Decide(scene)), "fence a") << "before another failover";
    scene.snapshot().reports.clear();
    EXPECT_EQ(Text(Decide(scene)), "fence a") << "also of an uncertain primary";
  }
}

TEST(DecideFenceTest, ADemotionMayCutClientsOff) {
  Scene scene = Hanging();
  scene.group().intent.goal = Goal::kDemote;
  EXPECT_EQ(Text(Decide(scene)), "fence a");
}

}  // namespace
}  // namespace weft::controller
