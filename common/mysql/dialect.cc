#include "common/mysql/dialect.h"

#include <cstdint>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/mysql/dialect_sql.h"
#include "common/mysql/quote.h"

namespace weft::mysql {

const SemiSyncNames kSemiSyncModern = {
    .source_plugin = "rpl_semi_sync_source",
    .source_library = "semisync_source.so",
    .replica_plugin = "rpl_semi_sync_replica",
    .replica_library = "semisync_replica.so",
    .source_enabled = "rpl_semi_sync_source_enabled",
    .source_timeout = "rpl_semi_sync_source_timeout",
    .source_wait_count = "rpl_semi_sync_source_wait_for_replica_count",
    .source_wait_no_replica = "rpl_semi_sync_source_wait_no_replica",
    .source_wait_point = "rpl_semi_sync_source_wait_point",
    .replica_enabled = "rpl_semi_sync_replica_enabled",
    .source_status = "Rpl_semi_sync_source_status",
    .source_clients = "Rpl_semi_sync_source_clients",
    .source_yes_transactions = "Rpl_semi_sync_source_yes_tx",
    .source_no_transactions = "Rpl_semi_sync_source_no_tx",
    .replica_status = "Rpl_semi_sync_replica_status",
};

const SemiSyncNames kSemiSyncOld = {
    .source_plugin = "rpl_semi_sync_master",
    .source_library = "semisync_master.so",
    .replica_plugin = "rpl_semi_sync_slave",
    .replica_library = "semisync_slave.so",
    .source_enabled = "rpl_semi_sync_master_enabled",
    .source_timeout = "rpl_semi_sync_master_timeout",
    .source_wait_count = "rpl_semi_sync_master_wait_for_slave_count",
    .source_wait_no_replica = "rpl_semi_sync_master_wait_no_slave",
    .source_wait_point = "rpl_semi_sync_master_wait_point",
    .replica_enabled = "rpl_semi_sync_slave_enabled",
    .source_status = "Rpl_semi_sync_master_status",
    .source_clients = "Rpl_semi_sync_master_clients",
    .source_yes_transactions = "Rpl_semi_sync_master_yes_tx",
    .source_no_transactions = "Rpl_semi_sync_master_no_tx",
    .replica_status = "Rpl_semi_sync_slave_status",
};

namespace {

Capabilities CapabilitiesOf(const ServerVersion& version) {
  // MariaDB's GTIDs are positions per domain, and what it shares with MySQL came at other versions:
  // nothing is promised until its own column of this table is written.
  if (version.mariadb) return {};
  return {
      .gtid = version.AtLeast(5, 6, 5),
      .gtid_tags = version.AtLeast(8, 3, 0),
      .super_read_only = version.AtLeast(5, 7, 8),
      .offline_mode = version.AtLeast(5, 7, 5),
      .lossless_semisync = version.AtLeast(5, 7, 2),
      .receiver_only_change = version.AtLeast(5, 7, 4),
      .wait_for_executed = version.AtLeast(5, 7, 5),
      .replication_tables = version.AtLeast(5, 7, 2),
      .replication_times = version.AtLeast(8, 0, 1),
      .source_public_key = version.AtLeast(8, 0, 4),
      .set_persist = version.AtLeast(8, 0, 11),
      .dynamic_privileges = version.AtLeast(8, 0, 11),
      .restart_statement = version.AtLeast(8, 0, 4),
      .admin_port = version.AtLeast(8, 0, 14),
      .clone_plugin = version.AtLeast(8, 0, 24),
      .dual_password = version.AtLeast(8, 0, 14),
      .alter_user_password = version.AtLeast(5, 7, 6),
      .create_user_if_not_exists = version.AtLeast(5, 7, 6),
      .lock_account = version.AtLeast(5, 7, 6),
      .channels = version.AtLeast(5, 7, 6),
  };
}

void UseOldVerbs(Dialect& dialect) {
  dialect.show_replica_status = statements::kShowReplicaStatusOld;
  dialect.start_replica = statements::kStartReplicaOld;
  dialect.start_receiver = statements::kStartReceiverOld;
  dialect.start_applier = statements::kStartApplierOld;
  dialect.stop_replica = statements::kStopReplicaOld;
  dialect.stop_receiver = statements::kStopReceiverOld;
  dialect.stop_applier = statements::kStopApplierOld;
  dialect.reset_replica = statements::kResetReplicaOld;
  dialect.reset_replica_all = statements::kResetReplicaAllOld;
  dialect.show_replicas = statements::kShowReplicasOld;
}

void UseModernVerbs(Dialect& dialect) {
  dialect.show_replica_status = statements::kShowReplicaStatus;
  dialect.start_replica = statements::kStartReplica;
  dialect.start_receiver = statements::kStartReceiver;
  dialect.start_applier = statements::kStartApplier;
  dialect.stop_replica = statements::kStopReplica;
  dialect.stop_receiver = statements::kStopReceiver;
  dialect.stop_applier = statements::kStopApplier;
  dialect.reset_replica = statements::kResetReplica;
  dialect.reset_replica_all = statements::kResetReplicaAll;
  dialect.show_replicas = statements::kShowReplicas;
}

void LeaveChannelOut(Dialect& dialect) {
  for (const auto verb :
       {&Dialect::start_replica, &Dialect::start_receiver, &Dialect::start_applier,
        &Dialect::stop_replica, &Dialect::stop_receiver, &Dialect::stop_applier,
        &Dialect::reset_replica, &Dialect::reset_replica_all}) {
    absl::ConsumeSuffix(&(dialect.*verb), statements::kForDefaultChannel);
  }
}

// The assignments of CHANGE REPLICATION SOURCE; `word` is SOURCE or MASTER.
class Assignments {
 public:
  explicit Assignments(absl::string_view word) : word_(word) {}

