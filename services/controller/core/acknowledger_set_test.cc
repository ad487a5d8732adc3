// How the set of acknowledgers is narrowed, widened, and chosen anew.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using testing::Gtids;
using testing::Id;
using ::testing::IsEmpty;
using testing::Scene;

// b has been seen unable for two looks, the second when the primary had a:1-100.
void MarkUnable(Scene* scene, char letter) { scene->MarksOf(letter).unable = Gtids("a:1-100"); }

TEST(NarrowTest, LetsGoOfADeadOneAndRaisesTheWatermark) {
  Scene scene("abc");
  scene.Dead('b');
  MarkUnable(&scene, 'b');
  const std::optional<SetAcknowledgers> narrower = Narrow(scene);
  ASSERT_TRUE(narrower.has_value());
  EXPECT_THAT(narrower->servers, ElementsAre(Id('c')));
  EXPECT_EQ(narrower->watermark, Gtids("a:1-100"));
}

TEST(NarrowTest, NotBeforeTheProof) {
  Scene scene("abc");
  scene.Dead('b');
  EXPECT_FALSE(Narrow(scene).has_value());
}

TEST(NarrowTest, NotOneThatIsAbleInThisLookWhateverWasSeenBefore) {
  Scene scene("abc");
  scene.Dead('b');
  MarkUnable(&scene, 'b');
  scene.Of('a').streaming_to.push_back(Id('b'));
  EXPECT_FALSE(Narrow(scene).has_value());
}

TEST(NarrowTest, NotUnlessAnotherHoldsWhatItMayHaveAcknowledged) {
  Scene scene("abc");
  scene.Dead('b').Holds('c', "a:1-99");
  MarkUnable(&scene, 'b');
  EXPECT_FALSE(Narrow(scene).has_value());
}

TEST(NarrowTest, NeverTheLastOneNorBelowWhatACommitNeeds) {
  Scene last("ab");
  last.Dead('b');
  MarkUnable(&last, 'b');
  EXPECT_FALSE(Narrow(last).has_value());
  Scene two("abc");
  two.group().acknowledgements = 2;
  two.Dead('b');
  MarkUnable(&two, 'b');
  EXPECT_FALSE(Narrow(two).has_value());
}

TEST(NarrowTest, NotOneThatIsToAcknowledgeAgain) {
  Scene scene("abc");
  scene.Revoked('b');
  MarkUnable(&scene, 'b');
  EXPECT_FALSE(Narrow(scene).has_value());
}

TEST(WidenTest, TakesInASecondaryThatHasCaughtUp) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('c').semi_sync.replica_enabled = scene.Of('c').semi_sync.replica_active = false;
  const std::optional<SetAcknowledgers> wider = Widen(scene);
  ASSERT_TRUE(wider.has_value());
  EXPECT_THAT(wider->servers, ElementsAre(Id('b'), Id('c')));
  EXPECT_EQ(wider->watermark, scene.group().watermark);
}

TEST(WidenTest, NotOneThatLagsNorOneThatDoesNotReceive) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('c').semi_sync = SemiSync();
  scene.Holds('c', "a:1-50");
  EXPECT_FALSE(Widen(scene).has_value());
  scene.Holds('c', "a:1-100");
  scene.Of('c').replication.source_uuid = Id('b');
  EXPECT_FALSE(Widen(scene).has_value());
  scene.Of('c').replication.source_uuid = Id('a');
  scene.Of('c').replication.receiver = ThreadState::kConnecting;
  EXPECT_FALSE(Widen(scene).has_value());
  scene.Revoked('c');
  EXPECT_FALSE(Widen(scene).has_value());
}

// c slept through the time in which the primary went on alone, with its flag on.
TEST(WidenTest, NotOneWhoseFlagWouldProveThatItHasWhatWasCommittedAlone) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.clear();
  scene.Silent('b').Of('a').semi_sync.source_enabled = false;
  EXPECT_FALSE(Widen(scene).has_value());
  scene.Of('c').replication.applier_running = false;  // repaired first, too, if it can be
  EXPECT_FALSE(Widen(scene).has_value());
  scene.Of('c').replication.applier_running = true;
  scene.Of('c').semi_sync.replica_enabled = scene.Of('c').semi_sync.replica_active = false;
  EXPECT_TRUE(Widen(scene).has_value());
}

