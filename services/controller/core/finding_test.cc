#include "services/controller/core/finding.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Gtids;
using ::testing::HasSubstr;
using testing::Id;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Scene;

std::vector<std::string> Codes(const Snapshot& snapshot) {
  std::vector<std::string> codes;
  for (const Finding& finding : Find(snapshot)) codes.push_back(finding.code);
  return codes;
}

Finding Found(const Snapshot& snapshot, absl::string_view code) {
  for (const Finding& finding : Find(snapshot)) {
    if (finding.code == code) return finding;
  }
  ADD_FAILURE() << "no finding " << code;
  return {};
}

TEST(FindingTest, ThereIsNothingToSayOfASettledGroup) {
  EXPECT_THAT(Codes(Scene("abc")), IsEmpty());
}

TEST(FindingTest, TheDeadPrimaryComesFirstWithItsEvidence) {
  Scene scene("abc");
  scene.Dead('a');
  const std::vector<Finding> findings = Find(scene);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].code, "PRIMARY_DEAD");
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_EQ(findings[0].server, Id('a'));
  EXPECT_THAT(findings[0].message, HasSubstr("2 of 2 monitors"));
}

TEST(FindingTest, AnUncertainPrimaryIsToldWithWhoSaidWhat) {
  Scene scene("abc");
  scene.Silent('a').Of('b').replication.heard_ago = absl::Milliseconds(100);
  EXPECT_THAT(Found(scene, "PRIMARY_UNCERTAIN").message, HasSubstr("b:3306 heard from it"));
}

TEST(FindingTest, SaysWhyAFailoverWouldBeRefused) {
  Scene scene("abc");
  scene.Silent('b');
  const Finding finding = Found(scene, "NO_SUCCESSOR");
  EXPECT_THAT(finding.message, HasSubstr("a failover now would be refused"));
  EXPECT_THAT(finding.message, HasSubstr("NOT_REACHED_ACKNOWLEDGER"));
}

TEST(FindingTest, SaysWhoMustNotLead) {
  Scene scene("ab");
  scene.Record('b').promotion_rule = PromotionRule::kMustNot;
  const Finding finding = Found(scene, "NO_SUCCESSOR");
  EXPECT_THAT(finding.message, HasSubstr("b:3306 (PROMOTION_FORBIDDEN)"));
  EXPECT_THAT(finding.next_step, HasSubstr("weft server set b:3306 --promotion-rule"));
  Scene primary("abc");
  primary.Record('a').promotion_rule = PromotionRule::kMustNot;
  EXPECT_THAT(Codes(primary), ElementsAre("PRIMARY_MUST_NOT"));
  EXPECT_THAT(Found(primary, "PRIMARY_MUST_NOT").next_step, HasSubstr("weft group promote g"));
}

TEST(FindingTest, CommitsThatWaitAreCritical) {
  Scene scene("ab");
  scene.Revoked('b').Of('a').semi_sync.source_waiting = 7;
  const Finding finding = Found(scene, "COMMITS_WAIT");
  EXPECT_EQ(finding.severity, Severity::kCritical);
  EXPECT_THAT(finding.message, HasSubstr("7 wait now"));
}

TEST(FindingTest, SemiSyncThatFellBackOrIsSetWronglyIsTold) {
  Scene fallen("abc");
  fallen.Of('a').semi_sync.source_active = false;
  EXPECT_THAT(Codes(fallen), ElementsAre("SEMI_SYNC_FELL_BACK"));
  Scene wrong("abc");
  wrong.Of('a').semi_sync.source_wait_for = 2;
  EXPECT_THAT(Codes(wrong), ElementsAre("SEMI_SYNC_NOT_ARMED"));
}

TEST(FindingTest, AStrangerThatMayAcknowledgeIsNamedWithWhatToDo) {
  Scene scene("abc");
  scene.snapshot().strangers = Strangers{.connected = 3, .known = 2, .servers = {Id('f')}};
  const Finding finding = Found(scene, "UNKNOWN_ACKNOWLEDGER");
  EXPECT_EQ(finding.severity, Severity::kCritical);
  EXPECT_EQ(finding.server, Id('a'));
  EXPECT_THAT(testing::WithLetters(finding.message), HasSubstr("f is no acknowledger of group g"));
  EXPECT_THAT(finding.next_step, HasSubstr("rpl_semi_sync_replica_enabled = OFF"));
  EXPECT_THAT(Codes(scene), ElementsAre("UNKNOWN_ACKNOWLEDGER"));
  scene.Async();
  EXPECT_THAT(Codes(scene), IsEmpty()) << "nobody was promised anything";
}

TEST(FindingTest, AGroupThatIsLessThanItsPolicyIsTold) {
  Scene old("abc");
  EXPECT_THAT(Codes(old.Version56()), ElementsAre("NOT_LOSSLESS"));
  Scene single("a");
  EXPECT_THAT(Codes(single), Contains("NOT_LOSSLESS"));
}

TEST(FindingTest, AnUnfencedOldPrimaryMayStillAcceptWritesUnderAsync) {
  Scene scene("bac");
  scene.Async().group().history.insert(
      scene.group().history.begin(),
      Epoch{.number = 1, .primary = Id('a'), .at_start = {}, .started = {}});
  scene.Record('a').status = ServerStatus::kFaulty;
  EXPECT_THAT(Codes(scene), Not(Contains("OLD_PRIMARY_MAY_ACCEPT_WRITES")));
  scene.Silent('a');
  EXPECT_EQ(Found(scene, "OLD_PRIMARY_MAY_ACCEPT_WRITES").server, Id('a'));
}

