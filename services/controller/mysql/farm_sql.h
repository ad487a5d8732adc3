#pragma once
// Every statement that Weft sends to the servers of a farm and that all versions spell alike. What
// differs between versions stands in common/mysql/dialect_sql.h.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weft::controller::sql {

// --- looking

// Once per session. Followed by kAdminColumns where the version has an administrative interface.
inline constexpr absl::string_view kWho =
    "SELECT @@GLOBAL.server_uuid AS uuid, @@GLOBAL.port AS port";
inline constexpr absl::string_view kAdminColumns =
    ", @@GLOBAL.admin_address AS admin_address, @@GLOBAL.admin_port AS admin_port";
inline constexpr absl::string_view kUuid = "SELECT @@GLOBAL.server_uuid AS uuid";

// At each look, followed by those of the lists below that the server has.
inline constexpr absl::string_view kState =
    "SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged,"
    " @@GLOBAL.read_only AS read_only";
inline constexpr absl::string_view kExecuted = "SELECT @@GLOBAL.gtid_executed AS executed";
inline constexpr absl::string_view kSuperReadOnlyColumn =
    ", @@GLOBAL.super_read_only AS super_read_only";

// What the source's thread for acknowledgements does; has kAcknowledging in it while it attends to
// replicas, also to those that have left.
inline constexpr absl::string_view kAcknowledging = "ACK";
inline constexpr absl::string_view kAcknowledgementThreadColumn =
    ", (SELECT MAX(PROCESSLIST_STATE) FROM performance_schema.threads"
    " WHERE NAME = 'thread/semisync/Ack_receiver') AS acknowledgement_thread";

inline constexpr absl::string_view kSemiSyncVariables =
    "SHOW GLOBAL VARIABLES LIKE 'rpl\\_semi\\_sync\\_%'";
inline constexpr absl::string_view kSemiSyncStatus =
    "SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'";
// Of the status variable, in either family, that counts commits that wait.
inline constexpr absl::string_view kWaitSessionsSuffix = "_wait_sessions";
// Before 5.7 the only trace of a heartbeat.
inline constexpr absl::string_view kHeartbeatCount =
    "SHOW GLOBAL STATUS LIKE 'Slave\\_received\\_heartbeats'";

// Where the present value of a variable comes from (8.0 on), and what a restart will bring.
inline constexpr absl::string_view kVariableSource =
    "SELECT VARIABLE_SOURCE AS source, VARIABLE_PATH AS path"
    " FROM performance_schema.variables_info WHERE VARIABLE_NAME = ?";
inline constexpr absl::string_view kPersisted =
    "SELECT VARIABLE_NAME AS name, VARIABLE_VALUE AS value"
    " FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = ?";

// A transaction that changes nothing on any server, for commits that wait for the next one.
inline constexpr absl::string_view kNudge = "DROP TABLE IF EXISTS weft_nudge.nothing";

inline constexpr absl::string_view kProcesses = "SHOW PROCESSLIST";
inline constexpr absl::string_view kKill = "KILL ?";
// The coordinator of a multi-threaded applier; no row when it does not run or is none.
inline constexpr absl::string_view kCoordinator =
    "SELECT t.PROCESSLIST_ID AS id, t.PROCESSLIST_STATE AS state,"
    " c.PROCESSING_TRANSACTION AS transaction"
    " FROM performance_schema.replication_applier_status_by_coordinator AS c"
    " JOIN performance_schema.threads AS t ON t.THREAD_ID = c.THREAD_ID"
    " WHERE c.CHANNEL_NAME = '' AND c.SERVICE_STATE = 'ON'";
inline constexpr absl::string_view kThread =
    "SELECT PROCESSLIST_ID AS id FROM performance_schema.threads WHERE PROCESSLIST_ID = ?";
// "Replica has ...", before 8.0.26 "Slave has ...".
inline constexpr absl::string_view kReadAllRelayLog = "has read all relay log";

// --- fencing

inline constexpr absl::string_view kReadOnlyState =
    "SELECT @@GLOBAL.read_only AS read_only, @@GLOBAL.super_read_only AS super_read_only,"
    " @@GLOBAL.offline_mode AS offline_mode";
// Before 5.7.8.
inline constexpr absl::string_view kReadOnlyStateOld = "SELECT @@GLOBAL.read_only AS read_only";
inline constexpr absl::string_view kSuperReadOnlyOn = "SET GLOBAL super_read_only = ON";
inline constexpr absl::string_view kSuperReadOnlyOff = "SET GLOBAL super_read_only = OFF";
inline constexpr absl::string_view kReadOnlyOn = "SET GLOBAL read_only = ON";
// Clears super_read_only too.
inline constexpr absl::string_view kReadOnlyOff = "SET GLOBAL read_only = OFF";
// Clients are disconnected and new ones refused, also those who wait in a commit.
inline constexpr absl::string_view kOfflineOn = "SET GLOBAL offline_mode = ON";
inline constexpr absl::string_view kOfflineOff = "SET GLOBAL offline_mode = OFF";
// A crashed server comes back read-only. Not SET PERSIST, which would change the running one.
inline constexpr absl::string_view kPersistSuperReadOnly = "SET PERSIST_ONLY super_read_only = ON";