TEST(WidenTest, UnderLoadWhatThePrimaryHadAtItsReturnIsEnough) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('c').semi_sync = SemiSync();
  scene.Holds('c', "a:1-95");
  scene.MarksOf('c').returned = Gtids("a:1-90");
  EXPECT_TRUE(Widen(scene).has_value());
}

TEST(WidenTest, AccountsForOneThatAcknowledgesUnasked) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Record('c').status = ServerStatus::kSpare;
  EXPECT_THAT(Widen(scene).value().servers, ElementsAre(Id('b'), Id('c')));
  // The flag takes effect when the receiver connects, and goes on to have it until then.
  scene.Of('c').semi_sync.replica_active = false;
  EXPECT_THAT(Widen(scene).value().servers, ElementsAre(Id('b'), Id('c')));
  scene.Of('c').semi_sync.replica_active = true;
  scene.Of('c').semi_sync.replica_enabled = false;
  EXPECT_THAT(Widen(scene).value().servers, ElementsAre(Id('b'), Id('c')));
}

TEST(WidenTest, ASpareIsNotTakenInUnasked) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Record('c').status = ServerStatus::kSpare;
  scene.Silent('b').Of('c').semi_sync = SemiSync();
  EXPECT_FALSE(Widen(scene).has_value());
}

TEST(WidenTest, ASpareAloneDoesNotMakeCommitsWait) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.clear();
  scene.Record('c').status = ServerStatus::kSpare;
  scene.Holds('b', "a:1-50").Of('b').semi_sync = SemiSync();
  EXPECT_FALSE(Widen(scene).has_value());
}

TEST(WidenTest, NotBehindAPrimaryThatCannotWait) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.Of('a').can_semi_sync = false;
  EXPECT_FALSE(Widen(scene).has_value());
}

TEST(WidenTest, WhereCommitsWaitAlreadyEachOneMoreIsTakenIn) {
  Scene scene("abcd");
  scene.group().acknowledgements = 3;
  scene.group().acknowledgers.servers = {Id('b')};
  scene.Silent('d');
  EXPECT_THAT(Widen(scene).value().servers, ElementsAre(Id('b'), Id('c')));
}

TEST(WidenTest, CommitsDoNotBeginToWaitBeforeEnoughCanAcknowledge) {
  Scene scene("abc");
  scene.group().acknowledgements = 2;
  scene.group().acknowledgers.servers.clear();
  scene.Of('b').semi_sync = scene.Of('c').semi_sync = SemiSync();
  scene.Holds('c', "a:1-50");
  EXPECT_FALSE(Widen(scene).has_value());
  scene.Holds('c', "a:1-100");
  EXPECT_TRUE(Widen(scene).has_value());
}

TEST(WidenTest, NotUnderAsync) {
  Scene scene("abc");
  scene.Async();
  EXPECT_FALSE(Widen(scene).has_value());
}

TEST(AcknowledgersAfterTest, AreThoseWhoCanBeginAtOnce) {
  Scene scene("abcd");
  scene.Dead('a').Revoked('b').Revoked('c').Restarted('d').Holds('d', "a:1-90");
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('c')));
}

TEST(AcknowledgersAfterTest, OfASwitchoverIncludeTheOldPrimary) {
  Scene scene("abc");
  scene.Fenced('a');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
}

TEST(AcknowledgersAfterTest, WithoutEnoughOfThemOthersAreWaitedFor) {
  Scene scene("ab");
  scene.Dead('a');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a')));
}

TEST(AcknowledgersAfterTest, IncludeSilentSecondariesWhenTheyAreNeeded) {
  Scene scene("abc");
  scene.group().acknowledgements = 2;
  scene.Dead('a').Silent('c');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
}

TEST(AcknowledgersAfterTest, AreAllThereAreWhereTheyAreStillTooFew) {
  Scene scene("abc");
  scene.group().acknowledgements = 3;
  scene.Dead('a');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
}

TEST(AcknowledgersAfterTest, OneThatHasBeenAdmittedCanBeginBeforeItHasCaughtUp) {
  Scene scene("abcd");
  scene.Dead('a').Holds('c', "a:1-90").Holds('d', "a:1-90");
  scene.group().acknowledgers.servers.erase(Id('d'));
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('c')));
}

