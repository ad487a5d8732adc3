#include "services/cli/fabric/node_plan.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

Settings Read(const std::string& text) {
  const absl::StatusOr<Config> config = Config::Parse(text, "fabric.cfg");
  EXPECT_TRUE(config.ok()) << config.status();
  const absl::StatusOr<Settings> settings = ReadSettings(*config, "/conf");
  EXPECT_TRUE(settings.ok()) << settings.status();
  return *settings;
}

constexpr char kFile[] = R"(
[storage]
address = localhost:3310
user = store
password = hush-store
database = meta
[servers]
user = admin
password = hush-servers
backup_user = dumper
backup_password = hush-backup
replication_user = copy
[protocol.xmlrpc]
address = localhost:32274
password = hush-admin
[protocol.mysql]
address = 0.0.0.0:32275
disable_authentication = yes
[logging]
level = DEBUG
[failure_tracking]
failover_interval = 30
detections = 3
detection_interval = 6
detection_timeout = 2
[connector]
ttl = 5
)";

TEST(NodePlanTest, StartsControllerMonitorAndGatewayInThisOrder) {
  const auto plan = PlanNode(Read(kFile), "/secret", "here");
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].name, "weft-controller");
  EXPECT_EQ(plan[1].name, "weft-monitor");
  EXPECT_EQ(plan[2].name, "weft-gateway");
  EXPECT_EQ(plan[0].health, "127.0.0.1:32280");
  EXPECT_EQ(plan[2].health, "127.0.0.1:32283");
  for (const NodeProcess& process : plan) {
    EXPECT_THAT(process.argv, Contains("--log-level=debug")) << process.name;
    EXPECT_THAT(process.argv, Contains("--admin-user=weft-node")) << process.name;
    EXPECT_THAT(process.argv, Contains("--admin-password-file=/secret/node")) << process.name;
  }
}

TEST(NodePlanTest, NoPasswordIsOnACommandLine) {
  for (const NodeProcess& process : PlanNode(Read(kFile), "/secret", "here")) {
    EXPECT_THAT(process.argv, Not(Contains(HasSubstr("hush")))) << process.name;
  }
}

TEST(NodePlanTest, PasswordsAreHandedOverInFilesAndEmptyOnesNotAtAll) {
  EXPECT_THAT(NodeSecrets(Read(kFile), "n"),
              ElementsAre(Pair("node", "n"), Pair("store", "hush-store"),
                          Pair("manage", "hush-servers"), Pair("backup", "hush-backup"),
                          Pair("restore", "hush-servers"), Pair("monitor", "hush-servers")));
  EXPECT_THAT(PlanNode(Read(kFile), "/secret", "here")[0].argv,
              AllOf(Contains("--replicate-user=copy"),
                    Not(Contains(StartsWith("--replicate-password-file")))));
}

TEST(NodePlanTest, TranslatesTheStoreAndTheAccounts) {
  EXPECT_THAT(PlanNode(Read(kFile), "/secret", "here")[0].argv,
              IsSupersetOf({"--listen=127.0.0.1:32280", "--name=controller-here",
                            "--store=127.0.0.1:3310", "--store-user=store",
                            "--store-password-file=/secret/store", "--store-database=meta",
                            "--manage-user=admin", "--manage-password-file=/secret/manage",
                            "--backup-user=dumper", "--restore-user=admin"}));
}

TEST(NodePlanTest, TranslatesTheTrackingOfFailures) {
  const auto plan = PlanNode(Read(kFile), "/secret", "here");
  EXPECT_THAT(plan[0].argv, IsSupersetOf({"--failover-cool-down=30s", "--monitor-ttl=6s"}));
  EXPECT_THAT(plan[1].argv, IsSupersetOf({"--period=2s", "--patience=6s", "--probe-deadline=2s",
                                          "--controller=127.0.0.1:32280"}));
  const auto usual = PlanNode(Read(""), "/secret", "here");
  EXPECT_THAT(usual[0].argv, Not(Contains(StartsWith("--failover-cool-down"))));
  EXPECT_THAT(usual[1].argv, Not(Contains(StartsWith("--period"))));
}

TEST(NodePlanTest, TranslatesTheThresholdsForReportsOfClients) {
  const auto plan = PlanNode(Read("[failure_tracking]\nnotifications=30\nnotification_clients = 5\n"
                                  "notification_interval=90\n"),
                             "/secret", "here");
  EXPECT_THAT(plan[0].argv, IsSupersetOf({"--threat-errors=30", "--threat-reporters=5",
                                          "--threat-interval=1m30s"}));
  EXPECT_THAT(PlanNode(Read(""), "/secret", "here")[0].argv,
              Not(Contains(StartsWith("--threat-"))));
}

TEST(NodePlanTest, TheGatewayListensWhereTheProtocolsSayAndTellsItAsItWasWritten) {
  EXPECT_THAT(PlanNode(Read(kFile), "/secret", "here")[2].argv,
              IsSupersetOf({"--xmlrpc-listen=127.0.0.1:32274", "--advertise-xmlrpc=localhost:32274",
                            "--xmlrpc-auth=true", "--mysql-listen=0.0.0.0:32275",
                            "--advertise-mysql=0.0.0.0:32275", "--mysql-auth=false", "--ttl=5",
                            "--allow-stop=true", "--http-listen=127.0.0.1:32270"}));
}

TEST(NodePlanTest, WithoutItsSectionMysqlRpcIsOff) {
  EXPECT_THAT(PlanNode(Read(""), "/secret", "here")[2].argv,
              AllOf(Contains("--mysql-listen="), Not(Contains(StartsWith("--mysql-auth"))),
                    Not(Contains(StartsWith("--xmlrpc-tls")))));
}

TEST(NodePlanTest, XmlrpcIsEncryptedWithTheFilesOfTheSection) {
  EXPECT_THAT(
      PlanNode(Read("[protocol.xmlrpc]\nssl_ca=a\nssl_cert=b\nssl_key=/k\n"), "/s", "here")[2].argv,
      IsSupersetOf({"--xmlrpc-tls-cert=/conf/b", "--xmlrpc-tls-key=/k"}));
}

TEST(NodePlanTest, SetUpIsTheControllerWithOneMoreWord) {
  const NodeProcess controller = PlanController(Read(kFile), "/secret", "here", "127.0.0.1:7");
  EXPECT_EQ(controller.health, "127.0.0.1:7");
  EXPECT_EQ(SetUpArguments(controller).back(), "--manage=setup");
  EXPECT_EQ(SetUpArguments(controller).size(), controller.argv.size() + 1);
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
