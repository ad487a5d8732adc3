#include "services/controller/mysql/steps.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/fence.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/replica.h"
#include "services/controller/mysql/replica_account.h"
#include "services/controller/mysql/semi_sync.h"

namespace weft::controller {
namespace {

struct ReadOnlyState {
  bool fenced = false;  // super_read_only, or read_only where there is no more
  bool open = false;    // neither
  bool offline = false;
};

absl::StatusOr<ReadOnlyState> ReadReadOnlyState(Turn& turn) {
  const bool super = turn.dialect().can.super_read_only;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows,
                        turn.Read(super ? sql::kReadOnlyState : sql::kReadOnlyStateOld));
  if (rows.empty()) return absl::InternalError("the server gave no row for its own state");
  const mysql::ResultSet::Row row = rows.front();
  ReadOnlyState state;
  const bool read_only = row.BoolOr("read_only", false);
  state.fenced = super ? row.BoolOr("super_read_only", false) : read_only;
  state.open = !read_only && !state.fenced;
  state.offline = row.BoolOr("offline_mode", false);
  return state;
}

absl::Status LeaveOffline(Turn& turn, const ReadOnlyState& state) {
  if (!state.offline) return absl::OkStatus();
  return turn.Change("letting clients in again", sql::kOfflineOff);
}

}  // namespace

absl::Status Run(const Fence& step, Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const ReadOnlyState state, ReadReadOnlyState(turn));
  if (state.fenced) {
    WEFT_RETURN_IF_ERROR(LeaveOffline(turn, state));
  } else {
    WEFT_RETURN_IF_ERROR(MakeReadOnly(
        turn,
        {.kill_sessions = step.kill_sessions, .cut_off = step.cut_off, .offline = state.offline}));
  }
  if (!step.kill_sessions) return absl::OkStatus();
  return KillClients(turn);
}

absl::Status Run(const Unfence& step, Turn& turn) {
  if (step.wait_for > 0) WEFT_RETURN_IF_ERROR(RequireArmed(turn, step.wait_for));  // rule 5
  WEFT_RETURN_IF_ERROR(PersistReadOnlyStart(turn));
  WEFT_ASSIGN_OR_RETURN(const ReadOnlyState state, ReadReadOnlyState(turn));
  if (!state.open) WEFT_RETURN_IF_ERROR(turn.Change("clearing read_only", sql::kReadOnlyOff));
  return LeaveOffline(turn, state);
}

// Where none runs the server only warns. Writes may stand still: it is not asked first.
absl::Status Run(const StopReceiver&, Turn& turn) {
  return turn.Change("stopping the receiver", turn.dialect().stop_receiver);
}

absl::Status Run(const CatchUp& step, Turn& turn) {
  const Deadline budget = Deadline::After(turn.clock(), step.budget);
  turn.AnswerWithin(kAnswer);
  // The common case costs one round trip.
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet executed, turn.Read(sql::kExecuted));
  WEFT_ASSIGN_OR_RETURN(
      const GtidSet has,
      GtidSet::Parse(executed.empty() ? "" : executed[0].StringOr("executed", "")));
  if (has.Contains(step.goal)) return absl::OkStatus();
  return AwaitApplied(turn, step.goal, budget);
}

absl::Status Run(const StopReplica&, Turn& turn) { return StopReplication(turn); }

absl::Status Run(const Detach&, Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ReplicaStatus status, ReadReplica(turn));
  if (!status.source_host.empty()) WEFT_RETURN_IF_ERROR(StopReplication(turn));
  // The flag proves that the relay log has not been lost (rule 4): it goes first.
  WEFT_ASSIGN_OR_RETURN(const mysql::SemiSyncLoaded loaded, FindSemiSync(turn));
  WEFT_RETURN_IF_ERROR(SetAcknowledge(turn, loaded, false));
  if (status.source_host.empty()) return absl::OkStatus();
  return turn.Change("forgetting the source", turn.dialect().reset_replica_all);
}

absl::Status Run(const OpenAccount& step, Turn& turn) { return OpenAccountOf(turn, step.replica); }

absl::Status Run(const LockAccount& step, Turn& turn) { return LockAccountOf(turn, step.replica); }

absl::Status Run(const ArmSource& step, Turn& turn) {
  if (step.wait_for == 0) {
    WEFT_ASSIGN_OR_RETURN(const mysql::SemiSyncLoaded loaded, FindSemiSync(turn));
    return Disarm(turn, loaded);
  }
  WEFT_ASSIGN_OR_RETURN(const mysql::SemiSyncLoaded loaded, PrepareSemiSync(turn));
  if (loaded.source == nullptr) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "SEMI_SYNC_UNAVAILABLE",
                           absl::StrCat(turn.address().ToString(), " has no lossless semi-sync"),
                           "version 5.7 or later", turn.version().text,
                           "give the group the durability policy async");
  }
  return Arm(turn, *loaded.source, step.wait_for);
}

absl::Status Run(const CloseAtStart&, Turn& turn) {
  return turn.Change("persisting super_read_only", sql::kPersistSuperReadOnly);
}

absl::Status Run(const RotateLog&, Turn& turn) {
  // What a new one costs is about what reading this much does.
  constexpr uint64_t kLarge = 1 << 20;
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet log,
                        turn.Read(turn.dialect().show_binary_log_status));
  if (log.empty() || log.front().UintOr("Position", 0) < kLarge) return absl::OkStatus();
  return turn.TryChange("beginning a new binary log", sql::kRotateLog,
                        "a server's replicas will have to find their place in a large log");
}

absl::Status RunStep(const Step& step, Turn& turn) {
  return std::visit(
      [&turn](const auto& one) -> absl::Status {
        if constexpr (requires { Run(one, turn); }) {
          return Run(one, turn);
        } else {
          return absl::InvalidArgumentError("a step on the record was given to a server");
        }
      },
      step);
}

}  // namespace weft::controller
