#pragma once
// The SQL and settings that mend what admission finds: shown to people, never sent by Weft.
#include "absl/strings/string_view.h"

namespace weft::controller::remedy {

inline constexpr absl::string_view kServerId =
    "SET GLOBAL server_id = <unique number>; and server_id in my.cnf";
inline constexpr absl::string_view kGtidConsistency =
    "SET GLOBAL enforce_gtid_consistency = ON; and in my.cnf";
inline constexpr absl::string_view kGtidConsistencyOld =
    "my.cnf: enforce_gtid_consistency=ON; restart";
inline constexpr absl::string_view kGtidMode =
    "SET GLOBAL gtid_mode = OFF_PERMISSIVE; SET GLOBAL gtid_mode = ON_PERMISSIVE; wait until "
    "Ongoing_anonymous_transaction_count is 0; SET GLOBAL gtid_mode = ON; and in my.cnf";
inline constexpr absl::string_view kGtidModeOld = "my.cnf: gtid_mode=ON; restart";
inline constexpr absl::string_view kBinlogFormat = "SET GLOBAL binlog_format = ROW; and in my.cnf";
inline constexpr absl::string_view kGroupReplication =
    "STOP GROUP_REPLICATION; UNINSTALL PLUGIN group_replication";
inline constexpr absl::string_view kExtraChannels =
    "STOP REPLICA FOR CHANNEL '<name>'; RESET REPLICA ALL FOR CHANNEL '<name>'";
inline constexpr absl::string_view kForeignSource =
    "STOP REPLICA; RESET REPLICA ALL; or take the whole topology over: weft group adopt HOST:PORT";
inline constexpr absl::string_view kForeignSourceOld =
    "STOP SLAVE; RESET SLAVE ALL; or take the whole topology over: weft group adopt HOST:PORT";
inline constexpr absl::string_view kSemiSyncPreset =
    "RESET PERSIST rpl_semi_sync_replica_enabled; or remove it from the option file";
inline constexpr absl::string_view kSyncBinlog = "SET GLOBAL sync_binlog = 1; and in my.cnf";
inline constexpr absl::string_view kFlushLog =
    "SET GLOBAL innodb_flush_log_at_trx_commit = 1; and in my.cnf";

}  // namespace weft::controller::remedy
