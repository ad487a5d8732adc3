#pragma once

#include "absl/status/status.h"
#include "services/controller/core/plan.h"
#include "services/controller/mysql/turn.h"

// The steps of a plan on one server, each safe to repeat, in the verbs of its version. `turn` is
// the exclusive use of the server's acting session; its deadline bounds the step.
namespace weft::controller {

absl::Status Run(const Fence& step, Turn& turn);
absl::Status Run(const Unfence& step, Turn& turn);
absl::Status Run(const StopReceiver& step, Turn& turn);
// `step.budget` ends with DEADLINE_EXCEEDED; an applier that stops with an error, with
// FAILED_PRECONDITION, reason APPLIER_STOPPED.
absl::Status Run(const CatchUp& step, Turn& turn);
// FAILED_PRECONDITION, reason UNAPPLIED_RELAY_LOG, when repointing would lose what is received and
// not applied.
absl::Status Run(const Follow& step, Turn& turn);
absl::Status Run(const StopReplica& step, Turn& turn);
absl::Status Run(const Detach& step, Turn& turn);
absl::Status Run(const OpenAccount& step, Turn& turn);
absl::Status Run(const LockAccount& step, Turn& turn);
absl::Status Run(const ArmSource& step, Turn& turn);
absl::Status Run(const CloseAtStart& step, Turn& turn);
absl::Status Run(const RotateLog& step, Turn& turn);

// Dispatches a step on a server. INVALID_ARGUMENT for a step on the record.
absl::Status RunStep(const Step& step, Turn& turn);

}  // namespace weft::controller
