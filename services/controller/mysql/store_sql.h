#pragma once
// The statements that are sent to the state store. What they call and read is in schema/.
#include "absl/strings/string_view.h"

namespace weft::controller::store_sql {

// --- sessions. Nothing is left to the server's configuration.

inline constexpr absl::string_view kPrepareSession =
    "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin, SESSION autocommit = 1,"
    " SESSION completion_type = NO_CHAIN, SESSION foreign_key_checks = 1,"
    " SESSION innodb_lock_wait_timeout = 1, SESSION max_execution_time = 0,"
    " SESSION sql_auto_is_null = 0, SESSION sql_safe_updates = 0,"
    " SESSION sql_select_limit = DEFAULT, SESSION transaction_isolation = 'READ-COMMITTED',"
    " SESSION transaction_read_only = 0, SESSION unique_checks = 1, SESSION wait_timeout = 3600";
// Gives the session a name, for as long as it lives.
inline constexpr absl::string_view kNameSession = "SELECT GET_LOCK(?, 0) AS named";
inline constexpr absl::string_view kFindNamedSession = "SELECT COALESCE(IS_USED_LOCK(?), 0) AS id";
inline constexpr absl::string_view kEndSession = "KILL ?";
// Waits until the name is free, which a server frees after it has rolled the session back.
inline constexpr absl::string_view kAwaitNamedSession =
    "SELECT GET_LOCK(?, ?) = 1 AND RELEASE_LOCK(?) AS gone";

// --- a replicated store. In its own view of the cluster; no row in these tables: it is of none.

inline constexpr absl::string_view kAskMember =
    "SELECT @@GLOBAL.server_uuid AS uuid,"
    " @@GLOBAL.super_read_only OR @@GLOBAL.offline_mode AS read_only,"
    " COUNT(m.member_id) AS members,"
    " COALESCE(SUM(m.member_state = 'ONLINE'), 0) AS online,"
    " COALESCE(SUM(m.member_state = 'ONLINE' AND m.member_role = 'PRIMARY'), 0) AS primaries,"
    " COALESCE(MAX(IF(m.member_id = @@GLOBAL.server_uuid, m.member_state, '')), '') AS state,"
    " COALESCE(MAX(IF(m.member_state = 'ONLINE' AND m.member_role = 'PRIMARY', m.member_id, '')),"
    "   '') AS primary_uuid,"
    " COALESCE((SELECT MAX(s.view_id) FROM performance_schema.replication_group_member_stats AS s"
    "   WHERE s.member_id = @@GLOBAL.server_uuid), '') AS view"
    " FROM performance_schema.replication_group_members AS m WHERE m.member_id <> ''";
// A primary that was elected just now is read only once it has applied what the one before it
// committed.
inline constexpr absl::string_view kReadAfterFailover =
    "SET SESSION group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER'";

inline constexpr absl::string_view kSchemaVersion =
    "SELECT COALESCE(MAX(version), 0) AS version FROM schema_version";
inline constexpr absl::string_view kSchemaAdditions =
    "SELECT COALESCE(MAX(version), 0) AS version,"
    " COALESCE(MAX(compatible_from), 0) AS compatible_from FROM schema_addition";

// --- schema

inline constexpr absl::string_view kLockSchema = "SELECT GET_LOCK(?, ?) AS locked";
inline constexpr absl::string_view kUnlockSchema = "DO RELEASE_LOCK(?)";
inline constexpr absl::string_view kFindDatabase =
    "SELECT COUNT(*) AS found FROM information_schema.schemata WHERE schema_name = ?";
inline constexpr absl::string_view kCountTables =
    "SELECT COUNT(*) AS tables, COALESCE(SUM(table_name = 'schema_version'), 0) AS versioned"
    " FROM information_schema.tables WHERE table_schema = ?";
// Followed by the quoted name of the database.
inline constexpr absl::string_view kCreateDatabase = "CREATE DATABASE IF NOT EXISTS ";
inline constexpr absl::string_view kDropDatabase = "DROP DATABASE IF EXISTS ";
inline constexpr absl::string_view kUseDatabase = "USE ";
inline constexpr absl::string_view kCreateSchemaVersion =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "  version INT UNSIGNED NOT NULL COMMENT 'Number of the migration.',"
    "  name VARCHAR(64) NOT NULL,"
    "  applied DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'UTC, for people.',"
    "  PRIMARY KEY (version)"
    ") ENGINE = InnoDB COMMENT = 'The migrations that are complete. The greatest is the schema''s "
    "version.'";
inline constexpr absl::string_view kCreateSchemaAddition =
    "CREATE TABLE IF NOT EXISTS schema_addition ("
    "  version INT UNSIGNED NOT NULL COMMENT 'Number of the migration.',"
    "  name VARCHAR(64) NOT NULL,"
    "  compatible_from INT UNSIGNED NOT NULL"
    "    COMMENT 'Programs that know the schema of this version may use it.',"
    "  applied DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'UTC, for people.',"
    "  PRIMARY KEY (version)"
    ") ENGINE = InnoDB COMMENT = 'The migrations that are complete and only add; not in "
    "schema_version, so that older programs go on.'";
inline constexpr absl::string_view kRecordAddition =
    "INSERT INTO schema_addition (version, name, compatible_from) VALUES (?, ?, ?)";
// Followed by what it is granted on, and to whom.
inline constexpr absl::string_view kGrantRights =
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, EXECUTE,"
    " CREATE ROUTINE, ALTER ROUTINE ON ";
// Followed by the account.
inline constexpr absl::string_view kGrantMembers =
    "GRANT SELECT ON performance_schema.replication_group_members TO ";
inline constexpr absl::string_view kGrantMemberStats =
    "GRANT SELECT ON performance_schema.replication_group_member_stats TO ";
inline constexpr absl::string_view kRecordMigration =
    "INSERT INTO schema_version (version, name) VALUES (?, ?)";

// --- lease. Both compare the whole row; no row is changed when it moved.

inline constexpr absl::string_view kReadLease =
    "SELECT holder, term, renewal FROM lease WHERE id = 1";
inline constexpr absl::string_view kTakeLease =
    "UPDATE lease SET holder = ?, term = term + 1, renewal = renewal + 1"
    " WHERE id = 1 AND holder = ? AND term = ? AND renewal = ?";
inline constexpr absl::string_view kRenewLease =
    "UPDATE lease SET renewal = renewal + 1"
    " WHERE id = 1 AND holder = ? AND term = ? AND renewal = ?";

// --- reads. Each is one statement, and so sees one instant.

inline constexpr absl::string_view kListGroups = "SELECT id FROM weft_group ORDER BY id";

#define WEFT_SERVER_AS_JSON                                                                      \
  "JSON_OBJECT('uuid', s.uuid, 'group', s.group_id, 'host', s.host, 'port', s.port, 'status',"   \
  " s.status, 'mode', s.mode, 'weight', s.weight, 'set_aside', s.set_aside, 'errant', s.errant," \
  " 'promotion_rule', s.promotion_rule, 'zone', s.zone)"

#define WEFT_SWITCH_AS_JSON                                                            \
  "JSON_OBJECT('enabled', f.enabled = 1, 'reason', f.reason, 'user', f.user, 'since'," \
  " CAST(f.since AS CHAR))"

// The group, its servers, its acknowledgers and its newest reigns. First parameter: how many
// reigns.
inline constexpr absl::string_view kLoadGroup =
    "SELECT g.*,"
    " (SELECT JSON_ARRAYAGG(" WEFT_SERVER_AS_JSON
    ")"
    "   FROM server AS s WHERE s.group_id = g.id) AS servers,"
    " (SELECT JSON_ARRAYAGG(a.server_uuid)"
    "   FROM acknowledger AS a WHERE a.group_id = g.id) AS acknowledgers,"
    " (SELECT JSON_ARRAYAGG(JSON_OBJECT('number', e.number, 'primary_uuid', e.primary_uuid,"
    "   'at_start', e.at_start, 'started', CAST(e.started AS CHAR)))"
    "   FROM epoch AS e WHERE e.group_id = g.id AND e.number + ? > g.epoch) AS history,"
    " COALESCE(t.settings, JSON_OBJECT()) AS settings,"
    " COALESCE(t.failover_epoch, 0) AS failover_epoch, COALESCE(t.hooks, JSON_OBJECT()) AS hooks,"
    " (SELECT " WEFT_SWITCH_AS_JSON
    " FROM failover_switch AS f WHERE f.id = 1) AS failover_switch,"
    " COALESCE(t.restored, FALSE) AS restored,"
    " CAST(COALESCE(t.failover_at, TIMESTAMP'1970-01-01 00:00:00') AS CHAR) AS failover_at"
    " FROM weft_group AS g LEFT JOIN group_settings AS t ON t.group_id = g.id WHERE g.id = ?";
inline constexpr absl::string_view kFindServer =
    "SELECT " WEFT_SERVER_AS_JSON " AS server FROM server AS s WHERE s.uuid = ?";
inline constexpr absl::string_view kLoadFailoverSwitch =
    "SELECT " WEFT_SWITCH_AS_JSON " AS failover_switch FROM failover_switch AS f WHERE f.id = 1";
#undef WEFT_SERVER_AS_JSON
#undef WEFT_SWITCH_AS_JSON

inline constexpr absl::string_view kGetOperation = "SELECT * FROM operation WHERE id = ?";
inline constexpr absl::string_view kFindByRequest = "SELECT * FROM operation WHERE request_id = ?";
// Parameters: before which sequence, limit. Those of a group: group, before, limit.
inline constexpr absl::string_view kListOperations =
    "SELECT * FROM operation WHERE sequence < ? ORDER BY sequence DESC LIMIT ?";
inline constexpr absl::string_view kListOperationsOfGroup =
    "SELECT * FROM operation WHERE group_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?";
inline constexpr absl::string_view kListEvents =
    "SELECT * FROM event WHERE sequence < ? ORDER BY sequence DESC LIMIT ?";
inline constexpr absl::string_view kListEventsOfGroup =
    "SELECT * FROM event WHERE group_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?";

// All users of one instant; no row while the version is the parameter.
inline constexpr absl::string_view kLoadUsers =
    "SELECT s.version, s.secret_key,"
    " (SELECT JSON_ARRAYAGG(JSON_OBJECT('name', u.name, 'digest_ha1', u.digest_ha1, 'native_hash',"
    "   u.native_hash, 'verifier', u.verifier, 'disabled', u.disabled, 'revision', u.revision,"
    "   'roles', (SELECT JSON_ARRAYAGG(r.role) FROM user_role AS r WHERE r.user_name = u.name)))"
    "   FROM weft_user AS u) AS users"
    " FROM user_state AS s WHERE s.id = 1 AND s.version <> ?";

// --- writes. The first parameter is the term; the others are in the order of schema/.

inline constexpr absl::string_view kCreateGroup =
    "CALL create_group_5(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kDestroyGroup = "CALL destroy_group(?, ?, ?)";
inline constexpr absl::string_view kUpdateGroup =
    "CALL update_group_settings(?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kAddServer =
    "CALL add_server_5(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kRemoveServer = "CALL remove_server(?, ?, ?, ?)";
inline constexpr absl::string_view kUpdateServer =
    "CALL update_server_5(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kSetIntent =
    "CALL set_intent(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kEndIntent = "CALL end_intent(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kCommitPrimary =
    "CALL commit_primary(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kSetAcknowledgers = "CALL set_acknowledgers(?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kSetStatus = "CALL set_status(?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kBeginSwitchover = "CALL begin_switchover(?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kGiveUp = "CALL give_up(?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kCreateOperation =
    "CALL create_operation(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kUpdateOperation =
    "CALL update_operation(?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kRequestCancel = "CALL request_cancel(?, ?)";
inline constexpr absl::string_view kAppendEvent =
    "CALL append_event_of_user(?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kRecordHooks = "CALL record_hooks(?, ?, ?, ?)";
inline constexpr absl::string_view kSetFailoverSwitch = "CALL set_failover_switch(?, ?, ?, ?, ?)";
inline constexpr absl::string_view kCreateUser = "CALL create_user(?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kUpdateUser = "CALL update_user(?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kDeleteUser = "CALL delete_user(?, ?, ?)";
inline constexpr absl::string_view kSetUserKey = "CALL set_user_key(?, ?)";

// --- what a server must be like to be (a member of) the store. Variables of group replication are
// --- NULL where it is not loaded.

inline constexpr absl::string_view kInspectServer =
    "SELECT @@GLOBAL.gtid_mode AS gtid_mode,"
    " @@GLOBAL.enforce_gtid_consistency AS enforce_gtid_consistency,"
    " @@GLOBAL.sync_binlog AS sync_binlog,"
    " @@GLOBAL.innodb_flush_log_at_trx_commit AS innodb_flush_log_at_trx_commit,"
    " @@GLOBAL.super_read_only OR @@GLOBAL.offline_mode AS read_only";
inline constexpr absl::string_view kInspectReplication =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('group_replication_single_primary_mode',"
    " 'group_replication_start_on_boot')";
inline constexpr absl::string_view kGrantsOfAccount = "SHOW GRANTS";
// For people.
inline constexpr absl::string_view kMendSyncBinlog = "SET PERSIST sync_binlog = 1";
inline constexpr absl::string_view kMendFlushLog = "SET PERSIST innodb_flush_log_at_trx_commit = 1";
inline constexpr absl::string_view kMendReadOnly =
    "SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF; SET GLOBAL offline_mode = OFF";
inline constexpr absl::string_view kMendGtidConsistency =
    "SET PERSIST enforce_gtid_consistency = ON";
inline constexpr absl::string_view kMendGtidMode =
    "SET PERSIST gtid_mode = OFF_PERMISSIVE; SET PERSIST gtid_mode = ON_PERMISSIVE; SET PERSIST"
    " gtid_mode = ON";
inline constexpr absl::string_view kMendSinglePrimary =
    "SELECT group_replication_switch_to_single_primary_mode()";
inline constexpr absl::string_view kMendStartOnBoot =
    "SET PERSIST group_replication_start_on_boot = ON";
inline constexpr absl::string_view kMendMember = "START GROUP_REPLICATION";

// --- backup and restore. Each in one transaction of its own.

inline constexpr absl::string_view kBeginBackup =
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
inline constexpr absl::string_view kRepeatableRead =
    "SET SESSION transaction_isolation = 'REPEATABLE-READ'";
inline constexpr absl::string_view kIncarnation =
    "SELECT incarnation FROM store_state WHERE id = 1";
// The newest that have ended, and all that run.
inline constexpr absl::string_view kImageOperations =
    "SELECT * FROM operation WHERE state = 'RUNNING' OR sequence > COALESCE((SELECT sequence FROM"
    " operation WHERE state <> 'RUNNING' ORDER BY sequence DESC LIMIT 1 OFFSET ?), 0)"
    " ORDER BY sequence";
// Tables and columns of ports/inventory_image.h.
inline constexpr absl::string_view kInventoryRows = "SELECT %s FROM %s ORDER BY %s";
// One that is there stays as it is.
inline constexpr absl::string_view kPutInventoryRow =
    "INSERT INTO %1$s (%2$s) VALUES (%3$s) ON DUPLICATE KEY UPDATE %4$s = %4$s";
// No other write begins, and those under way have ended, until the transaction ends.
inline constexpr absl::string_view kHoldLease = "SELECT term FROM lease WHERE id = 1 FOR UPDATE";
inline constexpr absl::string_view kRestoreBegin = "CALL restore_begin(?, ?)";
inline constexpr absl::string_view kPutGroup =
    "CALL put_group(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kPutOperation =
    "CALL insert_operation(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kRestoreUser = "CALL restore_user(?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kRestoreEnd = "CALL restore_end(?, ?, ?, ?, ?, ?, ?)";

// --- retention. Parameters: how many to keep, how many to delete at most. Any controller may.

inline constexpr absl::string_view kPruneEvents =
    "DELETE FROM event WHERE sequence <= (SELECT last FROM ("
    "  SELECT sequence AS last FROM event ORDER BY sequence DESC LIMIT 1 OFFSET ?) AS kept)"
    " ORDER BY sequence LIMIT ?";
inline constexpr absl::string_view kPruneOperations =
    "DELETE FROM operation WHERE state <> 'RUNNING' AND sequence <= (SELECT last FROM ("
    "  SELECT sequence AS last FROM operation ORDER BY sequence DESC LIMIT 1 OFFSET ?) AS kept)"
    " ORDER BY sequence LIMIT ?";

}  // namespace weft::controller::store_sql
