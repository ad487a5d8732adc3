#pragma once
// The statements of the copy by rows.
#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

// --- a consistent state over several sessions

inline constexpr absl::string_view kBackupLock = "LOCK INSTANCE FOR BACKUP";
inline constexpr absl::string_view kGlobalReadLock = "FLUSH TABLES WITH READ LOCK";
inline constexpr absl::string_view kUnlock = "UNLOCK TABLES";
inline constexpr absl::string_view kPreparedXa = "XA RECOVER";
// For people.
inline constexpr absl::string_view kGrantXaRecover = "GRANT XA_RECOVER_ADMIN ON *.* TO %s";
inline constexpr absl::string_view kRepeatableRead =
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
inline constexpr absl::string_view kBeginSnapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT";

// --- tables

// What is read through a MERGE or FEDERATED table is the rows of other tables, which a LOAD DATA
// into it would double; a BLACKHOLE has none.
inline constexpr absl::string_view kTables =
    "SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, ENGINE = 'InnoDB' AS transactional,"
    " COALESCE(DATA_LENGTH, 0) AS bytes,"
    " COALESCE(ENGINE NOT IN ('MRG_MYISAM', 'FEDERATED', 'BLACKHOLE'), 1) AS holds_rows"
    " FROM information_schema.TABLES"
    " WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo')"
    " ORDER BY 5 DESC, 4 DESC, 1, 2";
inline constexpr absl::string_view kReferenced =
    "SELECT DISTINCT UNIQUE_CONSTRAINT_SCHEMA AS `schema`, REFERENCED_TABLE_NAME AS name"
    " FROM information_schema.REFERENTIAL_CONSTRAINTS";
// EXTRA says "VIRTUAL GENERATED" (5.7 on); "DEFAULT_GENERATED" is only a default.
inline constexpr absl::string_view kColumns =
    "SELECT COLUMN_NAME AS name, DATA_TYPE AS type,"
    " EXTRA LIKE '%VIRTUAL GENERATED%' OR EXTRA LIKE '%STORED GENERATED%' AS is_generated"
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?"
    " ORDER BY ORDINAL_POSITION";
inline constexpr absl::string_view kPrimaryKeyColumn =
    "SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ?"
    " AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX = 1";
inline constexpr absl::string_view kBounds = "SELECT MIN(%s) AS least, MAX(%s) AS greatest FROM %s";

inline constexpr absl::string_view kAlterTable = "ALTER TABLE %s %s";
inline constexpr absl::string_view kSelect = "SELECT %s FROM %s%s";
// A FLOAT prints with six digits; as a DOUBLE with all, and it comes back as the same FLOAT.
inline constexpr absl::string_view kWholeFloat = "(%s * 1e0)";
// Of a row's columns that may be large, and by them of the row.
inline constexpr absl::string_view kBytesOfColumn = "COALESCE(OCTET_LENGTH(%s), 0)";
inline constexpr absl::string_view kIsLarge = "%s > %d";
inline constexpr absl::string_view kUnlessLarge = "IF(%s > %d, NULL, %s)";
inline constexpr absl::string_view kLoad =
    "LOAD DATA LOCAL INFILE 'rows' INTO TABLE %s CHARACTER SET binary (%s)%s";
// A JSON document is not taken from bytes.
inline constexpr absl::string_view kAsText = "%s = CONVERT(%s USING utf8mb4)";

// --- loading

// Duplicates and lost digits are told by the figures of LOAD DATA LOCAL, whatever the mode; what
// the source holds is loaded although a stricter mode would not have it.
inline constexpr absl::string_view kLoadSession =
    "SET SESSION sql_log_bin = OFF, foreign_key_checks = OFF, unique_checks = OFF,"
    " sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'";
// Of utf8mb4 where a definition names none. Before 8.0 that was the default, so that SHOW CREATE
// left it out; since then the default is another one.
inline constexpr absl::string_view kOldCollation =
    "SET SESSION default_collation_for_utf8mb4 = utf8mb4_general_ci";
// Some sessions of a copy rest while others move rows, for days where there are many; and a stream
// may stand for as long as kStreamPatience.
inline constexpr absl::string_view kLongCopy =
    "SET SESSION wait_timeout = 31536000, net_read_timeout = 600, net_write_timeout = 600";
