#include "services/cli/fabric/settings.h"

#include <string>

#include "common/base/error_details.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/cli/fabric/option_rules.h"

namespace weft::cli::mysqlfabric {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Config Parsed(const std::string& text) {
  absl::StatusOr<Config> config = Config::Parse(text, "fabric.cfg");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *std::move(config) : Config();
}

Settings Read(const std::string& text) {
  const absl::StatusOr<Settings> settings = ReadSettings(Parsed(text), "/conf");
  EXPECT_TRUE(settings.ok()) << DescribeError(settings.status());
  return settings.value_or(Settings());
}

std::string Refused(const std::string& text) {
  const absl::StatusOr<Settings> settings = ReadSettings(Parsed(text), "/conf");
  EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return DescribeError(settings.status());
}

// What came with the original, comments left out.
constexpr char kShipped[] = R"(
[DEFAULT]
prefix = /usr
sysconfdir = /etc
logdir = /var/log

[statistics]
prune_time = 3600

[logging]
url = file:///var/log/fabric.log
level = INFO

[storage]
auth_plugin = mysql_native_password
database = fabric
user = fabric
address = localhost:3306
connection_delay = 1
connection_timeout = 6
password =
connection_attempts = 6

[failure_tracking]
notification_interval = 60
notification_clients = 50
detection_timeout = 1
detection_interval = 6
notifications = 300
detections = 3
failover_interval = 0
prune_time = 3600

[servers]
restore_user = fabric_restore
unreachable_timeout = 5
backup_password =
backup_user = fabric_backup
user = fabric
restore_password =
password =

[connector]
ttl = 1

[protocol.xmlrpc]
disable_authentication = no
ssl_cert =
realm = MySQL Fabric
ssl_key =
ssl_ca =
threads = 5
user = admin
address = localhost:32274
password =

[executor]
executors = 5

[sharding]
mysqldump_program = /usr/bin/mysqldump
mysqlclient_program = /usr/bin/mysql
prune_limit = 10000

[protocol.mysql]
disable_authentication = no
ssl_cert =
ssl_key =
ssl_ca =
user = admin
address = localhost:32275
password =
)";

TEST(SettingsTest, WithoutAFileTheOriginalsDefaultsHold) {
  const Settings settings = Read("");
  EXPECT_EQ(settings.store_address, "localhost:3306");
  EXPECT_EQ(settings.store.user, "fabric");
  EXPECT_EQ(settings.store_database, "fabric");
  EXPECT_FALSE(settings.store_password_given);
  EXPECT_EQ(settings.xmlrpc.address, "localhost:32274");
  EXPECT_EQ(settings.xmlrpc.account.user, "admin");
  EXPECT_TRUE(settings.xmlrpc.authenticates);
  EXPECT_FALSE(settings.xmlrpc.encrypts());
  EXPECT_FALSE(settings.mysql.has_value());
  EXPECT_EQ(settings.log_level, "info");
  EXPECT_EQ(settings.log_file, "/var/log/fabric.log");
  EXPECT_FALSE(settings.failover_interval.has_value());
  EXPECT_EQ(settings.ttl, 1);
  EXPECT_THAT(settings.controllers, ElementsAre("127.0.0.1:32280"));
}

TEST(SettingsTest, ReadsTheFileThatCameWithTheOriginal) {
  const Settings settings = Read(kShipped);
  ASSERT_TRUE(settings.mysql.has_value());
  EXPECT_EQ(settings.mysql->address, "localhost:32275");
  EXPECT_EQ(settings.backup.user, "fabric_backup");
  EXPECT_EQ(settings.replication.user, "fabric");
  EXPECT_EQ(settings.detections, 3);
  EXPECT_EQ(settings.detection_interval, absl::Seconds(6));
  EXPECT_EQ(settings.failover_interval, absl::ZeroDuration());
  EXPECT_TRUE(settings.store_password_given);
}

TEST(SettingsTest, AnAccountThatIsNotNamedIsThatOfTheServers) {
  const Settings settings = Read(
      "[servers]\nuser=u\npassword=p\nbackup_user=b\nrestore_user=u\nreplication_password=r\n");
  EXPECT_EQ(settings.backup.user, "b");
  EXPECT_EQ(settings.backup.password, "");
  EXPECT_EQ(settings.restore.user, "u");
  EXPECT_EQ(settings.restore.password, "p");
  EXPECT_EQ(settings.replication.user, "u");
  EXPECT_EQ(settings.replication.password, "r");
}

TEST(SettingsTest, ResolvesPathsFromTheFoldersTheyBelongTo) {
  const Settings settings = Read(
      "[DEFAULT]\nlogdir=/logs\n[logging]\nurl=file:f.log\n"
      "[protocol.xmlrpc]\nssl_ca=ca.pem\nssl_cert=/abs/cert.pem\nssl_key=key.pem\n");
  EXPECT_EQ(settings.log_file, "/logs/f.log");
  EXPECT_EQ(settings.xmlrpc.ssl_ca, "/conf/ca.pem");
  EXPECT_EQ(settings.xmlrpc.ssl_cert, "/abs/cert.pem");
  EXPECT_TRUE(settings.xmlrpc.encrypts());
}

