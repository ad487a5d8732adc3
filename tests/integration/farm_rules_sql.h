#pragma once

#include "absl/strings/string_view.h"

// What the farm's tests do to servers behind its back.
namespace weft::controller::test_sql {

inline constexpr absl::string_view kMayNotPersist =
    "SET SESSION sql_log_bin = 0; REVOKE PERSIST_RO_VARIABLES_ADMIN ON *.* FROM weft_manage";
// As somebody has set it up who named no period: half of the receiver's timeout.
inline constexpr absl::string_view kRareHeartbeats =
    "STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 30;"
    " START REPLICA IO_THREAD";
inline constexpr absl::string_view kRareHeartbeatsOld =
    "STOP SLAVE; CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD = 30; START SLAVE";
inline constexpr absl::string_view kNoHeartbeats =
    "STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 0;"
    " START REPLICA IO_THREAD";
// How many were ever made, the asking one included.
inline constexpr absl::string_view kConnections =
    "SELECT VARIABLE_VALUE FROM performance_schema.global_status"
    " WHERE VARIABLE_NAME = 'Connections'";
inline constexpr absl::string_view kReadOnly = "SELECT @@GLOBAL.read_only";
inline constexpr absl::string_view kInsertInLedger = "INSERT INTO app.ledger VALUES (?)";
inline constexpr absl::string_view kCommitting =
    "SELECT COUNT(*) FROM performance_schema.processlist WHERE INFO LIKE 'INSERT INTO app.ledger%'"
    " AND (STATE LIKE '%ACK%' OR STATE LIKE 'waiting for handler commit%')";
inline constexpr absl::string_view kHeldUp =
    "SELECT COUNT(*) FROM performance_schema.processlist WHERE ID = %d AND STATE LIKE 'Waiting "
    "for%%'";
inline constexpr absl::string_view kOfflineOn = "SET GLOBAL offline_mode = ON";
// One whom offline_mode does not cut off, and whom Weft's manage account may not kill.
inline constexpr absl::string_view kMakeAdministrator =
    "SET SESSION sql_log_bin = 0; CREATE USER dba@'%' IDENTIFIED BY 'dba';"
    " GRANT ALL ON *.* TO dba@'%'; GRANT SYSTEM_USER, CONNECTION_ADMIN ON *.* TO dba@'%'";
inline constexpr absl::string_view kLockLedger = "LOCK TABLES ledger WRITE";
inline constexpr absl::string_view kUnlock = "UNLOCK TABLES";
// Of Weft's account, apart from sessions at rest.
inline constexpr absl::string_view kStatementsUnderWay =
    "SELECT COUNT(*) FROM performance_schema.processlist"
    " WHERE USER = 'weft_manage' AND COMMAND <> 'Sleep'";
inline constexpr absl::string_view kDumpThread =
    "SELECT ID FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'";
inline constexpr absl::string_view kWriteTwoMegabytes =
    "CREATE TABLE app.wide (v LONGTEXT); INSERT INTO app.wide VALUES (REPEAT('x', 2000000))";
inline constexpr absl::string_view kRevokeReload =
    "SET SESSION sql_log_bin = 0; REVOKE RELOAD ON *.* FROM weft_manage";
inline constexpr absl::string_view kLogs = "SHOW BINARY LOGS";
// A transaction of 50 MB: it takes a while to be sent.
inline constexpr absl::string_view kMakeBig = "CREATE TABLE app.big (v LONGTEXT)";
inline constexpr absl::string_view kFillBig =
    "INSERT INTO app.big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 900) SELECT REPEAT('x', 60000) FROM n";
inline constexpr absl::string_view kAppliesUnfinished =
    "SELECT COUNT(*) AS holds FROM performance_schema.replication_applier_status_by_coordinator"
    " JOIN performance_schema.threads USING (THREAD_ID) WHERE PROCESSING_TRANSACTION <> ''"
    " AND PROCESSLIST_STATE LIKE '%has read all relay log%'";
inline constexpr absl::string_view kQueueing =
    "SELECT QUEUEING_TRANSACTION <> '' AS holds"
    " FROM performance_schema.replication_connection_status";
inline constexpr absl::string_view kHoldsNoLocks =
    "SELECT COUNT(*) = 0 AS holds FROM performance_schema.data_locks";
// A channel that somebody made for something else; nothing answers at its source.
inline constexpr absl::string_view kMakeTheirChannel =
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1, SOURCE_USER = 'they',"
    " SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'theirs';"
    " START REPLICA IO_THREAD FOR CHANNEL 'theirs'";
inline constexpr absl::string_view kTheirChannel =
    "SELECT SERVICE_STATE FROM performance_schema.replication_connection_status"
    " WHERE CHANNEL_NAME = 'theirs'";
inline constexpr absl::string_view kStopReplica = "STOP REPLICA";
inline constexpr absl::string_view kStopApplier = "STOP REPLICA SQL_THREAD";
inline constexpr absl::string_view kDropLedgerQuietly =
    "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0; DROP TABLE app.ledger;"
    " SET GLOBAL super_read_only = ON";
inline constexpr absl::string_view kFlushLogs = "FLUSH BINARY LOGS";
inline constexpr absl::string_view kMayBeNoDonor =
    "SET SESSION sql_log_bin = 0; REVOKE BACKUP_ADMIN ON *.* FROM weft_backup";
inline constexpr absl::string_view kDropBackupAccount =
    "SET SESSION sql_log_bin = 0; DROP USER weft_backup";
inline constexpr absl::string_view kTableOfAnotherEngine =
    "CREATE DATABASE old; CREATE TABLE old.notes (n INT) ENGINE = MyISAM";
// So that a small copy takes a while: 1 MiB a second.
inline constexpr absl::string_view kSlowClone =
    "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0;"
    " INSTALL PLUGIN clone SONAME 'mysql_clone.so'; SET GLOBAL clone_max_data_bandwidth = 1;"
    " SET GLOBAL clone_max_network_bandwidth = 1;"
    " SET GLOBAL clone_autotune_concurrency = OFF; SET GLOBAL clone_max_concurrency = 1;"
    " SET GLOBAL super_read_only = ON";
inline constexpr absl::string_view kDropOfCloned =
    "SELECT STATE FROM performance_schema.clone_progress WHERE STAGE = 'DROP DATA'";
inline constexpr absl::string_view kFullSpeedClone =
    "SET GLOBAL clone_max_data_bandwidth = 0, GLOBAL clone_max_network_bandwidth = 0";
inline constexpr absl::string_view kSuperReadOnly = "SELECT @@GLOBAL.super_read_only";
// Each lets a commit be told OK that nobody has acknowledged.
inline constexpr absl::string_view kFallBacks[] = {
    "SET GLOBAL rpl_semi_sync_source_timeout = 10000",
    "SET GLOBAL rpl_semi_sync_source_wait_no_replica = OFF",
    "SET GLOBAL rpl_semi_sync_source_wait_point = AFTER_COMMIT"};
inline constexpr absl::string_view kRevoke =
    "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0;"
    " REVOKE PROCESS ON *.* FROM weft_manage; DROP USER weft_replicate;"
    " SET GLOBAL super_read_only = ON";

}  // namespace weft::controller::test_sql
