#pragma once
// What each server version calls its replication verbs, and what it can do at all. Pure.
//
// Sources: the release notes named beside each capability, and trials against 5.6.24, 9.7 and
// MariaDB 10.11.
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mysql/result_set.h"
#include "common/mysql/server_version.h"

namespace weft::mysql {

// What a version lacks is a finding of the group, never a silent fallback.
struct Capabilities {
  bool gtid = false;                  // 5.6.5
  bool gtid_tags = false;             // 8.3.0
  bool super_read_only = false;       // 5.7.8
  bool offline_mode = false;          // 5.7.5
  bool lossless_semisync = false;     // 5.7.2: wait point AFTER_SYNC
  bool receiver_only_change = false;  // 5.7.4: CHANGE with only the receiver stopped
  bool wait_for_executed = false;     // 5.7.5: WAIT_FOR_EXECUTED_GTID_SET
  bool replication_tables = false;    // 5.7.2: performance_schema.replication_*
  bool replication_times = false;     // 8.0.1: times of transactions in those tables
  bool source_public_key = false;     // 8.0.4: caching_sha2_password without TLS
  bool set_persist = false;           // 8.0.11
  bool dynamic_privileges = false;    // 8.0.11: CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN, ...
  bool restart_statement = false;     // 8.0.4
  bool admin_port = false;            // 8.0.14
  // 8.0.24: there is one from 8.0.17 on, but no variable that keeps the replication which comes
  // along from starting with the server (skip_replica_start).
  bool clone_plugin = false;
  bool dual_password = false;        // 8.0.14: ALTER USER ... RETAIN CURRENT PASSWORD
  bool alter_user_password = false;  // 5.7.6: ALTER USER ... IDENTIFIED BY; before: SET PASSWORD
  bool create_user_if_not_exists = false;  // 5.7.6
  bool lock_account = false;               // 5.7.6: ALTER USER ... ACCOUNT LOCK
  bool channels = false;                   // 5.7.6: FOR CHANNEL
};

// Plugin, system and status variable names of semi-synchronous replication. A server from 8.0.26 on
// may have either family loaded (not both); see FindSemiSync.
struct SemiSyncNames {
  absl::string_view source_plugin;
  absl::string_view source_library;
  absl::string_view replica_plugin;
  absl::string_view replica_library;
  // System variables.
  absl::string_view source_enabled;
  absl::string_view source_timeout;  // milliseconds
  absl::string_view source_wait_count;
  absl::string_view source_wait_no_replica;
  absl::string_view source_wait_point;
  absl::string_view replica_enabled;
  // Status variables.
  absl::string_view source_status;
  absl::string_view source_clients;
  absl::string_view source_yes_transactions;
  absl::string_view source_no_transactions;
  absl::string_view replica_status;
};
extern const SemiSyncNames kSemiSyncModern;  // rpl_semi_sync_source_enabled, ...
extern const SemiSyncNames kSemiSyncOld;     // rpl_semi_sync_master_enabled, ...

// What CHANGE REPLICATION SOURCE shall change; what is not set is left out of the statement.
struct SourceChange {
  std::optional<std::string> host;
  std::optional<int> port;
  std::optional<std::string> user;
  std::optional<std::string> password;  // secret: so is the statement's text
  // GTID positioning. Leave it out when the applier runs: with it the server refuses (error 3081).
  std::optional<bool> auto_position;
  std::optional<absl::Duration> connect_retry;  // whole seconds
  std::optional<int> retry_count;
  std::optional<absl::Duration> heartbeat_period;  // milliseconds count
  std::optional<absl::Duration> delay;             // whole seconds
  // Fetch the source's RSA key (left out where the version has no such clause).
  std::optional<bool> get_public_key;
  std::optional<bool> tls;
  std::optional<std::string> tls_ca_file;  // a path on the replica's machine
};

// A version's verbs. The views point at constants of dialect_sql.h. Cheap to copy.
struct Dialect {
  Capabilities can;
  SemiSyncNames semisync;  // the family to install on a server that has none

  absl::string_view show_replica_status;
  // On the default channel alone, where there can be others.
  absl::string_view start_replica;
  absl::string_view start_receiver;
  absl::string_view start_applier;
  absl::string_view stop_replica;
  absl::string_view stop_receiver;
  absl::string_view stop_applier;
  absl::string_view reset_replica;
  absl::string_view reset_replica_all;
  absl::string_view show_replicas;
  absl::string_view show_binary_log_status;
  absl::string_view reset_binary_logs;
  absl::string_view wait_for_executed;  // see WaitForExecuted in replica_status.h
  absl::string_view receiver_progress;  // see ReadReceiverProgress

  // System variable names.
  absl::string_view net_timeout;  // replica_net_timeout
  absl::string_view log_replica_updates;
  absl::string_view parallel_workers;    // replica_parallel_workers
  absl::string_view skip_replica_start;  // "" before 8.0.24: no variable, only an option

  // One of the verbs above for another channel.
  std::string ForChannel(absl::string_view verb, absl::string_view channel) const;
  // The statement for `change` of the default channel; "" when nothing is set.
  std::string ChangeSource(const SourceChange& change) const;

  // CHANGE REPLICATION SOURCE TO SOURCE_HOST rather than CHANGE MASTER TO MASTER_HOST.
  bool source_words = false;
};

// The dialect of a version, also of versions not yet known (as the newest) and older than 5.6
// (as 5.6 without GTID). MariaDB gets its own verbs, and `can.gtid` false: its GTIDs are of another
// kind.
Dialect DialectFor(const ServerVersion& version);

// Whose variables a server really has. `variables`: rows of SHOW GLOBAL VARIABLES LIKE
// 'rpl_semi_sync_%' with their two columns. nullptr when neither plugin family is loaded.
struct SemiSyncLoaded {
  const SemiSyncNames* source = nullptr;
  const SemiSyncNames* replica = nullptr;
};
SemiSyncLoaded FindSemiSync(const ResultSet& variables);

}  // namespace weft::mysql
