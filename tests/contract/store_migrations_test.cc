// The state store's schema: made, migrated from each earlier version, refused when newer.
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysqld/testing/farm_fixture.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/migrations.h"
#include "tests/contract/store_server.h"
#include "tests/contract/store_server_sql.h"
#include "tests/contract/store_values.h"

namespace weft::controller {
namespace {

class StoreMigrationsTest : public ::testing::Test {
 protected:
  std::unique_ptr<mysql::Session> OpenSession() {
    mysql::ConnectOptions connect = options_.connect;
    connect.database = options_.database;
    absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
    EXPECT_EQ(Outcome(session), "OK");
    return session.ok() ? *std::move(session) : nullptr;
  }

  // What works only with a whole schema.
  void ExpectWorks(Store& store) {
    WEFT_EXPECT_OK(store.CreateGroup(group_));
    WEFT_EXPECT_OK(store.Apply(*store.Load("g"), SetAcknowledgers{{Uuid('a')}, {}}, At(1)));
    WEFT_EXPECT_OK(store.CreateOperation(MakeOperation("op")));
    WEFT_EXPECT_OK(store.AppendEvent({.text = "an event"}));
    WEFT_EXPECT_OK(store.CreateUser({.name = "jane", .roles = {"connector"}}));
    WEFT_EXPECT_OK(store.RenewLease(*store.ReadLease()));
  }

