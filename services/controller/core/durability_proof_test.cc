#include "services/controller/core/durability_proof.h"

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
using testing::WithLetters;

using Witness = DurabilityProof::Witness;

Witness WitnessOf(const DurabilityProof& proof, char letter) {
  for (const Witness& witness : proof.witnesses) {
    if (witness.server == Id(letter)) return witness;
  }
  ADD_FAILURE() << "no witness " << letter;
  return {};
}

std::string ReasonOf(const DurabilityProof& proof) {
  return proof.doubt.has_value() ? proof.doubt->reason : "";
}

// A stranger that was there for a while.
Scene& Attach(char letter, Scene* scene) {
  scene->Of('a').streaming_to.push_back(Id(letter));
  ++scene->Of('a').semi_sync.source_clients;
  scene->snapshot().strangers = Strangers{.connected = 3, .known = 2, .servers = {Id(letter)}};
  return *scene;
}

TEST(DurabilityProofTest, ASettledGroupIsProvenByItsAcknowledgers) {
  const DurabilityProof proof = ProveDurability(Scene("abc"));
  EXPECT_FALSE(proof.doubt.has_value());
  EXPECT_EQ(proof.effective, "lossless");
  EXPECT_EQ(proof.policy, Durability::kLossless);
  EXPECT_EQ(proof.epoch, 1u);
  EXPECT_EQ(proof.wait_for, 1u);
  EXPECT_EQ(proof.primary, Id('a'));
  EXPECT_TRUE(proof.primary_reached);
  EXPECT_EQ(proof.watermark, Gtids("a:1-10"));
  EXPECT_EQ(proof.goal, Gtids("a:1-100"));
  ASSERT_EQ(proof.witnesses.size(), 2u);
  for (const Witness& witness : proof.witnesses) {
    EXPECT_TRUE(witness.in_group && witness.may_acknowledge && witness.reached);
    EXPECT_TRUE(witness.acknowledges_now && witness.counts());
    EXPECT_EQ(witness.held, Gtids("a:1-100"));
    EXPECT_TRUE(witness.lacks.Empty());
  }
}

TEST(DurabilityProofTest, SaysWhatEachHoldsAndLacksOfThePrimary) {
  Scene scene("abc");
  scene.Holds('a', "a:1-120").Executed('b', "a:1-110");
  scene.Of('b').received = Gtids("a:1-115");
  const Witness behind = WitnessOf(ProveDurability(scene), 'b');
  EXPECT_EQ(behind.held, Gtids("a:1-115"));
  EXPECT_EQ(behind.lacks, Gtids("a:116-120"));
}

TEST(DurabilityProofTest, ASilentAcknowledgerIsNamedAsTheOneThatIsMissing) {
  Scene scene("abc");
  const DurabilityProof proof = ProveDurability(scene.Silent('b'));
  ASSERT_EQ(ReasonOf(proof), "NOT_REACHED_ACKNOWLEDGER");
  EXPECT_THAT(proof.doubt->servers, ElementsAre(Id('b')));
  const Witness missing = WitnessOf(proof, 'b');
  EXPECT_TRUE(missing.may_acknowledge);
  EXPECT_FALSE(missing.reached || missing.counts() || missing.acknowledges_now);
  EXPECT_EQ(missing.unproven, "does not answer: timed out");
  EXPECT_TRUE(missing.held.Empty() && missing.lacks.Empty());
}

TEST(DurabilityProofTest, OneMayBeMissingWhereCommitsWaitForTwo) {
  Scene scene("abcd");
  scene.group().acknowledgements = scene.Of('a').semi_sync.source_wait_for = 2;
  const DurabilityProof proof = ProveDurability(scene.Silent('b'));
  EXPECT_EQ(ReasonOf(proof), "");
  EXPECT_EQ(proof.wait_for, 2u);
  EXPECT_FALSE(WitnessOf(proof, 'b').counts());
}

TEST(DurabilityProofTest, TheWordOfOneThatHasRestartedDoesNotCount) {
  Scene scene("abc");
  const DurabilityProof proof = ProveDurability(scene.Restarted('c'));
  EXPECT_EQ(ReasonOf(proof), "NOT_REACHED_ACKNOWLEDGER");
  const Witness restarted = WitnessOf(proof, 'c');
  EXPECT_TRUE(restarted.reached);
  EXPECT_THAT(restarted.unproven, HasSubstr("has restarted"));
}

TEST(DurabilityProofTest, WhileThePrimaryIsDeadTheOthersAreHeldAgainstEachOther) {
  Scene scene("abc");
  scene.Holds('b', "a:1-120").Holds('c', "a:1-90");
  scene.group().watermark = Gtids("a:1-30");
  const DurabilityProof proof = ProveDurability(scene.Dead('a'));
  EXPECT_EQ(ReasonOf(proof), "");
  EXPECT_FALSE(proof.primary_reached);
  EXPECT_EQ(proof.goal, Gtids("a:1-120"));
  EXPECT_EQ(WitnessOf(proof, 'c').lacks, Gtids("a:91-120"));
  EXPECT_FALSE(WitnessOf(proof, 'c').acknowledges_now);
}

