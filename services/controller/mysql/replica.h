#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/gtid_set.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/turn.h"

// What the steps on replicas share.
namespace weft::controller {

// A server that takes longer for an answer hangs, however long it may go on to apply.
inline constexpr absl::Duration kAnswer = absl::Seconds(2);

// The default channel; an empty source_host when the server is no replica.
absl::StatusOr<mysql::ReplicaStatus> ReadReplica(Turn& turn);

// Waits until all of `goal` is executed, starting the applier if it is off. The waiting is done in
// slices, so that a lost lease ends it. DEADLINE_EXCEEDED at the end of `budget` or of the turn;
// FAILED_PRECONDITION, reason APPLIER_STOPPED, when the applier has stopped by itself.
absl::Status AwaitApplied(Turn& turn, const GtidSet& goal, const Deadline& budget);

// Receiver and applier stop. The beginning of a transaction whose rest never came, because the
// source died or the receiver was stopped in the middle of it, is rolled back first: the server's
// own STOP would wait a minute for the rest, and nobody could ask for its status meanwhile.
absl::Status StopReplication(Turn& turn);

}  // namespace weft::controller
