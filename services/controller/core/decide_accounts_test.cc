// Decide, where replicas have accounts of their own: a silent acknowledger is locked out of the
// primary, so that the set can do without it, and let in again once it acknowledges nothing
// unasked.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/fixture.h"
#include "services/controller/core/memory.h"
#include "services/controller/core/phases.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using testing::Gtids;
using testing::Id;
using testing::Scene;
using testing::Text;

// Everybody has an account at everybody, and uses it.
Scene WithAccounts(const std::string& letters) {
  Scene scene(letters);
  for (const char source : letters) {
    scene.Of(source).gives_accounts = true;
    for (const char replica : letters) {
      if (source == replica) continue;
      scene.Of(source).accounts[Id(replica)] = false;
      scene.MarksOf(replica).own_account = replica != letters.front();
    }
    scene.Of(source).replication.own_account = source != letters.front();
  }
  return scene;
}

// c hangs: its connection to the primary is still there.
Scene Hung() {
  Scene scene = WithAccounts("abc");
  scene.Silent('c');
  scene.Record('c').status = ServerStatus::kFaulty;
  return scene;
}

Scene LockedOut() {
  Scene scene = Hung();
  scene.Of('a').accounts[Id('c')] = true;
  std::erase(scene.Of('a').streaming_to, Id('c'));
  return scene;
}

TEST(DecideAccountsTest, AGroupThatHasThemAllIsSettled) {
  EXPECT_EQ(Text(Decide(WithAccounts("abc"))), "settled");
}

TEST(DecideAccountsTest, MakesThoseThatAreMissingForWhoeverAnswers) {
  Scene scene = WithAccounts("abc");
  scene.Of('a').accounts.erase(Id('b'));
  scene.Of('b').accounts.erase(Id('c'));
  EXPECT_EQ(Text(Decide(scene)), "open account of b on a\nopen account of c on b");
  scene.Of('b').gives_accounts = false;
  EXPECT_EQ(Text(Decide(scene)), "open account of b on a");
  scene.Async();
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideAccountsTest, MakesNoneForASilentServerThatMayBeToldToUseAnother) {
  Scene scene = Hung();
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('a').accounts.erase(Id('c'));
  EXPECT_EQ(Text(Decide(scene)), "settled");
}

TEST(DecideAccountsTest, ALockThatIsLeftFromAnEarlierEpochIsOpenedAtAReplica) {
  Scene scene = WithAccounts("abc");
  scene.Of('b').accounts[Id('c')] = true;
  EXPECT_EQ(Text(Decide(scene)), "open account of c on b");
}

TEST(DecideAccountsTest, AReplicaFollowsByItsOwnAccountWhereTheSourceHasIt) {
  Scene scene = WithAccounts("abc");
  scene.Of('c').replication.applier_running = false;
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a, acknowledging, by its own account");
  scene.Of('a').accounts.clear();
  scene.Of('a').gives_accounts = false;
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a, acknowledging");
}

TEST(DecideAccountsTest, OneThatFollowedBeforeItHadAnAccountFollowsAnewOneAtATime) {
  Scene scene = WithAccounts("abc");
  scene.Of('b').replication.own_account = scene.MarksOf('b').own_account = false;
  scene.Of('c').replication.own_account = scene.MarksOf('c').own_account = false;
  EXPECT_EQ(Text(Decide(scene)), "follow b <- a, acknowledging, by its own account");
  Scene resting = scene;
  resting.snapshot().maintenance[Id('b').text()] = absl::Minutes(1);
  EXPECT_EQ(Text(Decide(resting)), "follow c <- a, acknowledging, by its own account");
  scene.Of('a').accounts[Id('b')] = true;
  scene.Of('a').accounts.erase(Id('c'));
  scene.Of('a').gives_accounts = false;
  scene.Of('b').gives_accounts = false;
  scene.Of('c').gives_accounts = false;
  EXPECT_TRUE(UseAccounts(scene).empty());
}

TEST(DecideAccountsTest, ASilentAcknowledgerIsLockedOutThenProvenUnableThenLetGoOf) {
  EXPECT_EQ(Text(Decide(Hung())), "lock account of c on a");
  Scene scene = LockedOut();
  EXPECT_EQ(Text(Decide(scene)), "waiting");
  EXPECT_TRUE(IsUnable(scene, Id('c')));
  scene.MarksOf('c').unable = Gtids("a:1-101");
  EXPECT_EQ(Text(Decide(scene)), "waiting");  // b does not hold it yet
  scene.MarksOf('c').unable = Gtids("a:1-100");
  EXPECT_EQ(Text(Decide(scene)), "set acknowledgers {b}, watermark [a:1-100]");
}

TEST(DecideAccountsTest, ASilentServerIsLockedOutOfWhoeverMayLeadNextToo) {
  Scene scene = LockedOut();
  scene.group().acknowledgers.servers.erase(Id('c'));
  EXPECT_EQ(Text(Decide(scene)), "lock account of c on b");
  Scene open = scene;
  open.Of('b').super_read_only = open.Of('b').read_only = false;
  EXPECT_TRUE(KeepOutOfOthers(open).empty());
  scene.Of('b').accounts[Id('c')] = true;
  EXPECT_EQ(Text(Decide(scene)), "settled");
  scene.Of('b').streaming_to.push_back(Id('c'));
  EXPECT_EQ(Text(Decide(scene)), "lock account of c on b");
  scene.Of('b').accounts.clear();
  scene.Of('b').streaming_to.clear();
  EXPECT_TRUE(KeepOutOfOthers(scene).empty());
}

