#include "services/gateway/route_merge.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weft::gateway {
namespace {

constexpr char kUuid[] = "a1b2c3d4-0000-1111-2222-333344445555";

void AddGroup(const std::string& id, uint64_t epoch, v1::TopologyUpdate* update) {
  v1::GroupRoute* const group = update->add_groups();
  group->set_name(absl::StrCat("groups/", id));
  group->set_epoch(epoch);
}

v1::TopologyUpdate Whole(uint64_t version, bool leading, uint64_t epoch) {
  v1::TopologyUpdate update;
  update.set_version(version);
  update.set_leading(leading);
  update.set_complete(true);
  AddGroup("g", epoch, &update);
  return update;
}

uint64_t EpochOf(const RouteMerge& merge) { return merge.groups()->at("g")->epoch; }

TEST(RouteMergeTest, KnowsNothingBeforeAWholeTopology) {
  RouteMerge merge(2);
  v1::TopologyUpdate part = Whole(1, true, 1);
  part.set_complete(false);
  EXPECT_FALSE(merge.Take(0, part));
  EXPECT_FALSE(merge.groups().has_value());
  EXPECT_EQ(merge.heard(), 0);
  EXPECT_TRUE(merge.Take(0, Whole(2, true, 1)));
  EXPECT_EQ(merge.heard(), 1);
}

TEST(RouteMergeTest, ReadsServersAndKeepsTrafficFromWhatItDoesNotUnderstand) {
  v1::TopologyUpdate update = Whole(1, true, 3);
  v1::GroupRoute* const group = update.mutable_groups(0);
  group->set_primary(absl::StrCat("servers/", kUuid));
  group->set_description("shoes");
  group->set_active(true);
  v1::ServerRoute* const primary = group->add_servers();
  primary->set_uuid(kUuid);
  primary->set_address("db1:3307");
  primary->set_status(v1::PRIMARY);
  primary->set_mode(v1::READ_WRITE);
  primary->set_weight(0.5);
  v1::ServerRoute* const odd = group->add_servers();
  odd->set_uuid("00000000-0000-1111-2222-333344445555");
  odd->set_address("[::1]:3308");
  odd->set_status(static_cast<v1::ServerStatus>(77));
  odd->set_mode(static_cast<v1::ServerMode>(77));
  RouteMerge merge(1);
  ASSERT_TRUE(merge.Take(0, update));
  const RoutedGroup& read = *merge.groups()->at("g");
  EXPECT_EQ(read.primary, kUuid);
  EXPECT_EQ(read.description, "shoes");
  EXPECT_TRUE(read.active);
  ASSERT_EQ(read.servers.size(), 2u);
  EXPECT_EQ(read.servers[0].status, ServerStatus::kFaulty);
  EXPECT_EQ(read.servers[0].mode, ServerMode::kOffline);
  EXPECT_EQ(
      read.servers[1],
      (RoutedServer{kUuid, {"db1", 3307}, ServerStatus::kPrimary, ServerMode::kReadWrite, 0.5}));
}

TEST(RouteMergeTest, TheLeaderIsRightHoweverLateOthersSpeak) {
  RouteMerge merge(2);
  merge.Take(0, Whole(100, true, 2));
  EXPECT_FALSE(merge.Take(1, Whole(999, false, 1)));
  EXPECT_EQ(EpochOf(merge), 2u);
}

TEST(RouteMergeTest, OfTwoThatClaimToLeadTheLaterTermIsRight) {
  RouteMerge merge(2);
  merge.Take(0, Whole(100, true, 2));
  EXPECT_TRUE(merge.Take(1, Whole(200, true, 3)));
  EXPECT_FALSE(merge.Take(0, Whole(101, true, 2)));
  EXPECT_EQ(EpochOf(merge), 3u);
}

TEST(RouteMergeTest, AFollowerThatIsBehindTakesNoGroupBack) {
  RouteMerge merge(2);
  merge.Take(1, Whole(5, false, 1));
  merge.Take(0, Whole(100, true, 2));
  merge.Ended(0);
  EXPECT_EQ(merge.heard(), 1);
  EXPECT_EQ(EpochOf(merge), 2u);
  EXPECT_TRUE(merge.Take(1, Whole(6, false, 3)));
  EXPECT_EQ(EpochOf(merge), 3u);
}

TEST(RouteMergeTest, WhatWasKnownStaysWhileNobodyIsHeard) {
  RouteMerge merge(1);
  merge.Take(0, Whole(100, true, 2));
  EXPECT_FALSE(merge.Ended(0));
  EXPECT_EQ(merge.heard(), 0);
  EXPECT_EQ(EpochOf(merge), 2u);
}

TEST(RouteMergeTest, TheSameTopologyAgainIsNoChange) {
  RouteMerge merge(2);
  EXPECT_TRUE(merge.Take(0, Whole(100, true, 2)));
  EXPECT_FALSE(merge.Take(0, Whole(101, true, 2)));
  EXPECT_FALSE(merge.Take(1, Whole(200, true, 2)));
}

TEST(RouteMergeTest, ALeaderMakesADestroyedGroupAnew) {
  RouteMerge merge(1);
  merge.Take(0, Whole(100, true, 7));
  v1::TopologyUpdate removed;
  removed.set_leading(true);
  removed.set_version(101);
  removed.add_removed("groups/g");
  EXPECT_TRUE(merge.Take(0, removed));
  EXPECT_TRUE(merge.groups()->empty());
  v1::TopologyUpdate again;
  again.set_leading(true);
  again.set_version(102);
  AddGroup("g", 1, &again);
  EXPECT_TRUE(merge.Take(0, again));
  EXPECT_EQ(EpochOf(merge), 1u);
}

}  // namespace
}  // namespace weft::gateway
