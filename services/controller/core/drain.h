#pragma once

#include <map>

#include "absl/time/time.h"
#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What is remembered from look to look of secondaries that fall behind.
struct DrainMemory {
  // Found not to replicate at each look since then.
  std::map<ServerUuid, absl::Duration> idle_since;
  // Snapshot::drained of the last look.
  std::map<ServerUuid, absl::Duration> drained;
};

// Fills `snapshot->drained` by the group's drain_lag: who is farther behind, until it is half as
// far, as the monitors' heartbeats say or, without these, its own word in whole seconds. One that
// does not answer stays what it was. Never all that take reads: old data are better than none. By
// reads alone; who may be promoted is another matter. Pure.
void RememberDrained(absl::Duration now, DrainMemory* memory, Snapshot* snapshot);

}  // namespace weft::controller
