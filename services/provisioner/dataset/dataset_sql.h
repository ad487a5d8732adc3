#pragma once
// The statements by which servers are looked at, prepared, emptied and settled around a copy.
#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

// --- facts

inline constexpr absl::string_view kGlobalVariables = "SHOW GLOBAL VARIABLES";
// Of users: all but the server's own. Weft's heartbeats are data of a server too, but nobody's.
inline constexpr absl::string_view kSchemas =
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo') ORDER BY 1";
// 8.0 on: the figures below are otherwise a day old.
inline constexpr absl::string_view kFreshStatistics =
    "SET SESSION information_schema_stats_expiry = 0";
inline constexpr absl::string_view kBytes =
    "SELECT CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) AS bytes"
    " FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo')";
inline constexpr absl::string_view kWhereItIs =
    "SELECT @@datadir AS datadir, @@socket AS socket, @@server_uuid AS uuid";
inline constexpr absl::string_view kPlacesOfInnodb =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_data_home_dir', 'innodb_data_file_path',"
    " 'innodb_log_group_home_dir', 'innodb_undo_directory')";
inline constexpr absl::string_view kTablespaceFiles =
    "SELECT FILE_NAME AS path FROM information_schema.FILES"
    " WHERE ENGINE = 'InnoDB' AND FILE_TYPE <> 'TEMPORARY'";
// Before 5.7.
inline constexpr absl::string_view kOldTablespaceFiles =
    "SELECT PATH AS path FROM information_schema.INNODB_SYS_DATAFILES";
// A GTID set is text with line breaks.
inline constexpr absl::string_view kExecuted = "SELECT @@GLOBAL.gtid_executed AS executed";

// --- a target at work

inline constexpr absl::string_view kNoBinaryLog = "SET SESSION sql_log_bin = OFF";
inline constexpr absl::string_view kReadOnlyOff = "SET GLOBAL read_only = OFF";
inline constexpr absl::string_view kReadOnlyOn = "SET GLOBAL read_only = ON";
inline constexpr absl::string_view kIsReadOnly = "SELECT @@GLOBAL.read_only AS read_only";
inline constexpr absl::string_view kSuperReadOnlyOff = "SET GLOBAL super_read_only = OFF";
inline constexpr absl::string_view kSuperReadOnlyOn = "SET GLOBAL super_read_only = ON";
inline constexpr absl::string_view kOfflineOn = "SET GLOBAL offline_mode = ON";
inline constexpr absl::string_view kOfflineOff = "SET GLOBAL offline_mode = OFF";
inline constexpr absl::string_view kSemiSyncVariables =
    "SHOW GLOBAL VARIABLES LIKE 'rpl\\_semi\\_sync\\_%'";
// A variable's name comes from a dialect.
inline constexpr absl::string_view kSetGlobalOff = "SET GLOBAL %s = OFF";
inline constexpr absl::string_view kSetGlobal = "SET GLOBAL %s = %d";
inline constexpr absl::string_view kSetGlobalTo = "SET GLOBAL %s = %s";
inline constexpr absl::string_view kKillQuery = "KILL QUERY ?";

inline constexpr absl::string_view kNoForeignKeyChecks = "SET SESSION foreign_key_checks = OFF";
inline constexpr absl::string_view kDropSchema = "DROP DATABASE IF EXISTS %s";
inline constexpr absl::string_view kSetPurged = "SET GLOBAL gtid_purged = ?";

// A schema that is there from before the first row of a copy until after its last: who finds it
// knows that the data are not whole.
inline constexpr absl::string_view kMark = "weft_unfinished_copy";
inline constexpr absl::string_view kMakeMark = "CREATE DATABASE IF NOT EXISTS weft_unfinished_copy";
// Whose copy it is.
inline constexpr absl::string_view kMakeMaker =
    "CREATE TABLE IF NOT EXISTS weft_unfinished_copy.maker"
    " (only_one INT PRIMARY KEY, job VARCHAR(64) NOT NULL) ENGINE = InnoDB";
inline constexpr absl::string_view kNoteMaker =
    "REPLACE INTO weft_unfinished_copy.maker VALUES (1, ?)";
