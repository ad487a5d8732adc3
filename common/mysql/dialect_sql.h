#pragma once
// Every statement that differs between server versions, once and by name. Chosen by dialect.h.
#include "absl/strings/string_view.h"

namespace weft::mysql::statements {

// How the verbs of replication end: they act on the default channel, which is Weft's own, and on no
// other. Without it they act on all. Before 5.7.6 and on MariaDB it is left out (dialect.cc): there
// is one channel, without a name.
inline constexpr absl::string_view kForDefaultChannel = " FOR CHANNEL ''";

// 8.0.22 and later.
inline constexpr absl::string_view kShowReplicaStatus = "SHOW REPLICA STATUS";
inline constexpr absl::string_view kStartReplica = "START REPLICA FOR CHANNEL ''";
inline constexpr absl::string_view kStartReceiver = "START REPLICA IO_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kStartApplier = "START REPLICA SQL_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kStopReplica = "STOP REPLICA FOR CHANNEL ''";
inline constexpr absl::string_view kStopReceiver = "STOP REPLICA IO_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kStopApplier = "STOP REPLICA SQL_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kResetReplica = "RESET REPLICA FOR CHANNEL ''";
inline constexpr absl::string_view kResetReplicaAll = "RESET REPLICA ALL FOR CHANNEL ''";
inline constexpr absl::string_view kShowReplicas = "SHOW REPLICAS";

// Before 8.0.22.
inline constexpr absl::string_view kShowReplicaStatusOld = "SHOW SLAVE STATUS";
inline constexpr absl::string_view kStartReplicaOld = "START SLAVE FOR CHANNEL ''";
inline constexpr absl::string_view kStartReceiverOld = "START SLAVE IO_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kStartApplierOld = "START SLAVE SQL_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kStopReplicaOld = "STOP SLAVE FOR CHANNEL ''";
inline constexpr absl::string_view kStopReceiverOld = "STOP SLAVE IO_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kStopApplierOld = "STOP SLAVE SQL_THREAD FOR CHANNEL ''";
inline constexpr absl::string_view kResetReplicaOld = "RESET SLAVE FOR CHANNEL ''";
inline constexpr absl::string_view kResetReplicaAllOld = "RESET SLAVE ALL FOR CHANNEL ''";
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

inline constexpr absl::string_view kHasExecuted =
    "SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed) AS executed";

// The receiver's last sign of life from its source. One row per channel; `silence_us` is NULL when
// there was no event yet. Times never reached are zero, which GREATEST ignores. `heartbeat_ms` is
// how often a source with nothing to send is heard, 0 for never. 8.0 and later; 5.7 has no times of
// transactions, but sends heartbeats on an idle channel alike.
inline constexpr absl::string_view kReceiverProgress =
    "SELECT CHANNEL_NAME AS channel, RECEIVED_TRANSACTION_SET AS received,"
    " COUNT_RECEIVED_HEARTBEATS AS heartbeats,"
    " TIMESTAMPDIFF(MICROSECOND, NULLIF(GREATEST(LAST_HEARTBEAT_TIMESTAMP,"
    " LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP, QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP),"
    " '0000-00-00 00:00:00'), NOW(6)) AS silence_us,"
    " (SELECT ROUND(1000 * HEARTBEAT_INTERVAL)"
    " FROM performance_schema.replication_connection_configuration AS c"
    " WHERE c.CHANNEL_NAME = s.CHANNEL_NAME) AS heartbeat_ms"
    " FROM performance_schema.replication_connection_status AS s";
inline constexpr absl::string_view kReceiverProgressOld =
    "SELECT CHANNEL_NAME AS channel, RECEIVED_TRANSACTION_SET AS received,"
    " COUNT_RECEIVED_HEARTBEATS AS heartbeats,"
    " TIMESTAMPDIFF(MICROSECOND, NULLIF(LAST_HEARTBEAT_TIMESTAMP, '0000-00-00 00:00:00'), NOW(6))"
    " AS silence_us, (SELECT ROUND(1000 * HEARTBEAT_INTERVAL)"
    " FROM performance_schema.replication_connection_configuration AS c"
    " WHERE c.CHANNEL_NAME = s.CHANNEL_NAME) AS heartbeat_ms"
    " FROM performance_schema.replication_connection_status AS s";

}  // namespace weft::mysql::statements
