#include "services/controller/mysql/replica.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
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
    turn.session().set_statement_timeout(turn.deadline().Remaining() + kSlice);
    WEFT_ASSIGN_OR_RETURN(
        const bool executed,
        mysql::WaitForExecuted(turn.session(), turn.dialect(), goal, std::min(left, kSlice)));
    if (executed) return absl::OkStatus();
    WEFT_RETURN_IF_ERROR(NudgeApplier(turn, /*may_start=*/false));
  }
}

}  // namespace weft::controller