TEST(FindingTest, WritableServersAreCritical) {
  Scene scene("abc");
  scene.Of('b').read_only = scene.Of('b').super_read_only = false;
  EXPECT_THAT(Found(scene, "WRITABLE_SECONDARY").message, HasSubstr("open to clients"));
  Scene privileged("abc");
  privileged.Of('b').super_read_only = false;
  EXPECT_THAT(Found(privileged, "WRITABLE_SECONDARY").message, HasSubstr("privileged users"));
}

TEST(FindingTest, ErrantAsideAndHopelessServersAreToldWithWhatToDo) {
  Scene scene("abc");
  scene.Holds('b', "a:1-100,b:1-2");
  scene.Record('b').set_aside = "errant";
  EXPECT_THAT(testing::WithLetters(Found(scene, "ERRANT_SERVER").message), HasSubstr("[b:1-2]"));
  EXPECT_THAT(Found(scene, "SET_ASIDE").next_step,
              HasSubstr("weft server rejoin b:3306 --rebuild"));
  Scene hopeless("abc");
  hopeless.Holds('b', "a:1-50").Of('a').purged = Gtids("a:1-60");
  EXPECT_THAT(testing::WithLetters(Found(hopeless, "NEEDS_REBUILD").message),
              HasSubstr("[a:51-60]"));
}

TEST(FindingTest, SilentAndRejectingServersAreTold) {
  Scene scene("abc");
  scene.Silent('b').Silent('c').Of('c').contact = Contact::kRejected;
  EXPECT_THAT(Found(scene, "SERVER_UNREACHABLE").message, HasSubstr("timed out"));
  EXPECT_EQ(Found(scene, "SERVER_REJECTS").server, Id('c'));
}

TEST(FindingTest, BrokenReplicationIsToldWithItsError) {
  Scene scene("abc");
  scene.Of('b').replication.applier_running = false;
  scene.Of('b').replication.applier_error = "duplicate key";
  EXPECT_THAT(Found(scene, "NOT_REPLICATING").message, HasSubstr("applier: duplicate key"));
  Scene lagging("abc");
  lagging.Of('b').replication.lag = absl::Seconds(30);
  EXPECT_THAT(Codes(lagging), ElementsAre("REPLICA_LAGS"));
}

TEST(FindingTest, DisksWithoutRoomAreTold) {
  Scene scene("abc");
  Report& report = scene.snapshot().reports[Id('a')];
  report.write_error = "The table 'heartbeat' is full [MySQL error 1114]";
  EXPECT_THAT(Codes(scene), IsEmpty());  // of a write that a later one has made good
  report.writers = report.write_failing = 1;
  EXPECT_THAT(Found(scene, "PRIMARY_DISK_FULL").message, HasSubstr("1114"));
  report.write_error = "Lock wait timeout exceeded [MySQL error 1205]";
  EXPECT_THAT(Codes(scene), Not(Contains("PRIMARY_DISK_FULL")));
  scene.Of('b').replication.applier_error = "Worker 1 failed: Got error 28 from storage engine";
  EXPECT_EQ(Found(scene, "REPLICA_DISK_FULL").server, Id('b'));
}

TEST(FindingTest, AcknowledgersThatWouldNotCountAreTold) {
  Scene scene("abc");
  scene.Restarted('b');
  EXPECT_THAT(Found(scene, "ACKNOWLEDGER_MISSING").message, HasSubstr("has restarted"));
  Scene preset("abc");
  preset.Of('b').semi_sync.replica_preset = true;
  EXPECT_THAT(Found(preset, "SEMI_SYNC_FLAG_PRESET").next_step, HasSubstr("RESET PERSIST"));
  Scene spare("ab");
  spare.Record('b').status = ServerStatus::kSpare;
  EXPECT_THAT(Codes(spare), Contains("SPARE_ACKNOWLEDGES"));
  EXPECT_THAT(Codes(spare), Contains("FEW_ACKNOWLEDGERS"));
}

TEST(FindingTest, APrimaryThatMayStartWritableIsToldWhereWeftCannotMendIt) {
  Scene scene("abc");
  scene.Of('a').may_start_writable = true;
  EXPECT_THAT(Codes(scene), IsEmpty());
  scene.Of('a').no_closed_start_because = "persisted_globals_load is OFF there";
  EXPECT_THAT(Found(scene, "STARTS_WRITABLE").message, HasSubstr("persisted_globals_load is OFF"));
}

TEST(FindingTest, TheStateOfTheGroupIsTold) {
  Scene none("abc");
  none.group().primary = ServerUuid();
  EXPECT_THAT(Codes(none), Contains("NO_PRIMARY"));
  Scene inactive("abc");
  inactive.group().active = false;
  EXPECT_THAT(Codes(inactive), ElementsAre("NOT_ACTIVE"));
  Scene unwatched("abc");
  unwatched.snapshot().reports.clear();
  EXPECT_THAT(Codes(unwatched), ElementsAre("NO_MONITOR"));
  Scene closed("abc");
  closed.Fenced('a');
  EXPECT_THAT(Codes(closed), ElementsAre("PRIMARY_READ_ONLY"));
  Scene replicating("abc");
  replicating.Of('a').replication.configured = true;
  EXPECT_THAT(Codes(replicating), ElementsAre("PRIMARY_REPLICATES"));
}

}  // namespace
}  // namespace weft::controller