inline constexpr absl::string_view kGlobalNumber = "SELECT @@GLOBAL.%s AS value";
// Bytes. Of as many threads as build one key; the default of 1 MiB has them merge many small runs.
inline constexpr absl::string_view kSortInMemory = "SET SESSION innodb_ddl_buffer_size = 16777216";
inline constexpr absl::string_view kWarnings = "SHOW WARNINGS LIMIT 1";

// --- what is no row

inline constexpr absl::string_view kTrustCreators =
    "SELECT @@GLOBAL.log_bin_trust_function_creators AS value";
inline constexpr absl::string_view kTrustCreatorsOn =
    "SET GLOBAL log_bin_trust_function_creators = ON";
inline constexpr absl::string_view kTrustCreatorsOff =
    "SET GLOBAL log_bin_trust_function_creators = OFF";
// A table that lies outside the source's data folder lies in the target's own.
inline constexpr absl::string_view kLaxCreation =
    "SET SESSION innodb_strict_mode = OFF,"
    " sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_DIR_IN_CREATE')";
inline constexpr absl::string_view kUse = "USE %s";
inline constexpr absl::string_view kShowCreateSchema = "SHOW CREATE DATABASE IF NOT EXISTS %s";
inline constexpr absl::string_view kShowCreateTable = "SHOW CREATE TABLE %s";
inline constexpr absl::string_view kShowCreate = "SHOW CREATE %s %s";
inline constexpr absl::string_view kViews =
    "SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, 'VIEW' AS kind"
    " FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo') ORDER BY 1, 2";
inline constexpr absl::string_view kRoutines =
    "SELECT ROUTINE_SCHEMA AS `schema`, ROUTINE_NAME AS name, ROUTINE_TYPE AS kind"
    " FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo') ORDER BY 1, 3, 2";
inline constexpr absl::string_view kTriggers =
    "SELECT TRIGGER_SCHEMA AS `schema`, TRIGGER_NAME AS name, 'TRIGGER' AS kind"
    " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo')"
    " ORDER BY 1, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER";
inline constexpr absl::string_view kEvents =
    "SELECT EVENT_SCHEMA AS `schema`, EVENT_NAME AS name, 'EVENT' AS kind"
    " FROM information_schema.EVENTS WHERE EVENT_SCHEMA NOT IN"
    " ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo') ORDER BY 1, 2";
// The named ones: others need no tables.
inline constexpr absl::string_view kEventZones =
    "SELECT TIME_ZONE AS zone, MIN(CONCAT(EVENT_SCHEMA, '.', EVENT_NAME)) AS event"
    " FROM information_schema.EVENTS WHERE TIME_ZONE <> 'SYSTEM' AND TIME_ZONE NOT LIKE '+%'"
    " AND TIME_ZONE NOT LIKE '-%' GROUP BY TIME_ZONE ORDER BY 1";
inline constexpr absl::string_view kKnowsZone =
    "SELECT CONVERT_TZ('2000-01-01 00:00:00', '+00:00', ?) IS NOT NULL AS known";
// As it was created under: a routine keeps these.
inline constexpr absl::string_view kCreationMode =
    "SET SESSION sql_mode = ?, collation_connection = ?";
inline constexpr absl::string_view kCreationZone = "SET SESSION time_zone = ?";

// --- accounts

inline constexpr absl::string_view kColumnsOfBoth =
    "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'mysql'"
    " AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";
inline constexpr absl::string_view kReadGrants = "SELECT %s FROM mysql.%s";
inline constexpr absl::string_view kDropGrants = "DELETE FROM mysql.%s";
inline constexpr absl::string_view kWriteGrants = "INSERT %sINTO mysql.%s (%s) VALUES (%s)";
inline constexpr absl::string_view kFlushPrivileges = "FLUSH PRIVILEGES";
// 5.6 keeps the password where 5.7 has none.
inline constexpr absl::string_view kOldPassword =
    "IF(authentication_string > '', authentication_string, Password)";
inline constexpr absl::string_view kOldPlugin = "IF(plugin > '', plugin, 'mysql_native_password')";

}  // namespace weft::provisioner::sql