// `name` and `value` are constants of Weft or numbers.
inline std::string SetGlobal(absl::string_view name, absl::string_view value) {
  return absl::StrCat("SET GLOBAL ", name, " = ", value);
}

// Also at the next start (8.0.11 on).
inline std::string SetPersist(absl::string_view name, absl::string_view value) {
  return absl::StrCat("SET PERSIST ", name, " = ", value);
}

// Names are constants of Weft.
inline std::string InstallPlugin(absl::string_view plugin, absl::string_view library) {
  return absl::StrCat("INSTALL PLUGIN ", plugin, " SONAME '", library, "'");
}

// --- this session

inline constexpr absl::string_view kNoBinaryLog = "SET SESSION sql_log_bin = 0";
inline constexpr absl::string_view kBinaryLog = "SET SESSION sql_log_bin = 1";
// A held session must not be closed by the server while it rests.
inline constexpr absl::string_view kLongRest = "SET SESSION wait_timeout = 31536000";

// --- admission

inline constexpr absl::string_view kVariables = "SHOW GLOBAL VARIABLES";
inline constexpr absl::string_view kPeer =
    "SELECT @@GLOBAL.server_id AS server_id, @@GLOBAL.gtid_executed AS executed";
inline constexpr absl::string_view kGrants = "SHOW GRANTS";
// How its rows begin, but for those that take something away.
inline constexpr absl::string_view kGrantRow = "GRANT ";
inline constexpr absl::string_view kPlugins =
    "SELECT PLUGIN_NAME AS name, PLUGIN_STATUS AS status FROM information_schema.PLUGINS"
    " WHERE PLUGIN_TYPE IN ('REPLICATION', 'GROUP REPLICATION', 'CLONE')"
    " OR PLUGIN_NAME LIKE 'rpl\\_semi\\_sync\\_%' OR PLUGIN_NAME = 'clone'";

// --- clone (8.0.17 on)

inline constexpr absl::string_view kClonePluginActive =
    "SELECT PLUGIN_STATUS AS status FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'";
inline constexpr absl::string_view kInstallClone = "INSTALL PLUGIN clone SONAME 'mysql_clone.so'";
inline constexpr absl::string_view kDonorList = "SET GLOBAL clone_valid_donor_list = ?";
inline constexpr absl::string_view kPersistSkipReplicaStart =
    "SET PERSIST_ONLY skip_replica_start = ON";
inline constexpr absl::string_view kResetSkipReplicaStart =
    "RESET PERSIST IF EXISTS skip_replica_start";
// A row when a clone onto this server has begun to replace its data and has not ended well. Its
// GTIDs are still the old ones, so nothing else shows that the data are gone.
inline constexpr absl::string_view kHalfCloned =
    "SELECT s.STATE AS state, s.SOURCE AS source FROM performance_schema.clone_status s"
    " JOIN performance_schema.clone_progress p ON p.ID = s.ID"
    " WHERE s.STATE IN ('Failed', 'In Progress') AND s.DESTINATION = 'LOCAL INSTANCE'"
    " AND p.STAGE = 'DROP DATA' AND p.STATE <> 'Not Started'";
inline constexpr absl::string_view kCloneStatus =
    "SELECT STATE AS state, ERROR_NO AS error_no, ERROR_MESSAGE AS error_message,"
    " SOURCE AS source, BEGIN_TIME AS began FROM performance_schema.clone_status";
inline constexpr absl::string_view kCloneProgress =
    "SELECT STAGE AS stage, STATE AS state, ESTIMATE AS estimate, DATA AS data"
    " FROM performance_schema.clone_progress ORDER BY ID";

// Account and password are quoted already. Secret.
inline std::string CloneFrom(absl::string_view account, int port, absl::string_view password) {
  return absl::StrCat("CLONE INSTANCE FROM ", account, ":", port, " IDENTIFIED BY ", password);
}

// --- rescue

inline constexpr absl::string_view kBinaryLogs = "SHOW BINARY LOGS";
// The second event of a binary log says what all earlier ones hold.
inline constexpr absl::string_view kFirstEvents = "SHOW BINLOG EVENTS IN ? LIMIT 2";

// How mysqlbinlog says which transaction follows.
inline constexpr absl::string_view kNextGtid = "SET @@SESSION.GTID_NEXT= '";

// --- passwords

inline constexpr absl::string_view kHostsOfUser =
    "SELECT Host AS host FROM mysql.user WHERE User = ?";
// Account and password are quoted already. Secret.
inline std::string AlterPassword(absl::string_view account, absl::string_view password,
                                 bool retain) {
  return absl::StrCat("ALTER USER ", account, " IDENTIFIED BY ", password,
                      retain ? " RETAIN CURRENT PASSWORD" : "");
}
// Before 5.7.6.
inline std::string SetPasswordOld(absl::string_view account, absl::string_view password) {
  return absl::StrCat("SET PASSWORD FOR ", account, " = PASSWORD(", password, ")");
}

}  // namespace weft::controller::sql
