#include "services/controller/mysql/replica.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

// How long one statement waits: also how late a lost lease or a stopped applier is noticed.
constexpr absl::Duration kSlice = absl::Milliseconds(500);

// Starts the applier if it is off and says why it cannot work.
absl::Status NudgeApplier(Turn& turn, bool may_start) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus status, ReadReplica(turn));
  if (status.applier_running) return absl::OkStatus();
  if (may_start && !status.source_host.empty()) {
    return turn.Change("starting the applier", turn.dialect().start_applier);
  }
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "APPLIER_STOPPED",
      absl::StrCat(turn.address().ToString(), ": the applier does not run"), "a running applier",
      status.source_host.empty()
          ? "it replicates from nobody"
          : absl::StrCat("error ", status.applier_errno, ": ", status.applier_error),
      "mend what stopped the applier, or rebuild the server");
}

// How long an applier may take to come to the end of the relay log; one that has more to apply
// stops between two transactions.
constexpr absl::Duration kRelayLogPatience = absl::Milliseconds(500);
constexpr absl::Duration kPause = absl::Milliseconds(2);

struct Coordinator {
  uint64_t id = 0;
  bool in_transaction = false;  // it has read the beginning of one, and not its end
  bool has_read_all = false;    // it waits for the receiver
};

// nullopt: none runs.
absl::StatusOr<std::optional<Coordinator>> ReadCoordinator(Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(sql::kCoordinator));
  if (rows.empty()) return std::nullopt;
  const mysql::ResultSet::Row row = rows.front();
  Coordinator coordinator;
  coordinator.id = row.UintOr("id", 0);
  coordinator.in_transaction = !row.StringOr("transaction", "").empty();
  coordinator.has_read_all = absl::StrContains(row.StringOr("state", ""), sql::kReadAllRelayLog);
  return coordinator;
}

// KILL, unlike STOP, does not wait, and the applier's workers go with their coordinator. It belongs
// to the server: to end it takes SYSTEM_USER, which an account that may change others must not
// have.
absl::Status EndApplier(Turn& turn, uint64_t id) {
  const auto session = turn.OpenFor(Duty::kRestore);
  absl::Status killed = session.status();
  if (session.ok()) {
    WEFT_RETURN_IF_ERROR(turn.MayAct());
    (*session)->set_statement_timeout(turn.deadline().Remaining());
    killed = (*session)->Execute(sql::kKill, {id}).status();
  }
  if (mysql::MysqlErrorCode(killed) == mysql::kErrNoSuchThread) return absl::OkStatus();
  if (!killed.ok()) {
    WEFT_LOG(kWarning, "an applier that waits for the rest of a transaction takes a minute to stop",
             {{"server", turn.address().ToString()}, {"error", killed}});
    return absl::OkStatus();
  }
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet left, turn.Read(sql::kThread, {id}));
    if (left.empty()) return absl::OkStatus();
    if (turn.deadline().Passed()) {
      return absl::DeadlineExceededError(
          absl::StrCat(turn.address().ToString(), ": the applier was killed and is still there"));
    }
    turn.clock()->Sleep(kPause);
  }
}

// REQUIRES: the receiver is off.
absl::Status DropUnfinishedTransaction(Turn& turn) {
  const Deadline patience = Deadline::After(turn.clock(), kRelayLogPatience);
  while (!patience.Passed()) {
    WEFT_ASSIGN_OR_RETURN(const std::optional<Coordinator> coordinator, ReadCoordinator(turn));
    if (!coordinator.has_value()) return absl::OkStatus();
    if (coordinator->has_read_all) {
      return coordinator->in_transaction ? EndApplier(turn, coordinator->id) : absl::OkStatus();
    }
    turn.clock()->Sleep(kPause);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<mysql::ReplicaStatus> ReadReplica(Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, turn.Read(turn.dialect().show_replica_status));
  WEFT_ASSIGN_OR_RETURN(std::vector<mysql::ReplicaStatus> channels,
                        mysql::ParseReplicaStatus(rows));
  for (mysql::ReplicaStatus& channel : channels) {
    if (channel.channel.empty()) return std::move(channel);
  }
  return mysql::ReplicaStatus();
}

absl::Status AwaitApplied(Turn& turn, const GtidSet& goal, const Deadline& budget) {
  WEFT_RETURN_IF_ERROR(NudgeApplier(turn, /*may_start=*/true));
  while (true) {
    WEFT_RETURN_IF_ERROR(turn.MayAct());
    const absl::Duration left = std::min(budget.Remaining(), turn.deadline().Remaining());
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat(turn.address().ToString(), ": has not executed ", goal.ToString(), " yet"));
    }
    // The wait must end by itself, before the statement's own deadline would cut the session.
    const absl::Duration slice = std::min(left, kSlice);
    turn.session().set_statement_timeout(slice + kAnswer);
    WEFT_ASSIGN_OR_RETURN(const bool executed,
                          mysql::WaitForExecuted(turn.session(), turn.dialect(), goal, slice));
    if (executed) return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(NudgeApplier(turn, /*may_start=*/false));
  }
}

absl::Status StopReplication(Turn& turn) {
  const mysql::Dialect& dialect = turn.dialect();
  if (dialect.can.replication_times) {
    WEFT_RETURN_IF_ERROR(turn.Change("stopping the receiver", dialect.stop_receiver));
    WEFT_RETURN_IF_ERROR(DropUnfinishedTransaction(turn));
  }
  return turn.Change("stopping replication", dialect.stop_replica);
}

}  // namespace weft::controller
