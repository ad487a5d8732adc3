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
using testing::Scene;

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

TEST(EvidenceTest, AMarkWithoutTransactionsProvesNothing) {
  Scene scene("abc");
  scene.Dead('a').Restarted('b');
  scene.MarksOf('b').returned_while_commits_wait = true;
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
  EXPECT_EQ(RefuseUnlessEveryCommitIsSeen(scene).value().reason, "NO_ACKNOWLEDGER");
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

TEST(UnableTest, OneThatLetsNobodyInIsAliveHoweverItFailed) {
  Scene scene("abc");
  scene.Dead('b').Of('b').contact = Contact::kRejected;
  EXPECT_FALSE(IsUnable(scene, Id('b')));
}

TEST(DispensableTest, NobodyStandsInForItself) {
  EXPECT_FALSE(IsDispensable(Scene("ab"), Id('b')));
  EXPECT_TRUE(IsDispensable(Scene("abc"), Id('b')));
}

TEST(DispensableTest, WhoIsSilentAsideOrNotReceivingStandsInForNobody) {
  Scene silent("abc");
  silent.Silent('c');
  EXPECT_FALSE(IsDispensable(silent, Id('b')));
  Scene aside("abc");
  aside.Record('c').set_aside = "errant";
  EXPECT_FALSE(IsDispensable(aside, Id('b')));
  Scene revoked("abc");
  revoked.Revoked('c');
  EXPECT_FALSE(IsDispensable(revoked, Id('b')));
}

// Its receiver runs, and is refused, or has yet to come.
TEST(DispensableTest, WhomThePrimaryDoesNotSendToStandsInForNobody) {
  Scene locked("abc");
  locked.Of('a').accounts[Id('c')] = true;
  EXPECT_FALSE(IsDispensable(locked, Id('b')));
  Scene gone("abc");
  std::erase(gone.Of('a').streaming_to, Id('c'));
  EXPECT_FALSE(IsDispensable(gone, Id('b')));
}

TEST(AcknowledgingTest, CountsWhoReceivesFromThePrimaryWithItsFlagInEffect) {
  Scene scene("abc");
  EXPECT_EQ(CountAcknowledging(scene), 2);
  scene.Of('b').replication.source_uuid = Id('c');
  EXPECT_EQ(CountAcknowledging(scene), 1);
  scene.Of('c').semi_sync.replica_active = false;
  EXPECT_EQ(CountAcknowledging(scene), 0);
}

TEST(AwaitsProofTest, WaitsOnlyForProofThatCanComeAndWouldNarrow) {
  Scene scene("abc");
  scene.Record('b').set_aside = "errant";
  scene.Revoked('b');
  EXPECT_TRUE(AwaitsProof(scene, Id('b')));
  scene.MarksOf('b').preset = true;
  EXPECT_FALSE(AwaitsProof(scene, Id('b')));
  Scene last("ab");
  last.Record('b').set_aside = "errant";
  last.Revoked('b');
  EXPECT_FALSE(AwaitsProof(last, Id('b')));
  Scene needed("abc");
  needed.Record('b').set_aside = "errant";
  needed.Revoked('b').Silent('c');
  EXPECT_FALSE(AwaitsProof(needed, Id('b')));
  // The other one is itself a SPARE, and stays: the record narrows once it holds enough.
  Scene spare("abc");
  spare.Record('b').set_aside = "errant";
  spare.Record('c').status = ServerStatus::kSpare;
  spare.Revoked('b');
  EXPECT_TRUE(AwaitsProof(spare, Id('b')));
  Scene other("abc");
  other.Record('b').set_aside = "errant";
  other.Revoked('b').group().acknowledgers.servers.erase(Id('b'));
  other.group().acknowledgers.servers.insert(Id('d'));
  EXPECT_FALSE(AwaitsProof(other, Id('b')));
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

TEST(MayAcknowledgeTest, AVersionWithoutSemiSyncDoesNot) {
  Scene scene("abc");
  scene.Of('b').can_semi_sync = false;
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
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
  scene.group().acknowledgers.servers.erase(Id('b'));
  EXPECT_FALSE(ShouldAcknowledge(scene, Id('b')));
  scene.group().acknowledgers.servers.insert(Id('b'));
  scene.Restarted('b');
  EXPECT_FALSE(MayAcknowledge(scene, Id('b')));
}

}  // namespace
}  // namespace weft::controller
