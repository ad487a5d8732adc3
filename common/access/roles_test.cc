#include "common/access/roles.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::access {
namespace {

bool May(const std::string& role, const std::string& command) {
  return MayCall(std::vector<std::string>{role}, command);
}

TEST(RolesTest, NobodyMayAnythingWithoutARole) {
  EXPECT_FALSE(MayCall(std::vector<std::string>{}, "manage.ping"));
  EXPECT_FALSE(May("", "manage.ping"));
  EXPECT_FALSE(May("nonesuch", "manage.ping"));
}

TEST(RolesTest, ASuperadminMayAll) {
  EXPECT_TRUE(May("superadmin", "manage.teardown"));
  EXPECT_TRUE(May("superadmin", "whatever.comes"));
}

TEST(RolesTest, FabricsRolesHaveFabricsRights) {
  EXPECT_TRUE(May("connector", "dump.servers"));
  EXPECT_TRUE(May("connector", "threat.report_failure"));
  EXPECT_FALSE(May("connector", "group.lookup_servers"));
  EXPECT_FALSE(May("connector", "user.list"));
  EXPECT_TRUE(May("useradmin", "user.add"));
  EXPECT_TRUE(May("useradmin", "role.list"));
  EXPECT_FALSE(May("useradmin", "dump.servers"));
  EXPECT_TRUE(May("observation", "group.lookup_groups"));
  EXPECT_TRUE(May("observation", "dump.health"));
  EXPECT_FALSE(May("observation", "dump.servers"));
  EXPECT_FALSE(May("observation", "group.promote"));
}

TEST(RolesTest, AdministeringUsersDoesNotShowTheirSecrets) {
  EXPECT_FALSE(May("useradmin", "gateway.watch_users"));
  EXPECT_FALSE(May("useradmin", "gateway.act_for_others"));
  EXPECT_TRUE(May("gateway", "gateway.watch_users"));
}

TEST(RolesTest, SeveralRolesAddUp) {
  const std::vector<std::string> roles = {"connector", "observation"};
  EXPECT_TRUE(MayCall(roles, "dump.servers"));
  EXPECT_TRUE(MayCall(roles, "group.health"));
  EXPECT_FALSE(MayCall(roles, "group.add"));
}

TEST(RolesTest, AComponentIsNoPrefix) {
  EXPECT_FALSE(May("connector", "dumper.servers"));
  EXPECT_FALSE(May("connector", "dump"));
  EXPECT_FALSE(May("observation", "group."));
}

TEST(RolesTest, ARefusalCanNameWhoWouldBeAllowed) {
  EXPECT_EQ(RolesWith({"dump", "servers"}), (std::vector<std::string>{"superadmin", "connector"}));
  EXPECT_EQ(ToString({"", ""}), "core");
  EXPECT_EQ(ToString({"dump", ""}), "core.dump");
  EXPECT_EQ(ToString({"group", "health"}), "core.group.health");
}

TEST(RolesTest, RolesThatLeadToEveryRightAreMarked) {
  for (const Role& role : AllRoles()) {
    EXPECT_EQ(IsAllPowerful(role.name), May(std::string(role.name), "gateway.act_for_others"))
        << role.name;
  }
}

}  // namespace
}  // namespace weft::access