TEST(SettingsTest, UnderstandsTheFormsOfUrlsAndLevels) {
  EXPECT_EQ(Read("[logging]\nurl=file:/a/b\n").log_file, "/a/b");
  EXPECT_EQ(Read("[logging]\nurl=file:////a/b\n").log_file, "/a/b");
  EXPECT_EQ(Read("[logging]\nurl=syslog:///dev/log\n").log_file, "");
  EXPECT_EQ(Read("[logging]\nlevel=critical\n").log_level, "error");
  EXPECT_EQ(Read("[logging]\nlevel=Warning\n").log_level, "warning");
}

TEST(SettingsTest, AddsThePortThatBelongsToAnAddress) {
  const Settings settings =
      Read("[storage]\naddress=db\n[protocol.xmlrpc]\naddress=[::1]\n[weft]\ncontroller=a, b:1\n");
  EXPECT_EQ(settings.store_address, "db:3306");
  EXPECT_EQ(settings.xmlrpc.address, "[::1]:32274");
  EXPECT_THAT(settings.controllers, ElementsAre("a:32280", "b:1"));
  EXPECT_EQ(Numeric("localhost:1"), "127.0.0.1:1");
  EXPECT_EQ(Numeric("localhost.example:1"), "localhost.example:1");
}

TEST(SettingsTest, RefusesBadValuesByName) {
  EXPECT_THAT(Refused("[connector]\nttl=soon\n"),
              AllOf(HasSubstr("connector.ttl"), HasSubstr("whole number"), HasSubstr("soon")));
  EXPECT_THAT(Refused("[connector]\nttl=-1\n"), HasSubstr("connector.ttl"));
  EXPECT_THAT(Refused("[failure_tracking]\ndetection_interval=1\n"), HasSubstr("from 2 up"));
  EXPECT_THAT(Refused("[protocol.xmlrpc]\naddress=a:b\n"), HasSubstr("host:port"));
  EXPECT_THAT(Refused("[protocol.xmlrpc]\ndisable_authentication=maybe\n"), HasSubstr("yes or no"));
  EXPECT_THAT(Refused("[logging]\nlevel=LOUD\n"), HasSubstr("logging.level"));
  EXPECT_THAT(Refused("[logging]\nurl=file://host/x\n"), HasSubstr("logging.url"));
  EXPECT_THAT(Refused("[logging]\nurl=http://x\n"), HasSubstr("logging.url"));
  EXPECT_THAT(Refused("[weft]\ncontroller=,\n"), HasSubstr("weft.controller"));
}

TEST(SettingsTest, HalfOfTheFilesForTlsIsRefusedInsteadOfSpeakingPlainText) {
  EXPECT_THAT(Refused("[protocol.xmlrpc]\nssl_ca=ca.pem\nssl_cert=cert.pem\n"),
              HasSubstr("ssl_key"));
  EXPECT_THAT(Refused("[protocol.xmlrpc]\nssl_key=key.pem\n"), HasSubstr("ssl_ca"));
}

TEST(OptionRulesTest, SaysNothingOfTheOriginalsOwnValuesUnlessAskedForAll) {
  const Config config = Parsed(kShipped);
  EXPECT_THAT(UselessOptions(config, false), IsEmpty());
  const auto all = UselessOptions(config, true);
  EXPECT_THAT(all, Contains(HasSubstr("executor.executors has no effect: groups are")));
  for (const std::string& line : all) EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(OptionRulesTest, WarnsOfWhatSomebodySetAndOfWhatNobodyKnows) {
  EXPECT_THAT(UselessOptions(Parsed("[executor]\nexecutors=10\n[storage]\naddress=h:1\n"
                                    "[storage]\nadress=h:1\n[plugin]\nx=1\n"),
                             false),
              ElementsAre(HasSubstr("executor.executors has no effect"),
                          HasSubstr("plugin.x is no known option"),
                          HasSubstr("storage.adress is no known option")));
}

TEST(OptionRulesTest, EveryOptionOfTheShippedFileIsKnownWithItsValue) {
  const Config config = Parsed(kShipped);
  for (const auto& [section, option] : config.Names()) {
    const OptionRule* rule = FindOptionRule(section, option);
    ASSERT_NE(rule, nullptr) << section << "." << option;
    ASSERT_NE(rule->shipped, nullptr) << section << "." << option;
    EXPECT_EQ(*config.Get(section, option), rule->shipped) << section << "." << option;
  }
}

}  // namespace
}  // namespace weft::cli::mysqlfabric
