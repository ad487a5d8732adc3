#include "services/controller/core/errant.h"

#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Scene;

TEST(ErrantTest, NothingIsErrantInASettledGroup) {
  Scene scene("abc");
  EXPECT_TRUE(Errant(scene, Id('b')).Empty());
  EXPECT_TRUE(Errant(scene, Id('a')).Empty());
}

TEST(ErrantTest, WhatTheServerWroteItselfIsErrant) {
  Scene scene("abc");
  scene.Holds('b', "a:1-100,b:1-2");
  EXPECT_EQ(Errant(scene, Id('b')), Gtids("b:1-2"));
}

TEST(ErrantTest, WhatCameBeforeTheEpochIsExplained) {
  Scene scene("abc");
  scene.group().history.back().at_start = Gtids("a:1-10,c:1-7");
  scene.Holds('b', "a:1-100,c:1-8");
  EXPECT_EQ(Errant(scene, Id('b')), Gtids("c:8"));
}

TEST(ErrantTest, WhatThePrimaryWroteIsExplainedUnderAnyTagAndAlsoBeforeItIsCommitted) {
  Scene scene("abc");
  scene.Holds('b', "a:1-105,a:backup:1-3");
  EXPECT_TRUE(Errant(scene, Id('b')).Empty());
  scene.Dead('a');
  EXPECT_TRUE(Errant(scene, Id('b')).Empty());
}

TEST(ErrantTest, WhatAnAnsweringPrimaryHasIsExplainedWhoeverWroteIt) {
  Scene scene("abc");
  scene.Holds('a', "a:1-100,d:1-5");
  scene.Holds('b', "a:1-100,d:1-5");
  EXPECT_TRUE(Errant(scene, Id('b')).Empty());
  scene.Dead('a');
  EXPECT_EQ(Errant(scene, Id('b')), Gtids("d:1-5"));
}

TEST(ErrantTest, AnOldPrimaryIsErrantByWhatItCommittedAfterItsEpoch) {
  Scene scene("bac");
  scene.group().history.push_back(
      {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}});
  scene.Holds('a', "a:1-103");
  EXPECT_EQ(Errant(scene, Id('a')), Gtids("a:101-103"));
  EXPECT_EQ(HeldSound(scene, Id('a')), Gtids("a:1-100"));
}

TEST(ErrantTest, ThePrimaryOfRecordIsTheMeasureAndNeverErrantItself) {
  Scene scene("abc");
  scene.Of('a').received = Gtids("c:1-3");
  EXPECT_TRUE(Errant(scene, Id('a')).Empty());
}

TEST(ErrantTest, ReceivedCountsAsMuchAsExecuted) {
  Scene scene("abc");
  scene.Of('b').received = Gtids("a:1-100,c:1");
  EXPECT_EQ(Errant(scene, Id('b')), Gtids("c:1"));
}

TEST(ErrantTest, NothingIsErrantBeforeTheFirstEpochNorOnASilentServer) {
  Scene scene("abc");
  scene.Holds('b', "b:1-9");
  scene.group().history.clear();
  EXPECT_TRUE(Errant(scene, Id('b')).Empty());
  Scene silent("abc");
  silent.Silent('b');
  EXPECT_TRUE(Errant(silent, Id('b')).Empty());
}

}  // namespace
}  // namespace weft::controller
