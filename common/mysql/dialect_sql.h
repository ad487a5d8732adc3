#pragma once
// Every statement that differs between server versions, once and by name. Chosen by dialect.h.
#include "absl/strings/string_view.h"

namespace weft::mysql::sql {

// 8.0.22 and later.
inline constexpr absl::string_view kShowReplicaStatus = "SHOW REPLICA STATUS";
inline constexpr absl::string_view kStartReplica = "START REPLICA";
inline constexpr absl::string_view kStartReceiver = "START REPLICA IO_THREAD";
inline constexpr absl::string_view kStartApplier = "START REPLICA SQL_THREAD";
inline constexpr absl::string_view kStopReplica = "STOP REPLICA";
inline constexpr absl::string_view kStopReceiver = "STOP REPLICA IO_THREAD";
inline constexpr absl::string_view kStopApplier = "STOP REPLICA SQL_THREAD";
inline constexpr absl::string_view kResetReplica = "RESET REPLICA";
inline constexpr absl::string_view kResetReplicaAll = "RESET REPLICA ALL";
inline constexpr absl::string_view kShowReplicas = "SHOW REPLICAS";

// Before 8.0.22, and MariaDB.
inline constexpr absl::string_view kShowReplicaStatusOld = "SHOW SLAVE STATUS";
inline constexpr absl::string_view kStartReplicaOld = "START SLAVE";
inline constexpr absl::string_view kStartReceiverOld = "START SLAVE IO_THREAD";
inline constexpr absl::string_view kStartApplierOld = "START SLAVE SQL_THREAD";
inline constexpr absl::string_view kStopReplicaOld = "STOP SLAVE";
inline constexpr absl::string_view kStopReceiverOld = "STOP SLAVE IO_THREAD";
inline constexpr absl::string_view kStopApplierOld = "STOP SLAVE SQL_THREAD";
inline constexpr absl::string_view kResetReplicaOld = "RESET SLAVE";
inline constexpr absl::string_view kResetReplicaAllOld = "RESET SLAVE ALL";
inline constexpr absl::string_view kShowReplicasOld = "SHOW SLAVE HOSTS";

// 8.2.0 and later; before.
inline constexpr absl::string_view kShowBinaryLogStatus = "SHOW BINARY LOG STATUS";
inline constexpr absl::string_view kShowBinaryLogStatusOld = "SHOW MASTER STATUS";
inline constexpr absl::string_view kResetBinaryLogs = "RESET BINARY LOGS AND GTIDS";
inline constexpr absl::string_view kResetBinaryLogsOld = "RESET MASTER";

// 8.0.23 and later; before.
inline constexpr absl::string_view kChangeSource = "CHANGE REPLICATION SOURCE TO ";
inline constexpr absl::string_view kChangeSourceOld = "CHANGE MASTER TO ";

// Waits until the server has executed a GTID set: 0 when it has, 1 when the time (seconds,
// fractions allowed from 8.0) ran out. From 5.7.5; before: NULL when the applier does not run, -1
// when the time ran out, else >= 0.
inline constexpr absl::string_view kWaitForExecuted =
    "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS waited";
inline constexpr absl::string_view kWaitForExecutedOld =
    "SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(?, ?) AS waited";

// The receiver's last sign of life from its source, 5.7 and later. One row per channel; the ages
// are NULL when there was no event yet, and are measured by the server's own clock.
inline constexpr absl::string_view kReceiverProgress =
    "SELECT CHANNEL_NAME AS channel, SOURCE_UUID AS source_uuid, SERVICE_STATE AS service_state,"
    " RECEIVED_TRANSACTION_SET AS received, COUNT_RECEIVED_HEARTBEATS AS heartbeats,"
    " IF(LAST_HEARTBEAT_TIMESTAMP = 0, NULL,"
    "    TIMESTAMPDIFF(MICROSECOND, LAST_HEARTBEAT_TIMESTAMP, NOW(6))) AS heartbeat_age_us"
    " FROM performance_schema.replication_connection_status";

}  // namespace weft::mysql::sql
