#include "services/controller/core/facts.h"
#include "services/controller/core/phases.h"

namespace weft::controller {

std::vector<Step> FenceOthers(const Snapshot& snapshot, const ServerUuid& except) {
  std::vector<Step> steps;
  for (const ServerUuid& server : ReachedOthers(snapshot)) {
    if (server == except) continue;
    // Somebody is rebuilding it; it serves nobody.
    if (StatusOf(snapshot.group, server) == ServerStatus::kConfiguring) continue;
    const Observation& seen = snapshot.Of(server);
    // Two rules, each with a test of its own. NOLINTNEXTLINE(bugprone-branch-clone)
    if (!IsFenced(seen)) {  // guard: rule 2
      steps.push_back(Fence{.server = server, .kill_sessions = true});
    } else if (IsCutOff(seen)) {  // guard: rule 2
      // Whoever fenced it did not come to the end: readers and replicas are let in again.
      steps.push_back(Fence{.server = server, .kill_sessions = true});
    }
  }
  return steps;
}

}  // namespace weft::controller
