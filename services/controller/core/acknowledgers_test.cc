#include "services/controller/core/acknowledgers.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using testing::Gtids;
using ::testing::HasSubstr;
using testing::Id;
using ::testing::IsEmpty;
using testing::Scene;

// b has been seen unable for two looks, the second when the primary had a:1-100.
void MarkUnable(Scene* scene, char letter) { scene->MarksOf(letter).unable = Gtids("a:1-100"); }

TEST(EvidenceTest, ASilentAcknowledgerMakesAFailoverRefuseByName) {
  Scene scene("abc");
  scene.Dead('a').Silent('b');
  const std::optional<Refusal> refusal = RefuseUnlessEveryCommitIsSeen(scene);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason, "NOT_REACHED_ACKNOWLEDGER");
  EXPECT_THAT(refusal->servers, ElementsAre(Id('b')));
  EXPECT_THAT(refusal->message, HasSubstr("b:3306 does not answer: timed out"));
}

TEST(EvidenceTest, WithTwoAcknowledgementsOneMayBeSilentButNotTwo) {
  Scene scene("abcd");
  scene.group().acknowledgements = 2;
  scene.Dead('a').Silent('b');
  EXPECT_FALSE(RefuseUnlessEveryCommitIsSeen(scene).has_value());
  scene.Silent('c');
  EXPECT_TRUE(RefuseUnlessEveryCommitIsSeen(scene).has_value());
}

TEST(EvidenceTest, AnAcknowledgerThatRestartedCountsAsUnreached) {
  Scene scene("abc");
  scene.Dead('a').Restarted('b');
  const std::optional<Refusal> refusal = RefuseUnlessEveryCommitIsSeen(scene);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_THAT(refusal->message, HasSubstr("b:3306 has restarted"));
}

TEST(EvidenceTest, ARestartedAcknowledgerCountsOnceItHoldsWhatThePrimaryHadAfterItsReturn) {
  Scene scene("abc");
  scene.Dead('a').Restarted('b');
  scene.MarksOf('b').returned = Gtids("a:1-100");
  scene.MarksOf('b').returned_while_commits_wait = true;
  EXPECT_EQ(WhyUnproven(scene, Id('b')), "");
  scene.Holds('b', "a:1-99");
  EXPECT_NE(WhyUnproven(scene, Id('b')), "");
}

TEST(EvidenceTest, AMarkTakenBeforeCommitsWaitedProvesNothing) {
  Scene scene("abc");
  scene.Dead('a').Restarted('b');
  scene.MarksOf('b').returned = Gtids("a:1-100");
  EXPECT_NE(WhyUnproven(scene, Id('b')), "");
}

TEST(EvidenceTest, APresetFlagProvesNothing) {
  Scene scene("abc");
  scene.Dead('a');
  scene.Of('b').semi_sync.replica_preset = true;
  EXPECT_THAT(WhyUnproven(scene, Id('b')), HasSubstr("option file"));
}

TEST(EvidenceTest, WithoutAnyAcknowledgerALosslessGroupDoesNotFailOver) {
  Scene scene("abc");
  scene.Dead('a');
  scene.group().acknowledgers.servers.clear();
  EXPECT_EQ(RefuseUnlessEveryCommitIsSeen(scene)->reason, "NO_ACKNOWLEDGER");
}

TEST(EvidenceTest, ServersThatCannotDoSemiSyncWereAsynchronousAllAlong) {
  Scene scene("abc");
  scene.Version56().Dead('a');
  EXPECT_FALSE(RefuseUnlessEveryCommitIsSeen(scene).has_value());
}

TEST(EvidenceTest, UnderAsyncNobodyNeedsToBeReached) {
  Scene scene("abc");
  scene.Async().Dead('a').Silent('b');
  EXPECT_FALSE(RefuseUnlessEveryCommitIsSeen(scene).has_value());
}

TEST(UnableTest, OnlyOneThatIsStoppedOrGoneIsUnable) {
  Scene scene("abcd");
  EXPECT_FALSE(IsUnable(scene, Id('b')));
  scene.Revoked('b');
  EXPECT_TRUE(IsUnable(scene, Id('b')));
  scene.Dead('c');
  EXPECT_TRUE(IsUnable(scene, Id('c')));
  scene.Silent('d');  // its machine may be alive, and its receiver
  scene.snapshot().seen[Id('a')].streaming_to.clear();
  EXPECT_FALSE(IsUnable(scene, Id('d')));
}

