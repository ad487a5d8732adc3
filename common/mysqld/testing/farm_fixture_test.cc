#include "common/mysqld/testing/farm_fixture.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/accounts.h"
#include "common/mysql/session.h"
#include "common/mysqld/files.h"
#include "common/mysqld/process.h"

namespace weft::testing {
namespace {

using mysql::Session;

class FarmTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto farm = TestFarm::Start({.servers = 2, .version = GetParam()});
    ASSERT_TRUE(farm.ok()) << farm.status();
    farm_ = std::move(*farm);
  }

  bool IsOld() const { return farm_->installation().version_number < 50700; }

  std::unique_ptr<Session> Login(int server, const TestAccount& account, int port = 0) {
    mysql::ConnectOptions options;
    options.host = farm_->server(server).host;
    options.port = port == 0 ? farm_->server(server).port : port;
    options.user = account.user;
    options.password = account.password;
    auto session = Session::Open(options);
    EXPECT_TRUE(session.ok()) << account.user << ": " << session.status();
    return session.ok() ? std::move(*session) : nullptr;
  }

  // Runs each statement; a statement that must be refused begins with "!".
  void Expect(Session& session, const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
      const bool refused = statement.front() == '!';
      const auto result = session.Query(statement.substr(refused ? 1 : 0));
      EXPECT_EQ(result.ok(), !refused) << statement << ": " << result.status();
    }
  }

  void MakePrimary(int server) {
    auto manage = Login(server, farm_->account(Duty::kManage));
    if (IsOld()) {
      Expect(*manage, {"SET GLOBAL read_only = OFF"});
    } else {
      Expect(*manage, {"SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF"});
    }
  }

  std::unique_ptr<TestFarm> farm_;
};

INSTANTIATE_TEST_SUITE_P(Versions, FarmTest, ::testing::Values("9.7", "5.6"), [](const auto& info) {
  return absl::StrCat("MySQL", info.param[0] == '9' ? 97 : 56);
});

