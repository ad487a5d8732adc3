#include "services/controller/core/strangers.h"

#include "gtest/gtest.h"
#include "services/controller/core/durability.h"
#include "services/controller/core/fixture.h"
#include "services/controller/core/memory.h"

namespace weft::controller {
namespace {

using testing::Id;
using testing::Scene;

// A replica that is no business of the group; with semi-sync it is counted.
Scene& Attach(char letter, bool semi_sync, Scene* scene) {
  scene->Of('a').streaming_to.push_back(Id(letter));
  if (semi_sync) ++scene->Of('a').semi_sync.source_clients;
  return *scene;
}

// Looks at the scene once a second.
class Looks {
 public:
  Snapshot Next(const Scene& scene) {
    Snapshot snapshot = scene;
    now_ += absl::Seconds(1);
    Remember(now_, absl::UnixEpoch() + now_, absl::Seconds(10), &memory_, &snapshot);
    return snapshot;
  }
  Snapshot AfterAWhile(const Scene& scene) {
    for (int look = 0; look < 3; ++look) Next(scene);
    return Next(scene);
  }

 private:
  Memory memory_;
  absl::Duration now_ = absl::Seconds(100);
};

std::string TextOf(const Scene& scene) {
  Snapshot snapshot = scene;
  snapshot.strangers = FindStrangers(snapshot);
  return snapshot.strangers.has_value()
             ? testing::WithLetters(StrangersText(snapshot, *snapshot.strangers))
             : "";
}

TEST(StrangersTest, ThereAreNoneWhereTheAcknowledgersExplainTheCount) {
  EXPECT_EQ(TextOf(Scene("abc")), "");
}

TEST(StrangersTest, AForeignSemiSyncReplicaIsNamedByItsUuid) {
  Scene scene("abc");
  Attach('f', true, &scene);
  EXPECT_EQ(TextOf(scene),
            "3 semi-sync replicas are connected to a, 2 are known; f is no acknowledger of group "
            "g");
}

TEST(StrangersTest, OneThatOnlyReplicatesIsNobodysBusiness) {
  Scene scene("abc");
  Attach('f', false, &scene);
  EXPECT_EQ(TextOf(scene), "");
}

TEST(StrangersTest, WhichOfSeveralItIsMayNotBeKnown) {
  Scene scene("ab");
  Attach('f', false, &scene);
  Attach('e', true, &scene);
  EXPECT_EQ(TextOf(scene),
            "2 semi-sync replicas are connected to a, 1 is known; 1 of f, e is no acknowledger of "
            "group g");
  Attach('d', true, &scene);
  EXPECT_EQ(TextOf(scene),
            "3 semi-sync replicas are connected to a, 1 is known; 2 of f, e, d are no "
            "acknowledgers of group g");
}

TEST(StrangersTest, ACountThatNobodyExplainsIsToldWithoutAName) {
  Scene scene("ab");
  scene.Of('a').semi_sync.source_clients = 2;
  EXPECT_EQ(TextOf(scene), "2 semi-sync replicas are connected to a, 1 is known");
}

TEST(StrangersTest, AForeignOneDoesNotHideBehindAnAcknowledgerThatIsAway) {
  Scene scene("abc");
  Attach('f', true, &scene).Revoked('b').Of('a').semi_sync.source_clients = 2;
  EXPECT_EQ(TextOf(scene),
            "2 semi-sync replicas are connected to a, 1 is known; f is no acknowledger of group "
            "g");
}

TEST(StrangersTest, AForeignOneDoesNotHideBehindAnAcknowledgerThatSaysItIsNone) {
  Scene scene("abc");
  Attach('f', true, &scene).Of('a').semi_sync.source_clients = 2;
  scene.Of('b').semi_sync.replica_enabled = scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(TextOf(scene),
            "2 semi-sync replicas are connected to a, 1 is known; f is no acknowledger of group "
            "g");
}

TEST(StrangersTest, AnAcknowledgerThatIsSilentMayStillBeCounted) {
  Scene scene("abc");
  scene.Silent('b');
  EXPECT_EQ(TextOf(scene), "");
}

TEST(StrangersTest, AnAcknowledgerWhosePlaceInTheListAnotherTookIsKnown) {
  Scene scene("abc");
  std::erase(scene.Of('a').streaming_to, Id('b'));
  EXPECT_EQ(TextOf(scene), "");
}

TEST(StrangersTest, AServerOfTheGroupThatIsNotOnRecordIsAStrangerToo) {
  Scene scene("abc");
  scene.group().acknowledgers.servers.erase(Id('b'));
  EXPECT_EQ(TextOf(scene),
            "2 semi-sync replicas are connected to a, 1 is known; b is no acknowledger of group "
            "g");
  scene.Of('b').semi_sync.replica_enabled = scene.Of('b').semi_sync.replica_active = false;
  EXPECT_EQ(TextOf(scene), "2 semi-sync replicas are connected to a, 1 is known");
}

TEST(StrangersTest, WhereNothingWaitsForAnybodyThereAreNone) {
  Scene disarmed("abc");
  Attach('f', true, &disarmed).Of('a').semi_sync.source_enabled = false;
  EXPECT_EQ(TextOf(disarmed), "");
  Scene async("abc");
  EXPECT_EQ(TextOf(Attach('f', true, &async.Async())), "");
  Scene silent("abc");
  EXPECT_EQ(TextOf(Attach('f', true, &silent).Silent('a')), "");
}

TEST(StrangersTest, AreBelievedWhenTheyStay) {
  Looks looks;
  Scene scene("abc");
  Attach('f', true, &scene);
  for (int look = 0; look < 3; ++look) EXPECT_FALSE(looks.Next(scene).strangers.has_value());
  EXPECT_EQ(looks.Next(scene).strangers->servers, std::vector<ServerUuid>{Id('f')});
  EXPECT_FALSE(looks.Next(Scene("abc")).strangers.has_value());
  EXPECT_FALSE(looks.Next(scene).strangers.has_value()) << "they have to stay again";
}

TEST(StrangersTest, ANewLeaderDoesNotSayLosslessBeforeItKnowsThatThereAreNone) {
  Looks looks;
  Scene foreign("abc");
  Attach('f', true, &foreign);
  EXPECT_EQ(EffectiveDurability(looks.Next(foreign)).substr(0, 44),
            "async: it is not clear yet who acknowledges:");
  EXPECT_EQ(EffectiveDurability(looks.Next(Scene("abc"))), "lossless");
  EXPECT_EQ(EffectiveDurability(looks.Next(foreign)), "lossless") << "it may be there for a moment";
  Scene next("abc");
  next.group().epoch = 2;
  EXPECT_EQ(EffectiveDurability(looks.Next(Attach('f', true, &next))).substr(0, 6), "async:");
}

TEST(StrangersTest, AMomentInWhichAReplicaIsCountedTwiceIsNoStranger) {
  Looks looks;
  Scene twice("abc");
  twice.Of('a').semi_sync.source_clients = 3;
  for (int times = 0; times < 5; ++times) {
    EXPECT_FALSE(looks.Next(twice).strangers.has_value());
    EXPECT_FALSE(looks.Next(twice).strangers.has_value());
    EXPECT_FALSE(looks.Next(Scene("abc")).strangers.has_value());
  }
}

TEST(StrangersTest, AreRememberedWhileThePrimaryIsSilent) {
  Looks looks;
  Scene scene("abc");
  looks.AfterAWhile(Attach('f', true, &scene));
  Scene dead("abc");
  EXPECT_TRUE(looks.Next(dead.Dead('a')).strangers.has_value());
  EXPECT_FALSE(looks.Next(Scene("abc")).strangers.has_value());
}

TEST(StrangersTest, AreNotBelievedBecauseThePrimaryFellSilent) {
  Looks looks;
  Scene scene("abc");
  looks.Next(Attach('f', true, &scene));
  Scene dead("abc");
  EXPECT_FALSE(looks.AfterAWhile(dead.Dead('a')).strangers.has_value());
}

TEST(StrangersTest, AreForgottenWithTheirEpoch) {
  Looks looks;
  Scene scene("abc");
  looks.AfterAWhile(Attach('f', true, &scene));
  scene.group().epoch = 2;
  EXPECT_FALSE(looks.Next(scene).strangers.has_value());
}

}  // namespace
}  // namespace weft::controller
