#include "common/mysql/replica_status.h"

#include <gtest/gtest.h>

#include <utility>

namespace weft::mysql {
namespace {

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

// A row from (column, value) pairs.
ResultSet Row(std::vector<std::pair<std::string, ResultSet::Cell>> cells) {
  std::vector<std::string> columns;
  ResultSet::RowData row;
  for (auto& [column, value] : cells) {
    columns.push_back(column);
    row.push_back(value);
  }
  return ResultSet(columns, {row});
}

ReplicaStatus Parsed(const ResultSet& rows) {
  const auto channels = ParseReplicaStatus(rows);
  EXPECT_TRUE(channels.ok()) << channels.status();
  EXPECT_EQ(channels.value().size(), 1u);
  return channels.value()[0];
}

TEST(ReplicaStatusTest, ReadsTheNewColumnNames) {
  const ReplicaStatus status = Parsed(Row({{"Replica_IO_State", "Waiting for source"},
                                           {"Source_Host", "127.0.0.1"},
                                           {"Source_User", "weft_replicate"},
                                           {"Source_Port", "3307"},
                                           {"Connect_Retry", "1"},
                                           {"Replica_IO_Running", "Yes"},
                                           {"Replica_SQL_Running", "Yes"},
                                           {"Seconds_Behind_Source", "4"},
                                           {"Source_SSL_Allowed", "Yes"},
                                           {"Source_Server_Id", "4294967295"},
                                           {"Source_UUID", kUuid},
                                           {"Retrieved_Gtid_Set", std::string(kUuid) + ":4-7"},
                                           {"Executed_Gtid_Set", std::string(kUuid) + ":1-6"},
                                           {"Auto_Position", "1"},
                                           {"SQL_Delay", "0"},
                                           {"Channel_Name", "ch"}}));
  EXPECT_EQ(status.channel, "ch");
  EXPECT_EQ(status.source_host, "127.0.0.1");
  EXPECT_EQ(status.source_port, 3307);
  EXPECT_EQ(status.source_uuid, kUuid);
  EXPECT_EQ(status.source_server_id, 4294967295u);
  EXPECT_EQ(status.receiver, ReceiverState::kRunning);
  EXPECT_TRUE(status.applier_running);
  EXPECT_TRUE(status.tls);
  EXPECT_EQ(status.retrieved.ToString(), std::string(kUuid) + ":4-7");
  EXPECT_EQ(status.executed.Count(), 6u);
  EXPECT_TRUE(status.auto_position);
  EXPECT_EQ(status.lag, absl::Seconds(4));
  EXPECT_EQ(status.delay, absl::ZeroDuration());
  EXPECT_EQ(status.connect_retry, absl::Seconds(1));
  EXPECT_EQ(status.filters, "");
}

TEST(ReplicaStatusTest, ReadsTheOldColumnNames) {
  const ReplicaStatus status = Parsed(Row({{"Master_Host", "db"},
                                           {"Master_Port", "3306"},
                                           {"Slave_IO_Running", "Connecting"},
                                           {"Slave_SQL_Running", "No"},
                                           {"Seconds_Behind_Master", std::nullopt},
                                           {"Last_IO_Errno", "2003"},
                                           {"Last_IO_Error", "error connecting"},
                                           {"Replicate_Ignore_DB", "test"},
                                           {"Master_UUID", kUuid}}));
  EXPECT_EQ(status.source_host, "db");
  EXPECT_EQ(status.receiver, ReceiverState::kConnecting);
  EXPECT_FALSE(status.applier_running);
  EXPECT_EQ(status.lag, std::nullopt);
  EXPECT_EQ(status.receiver_errno, 2003);
  EXPECT_EQ(status.receiver_error, "error connecting");
  EXPECT_EQ(status.filters, "Replicate_Ignore_DB=test");
  EXPECT_TRUE(status.executed.Empty());
}

TEST(ReplicaStatusTest, ASourceThatLetsNobodyInIsNotOneThatIsGone) {
  ReplicaStatus status;
  EXPECT_FALSE(LoginRefused(status));
  for (const int code : {1045, 3118, 2061}) {
    status.receiver_errno = code;
    EXPECT_TRUE(LoginRefused(status)) << code;
  }
  status.receiver_errno = 2003;
  EXPECT_FALSE(LoginRefused(status));
}

TEST(ReplicaStatusTest, TellsAFirstAttemptFromOneToReconnect) {
  ReplicaStatus status;
  EXPECT_FALSE(InFirstAttempt(status));
  status.receiver = ReceiverState::kConnecting;
  for (const char* text : {"Connecting to source", "Connecting to master", ""}) {
    status.receiver_text = text;
    EXPECT_TRUE(InFirstAttempt(status)) << text;
  }
  for (const char* text : {"Reconnecting after a failed source event read",
                           "Waiting to reconnect after a failed master event read"}) {
    status.receiver_text = text;
    EXPECT_FALSE(InFirstAttempt(status)) << text;
  }
  status.receiver_text = "Connecting to source";
  status.receiver_error = "error connecting to source";
  EXPECT_FALSE(InFirstAttempt(status));
}

TEST(ReplicaStatusTest, NoRowsMeanNoReplica) {
  EXPECT_TRUE(ParseReplicaStatus(ResultSet())->empty());
}

TEST(ReplicaStatusTest, RefusesForeignGtids) {
  EXPECT_EQ(ParseReplicaStatus(Row({{"Executed_Gtid_Set", "0-26301-5"}})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ReceiverProgressTest, KnowsHowLongTheSourceWasSilent) {
  const auto channels = ParseReceiverProgress(Row({{"channel", ""},
                                                   {"received", std::string(kUuid) + ":1-7"},
                                                   {"heartbeats", "12"},
                                                   {"silence_us", "250000"}}));
  ASSERT_TRUE(channels.ok()) << channels.status();
  EXPECT_EQ(channels->at(0).silence, absl::Milliseconds(250));
  EXPECT_EQ(channels->at(0).heartbeats, 12u);
  EXPECT_EQ(channels->at(0).received.Count(), 7u);
  const auto none = ParseReceiverProgress(Row({{"silence_us", std::nullopt}}));
  EXPECT_EQ(none->at(0).silence, std::nullopt);
}

TEST(ReceiverProgressTest, KnowsHowOftenASourceWithNothingToSendIsHeard) {
  const auto period = [](const char* milliseconds) {
    return ParseReceiverProgress(Row({{"heartbeat_ms", milliseconds}}))->at(0).heartbeat_period;
  };
  EXPECT_EQ(period("30000"), absl::Seconds(30));
  EXPECT_EQ(period("500"), absl::Milliseconds(500));
  EXPECT_EQ(period("0"), absl::InfiniteDuration());
}

}  // namespace
}  // namespace weft::mysql