TEST_P(FarmTest, EveryDutyLogsInAndRootOnlyOverTheSocket) {
  for (const Duty duty : kDuties) {
    EXPECT_NE(Login(0, farm_->account(duty)), nullptr);
    struct stat info;
    ASSERT_EQ(stat(farm_->account(duty).password_file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
  EXPECT_TRUE(farm_->Sql(0, "SELECT 1").ok());
  mysql::ConnectOptions root;
  root.port = farm_->server(0).port;
  root.user = "root";
  EXPECT_FALSE(Session::Open(root).ok());
  if (farm_->server(0).admin_port != 0) {
    root.port = farm_->server(0).admin_port;
    EXPECT_FALSE(Session::Open(root).ok());
  }
}

TEST_P(FarmTest, TheManagerManagesAndReadsNobodysTables) {
  MakePrimary(0);
  Expect(*Login(0, farm_->app()), {"CREATE TABLE app.t (id INT PRIMARY KEY)"});
  auto manage = Login(0, farm_->account(Duty::kManage));
  Expect(*manage, {"SHOW PROCESSLIST", "SELECT * FROM performance_schema.threads",
                   "SELECT user FROM mysql.user", "SELECT * FROM mysql.plugin",
                   "SET SESSION sql_log_bin = 0", "CREATE DATABASE weft_heartbeat",
                   "CREATE TABLE weft_heartbeat.b (id INT PRIMARY KEY)",
                   "INSERT INTO weft_heartbeat.b VALUES (1)", "DROP DATABASE weft_heartbeat",
                   "FLUSH BINARY LOGS", "!SELECT * FROM app.t", "!INSERT INTO app.t VALUES (1)",
                   "!CREATE DATABASE other", "!SELECT 1 INTO OUTFILE '/tmp/weft-x'"});
  if (IsOld()) {
    Expect(*manage, {"SHOW SLAVE STATUS", "SHOW MASTER STATUS", "SHOW SLAVE HOSTS", "STOP SLAVE",
                     "RESET SLAVE ALL", "RESET MASTER",
                     "SET PASSWORD FOR weft_backup = PASSWORD('changed')"});
  } else {
    Expect(*manage, {"SHOW REPLICA STATUS", "SHOW BINARY LOG STATUS", "SHOW REPLICAS",
                     "STOP REPLICA", "RESET REPLICA ALL", "RESET BINARY LOGS AND GTIDS",
                     "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'",
                     "INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'",
                     "INSTALL PLUGIN clone SONAME 'mysql_clone.so'",
                     "SET GLOBAL rpl_semi_sync_source_enabled = ON",
                     "SET GLOBAL rpl_semi_sync_source_enabled = OFF",
                     "SET GLOBAL offline_mode = ON", "SET GLOBAL offline_mode = OFF",
                     "SET PERSIST_ONLY super_read_only = ON", "RESET PERSIST super_read_only",
                     "ALTER USER weft_backup IDENTIFIED BY 'changed' RETAIN CURRENT PASSWORD",
                     "!ALTER USER root@localhost IDENTIFIED BY 'changed'",
                     "!GRANT SELECT ON app.* TO weft_manage", "!SHUTDOWN"});
    EXPECT_NE(Login(0, farm_->account(Duty::kManage), farm_->server(0).admin_port), nullptr);
  }
}

TEST_P(FarmTest, TheManagerEndsTheSessionsOfApplications) {
  auto victim = Login(0, farm_->app());
  auto manage = Login(0, farm_->account(Duty::kManage));
  Expect(*manage, {absl::StrCat("KILL ", victim->connection_id())});
  EXPECT_FALSE(victim->Query("SELECT 1").ok());
}

TEST_P(FarmTest, ReadOnlyBindsTheApplication) {
  auto app = Login(1, farm_->app());
  Expect(*app, {"!CREATE TABLE app.t (id INT PRIMARY KEY)", "!SET GLOBAL read_only = OFF",
                "!SHOW GRANTS FOR weft_manage"});
  MakePrimary(1);
  Expect(*app, {"CREATE TABLE app.t (id INT PRIMARY KEY)", "INSERT INTO app.t VALUES (1)",
                "!CREATE DATABASE other"});
}

TEST_P(FarmTest, AReplicaFollowsWithItsAccountAndTheMonitorSeesIt) {
  MakePrimary(0);
  Expect(*Login(0, farm_->app()),
         {"CREATE TABLE app.t (id INT PRIMARY KEY)", "INSERT INTO app.t VALUES (42)"});
  const TestAccount& replicate = farm_->account(Duty::kReplicate);
  const std::string source = absl::StrCat(
      IsOld() ? "CHANGE MASTER TO MASTER_" : "CHANGE REPLICATION SOURCE TO SOURCE_", "HOST='",
      farm_->server(0).host, IsOld() ? "', MASTER_PORT=" : "', SOURCE_PORT=", farm_->server(0).port,
      IsOld() ? ", MASTER_USER='" : ", SOURCE_USER='", replicate.user,
      IsOld() ? "', MASTER_PASSWORD='" : "', SOURCE_PASSWORD='", replicate.password,
      IsOld() ? "', MASTER_AUTO_POSITION=1" : "', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1");
  Expect(*Login(1, farm_->account(Duty::kManage)),
         {source, IsOld() ? "START SLAVE" : "START REPLICA"});

  auto monitor = Login(1, farm_->account(Duty::kMonitor));
  bool arrived = false;
  for (int i = 0; i < 200 && !arrived; ++i) {
    const auto rows = monitor->Query("SELECT id FROM app.t");
    arrived = rows.ok() && rows->size() == 1;
    if (!arrived) RealClock::Get()->Sleep(absl::Milliseconds(50));
  }
  EXPECT_TRUE(arrived);
  Expect(*monitor, {IsOld() ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS",
                    "!INSERT INTO app.t VALUES (1)", "!SELECT * FROM mysql.user",
                    "!SET GLOBAL read_only = OFF", IsOld() ? "!STOP SLAVE" : "!STOP REPLICA"});
  if (!IsOld()) {
    Expect(*monitor, {"SELECT * FROM performance_schema.replication_connection_status",
                      "SELECT * FROM performance_schema.replication_applier_status_by_worker",
                      "!SELECT * FROM performance_schema.threads"});
  }
}

TEST_P(FarmTest, AServerAddedLaterIsLikeTheOthers) {
  const auto index = farm_->AddServer({"max-connections=17"});
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(*index, 2);
  EXPECT_EQ(*farm_->Sql(*index, "SELECT @@max_connections"), "17\n");
  EXPECT_NE(Login(*index, farm_->account(Duty::kManage)), nullptr);
}

TEST_P(FarmTest, NothingIsLeftOfAFarm) {
  const std::string dir = farm_->dir();
  const auto process = IdentifyProcess(farm_->instance(0).Inspect().pid);
  ASSERT_TRUE(process.ok());
  farm_.reset();
  EXPECT_FALSE(IsAlive(*process));
  EXPECT_FALSE(Exists(dir));
}

// CLONE came with 8.0.17.
class CloneFarmTest : public FarmTest {};
INSTANTIATE_TEST_SUITE_P(Versions, CloneFarmTest, ::testing::Values("9.7"),
                         [](const auto&) { return "MySQL97"; });

TEST_P(CloneFarmTest, ACloneComesBackByItselfWithTheDonorsData) {
  for (const int server : {0, 1}) {
    MakePrimary(server);
    Expect(*Login(server, farm_->account(Duty::kManage)),
           {"INSTALL PLUGIN clone SONAME 'mysql_clone.so'",
            absl::StrCat("SET GLOBAL clone_valid_donor_list = '", farm_->server(0).address, "'")});
  }
  Expect(*Login(0, farm_->app()),
         {"CREATE TABLE app.t (id INT PRIMARY KEY)", "INSERT INTO app.t VALUES (42)"});
  const auto before = IdentifyProcess(farm_->instance(1).Inspect().pid);
  const TestAccount& donor = farm_->account(Duty::kBackup);
  const auto cloned = Login(1, farm_->account(Duty::kRestore))
                          ->Execute(absl::StrCat("CLONE INSTANCE FROM '", donor.user,
                                                 "'@'127.0.0.1':", farm_->server(0).port,
                                                 " IDENTIFIED BY '", donor.password, "'"));
  ASSERT_TRUE(WaitGone(*before, absl::Seconds(30)).ok()) << cloned;
  ASSERT_TRUE(farm_->instance(1).WaitReady(absl::Seconds(30)).ok());
  EXPECT_EQ(*farm_->Sql(1, "SELECT id FROM app.t"), "42\n");
  EXPECT_EQ(farm_->instance(1).Inspect().server_uuid, farm_->server(1).uuid);
  EXPECT_EQ(*farm_->Sql(1, "SELECT @@super_read_only"), "1\n");
}

}  // namespace
}  // namespace weft::testing
