#include "services/controller/core/rejoin.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/controller/core/fixture.h"

namespace weft::controller {
namespace {

using testing::Gtids;
using testing::Id;
using testing::Scene;

// Server a was the primary, has three transactions of its own, and is set aside for them.
Scene Aside(RejoinPolicy policy) {
  Scene scene("bac");
  scene.group().history.push_back(
      {.number = 2, .primary = Id('b'), .at_start = Gtids("a:1-100"), .started = {}});
  scene.group().acknowledgers.servers.erase(Id('a'));
  scene.group().settings.rejoin = policy;
  scene.Restarted('a').Of('a').replication = Replication();
  scene.Holds('a', "a:1-103");
  scene.Record('a').status = ServerStatus::kFaulty;
  scene.Record('a').set_aside = absl::StrCat("errant; ", kSavedAsSql, "c1:/a.sql");
  scene.Record('a').errant = Gtids("a:101-103").ToString();
  return scene;
}

TEST(RejoinTest, NothingIsDueUnlessThePolicySaysSo) {
  EXPECT_TRUE(RejoinsDue(Aside(RejoinPolicy::kManual)).empty());
  for (const RejoinPolicy policy :
       {RejoinPolicy::kRewind, RejoinPolicy::kRewindOrRebuild, RejoinPolicy::kRebuild}) {
    EXPECT_EQ(RejoinsDue(Aside(policy)), (std::vector<RejoinDue>{{Id('a'), policy}}));
  }
}

TEST(RejoinTest, HeartbeatsOfWeftsOwnBarNobody) {
  for (const RejoinPolicy policy : {RejoinPolicy::kManual, RejoinPolicy::kRebuild}) {
    Scene scene = Aside(policy);
    absl::StrAppend(&scene.Record('a').set_aside, "; ", kHeartbeatsAlone);
    EXPECT_EQ(RejoinsDue(scene), (std::vector<RejoinDue>{{Id('a'), RejoinPolicy::kRewind}}));
  }
}

TEST(RejoinTest, WhatFailedIsNotTriedAgainUnlessThePolicyWantsMore) {
  Scene scene = Aside(RejoinPolicy::kRewind);
  std::string& aside = scene.Record('a').set_aside;
  aside = AfterFailure(aside, kRewindFailed, "DDL");
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene.group().settings.rejoin = RejoinPolicy::kRewindOrRebuild;
  EXPECT_EQ(RejoinsDue(scene).size(), 1u);
  aside = AfterFailure(aside, kRebuildFailed, "no donor");
  EXPECT_EQ(aside, absl::StrCat("errant; ", kSavedAsSql, "c1:/a.sql; a rebuild failed: no donor"));
  EXPECT_TRUE(RejoinsDue(scene).empty());
  EXPECT_EQ(AfterFailure("", kRebuildFailed, "no donor"), "a rebuild failed: no donor");
}

TEST(RejoinTest, NothingIsUndoneOnTheWordOfARestoredRecord) {
  Scene scene = Aside(RejoinPolicy::kRewind);
  scene.group().restored = true;
  EXPECT_TRUE(RejoinsDue(scene).empty());
}

TEST(RejoinTest, WhatIsSavedNowhereIsNotUndone) {
  Scene scene = Aside(RejoinPolicy::kRewind);
  scene.Record('a').set_aside = "errant";
  EXPECT_TRUE(RejoinsDue(scene).empty());
}

TEST(RejoinTest, NothingIsDueInAWindowOfMaintenance) {
  for (const std::string& where : {std::string(), Id('a').text()}) {
    Scene scene = Aside(RejoinPolicy::kRewind);
    scene.snapshot().maintenance[where] = absl::Minutes(1);
    EXPECT_TRUE(RejoinsDue(scene).empty());
  }
}

TEST(RejoinTest, NothingIsDueInAGroupThatIsNotActiveOrHasNoPrimaryThatServes) {
  Scene scene = Aside(RejoinPolicy::kRewind);
  scene.group().active = false;
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Silent('b');
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Fenced('b');
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Promote('c');
  EXPECT_TRUE(RejoinsDue(scene).empty());
}

TEST(RejoinTest, OnlyAServerThatIsAsideFencedAndAloneIsDue) {
  Scene scene = Aside(RejoinPolicy::kRewind);
  scene.Record('a').status = ServerStatus::kConfiguring;  // it is under way
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Record('a').set_aside.clear();
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Of('a').read_only = scene.Of('a').super_read_only = false;
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Of('a').replication = scene.Of('c').replication;
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene = Aside(RejoinPolicy::kRewind);
  scene.Silent('a');
  EXPECT_TRUE(RejoinsDue(scene).empty());
}

TEST(RejoinTest, WhatIsNotOnRecordWaits) {
  Scene scene = Aside(RejoinPolicy::kRewind);
  scene.Holds('a', "a:1-104");
  EXPECT_TRUE(RejoinsDue(scene).empty());
  scene.Holds('a', "a:1-100");  // it has nothing of its own any more
  EXPECT_TRUE(RejoinsDue(scene).empty());
}
}  // namespace
}  // namespace weft::controller