TEST(AcknowledgersAfterTest, OneThatCannotBeSeenStaysOne) {
  Scene scene("abc");
  scene.Silent('c').Record('c').status = ServerStatus::kFaulty;
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
  scene.group().acknowledgers.servers.erase(Id('c'));
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a')));
}

TEST(AcknowledgersAfterTest, OneThatReceivesFromTheWinnerAlreadyIsAccountedFor) {
  Scene scene("abc");
  scene.Holds('c', "a:1-100,c:1");  // errant, so not wanted
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a')));
  scene.Of('c').replication.source = scene.Record('b').address;
  scene.Of('c').replication.source_uuid = Id('b');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a'), Id('c')));
  scene.Of('c').semi_sync = SemiSync();
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('a')));
}

TEST(AcknowledgersAfterTest, AVersionWithoutSemiSyncIsNoneOfThem) {
  Scene scene("abcd");
  scene.Dead('a').Of('c').can_semi_sync = false;
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('d')));
}

TEST(AcknowledgersAfterTest, AreNoneUnderAsyncNorForAnOldVersion) {
  Scene scene("abc");
  scene.Async();
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), IsEmpty());
  Scene old("abc");
  old.Version56();
  EXPECT_THAT(AcknowledgersAfter(old, Id('b')), IsEmpty());
}

TEST(AcknowledgersAfterTest, LeaveOutWhoIsAsideErrantOrSpare) {
  Scene scene("abcdef");
  scene.Dead('a');
  scene.Record('c').set_aside = "errant";
  scene.Holds('d', "a:1-100,d:1");
  scene.Record('e').status = ServerStatus::kSpare;
  EXPECT_THAT(AcknowledgersAfter(scene, Id('b')), ElementsAre(Id('f')));
}

// They may have kept their flag, and receive from the server that was demoted.
TEST(AcknowledgersAfterTest, APromotionAfterADemotionAccountsForSilentServers) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  scene.group().acknowledgers.servers.clear();
  scene.group().history.back().at_start = scene.Of('a').executed;
  scene.Record('a').status = ServerStatus::kSecondary;
  scene.Silent('c');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b'), Id('c')));
  scene.Of('a').accounts[Id('c')] = true;  // locked
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b')));
  scene.Of('a').accounts.clear();
  scene.Of('c').refused = true;
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b')));
}

// So do those that answer and still receive from it.
TEST(AcknowledgersAfterTest, APromotionAfterADemotionAccountsForWhoFollowsWithItsFlagOn) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  scene.group().acknowledgers.servers.clear();
  scene.group().history.back().at_start = scene.Of('a').executed;
  scene.Record('a').status = ServerStatus::kSecondary;
  scene.Fenced('a').Holds('c', "a:1-90");
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b'), Id('c')));
  scene.Of('c').semi_sync.replica_enabled = scene.Of('c').semi_sync.replica_active = false;
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b')));
}

// What it commits before it is armed they may lack.
// It receives from c once it wakes up, or from who led before, with its flag on.
TEST(AcknowledgersAfterTest, WhereCommitsWaitedForNobodyASleeperIsAccountedFor) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.clear();
  scene.Silent('b').Record('b').status = ServerStatus::kFaulty;
  EXPECT_THAT(AcknowledgersAfter(scene, Id('c')), ElementsAre(Id('a'), Id('b')));
}

TEST(AcknowledgersAfterTest, AFirstPromotionOfOneThatCommitsAloneRestsOnNoFlagFromBefore) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  scene.group().acknowledgers.servers.clear();
  scene.group().history.back().at_start = scene.Of('a').executed;
  scene.Record('a').status = ServerStatus::kSecondary;
  scene.Of('a').semi_sync = SemiSync();
  scene.Of('b').semi_sync = SemiSync();
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), IsEmpty());
  scene.Of('c').semi_sync = SemiSync();
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b'), Id('c')));
  scene.Of('c').semi_sync.replica_enabled = true;
  scene.Fenced('a');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), ElementsAre(Id('b'), Id('c')));
}

TEST(AcknowledgersAfterTest, AFirstPromotionDoesNotWaitForSilentServers) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  scene.Silent('b').Silent('c');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), IsEmpty());
}

}  // namespace
}  // namespace weft::controller
