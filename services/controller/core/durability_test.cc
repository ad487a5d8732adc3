#include "services/controller/core/durability.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using ::testing::HasSubstr;
using testing::Id;
using testing::Scene;

TEST(DurabilityTest, IsLosslessWhenCommitsWaitWithoutEnd) {
  EXPECT_EQ(EffectiveDurability(Scene("abc")), "lossless");
}

TEST(DurabilityTest, IsWhatTheEpochHadWhileThePrimaryIsSilent) {
  Scene scene("abc");
  EXPECT_EQ(EffectiveDurability(scene.Dead('a')), "lossless");
  scene.group().acknowledgers.servers.clear();
  EXPECT_THAT(EffectiveDurability(scene), HasSubstr("async: no secondary"));
}

TEST(DurabilityTest, IsAsyncWhereThePolicySaysSo) {
  Scene scene("abc");
  EXPECT_EQ(EffectiveDurability(scene.Async()), "async");
}

TEST(DurabilityTest, IsNotLosslessWhileAStrangerMayAcknowledge) {
  Scene scene("abc");
  scene.snapshot().strangers = Strangers{.connected = 3, .known = 2, .servers = {Id('f')}};
  EXPECT_EQ(testing::WithLetters(EffectiveDurability(scene)),
            "async: 3 semi-sync replicas are connected to a, 2 are known; f is no acknowledger of "
            "group g");
  EXPECT_THAT(EffectiveDurability(scene.Dead('a')), HasSubstr("async: 3 semi-sync replicas"))
      << "it may have acknowledged the last commits";
}

TEST(DurabilityTest, SaysWhyItIsLessThanThePolicy) {
  Scene old("abc");
  EXPECT_EQ(EffectiveDurability(old.Version56()),
            "async: a:3306 (5.6.24) has no lossless semi-synchronous replication");
  Scene off("abc");
  off.Of('a').semi_sync.source_enabled = false;
  EXPECT_EQ(EffectiveDurability(off), "async: semi-synchronous replication is off on a:3306");
  Scene wrong("abc");
  wrong.group().acknowledgements = 2;
  EXPECT_EQ(EffectiveDurability(wrong), "async: a:3306 waits for 1 acknowledgements");
  Scene timeout("abc");
  timeout.Of('a').semi_sync.source_endless = false;
  EXPECT_THAT(EffectiveDurability(timeout), HasSubstr("and not for ever"));
  Scene fallen("abc");
  fallen.Of('a').semi_sync.source_active = false;
  EXPECT_THAT(EffectiveDurability(fallen), HasSubstr("has fallen back"));
  Scene none("abc");
  none.group().primary = ServerUuid();
  EXPECT_EQ(EffectiveDurability(none), "async: the group has no primary");
}

}  // namespace
}  // namespace weft::controller
