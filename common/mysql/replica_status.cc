#include "common/mysql/replica_status.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/dialect_sql.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "common/mysql/session.h"

namespace weft::mysql {
namespace {

// A row of SHOW REPLICA STATUS or SHOW SLAVE STATUS, asked by the names of the former.
class StatusRow {
 public:
  explicit StatusRow(const ResultSet::Row& row) : row_(row) {}

  std::string Text(absl::string_view name, absl::string_view old_name) const {
    return row_.StringOr(name, row_.StringOr(old_name, ""));
  }
  std::string Text(absl::string_view name) const { return row_.StringOr(name, ""); }
  int64_t Number(absl::string_view name, absl::string_view old_name) const {
    return row_.IntOr(name, row_.IntOr(old_name, 0));
  }
  int64_t Number(absl::string_view name) const { return row_.IntOr(name, 0); }
  bool Is(absl::string_view name, absl::string_view old_name) const {
    return row_.BoolOr(name, row_.BoolOr(old_name, false));
  }
  std::optional<absl::Duration> Seconds(absl::string_view name, absl::string_view old_name) const {
    const int64_t seconds = row_.IntOr(name, row_.IntOr(old_name, -1));
    if (seconds < 0) return std::nullopt;
    return absl::Seconds(seconds);
  }

 private:
  const ResultSet::Row& row_;
};

ReceiverState ParseReceiver(absl::string_view running) {
  if (absl::EqualsIgnoreCase(running, "Yes")) return ReceiverState::kRunning;
  // "Connecting"; MariaDB has "Preparing" too.
  if (running.empty() || absl::EqualsIgnoreCase(running, "No")) return ReceiverState::kStopped;
  return ReceiverState::kConnecting;
}

std::string Filters(const StatusRow& row) {
  std::string filters;
  for (const absl::string_view name :
       {"Replicate_Do_DB", "Replicate_Ignore_DB", "Replicate_Do_Table", "Replicate_Ignore_Table",
        "Replicate_Wild_Do_Table", "Replicate_Wild_Ignore_Table", "Replicate_Rewrite_DB"}) {
    const std::string value = row.Text(name);
    if (value.empty()) continue;
    absl::StrAppend(&filters, filters.empty() ? "" : " ", name, "=", value);
  }
  return filters;
}

absl::StatusOr<ReplicaStatus> ParseRow(const StatusRow& row) {
  ReplicaStatus status;
  status.channel = row.Text("Channel_Name");
  status.source_host = row.Text("Source_Host", "Master_Host");
  status.source_port = static_cast<int>(row.Number("Source_Port", "Master_Port"));
  status.source_user = row.Text("Source_User", "Master_User");
  status.source_uuid = row.Text("Source_UUID", "Master_UUID");
  status.source_server_id =
      static_cast<uint64_t>(row.Number("Source_Server_Id", "Master_Server_Id"));
  status.receiver = ParseReceiver(row.Text("Replica_IO_Running", "Slave_IO_Running"));
  status.applier_running = row.Is("Replica_SQL_Running", "Slave_SQL_Running");
  status.receiver_text = row.Text("Replica_IO_State", "Slave_IO_State");
  status.applier_text = row.Text("Replica_SQL_Running_State", "Slave_SQL_Running_State");
  status.receiver_errno = static_cast<int>(row.Number("Last_IO_Errno"));
  status.receiver_error = row.Text("Last_IO_Error");
  status.applier_errno = static_cast<int>(row.Number("Last_SQL_Errno"));
  status.applier_error = row.Text("Last_SQL_Error");
  WEFT_ASSIGN_OR_RETURN(status.retrieved, GtidSet::Parse(row.Text("Retrieved_Gtid_Set")));
  WEFT_ASSIGN_OR_RETURN(status.executed, GtidSet::Parse(row.Text("Executed_Gtid_Set")));
  status.auto_position = row.Number("Auto_Position") != 0;
  status.lag = row.Seconds("Seconds_Behind_Source", "Seconds_Behind_Master");
  status.delay = row.Seconds("SQL_Delay", "");
  status.connect_retry = absl::Seconds(row.Number("Connect_Retry"));
  status.tls = row.Is("Source_SSL_Allowed", "Master_SSL_Allowed");
  status.filters = Filters(row);
  return status;
}

}  // namespace

bool LoginRefused(const ReplicaStatus& status) {
  constexpr int kErrAuthentication = 2061;  // caching_sha2_password without TLS or public key
  return status.receiver_errno == kErrAccessDenied || status.receiver_errno == kErrAccountLocked ||
         status.receiver_errno == kErrAuthentication;
}

bool InFirstAttempt(const ReplicaStatus& status) {
  return status.receiver == ReceiverState::kConnecting && status.receiver_error.empty() &&
         !absl::StrContains(absl::AsciiStrToLower(status.receiver_text), "reconnect");
}

absl::StatusOr<std::vector<ReplicaStatus>> ParseReplicaStatus(const ResultSet& rows) {
  std::vector<ReplicaStatus> channels;
  for (const ResultSet::Row row : rows) {
    absl::StatusOr<ReplicaStatus> status = ParseRow(StatusRow(row));
    if (!status.ok()) return Annotate(status.status(), "replica status");
    channels.push_back(*std::move(status));
  }
  return channels;
}

absl::StatusOr<std::vector<ReplicaStatus>> ReadReplicaStatus(Session& session,
                                                             const Dialect& dialect) {
  WEFT_ASSIGN_OR_RETURN(const ResultSet rows, session.Query(dialect.show_replica_status));
  return ParseReplicaStatus(rows);
}

absl::StatusOr<std::vector<ReceiverProgress>> ParseReceiverProgress(const ResultSet& rows) {
  std::vector<ReceiverProgress> channels;
  for (const ResultSet::Row row : rows) {
    ReceiverProgress progress;
    progress.channel = row.StringOr("channel", "");
    WEFT_ASSIGN_OR_RETURN(progress.received, GtidSet::Parse(row.StringOr("received", "")));
    progress.heartbeats = row.UintOr("heartbeats", 0);
    if (row.Get("silence_us").has_value()) {
      WEFT_ASSIGN_OR_RETURN(const int64_t silence, row.Int("silence_us"));
      progress.silence = absl::Microseconds(silence);
    }
    if (const uint64_t period = row.UintOr("heartbeat_ms", 0); period > 0) {
      progress.heartbeat_period = absl::Milliseconds(period);
    }
    channels.push_back(std::move(progress));
  }
  return channels;
}

absl::StatusOr<std::vector<ReceiverProgress>> ReadReceiverProgress(Session& session,
                                                                   const Dialect& dialect) {
  if (!dialect.can.replication_tables) {
    return absl::UnimplementedError(
        absl::StrCat("the receiver's progress needs MySQL 5.7, found ", session.version().text));
  }
  WEFT_ASSIGN_OR_RETURN(const ResultSet rows, session.Query(dialect.receiver_progress));
  return ParseReceiverProgress(rows);
}

absl::StatusOr<bool> WaitForExecuted(Session& session, const Dialect& dialect, const GtidSet& set,
                                     absl::Duration timeout) {
  if (set.Empty()) return true;
  double seconds = absl::ToDoubleSeconds(std::max(timeout, absl::Milliseconds(1)));
  // To every version a timeout of 0 means for ever.
  if (!dialect.can.replication_times) seconds = std::ceil(seconds);
  WEFT_ASSIGN_OR_RETURN(const ResultSet rows,
                        session.Query(dialect.wait_for_executed, {set.ToString(), seconds}));
  if (rows.empty() || !rows.front().Get("waited").has_value()) {
    // 5.6 without a running applier: there is nothing to wait for.
    WEFT_ASSIGN_OR_RETURN(const ResultSet now,
                          session.Query(statements::kHasExecuted, {set.ToString()}));
    if (!now.empty() && now.front().BoolOr("executed", false)) return true;
    return absl::FailedPreconditionError(
        "waiting for transactions: the server's applier does not run");
  }
  WEFT_ASSIGN_OR_RETURN(const int64_t waited, rows.front().Int("waited"));
  if (dialect.can.wait_for_executed) return waited == 0;
  return waited >= 0;
}

}  // namespace weft::mysql
