#include "services/gateway/permissions.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/access/roles.h"
#include "common/fabric/command_table.h"

namespace weft::gateway {
namespace {

// What each role of Fabric may execute beyond itself, by command group; of `superadmin` everything.
// Said here a second time, in other words, so that a slip in the table does not pass.
bool Expected(const std::string& role, const fabric::Command& command) {
  if (role == "superadmin") return true;
  if (role == "useradmin") return command.group == "user" || command.group == "role";
  if (role == "connector") return command.group == "dump" || command.group == "threat";
  if (role == "observation") {
    const std::set<std::string> may = {"group.lookup_groups", "group.lookup_servers",
                                       "group.health", "dump.health"};
    return may.count(command.method()) > 0;
  }
  return false;  // the roles of Weft's own processes execute none of Fabric's commands
}

std::shared_ptr<const UserSnapshot> OneUserForEachRole() {
  auto snapshot = std::make_shared<UserSnapshot>();
  for (const access::Role& role : access::AllRoles()) {
    const std::string name(role.name);
    snapshot->users[name] = User{.name = name, .roles = {name}};
  }
  snapshot->users["nobody"] = User{.name = "nobody"};
  return snapshot;
}

TEST(PermissionsTest, EachCommandRefusesEachRoleThatLacksTheRight) {
  Users users;
  users.Set(OneUserForEachRole());
  ASSERT_GE(fabric::Commands().size(), 65u);
  for (const fabric::Command& command : fabric::Commands()) {
    for (const access::Role& role : access::AllRoles()) {
      const std::string name(role.name);
      EXPECT_EQ(IsAllowed(users, name, command.method()), Expected(name, command))
          << name << " " << command.method();
    }
    EXPECT_FALSE(IsAllowed(users, "nobody", command.method())) << command.method();
    EXPECT_FALSE(IsAllowed(users, "stranger", command.method())) << command.method();
  }
}

TEST(PermissionsTest, NobodyIsKnownBeforeTheFirstPush) {
  const Users users;
  EXPECT_FALSE(IsAllowed(users, "superadmin", "manage.ping"));
}

TEST(PermissionsTest, WithoutALoginAllIsAllowed) {
  const Users users;
  EXPECT_TRUE(IsAllowed(users, "", "manage.teardown"));
}

}  // namespace
}  // namespace weft::gateway