TEST(UnableTest, OneThatThePrimaryStillStreamsToIsNot) {
  Scene scene("abc");
  scene.Dead('b');
  scene.Of('a').streaming_to.push_back(Id('b'));
  EXPECT_FALSE(IsUnable(scene, Id('b')));
}

TEST(UnableTest, OneThatHasJustDiedIsNot) {
  Scene scene("abc");
  scene.Dead('b');
  scene.Of('b').silent_for = absl::Seconds(1);
  EXPECT_FALSE(IsUnable(scene, Id('b')));
}

TEST(UnableTest, OneThatAcknowledgesWheneverItStartsNeverIs) {
  Scene scene("abc");
  scene.Dead('b');
  scene.MarksOf('b').preset = true;
  EXPECT_FALSE(IsUnable(scene, Id('b')));
}

TEST(UnableTest, NobodyCanBeProvenUnableWhileThePrimaryIsSilent) {
  Scene scene("abc");
  scene.Dead('b').Dead('a');
  EXPECT_FALSE(IsUnable(scene, Id('b')));
}

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
  scene.Holds('c', "a:1-100").Revoked('c');
  EXPECT_FALSE(Widen(scene).has_value());
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
  EXPECT_THAT(Widen(scene)->servers, ElementsAre(Id('b'), Id('c')));
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

TEST(MayAcknowledgeTest, OneInTheSetWithItsFlagOnMay) {
  Scene scene("abc");
  EXPECT_TRUE(MayAcknowledge(scene, Id('b')));
}

TEST(MayAcknowledgeTest, OneThatIsNotInTheSetMayNot) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('b'));
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
}

TEST(MayAcknowledgeTest, ARestartedOneMayOnlyOnceItHoldsWhatThePrimaryHadAfterItsReturn) {
  Scene scene("abc");
  scene.Restarted('b').Holds('b', "a:1-90");
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
  scene.Holds('b', "a:1-100");
  EXPECT_TRUE(MayAcknowledge(scene, Id('b')));
  scene.Holds('b', "a:1-95");
  scene.MarksOf('b').returned = Gtids("a:1-95");
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
  scene.MarksOf('b').returned_while_commits_wait = true;
  EXPECT_TRUE(MayAcknowledge(scene, Id('b')));
}

TEST(MayAcknowledgeTest, NotBeforeCommitsWaitOnAnOpenPrimary) {
  Scene scene("abc");
  scene.Restarted('b');
  scene.Of('a').semi_sync.source_enabled = false;
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
  scene.Fenced('a');
  EXPECT_TRUE(MayAcknowledge(scene, Id('b')));
}

TEST(MayAcknowledgeTest, NeitherErrantNorSetAsideNorSpareNorRebuiltServersDo) {
  Scene scene("abcd");
  scene.Holds('b', "a:1-100,b:1");
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
  scene.Holds('b', "a:1-100");
  scene.Record('b').set_aside = "errant";
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
  scene.Record('c').status = ServerStatus::kSpare;
  EXPECT_FALSE(MayAcknowledge(scene, Id('c')));
  scene.Record('d').status = ServerStatus::kConfiguring;
  EXPECT_FALSE(MayAcknowledge(scene, Id('d')));
}

TEST(MayAcknowledgeTest, ASpareGoesOnWhileWritesWouldStopWithoutIt) {
  Scene scene("abc");
  scene.Record('b').status = scene.Record('c').status = ServerStatus::kSpare;
  EXPECT_TRUE(MayAcknowledge(scene, Id('b')));
  EXPECT_FALSE(MayAcknowledge(scene, Id('c')));
}

TEST(MayAcknowledgeTest, AFaultyOneThatOnlyWasAwayGoesOn) {
  Scene scene("abc");
  scene.Record('b').status = ServerStatus::kFaulty;
  EXPECT_TRUE(MayAcknowledge(scene, Id('b')));
  scene.Restarted('b');
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
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

TEST(AcknowledgersAfterTest, AFirstPromotionDoesNotWaitForSilentServers) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  scene.Silent('b').Silent('c');
  EXPECT_THAT(AcknowledgersAfter(scene, Id('a')), IsEmpty());
}

}  // namespace
}  // namespace weft::controller
