#include "services/controller/mysql/relay_log.h"

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/replica.h"
#include "services/controller/mysql/semi_sync.h"

namespace weft::controller {

absl::Status KeepRelayLog(const mysql::ReplicaStatus& replica, Turn& turn) {
  if (replica.applier_running || replica.executed.Contains(replica.retrieved)) {
    return absl::OkStatus();
  }
  // An applier that is broken runs for a moment when it is started: only what it has applied
  // counts.
  absl::Status applied = AwaitApplied(turn, replica.retrieved, turn.deadline());
  if (ErrorReason(applied) != "APPLIER_STOPPED") return applied;
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "UNAPPLIED_RELAY_LOG",
                         absl::StrCat(turn.address().ToString(),
                                      ": repointing would lose what is received and not applied"),
                         "an applier that runs",
                         absl::StrCat(applied.message(), "; not applied: ",
                                      replica.retrieved.Minus(replica.executed).ToString()),
                         "mend what stopped the applier, or rebuild the server");
}

absl::Status CheckRelayLog(const mysql::ReplicaStatus& before, const mysql::SemiSyncLoaded& loaded,
                           Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus now, ReadReplica(turn));
  const GtidSet lost = before.retrieved.Minus(now.retrieved.Union(now.executed));
  if (lost.Empty()) return absl::OkStatus();
  WEFT_RETURN_IF_ERROR(SetAcknowledge(turn, loaded, false));
  return ::weft::Refusal(absl::StatusCode::kDataLoss, "RELAY_LOG_LOST",
                         absl::StrCat(turn.address().ToString(),
                                      ": the applier stopped during the repointing, and the relay "
                                      "log is lost"),
                         "an applier that runs", absl::StrCat("lost: ", lost.ToString()),
                         "the server fetches it again from a source that has it");
}

}  // namespace weft::controller