  void Text(absl::string_view name, const std::optional<std::string>& value) {
    if (value.has_value()) Append(name, QuoteString(*value));
  }
  void Number(absl::string_view name, std::optional<int64_t> value) {
    if (value.has_value()) Append(name, absl::StrCat(*value));
  }
  void Seconds(absl::string_view name, std::optional<absl::Duration> value) {
    if (value.has_value()) Number(name, absl::ToInt64Seconds(*value));
  }
  void Milliseconds(absl::string_view name, std::optional<absl::Duration> value) {
    if (value.has_value()) Append(name, absl::StrFormat("%.3f", absl::ToDoubleSeconds(*value)));
  }
  // A clause that never took the word.
  void Plain(absl::string_view name, std::optional<int64_t> value) {
    if (value.has_value()) parts_.push_back(absl::StrCat(name, " = ", *value));
  }

  const std::vector<std::string>& parts() const { return parts_; }

 private:
  void Append(absl::string_view name, absl::string_view literal) {
    parts_.push_back(absl::StrCat(word_, "_", name, " = ", literal));
  }

  const absl::string_view word_;
  std::vector<std::string> parts_;
};

}  // namespace

std::string Dialect::ChangeSource(const SourceChange& change) const {
  Assignments assignments(source_words ? "SOURCE" : "MASTER");
  assignments.Text("HOST", change.host);
  assignments.Number("PORT", change.port);
  assignments.Text("USER", change.user);
  assignments.Text("PASSWORD", change.password);
  assignments.Number("AUTO_POSITION", change.auto_position);
  assignments.Seconds("CONNECT_RETRY", change.connect_retry);
  assignments.Number("RETRY_COUNT", change.retry_count);
  assignments.Milliseconds("HEARTBEAT_PERIOD", change.heartbeat_period);
  assignments.Seconds("DELAY", change.delay);
  assignments.Number("SSL", change.tls);
  assignments.Text("SSL_CA", change.tls_ca_file);
  if (can.source_public_key) {
    assignments.Plain(source_words ? "GET_SOURCE_PUBLIC_KEY" : "GET_MASTER_PUBLIC_KEY",
                      change.get_public_key);
  }
  if (assignments.parts().empty()) return "";
  return absl::StrCat(source_words ? statements::kChangeSource : statements::kChangeSourceOld,
                      absl::StrJoin(assignments.parts(), ", "),
                      can.channels ? statements::kForDefaultChannel : "");
}

std::string Dialect::ForChannel(absl::string_view verb, absl::string_view channel) const {
  if (!absl::EndsWith(verb, statements::kForDefaultChannel)) return std::string(verb);
  return absl::StrCat(absl::StripSuffix(verb, "''"), QuoteString(channel));
}

Dialect DialectFor(const ServerVersion& version) {
  Dialect dialect;
  dialect.can = CapabilitiesOf(version);
  const auto since = [&version](int major, int minor, int patch) {
    return !version.mariadb && version.AtLeast(major, minor, patch);
  };
  if (since(8, 0, 22)) {
    UseModernVerbs(dialect);
  } else {
    UseOldVerbs(dialect);
  }
  if (!dialect.can.channels) LeaveChannelOut(dialect);
  dialect.source_words = since(8, 0, 23);
  dialect.semisync = since(8, 0, 26) ? kSemiSyncModern : kSemiSyncOld;
  const bool renamed_log = since(8, 2, 0);
  dialect.show_binary_log_status =
      renamed_log ? statements::kShowBinaryLogStatus : statements::kShowBinaryLogStatusOld;
  dialect.reset_binary_logs =
      renamed_log ? statements::kResetBinaryLogs : statements::kResetBinaryLogsOld;
  dialect.wait_for_executed = dialect.can.wait_for_executed ? statements::kWaitForExecuted
                                                            : statements::kWaitForExecutedOld;
  dialect.receiver_progress = dialect.can.replication_times ? statements::kReceiverProgress
                                                            : statements::kReceiverProgressOld;

  const bool renamed_variables = since(8, 0, 26);
  dialect.net_timeout = renamed_variables ? "replica_net_timeout" : "slave_net_timeout";
  dialect.log_replica_updates = renamed_variables ? "log_replica_updates" : "log_slave_updates";
  dialect.parallel_workers =
      renamed_variables ? "replica_parallel_workers" : "slave_parallel_workers";
  if (since(8, 0, 24)) {
    dialect.skip_replica_start = renamed_variables ? "skip_replica_start" : "skip_slave_start";
  }
  return dialect;
}

SemiSyncLoaded FindSemiSync(const ResultSet& variables) {
  SemiSyncLoaded loaded;
  for (const ResultSet::RowData& row : variables.rows()) {
    if (row.empty() || !row[0].has_value()) continue;
    for (const SemiSyncNames* names : {&kSemiSyncModern, &kSemiSyncOld}) {
      if (absl::EqualsIgnoreCase(*row[0], names->source_enabled)) loaded.source = names;
      if (absl::EqualsIgnoreCase(*row[0], names->replica_enabled)) loaded.replica = names;
    }
  }
  return loaded;
}

}  // namespace weft::mysql
