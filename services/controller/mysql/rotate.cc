#include "services/controller/mysql/rotate.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/replica_account.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/relay_log.h"
#include "services/controller/mysql/replica.h"
#include "services/controller/mysql/replica_account.h"
#include "services/controller/mysql/semi_sync.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);

std::string PasswordSql(const mysql::Dialect& dialect, absl::string_view user,
                        absl::string_view host, absl::string_view password) {
  const std::string account = mysql::QuoteAccount(user, host);
  const std::string secret = mysql::QuoteString(password);
  if (!dialect.can.alter_user_password) return sql::SetPasswordOld(account, secret);
  return sql::AlterPassword(account, secret, dialect.can.dual_password);
}

// An account with SYSTEM_USER can be changed by itself alone, of Weft's.
absl::Status SetOwnPassword(Turn& turn, Duty duty, absl::string_view password) {
  WEFT_ASSIGN_OR_RETURN(const auto session, turn.OpenFor(duty));
  WEFT_RETURN_IF_ERROR(turn.MayAct());
  session->set_statement_timeout(turn.deadline().Remaining());
  WEFT_RETURN_IF_ERROR(session->Execute(sql::kNoBinaryLog));
  return turn.Withhold(session->Execute(sql::AlterPassword("USER()", mysql::QuoteString(password),
                                                           turn.dialect().can.dual_password)),
                       absl::StrCat("changing the password of '", DutyName(duty), "' by itself"));
}

absl::Status AwaitReceiver(Turn& turn) {
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus status, ReadReplica(turn));
    if (status.receiver == mysql::ReceiverState::kRunning) return absl::OkStatus();
    if (turn.deadline().Passed()) {
      return absl::DeadlineExceededError(absl::StrCat(
          turn.address().ToString(), ": the receiver has not connected: ", status.receiver_error));
    }
    turn.clock()->Sleep(kPause);
  }
}

}  // namespace

absl::StatusOr<std::string> UserOf(const FarmOptions& options, absl::string_view duty_name) {
  std::vector<absl::string_view> names;
  for (const Duty duty : kDuties) {
    names.push_back(DutyName(duty));
    if (DutyName(duty) != duty_name) continue;
    return duty == Duty::kMonitor ? options.monitor_user : options.Of(duty).user;
  }
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_DUTY", "no such duty",
                         absl::StrJoin(names, ", "), duty_name, "name one of these");
}

absl::Status SetPassword(Turn& turn, absl::string_view user, absl::string_view password) {
  if (turn.Admits(user, password)) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet hosts, turn.Read(sql::kHostsOfUser, {user}));
  if (hosts.empty()) {
    return ::weft::Refusal(absl::StatusCode::kNotFound, "UNKNOWN_ACCOUNT",
                           absl::StrCat(turn.address().ToString(), " has no account ", user),
                           absl::StrCat("the account ", user), "none",
                           "create it, with the privileges the documentation lists");
  }
  return WithoutSuperReadOnly(turn, [&]() -> absl::Status {
    for (const mysql::ResultSet::Row row : hosts) {
      const absl::Status changed =
          turn.ChangeSecret(absl::StrCat("changing the password of ", user),
                            PasswordSql(turn.dialect(), user, row.StringOr("host", ""), password));
      if (user == turn.options().restore.user &&
          mysql::MysqlErrorCode(changed) == mysql::kErrSpecificAccessDenied) {
        return SetOwnPassword(turn, Duty::kRestore, password);
      }
      WEFT_RETURN_IF_ERROR(changed);
    }
    return absl::OkStatus();
  });
}

absl::Status SetReplicaPasswords(Turn& turn, absl::string_view new_shared) {
  if (!turn.dialect().can.lock_account) return absl::OkStatus();
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(sql::kReplicaAccounts));
  for (const mysql::ResultSet::Row row : rows) {
    const std::string user = row.StringOr("user", "");
    const std::optional<ServerUuid> replica = ReplicaOfAccount(user);
    if (!replica.has_value()) continue;
    WEFT_RETURN_IF_ERROR(SetPassword(turn, user, ReplicaPassword(new_shared, *replica)));
  }
  return absl::OkStatus();
}

absl::Status RenewReplicaLogin(Turn& turn, const ServerUuid& replica, absl::string_view user,
                               absl::string_view password) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus status, ReadReplica(turn));
  if (status.source_host.empty() || status.receiver == mysql::ReceiverState::kStopped) {
    return absl::OkStatus();
  }
  const mysql::Dialect& dialect = turn.dialect();
  WEFT_ASSIGN_OR_RETURN(const mysql::SemiSyncLoaded loaded, FindSemiSync(turn));
  WEFT_RETURN_IF_ERROR(KeepRelayLog(status, turn));
  WEFT_RETURN_IF_ERROR(turn.Change("stopping the receiver", dialect.stop_receiver));
  WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus stopped, ReadReplica(turn));
  if (const absl::Status kept = KeepRelayLog(stopped, turn); !kept.ok()) {
    WEFT_RETURN_IF_ERROR(turn.Change("starting replication", dialect.start_replica));
    return kept;
  }
  if (!dialect.can.receiver_only_change) {
    WEFT_RETURN_IF_ERROR(AwaitApplied(turn, stopped.retrieved, turn.deadline()));
    WEFT_RETURN_IF_ERROR(StopReplication(turn));
  }
  mysql::SourceChange change;
  const bool own = status.source_user == ReplicaAccount(replica);
  change.user = own ? status.source_user : std::string(user);
  change.password = own ? ReplicaPassword(password, replica) : std::string(password);
  // What the change loses must be noticed.
  turn.LetInterrupt(false);
  WEFT_RETURN_IF_ERROR(
      turn.ChangeSecret("giving the receiver its password", dialect.ChangeSource(change)));
  WEFT_RETURN_IF_ERROR(CheckRelayLog(stopped, loaded, turn));
  turn.LetInterrupt(true);
  WEFT_RETURN_IF_ERROR(turn.Change("starting replication", dialect.start_replica));
  return AwaitReceiver(turn);
}

}  // namespace weft::controller