// It followed b before, and nobody has seen it stop.
TEST(DecideAccountsTest, OneThatOnlyAnotherPrimaryLockedOutCountsAgain) {
  Scene scene = LockedOut();
  scene.group().acknowledgers.servers.erase(Id('c'));
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
  Scene gone = scene;
  gone.Of('c').refused = true;
  EXPECT_THAT(AcknowledgersAfter(gone, Id('b')), ElementsAre(Id('a')));
  Scene locked = scene;
  locked.Of('b').accounts[Id('c')] = true;
  EXPECT_THAT(AcknowledgersAfter(locked, Id('b')), ElementsAre(Id('a')));
  scene.Of('a').accounts[Id('c')] = false;  // nobody ever was afraid of it
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a')));
  scene.Of('b').streaming_to.push_back(Id('c'));
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
}

TEST(DecideAccountsTest, OneWhoseConnectionIsStillThereIsNotUnableAndLockedOutAgain) {
  Scene scene = LockedOut();
  scene.Of('a').streaming_to.push_back(Id('c'));
  EXPECT_FALSE(IsUnable(scene, Id('c')));
  EXPECT_EQ(Text(Decide(scene)), "lock account of c on a");
}

TEST(DecideAccountsTest, NobodyIsLockedOutWhomCommitsNeedOrWhoMayUseAnotherAccount) {
  Scene needed = Hung();
  needed.group().acknowledgements = 2;
  needed.Of('a').semi_sync.source_wait_for = 2;
  EXPECT_EQ(Text(LockOut(needed).empty() ? Plan() : Phase("", LockOut(needed))), "settled");
  Scene shared = Hung();
  shared.MarksOf('c').own_account = false;
  EXPECT_TRUE(LockOut(shared).empty());
  EXPECT_FALSE(IsUnable(shared, Id('c')));
  Scene alone = Hung();  // b is on its way back
  alone.Of('a').accounts[Id('b')] = true;
  std::erase(alone.Of('a').streaming_to, Id('b'));
  EXPECT_TRUE(LockOut(alone).empty());
  Scene brief = Hung();
  brief.Of('c').silent_for = absl::Seconds(1);
  EXPECT_TRUE(LockOut(brief).empty());
  Scene full = Hung();
  full.Of('c').contact = Contact::kRejected;  // it lives, and acknowledges
  EXPECT_TRUE(LockOut(full).empty());
}

TEST(DecideAccountsTest, OneWhoseProcessIsGoneIsLockedOutTooForItMayComeBack) {
  Scene scene = Hung();
  scene.Of('c').refused = true;
  std::erase(scene.Of('a').streaming_to, Id('c'));
  EXPECT_FALSE(IsUnable(scene, Id('c')));
  EXPECT_EQ(Text(Decide(scene)), "lock account of c on a");
  scene.MarksOf('c').own_account = false;  // the old rule
  EXPECT_TRUE(IsUnable(scene, Id('c')));
}

// It has been let go of, and wakes up with its flag on.
Scene Awake() {
  Scene scene = WithAccounts("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('a').accounts[Id('c')] = true;
  std::erase(scene.Of('a').streaming_to, Id('c'));
  scene.Of('c').replication.receiver = ThreadState::kConnecting;
  scene.Of('c').semi_sync.replica_active = false;
  return scene;
}

TEST(DecideAccountsTest, WhoeverComesBackStopsAcknowledgingBeforeItIsLetIn) {
  Scene scene = Awake();
  EXPECT_EQ(Text(Decide(scene)), "follow c <- a, by its own account");
  scene.Of('c').semi_sync.replica_enabled = false;
  EXPECT_EQ(Text(Decide(scene)), "open account of c on a");
}

TEST(DecideAccountsTest, OneThatIsStillInTheSetIsLetInAsItIs) {
  Scene scene = Awake();
  scene.group().acknowledgers.servers.insert(Id('c'));
  EXPECT_EQ(Text(Decide(scene)), "open account of c on a");
}

TEST(DecideAccountsTest, OneThatIsSetAsideStaysOut) {
  Scene scene = Awake();
  scene.Of('c').semi_sync.replica_enabled = false;
  scene.Record('c').status = ServerStatus::kFaulty;
  scene.Record('c').set_aside = "by hand";
  EXPECT_TRUE(LetIn(scene).empty());
}

TEST(DecideAccountsTest, WhichAccountAServerUsesIsRememberedWhileItIsSilentAndInEveryEpoch) {
  Memory memory;
  Scene scene = WithAccounts("abc");
  Remember(absl::Seconds(1), absl::UnixEpoch(), absl::ZeroDuration(), &memory, &scene.snapshot());
  Scene hung = Hung();
  hung.group().epoch = 2;
  Remember(absl::Seconds(2), absl::UnixEpoch(), absl::ZeroDuration(), &memory, &hung.snapshot());
  EXPECT_TRUE(hung.MarksOf('c').own_account);
  Scene other = WithAccounts("abc");
  other.Of('c').replication.own_account = false;
  Remember(absl::Seconds(3), absl::UnixEpoch(), absl::ZeroDuration(), &memory, &other.snapshot());
  EXPECT_FALSE(other.MarksOf('c').own_account);
}

}  // namespace
}  // namespace weft::controller
