#include "services/gateway/commands/lookups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/manual_clock.h"
#include "services/gateway/commands/arguments.h"

namespace weft::gateway {
namespace {

using fabric::List;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LookupsTest : public testing::Test {
 protected:
  // Servers named "GROUP-N" at GROUP:N, with these statuses.
  void AddGroup(const std::string& id, const std::vector<ServerStatus>& statuses) {
    auto group = std::make_shared<RoutedGroup>();
    group->id = id;
    for (size_t i = 0; i < statuses.size(); ++i) {
      const auto port = static_cast<uint16_t>(i + 1);
      group->servers.push_back({absl::StrCat(id, "-", port), {id, port}, statuses[i]});
    }
    groups_[id] = group;
    routes_.Set(MakeRouteSnapshot(groups_));
  }
  std::vector<std::string> First(const std::string& method, const List& arguments) {
    const Reply reply = lookups_.Find(method, arguments);
    EXPECT_EQ(reply->error, "");
    std::vector<std::string> first;
    if (reply->sets.empty()) return first;
    for (const List& row : reply->sets[0].rows) first.push_back(TextOf(row[0]));
    return first;
  }

  ManualClock clock_;
  Routes routes_{&clock_};
  Lookups lookups_{&routes_, {}};
  std::map<std::string, std::shared_ptr<const RoutedGroup>> groups_;
};

TEST_F(LookupsTest, SaysThatNothingIsKnownBeforeTheFirstPush) {
  EXPECT_THAT(lookups_.Find("dump.servers", List(2))->error, HasSubstr("has told this gateway"));
  EXPECT_EQ(lookups_.Find("dump.fabric_nodes", List(1))->error, "");
}

TEST_F(LookupsTest, DumpsOnlyServersThatMayBeUsedInTheOrderOfGroupsAndAddresses) {
  AddGroup("b", {ServerStatus::kPrimary, ServerStatus::kFaulty, ServerStatus::kSpare});
  AddGroup("A", {ServerStatus::kConfiguring, ServerStatus::kSecondary});
  EXPECT_THAT(First("dump.servers", {{}, {""}}), ElementsAre("A-2", "b-1", "b-3"));
  EXPECT_THAT(First("group.lookup_servers", {{"b"}, {}, {}, {}}), ElementsAre("b-1", "b-2", "b-3"));
  EXPECT_THAT(First("group.lookup_servers", {{"b"}, {}, {"FAULTY"}, {}}), ElementsAre("b-2"));
  EXPECT_THAT(First("group.lookup_servers", {{"A"}, {}, {"configuring"}, {}}), ElementsAre("A-1"));
}

TEST_F(LookupsTest, MatchesEachPatternAnywhereInTheGroupsName) {
  for (const char* id : {"shop", "shops", "blog"}) AddGroup(id, {ServerStatus::kPrimary});
  EXPECT_THAT(First("dump.servers", {{}, {"hop"}}), ElementsAre("shop-1", "shops-1"));
  EXPECT_THAT(First("dump.servers", {{}, {" blog , shops,"}}), ElementsAre("blog-1", "shops-1"));
  EXPECT_THAT(First("dump.servers", {{}, {"blog,b%g"}}), ElementsAre("blog-1", "blog-1"));
  EXPECT_THAT(First("dump.servers", {{}, {"none"}}), ElementsAre());
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "a,";
  EXPECT_THAT(lookups_.Find("dump.servers", {{}, {many}})->error, HasSubstr("Too many patterns"));
}

TEST_F(LookupsTest, CountsServersByStatus) {
  AddGroup("g", {ServerStatus::kPrimary, ServerStatus::kSecondary, ServerStatus::kSecondary,
                 ServerStatus::kFaulty});
  const Reply reply = lookups_.Find("dump.health", List(2));
  ASSERT_THAT(reply->sets, SizeIs(1));
  EXPECT_EQ(reply->sets[0].rows,
            (std::vector<List>{{{"g"}, {int64_t{1}}, {int64_t{2}}, {int64_t{0}}, {int64_t{1}}}}));
}

TEST_F(LookupsTest, KeepsAnAnswerUntilTheTopologyChangesAndErrorsNever) {
  AddGroup("g", {ServerStatus::kPrimary});
  const auto made = [this](const List& arguments) {
    return lookups_.Find("group.lookup_servers", arguments).operator->();
  };
  const Reply held = lookups_.Find("group.lookup_servers", {{"g"}, {}, {}, {}});
  EXPECT_EQ(made({{"g"}, {}, {}, {}}), held.operator->());
  EXPECT_NE(made({{"g"}, {}, {"PRIMARY"}, {}}), held.operator->());
  AddGroup("h", {ServerStatus::kPrimary});
  EXPECT_NE(made({{"g"}, {}, {}, {}}), held.operator->());
  const Reply error = lookups_.Find("group.lookup_servers", {{"x"}, {}, {}, {}});
  EXPECT_NE(made({{"x"}, {}, {}, {}}), error.operator->());
}

TEST_F(LookupsTest, TellsArgumentsApartThatLookAlikeInARow) {
  AddGroup("g", {ServerStatus::kPrimary});
  EXPECT_EQ(lookups_.Find("group.lookup_servers", {{"g"}, {"g-1"}, {}, {}})->error, "");
  EXPECT_NE(lookups_.Find("group.lookup_servers", {{"g"}, {"g-1 0:0:"}, {}, {}})->error, "");
  EXPECT_EQ(lookups_.Find("group.lookup_servers", {{"g"}, {}, {"3"}, {}})->error, "");
  EXPECT_EQ(First("group.lookup_servers", {{"g"}, {}, {}, {"3"}}).size(), 0u);
}

TEST_F(LookupsTest, BoundsWhatItKeeps) {
  AddGroup("g", {ServerStatus::kPrimary});
  const Reply held = lookups_.Find("dump.servers", {{}, {"g"}});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(lookups_.Find("dump.servers", {{}, {absl::StrCat("g,", i)}})->error, "");
  }
  EXPECT_NE(lookups_.Find("dump.servers", {{}, {"g"}}).operator->(), held.operator->());
}

TEST_F(LookupsTest, FindsServersByUuidInAnyCaseAndByAddress) {
  AddGroup("g", {ServerStatus::kPrimary});
  EXPECT_EQ(lookups_.FindServer("G-1")->group, "g");
  EXPECT_EQ(lookups_.FindServer("g:1")->uuid, "g-1");
  EXPECT_FALSE(lookups_.FindServer("g:2").has_value());
  EXPECT_FALSE(lookups_.FindServer("").has_value());
}

}  // namespace
}  // namespace weft::gateway
