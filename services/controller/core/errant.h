#pragma once

#include "common/model/gtid_set.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// The transactions of `server` (received or executed) that the history of the group does not
// explain (rule 5). Explained are: what the current primary had executed when its epoch began;
// whatever originates from it since, under any tag; and, while it answers, what it has executed now
// (replicas are read before it). Before the first epoch nothing is errant: there is no history.
// Empty for the primary of record and for a server that did not answer.
GtidSet Errant(const Snapshot& snapshot, const ServerUuid& server);

// What `server` holds, less what is errant.
GtidSet HeldSound(const Snapshot& snapshot, const ServerUuid& server);

}  // namespace weft::controller
