#include "services/controller/core/facts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/errant.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using ::testing::HasSubstr;
using testing::Id;
using ::testing::IsEmpty;
using testing::Scene;

// The connection broke in the middle of the look: some of it had been answered.
Scene Broken(char letter) {
  Scene scene("abc");
  scene.Of(letter).contact = Contact::kUnreachable;
  return scene;
}

TEST(FactsTest, AServerIsNamedByItsAddressOrElseByItsUuid) {
  Scene scene("ab");
  EXPECT_EQ(NameOf(scene.group(), Id('b')), "b:3306");
  scene.Record('b').address = HostPort();
  EXPECT_EQ(NameOf(scene.group(), Id('b')), Id('b').text());
  EXPECT_EQ(NameOf(scene.group(), Id('f')), Id('f').text());
  EXPECT_EQ(NameOf(scene.group(), ServerUuid()), "none");
  EXPECT_EQ(NamesOf(scene.group(), {}), "none");
  EXPECT_EQ(NamesOf(scene.group(), {Id('a'), Id('f')}), "a:3306, " + Id('f').text());
}

TEST(FactsTest, OfALongSetItsBeginningIsShownAndHowManyItHas) {
  EXPECT_EQ(Shown(Gtids("a:1-5")), Gtids("a:1-5").ToString());
  const std::string text = Shown(Gtids("a:1-5,b:1-5,c:1-5,d:1-5,e:1-5,f:1-5"));
  EXPECT_THAT(text, HasSubstr("... (30 transactions)"));
  EXPECT_LT(text.size(), 200u);
}

TEST(FactsTest, HalfAnAnswerSaysNothingOfWritability) {
  EXPECT_TRUE(IsFenced(Scene("abc").Of('b')));
  EXPECT_FALSE(IsFenced(Broken('b').Of('b')));
  EXPECT_TRUE(IsOpen(Scene("abc").Of('a')));
  EXPECT_FALSE(IsOpen(Broken('a').Of('a')));
  EXPECT_TRUE(IsArmed(Scene("abc").Of('a'), 1));
  EXPECT_FALSE(IsArmed(Broken('a').Of('a'), 1));
}

TEST(FactsTest, HalfAnAnswerSaysNothingOfAcknowledging) {
  EXPECT_EQ(CountAcknowledging(Broken('b')), 1);
  EXPECT_FALSE(ShouldAcknowledge(Broken('b'), Id('b')));
  EXPECT_FALSE(IsDispensable(Broken('b'), Id('c')));
}

TEST(FactsTest, HalfAnAnswerSaysNothingOfErrantTransactions) {
  Scene scene = Broken('b');
  scene.Holds('b', "b:1");
  EXPECT_THAT(Errant(scene, Id('b')).ToString(), IsEmpty());
}

TEST(FactsTest, EitherReadOnlyFlagKeepsClientsOut) {
  Scene scene("ab");
  scene.Of('a').super_read_only = true;
  EXPECT_FALSE(IsOpen(scene.Of('a')));
  scene.Of('a').super_read_only = false;
  scene.Of('a').read_only = true;
  EXPECT_FALSE(IsOpen(scene.Of('a')));
  EXPECT_FALSE(IsFenced(scene.Of('a')));
}

TEST(FactsTest, AReplicaPointsAtTheUuidItConnectedToOrElseAtTheAddress) {
  Scene scene("abc");
  EXPECT_TRUE(PointsAt(scene, Id('b'), Id('a')));
  Replication& replication = scene.Of('b').replication;
  replication.source = scene.Record('c').address;
  EXPECT_TRUE(PointsAt(scene, Id('b'), Id('a')));
  EXPECT_FALSE(PointsAt(scene, Id('b'), Id('c')));
  replication.source_uuid = ServerUuid();
  EXPECT_FALSE(PointsAt(scene, Id('b'), Id('a')));
  EXPECT_TRUE(PointsAt(scene, Id('b'), Id('c')));
  EXPECT_FALSE(PointsAt(scene, Id('b'), Id('f')));
}

TEST(FactsTest, NobodyIsPointedAtWithoutASourceOnRecord) {
  Scene scene("abc");
  scene.Of('b').replication.configured = false;
  EXPECT_FALSE(PointsAt(scene, Id('b'), Id('a')));
  scene.Of('b').replication = Replication{.configured = true};
  EXPECT_FALSE(PointsAt(scene, Id('b'), ServerUuid()));
}

TEST(FactsTest, AServerThatIsOnNoRecordIsFaultyAndAside) {
  Scene scene("ab");
  EXPECT_EQ(StatusOf(scene.group(), Id('f')), ServerStatus::kFaulty);
  EXPECT_TRUE(IsSetAside(scene.group(), Id('f')));
}

}  // namespace
}  // namespace weft::controller