  StoreServer& server_ = StoreServer::Shared();
  MysqlStoreOptions options_ = server_.NewStore();
  Group group_ = [] {
    Group group;
    group.id = "g";
    return group;
  }();
};

TEST_F(StoreMigrationsTest, AStoreThatIsNotSetUpSaysSo) {
  MysqlStore store(options_);
  WEFT_ASSERT_OK(store.Schema());
  EXPECT_EQ(store.Schema()->found, 0);
  EXPECT_EQ(store.Schema()->expected, StoreSchemaVersion());
  EXPECT_EQ(Outcome(store.Load("g")), "FAILED_PRECONDITION NO_SCHEMA");
  EXPECT_EQ(Outcome(store.ReadLease()), "FAILED_PRECONDITION NO_SCHEMA");
  EXPECT_EQ(Outcome(store.AppendEvent({})), "FAILED_PRECONDITION NO_SCHEMA");
}

TEST_F(StoreMigrationsTest, EachEarlierVersionIsBroughtUpToThisOne) {
  for (size_t from = 0; from <= StoreMigrations().size(); ++from) {
    options_ = server_.NewStore();
    const std::vector<Migration> earlier(StoreMigrations().begin(),
                                         StoreMigrations().begin() + from);
    MysqlStoreOptions old = options_;
    old.migrations = &earlier;
    if (from > 0) {
      WEFT_ASSERT_OK(MysqlStore(old).SetUp());
    }
    MysqlStore store(options_);
    EXPECT_EQ(store.Schema()->found, static_cast<int>(from));
    if (from > 0 && from < StoreMigrations().size()) {
      EXPECT_EQ(Outcome(store.Load("g")), "FAILED_PRECONDITION SCHEMA_OLDER");
    }
    WEFT_ASSERT_OK(store.SetUp());
    EXPECT_EQ(store.Schema()->found, StoreSchemaVersion());
    ExpectWorks(store);
  }
}

TEST_F(StoreMigrationsTest, AServerOfBeforeThePromotionRulesIsNeutral) {
  const std::vector<std::string> added = SplitStatements(StoreMigrations()[2].sql);
  for (const size_t done : {size_t{0}, size_t{1}}) {
    options_ = server_.NewStore();
    const std::vector<Migration> earlier(StoreMigrations().begin(), StoreMigrations().begin() + 2);
    MysqlStoreOptions old = options_;
    old.migrations = &earlier;
    WEFT_ASSERT_OK(MysqlStore(old).SetUp());
    const auto session = OpenSession();
    ASSERT_NE(session, nullptr);
    WEFT_ASSERT_OK(session->Execute(store_server_sql::kCreateGroupOfVersion2));
    // A migration that was cut off has done some of it already.
    for (size_t i = 0; i < done; ++i) WEFT_ASSERT_OK(session->Execute(added[i]));
    MysqlStore store(options_);
    WEFT_ASSERT_OK(store.SetUp());
    const absl::StatusOr<Group> group = store.Load("of-before");
    WEFT_ASSERT_OK(group);
    ASSERT_EQ(group->servers.size(), 1u);
    EXPECT_EQ(group->servers[0].weight, 0.5);
    EXPECT_EQ(group->servers[0].promotion_rule, PromotionRule::kNeutral);
  }
}

TEST_F(StoreMigrationsTest, SettingUpAgainKeepsTheKeyOfTheUsers) {
  const std::vector<std::string> added = SplitStatements(StoreMigrations()[3].sql);
  const std::vector<Migration> earlier(StoreMigrations().begin(), StoreMigrations().begin() + 3);
  MysqlStoreOptions old = options_;
  old.migrations = &earlier;
  WEFT_ASSERT_OK(MysqlStore(old).SetUp());
  const auto session = OpenSession();
  ASSERT_NE(session, nullptr);
  // All of it was done by a set-up that died before it could say so.
  for (const std::string& statement : added) WEFT_ASSERT_OK(session->Execute(statement));
  const absl::StatusOr<std::string> key = server_.farm().Sql(
      0, absl::StrCat("SELECT secret_key FROM ", options_.database, ".user_state"));
  MysqlStore store(options_);
  WEFT_ASSERT_OK(store.SetUp());
  const auto users = store.LoadUsers(0);
  WEFT_ASSERT_OK(users);
  ASSERT_TRUE(users->has_value());
  EXPECT_EQ(absl::StrCat(absl::AsciiStrToUpper(absl::BytesToHexString((*users)->key)), "\n"), *key);
}

TEST_F(StoreMigrationsTest, AnotherStoreHasAnotherKeyAndAGreaterVersion) {
  MysqlStore store(options_);
  WEFT_ASSERT_OK(store.SetUp());
  const UserSet before = **store.LoadUsers(0);
  WEFT_ASSERT_OK(store.TearDown());
  WEFT_ASSERT_OK(store.SetUp());
  const UserSet after = **store.LoadUsers(0);
  EXPECT_NE(after.key, before.key);
  EXPECT_GT(after.version, before.version);
}

TEST_F(StoreMigrationsTest, AMigrationThatWasCutOffIsTakenUpAgain) {
  const std::vector<std::string> tables = SplitStatements(StoreMigrations()[0].sql);
  for (const size_t done : {size_t{1}, tables.size() / 2, tables.size()}) {
    options_ = server_.NewStore();
    // The table of versions is there, but for none of them.
    const std::vector<Migration> none;
    MysqlStoreOptions nothing = options_;
    nothing.migrations = &none;
    WEFT_ASSERT_OK(MysqlStore(nothing).SetUp());
    const auto session = OpenSession();
    ASSERT_NE(session, nullptr);
    for (size_t i = 0; i < done; ++i) WEFT_ASSERT_OK(session->Execute(tables[i]));
    MysqlStore store(options_);
    WEFT_ASSERT_OK(store.SetUp());
    ExpectWorks(store);
  }
}

TEST_F(StoreMigrationsTest, SettingUpAgainKeepsWhatIsStored) {
  MysqlStore store(options_);
  WEFT_ASSERT_OK(store.SetUp());
  ExpectWorks(store);
  const Group before = *store.Load("g");
  WEFT_ASSERT_OK(store.SetUp());
  EXPECT_EQ(*store.Load("g"), before);
}

TEST_F(StoreMigrationsTest, ANewerSchemaIsRefusedAndLeftAlone) {
  std::vector<Migration> newer = StoreMigrations();
  newer.push_back({StoreSchemaVersion() + 1, "future", "ALTER TABLE event ADD future INT;\n"});
  MysqlStoreOptions future = options_;
  future.migrations = &newer;
  WEFT_ASSERT_OK(MysqlStore(future).SetUp());

  MysqlStore store(options_);
  const absl::Status refused = store.SetUp();
  EXPECT_EQ(Outcome(refused), "FAILED_PRECONDITION SCHEMA_NEWER");
  const ErrorDetail detail = *GetErrorDetail(refused);
  EXPECT_EQ(detail.expected, absl::StrCat("schema version ", StoreSchemaVersion(), " or older"));
  EXPECT_EQ(detail.found, absl::StrCat("schema version ", StoreSchemaVersion() + 1));
  EXPECT_NE(detail.next_step, "");
  EXPECT_EQ(Outcome(store.Load("g")), "FAILED_PRECONDITION SCHEMA_NEWER");
  EXPECT_EQ(Outcome(store.CreateGroup(group_)), "FAILED_PRECONDITION SCHEMA_NEWER");
  EXPECT_EQ(store.Schema()->found, StoreSchemaVersion() + 1);
}

TEST_F(StoreMigrationsTest, AProgramOfBeforeWorksWithASchemaThatOnlyAdds) {
  std::vector<Migration> newer = StoreMigrations();
  newer.push_back({StoreSchemaVersion() + 1, "addition", "ALTER TABLE event ADD added INT;\n",
                   StoreSchemaVersion()});
  MysqlStoreOptions future = options_;
  future.migrations = &newer;
  WEFT_ASSERT_OK(MysqlStore(future).SetUp());
  MysqlStore store(options_);
  EXPECT_EQ(store.Schema()->found, StoreSchemaVersion() + 1);
  WEFT_EXPECT_OK(store.SetUp());
  EXPECT_EQ(store.Schema()->found, StoreSchemaVersion() + 1);
  WEFT_EXPECT_OK(store.CreateGroup(group_));

  // But not one of still before.
  const std::vector<Migration> older(StoreMigrations().begin(), StoreMigrations().begin() + 3);
  MysqlStoreOptions old = options_;
  old.migrations = &older;
  EXPECT_EQ(Outcome(MysqlStore(old).Load("g")), "FAILED_PRECONDITION SCHEMA_NEWER");
  EXPECT_EQ(Outcome(MysqlStore(old).SetUp()), "FAILED_PRECONDITION SCHEMA_NEWER");
}

TEST_F(StoreMigrationsTest, AMigrationThatFailsIsNotRecorded) {
  std::vector<Migration> broken = StoreMigrations();
  broken.push_back({StoreSchemaVersion() + 1, "broken", "DO 1;\nCREATE NONSENSE;\n"});
  MysqlStoreOptions options = options_;
  options.migrations = &broken;
  const absl::Status failed = MysqlStore(options).SetUp();
  EXPECT_FALSE(failed.ok());
  EXPECT_TRUE(absl::StrContains(failed.message(), "(broken)")) << failed;
  MysqlStore store(options_);
  EXPECT_EQ(store.Schema()->found, StoreSchemaVersion());
  ExpectWorks(store);
}

TEST_F(StoreMigrationsTest, SetUpsAtTheSameTimeTakeTurns) {
  std::vector<std::thread> controllers;
  controllers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    controllers.emplace_back([&] { WEFT_EXPECT_OK(MysqlStore(options_).SetUp()); });
  }
  for (std::thread& controller : controllers) controller.join();
  MysqlStore store(options_);
  ExpectWorks(store);
}

TEST_F(StoreMigrationsTest, ASetUpGivesUpWaitingForAnother) {
  mysql::ConnectOptions connect = options_.connect;
  const auto other = mysql::Session::Open(connect);
  WEFT_ASSERT_OK(other);
  WEFT_ASSERT_OK((*other)->Query(store_server_sql::kHoldSchemaLock, {options_.database}));
  options_.set_up_lock_wait = absl::Seconds(1);
  EXPECT_EQ(Outcome(MysqlStore(options_).SetUp()), "ABORTED SETUP_RUNNING");
}

TEST_F(StoreMigrationsTest, TheTablesOfOthersAreNotTouched) {
  server_.Sql(absl::StrCat("CREATE DATABASE ", options_.database, "; CREATE TABLE ",
                           options_.database, ".server (precious INT)"));
  MysqlStore store(options_);
  EXPECT_EQ(Outcome(store.SetUp()), "FAILED_PRECONDITION DATABASE_NOT_EMPTY");
  EXPECT_EQ(Outcome(store.TearDown()), "FAILED_PRECONDITION DATABASE_NOT_EMPTY");
  EXPECT_EQ(store.Schema()->found, 0);
  EXPECT_EQ(server_.Sql(absl::StrCat("SHOW TABLES IN ", options_.database)), "server\n");
}

TEST_F(StoreMigrationsTest, ATornDownStoreIsGoneAndMayBeSetUpAgain) {
  MysqlStore store(options_);
  WEFT_ASSERT_OK(store.SetUp());
  ExpectWorks(store);
  WEFT_ASSERT_OK(store.TearDown());
  WEFT_ASSERT_OK(store.TearDown());
  EXPECT_EQ(store.Schema()->found, 0);
  EXPECT_EQ(Outcome(store.Load("g")), "FAILED_PRECONDITION NO_SCHEMA");
  WEFT_ASSERT_OK(store.SetUp());
  ExpectWorks(store);
}

TEST_F(StoreMigrationsTest, AnAccountWithoutRightsIsToldWhatToGrant) {
  server_.Sql(std::string(store_server_sql::kCreatePoorUser));
  MysqlStoreOptions poor = options_;
  poor.connect.user = "weft_poor";
  const absl::Status refused = MysqlStore(poor).SetUp();
  EXPECT_EQ(Outcome(refused), "FAILED_PRECONDITION STORE_PRIVILEGES");
  EXPECT_EQ(GetErrorDetail(refused)->next_step, StoreGrant(options_.database, "weft_poor"));

  // What that account has is enough for everything but the tables.
  WEFT_ASSERT_OK(MysqlStore(options_).SetUp());
  MysqlStore store(poor);
  EXPECT_EQ(Outcome(store.Load("g")), "FAILED_PRECONDITION STORE_LOGIN");
  server_.Sql(absl::StrCat("GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON ", options_.database,
                           ".* TO weft_poor"));
  ExpectWorks(store);
  EXPECT_EQ(Outcome(store.TearDown()), "FAILED_PRECONDITION STORE_PRIVILEGES");
}

TEST_F(StoreMigrationsTest, AServerOfAnEarlierVersionIsNoStateStore) {
  const auto farm =
      testing::TestFarm::Start({.servers = 1, .version = "5.6", .role = InstanceRole::kStandalone});
  WEFT_ASSERT_OK(farm);
  options_.connect.port = (*farm)->server(0).port;
  options_.connect.user = (*farm)->app().user;
  options_.connect.password = (*farm)->app().password;
  EXPECT_EQ(Outcome(MysqlStore(options_).SetUp()), "FAILED_PRECONDITION STORE_VERSION");
}

}  // namespace
}  // namespace weft::controller
