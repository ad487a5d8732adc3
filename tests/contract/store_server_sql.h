#pragma once
// What the tests of the state store say to its server as root.
#include "absl/strings/string_view.h"

namespace weft::controller::store_server_sql {

inline constexpr absl::string_view kCreateUser =
    "CREATE USER 'weft_store'@'%' IDENTIFIED BY 'store secret'";
// No right at all yet.
inline constexpr absl::string_view kCreatePoorUser =
    "CREATE USER 'weft_poor'@'%' IDENTIFIED BY 'store secret'";
// What each member is told by itself is in no other's log.
inline constexpr absl::string_view kWithoutBinaryLog = "SET SESSION sql_log_bin = 0";
inline constexpr absl::string_view kLeaveCluster = "STOP GROUP_REPLICATION";
inline constexpr absl::string_view kJoinCluster = "START GROUP_REPLICATION";
// As SchemaLock of migrations.cc takes it.
inline constexpr absl::string_view kHoldSchemaLock =
    "SELECT GET_LOCK(CONCAT('weft.schema.', ?), 0)";
// As a controller of schema version 2 did.
inline constexpr absl::string_view kCreateGroupOfVersion2 =
    "CALL create_group(0, 'of-before', '', TRUE, 'lossless', 1, 0, '', 0, '[]', '', 'KEEP', '',"
    " FALSE, '', 0, FALSE, '', '', JSON_ARRAY(JSON_OBJECT('uuid',"
    " 'aaaaaaaa-0000-0000-0000-000000000000', 'host', 'h', 'port', 1, 'status', 'SECONDARY',"
    " 'mode', 'READ_ONLY', 'weight', 0.5, 'set_aside', '', 'errant', '')), '[]')";
// In an order that the foreign keys bear.
inline constexpr absl::string_view kEmpty[] = {
    "DELETE FROM machine_snapshot",
    "DELETE FROM machine",
    "DELETE FROM provider",
    "DELETE FROM event",
    "DELETE FROM operation",
    "DELETE FROM epoch",
    "DELETE FROM acknowledger",
    "DELETE FROM server",
    "DELETE FROM weft_group",
    "DELETE FROM user_role",
    "DELETE FROM weft_user",
    "UPDATE failover_switch SET enabled = TRUE, reason = '', user = '', since = '1970-01-01'",
    "UPDATE store_state SET incarnation = 0",
    "UPDATE lease SET holder = '', term = 0, renewal = 0"};
inline constexpr absl::string_view kLoseClaims[] = {"DELETE FROM provisioning"};
inline constexpr absl::string_view kDatabasePattern = "weft\\_%";
inline constexpr absl::string_view kLockGroups = "SELECT id FROM weft_group FOR UPDATE";
inline constexpr absl::string_view kCountWaits =
    "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'";
// What other programs on the same server might have wanted.
inline constexpr absl::string_view kOddConfiguration =
    "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,NO_ZERO_DATE';"
    " SET GLOBAL transaction_isolation = 'SERIALIZABLE'; SET GLOBAL autocommit = 0;"
    " SET GLOBAL completion_type = 'RELEASE'; SET GLOBAL time_zone = '+05:00';"
    " SET GLOBAL character_set_server = 'latin1'; SET GLOBAL collation_connection = 'utf8mb4_bin';"
    " SET GLOBAL sql_select_limit = 1; SET GLOBAL max_execution_time = 1000;"
    " SET GLOBAL sql_safe_updates = 1; SET GLOBAL default_storage_engine = 'MEMORY';"
    " SET GLOBAL sql_require_primary_key = 1; SET GLOBAL innodb_lock_wait_timeout = 100;"
    " SET GLOBAL explicit_defaults_for_timestamp = 0; SET GLOBAL init_connect = 'SET @odd = 1'";
inline constexpr absl::string_view kLeastWrite =
    "UPDATE weft_group SET revision = revision + 1 WHERE id = 'g'";
inline constexpr absl::string_view kShowDurability =
    "SELECT CONCAT('sync_binlog=', @@sync_binlog, ' innodb_flush_log_at_trx_commit=',"
    " @@innodb_flush_log_at_trx_commit, ' version=', VERSION())";

}  // namespace weft::controller::store_server_sql