TEST(DurabilityProofTest, BelowTheWatermarkNothingIsProven) {
  Scene scene("abc");
  scene.group().watermark = Gtids("a:1-200");
  const DurabilityProof proof = ProveDurability(scene.Dead('a'));
  EXPECT_EQ(ReasonOf(proof), "BELOW_WATERMARK");
  EXPECT_EQ(WitnessOf(proof, 'b').lacks, Gtids("a:101-200"));
}

TEST(DurabilityProofTest, AServerThatMayNotAcknowledgeIsAWitnessOfWhatItHolds) {
  Scene scene("abc");
  scene.Record('c').status = ServerStatus::kSpare;
  scene.Of('c').semi_sync = SemiSync();
  scene.Of('a').semi_sync.source_clients = 1;
  scene.group().acknowledgers.servers.erase(Id('c'));
  const DurabilityProof proof = ProveDurability(scene);
  EXPECT_FALSE(proof.doubt.has_value());
  const Witness spare = WitnessOf(proof, 'c');
  EXPECT_TRUE(spare.in_group && spare.reached);
  EXPECT_FALSE(spare.may_acknowledge || spare.counts());
  EXPECT_EQ(spare.unproven, "");
  EXPECT_EQ(spare.held, Gtids("a:1-100"));
}

TEST(DurabilityProofTest, AStrangerIsNamedAndNothingIsProvenAlthoughAFailoverIsNotRefused) {
  Scene scene("abc");
  const DurabilityProof proof = ProveDurability(Attach('f', &scene));
  ASSERT_EQ(ReasonOf(proof), "UNKNOWN_ACKNOWLEDGER");
  EXPECT_THAT(proof.doubt->servers, ElementsAre(Id('f')));
  EXPECT_THAT(WithLetters(proof.doubt->message), HasSubstr("f is no acknowledger"));
  EXPECT_THAT(proof.effective, HasSubstr("async: 3 semi-sync replicas are connected"));
  const Witness stranger = WitnessOf(proof, 'f');
  EXPECT_TRUE(stranger.may_acknowledge && stranger.acknowledges_now);
  EXPECT_FALSE(stranger.in_group || stranger.reached || stranger.counts());
  EXPECT_THAT(stranger.unproven, HasSubstr("not in the group"));
  EXPECT_EQ(proof.witnesses.size(), 3u);
}

TEST(DurabilityProofTest,
     WhereOneOfTwoStrangersOnlyReplicatesBothMayAndNeitherIsSaidToAcknowledge) {
  Scene scene("abc");
  Attach('f', &scene).snapshot().strangers->servers.push_back(Id('e'));
  const DurabilityProof proof = ProveDurability(scene);
  for (const char letter : {'e', 'f'}) {
    EXPECT_TRUE(WitnessOf(proof, letter).may_acknowledge);
    EXPECT_FALSE(WitnessOf(proof, letter).acknowledges_now);
  }
}

TEST(DurabilityProofTest, AStrangerOfTheGroupIsToldOnce) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('c'));
  scene.snapshot().strangers = Strangers{.connected = 2, .known = 1, .servers = {Id('c')}};
  const DurabilityProof proof = ProveDurability(scene);
  EXPECT_EQ(proof.witnesses.size(), 2u);
  EXPECT_TRUE(WitnessOf(proof, 'c').may_acknowledge && WitnessOf(proof, 'c').in_group);
  EXPECT_THAT(WitnessOf(proof, 'c').unproven, HasSubstr("not on record"));
}

TEST(DurabilityProofTest, AMissingAcknowledgerIsNamedBeforeAStranger) {
  Scene scene("abc");
  EXPECT_EQ(ReasonOf(ProveDurability(Attach('f', &scene).Silent('b'))), "NOT_REACHED_ACKNOWLEDGER");
}

TEST(DurabilityProofTest, CommitsThatDoNotWaitProveNothing) {
  Scene scene("abc");
  scene.Of('a').semi_sync.source_enabled = false;
  const DurabilityProof proof = ProveDurability(scene);
  ASSERT_EQ(ReasonOf(proof), "NOT_LOSSLESS");
  EXPECT_THAT(proof.doubt->message, HasSubstr("semi-synchronous replication is off on a:3306"));
  EXPECT_THAT(proof.doubt->servers, IsEmpty());
}

TEST(DurabilityProofTest, AnAsynchronousGroupHasNoProof) {
  Scene scene("abc");
  const DurabilityProof proof = ProveDurability(scene.Async());
  EXPECT_EQ(ReasonOf(proof), "NOT_LOSSLESS");
  EXPECT_EQ(proof.effective, "async");
  EXPECT_EQ(proof.wait_for, 0u);
  EXPECT_FALSE(WitnessOf(proof, 'b').may_acknowledge);
}

TEST(DurabilityProofTest, WithoutAPrimaryThereIsNothingToProve) {
  Scene scene("abc");
  scene.group().primary = ServerUuid();
  const DurabilityProof proof = ProveDurability(scene);
  EXPECT_EQ(ReasonOf(proof), "NO_PRIMARY");
  EXPECT_EQ(proof.witnesses.size(), 3u);
}

}  // namespace
}  // namespace weft::controller
