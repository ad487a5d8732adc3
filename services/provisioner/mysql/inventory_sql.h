#pragma once
// The statements that provisioners send to the state store. Their tables and procedures are in
// services/controller/mysql/schema/0006_provisioner.sql.
#include "absl/strings/string_view.h"

namespace weft::provisioner::inventory_sql {

// Nothing is left to the server's configuration.
inline constexpr absl::string_view kPrepareSession =
    "SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin, SESSION autocommit = 1,"
    " SESSION completion_type = NO_CHAIN, SESSION foreign_key_checks = 1,"
    " SESSION innodb_lock_wait_timeout = 1, SESSION max_execution_time = 0,"
    " SESSION sql_select_limit = DEFAULT, SESSION transaction_isolation = 'READ-COMMITTED',"
    " SESSION wait_timeout = 3600";
inline constexpr absl::string_view kUuid = "SELECT @@GLOBAL.server_uuid AS uuid";
// Whether writes go to this server: it stands alone, or is the primary of a majority.
inline constexpr absl::string_view kTakesWrites =
    "SELECT NOT (@@GLOBAL.super_read_only OR @@GLOBAL.offline_mode) AS writable,"
    " COUNT(m.member_id) AS members,"
    " COALESCE(SUM(m.member_state = 'ONLINE'), 0) AS online,"
    " COALESCE(SUM(m.member_id = @@GLOBAL.server_uuid AND m.member_state = 'ONLINE'"
    "   AND m.member_role = 'PRIMARY'), 0) AS leads"
    " FROM performance_schema.replication_group_members AS m WHERE m.member_id <> ''";
// A primary that was elected just now is read only once it has applied what the one before it
// committed.
inline constexpr absl::string_view kReadAfterFailover =
    "SET SESSION group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER'";
inline constexpr absl::string_view kSchemaAdditions =
    "SELECT COALESCE(MAX(version), 0) AS version,"
    " COALESCE(MAX(compatible_from), 0) AS compatible_from FROM schema_addition";

// --- providers

#define WEFT_PROVIDER_COLUMNS \
  "id, type, url, user, password, tenant, default_image, default_flavor, extra, created"

inline constexpr absl::string_view kAddProvider =
    "INSERT INTO provider (" WEFT_PROVIDER_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kRemoveProvider = "DELETE FROM provider WHERE id = ?";
inline constexpr absl::string_view kListProviders =
    "SELECT " WEFT_PROVIDER_COLUMNS " FROM provider ORDER BY id";
inline constexpr absl::string_view kGetProvider =
    "SELECT " WEFT_PROVIDER_COLUMNS " FROM provider WHERE id = ?";

#undef WEFT_PROVIDER_COLUMNS

// --- machines

#define WEFT_MACHINE_COLUMNS \
  "uuid, provider_id, stage, native_id, zone, host, addresses, detail, meta, operation, created"

inline constexpr absl::string_view kPutMachine =
    "INSERT INTO machine (" WEFT_MACHINE_COLUMNS
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS new ON DUPLICATE KEY UPDATE"
    " provider_id = new.provider_id, stage = new.stage, native_id = new.native_id,"
    " zone = new.zone, host = new.host, addresses = new.addresses, detail = new.detail,"
    " meta = new.meta, operation = new.operation";
inline constexpr absl::string_view kRemoveMachine = "DELETE FROM machine WHERE uuid = ?";
inline constexpr absl::string_view kGetMachine =
    "SELECT " WEFT_MACHINE_COLUMNS " FROM machine WHERE uuid = ?";
// The parameter twice; of all where it is empty.
inline constexpr absl::string_view kListMachines =
    "SELECT " WEFT_MACHINE_COLUMNS " FROM machine WHERE ? = '' OR provider_id = ? ORDER BY uuid";

#undef WEFT_MACHINE_COLUMNS

// --- snapshots

#define WEFT_SNAPSHOT_COLUMNS "name, provider_id, machine_uuid, native_id, bytes, created"

inline constexpr absl::string_view kPutSnapshot =
    "INSERT INTO machine_snapshot (" WEFT_SNAPSHOT_COLUMNS
    ") VALUES (?, ?, ?, ?, ?, ?) AS new ON DUPLICATE KEY UPDATE"
    " provider_id = new.provider_id, machine_uuid = new.machine_uuid, native_id = new.native_id,"
    " bytes = new.bytes, created = new.created";
inline constexpr absl::string_view kRemoveSnapshot = "DELETE FROM machine_snapshot WHERE name = ?";
inline constexpr absl::string_view kGetSnapshot =
    "SELECT " WEFT_SNAPSHOT_COLUMNS " FROM machine_snapshot WHERE name = ?";
// Each parameter twice; not looked at where it is empty.
inline constexpr absl::string_view kListSnapshots =
    "SELECT " WEFT_SNAPSHOT_COLUMNS
    " FROM machine_snapshot WHERE (? = '' OR provider_id = ?) AND (? = '' OR machine_uuid = ?)"
    " ORDER BY created, name";

#undef WEFT_SNAPSHOT_COLUMNS

// --- jobs

#define WEFT_JOB_COLUMNS                                                                    \
  "o.id, o.kind, o.group_id, o.server, o.request_id, o.user, o.state, o.progress, o.phase," \
  " o.error_reason, o.error_message, o.result, o.cancel_requested, o.created, o.updated,"   \
  " p.holder, p.renewal, p.request, p.notes"

inline constexpr absl::string_view kBeginJob =
    "CALL begin_provisioning(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kListJobs =
    "SELECT " WEFT_JOB_COLUMNS
    " FROM provisioning AS p JOIN operation AS o ON o.id = p.operation_id ORDER BY o.sequence";
inline constexpr absl::string_view kGetJob =
    "SELECT " WEFT_JOB_COLUMNS
    " FROM operation AS o LEFT JOIN provisioning AS p ON p.operation_id = o.id WHERE o.id = ?";
inline constexpr absl::string_view kFindByRequest =
    "SELECT " WEFT_JOB_COLUMNS
    " FROM operation AS o LEFT JOIN provisioning AS p ON p.operation_id = o.id"
    " WHERE o.request_id = ?";

#undef WEFT_JOB_COLUMNS

inline constexpr absl::string_view kRenewJob =
    "UPDATE provisioning SET renewal = renewal + 1 WHERE operation_id = ? AND holder = ?";
inline constexpr absl::string_view kTakeJob =
    "UPDATE provisioning SET holder = ?, renewal = renewal + 1"
    " WHERE operation_id = ? AND holder = ? AND renewal = ?";
// Counts as a renewal, so that a row is changed also where the notes are the same.
inline constexpr absl::string_view kKeepNotes =
    "UPDATE provisioning SET notes = ?, renewal = renewal + 1"
    " WHERE operation_id = ? AND holder = ?";
inline constexpr absl::string_view kYieldJob =
    "UPDATE provisioning SET holder = '', renewal = renewal + 1"
    " WHERE operation_id = ? AND holder = ?";
inline constexpr absl::string_view kReportJob =
    "CALL report_provisioning(?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr absl::string_view kEndUnclaimed =
    "UPDATE operation SET state = 'FAILED', error_reason = ?, error_message = ?, updated = ?"
    " WHERE state = 'RUNNING' AND JSON_CONTAINS(?, JSON_QUOTE(kind))"
    " AND NOT EXISTS (SELECT 1 FROM provisioning AS p WHERE p.operation_id = operation.id)";

}  // namespace weft::provisioner::inventory_sql
