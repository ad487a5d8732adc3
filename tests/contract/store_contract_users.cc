// Users: kept whole, changed one at a time, told apart by version.
#include "absl/strings/str_cat.h"
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

User FullUser(const std::string& name = "J.Doe-2@example_org") {
  User user;
  user.name = name;
  user.digest_ha1 = "00cbc25443a23a4928688b990f2c9489";
  user.native_hash = "14E65567ABDB5135D0CFD9A70B3032C179A49EE7";
  user.verifier = "scrypt$14$8$1$c2FsdA$a2V5";
  user.disabled = true;
  user.roles = {"connector", "observation"};
  return user;
}

UserSet AllUsers(Store& store) {
  const absl::StatusOr<std::optional<UserSet>> users = store.LoadUsers(0);
  EXPECT_EQ(Outcome(users), "OK");
  return users.ok() && users->has_value() ? **users : UserSet();
}

TEST_P(StoreContract, AStoreBeginsWithAKeyAndWithoutUsers) {
  const UserSet users = AllUsers(store());
  EXPECT_GT(users.version, 0u);
  EXPECT_EQ(users.key.size(), 32u);
  EXPECT_TRUE(users.users.empty());
}

TEST_P(StoreContract, AUserIsKeptWhole) {
  User user = FullUser();
  WEFT_ASSERT_OK(store().CreateUser(user));
  user.revision = 1;
  EXPECT_EQ(AllUsers(store()).users.at(user.name), user);
}

TEST_P(StoreContract, AUserMayHaveNoPasswordAndNoRole) {
  User user;
  user.name = "a";
  WEFT_ASSERT_OK(store().CreateUser(user));
  user.revision = 1;
  EXPECT_EQ(AllUsers(store()).users.at("a"), user);
}

TEST_P(StoreContract, AUsersNameIsTakenOnceAndKeepsItsLetterCase) {
  WEFT_ASSERT_OK(store().CreateUser(FullUser("jane")));
  EXPECT_EQ(Outcome(store().CreateUser(FullUser("jane"))), "ALREADY_EXISTS USER_EXISTS");
  WEFT_EXPECT_OK(store().CreateUser(FullUser("Jane")));
  EXPECT_EQ(AllUsers(store()).users.size(), 2u);
}

TEST_P(StoreContract, EachWriteOfAUserRaisesTheVersion) {
  const uint64_t begin = AllUsers(store()).version;
  EXPECT_FALSE(store().LoadUsers(begin)->has_value());
  WEFT_ASSERT_OK(store().CreateUser(FullUser()));
  ASSERT_TRUE(store().LoadUsers(begin)->has_value());
  uint64_t last = begin;
  const auto expect_risen = [&] {
    const uint64_t now = AllUsers(store()).version;
    EXPECT_GT(now, last);
    last = now;
  };
  expect_risen();
  User user = AllUsers(store()).users.at(FullUser().name);
  WEFT_ASSERT_OK(store().UpdateUser(user));
  expect_risen();
  WEFT_ASSERT_OK(store().SetUserKey(std::string(32, 'k')));
  expect_risen();
  WEFT_ASSERT_OK(store().DeleteUser(user.name, 2));
  expect_risen();
  // What failed changed nothing.
  EXPECT_EQ(Outcome(store().DeleteUser(user.name, 2)), "NOT_FOUND UNKNOWN_USER");
  EXPECT_FALSE(store().LoadUsers(last)->has_value());
}

TEST_P(StoreContract, AnUpdateReplacesAllOfAUser) {
  WEFT_ASSERT_OK(store().CreateUser(FullUser("jane")));
  WEFT_ASSERT_OK(store().CreateUser(FullUser("joe")));
  User user;
  user.name = "jane";
  user.verifier = "other";
  user.roles = {"superadmin"};
  user.revision = 1;
  WEFT_ASSERT_OK(store().UpdateUser(user));
  user.revision = 2;
  EXPECT_EQ(AllUsers(store()).users.at("jane"), user);
  EXPECT_EQ(AllUsers(store()).users.at("joe").roles.size(), 2u);
}

TEST_P(StoreContract, AUserThatMovedIsNotChanged) {
  WEFT_ASSERT_OK(store().CreateUser(FullUser("jane")));
  User user = FullUser("jane");
  user.roles = {"superadmin"};
  for (const uint64_t revision : {0, 2}) {
    user.revision = revision;
    EXPECT_EQ(Outcome(store().UpdateUser(user)), "ABORTED USER_MOVED");
    EXPECT_EQ(Outcome(store().DeleteUser("jane", revision)), "ABORTED USER_MOVED");
  }
  EXPECT_EQ(AllUsers(store()).users.at("jane").roles, FullUser().roles);
}

TEST_P(StoreContract, AUserThatIsNotThereCannotBeChanged) {
  EXPECT_EQ(Outcome(store().UpdateUser(FullUser("joe"))), "NOT_FOUND UNKNOWN_USER");
  EXPECT_EQ(Outcome(store().DeleteUser("joe", 1)), "NOT_FOUND UNKNOWN_USER");
  EXPECT_EQ(Outcome(store().DeleteUser("", 1)), "NOT_FOUND UNKNOWN_USER");
}

TEST_P(StoreContract, ADeletedUserMayComeBackWithoutItsRoles) {
  WEFT_ASSERT_OK(store().CreateUser(FullUser("jane")));
  WEFT_ASSERT_OK(store().DeleteUser("jane", 1));
  EXPECT_TRUE(AllUsers(store()).users.empty());
  User user;
  user.name = "jane";
  WEFT_ASSERT_OK(store().CreateUser(user));
  EXPECT_TRUE(AllUsers(store()).users.at("jane").roles.empty());
}

TEST_P(StoreContract, UsersThatNoStoreKeepsAreRefused) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string(65, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(store().CreateUser(FullUser(name)))) << name;
  }
  User user = FullUser();
  user.verifier = std::string(256, 'v');
  EXPECT_TRUE(absl::IsInvalidArgument(store().CreateUser(user)));
  user = FullUser();
  user.roles = {""};
  EXPECT_TRUE(absl::IsInvalidArgument(store().CreateUser(user)));
  EXPECT_TRUE(absl::IsInvalidArgument(store().SetUserKey("short")));
}

TEST_P(StoreContract, TheKeyOfTheUsersIsReplacedWhole) {
  const std::string key = std::string("\0\xff'\\", 4) + std::string(28, 'k');
  WEFT_ASSERT_OK(store().SetUserKey(key));
  EXPECT_EQ(AllUsers(store()).key, key);
}

}  // namespace
}  // namespace weft::controller
