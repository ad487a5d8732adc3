#pragma once

#include "absl/status/status.h"
#include "common/mysql/dialect.h"
#include "common/mysql/replica_status.h"
#include "services/controller/mysql/turn.h"

// What a server has received and not applied may be held by nobody else, and CHANGE purges it where
// both threads are stopped (S16).
namespace weft::controller {

// What is not applied must be applied first, or the applier must run. Blocks until the turn's
// deadline. FAILED_PRECONDITION UNAPPLIED_RELAY_LOG.
absl::Status KeepRelayLog(const mysql::ReplicaStatus& replica, Turn& turn);

// After CHANGE: the applier may have died just before. Then the flag, which proves that nothing
// received was lost (rule 4), is taken away. `before`: with the receiver stopped. DATA_LOSS
// RELAY_LOG_LOST.
absl::Status CheckRelayLog(const mysql::ReplicaStatus& before, const mysql::SemiSyncLoaded& loaded,
                           Turn& turn);

}  // namespace weft::controller
