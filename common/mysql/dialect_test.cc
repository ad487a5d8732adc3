#include "common/mysql/dialect.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace weft::mysql {
namespace {

Dialect For(absl::string_view version) { return DialectFor(*ParseServerVersion(version)); }

TEST(DialectTest, FiveSixSpeaksTheOldWords) {
  const Dialect dialect = For("5.6.24-log");
  EXPECT_EQ(dialect.show_replica_status, "SHOW SLAVE STATUS");
  EXPECT_EQ(dialect.stop_receiver, "STOP SLAVE IO_THREAD");
  EXPECT_EQ(dialect.reset_replica_all, "RESET SLAVE ALL");
  EXPECT_EQ(dialect.show_binary_log_status, "SHOW MASTER STATUS");
  EXPECT_EQ(dialect.reset_binary_logs, "RESET MASTER");
  EXPECT_EQ(dialect.net_timeout, "slave_net_timeout");
  EXPECT_EQ(dialect.semisync.source_enabled, "rpl_semi_sync_master_enabled");
}

TEST(DialectTest, FiveSixLacksWhatSafetyRestsOn) {
  const Capabilities can = For("5.6.24").can;
  EXPECT_TRUE(can.gtid);
  EXPECT_FALSE(can.super_read_only || can.offline_mode || can.lossless_semisync ||
               can.receiver_only_change || can.set_persist || can.clone_plugin || can.admin_port ||
               can.replication_tables || can.wait_for_executed || can.alter_user_password);
}

TEST(DialectTest, NineSpeaksTheNewWordsAndCanAll) {
  const Dialect dialect = For("9.7.4");
  EXPECT_EQ(dialect.show_replica_status, "SHOW REPLICA STATUS");
  EXPECT_EQ(dialect.start_applier, "START REPLICA SQL_THREAD FOR CHANNEL ''");
  EXPECT_EQ(dialect.show_binary_log_status, "SHOW BINARY LOG STATUS");
  EXPECT_EQ(dialect.reset_binary_logs, "RESET BINARY LOGS AND GTIDS");
  EXPECT_EQ(dialect.net_timeout, "replica_net_timeout");
  EXPECT_EQ(dialect.semisync.source_library, "semisync_source.so");
  const Capabilities& can = dialect.can;
  EXPECT_TRUE(can.gtid && can.gtid_tags && can.super_read_only && can.offline_mode &&
              can.lossless_semisync && can.receiver_only_change && can.set_persist &&
              can.clone_plugin && can.admin_port && can.source_public_key && can.dual_password);
}

TEST(DialectTest, WordsChangeAtTheirOwnVersions) {
  EXPECT_EQ(For("8.0.21").start_replica, "START SLAVE FOR CHANNEL ''");
  EXPECT_EQ(For("8.0.22").start_replica, "START REPLICA FOR CHANNEL ''");
  EXPECT_FALSE(For("8.0.22").source_words);
  EXPECT_TRUE(For("8.0.23").source_words);
  EXPECT_EQ(For("8.0.25").semisync.source_plugin, "rpl_semi_sync_master");
  EXPECT_EQ(For("8.0.26").semisync.source_plugin, "rpl_semi_sync_source");
  EXPECT_EQ(For("8.1.0").show_binary_log_status, "SHOW MASTER STATUS");
  EXPECT_EQ(For("8.2.0").show_binary_log_status, "SHOW BINARY LOG STATUS");
  EXPECT_FALSE(For("8.0.23").can.clone_plugin);
  EXPECT_TRUE(For("8.0.24").can.clone_plugin);
  EXPECT_EQ(For("8.0.24").skip_replica_start, "skip_slave_start");
  EXPECT_TRUE(For("5.7.44").can.receiver_only_change);
}

TEST(DialectTest, UnknownLaterVersionsAreTakenAsTheNewest) {
  EXPECT_EQ(For("27.1.0").show_replica_status, "SHOW REPLICA STATUS");
  EXPECT_TRUE(For("27.1.0").can.gtid_tags);
}

TEST(DialectTest, NothingIsPromisedForMariaDb) {
  const Dialect dialect = For("5.5.5-10.11.19-MariaDB");
  EXPECT_EQ(dialect.show_replica_status, "SHOW SLAVE STATUS");
  EXPECT_FALSE(dialect.can.gtid);
  EXPECT_FALSE(dialect.source_words);
}

SourceChange Everything() {
  return {.host = "10.0.0.1",
          .port = 3306,
          .user = "weft_replicate",
          .password = "it's",
          .auto_position = true,
          .connect_retry = absl::Seconds(1),
          .retry_count = 86400,
          .heartbeat_period = absl::Milliseconds(500),
          .delay = absl::ZeroDuration(),
          .get_public_key = true,
          .tls = false,
          .tls_ca_file = "/ca.pem"};
}

TEST(DialectTest, ChangeSourceNamesOnlyWhatChanges) {
  EXPECT_EQ(For("9.7.4").ChangeSource({.host = "b", .port = 3307}),
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'b', SOURCE_PORT = 3307 FOR CHANNEL ''");
  EXPECT_EQ(For("9.7.4").ChangeSource({}), "");
}

TEST(DialectTest, ChangeSourceOfNineWritesEveryClause) {
  EXPECT_EQ(For("9.7.4").ChangeSource(Everything()),
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '10.0.0.1', SOURCE_PORT = 3306, "
            "SOURCE_USER = 'weft_replicate', SOURCE_PASSWORD = 'it\\'s', SOURCE_AUTO_POSITION = 1, "
            "SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 86400, "
            "SOURCE_HEARTBEAT_PERIOD = 0.500, SOURCE_DELAY = 0, SOURCE_SSL = 0, "
            "SOURCE_SSL_CA = '/ca.pem', GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL ''");
}

TEST(DialectTest, ChangeSourceOfFiveSixLeavesTheUnknownClauseOut) {
  EXPECT_EQ(For("5.6.24").ChangeSource(Everything()),
            "CHANGE MASTER TO MASTER_HOST = '10.0.0.1', MASTER_PORT = 3306, "
            "MASTER_USER = 'weft_replicate', MASTER_PASSWORD = 'it\\'s', MASTER_AUTO_POSITION = 1, "
            "MASTER_CONNECT_RETRY = 1, MASTER_RETRY_COUNT = 86400, "
            "MASTER_HEARTBEAT_PERIOD = 0.500, MASTER_DELAY = 0, MASTER_SSL = 0, "
            "MASTER_SSL_CA = '/ca.pem'");
}

// Without a name the verbs act on all channels, also on those of somebody else.
TEST(DialectTest, VerbsNameTheChannelWhereThereCanBeOthers) {
  EXPECT_EQ(For("5.7.5").reset_replica_all, "RESET SLAVE ALL");
  EXPECT_EQ(For("5.7.6").reset_replica_all, "RESET SLAVE ALL FOR CHANNEL ''");
  for (const char* version : {"5.7.44", "8.0.22", "9.7.4"}) {
    const Dialect dialect = For(version);
    for (const absl::string_view verb :
         {dialect.start_replica, dialect.start_receiver, dialect.start_applier,
          dialect.stop_replica, dialect.stop_receiver, dialect.stop_applier, dialect.reset_replica,
          dialect.reset_replica_all}) {
      EXPECT_TRUE(absl::EndsWith(verb, " FOR CHANNEL ''")) << version << ": " << verb;
    }
  }
  const Dialect nine = For("9.7.4");
  EXPECT_EQ(nine.ForChannel(nine.stop_replica, "it's"), "STOP REPLICA FOR CHANNEL 'it\\'s'");
  const Dialect five = For("5.6.24");
  EXPECT_EQ(five.ForChannel(five.stop_replica, ""), "STOP SLAVE");
}

TEST(DialectTest, FindsThePluginFamilyThatIsLoaded) {
  const ResultSet modern({"Variable_name", "Value"}, {{"rpl_semi_sync_source_enabled", "OFF"},
                                                      {"rpl_semi_sync_replica_enabled", "ON"}});
  EXPECT_EQ(FindSemiSync(modern).source, &kSemiSyncModern);
  EXPECT_EQ(FindSemiSync(modern).replica, &kSemiSyncModern);
  const ResultSet old({"Variable_name", "Value"}, {{"rpl_semi_sync_slave_enabled", "OFF"}});
  EXPECT_EQ(FindSemiSync(old).source, nullptr);
  EXPECT_EQ(FindSemiSync(old).replica, &kSemiSyncOld);
  EXPECT_EQ(FindSemiSync(ResultSet()).replica, nullptr);
}

}  // namespace
}  // namespace weft::mysql
