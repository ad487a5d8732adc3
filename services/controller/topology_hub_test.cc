#include "services/controller/topology_hub.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/base/manual_clock.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

Group WithEpoch(const std::string& id, uint64_t epoch) {
  Group group;
  group.id = id;
  group.epoch = epoch;
  return group;
}

class TopologyHubTest : public ::testing::Test {
 protected:
  std::shared_ptr<TopologyHub::Subscription> Watch(const std::set<std::string>& groups = {}) {
    return hub_.Subscribe(groups, [this] { ++ready_; });
  }

  ManualClock clock_;
  TopologyHub hub_{TopologyHub::Options(), &clock_};
  int ready_ = 0;
};

TEST_F(TopologyHubTest, SaysNothingBeforeTheGroupsWereRead) {
  const auto watcher = Watch();
  hub_.Publish(WithEpoch("g1", 1), false);
  EXPECT_FALSE(watcher->Take()->has_value());
  EXPECT_TRUE(absl::IsUnavailable(hub_.Get({}).status()));
  hub_.SetLoaded();
  EXPECT_EQ(ready_, 1);
  const auto update = *watcher->Take();
  EXPECT_TRUE(update->complete());
  ASSERT_EQ(update->groups_size(), 1);
  EXPECT_EQ(update->groups(0).name(), "groups/g1");
}

TEST_F(TopologyHubTest, SendsAWholeGroupForEachChangeOfItsRoute) {
  hub_.SetLoaded();
  const auto watcher = Watch();
  EXPECT_TRUE((*watcher->Take())->complete());
  hub_.Publish(WithEpoch("g1", 1), false);
  const auto first = *watcher->Take();
  EXPECT_FALSE(first->complete());
  EXPECT_EQ(first->groups(0).epoch(), 1u);
  Group same = WithEpoch("g1", 1);
  same.revision = 17;  // no part of a route
  hub_.Publish(same, false);
  EXPECT_FALSE(watcher->Take()->has_value());
  EXPECT_EQ(ready_, 1);
}

TEST_F(TopologyHubTest, CoalescesWhatASlowWatcherHasNotTaken) {
  hub_.SetLoaded();
  const auto watcher = Watch();
  (void)watcher->Take();
  for (uint64_t epoch = 1; epoch <= 100; ++epoch) hub_.Publish(WithEpoch("g1", epoch), false);
  const auto update = *watcher->Take();
  ASSERT_EQ(update->groups_size(), 1);
  EXPECT_EQ(update->groups(0).epoch(), 100u);
  EXPECT_EQ(update->version(), hub_.Get({})->version());
}

TEST_F(TopologyHubTest, NamesGroupsThatAreGone) {
  hub_.Publish(WithEpoch("g1", 1), false);
  hub_.SetLoaded();
  const auto watcher = Watch();
  (void)watcher->Take();
  hub_.Publish(WithEpoch("g1", 1), true);
  const auto update = *watcher->Take();
  ASSERT_EQ(update->removed_size(), 1);
  EXPECT_EQ(update->removed(0), "groups/g1");
  EXPECT_EQ(hub_.Get({})->groups_size(), 0);
}

TEST_F(TopologyHubTest, TellsOnlyOfGroupsThatWereAskedFor) {
  hub_.Publish(WithEpoch("g1", 1), false);
  hub_.Publish(WithEpoch("g2", 1), false);
  hub_.SetLoaded();
  const auto watcher = Watch({"g2"});
  EXPECT_EQ((*watcher->Take())->groups_size(), 1);
  hub_.Publish(WithEpoch("g1", 2), false);
  EXPECT_FALSE(watcher->Take()->has_value());
  EXPECT_EQ(hub_.Get({"g1"})->groups(0).epoch(), 2u);
}

TEST_F(TopologyHubTest, AWatcherThatTakesNothingForTooLongIsCutOff) {
  hub_.SetLoaded();
  const auto watcher = Watch();
  (void)watcher->Take();
  hub_.Publish(WithEpoch("g1", 1), false);
  clock_.Advance(absl::Seconds(11));
  hub_.Publish(WithEpoch("g1", 2), false);
  EXPECT_TRUE(absl::IsResourceExhausted(watcher->Take().status()));
  EXPECT_TRUE(absl::IsResourceExhausted(watcher->Take().status()));
}

TEST_F(TopologyHubTest, VersionsOfALaterTermAreGreater) {
  hub_.Lead(1);
  hub_.SetLoaded();
  hub_.Publish(WithEpoch("g1", 1), false);
  const uint64_t before = hub_.Get({})->version();
  hub_.Lead(2);
  hub_.Publish(WithEpoch("g1", 2), false);
  TopologyHub other(TopologyHub::Options(), &clock_);
  other.Lead(3);
  other.SetLoaded();
  EXPECT_GT(hub_.Get({})->version(), before);
  EXPECT_GT(other.Get({})->version(), hub_.Get({})->version());
}

TEST_F(TopologyHubTest, ASubscriptionThatIsDroppedCostsNothing) {
  hub_.SetLoaded();
  auto watcher = Watch();
  EXPECT_EQ(hub_.Subscribers(), 1u);
  watcher->Close();
  watcher.reset();
  hub_.Publish(WithEpoch("g1", 1), false);
  EXPECT_EQ(hub_.Subscribers(), 0u);
  EXPECT_EQ(ready_, 0);
}

TEST_F(TopologyHubTest, WatchersHearAtOnceWhetherTheControllerLeads) {
  hub_.Publish(WithEpoch("g1", 1), false);
  hub_.SetLoaded();
  const auto watcher = Watch();
  EXPECT_FALSE((*watcher->Take())->leading());
  hub_.Lead(4);
  const auto won = *watcher->Take();
  EXPECT_TRUE(won->leading());
  EXPECT_FALSE(won->complete());
  EXPECT_EQ(won->groups_size(), 0);
  EXPECT_TRUE(hub_.Get({})->leading());
  hub_.Follow();
  const auto lost = *watcher->Take();
  EXPECT_FALSE(lost->leading());
  EXPECT_EQ(lost->version(), won->version());
}

}  // namespace
}  // namespace weft::controller
