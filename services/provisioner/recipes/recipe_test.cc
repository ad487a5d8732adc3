#include "services/provisioner/recipes/recipe.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

Variables Good() {
  return {{"server_id", "7"},
          {"report_host", "db7"},
          {"log_bin", "ON"},
          {"gtid_mode", "ON"},
          {"enforce_gtid_consistency", "ON"},
          {"log_replica_updates", "ON"},
          {"sync_binlog", "1"},
          {"innodb_flush_log_at_trx_commit", "1"},
          {"relay_log_recovery", "ON"},
          {"replica_net_timeout", "10"},
          {"have_dynamic_loading", "YES"}};
}

std::vector<Deviation> With(const std::string& name, const std::string& value,
                            Role role = Role::kMember, int version = 90704) {
  Variables variables = Good();
  variables[name] = value;
  return CheckAgainst(role, version, variables);
}

TEST(RecipeTest, AServerAsTheRecipeHasItHasNoDeviation) {
  EXPECT_TRUE(CheckAgainst(Role::kMember, 90704, Good()).empty());
}

TEST(RecipeTest, EachDeviationSaysWhatMendsIt) {
  const std::vector<Deviation> found = With("sync_binlog", "0");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].sql, "SET PERSIST sync_binlog = 1");
  EXPECT_EQ(found[0].config, "sync_binlog=1");
  EXPECT_TRUE(found[0].required);
  EXPECT_FALSE(found[0].why.empty());
}

TEST(RecipeTest, WhatLosesCommitsIsRequiredOnlyWhereNoneMayBeLost) {
  EXPECT_FALSE(With("sync_binlog", "0", Role::kAsyncMember).at(0).required);
  EXPECT_TRUE(With("sync_binlog", "0", Role::kStandalone).empty());
}

TEST(RecipeTest, AVersionIsAskedForWhatItHasAndMendedAsItCanBe) {
  EXPECT_EQ(With("slave_net_timeout", "3600", Role::kMember, 50624).at(0).sql,
            "SET GLOBAL slave_net_timeout = 10");
  EXPECT_TRUE(With("slave_net_timeout", "3600").empty());
  EXPECT_EQ(With("gtid_mode", "OFF", Role::kMember, 50624).at(0).sql, "");
}

TEST(RecipeTest, WhatIsRequiredComesFirst) {
  Variables variables = Good();
  variables["replica_net_timeout"] = "60";
  variables["relay_log_recovery"] = "OFF";
  variables["server_id"] = "0";
  const std::vector<Deviation> found = CheckAgainst(Role::kMember, 90704, variables);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0].required && found[1].required && !found[2].required);
}

TEST(RecipeTest, TheRecipeOfAVersionHasNoNameItDoesNotKnow) {
  const std::string old = RenderRecipe(Role::kMember, 50624, 7, "db7");
  EXPECT_TRUE(absl::StrContains(old, "log_slave_updates=ON"));
  EXPECT_FALSE(absl::StrContains(old, "replica_"));
  EXPECT_FALSE(absl::StrContains(old, "super_read_only"));
  EXPECT_TRUE(
      absl::StrContains(RenderRecipe(Role::kMember, 90704, 7, "db7"), "log_replica_updates=ON\n"));
}

TEST(RecipeTest, WhatOnlyTheServerItselfKnowsIsLeftToBeFilledIn) {
  const std::string text = RenderRecipe(Role::kMember, 90704, 0, "");
  EXPECT_TRUE(absl::StrContains(text, "# server_id=NUMBER"));
  EXPECT_TRUE(absl::StrContains(text, "# report_host=HOST"));
}

TEST(RecipeTest, RolesAreNamed) {
  EXPECT_EQ(ParseRole(""), Role::kMember);
  EXPECT_EQ(ParseRole("ASYNC-member"), Role::kAsyncMember);
  EXPECT_EQ(ParseRole("king"), std::nullopt);
}

}  // namespace
}  // namespace weft::provisioner