inline constexpr absl::string_view kMaker = "SELECT job FROM weft_unfinished_copy.maker";
// What was changed for the time of the copy, as it was before. The first to note it is right.
inline constexpr absl::string_view kMakeNotedSettings =
    "CREATE TABLE IF NOT EXISTS weft_unfinished_copy.settings"
    " (name VARCHAR(64) PRIMARY KEY, value BIGINT NOT NULL) ENGINE = InnoDB";
inline constexpr absl::string_view kNoteSetting =
    "INSERT IGNORE INTO weft_unfinished_copy.settings VALUES ('%s', @@GLOBAL.%s)";
inline constexpr absl::string_view kEventsRun =
    "SELECT @@GLOBAL.event_scheduler = 'ON' AS events_run";
inline constexpr absl::string_view kNoteThatEventsRun =
    "INSERT IGNORE INTO weft_unfinished_copy.settings VALUES ('event_scheduler', 1)";
inline constexpr absl::string_view kForgetThatEventsRun =
    "DELETE FROM weft_unfinished_copy.settings WHERE name = 'event_scheduler'";
inline constexpr absl::string_view kEventsOff = "SET GLOBAL event_scheduler = OFF";
inline constexpr absl::string_view kEventsOn = "SET GLOBAL event_scheduler = ON";
inline constexpr absl::string_view kNotedSettings =
    "SELECT name, value FROM weft_unfinished_copy.settings";
inline constexpr absl::string_view kDropMark = "DROP DATABASE IF EXISTS weft_unfinished_copy";

// --- a source whose files shall stand still

inline constexpr absl::string_view kDirtyPagesLimits =
    "SELECT @@GLOBAL.innodb_max_dirty_pages_pct AS most,"
    " @@GLOBAL.innodb_max_dirty_pages_pct_lwm AS low_water";
inline constexpr absl::string_view kSetDirtyPagesMost =
    "SET GLOBAL innodb_max_dirty_pages_pct = %s";
inline constexpr absl::string_view kSetDirtyPagesLowWater =
    "SET GLOBAL innodb_max_dirty_pages_pct_lwm = %s";
inline constexpr absl::string_view kDirtyPages =
    "SHOW GLOBAL STATUS LIKE 'Innodb\\_buffer\\_pool\\_pages\\_dirty'";
inline constexpr absl::string_view kEngineStatus = "SHOW ENGINE INNODB STATUS";

// --- a target that another may be at work on

// Of the account, which sees its own without a privilege.
inline constexpr absl::string_view kOtherSessions =
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()"
    " AND USER = SUBSTRING_INDEX(CURRENT_USER(), '@', 1)";
// Whoever has it makes the only copy onto the server. 5.6 allows a session one lock.
inline constexpr absl::string_view kLockTarget = "SELECT GET_LOCK('weft_copy', 0) AS got";
// One that a dead server left is said to be in progress still. Where the plugin is loaded.
inline constexpr absl::string_view kClonesAtWork =
    "SELECT p.ID AS id FROM performance_schema.clone_status AS s"
    " JOIN information_schema.PROCESSLIST AS p ON p.ID = s.PID"
    " WHERE s.STATE = 'In Progress' AND s.DESTINATION = 'LOCAL INSTANCE'";
inline constexpr absl::string_view kKill = "KILL ?";

// --- a target of the plugin, which restarts

inline constexpr absl::string_view kPersisted =
    "SELECT VARIABLE_VALUE AS value FROM performance_schema.persisted_variables"
    " WHERE VARIABLE_NAME = ?";
inline constexpr absl::string_view kPersistSuperReadOnly = "SET PERSIST_ONLY super_read_only = %s";
inline constexpr absl::string_view kResetSuperReadOnly = "RESET PERSIST IF EXISTS super_read_only";
// What came with the clone, and what there is now.
inline constexpr absl::string_view kClonedAndExecuted =
    "SELECT GTID_EXECUTED AS cloned, @@GLOBAL.gtid_executed AS executed"
    " FROM performance_schema.clone_status";

// --- the plugin's bound (MiB a second; 0: none)

inline constexpr absl::string_view kCloneBandwidth = "clone_max_network_bandwidth";

}  // namespace weft::provisioner::sql
